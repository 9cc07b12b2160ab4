"""Tables of errors, made of `impasto.errors`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

from generators import markdown
from generators.markers import Maker
from impasto import errors
from impasto.errors import ImpastoError, class_of_status

_STATUSES = range(400, 600)


def every_class() -> dict[str, type[ImpastoError] | type[Warning]]:
    """Return the classes of errors and warnings, by name."""
    kinds = (ImpastoError, errors.ImpastoWarning)
    return {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, kinds)
    }


def table(*names: str) -> str:
    """Return a row for each of the classes *names*: what it means, and what it has to say."""
    rows = [_row(name) for name in names]
    return markdown.table(("class", "status", "means", "has also", "may succeed later"), rows)


def _row(name: str) -> tuple[str, str, str, str, str]:
    kind = every_class()[name]
    status, later = getattr(kind, "status_code", None), getattr(kind, "retryable", False)
    means = (inspect.getdoc(kind) or "").split("\n\n")[0]
    return (
        f"{{py:exc}}`~impasto.{name}`",
        str(status or ""),
        re.sub(r"`(\w+)`", r"{py:attr}`~impasto.ImpastoError.\1`", means),
        markdown.codes(_own_fields(kind)),
        "yes" if later else "",
    )


def _own_fields(kind: type) -> list[str]:
    """Return what *kind* has beyond every error: the keywords of its own constructor."""
    if "__init__" not in vars(kind) or kind is ImpastoError:
        return []
    given = inspect.signature(kind).parameters.values()
    return [one.name for one in given if one.kind is one.KEYWORD_ONLY]


def tree() -> str:
    """Return the tree at the top of `impasto.errors`."""
    _, _, drawn = (inspect.getdoc(errors) or "").partition("\n\n")
    return f"```text\n{drawn}\n```"


def statuses() -> str:
    """Return which class a status becomes where the plugin does not know better."""
    others = {class_of_status(400 + 99), class_of_status(500 + 99)}
    known = {code: class_of_status(code) for code in _STATUSES}
    named = {code: kind for code, kind in known.items() if kind not in others or code == 500}
    rows = [(str(code), f"{{py:exc}}`~impasto.{kind.__name__}`") for code, kind in named.items()]
    rows += [
        ("other 4xx", f"{{py:exc}}`~impasto.{class_of_status(499).__name__}`"),
        ("other 5xx", f"{{py:exc}}`~impasto.{class_of_status(599).__name__}`"),
    ]
    return markdown.table(("status", "class"), rows)


MADE: Mapping[str, Maker] = {"errors": table, "error_tree": tree, "error_statuses": statuses}
