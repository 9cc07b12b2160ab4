"""The two plugins that prove the contract lie beside their tests and are not installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "plugins"))
