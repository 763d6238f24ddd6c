"""How long a conformance run takes: the whole `rope` specification on a NumPy function, and the quick one."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

TARGET = f"{Path(__file__).parents[1] / 'examples' / 'plain' / 'rotate.py'}:rotate"
REPEATS = 5
#: Seconds after import, by kind of run.
WITHIN = {"full": 3.0, "quick": 0.5}
RUN = """
import json, sys, time
begin = time.perf_counter()
from symcheck.conformance import conform
seconds = [time.perf_counter() - begin]
for _ in range(2):
    begin = time.perf_counter()
    report = conform(sys.argv[1], "rope", quick=sys.argv[2] == "quick", dim=128, max_position=131072,
                     dtypes=("float64", "float32", "bfloat16"))
    seconds.append(time.perf_counter() - begin)
print(json.dumps([report.ok, len(report.rows), *seconds]))
"""


def main() -> None:
    """Print, for a fresh process each time, the seconds of import, of the first run and of a second one."""
    print(
        f"rope at dim 128, positions to 131,071, three dtypes; medians of {REPEATS} processes; load {os.getloadavg()[0]:.1f}"
    )
    for kind, target in WITHIN.items():
        found = []
        for _ in range(REPEATS):
            out = subprocess.run([sys.executable, "-c", RUN, TARGET, kind], check=True, capture_output=True, text=True)
            ok, rows, *seconds = json.loads(out.stdout)
            if not ok:
                raise SystemExit(f"{TARGET} does not conform")
            found.append(seconds)
        loading, first, second = (statistics.median(column) for column in zip(*found, strict=True))
        met = "met" if first < target else "MISSED"
        again = f"again {second:.2f} s, import {loading:.2f} s"
        print(f"  {kind:<6} {rows} rows: {first:.2f} s after import (target {target} s, {met}); {again}")


if __name__ == "__main__":
    main()
