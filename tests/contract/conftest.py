"""The plugins that prove the kit lie beside its tests and are not installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "plugins"))
