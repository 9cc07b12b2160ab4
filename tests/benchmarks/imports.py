"""CPU of `import impasto`, from wheels with every plugin of the repository installed.

Against the import of pluggy, attrs and importlib_metadata alone, in the same environment, each in
a fresh interpreter.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 21
CASES = {
    "python": "pass",
    "dependencies": "import pluggy, attrs, importlib_metadata",
    "impasto": "import impasto",
}


def installed_from_wheels(folder: Path) -> Path:
    """Build every distribution of the repository, install the wheels, return the Python."""
    uv = Path(sys.executable).with_name("uv")
    sources = [ROOT, *(path.parent for path in ROOT.glob("[pc]*/impasto-*/pyproject.toml"))]
    for source in sources:
        command = [uv, "build", "-q", "--wheel", "--out-dir", folder / "wheels", source]
        subprocess.run(command, check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, folder / "venv"], check=True)
    wheels = sorted((folder / "wheels").glob("*.whl"))
    install = [uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, *wheels]
    subprocess.run([*install, "-c", ROOT / "constraints.txt"], check=True)
    return python


def cpu_of(python: Path, code: str) -> float:
    """Return milliseconds of CPU for one fresh interpreter that runs *code*."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-c", code], check=True, cwd="/", env={"PATH": os.environ["PATH"]})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent * 1e3


def run() -> dict[str, float]:
    """Return milliseconds of CPU for each case, and the ratio of ours to the dependencies."""
    with tempfile.TemporaryDirectory() as folder:
        python = installed_from_wheels(Path(folder))
        rounds = [
            {name: cpu_of(python, code) for name, code in CASES.items()} for _ in range(ROUNDS)
        ]
    figures = {name: statistics.median(one[name] for one in rounds) for name in CASES}
    bare = figures["python"]
    figures["ratio"] = (figures["impasto"] - bare) / (figures["dependencies"] - bare)
    return figures


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:16} {value:.2f}")
