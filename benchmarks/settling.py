"""How long settling takes: cold start on all cores, re-checking alone, the slowest entries."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORE = ("attention.equivariance", "sinusoidal.shift", "sinusoidal.gram", "rope.relative", "taylor.second_order")
REPLAY = """
import json, sys, time
from symcheck.rechecking import outcomes
jobs, *files = sys.argv[1:]
data = {p: json.load(open(p)) for p in files}
start = time.perf_counter()
out = outcomes(data, int(jobs), texts=False)
print(time.perf_counter() - start, sum(x["reason"] is not None for x in out.values()), "sympy" in sys.modules)
"""


def replayed(folder: str, jobs: int) -> tuple[float, int]:
    """Median seconds to replay the certificates of a folder in fresh processes, and how many there are."""
    files = sorted(str(p) for p in Path(folder).glob("*.json"))
    times = []
    for _ in range(5):
        out = subprocess.run([sys.executable, "-c", REPLAY, str(jobs), *files], check=True, capture_output=True, text=True)
        seconds, rejected, sympy = out.stdout.split()
        if rejected != "0" or sympy != "False":
            raise SystemExit(f"replay: {rejected} rejected, SymPy loaded: {sympy}")
        times.append(float(seconds))
    return statistics.median(times), len(files)


def main() -> None:
    """Print the figures beside their targets."""
    command = [sys.executable, "-m", "symcheck.cli", "verify", "--json", "--jobs", str(os.cpu_count() or 1)]
    start = time.perf_counter()
    out = subprocess.run(command, capture_output=True, text=True)
    cold = time.perf_counter() - start
    results = json.loads(out.stdout)["results"]
    print(f"verify from a cold start: {cold:.1f} s for {len(results)} entries (target 30 s)")
    start = time.perf_counter()
    subprocess.run([*command[:4], *CORE, *command[4:]], capture_output=True, check=True)
    print(f"the five core theorems from a cold start: {time.perf_counter() - start:.1f} s (target 10 s)")
    with tempfile.TemporaryDirectory() as folder:
        for names, target in ((CORE, 0.3), ((), 2.0)):
            place = Path(folder) / str(len(names))
            subprocess.run([sys.executable, "-m", "symcheck.cli", "export", *names, "-o", str(place)], check=True,
                           capture_output=True)  # fmt: skip
            for jobs in (1, os.cpu_count() or 1):
                seconds, count = replayed(str(place), jobs)
                print(f"re-checking {count} certificates, {jobs} processes: {seconds:.2f} s (target {target} s)")
    print("slowest entries")
    for r in sorted(results, key=lambda r: -r["seconds"])[:10]:
        print(f"  {r['id']:<40} {r['seconds']:.2f} s, {r['evidence']['steps']} steps")


if __name__ == "__main__":
    main()
