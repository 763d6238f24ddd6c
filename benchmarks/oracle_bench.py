"""Oracle and judge against mpmath, arb, numpy's cos and memset: the ratios of the targets, from one run.

    python benchmarks/oracle_bench.py [--positions 1048576] [--repeats 5] [--json]

The standard problem is dim 128, base 10000, 2^20 positions: 2^27 values, a value being one cosine
or one sine.  Figures are medians of repeats; slow references are timed on a sample.  On a shared
machine only the ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpmath
import numpy as np
from flint import arb, ctx

from symcheck.oracle import Oracle, judge
from symcheck.oracle.tables import BLOCK, SPAN, compiled_available

DIM, BASE = 128, 10000
PAIRS = DIM // 2


def median_time(work: Callable[[], object], repeats: int) -> float:
    """Median seconds of a call, after one that warms caches and compiles."""
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def interleaved_times(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, taken in turns, so that what else the machine does meets all alike."""
    for work in works.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def cosines(positions: int) -> tuple[Callable[[], object], int]:
    """NumPy's cosine of ready angles at the start, in the middle and at the end, and how many they are."""
    rows, theta = 16384, BASE ** -(np.arange(PAIRS) / PAIRS)
    starts = (0, positions // 2, max(0, positions - rows))
    angles = [np.arange(start, start + rows)[:, None] * theta for start in starts]
    out = np.empty_like(angles[0])
    return lambda: [np.cos(a, out=out) for a in angles], 3 * out.size


def reference_rates(positions: int, repeats: int) -> dict[str, float]:
    """Values a second of the references."""
    rng = np.random.default_rng(0)
    points = rng.integers(0, positions, 40).tolist()
    rates = {}

    mpmath.mp.dps = 30
    wide = [mpmath.mpf(BASE) ** (-mpmath.mpf(i) / PAIRS) for i in range(PAIRS)]
    rates["mpmath, 30 digits"] = (
        80 * PAIRS / median_time(lambda: [mpmath.cos_sin(t * p) for p in points for t in wide], 3)
    )
    ctx.prec = 80
    balls = [arb(BASE) ** (arb(-i) / PAIRS) for i in range(PAIRS)]
    rates["arb, 80 bits"] = 80 * PAIRS / median_time(lambda: [(t * p).sin_cos() for p in points for t in balls], 3)
    ctx.prec = 53

    work, values = cosines(positions)
    rates["numpy float64 cos"] = values / median_time(work, repeats)
    return rates


def numpy_oracle_rate(positions: int, repeats: int) -> float:
    """Values a second of hi + lo pairs by the numpy method, seeds included, through reused buffers."""

    def sweep() -> None:
        oracle = Oracle(DIM, BASE, method="numpy")
        group = 16
        space = (np.empty((group, 2, BLOCK)), np.empty((group, 2, BLOCK)))
        for span in range(-(-positions // SPAN)):
            for a in range(0, min(SPAN, positions - span * SPAN) // BLOCK, 2):
                for pair in range(0, PAIRS, group):
                    for kind in (0, 1):
                        oracle.pair_major(span, a, 2, kind, slice(pair, pair + group), space)

    return positions * DIM / median_time(sweep, repeats)


def compiled_oracle_rates(positions: int, repeats: int, threads: int) -> dict[str, float]:
    """Values a second by the compiled method, in cache and stored, of memset, and of NumPy's cos beside them.

    Stored as hi + lo (16 bytes a value) or as float64 (8 bytes).
    """
    rates = {}
    oracle = Oracle(DIM, BASE, method="compiled")
    small = [np.empty((256, PAIRS)) for _ in range(4)]
    rates["in cache, 1 thread"] = (
        64 * 256 * DIM / median_time(lambda: [oracle.block(256 * k, 256, small) for k in range(64)], repeats)
    )
    stored = [np.zeros((positions, PAIRS)) for _ in range(4)]

    def store(workers: int) -> None:
        whole = Oracle(DIM, BASE, method="compiled")
        size = -(-positions // workers)
        whole.block(0, 1)  # seeds, before threads share them
        with ThreadPoolExecutor(workers) as pool:
            list(
                pool.map(
                    lambda k: whole.block(
                        k * size,
                        min(size, positions - k * size),
                        [x[k * size : (k + 1) * size] for x in stored],
                    ),
                    range(workers),
                )
            )

    def store_doubles(workers: int) -> None:
        size = -(-positions // workers)
        with ThreadPoolExecutor(workers) as pool:
            list(
                pool.map(
                    lambda k: oracle.doubles(
                        k * size,
                        min(size, positions - k * size),
                        [x[k * size : (k + 1) * size] for x in stored[:2]],
                    ),
                    range(workers),
                )
            )

    def memset(workers: int, arrays: int) -> None:
        size = -(-positions // workers)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda k: [x[k * size : (k + 1) * size].fill(0.0) for x in stored[:arrays]], range(workers)))

    cos, cos_values = cosines(positions)
    works: dict[str, Callable[[], object]] = {"numpy float64 cos": cos}
    for workers in sorted({1, threads}):
        label = f"{workers} thread{'s' if workers > 1 else ''}"
        works[f"hi + lo stored, {label}"] = lambda w=workers: store(w)
        works[f"memset of 16 bytes a value, {label}"] = lambda w=workers: memset(w, 4)
        works[f"float64 stored, {label}"] = lambda w=workers: store_doubles(w)
        works[f"memset of 8 bytes a value, {label}"] = lambda w=workers: memset(w, 2)
    for name, seconds in interleaved_times(works, repeats).items():
        rates[name] = (cos_values if name.startswith("numpy") else positions * DIM) / seconds
    return rates


def make_table(path: Path, positions: int) -> None:
    """The correctly rounded float32 table, [cos | sin]."""
    oracle = Oracle(DIM, BASE)
    table = np.lib.format.open_memmap(path, "w+", np.float32, (positions, DIM))
    for start, cos, sin in oracle.rounded_stream(0, positions, "float32"):
        table[start : start + len(cos), :PAIRS] = cos
        table[start : start + len(cos), PAIRS:] = sin
    table.flush()


def judge_times(path: Path, repeats: int, threads: int) -> dict[str, float]:
    """Seconds of a whole judgement of the table, by method and jobs."""
    out = {}
    for method in ["numpy", *(["compiled"] if compiled_available() else [])]:
        for jobs in sorted({1, threads}):
            times = median_time(lambda m=method, j=jobs: judge(path, DIM, BASE, "cos-sin", method=m, jobs=j), repeats)
            out[f"{method}, {jobs} job{'s' if jobs > 1 else ''}"] = times
    return out


MEMORY = """
import sys
from symcheck.oracle import judge
report = judge(sys.argv[1], 128, 10000, "cos-sin", method=sys.argv[2])
# VmHWM, unlike ru_maxrss, does not inherit the parent's peak through fork.
peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(peak, report.verdict)
"""


def judge_memory(path: Path, method: str) -> tuple[float, str]:
    """(peak resident megabytes of a fresh process that judges the table, verdict)."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path), method], capture_output=True, text=True, check=True)
    kilobytes, verdict = done.stdout.split()
    return int(kilobytes) / 1024, verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--positions", type=int, default=2**20, help="a multiple of 4096 (default 2^20)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    positions, repeats = options.positions, options.repeats
    threads = len(os.sched_getaffinity(0))

    rates = reference_rates(positions, repeats)
    rates["oracle, numpy"] = numpy_oracle_rate(positions, max(1, repeats // 2))
    compiled = compiled_oracle_rates(positions, repeats, threads) if compiled_available() else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.npy"
        make_table(path, positions)
        seconds = judge_times(path, max(1, repeats // 2), threads)
        memory = {m: judge_memory(path, m) for m in ("numpy", *(["compiled"] if compiled_available() else []))}

    cos, mp = rates["numpy float64 cos"], rates["mpmath, 30 digits"]
    values = positions * DIM
    scale = 2**27 / values
    judged_numpy = min(v for k, v in seconds.items() if k.startswith("numpy")) * scale
    checks: list[tuple[str, float, str, bool]] = []

    def at_least(name: str, value: float, target: float) -> None:
        checks.append((name, value, f">= {target:g}", value >= target))

    def at_most(name: str, value: float, target: float) -> None:
        checks.append((name, value, f"<= {target:.3g}", value <= target))

    at_least("oracle, numpy / numpy cos", rates["oracle, numpy"] / cos, 2)
    at_least("oracle, numpy / mpmath", rates["oracle, numpy"] / mp, 300)
    at_most("oracle, numpy: log2 of the bound", float(np.log2(Oracle(DIM, BASE, method="numpy").bound)), -76)
    if compiled:
        best = {
            start: max(v for k, v in compiled.items() if k.startswith(start))
            for start in ("float64", "hi + lo", "memset of 8", "memset of 16")
        }
        cos = compiled["numpy float64 cos"]  # taken in turns with the others
        at_least("oracle, compiled, float64 stored / numpy cos", best["float64"] / cos, 10)
        at_least("oracle, compiled, float64 stored / mpmath", best["float64"] / mp, 2000)
        at_least("oracle, compiled, float64 stored / memset", best["float64"] / best["memset of 8"], 0.7)
        at_least("oracle, compiled, hi + lo stored / memset", best["hi + lo"] / best["memset of 16"], 0.7)
        at_most("oracle, compiled: log2 of the bound", float(np.log2(Oracle(DIM, BASE, method="compiled").bound)), -100)
    # The seconds were set where NumPy computes 100 million cosines a second; the ratios hold anywhere.
    cosines_time = 2**27 / cos
    at_most("judge, numpy, seconds for 2^27 values", judged_numpy, 1)
    at_most("judge, numpy / as many of numpy's cosines", judged_numpy / cosines_time, 1 / (2**27 / 100e6))
    if compiled:
        judged = min(v for k, v in seconds.items() if k.startswith("compiled")) * scale
        at_most("judge, compiled and warm, seconds for 2^27 values", judged, 0.25)
        at_most("judge, compiled / as many of numpy's cosines", judged / cosines_time, 0.25 / (2**27 / 100e6))
    for method, (megabytes, _) in memory.items():
        at_most(f"judge, {method}: peak memory of the process, MB", megabytes, 300)

    if options.json:
        print(
            json.dumps(
                {
                    "positions": positions,
                    "threads": threads,
                    "values_per_second": {**rates, **compiled},
                    "judge_seconds": seconds,
                    "memory_mb": {k: v[0] for k, v in memory.items()},
                    "targets": [{"name": n, "value": v, "target": t, "met": m} for n, v, t, m in checks],
                }
            )
        )
        return
    print(f"{positions:,} positions, dim {DIM}, base {BASE}, {threads} threads; load {os.getloadavg()[0]:.1f}\n")
    print(f"{'method':44} {'values/s':>12} {'/ cos':>8} {'/ mpmath':>9}")
    for name, rate in {**rates, **{f"compiled: {k}": v for k, v in compiled.items()}}.items():
        print(f"{name:44.44} {rate / 1e6:10.2f} M {rate / cos:8.2f} {rate / mp:9.0f}")
    print(f"\n{'judge, float32 table':44} {'seconds':>12} {'Mvalues/s':>10}")
    for name, value in seconds.items():
        print(f"{name:44} {value:12.2f} {values / value / 1e6:10.0f}")
    slow = {"mpmath, value by value": values / mp, "arb, value by value": values / rates["arb, 80 bits"]}
    for name, value in slow.items():
        print(f"{name + ' (extrapolated)':44} {value:12.0f}")
    for method, (megabytes, verdict) in memory.items():
        print(f"{'peak memory, ' + method:44} {megabytes:9.0f} MB  ({verdict})")
    print(f"\n{'target':52} {'measured':>10} {'target':>10}")
    for name, value, target, met in checks:
        print(f"{name:52} {value:10.2f} {target:>10}  {'met' if met else 'MISSED'}")
    print(f"\nthis process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at its largest")


if __name__ == "__main__":
    main()
