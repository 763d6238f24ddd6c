"""Figures: error against position, the decay curve with its enclosure, the frequency ladder.

    python -m symcheck.oracle.plots docs/figures

makes the figures of the documentation.  matplotlib (the `plot` extra) is imported when a figure is
made.  Each function writes one file, whose suffix chooses the type (.png, .svg, .pdf), and returns
nothing; the same input gives the same file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .analysis import curve
from .formats import FORMATS
from .frequencies import Exact, Frequencies
from .judge import JudgeReport

PathLike = str | os.PathLike[str]


def _axes(rows: int = 1) -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError("plots need matplotlib: install the 'plot' extra") from None
    # Figure and canvas without pyplot: no window system, no global state.
    figure = Figure(figsize=(7, 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, 1, sharex=rows > 1, squeeze=False)[:, 0]


def _save(figure: Any, path: PathLike) -> None:
    import matplotlib

    # Text stays text, and neither the date nor random names make two runs differ.
    with matplotlib.rc_context({"svg.hashsalt": "symcheck", "svg.fonttype": "none"}):
        undated = {"Date": None} if os.fspath(path).lower().endswith(".svg") else None
        figure.savefig(path, metadata=undated)


def check_file(path: PathLike) -> None:
    """ValueError, in one line, if no figure can be written there; ImportError without matplotlib."""
    figure, _ = _axes()
    kinds, suffix = figure.canvas.get_supported_filetypes(), os.path.splitext(path)[1].lstrip(".").lower()
    if suffix not in kinds:
        raise ValueError(f"{os.fspath(path)}: the name must end in .png, .svg or .pdf")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise ValueError(f"{os.fspath(path)}: no such folder")


def save_errors(reports: Mapping[str, JudgeReport], path: PathLike) -> None:
    """Largest error against position, in ulp above and absolute below, a line a report.

    reports: label to report; a point is the largest error among a few thousand positions.
    """
    if not reports:
        raise ValueError("expected at least one report to plot")
    figure, (ulp, absolute) = _axes(2)
    for label, report in reports.items():
        position = np.array([p for p, _, _ in report.profile])
        ulp.plot(position, [max(u, 1e-4) for _, u, _ in report.profile], label=label, lw=1)
        absolute.plot(position, [max(e, 1e-20) for _, _, e in report.profile], lw=1)
    ulp.axhline(0.5, color="0.6", lw=0.8, ls="--")
    ulp.set(yscale="log", ylabel="largest error (ulp)")
    absolute.set(yscale="log", ylabel="largest error (absolute)", xlabel="position")
    figure.legend(loc="outside upper center", fontsize="small", ncols=2, frameon=False)
    _save(figure, path)


def save_judge_report(report: JudgeReport, path: PathLike) -> None:
    """Error of one judged table against position."""
    names = ", ".join(os.path.basename(name) for name in report.sources)
    save_errors({f"{names} ({report.format})": report}, path)


def save_decay(path: PathLike, dim: int = 128, base: Exact = 10000, offsets: int = 4096) -> None:
    """Mean inner product against offset, the enclosure of the kernel, and the bound C/t."""
    data = curve(dim, base, offsets)
    figure, (axes,) = _axes()
    axes.plot(data["offsets"][1:], data["mean"][1:], lw=0.6, color="0.5", label=f"g(t)/n, d = {dim}")
    axes.fill_between(data["points"], data["low"], data["high"], color="C0", lw=1.5, label="K(t), enclosed")
    near = data["decay"] <= 1
    if near.any():
        axes.plot(data["points"][near], data["decay"][near], "C3--", lw=0.8, label="C/t")
    axes.axhline(0, color="0.8", lw=0.8)
    axes.set(xscale="log", xlabel="offset t (positions)", ylabel="mean inner product")
    axes.legend(fontsize="small")
    _save(figure, path)


def save_ladder(path: PathLike, frequencies: Mapping[str, Frequencies]) -> None:
    """Wavelengths 2 pi / theta_i in positions against pair, a line a set of frequencies."""
    if not frequencies:
        raise ValueError("expected at least one set of frequencies to plot")
    figure, (axes,) = _axes()
    for label, known in frequencies.items():
        theta = np.abs(np.array(known.doubles()))
        with np.errstate(divide="ignore"):
            axes.plot(np.arange(len(theta)), 2 * np.pi / theta, ".-", lw=0.6, ms=4, markevery=3, label=label)
    axes.set(yscale="log", xlabel="pair", ylabel="wavelength (positions)")
    axes.legend(fontsize="small")
    _save(figure, path)


def save_documents(folder: PathLike) -> None:
    """The figures of the documentation: errors.svg, decay.svg, ladder.svg."""
    from .judge import judge
    from .tables import Oracle, storage_dtype

    dim, positions = 64, 2**16
    os.makedirs(folder, exist_ok=True)
    inverse = np.array(Frequencies.of(dim).doubles())
    p = np.arange(positions)[:, None]
    exact_angles = p * inverse
    single_angles = p.astype(np.float32) * inverse.astype(np.float32)

    def table(angles: Any, kind: Any) -> Any:
        return np.concatenate([np.cos(angles), np.sin(angles)], 1).astype(kind)

    tables = {
        "angles in float64": table(exact_angles, np.float64),
        "the same, cast to float32": table(exact_angles, np.float32),
        "the same, cast to float16": table(exact_angles, np.float16),
        "the same, cast to bfloat16": table(exact_angles, storage_dtype(FORMATS["bfloat16"])),
        "angles in float32": table(single_angles.astype(np.float64), np.float32),
        "correctly rounded float32": np.concatenate(Oracle(dim, method="numpy").rounded(0, positions, "float32"), 1),
    }
    reports = {name: judge(x, dim, layout="cos-sin", method="numpy", distinct=False) for name, x in tables.items()}
    save_errors(reports, os.path.join(folder, "errors.svg"))
    save_decay(os.path.join(folder, "decay.svg"), offsets=2048)
    llama = {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    yarn = {"rope_type": "yarn", "factor": 32, "original_max_position_embeddings": 4096}
    ladder = {
        "base 10,000": Frequencies.of(128),
        "base 10,000, YaRN by 32": Frequencies.of(128, scaling=yarn),
        "base 500,000": Frequencies.of(128, 500000),
        "base 500,000, llama3 by 8": Frequencies.of(128, 500000, scaling=llama),
    }
    save_ladder(os.path.join(folder, "ladder.svg"), ladder)


if __name__ == "__main__":
    import sys

    if len(sys.argv) != 2:
        sys.exit("usage: python -m symcheck.oracle.plots FOLDER")
    save_documents(sys.argv[1])
