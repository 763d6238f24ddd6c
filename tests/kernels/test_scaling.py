import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symcheck.kernels.bounds import frequency_bound
from symcheck.kernels.formats import FORMATS
from symcheck.kernels.scaling import METHODS, scaled_frequencies

from . import reference
from .reference import MP, assert_within

DIM = 64
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
YARN = {"rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 4096}
LONG = {
    "rope_type": "longrope",
    "original_max_position_embeddings": 4096,
    "max_position_embeddings": 131072,
    "short_factor": [1.0 + 0.01 * i for i in range(DIM // 2)],
    "long_factor": [1.0 + 2.0 * i for i in range(DIM // 2)],
}


def config(**parameters):
    return {"head_dim": DIM, "rope_theta": 500000.0, **parameters}


def plain(base=500000.0, dim=DIM):
    return reference.frequencies(dim, base)


def assert_rounded_once(frequencies, expected, dtype="float64"):
    limit = [float(abs(value)) * (1 + 1e-15) * frequency_bound(dtype) for value in expected]
    assert_within(numpy.asarray(frequencies, dtype=numpy.float64), expected, limit)


def llama3(factor=8, low=1, high=4, trained=8192):
    """Llama 3.1: keep short wavelengths, divide long ones, blend in between."""
    out = []
    for theta in plain():
        wavelength = 2 * MP.pi / theta
        if wavelength < MP.mpf(trained) / high:
            out.append(theta)
        elif wavelength > MP.mpf(trained) / low:
            out.append(theta / factor)
        else:
            blend = (trained / wavelength - low) / (high - low)
            out.append((1 - blend) * theta / factor + blend * theta)
    return out


def yarn_by_index(factor=16, trained=4096, truncate=True, base=500000.0, fast=32, slow=1):
    def index(rotations):
        return DIM * MP.log(trained / (rotations * 2 * MP.pi)) / (2 * MP.log(base))

    low, high = index(fast), index(slow)
    if truncate:
        low, high = MP.floor(low), MP.ceil(high)
    low, high = max(low, 0), min(high, DIM - 1)
    out = []
    for i, theta in enumerate(plain(base)):
        ramp = min(max((i - low) / (high - low), 0), 1)
        out.append(theta / factor * ramp + theta * (1 - ramp))
    return out


def yarn_by_rotations(factor=16, trained=4096, alpha=1, beta=32):
    out = []
    for theta in plain():
        rotations = trained / (2 * MP.pi / theta)
        gamma = min(max((rotations - alpha) / (beta - alpha), 0), 1)
        out.append((1 - gamma) * theta / factor + gamma * theta)
    return out


def longrope(factors):
    return [theta / MP.mpf(factor) for theta, factor in zip(plain(), factors, strict=True)]


CASES = {
    "default": (config(), None, plain(), 1.0),
    "linear": (config(rope_type="linear", factor=4.0), None, [t / 4 for t in plain()], 1.0),
    "ntk": (
        config(rope_type="ntk", factor=4.0),
        None,
        plain(500000 * MP.mpf(4) ** (MP.mpf(DIM) / (DIM - 2))),
        1.0,
    ),
    "dynamic within": (
        config(rope_type="dynamic", factor=2.0, max_position_embeddings=2048),
        1000,
        plain(),
        1.0,
    ),
    "dynamic beyond": (
        config(rope_type="dynamic", factor=2.0, max_position_embeddings=2048),
        5000,
        plain(500000 * (2 * MP.mpf(5000) / 2048 - 1) ** (MP.mpf(DIM) / (DIM - 2))),
        1.0,
    ),
    "yarn": (config(**YARN), None, yarn_by_index(), 0.1 * math.log(16) + 1),
    "yarn not truncated": (
        config(**YARN, truncate=False),
        None,
        yarn_by_index(truncate=False),
        0.1 * math.log(16) + 1,
    ),
    "yarn of the paper": (
        config(**YARN, ramp="rotations"),
        None,
        yarn_by_rotations(),
        0.1 * math.log(16) + 1,
    ),
    "yarn attention_factor": (config(**YARN, attention_factor=1.25), None, yarn_by_index(), 1.25),
    "yarn mscale": (
        config(**YARN, mscale=1.0, mscale_all_dim=0.8),
        None,
        yarn_by_index(),
        (0.1 * math.log(16) + 1) / (0.08 * math.log(16) + 1),
    ),
    "longrope short": (config(**LONG), 4096, longrope(LONG["short_factor"]), math.sqrt(1 + 5 / 12)),
    "longrope long": (config(**LONG), 4097, longrope(LONG["long_factor"]), math.sqrt(1 + 5 / 12)),
    "llama3": (config(**LLAMA3), None, llama3(), 1.0),
    "proportional": (
        config(rope_type="proportional", partial_rotary_factor=0.25),
        None,
        plain()[: DIM // 8] + [MP.mpf(0)] * (3 * DIM // 8),
        1.0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_against_the_formula(name):
    given_config, length, expected, scale = CASES[name]
    frequencies, found_scale = scaled_frequencies(given_config, sequence_length=length)
    assert_rounded_once(frequencies, expected)
    assert abs(found_scale - scale) <= 4 * 2**-53 * scale


def test_every_method_is_tested():
    assert {case[0].get("rope_type", "default") for case in CASES.values()} == set(METHODS)


@pytest.mark.parametrize("dtype", FORMATS)
def test_backends_and_dtypes(backend, dtype):
    frequencies, _ = scaled_frequencies(config(**LLAMA3), xp=backend.xp, dtype=dtype)
    expected = llama3()
    limit = [float(t) * (1 + 1e-15) * frequency_bound(dtype) + FORMATS[dtype].underflow for t in expected]
    assert_within(backend.exact(frequencies), expected, limit)


def test_hand_computed_llama3():
    # base 10^4, d = 4: wavelengths 6.28 and 628; L = 1000 with factors 1 and 4 puts 628 between
    # 250 and 1000, with L theta / 2 pi = 1.5915, blend = 0.19718.
    found, _ = scaled_frequencies(
        {
            "head_dim": 4,
            "rope_type": "llama3",
            "factor": 8,
            "low_freq_factor": 1,
            "high_freq_factor": 4,
            "original_max_position_embeddings": 1000,
        }
    )
    assert found[0] == 1.0
    assert abs(found[1] - (0.8028169 * 0.00125 + 0.1971831 * 0.01)) < 1e-9


def test_the_ramps_of_yarn_agree_at_the_ends_only():
    by_index, _ = scaled_frequencies(config(**YARN, truncate=False))
    by_rotations, _ = scaled_frequencies(config(**YARN, ramp="rotations"))
    same = by_index == by_rotations
    assert same[0] and same[-1] and not same.all()


def test_configurations_of_models_are_read_as_they_are():
    flat, _ = scaled_frequencies(config(**LLAMA3))
    for nested in ("rope_scaling", "rope_parameters"):
        found, _ = scaled_frequencies(
            {"hidden_size": 4 * DIM, "num_attention_heads": 4, "rope_theta": 500000.0, nested: LLAMA3}
        )
        assert (found == flat).all()
    old, _ = scaled_frequencies(
        config(rope_scaling={"type": "linear", "factor": 2.0}, partial_rotary_factor=0.5)
    )
    assert_rounded_once(old, [t / 2 for t in plain(dim=DIM // 2)])
    assert (scaled_frequencies(config(rope_scaling=None))[0] == scaled_frequencies(config())[0]).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(1.0, 128.0), st.sampled_from(["linear", "ntk", "yarn", "llama3", "dynamic"]))
def test_scaling_only_slows_down(factor, kind):
    parameters = {**LLAMA3, "max_position_embeddings": 2048, "rope_type": kind, "factor": factor}
    scaled, scale = scaled_frequencies(config(**parameters), sequence_length=9000)
    unscaled, _ = scaled_frequencies(config())
    assert (scaled <= unscaled).all() and scale >= 1
    if kind != "dynamic":
        # At equality the last frequency of NTK is theta/s exactly, up to one rounding.
        assert (scaled >= unscaled / factor * (1 - 2**-51)).all()


@given(st.integers(2049, 10**7))
def test_dynamic_base_depends_on_the_length(length):
    # vLLM issue 5093: the bracket must not reduce to a constant.
    parameters = config(rope_type="dynamic", factor=2.0, max_position_embeddings=2048)
    shorter, _ = scaled_frequencies(parameters, sequence_length=length)
    longer, _ = scaled_frequencies(parameters, sequence_length=length + 2048)
    assert (longer[1:] < shorter[1:]).all()


MUTANTS = {
    "linear multiplied": ("linear", lambda: [t * 4 for t in plain()]),
    "ntk exponent d/2": ("ntk", lambda: plain(500000.0 * 4.0 ** (DIM / 2 / (DIM - 2)))),
    "ntk base not raised": ("ntk", lambda: plain(500000.0 * 4.0)),
    "dynamic bracket constant": (
        "dynamic beyond",
        lambda: plain(500000.0 * (2.0**2 - 1) ** (DIM / (DIM - 2))),
    ),
    "yarn range rounded though not truncated": ("yarn not truncated", yarn_by_index),
    "yarn ramp reversed": (
        "yarn",
        lambda: [t / 16 + t - y for t, y in zip(plain(), yarn_by_index(), strict=True)],
    ),
    "longrope long for short": ("longrope short", lambda: longrope(LONG["long_factor"])),
    "llama3 unscaled returned": ("llama3", plain),
    "llama3 factors exchanged": ("llama3", lambda: llama3(low=4, high=1)),
    "llama3 blend without factor": ("llama3", lambda: llama3(factor=1)),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_are_rejected(name):
    case, wrong = MUTANTS[name]
    mutant = numpy.asarray([float(value) for value in wrong()])
    with pytest.raises(AssertionError, match="is off by"):
        assert_rounded_once(mutant, CASES[case][2])


@pytest.mark.parametrize(
    ("given_config", "message"),
    [
        ([], r"^config: given list, expected a mapping$"),
        ({}, r"^config: 'head_dim' is missing, expected it or 'hidden_size'"),
        (config(rope_type="magic"), r"^config: rope_type is 'magic', expected one of default, linear"),
        (
            config(rope_type="linear"),
            r"^config: 'factor' is missing, expected a number for rope_type 'linear'",
        ),
        (config(rope_type="linear", factor=0.5), r"^config: 'factor' is 0.5, expected a finite number of at"),
        (config(rope_type="linear", factor="2"), r"^config: 'factor' is '2', expected a finite"),
        (config(rope_type="yarn", factor=math.inf), r"^config: 'max_position_embeddings' is missing"),
        (config(**YARN, beta_fast=1, beta_slow=2), r"^config: 'beta_slow' is 2, expected less than"),
        (config(**YARN, ramp="log"), r"^config: 'ramp' is 'log', expected 'dimension' or 'rotations'$"),
        ({"head_dim": 7}, r"^config: 'head_dim': given 7, expected a positive even integer$"),
        ({"head_dim": 2, "rope_type": "ntk", "factor": 2}, r"^config: rotated dim is 2, expected at least 4"),
        (config(partial_rotary_factor=1.5), r"^config: 'partial_rotary_factor' is 1.5, expected at most 1$"),
        (config(rope_theta=1.0), r"^config: 'rope_theta': given 1.0, expected a finite number above 1$"),
        (
            {**config(**LONG), "short_factor": [1.0]},
            r"^config: 'short_factor' has 1 entries, expected a list",
        ),
        ({**config(**LONG), "short_factor": None}, r"^config: 'short_factor' has NoneType entries"),
        ({**config(**LLAMA3), "low_freq_factor": 4.0}, r"^config: 'low_freq_factor' is 4, expected less"),
    ],
)
def test_bad_input(given_config, message):
    with pytest.raises(ValueError, match=message) as caught:
        scaled_frequencies(given_config)
    assert "\n" not in str(caught.value)


def test_bad_length():
    with pytest.raises(ValueError, match=r"^sequence_length: given -1, expected an integer of at least 0$"):
        scaled_frequencies(config(), sequence_length=-1)
