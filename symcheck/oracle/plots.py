"""Figures: error against position, the decay curve with its enclosure, the frequency ladder.

matplotlib (the `plot` extra) is imported when a figure is made.  Each function writes one file,
whose suffix chooses the type (.png, .svg, .pdf), and returns nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from .analysis import curve
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


def save_errors(reports: Mapping[str, JudgeReport], path: PathLike) -> None:
    """Largest error against position, in ulp above and absolute below, a line a report.

    reports: label to report; a point is the largest error among a few thousand positions.
    """
    if not reports:
        raise ValueError("expected at least one report to plot")
    figure, (ulp, absolute) = _axes(2)
    for label, report in reports.items():
        position = np.array([p for p, _, _ in report.profile])
        ulp.plot(position, [max(u, 1e-4) for _, u, _ in report.profile], label=f"{label} ({report.format})", lw=1)
        absolute.plot(position, [max(e, 1e-20) for _, _, e in report.profile], lw=1)
    ulp.axhline(0.5, color="0.6", lw=0.8, ls="--")
    ulp.set(yscale="log", ylabel="largest error (ulp)")
    absolute.set(yscale="log", ylabel="largest error (absolute)", xlabel="position")
    ulp.legend(fontsize="small")
    figure.savefig(path)


def save_judge_report(report: JudgeReport, path: PathLike) -> None:
    """Error of one judged table against position."""
    save_errors({", ".join(os.path.basename(name) for name in report.sources): report}, path)


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
    figure.savefig(path)


def save_ladder(path: PathLike, frequencies: Mapping[str, Frequencies]) -> None:
    """Wavelengths 2 pi / theta_i in positions against pair, a line a set of frequencies."""
    if not frequencies:
        raise ValueError("expected at least one set of frequencies to plot")
    figure, (axes,) = _axes()
    for label, known in frequencies.items():
        theta = np.abs(np.array(known.doubles()))
        with np.errstate(divide="ignore"):
            axes.plot(np.arange(len(theta)), 2 * np.pi / theta, ".-", lw=0.6, ms=4, label=label)
    axes.set(yscale="log", xlabel="pair", ylabel="wavelength (positions)")
    axes.legend(fontsize="small")
    figure.savefig(path)
