"""Where facts are from, as numbers in a page that lead to a list at its end."""

from __future__ import annotations

from generators import markdown


class Sources:
    """The sources of one page, numbered in the order in which they are first named."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._numbers: dict[str, int] = {}

    def mark(self, *sources: str) -> str:
        """Return a link for each of *sources* that says anything, to stand behind the fact."""
        named = dict.fromkeys(source for source in sources if source)
        numbers = [self._numbers.setdefault(one, len(self._numbers) + 1) for one in named]
        return "".join(f" [\\[{number}\\]](#{self._anchor(number)})" for number in numbers)

    def section(self) -> str:
        """Return the list, or nothing where no source was named."""
        if not self._numbers:
            return ""
        lines = [
            f"[{number}.]{{#{self._anchor(number)}}} {markdown.text(source)}  "
            for source, number in self._numbers.items()
        ]
        return "## Sources\n\n" + "\n".join(lines)

    def _anchor(self, number: int) -> str:
        return f"{self._page}-source-{number}"
