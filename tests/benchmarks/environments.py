"""Virtual environments of their own for what is compared, in .venv/bench."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen
from generated import install

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv" / "bench"
MORE_PLUGINS = 100
OTHERS = ("openai", "litellm")
UV = Path(sys.executable).with_name("uv")


@frozen(kw_only=True)
class Environments:
    """The Pythons of what is compared; all was installed from wheels, with bytecode.

    Attributes:
        impasto: With every plugin of this repository.
        crowded: The same, with a hundred plugins more.
        small: impasto and impasto-openai.
        openai: The official SDK, the newest that there was; None where it could not be had.
        litellm: The newest that there was, likewise; it wants an older openai beside it.
    """

    impasto: Path
    crowded: Path
    small: Path
    openai: Path | None
    litellm: Path | None

    def clients(self) -> dict[str, Path]:
        """Return the Python of each client that is there."""
        every = {
            "raw": self.impasto,
            "impasto": self.impasto,
            "openai": self.openai,
            "litellm": self.litellm,
        }
        return {name: python for name, python in every.items() if python is not None}

    def pair(self) -> dict[str, Path]:
        """Return the Python of raw aiohttp and of impasto, which are always there."""
        return {"raw": self.impasto, "impasto": self.impasto}


def prepared(others: Collection[str]) -> Environments:
    """Build what this repository holds, and install everything, *others* included."""
    wheels = _wheels(PLACE / "wheels")
    ours = [wheel for wheel in wheels if wheel.name.startswith(("impasto-", "impasto_openai-"))]
    crowded = _made("crowded", wheels)
    install(site_packages(crowded), "another", MORE_PLUGINS)
    _compile(crowded)
    return Environments(
        impasto=_made("impasto", wheels),
        crowded=crowded,
        small=_made("small", ours),
        openai=_newest("openai") if "openai" in others else None,
        litellm=_newest("litellm") if "litellm" in others else None,
    )


def here(others: Collection[str]) -> Environments:
    """Return this Python for all that it has, of *others* too; nothing is built or installed."""
    python = Path(sys.executable)
    found = {name: python for name in others if find_spec(name) is not None}
    return Environments(
        impasto=python,
        crowded=python,
        small=python,
        openai=found.get("openai"),
        litellm=found.get("litellm"),
    )


def site_packages(python: Path) -> Path:
    """Return the folder of what is installed for *python*."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return Path(found.stdout.strip())


def _wheels(folder: Path) -> list[Path]:
    for old in folder.glob("*.whl"):
        old.unlink()
    for path in [ROOT / "pyproject.toml", *sorted(ROOT.glob("[pc]*/impasto-*/pyproject.toml"))]:
        _uv("build", "--wheel", "--out-dir", folder, path.parent)
    return sorted(folder.glob("*.whl"))


def _made(name: str, wheels: list[Path]) -> Path:
    """Return the Python of a new environment that holds *wheels* and what they need."""
    python = _new(name)
    _install(python, *wheels, "-c", ROOT / "constraints.txt")
    return python


def _newest(distribution: str) -> Path | None:
    """Return the Python of an environment with *distribution*, made once: `make clean` forgets."""
    python = PLACE / distribution / "bin" / "python"
    if (PLACE / f"{distribution}-is-ready").exists():
        return python
    try:
        _install(_new(distribution), distribution)
    except subprocess.CalledProcessError:
        print(f"{distribution} cannot be installed and is left out", file=sys.stderr)
        return None
    (PLACE / f"{distribution}-is-ready").touch()
    return python


def _new(name: str) -> Path:
    _uv("venv", "--clear", "--python", sys.executable, PLACE / name)
    return PLACE / name / "bin" / "python"


def _install(python: Path, *what: object) -> None:
    _uv("pip", "install", "--compile-bytecode", "--python", python, *what)


def _compile(python: Path) -> None:
    command = [python, "-m", "compileall", "-q", site_packages(python)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _uv(*arguments: object) -> None:
    subprocess.run([UV, *map(str, (arguments[0], "-q", *arguments[1:]))], check=True)
