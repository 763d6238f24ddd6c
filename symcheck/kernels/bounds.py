"""Derived forward error bounds: how far a kernel's result may be from the exact one.

Every function returns a float, rounded upwards, that abs(computed - exact) does not exceed,
where *exact* is the real-number value of the formula for the exact inputs (base, position,
entries as stored). Nothing here is fitted to observations; what is assumed is listed below.

**Model.** u is the unit roundoff of the format (:class:`~symcheck.kernels.formats.Format`), and
fl(x op y) = (x op y)(1 + e) + h with abs(e) <= u and abs(h) <= the format's underflow, for
+, -, *, / (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, eqs. 2.4 and
2.8). Contraction of a*b + c into a fused multiply-add only removes roundings. gamma_n = n u /
(1 - n u) bounds the relative effect of n roundings (Higham, lemma 3.1), and with it sums and dot
products in *any* order (Higham, section 3.1), hence blocked and vectorised ones.

**Assumptions on the backend.** Its sin, cos and exp err by at most ``trig_ulps`` and
``exp_ulps`` units in the last place over the whole range used; 4 by default. Documented: 4 for
Intel SVML, which NumPy uses with AVX-512; at most 1 for SLEEF's u10 functions, in PyTorch;
2 or less for CUDA's sin, cos and exp, in float32 and float64 (CUDA C++ Programming Guide, section
Mathematical Functions), without fast-math; glibc's are within 1. XLA documents no figure, and 4
is an assumption there. A half-precision function computed in float32 and rounded has less than 1.

**Rounding of the bounds themselves.** Each is a short sum and product of positive doubles; its
relative rounding error is below 1e-13, and :func:`_upwards` adds 1e-12.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from .formats import DType, Format, format_of, widened

# A frequency is rounded to float64 from 50 digits, and then to its format, perhaps by way of
# float32 (bfloat16 in some backends).
_FLOAT64_ROUNDOFF = 2.0**-53
_FLOAT32_ROUNDOFF = 2.0**-24


def _upwards(value: float) -> float:
    return value * (1 + 1e-12)


def _nonnegative(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name}: given {value!r}, expected a number of at least 0")


def _angle_format(dtype: DType, angle_dtype: DType | None) -> Format:
    return format_of(widened(dtype) if angle_dtype is None else angle_dtype)


def _rounding_to(out: Format, source: Format) -> float:
    """Unit roundoff of a conversion; 0 where every value of the source is a value of ``out``."""
    return 0.0 if out.precision >= source.precision else out.unit_roundoff


def represents(value: float, dtype: DType) -> bool:
    """Whether a real number is a value of the format (its range is not looked at)."""
    numerator, denominator = Fraction(value).as_integer_ratio()
    power_of_two = denominator & (denominator - 1) == 0
    # An odd part of at most p bits is a significand.
    odd = abs(numerator) >> max((numerator & -numerator).bit_length() - 1, 0)
    return power_of_two and odd.bit_length() <= format_of(dtype).precision


def gamma(n: int, dtype: DType) -> float:
    """gamma_n = n u / (1 - n u), the relative effect of n roundings (Higham 2002, lemma 3.1).

    Raises ValueError for n < 0 and for n u >= 1, where no bound of this form exists.
    """
    nu = n * format_of(dtype).unit_roundoff
    if n < 0 or nu >= 1:
        raise ValueError(f"n: given {n}, expected 0 <= n < {2 ** format_of(dtype).precision} in this dtype")
    return _upwards(nu / (1 - nu))


def frequency_bound(dtype: DType) -> float:
    """Relative error of a frequency from this package, in a format.

    The 50-digit value is rounded to float64, an error of at most 2^-53 (1 + 1e-20), then to the
    format: (1 + 2^-53)(1 + u) - 1, and (1 + 2^-53)(1 + 2^-24)(1 + u) - 1 for the half formats,
    which some backends reach by way of float32. For float64 it is u alone.
    """
    format_ = format_of(dtype)
    u = format_.unit_roundoff
    if format_.name == "float64":
        return _upwards(u)
    middle = 0.0 if format_.name == "float32" else _FLOAT32_ROUNDOFF
    return _upwards(u + (1 + u) * (middle + (1 + middle) * _FLOAT64_ROUNDOFF))


def angle_bound(
    position: float, theta: float, dtype: DType, *, frequency_error: float | None = None
) -> float:
    """Error of the angle fl(fl(theta) fl(m)), in radians.

    The three roundings give m theta (1 + e0)(1 + e1)(1 + e2): e0 = 0 if m is a value of the
    format, else at most u; abs(e1) <= ``frequency_error`` (by default :func:`frequency_bound`;
    0 if theta *is* the stored number); abs(e2) <= u. Hence abs(m theta) ((1 + e0)(1 + e1)(1 + e2)
    - 1), which is abs(m theta)(2u + u^2) for float64 and a position that the format holds; the
    product's underflow is added.

    Raises ValueError when the position or the angle lies outside the format's range: 65,536 is
    infinite in float16.
    """
    format_ = format_of(dtype)
    if max(abs(position), abs(position * theta)) > format_.largest:
        raise ValueError(
            f"position: given {position} with theta {theta:g}, expected at most "
            f"{format_.largest:g} in {format_.name}"
        )
    u = format_.unit_roundoff
    e0 = 0.0 if represents(position, format_) else u
    e1 = frequency_bound(format_) if frequency_error is None else frequency_error
    _nonnegative(frequency_error=e1)
    relative = e0 + (1 + e0) * (e1 + (1 + e1) * u)
    # A frequency in float16 can itself be subnormal (base^(-1) = 1e-4 > 6.1e-5, but not 1e-6).
    lost = abs(position) * (1 + u) * format_.underflow if abs(theta) < format_.smallest_normal else 0.0
    return _upwards(abs(position * theta) * relative + lost + format_.underflow)


def table_bound(
    angle_error: float, dtype: DType, angle_dtype: DType, *, scale: float = 1.0, trig_ulps: float = 4.0
) -> float:
    """Error of a stored scale*cos or scale*sin whose angle is off by at most ``angle_error``.

    sin and cos have Lipschitz constant 1 and lie in [-1, 1]: the angle contributes at most
    min(angle_error, 2). The function errs by ``trig_ulps`` ulp, and an ulp of a number in
    [-1, 1] is at most u. Multiplication by scale, if any: the product's rounding and the
    scale's own, 2u + u^2 of a value of at most scale (1 + k u). Rounding to ``dtype``: at most
    u/2 for a value in [-1, 1] (half an ulp), and u times the value in general.
    """
    out, inner = format_of(dtype), format_of(angle_dtype)
    _nonnegative(angle_error=angle_error, scale=scale, trig_ulps=trig_ulps)
    u = inner.unit_roundoff
    error = min(angle_error, 2.0) + trig_ulps * u
    if scale != 1.0:
        error = scale * (error + (1 + trig_ulps * u) * (2 * u + u * u)) + inner.underflow
        error += _rounding_to(out, inner) * (scale + error)
    else:
        # A computed value may pass 1 by k u; it then rounds back to 1 unless k u is the larger.
        error += max(_rounding_to(out, inner) / 2, trig_ulps * u if out.precision < inner.precision else 0)
    if out != inner:
        error += out.underflow
    return _upwards(error + inner.underflow)


def sinusoidal_bound(
    position: float,
    theta: float,
    dtype: DType,
    *,
    angle_dtype: DType | None = None,
    frequency_error: float | None = None,
    trig_ulps: float = 4.0,
) -> float:
    """Error of one entry of :func:`symcheck.kernels.sinusoidal.sinusoidal`.

    :func:`table_bound` of :func:`angle_bound`: min(abs(m theta)(2u + u^2), 2) + k u + u_out/2,
    with u of the angle dtype and the last term only when the table is stored in less precision.
    """
    inner = _angle_format(dtype, angle_dtype)
    error = angle_bound(position, theta, inner, frequency_error=frequency_error)
    return table_bound(error, dtype, inner, trig_ulps=trig_ulps)


def rope_bound(
    position: float,
    theta: float,
    x_norm: float,
    dtype: DType,
    *,
    angle_dtype: DType | None = None,
    compute_dtype: DType | None = None,
    scale: float = 1.0,
    frequency_error: float | None = None,
    trig_ulps: float = 4.0,
) -> float:
    """Error of one rotated pair in the Euclidean norm, hence of each of its two entries.

    x_norm is the norm of the pair, whose entries are exact in ``dtype``. With angle error D and
    table error e on top of it (function, scale, conversion to the compute dtype):

    1. R(phi + D) - R(phi) has spectral norm 2 abs(sin(D/2)) <= min(D, 2).
    2. Replacing c, s by c + e1, s + e2 adds [[e1, -e2], [e2, e1]], of norm <= sqrt(2) e.
    3. fl(a c - b s) errs by gamma_2 (abs(a c) + abs(b s)); as a vector gamma_2 times
       [[c, s], [s, c]] (absolute values) times abs(x), whose norm is abs(c) + abs(s) <= sqrt(2)
       times the norm of the table pair, at most scale + sqrt(2) e.
    4. Rounding x to the compute dtype, and the result to ``dtype``, u each if they round;
       underflow of four products, two sums and two conversions.
    """
    out = format_of(dtype)
    compute = format_of(widened(out) if compute_dtype is None else compute_dtype)
    inner = _angle_format(dtype, angle_dtype)
    _nonnegative(x_norm=x_norm, scale=scale)
    turn = scale * min(angle_bound(position, theta, inner, frequency_error=frequency_error), 2.0)
    entry = math.sqrt(2) * table_bound(0.0, compute, inner, scale=scale, trig_ulps=trig_ulps)
    length = scale + entry
    relative = turn + entry + math.sqrt(2) * gamma(2, compute) * length
    relative += _rounding_to(compute, out) * (length + relative)
    relative += _rounding_to(out, compute) * (scale + relative)
    return _upwards(x_norm * relative + 8 * max(compute.underflow, out.underflow))


def xpos_bound(
    position: float,
    theta: float,
    log_rate: float,
    x_norm: float,
    dtype: DType,
    *,
    centre: int = 0,
    angle_dtype: DType | None = None,
    compute_dtype: DType | None = None,
    trig_ulps: float = 4.0,
    exp_ulps: float = 4.0,
) -> float:
    """Error of one pair of :func:`symcheck.kernels.xpos.rotate_xpos`, in the Euclidean norm.

    The factor f = exp((m - centre) log_rate), log_rate = +-log(zeta)/scale_base, has an exponent
    error E = :func:`angle_bound` of (m - centre, log_rate), hence the relative error e^E (1 + 2 k u)
    - 1 =: r, as an ulp is at most 2u of its number. Cosine and sine (entry error e of :func:`table_bound`)
    are multiplied by f and rounded in the angle dtype (u) and to the compute dtype; then as in
    :func:`rope_bound`, with the scale f. Positions and centre are integers. Raises ValueError
    when f alone overflows one of the formats; x must not make it overflow either.
    """
    out = format_of(dtype)
    compute = format_of(widened(out) if compute_dtype is None else compute_dtype)
    inner = _angle_format(dtype, angle_dtype)
    _nonnegative(x_norm=x_norm, exp_ulps=exp_ulps)
    u = inner.unit_roundoff
    exponent = (position - centre) * log_rate
    smallest_range = min(format_.largest for format_ in (inner, compute, out))
    if exponent > math.log(smallest_range):
        raise ValueError(
            f"position: given {position} from centre {centre}, expected a factor below "
            f"{smallest_range:g}, not e^{exponent:.4g}"
        )
    factor = _upwards(math.exp(exponent))
    # Factor: (1 + r); product with the table: (1 + u); conversion: (1 + u_compute).
    exponent_error = angle_bound(position - centre, log_rate, inner)
    relative_factor = math.expm1(exponent_error) + math.exp(exponent_error) * 2 * exp_ulps * u
    rounding = (1 + relative_factor) * (1 + u) * (1 + _rounding_to(compute, inner)) - 1
    turn = min(angle_bound(position, theta, inner), 2.0)
    entry = math.sqrt(2) * table_bound(0.0, inner, inner, trig_ulps=trig_ulps)
    # Norm of the table pair's error: the factor's part acts on a pair of norm 1 + entry.
    entry = entry + math.sqrt(2) * rounding * (1 + entry)
    relative = turn + entry + math.sqrt(2) * gamma(2, compute) * (1 + entry)
    relative += _rounding_to(compute, out) * (1 + entry + relative)
    relative += _rounding_to(out, compute) * (1 + relative)
    underflow = max(inner.underflow, compute.underflow, out.underflow)
    return _upwards(factor * x_norm * relative + (8 + 4 * x_norm) * underflow)


def dot_bound(n: int, magnitude: float, dtype: DType) -> float:
    """Error of a dot product of n terms, magnitude >= sum abs(x_i y_i): gamma_n magnitude.

    Higham 2002, eq. 3.5, in any order of summation; n underflows are added. By Cauchy-Schwarz
    the product of the Euclidean norms is a valid magnitude. The entries are exact in ``dtype``,
    which is also that of the accumulation: for a matrix product in TF32 or with bfloat16
    accumulation give that format. Raises ValueError for n < 0 or n u >= 1.
    """
    _nonnegative(magnitude=magnitude)
    return _upwards(gamma(n, dtype) * magnitude + 2 * n * format_of(dtype).underflow)


def rope_score_bound(
    query_position: float,
    key_position: float,
    thetas: Sequence[float],
    query_norm: float,
    key_norm: float,
    dtype: DType,
    *,
    angle_dtype: DType | None = None,
    compute_dtype: DType | None = None,
    scale: float = 1.0,
    frequency_error: float | None = None,
    trig_ulps: float = 4.0,
) -> float:
    """Error of the score (R(m) q)^T (R(n) k) against q^T R(n - m) k, times scale^2.

    A rotated vector errs in norm by at most norm * max_i :func:`rope_bound` (i over the pairs, for
    norm 1). With these e_q, e_k: abs(q'^T k' - q^T k) <= e_q N_k + N_q e_k + e_q e_k, where N is
    scale times the norm, and the dot product of d = 2 len(thetas) terms adds gamma_d
    (N_q + e_q)(N_k + e_k). The dot product is in the compute dtype. The norms are those
    of whole vectors of d entries; for a partial rotation give 0.0 as the theta of the rest.
    """
    _nonnegative(query_norm=query_norm, key_norm=key_norm)

    def rotated(position: float, norm: float) -> float:
        worst = max(
            rope_bound(
                position,
                theta,
                1.0,
                dtype,
                angle_dtype=angle_dtype,
                compute_dtype=compute_dtype,
                scale=scale,
                frequency_error=frequency_error,
                trig_ulps=trig_ulps,
            )
            for theta in thetas
        )
        return norm * worst + 8 * len(thetas) * format_of(dtype).underflow

    compute = format_of(widened(dtype) if compute_dtype is None else compute_dtype)
    e_q, e_k = rotated(query_position, query_norm), rotated(key_position, key_norm)
    n_q, n_k = scale * query_norm, scale * key_norm
    perturbed = e_q * n_k + n_q * e_k + e_q * e_k
    return _upwards(perturbed + dot_bound(2 * len(thetas), (n_q + e_q) * (n_k + e_k), compute))


def softmax_bound(
    n: int, score_error: float, score_range: float, dtype: DType, *, exp_ulps: float = 4.0
) -> float:
    """Relative error of each softmax weight over n scores; an absolute bound too, weights being <= 1.

    Scores are off by at most ``score_error`` = d each; ``score_range`` D bounds max - min over
    the finite scores. All weights are shifted by one and the same number, the computed maximum,
    which cancels. The rounded subtraction is off by at most u (D + 2d); exp of an argument off
    by E = d + u (D + 2d) is off by a factor within e^(+-E), and exp itself by 1 + 2 k u (an ulp
    is at most 2u of its number). The numerator and the sum carry these in opposite directions,
    the sum of n positive terms adds gamma_(n-1), the division u:
    e^(2E) (1 + 2ku)/(1 - 2ku) (1 + u)/(1 - gamma_(n-1)) - 1. Underflowing terms lose at
    most n + 2 underflows against a sum of at least 1 - 2ku; that is added as an absolute error.
    """
    format_ = format_of(dtype)
    u = format_.unit_roundoff
    _nonnegative(score_error=score_error, score_range=score_range, exp_ulps=exp_ulps)
    exponent_error = score_error + u * (score_range + 2 * score_error)
    function = 2 * exp_ulps * u
    if function >= 1:
        raise ValueError(f"exp_ulps: given {exp_ulps}, expected less than {1 / (2 * u)} in this dtype")
    addition = gamma(max(n - 1, 0), format_)
    if addition >= 1:
        raise ValueError(f"n: given {n}, expected fewer than {1 / (2 * u)} terms in this dtype")
    if exponent_error > 300:
        raise ValueError(f"score_error: the scores are off by {exponent_error:.3g}, which decides no weight")
    # (1 + a)(1 + b)... - 1 by expm1 and log1p, which keep small relative errors.
    logarithm = 2 * exponent_error + math.log1p(function) - math.log1p(-function)
    logarithm += math.log1p(u) - math.log1p(-addition)
    return _upwards(math.expm1(logarithm) + 2 * (n + 2) * format_.underflow / (1 - function))


def score_bound(
    dim: int, magnitude: float, dtype: DType, *, scale: float = 1.0, bias_magnitude: float = 0.0
) -> float:
    """Error of a score scale (q^T k) + bias; magnitude >= sum abs(q_i k_i), entries exact.

    The product errs by gamma_d magnitude; the scale, a float64 square root and reciprocal
    rounded to the dtype, by at most 4 2^-53 + u relatively, and the multiplication by u. Adding a
    bias of at most bias_magnitude, exact in the dtype, errs by u times the sum.
    """
    format_ = format_of(dtype)
    u = format_.unit_roundoff
    _nonnegative(magnitude=magnitude, scale=scale, bias_magnitude=bias_magnitude)
    relative = (1 + gamma(dim, format_)) * (1 + u) ** 2 * (1 + 4 * _FLOAT64_ROUNDOFF) - 1
    error = scale * magnitude * relative + (2 * dim * scale + 1) * format_.underflow
    if bias_magnitude:
        error += u * (scale * magnitude + error + bias_magnitude)
    return _upwards(error)


def alibi_bound(distance: int, slope: float, dtype: DType) -> float:
    """Error of one entry of :func:`symcheck.kernels.alibi.alibi_bias`.

    The same three roundings as an angle: the distance if the format does not hold it, the slope, and
    the product, hence :func:`angle_bound`; zero would do for a slope that is a power of two.
    """
    return angle_bound(distance, slope, dtype)


def relative_score_bound(dim: int, magnitude: float, dtype: DType, *, scale: float = 1.0) -> float:
    """Error of scale (x^T k + y^T r), the score of Shaw and of Transformer-XL.

    magnitude >= sum abs(x_i k_i) + sum abs(y_i r_i), k and r exact. For Transformer-XL x = q + u
    and y = q + v carry one rounding, which makes gamma_(d+1) of gamma_d; adding the two terms
    and multiplying by the scale are u each, and the scale's own error as in :func:`score_bound`.
    """
    format_ = format_of(dtype)
    u = format_.unit_roundoff
    _nonnegative(magnitude=magnitude, scale=scale)
    relative = (1 + gamma(dim + 1, format_)) * (1 + u) ** 3 * (1 + 4 * _FLOAT64_ROUNDOFF) - 1
    return _upwards(scale * magnitude * relative + (4 * dim * scale + 2) * format_.underflow)


def weighted_mean_bound(
    n: int,
    weight_error: float,
    value_magnitude: float,
    dtype: DType,
    *,
    compute_dtype: DType | None = None,
    terms: int = 1,
) -> float:
    """Error of sum_j p_j v_j, weights that sum to 1 with relative error r, abs(v_j) <= V.

    sum_j p_j (1 + r)(1 + gamma_n) V = V (1 + r)(1 + gamma_n), so the error is at most
    V ((1 + r)(1 + gamma_n) - 1), plus underflow, plus the rounding of the result to ``dtype``.
    With ``terms`` such sums added (Shaw's values and offsets), V bounds the sum of their
    magnitudes and the additions make gamma_n a gamma_(n + terms - 1).
    """
    out = format_of(dtype)
    compute = format_of(widened(out) if compute_dtype is None else compute_dtype)
    _nonnegative(weight_error=weight_error, value_magnitude=value_magnitude)
    addition = gamma(n + terms - 1, compute)
    total = value_magnitude * (weight_error + (1 + weight_error) * addition)
    total += 2 * (n + 1) * terms * compute.underflow
    if out != compute:
        total += _rounding_to(out, compute) * (value_magnitude + total) + out.underflow
    return _upwards(total)


def attention_bound(
    n: int,
    dim: int,
    magnitude: float,
    value_magnitude: float,
    dtype: DType,
    *,
    scale: float | None = None,
    bias_magnitude: float = 0.0,
    score_range: float | None = None,
    score_error: float = 0.0,
    compute_dtype: DType | None = None,
    exp_ulps: float = 4.0,
) -> float:
    """Error of each entry of softmax(scale Q K^T + bias) V, for one query and n visible keys.

    ``magnitude`` >= sum_i abs(q_i k_i) for every key, ``value_magnitude`` >= abs(V) everywhere,
    ``bias_magnitude`` >= abs(bias) where it is finite. ``score_range`` bounds max - min of the
    exact scores (2 (scale magnitude + bias_magnitude) if not given). ``score_error`` is what the
    inputs already carry, say :func:`rope_score_bound` times the scale.

    Scores err by d = :func:`score_bound` + score_error, weights relatively by r =
    :func:`softmax_bound`, and their mean of the values by :func:`weighted_mean_bound`.
    Q, K, V are exact in the compute dtype. Masked keys have weight exactly 0 and do not count.
    """
    out = format_of(dtype)
    compute = format_of(widened(out) if compute_dtype is None else compute_dtype)
    _nonnegative(score_error=score_error)
    factor = 1 / math.sqrt(dim) if scale is None else abs(scale)
    error = score_error + score_bound(dim, magnitude, compute, scale=factor, bias_magnitude=bias_magnitude)
    spread = 2 * (factor * magnitude + bias_magnitude) if score_range is None else score_range
    weight = softmax_bound(n, error, spread, compute, exp_ulps=exp_ulps)
    return weighted_mean_bound(n, weight, value_magnitude, out, compute_dtype=compute)
