"""What happens to a call, as a stream tells it: `ImageEvent`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from attrs import frozen

from impasto._answer import ImageResponse, Usage
from impasto._image import Image
from impasto._keys import Keyed

if TYPE_CHECKING:
    from impasto._costs import Cost

EventType: TypeAlias = Literal["queued", "progress", "partial", "picture", "done"]


@frozen(kw_only=True, slots=False, repr=False)
class ImageEvent(Keyed):
    """One thing that happened to a call; the same for all providers.

    Attributes:
        type: "queued", first and once: the call is on its way.  "progress": how far a picture is.
            "partial": what of a picture can be seen so far.  "picture": one that is finished.
            "done", last and once: the whole response.
        native: True where the provider told so itself, while it worked; False where impasto made
            the event, from a poll or from the whole answer.
        index: Which picture of the whole call it is about, from 0.
        image: What can be seen of it by now, of a "partial"; the finished one, of a "picture".
        progress: 0 to 1, a word from the provider, or None.
        partial_image_index: Of a "partial": which one of its picture, from 0.
        response: Of "done": what the call would have returned without a stream.
    """

    _keys: ClassVar[tuple[str, ...]] = (
        "type",
        "native",
        "index",
        "image",
        "progress",
        "partial_image_index",
        "response",
    )

    type: EventType
    native: bool = False
    index: int = 0
    image: Image | None = None
    progress: float | str | None = None
    partial_image_index: int | None = None
    response: ImageResponse | None = None

    @property
    def b64_json(self) -> str | None:
        """The image's bytes in base64, as the openai SDK's events have them."""
        return None if self.image is None else self.image.b64_json

    @property
    def usage(self) -> Usage | None:
        """The tokens, behind the last event, where the provider counts them."""
        return None if self.response is None else self.response.usage

    @property
    def cost(self) -> Cost | None:
        """What it cost, behind the last event, where that is known."""
        return None if self.response is None else self.response.cost

    def __repr__(self) -> str:
        known = (self.image, self.progress, self.response)
        told = [self.type, *(["native"] if self.native else []), f"index={self.index}"]
        return (
            f"<ImageEvent {', '.join([*told, *(repr(one) for one in known if one is not None)])}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show what can be seen of it in a notebook."""
        seen = self.image if self.response is None else self.response
        return {"text/plain": repr(self)} if seen is None else seen._repr_mimebundle_()
