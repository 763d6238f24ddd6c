"""RoPE over several axes at once: 2-D grids, and the (time, height, width) sections of M-RoPE."""

from __future__ import annotations

from collections.abc import Sequence

from .formats import Array, DType, cast, format_of, namespace_of


def sectioned_axes(sections: Sequence[int]) -> tuple[int, ...]:
    """Axis of each pair when the pairs come in blocks: sections (2, 1) give (0, 0, 1).

    Source: Wang et al. 2024, Qwen2-VL, arXiv:2409.12191, section 2.1 (M-RoPE; its configuration
    ``mrope_section``, (16, 24, 24) for 64 pairs). An axial 2-D rotation has two equal sections.
    Raises ValueError for an empty list or sections that are not integers of at least 0.
    """
    _require_sections(sections)
    return tuple(axis for axis, count in enumerate(sections) for _ in range(count))


def interleaved_axes(sections: Sequence[int]) -> tuple[int, ...]:
    """Axis of each pair when axes take turns: with A axes, pair p has axis p mod A while it can.

    Axis a >= 1 owns the pairs a, a + A, a + 2A, .. below A sections[a]; axis 0 owns all others.
    It agrees with :func:`sectioned_axes` only when the positions agree on all axes, as they do
    for text. Source: Qwen3-VL's ``apply_interleaved_mrope`` (``mrope_interleaved``).
    Raises ValueError as :func:`sectioned_axes`, and when some axis finds too few pairs.
    """
    _require_sections(sections)
    count = len(sections)
    axes = [0] * sum(sections)
    for axis in range(1, count):
        for pair in range(axis, count * sections[axis], count):
            if pair >= len(axes):
                raise ValueError(
                    f"sections: given {tuple(sections)}, expected axis {axis} to have at most "
                    f"{len(range(axis, len(axes), count))} of {len(axes)} pairs"
                )
            axes[pair] = axis
    return tuple(axes)


def multi_axis_angles(
    positions: Array, frequencies: Array, axes: Sequence[int], *, dtype: DType | None = None
) -> Array:
    """Angles [..., T, r/2]: pair p turns by positions[..., T, axes[p]] times frequencies[p].

    positions [..., T, A] hold one coordinate an axis, frequencies [r/2] are in radians per unit of
    their axis. Sectioned and interleaved M-RoPE take one frequency ladder over all pairs; an
    axial rotation of d coordinates takes one ladder of d/A coordinates for each axis,
    concatenated. Rounded and multiplied in ``dtype`` (by default that of the frequencies); use with
    :func:`symcheck.kernels.rope.cos_sin` and :func:`symcheck.kernels.rope.rotate_pairs`.

    Source: as :func:`sectioned_axes`; Heo et al. 2024, arXiv:2403.13298, section 3 (axial).
    Raises ValueError when there is not one axis a frequency, or an axis outside 0 .. A - 1.
    """
    xp = namespace_of(positions, frequencies)
    format_ = format_of(frequencies.dtype if dtype is None else dtype)
    if frequencies.ndim != 1 or len(axes) != frequencies.shape[0] or not len(axes):
        raise ValueError(
            f"axes: given {len(axes)} for frequencies of shape {tuple(frequencies.shape)}, "
            "expected one axis a frequency"
        )
    if positions.ndim < 2:
        raise ValueError(f"positions: given shape {tuple(positions.shape)}, expected [..., T, A]")
    if min(axes) < 0 or max(axes) >= positions.shape[-1]:
        raise ValueError(
            f"axes: given {min(axes)} .. {max(axes)}, expected 0 .. {positions.shape[-1] - 1} "
            f"for positions of shape {tuple(positions.shape)}"
        )
    coordinates = xp.stack([positions[..., axis] for axis in axes], axis=-1)
    return cast(coordinates, format_) * cast(frequencies, format_)


def _require_sections(sections: Sequence[int]) -> None:
    if not sections or any(isinstance(s, bool) or not isinstance(s, int) or s < 0 for s in sections):
        raise ValueError(f"sections: given {sections!r}, expected a list of integers of at least 0")
