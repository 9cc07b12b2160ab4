"""Where pictures and the contact sheet go, and how much is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto_cli._exits import Failure
from impasto_cli._places import check_folder, first_free, numbered


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where pictures go and what is said, as the options of a command have it."""

    out: Path | None
    overwrite: bool
    metadata: bool
    sheet: Path | None
    preview: bool | None
    keep_partials: Path | None
    opened: bool
    quiet: bool
    as_json: bool

    @property
    def silent(self) -> bool:
        """Whether nothing but the result is said."""
        return self.quiet or self.as_json

    def sheet_file(self, name: str, orders: int) -> Path | None:
        """Return the file for the contact sheet of so many *orders*; None: there is to be none.

        *name* is that of the pictures, where the caller chose none.

        Raises:
            Failure: the file that the caller chose will not do.
        """
        if self.sheet is not None:
            self._check(self.sheet)
            return self.sheet
        if orders < 2:
            return None
        plain = Path(f"{name}.html") if self.out is None else self.out.with_suffix(".html")
        return plain if self.overwrite or not plain.exists() else first_free(numbered(plain, 2))

    def _check(self, sheet: Path) -> None:
        if sheet == self.out:
            raise Failure(f"'{sheet}' cannot be both --out and --sheet", 2)
        if sheet.is_dir():
            raise Failure(f"'{sheet}' is a folder; name a file in it", 2)
        if sheet.exists() and not self.overwrite:
            raise Failure(f"'{sheet}' exists; --overwrite replaces it", 2)
        check_folder(sheet.parent)
