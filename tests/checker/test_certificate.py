"""Damaged, forged, hostile and edited certificates: rejected with a reason, or they prove the same statement."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from fractions import Fraction

import pytest

from symcheck.checker import AXIOMS, RULES, Rejected, decode, digest, parse
from symcheck.checker.certificate import FORMAT, MAX_BYTES
from symcheck.claims import THEOREMS, Piece, accept
from symcheck.prove.encoding import encode
from symcheck.prove.proof import Proof, Statement
from symcheck.rechecking import outcomes
from symcheck.rechecking import replay_all as replay
from symcheck.terms import const, eq, lam, lt, number, var

x, n = var("x"), var("n", "N")


def made(line_of) -> dict:
    p = Proof()
    return p.certificate(line_of(p))


def square(p: Proof):
    """|- (x + 1)^2 = x^2 + 2x + 1, from an axiom that says nothing else."""
    return p.ring(eq((x + 1) * (x + 1) * const("exp", 0), x * x + 2 * x + 1), p.axiom("exp_zero"))


@pytest.fixture
def good() -> dict:
    return made(square)


def rejected(data) -> str:
    with pytest.raises(Rejected) as e:
        decode(data)
    return str(e.value)


def test_good_one_is_accepted(good):
    assert decode(good).hyps == frozenset()
    assert decode(good).concl == square(Proof()).concl


# ---------------------------------------------------------------- files


def written(tmp_path, content: bytes):
    path = tmp_path / "certificate.json"
    path.write_bytes(content)
    return path


GOOD = json.dumps(made(square)).encode()
FILES = {
    "empty": b"",
    "truncated": GOOD[: len(GOOD) // 2],
    "not text": b"\xff\xfe\x00",
    "not JSON": b"x^2 + 1",
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep without an end": b"[" * 100_000,
    "one digit": b"7" * (MAX_BYTES - 1),
    "one digit in a list": b"[" + b"7" * (MAX_BYTES - 10) + b"]",
    "too large": b" " * (MAX_BYTES + 1),
    "duplicate key": GOOD.replace(b'{"format"', b'{"format": "x", "format"', 1),
    "a float": GOOD.replace(b'"steps"', b'"more": 1.0, "steps"', 1),
    "an exponent": b"[1e999]",
    "NaN": b"[NaN]",
    "Infinity": b"[-Infinity]",
    "ten digits": b"[1234567890]",
    "non-ASCII digits": "[٣]".encode(),
    "open string of escapes": b'"' + b'\\"' * (MAX_BYTES // 2 - 8),
    "escapes cut by a newline": b'"' + b'\\"' * (MAX_BYTES // 4) + b"\\\n" + b'\\"' * (MAX_BYTES // 5),
    "control character": b'["\n"]',
}


@pytest.mark.parametrize("name", FILES)
def test_bad_file(name, tmp_path):
    with pytest.raises(Rejected) as e:
        parse(written(tmp_path, FILES[name]))
    assert len(str(e.value)) < 200


def test_one_gigabyte_is_not_read(tmp_path):
    path = tmp_path / "huge.json"
    with open(path, "wb") as file:  # sparse: it takes no space
        file.truncate(10**9)
    with pytest.raises(Rejected, match=f"larger than {MAX_BYTES}"):
        parse(path)


def test_missing_file_and_directory(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(Rejected, match="cannot be read"):
            parse(path)


def test_brackets_in_strings_do_not_nest(tmp_path):
    assert parse(written(tmp_path, b'["' + b"[" * 50 + b'", "\\"[[["]')) == ["[" * 50, '"[[[']


def test_file_round_trip(tmp_path, good):
    assert parse(written(tmp_path, json.dumps(good).encode())) == good


# ---------------------------------------------------------------- contents


def test_edited_number(good):
    bad = copy.deepcopy(good)
    k = next(k for k, t in enumerate(bad["terms"]) if t[1] == ["n", "2", "R"])
    bad["terms"][k][1][1] = "3"
    assert "rule 'ring'" in rejected(bad)
    assert "step" in rejected(bad)


BAD_NUMERALS = [
    "02",
    "+2",
    "2/1",
    "4/2",
    "-0",
    "2.0",
    "2e3",
    " 2",
    "2 ",
    "٢",
    "２",
    "",
    "1/0",
    "0x2",
    "1_000",
    "٣/2",
    2,
    2.0,
    True,
    None,
    [2],
    "9" * 2_002,
    "1/-2",
    "--1",
]


@pytest.mark.parametrize("numeral", BAD_NUMERALS, ids=repr)
def test_numeral_not_in_lowest_terms(good, numeral):
    k = next(k for k, t in enumerate(good["terms"]) if t[1] == ["n", "2", "R"])
    good["terms"][k][1][1] = numeral
    assert rejected(good).startswith(f"term {k}: ")


@pytest.mark.parametrize("numeral", ["-1", "1/2"])
def test_natural_numeral_is_a_natural(numeral):
    good = made(lambda p: p.axiom("nat_nonneg", n=number(3, "N")))
    k = next(k for k, t in enumerate(good["terms"]) if t[1] == ["n", "3", "N"])
    good["terms"][k][1][1] = numeral
    assert "not a natural number" in rejected(good)


def test_unknown_rule(good):
    good["steps"][0][0] = "sorry"
    assert rejected(good) == "step 0, rule 'sorry': unknown rule"


@pytest.mark.parametrize("rule", [None, 1, [], {}, "", "axiom "])
def test_rule_is_no_rule(good, rule):
    good["steps"][0][0] = rule
    assert "unknown rule" in rejected(good)


def test_forged_axiom(good):
    k = next(k for k, s in enumerate(good["steps"]) if s[0] == "axiom")
    good["steps"][k][1] = "everything_is_zero"
    assert rejected(good) == f"step {k}, rule 'axiom': no axiom is called 'everything_is_zero'"


def test_forward_and_own_reference():
    good = made(lambda p: p.discharge(p.assume(eq(x, x)), eq(x, x)))
    for target in (1, 2, -1):
        bad = copy.deepcopy(good)
        bad["steps"][1][1] = target
        assert "step 1, rule 'discharge': a step refers to earlier steps only" in rejected(bad)


def test_term_forward_reference(good):
    k = next(k for k, t in enumerate(good["terms"]) if t[2])
    good["terms"][k][2][0] = k
    assert rejected(good).startswith(f"term {k}: term: expected a number from 0 to")


@pytest.mark.parametrize("number_", [True, False, 1.0, "1", None, -1, 10**6])
def test_reference_is_a_number(good, number_):
    for place in ("step", "statement"):
        bad = copy.deepcopy(good)
        if place == "step":
            bad["steps"][-1][1] = number_
        else:
            bad["statement"][1] = number_
        rejected(bad)


def test_boolean_in_the_statement_is_no_number():
    good = made(lambda p: p.refl(number(1)))
    assert good["statement"] == [[], 1]
    for one in (True, 1.0, Fraction(1)):
        rejected({**good, "statement": [[], one]})
    rejected({**good, "statement": [(), 1]})


def test_unused_term_and_unused_step(good):
    more = copy.deepcopy(good)
    more["terms"].append([[], ["n", "5", "R"], []])
    assert "canonical" in rejected(more)
    more = copy.deepcopy(good)
    more["steps"].insert(0, ["assume", 0])
    rejected(more)
    more = copy.deepcopy(good)
    last = more["statement"][1]
    more["steps"].insert(0, ["assume", last])
    more["steps"][-1][2] = [k + 1 for k in more["steps"][-1][2]]
    assert "canonical" in rejected(more)


def test_order_of_terms(good):
    numerals = [k for k, t in enumerate(good["terms"]) if not t[2]]
    a, b = numerals[:2]

    def swapped(k):
        return {a: b, b: a}.get(k, k)

    bad = copy.deepcopy(good)
    bad["terms"][a], bad["terms"][b] = bad["terms"][b], bad["terms"][a]
    for t in bad["terms"]:
        t[2] = [swapped(k) for k in t[2]]
    rejected(bad)


def test_another_statement(good):
    for k in range(len(good["terms"])):
        if k != good["statement"][1]:
            rejected({**good, "statement": [[], k]})
    rejected({**good, "statement": [[good["statement"][1]], good["statement"][1]]})


@pytest.mark.parametrize(
    "statement", [None, [], [[]], [[], 0, 0], [0, 0], [[], []], {"concl": 0}, "statement"]
)
def test_statement_of_another_shape(good, statement):
    rejected({**good, "statement": statement})


@pytest.mark.parametrize("data", [None, 1, [], "x", {}, {"format": FORMAT}, [FORMAT, [], [], []]])
def test_not_an_object_with_the_keys(data):
    assert rejected(data).startswith("header: expected an object")


def test_keys_and_format(good):
    rejected({**good, "comment": "x"})
    rejected({**good, "format": "symcheck-certificate-2"})
    for key in good:
        rejected({k: v for k, v in good.items() if k != key})
        rejected({**good, key: None})
    rejected({**good, "steps": []})


@pytest.mark.parametrize(
    "term",
    [
        None,
        [],
        [[], ["n", "1", "R"]],
        [[], ["n", "1", "R"], [], []],
        [[], ["n", "1", "P"], []],
        [[], ["n", "1", "R"], [0]],
        [[], ["q", "x", "R"], []],
        [[], ["v", "x", "S"], []],
        [[], ["v", "x", ["R"]], []],
        [[], ["v", "", "R"], []],
        [[], ["v", "x y", "R"], []],
        [[], ["v", "x\n", "R"], []],
        [[], ["v", "é", "R"], []],
        [[], ["v", "x" * 80, "R"], []],
        [[], ["v", "#0", "R"], []],
        [[], ["c", "add", "R"], []],
        [[], ["c", "sub", ["R", "R", "R"]], []],
        [[], ["c", "forall", ["P", "P"]], []],
        [[], ["d", "add", 0], []],
        [[], ["d", "forall", 0], []],
        [[], ["d", "c", -1], []],
        [[], ["d", "c", True], []],
        [[], ["b", -1, "R"], []],
        [[], ["b", True, "R"], []],
        [[], ["b", 64, "R"], []],
        [["R"], ["b", 0, "N"], []],
        [["R"], ["b", "0", "R"], []],
        [["S"], ["n", "1", "R"], []],
        [["N"] * 40, ["n", "1", "R"], []],
        [None, ["n", "1", "R"], []],
        [[], ["v", "f", ["N"] * 13], []],
        [[], ["v", "f", [["N", "R"]] * 11 + [["N", "R"]]], []],
        [[], ["v", ["x"], "R"], []],
        [[], [["v"], "x", "R"], []],
        [{}, {}, {}],
        [[], {"v": 1}, []],
    ],
    ids=lambda t: repr(t)[:50],
)
def test_term_that_is_none(good, term):
    good["terms"].append(term)
    message = rejected(good)
    assert message.startswith(f"term {len(good['terms']) - 1}: ") or "canonical" in message


def test_type_nested_too_deeply_or_too_large(good):
    deep: object = "R"
    for _ in range(2_000):
        deep = [deep, "R"]
    wide: object = "R"
    for _ in range(5):
        wide = [wide] * 11 + ["R"]
    for t in (deep, wide):
        assert "term" in rejected({**good, "terms": [[[], ["v", "f", t], []]]})


def test_two_values_for_one_variable():
    p = Proof()
    good = p.certificate(p.at(p.rule("axiom", "exp_positive"), x=number(2)))
    step = next(s for s in good["steps"] if s[0] == "instantiate")
    step[2].append(step[2][0])
    rejected(good)


def test_value_for_what_is_no_variable():
    p = Proof()
    good = p.certificate(p.at(p.rule("axiom", "exp_positive"), x=number(2)))
    step = next(s for s in good["steps"] if s[0] == "instantiate")
    step[2][0][0] = step[2][0][1]
    assert "not a variable" in rejected(good)


def test_cite_of_what_was_not_accepted(good):
    p = Proof()
    citing = p.certificate(p.ring(eq(x, x + 0), p.lemma("a square", square), p.refl(x)))
    if not any(s[0] == "cite" for s in citing["steps"]):
        citing = p.certificate(p.discharge(p.lemma("a square", square), eq(x, x)))
    assert any(s[0] == "cite" for s in citing["steps"])
    assert "cites what was not accepted" in rejected(citing)
    assert decode(citing, {digest(good): decode(good)}).hyps == frozenset()
    citing["steps"][0][1] = "0" * 64
    with pytest.raises(Rejected, match="cites what was not accepted"):
        decode(citing, {digest(good): decode(good)})


def test_replay_finds_the_order_and_reports_each(good):
    p = Proof()
    citing = p.certificate(p.discharge(p.lemma("a square", square), eq(x, x)))
    out = replay({"citing": citing, "cited": good, "copy": copy.deepcopy(good), "bad": {}})
    assert list(out) == ["citing", "cited", "copy", "bad"]
    assert isinstance(out["bad"], Rejected)
    assert out["copy"].concl == out["cited"].concl
    assert not isinstance(out["citing"], Rejected)
    assert isinstance(replay({"citing": citing})["citing"], Rejected)


def test_a_rejected_certificate_cannot_be_cited(good):
    bad = copy.deepcopy(good)
    bad["steps"][0][1] = "cos_zero"
    p = Proof()
    citing = p.certificate(p.discharge(p.lemma("a square", square), eq(x, x)))
    citing["steps"][0][1] = digest(bad)
    out = replay({"citing": citing, "bad": bad})
    assert all(isinstance(th, Rejected) for th in out.values())


# ---------------------------------------------------------------- hostile work


def certificate(terms, steps, statement) -> dict:
    return {"format": FORMAT, "terms": terms, "steps": steps, "statement": statement}


BINARY, LESS = ["R", "R", "R"], ["R", "R", "P"]


def squarings(levels: int) -> dict:
    """3 squared 2^levels times, by definitions: 0 < that."""
    terms: list = [[[], ["b", 0, "N"], []], [["N"], ["c", "mulN", ["N", "N", "N"]], [0, 0]]]
    last = 1
    for k in range(levels):
        terms.append([[], ["d", f"s{k}", last], [0]])
        terms.append([["N"], ["d", f"s{k}", last], [len(terms) - 1]])
        last = len(terms) - 1
    three = len(terms)
    terms += [
        [[], ["n", "3", "N"], []],
        [[], ["d", "z", last], [three]],
        [[], ["n", "0", "N"], []],
        [[], ["c", "ltN", ["N", "N", "P"]], [three + 2, three + 1]],
    ]
    return certificate(terms, [["ball", three + 3, 64, 0]], [[], three + 3])


def doublings() -> dict:
    """A term that is a tree of 2^400 nodes."""
    terms: list = [[[], ["v", "x", "R"], []]]
    for k in range(200):
        terms.append([[], ["c", "add", BINARY], [k, k]])
    return certificate(terms, [["ring", 200, [], []]], [[], 200])


def many_variables() -> dict:
    """Terms that each have 15,000 free variables."""
    count = 15_000
    terms: list = [[[], ["v", f"x{k}", "R"], []] for k in range(count)]
    level = list(range(count))
    while len(level) > 1:
        paired = []
        for a, b in zip(level[::2], level[1::2], strict=False):
            terms.append([[], ["c", "add", BINARY], [a, b]])
            paired.append(len(terms) - 1)
        level = paired + ([level[-1]] if len(level) % 2 else [])
    for k in range(15_000):
        terms.append([[], ["v", f"y{k}", "R"], []])
        terms.append([[], ["c", "add", BINARY], [level[0], len(terms) - 1]])
    return certificate(terms, [["ring", 0, [], []]], [[], 0])


def many_definitions_at_once() -> dict:
    """Terms that each have 15,000 defined constants."""
    data = many_variables()
    for k, t in enumerate(data["terms"]):
        if t[1][0] == "v":
            data["terms"][k] = [[], ["d", t[1][1], 0], []]
    data["terms"][0] = [[], ["n", "1", "R"], []]
    return data


def carried_hypotheses() -> dict:
    """Sums of equations, each step with one hypothesis more than the one before."""
    zero, one = [[], ["n", "0", "R"], []], [[], ["n", "1", "R"], []]
    terms: list = [zero, one, [[], ["c", "eq", LESS], [0, 0]]]
    steps: list = []
    for k in range(9_000):
        terms += [[[], ["v", f"x{k}", "R"], []], [[], ["c", "eq", LESS], [len(terms), 0]]]
        steps.append(["assume", len(terms) - 1])
    steps.append(["ring", 2, [0, 1], [0, 0]])
    for k in range(2, 9_000):
        steps.append(["ring", 2, [len(steps) - 1, k], [0, 0]])
    return certificate(terms, steps, [[], 2])


def many_denominators() -> dict:
    """A sum of 4,000 fractions with coprime denominators of 1,900 digits."""
    terms: list = []
    for k in range(4_000):
        terms.append([[], ["n", f"1/{10**1899 + 2 * k + 1}", "R"], []])
    level = list(range(4_000))
    while len(level) > 1:
        paired = []
        for a, b in zip(level[::2], level[1::2], strict=False):
            terms.append([[], ["c", "add", BINARY], [a, b]])
            paired.append(len(terms) - 1)
        level = paired + ([level[-1]] if len(level) % 2 else [])
    terms.append([[], ["c", "eq", LESS], [level[0], level[0]]])
    return certificate(terms, [["ring", len(terms) - 1, [], []]], [[], len(terms) - 1])


def huge_power() -> dict:
    """((x + y)^64)^64 in the normal form."""
    p = Proof()
    y = var("y")
    goal = eq(((x + y + n + 1) ** 64) ** 64, x)
    good = p.certificate(p.assume(goal))
    return {**good, "steps": [["ring", good["steps"][0][1], [], []]], "statement": [[], good["statement"][1]]}


def tower(height: int) -> dict:
    """sin(exp(exp(... exp(9) ...))) < 0, by balls."""
    terms: list = [[[], ["n", "9", "R"], []]]
    for k in range(height):
        terms.append([[], ["c", "exp", ["R", "R"]], [k]])
    terms.append([[], ["c", "sin", ["R", "R"]], [height]])
    terms += [[[], ["n", "0", "R"], []], [[], ["c", "lt", LESS], [height + 1, height + 2]]]
    return certificate(terms, [["ball", height + 3, 4_000, 40]], [[], height + 3])


def nested_sums() -> dict:
    """A sum of sums of sums of 90,000 summands each."""
    bound = number(90_000, "N")
    inner = const("sum", bound, lam("N", lambda i: const("sum", bound, lam("N", lambda j: const("real", j)))))
    p = Proof()
    good = p.certificate(p.assume(lt(0, inner)))
    return {**good, "steps": [["ball", good["steps"][0][1], 64, 0]], "statement": [[], good["statement"][1]]}


def many_large_rings() -> dict:
    """A sum of 8,192 zeros, compared with itself 10,000 times."""
    terms: list = [[[], ["n", "0", "R"], []]]
    for k in range(13):
        terms.append([[], ["c", "add", BINARY], [k, k]])
    terms.append([[], ["c", "eq", LESS], [13, 13]])
    steps: list = [["ring", 14, [], []] for _ in range(10_000)]
    steps.append(["ring", 14, list(range(10_000)), [0] * 10_000])
    return certificate(terms, steps, [[], 14])


def wide_types() -> dict:
    """A variable whose type has half a million parts."""
    wide: object = "R"
    for _ in range(4):
        wide = [wide] * 11 + ["R"]
    return certificate([[[], ["v", "f", wide], []]], [["assume", 0]], [[0], 0])


def many_definitions() -> dict:
    """Definitions 4,000 deep."""
    terms: list = [[[], ["n", "1", "R"], []]]
    for k in range(4_000):
        terms.append([[], ["d", "c", k], []])
    terms.append([[], ["c", "eq", LESS], [4_000, 4_000]])
    return certificate(terms, [["ring", 4_001, [], []], ["convert", 0, 4_001, ["c"]]], [[], 4_001])


HOSTILE = {
    "squarings": squarings(40),
    "doublings": doublings(),
    "huge power": huge_power(),
    "tower": tower(150),
    "nested sums": nested_sums(),
    "wide types": wide_types(),
    "many definitions": many_definitions(),
    "many large rings": many_large_rings(),
}
LARGE = {
    "many variables": many_variables,
    "many definitions at once": many_definitions_at_once,
    "carried hypotheses": carried_hypotheses,
    "many denominators": many_denominators,
}
BOUNDED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1_600_000_000,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (300,) * 2)
from symcheck.checker import Rejected, decode, parse
for path in sys.argv[1:]:
    try:
        decode(parse(path))
        print("accepted", path)
    except Rejected as e:
        print("rejected", e)
"""


def test_hostile_work_is_bounded(tmp_path):
    """In a process with 1.6 GB of memory and limited processor time; what passes a limit ends in a rejection."""
    paths = []
    for name, data in {**HOSTILE, **{k: f() for k, f in LARGE.items()}}.items():
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(data))
    out = subprocess.run([sys.executable, "-c", BOUNDED, *map(str, paths)], capture_output=True, text=True)
    lines = out.stdout.splitlines()
    assert out.returncode == 0 and len(lines) == len(paths), out.stderr[-600:] + out.stdout
    assert all(line.startswith("rejected ") for line in lines), out.stdout


# ---------------------------------------------------------------- edits


def leaves(data, path=()):
    if isinstance(data, dict):
        for k, v in data.items():
            yield from leaves(v, (*path, k))
    elif isinstance(data, list):
        if data and path:
            yield path  # the list itself can be cut, doubled or reordered
        for k, v in enumerate(data):
            yield from leaves(v, (*path, k))
    else:
        yield path


def at(data, path):
    for k in path:
        data = data[k]
    return data


def edited(data: dict, path: tuple, rng: random.Random) -> dict:
    """A copy with one value changed."""
    out = json.loads(json.dumps(data))
    holder, old = at(out, path[:-1]), at(out, path)
    if isinstance(old, list):
        k = rng.randrange(len(old))
        new = [old[:k] + old[k + 1 :], [*old[:k], old[k], *old[k:]], old[::-1], old[k:] + old[:k]][
            rng.randrange(4)
        ]
    elif isinstance(old, int):
        new = rng.choice(
            [old + 1, old - 1, rng.randrange(max(old, 1) + 3), 0, bool(old), str(old), -old, 1.0 * old]
        )
    else:
        kinds = {"R": "N", "N": "R", "P": "R"}
        new = rng.choice(
            [
                kinds.get(old, old + "1"),
                old + "'",
                "",
                "-" + old,
                rng.choice(sorted(AXIOMS)),
                rng.choice(sorted(RULES)),
                rng.choice("bvcdn"),
                "1/2",
                "2",
                "-1",
                None,
            ]
        )
    holder[path[-1]] = new
    return out


def edit_gate(lemmas, wanted: int, seed: int) -> dict[str, int]:
    """Edit certificates; small ones more often, each at least a few times. Counts what became of the edits.

    An edit may prove another true statement (a variable renamed throughout, say): acceptance is the replay and
    then the comparison with the statement that is registered.
    """
    rng, count = random.Random(seed), {"rejected": 0, "another statement": 0, "same": 0}
    names = list(lemmas.certificates)
    weights = [1 / len(lemmas.certificates[name]["terms"]) for name in names]
    chosen = [*(names * 8), *rng.choices(names, weights, k=max(0, wanted - 8 * len(names)))]
    places = {name: list(leaves(lemmas.certificates[name])) for name in names}
    for name in chosen:
        data = lemmas.certificates[name]
        new = data
        while json.dumps(new) == json.dumps(data):
            new = edited(data, rng.choice(places[name]), rng)
        original = lemmas.accepted[lemmas.digests[name]]
        statement = (
            THEOREMS[name].statement if name in THEOREMS else Statement(tuple(original.hyps), original.concl)
        )
        try:
            accept(Piece("proof", statement, square), new, lemmas.accepted)
            count["same"] += 1
        except Rejected as e:
            other = str(e) == "the certificate proves another statement"
            assert other or str(e).startswith(("step ", "term ", "header: ", "end: ")), e
            count["another statement" if other else "rejected"] += 1
    return count


def test_edited_certificates_prove_nothing_else(proved):
    count = edit_gate(proved, 1_000, seed=2)
    assert sum(count.values()) >= 1_000
    assert count["rejected"] >= 900


@pytest.mark.slow
def test_edited_certificates_prove_nothing_else_in_a_long_sweep(proved):
    count = edit_gate(proved, 8_000, seed=3)
    assert count["rejected"] >= 7_000


def test_an_edit_that_proves_another_truth_is_not_accepted(proved):
    """A free variable renamed throughout: the replay is content, the comparison is not."""
    name = "sinusoidal.gram_zero"
    bad = json.loads(json.dumps(proved.certificates[name]).replace('"theta"', '"phi"'))
    assert decode(bad, proved.accepted).concl != THEOREMS[name].statement.concl
    with pytest.raises(Rejected, match="proves another statement"):
        accept(Piece("proof", THEOREMS[name].statement, square), bad, proved.accepted)


def test_every_certificate_is_accepted_from_its_JSON(proved):
    out = replay({name: json.loads(json.dumps(c)) for name, c in proved.certificates.items()})
    assert all(not isinstance(th, Rejected) for th in out.values())
    for name, th in out.items():
        assert th.concl == proved.accepted[proved.digests[name]].concl


def test_several_processes_find_what_one_finds(proved):
    """Equal certificates, those that cite, a rejected one and one that cites a rejected one."""
    data = {f"{name} {k}": json.loads(json.dumps(c)) for name, c in proved.certificates.items() for k in range(2)}
    cited = {s[1] for c in proved.certificates.values() for s in c["steps"] if s[0] == "cite"}
    broken = next(c for name, c in proved.certificates.items() if proved.digests[name] in cited)
    for name, c in data.items():
        if c == broken:
            data[name] = {**c, "steps": c["steps"][:-1]}
    junk: list = [[], None, {"steps": [1]}, {"terms": 1}]
    data |= {f"no certificate {k}": x for k, x in enumerate(junk)}
    alone, together = outcomes(data, 1), outcomes(data, 2)
    assert len(data) >= 40 and alone == together
    reasons = {o["reason"] for o in alone.values()}
    assert None in reasons and any("cites what was not accepted" in str(r) for r in reasons)
    assert len(reasons) >= 3


RECHECK = """
import json, sys
import symcheck.checker
import symcheck.rechecking
with open(sys.argv[1]) as file:
    out = symcheck.rechecking.replay_all(json.load(file))
assert not any(isinstance(th, symcheck.checker.Rejected) for th in out.values())
print(len(out), sorted(m for m in ("sympy", "numpy", "mpmath", "symcheck.prove") if m in sys.modules))
"""


def test_recheck_does_not_load_sympy(proved, tmp_path):
    path = tmp_path / "all.json"
    path.write_text(json.dumps(proved.certificates))
    out = subprocess.run([sys.executable, "-c", RECHECK, path], capture_output=True, text=True)
    assert out.stdout.split(maxsplit=1) == [str(len(proved.certificates)), "[]\n"], out.stderr


def test_encode_keeps_what_is_needed_only(good):
    p = Proof()
    p.assume(eq(x, 1))
    line = square(p)
    p.assume(eq(x, 2))
    assert encode(p.steps, line.number, line.theorem) == good
