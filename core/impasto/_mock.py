"""Stands in for a provider where the caller brought the answer along."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from impasto._answer import ImageResponse, Usage
from impasto._arguments import Asked
from impasto._image import Image
from impasto.errors import BadRequestError


def mocked(asked: Asked, model: str) -> ImageResponse:
    """Return *asked.mock_response* as a response; nothing is sent and no key is needed."""
    mock = asked.mock_response
    if isinstance(mock, BaseException):
        raise mock
    before, _, name = model.rpartition("/")
    provider = asked.provider or before.partition("/")[0] or None
    if isinstance(mock, ImageResponse):
        return evolve(mock, model=mock.model or name, provider=mock.provider or provider)
    many = mock if isinstance(mock, list) else [mock]
    data = [_mock_image(one) for one in many]
    return ImageResponse(created=0, data=data, usage=Usage(), model=name, provider=provider)


def _mock_image(mock: Any) -> Image:
    if isinstance(mock, Image):
        return mock
    if isinstance(mock, bytes):
        return Image(content=mock)
    if isinstance(mock, str):
        return Image(url=mock)
    raise BadRequestError(
        "mock_response takes a URL, bytes, an Image, a list of those, an ImageResponse "
        "or an exception",
        param="mock_response",
    )
