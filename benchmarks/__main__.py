"""Runs every benchmark in one go, so that the ratios are of one machine at one time."""

from __future__ import annotations

import subprocess
import sys


def main() -> None:
    """Settling first, then the oracle and the judge, then conformance."""
    for module in ("benchmarks.settling", "benchmarks.oracle_bench", "benchmarks.conformance_bench"):
        print(f"== {module}", flush=True)
        subprocess.run([sys.executable, "-m", module], check=True)


if __name__ == "__main__":
    main()
