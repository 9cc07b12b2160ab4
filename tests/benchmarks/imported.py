"""Run the code in the first argument; print seconds of CPU, seconds, and MB of memory it took.

To be run with -I in a fresh interpreter: nothing but the code is imported.
"""

import sys
import time


def _memory() -> float:
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123 - pathlib is not imported here
            line = next(line for line in status if line.startswith("VmRSS"))
    except OSError:  # not on Linux
        return 0.0
    return int(line.split()[1]) / 1024


before = _memory()
begun, spent = time.perf_counter(), time.process_time()
exec(sys.argv[1])
figures = time.process_time() - spent, time.perf_counter() - begun, _memory() - before
print("\n", *figures)
