"""Reference values and recognised frequency spectra; every formula is the oracle's, none is spelled here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from symcheck.oracle.frequencies import Frequencies
from symcheck.oracle.tables import Oracle

#: Bases that published models use, with one of them; another base is a deviation unless it is declared.
PUBLISHED_BASES: dict[float, str] = {
    10000.0: "Su et al. 2021",
    500000.0: "Llama 3",
    1000000.0: "Code Llama, Qwen 2",
    150000.0: "gpt-oss",
    5000000.0: "Yi",
    8000000.0: "Command R",
    10000000.0: "Qwen 2.5 1M",
}


@dataclass(frozen=True)
class Spectrum:
    """Frequencies by definition, with the name under which they are reported.

    `name` is "paper", "tensor2tensor", or a scaling rule; `amplitude` is the rule's attention scale.
    """

    name: str
    dim: int
    base: float
    spacing: str = "paper"
    scaling: tuple[tuple[str, Any], ...] = ()
    given: tuple[float, ...] | None = None

    @property
    def thetas(self) -> np.ndarray:
        """The frequencies in radians per token, float64 [dim/2], correctly rounded."""
        return _thetas(self)

    @property
    def amplitude(self) -> float:
        return float(_oracle(self).frequencies.amplitude(80))

    @property
    def scaled(self) -> bool:
        return bool(self.scaling)

    def describe(self) -> str:
        text = self.name
        if self.given is None:
            text += f", base {self.base:g}"
        options = ", ".join(f"{k} {v:g}" for k, v in self.scaling if isinstance(v, int | float))
        return f"{text} ({options})" if options else text

    def table(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """cos and sin, float64 [n, dim/2], at integer positions [n], without the amplitude.

        The oracle's sum hi + lo rounded once (its own error is at most 2^-76). Negative positions are mirrored.
        The arrays are shared between calls and cannot be written to.
        """
        return _table(self, np.ascontiguousarray(positions, dtype=np.int64).tobytes())

    def _computed(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        distance = np.abs(positions)
        oracle = _oracle(self)
        cosine = np.empty((len(distance), oracle.pairs))
        sine = np.empty_like(cosine)
        # A run of consecutive positions is far cheaper than the same positions one by one.
        breaks = np.flatnonzero(np.diff(distance) != 1) + 1
        scattered: list[np.ndarray] = []
        for run in np.split(np.arange(len(distance)), breaks):
            if len(run) < 256:
                scattered.append(run)
                continue
            block = oracle.block(int(distance[run[0]]), len(run))
            cosine[run], sine[run] = block.cos_hi + block.cos_lo, block.sin_hi + block.sin_lo
        if scattered and sum(map(len, scattered)):
            where = np.concatenate(scattered)
            block = oracle.at(distance[where])
            cosine[where], sine[where] = block.cos_hi + block.cos_lo, block.sin_hi + block.sin_lo
        return cosine, np.sign(positions)[:, None] * sine + 0.0


@lru_cache(maxsize=4)
def _table(spectrum: Spectrum, positions: bytes) -> tuple[np.ndarray, np.ndarray]:
    """One sample of positions is looked at in every dtype: its table is computed once."""
    cosine, sine = spectrum._computed(np.frombuffer(positions, dtype=np.int64))
    cosine.flags.writeable = sine.flags.writeable = False
    return cosine, sine


@lru_cache(maxsize=64)
def _oracle(spectrum: Spectrum) -> Oracle:
    if spectrum.given is not None:
        return Oracle(frequencies=list(spectrum.given), amplitude=1, method="numpy")
    return Oracle(
        spectrum.dim,
        spectrum.base,
        spacing=spectrum.spacing,
        scaling=dict(spectrum.scaling) or None,
        amplitude=1,
        # Small samples: importing a compiler would take longer than the whole run.
        method="numpy",
    )


@lru_cache(maxsize=512)
def _thetas(spectrum: Spectrum) -> np.ndarray:
    if spectrum.given is not None:
        return np.array(spectrum.given)
    made = Frequencies.of(spectrum.dim, spectrum.base, spectrum.spacing, None, dict(spectrum.scaling) or None)
    return np.array(made.doubles())


def paper(dim: int, base: float = 10000.0) -> Spectrum:
    """theta_i = base^(-2i/dim)."""
    return Spectrum("paper", dim, base)


def declared(dim: int, base: float, spacing: str, scaling: Mapping[str, Any] | None) -> Spectrum:
    """The spectrum that a caller promises. Raises ValueError when the scaling cannot be understood."""
    if not scaling:
        return Spectrum(spacing, dim, base, spacing)
    frozen = tuple(sorted((k, tuple(v) if isinstance(v, list) else v) for k, v in scaling.items()))
    rule = str(dict(frozen).get("rope_type", dict(frozen).get("type", "none")))
    made = Spectrum(rule, dim, base, spacing, frozen)
    _ = made.thetas  # so that a bad rule is reported by the caller, not in the middle of a run
    return made


def conventions(dim: int, bases: tuple[float, ...] = ()) -> Iterator[Spectrum]:
    """Spectra in use that need no declaration, the commonest first."""
    bases = bases or tuple(PUBLISHED_BASES)
    for base in bases:
        yield Spectrum("paper", dim, base)
    if dim < 4:
        return
    for base in bases[:3]:
        for factor in (2.0, 4.0, 8.0, 16.0, 32.0, 3.0, 10.0):
            for rule in ("linear", "ntk"):
                yield Spectrum(rule, dim, base, "paper", (("factor", factor), ("rope_type", rule)))
    for base in bases[:3]:
        for factor in (8.0, 32.0, 16.0, 4.0, 2.0):
            for trained in (8192, 4096, 2048, 32768):
                options = {
                    "rope_type": "llama3",
                    "factor": factor,
                    "low_freq_factor": 1.0,
                    "high_freq_factor": 4.0,
                    "original_max_position_embeddings": trained,
                }
                yield Spectrum("llama3", dim, base, "paper", tuple(sorted(options.items())))
                options = {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": trained}
                yield Spectrum("yarn", dim, base, "paper", tuple(sorted(options.items())))
