"""Distributions with a plugin each, made for measuring."""

from __future__ import annotations

import json
from pathlib import Path

_PLUGIN = '''"""A provider that is asked nothing."""

from impasto import hookimpl
from impasto.types import ImageResponse, Params, Provider, Request

CONTRACT = (1, 0)


@hookimpl
def describe():
    return Provider(name={name!r}, auth=None)


@hookimpl
def translate_params(call):
    return Params()


@hookimpl
def build_request(call, params):
    return Request(url="https://service.example")


@hookimpl
def parse_response(response):
    return ImageResponse()
'''


def install(folder: Path, prefix: str, plugins: int, models: int = 0) -> list[str]:
    """Put *plugins* distributions into *folder*, each with *models* models; return their names."""
    names = [f"{prefix}{number}" for number in range(plugins)]
    for name in names:
        package = folder / f"impasto_{name}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(_PLUGIN.format(name=name))
        rows = [{"name": f"{name}-{row}", "bare": True, "note": "x" * 400} for row in range(models)]
        if rows:
            (package / "models.json").write_text(json.dumps({"models": rows}, indent=1))
        info = folder / f"impasto_{name}-1.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: 1\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(f"[impasto.providers]\n{name} = impasto_{name}\n")
    return names
