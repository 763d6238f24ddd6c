"""The language of terms: substitution, abstraction, application and unfolding agree with each other."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_terms import FREE, FUNCTIONS, REALS, terms

from symcheck.checker.polynomial import normal
from symcheck.terms import (
    MAX_DEPTH,
    MAX_SIZE,
    Bound,
    Budget,
    Const,
    Num,
    Term,
    TermError,
    Var,
    abstract,
    apply,
    budget,
    check_type,
    coerce,
    const,
    defined,
    eq,
    eta,
    exists,
    forall,
    lam,
    le,
    lt,
    number,
    quantify,
    shift,
    substitute,
    unfold,
    var,
)

fuzz = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
x, y, n, i = var("x"), var("y"), var("n", "N"), var("i", "N")
a, f = var("a", ("N", "R")), var("f", ("R", "R"))
X = Var("x", "R")


def well_formed(t: Term) -> None:
    """Rebuild a term node by node: arguments typed, sizes and free variables as they are counted."""
    again = Term(t.binders, t.head, [well_formed_copy(b) for b in t.args])
    assert again == t and (again.free, again.loose, again.size) == (t.free, t.loose, t.size)


def well_formed_copy(t: Term) -> Term:
    well_formed(t)
    return t


@fuzz
@given(terms("R"))
def test_terms_are_what_they_say(t):
    well_formed(t)
    assert not t.loose
    assert t.size == 1 + sum(b.size for b in t.args)
    assert t.free == frozenset(v for s in subterms(t) for v in [s.head] if isinstance(v, Var))


def subterms(t: Term):
    yield t
    for b in t.args:
        yield from subterms(b)


@fuzz
@given(terms("R"), st.sampled_from(REALS), terms("R", 2))
def test_beta_abstraction_then_application_is_substitution(t, v, value):
    assert apply(abstract([v], t), [value]) == substitute(t, {v: value})


@fuzz
@given(terms("P"), st.sampled_from(FREE))
def test_abstraction_and_application_to_the_variable_is_the_term(t, v):
    assert apply(abstract([v], t), [eta(v)]) == t
    assert v not in abstract([v], t).free
    assert substitute(t, {v: eta(v)}) == t


@fuzz
@given(terms("R"), st.sampled_from(FREE))
def test_alpha_a_renamed_bound_variable_is_the_same_term(t, v):
    other = Var("fresh_name", v.type)
    assert abstract([other], substitute(t, {v: eta(other)})) == abstract([v], t)
    p = eq(t, 0)
    assert quantify("forall", [other], substitute(p, {v: eta(other)})) == quantify("forall", [v], p)


@fuzz
@given(terms("R", 3), terms("R", 2), terms("R", 2))
def test_substitutions_commute(t, s, r):
    """t[x := s][y := r] = t[y := r][x := s[y := r]] where x is not free in r."""
    Y = Var("y", "R")
    r = substitute(r, {X: number(2)})
    left = substitute(substitute(t, {X: s}), {Y: r})
    right = substitute(substitute(t, {Y: r}), {X: substitute(s, {Y: r})})
    assert left == right
    assert substitute(t, {X: s, Y: r}) == substitute(substitute(t, {X: substitute(s, {Y: eta(Var("z", "R"))}), Y: r}),
                                                     {Var("z", "R"): y})  # fmt: skip


@fuzz
@given(terms("R", 3), terms("R", 2, bound=(Var("j", "N"),)))
def test_a_function_is_substituted_under_binders(t, body):
    value = abstract([Var("j", "N")], body)
    A = Var("a", ("N", "R"))
    out = substitute(t, {A: value})
    assert (A in out.free) <= (A in value.free)
    well_formed(out)
    assert substitute(t, {A: eta(A)}) == t


@fuzz
@given(terms("R", 3), st.integers(1, 3))
def test_shift_moves_loose_indices_only(t, k):
    assert shift(t, k) == t  # closed
    opened = abstract([X], t)
    inside = Term((), opened.head, opened.args)
    assume(inside.loose)
    assert shift(shift(inside, k), -k) == inside
    assert {j for j, _ in shift(inside, k).loose} == {j + k for j, _ in inside.loose}


@fuzz
@given(terms("R"))
def test_unfolding_leaves_no_definition_and_is_idempotent(t):
    names = ["half_turn", "mean"]
    out = unfold(t, names)
    assert not any(isinstance(s.head, Const) and s.head.body is not None for s in subterms(out))
    assert unfold(out, names) == out
    assert unfold(t, []) == t and unfold(t, ["another"]) == t
    well_formed(out)


@fuzz
@given(terms("R", 3), terms("R", 3))
def test_equal_digests_mean_equal_structure(s, t):
    assert (s == t) == (repr(s) == repr(t) and s.free == t.free)
    assert (s != t) or hash(s) == hash(t)


@fuzz
@given(terms("R", 3), terms("R", 2))
def test_normal_forms_are_stable_under_substitution(t, value):
    """Ring-equal terms stay ring-equal when a variable is replaced."""
    for other in (t + 0, 1 * t, t + x - x, (-1) * (-t)):
        assert normal(other) == normal(t)
        assert normal(substitute(other, {X: value})) == normal(substitute(t, {X: value}))
    assert normal(t + 1) != normal(t)


@fuzz
@given(terms("R", 3))
def test_a_term_is_not_changed_by_being_used(t):
    digest, text = t.digest, repr(t)
    substitute(t, {X: number(1)})
    normal(t)
    abstract([X], t)
    unfold(t, ["mean"])
    assert (t.digest, repr(t)) == (digest, text)


# ---------------------------------------------------------------- capture


def test_free_variables_are_not_captured():
    bound = exists("N", lambda i: lt(n, i))
    assert substitute(bound, {n.head: i}) == exists("N", lambda k: lt(i, k))
    assert substitute(bound, {n.head: i}) != exists("N", lambda k: lt(k, k))
    summed = const("sum", n, lam("N", lambda i: a(i) + x))
    into = substitute(summed, {X: a(i)})
    assert into == const("sum", n, lam("N", lambda k: a(k) + a(i)))
    assert i.head in into.free


def test_nested_binders_keep_their_variables():
    t = lam("N", lambda i: const("sum", i, lam("N", lambda j: a(i) * a(j))))
    value = apply(t, [n])
    assert value == const("sum", n, lam("N", lambda j: a(n) * a(j)))
    assert substitute(t, {a.head: lam("N", lambda j: const("real", j))}) == lam(
        "N", lambda i: const("sum", i, lam("N", lambda j: const("real", i) * j)))  # fmt: skip


def test_variables_differ_by_type_as_well_as_by_name():
    both = eq(x, const("real", var("x", "N")))
    assert {v.type for v in both.free} == {"R", "N"}
    assert substitute(both, {X: number(0)}).free == {Var("x", "N")}


def test_eta_long_forms():
    assert var("f", ("R", "R")) == lam("R", lambda t: f(t))
    H = Var("H", (("N", "R"), "R"))
    assert eta(H) == lam([("N", "R")], lambda b: eta(H)(lam("N", lambda k: b(k))))
    assert all(eta(v).type == v.type for v in FUNCTIONS)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("t", ["S", "", None, 1, (), ("R",), ("R", "Q"), [], ("N",) * 14, (((((((("R", "R"), "R"), "R"),
                               "R"), "R"), "R"), "R"), "R")])  # fmt: skip
def test_not_a_type(t):
    with pytest.raises(TermError):
        check_type(t)


@pytest.mark.parametrize("build", [
    lambda: Term((), Var("f", ("R", "R")), []),
    lambda: Term((), Var("f", ("R", "R")), [n]),
    lambda: Term((), Var("x", "R"), [x]),
    lambda: Term((), Const("add", ("R", "R", "R")), [x, n]),
    lambda: Term(("R",), Bound(0, "N")),
    lambda: Const("add", ("N", "N", "N")),
    lambda: Const("unknown", "R"),
    lambda: Num(Fraction(-1), "N"),
    lambda: Num(Fraction(1, 2), "N"),
    lambda: apply(f, [n]),
    lambda: apply(f, []),
    lambda: substitute(x, {X: n}),
    lambda: substitute(x, {X: f}),
    lambda: const("imp", x, x),
    lambda: quantify("forall", [X], x),
    lambda: defined("c", ["R"], lambda t: t + x),
    lambda: defined("sin", ["R"], lambda t: t),
    lambda: lam("R", lambda t: lam("R", lambda s: s)),
    lambda: coerce(Fraction(1, 2), "N"),
    lambda: const("sum", x, a),
])  # fmt: skip
def test_ill_typed_terms_are_refused(build):
    with pytest.raises(TermError):
        build()


def test_terms_are_immutable():
    with pytest.raises(AttributeError):
        x.head = n.head
    with pytest.raises(AttributeError):
        x.args = ()
    with pytest.raises(AttributeError):
        x.head.name = "y"


def test_size_and_depth_are_limited():
    t = x
    with pytest.raises(TermError, match="too large"):
        for _ in range(20):
            t = t + t
    assert t.size <= MAX_SIZE
    t = x
    with pytest.raises(TermError, match="too large"):
        for _ in range(MAX_DEPTH + 1):
            t = const("sin", t)
    assert t.depth <= MAX_DEPTH


def test_substitution_cannot_pass_the_limits():
    t = x
    for _ in range(10):
        t = t + t
    with pytest.raises(TermError, match="too large"):
        substitute(t, {X: t})


def test_work_is_charged():
    token = budget.set(Budget(50))
    try:
        with pytest.raises(TermError, match="budget"):
            for k in range(100):
                const("sin", number(k))
    finally:
        budget.reset(token)
    assert const("sin", number(1))


def test_arithmetic_of_naturals_stays_there():
    assert (n + 1).type == "N" and (2 * n).type == "N" and (n + i).type == "N"
    assert (n - 1).type == "R" and (-n).type == "R" and (n + x).type == "R" and (n * Fraction(1, 2)).type == "R"
    assert eq(n, 1).is_const("eqN") and lt(n, i).is_const("ltN") and le(n, i).is_const("le")
    assert eq(x, 1).is_const("eq") and eq(x, n).is_const("eq")


def test_quantifiers_of_several_variables_nest():
    p = forall(["N", "R"], lambda k, t: lt(const("real", k), t))
    assert p == forall("N", lambda k: forall("R", lambda t: lt(const("real", k), t)))
    assert p != forall("R", lambda t: forall("N", lambda k: lt(const("real", k), t)))


def test_two_definitions_of_one_name_are_two_terms():
    first, second = (defined("c", ["R"], lambda t, k=k: k * t) for k in (2, 3))
    assert first(x) != second(x) and repr(first(x)) == repr(second(x))
    assert unfold(first(x) + second(x), ["c"]) == 2 * x + 3 * x


def test_equal_terms_are_equal_when_they_are_two_objects(monkeypatch):
    """The table is cleared when it is full: what is built again is another object, with heads that are others."""
    from symcheck import terms as module

    def build() -> list[Term]:
        g = defined("g", ["R"], lambda z: z * z + 1)
        return [lam("R", lambda z: f(z) + x * g(z)), forall("N", lambda k: eq(a(k), n + k)), g(x) ** 3 - y, a(n + i)]

    before = build()
    normals = [normal(t) for t in before]
    module._known.clear()
    module._heads.clear()
    eta.cache_clear()
    after = build()
    for s, t, known in zip(before, after, normals, strict=True):
        assert s is not t
        assert s == t and hash(s) == hash(t) and s.digest == t.digest and normal(t) == known
        assert {s} == {t} and len({s, t}) == 1 and (s.free, s.loose, s.type) == (t.free, t.loose, t.type)
        assert all(u == t for u in [substitute(s, {X: x}), unfold(s, ["no such name"])])
    for s in before:
        assert [t for t in after if t == s] == [after[before.index(s)]]
    assert substitute(before[2], {X: after[3]}) == substitute(after[2], {X: before[3]})
    monkeypatch.setattr(module, "MAX_KNOWN", 5)  # from here on nearly nothing is found in the table
    assert build() == before
    assert [substitute(t, {X: y}) for t in build()] == [substitute(t, {X: y}) for t in before]


def test_terms_with_one_hash_are_told_apart_by_their_structure():
    """The key is a hash: a collision of it does not make terms equal."""
    s, t = f(x), f(y)
    other = object.__new__(Term)
    for name in ("binders", "head", "args", "size", "depth", "free", "loose", "reach", "defined", "type", "memo", "normal"):
        object.__setattr__(other, name, getattr(t, name))
    object.__setattr__(other, "key", s.key)
    assert hash(other) == hash(s) and other != s and len({other, s}) == 2


def test_a_head_that_is_gone_gives_its_place_to_no_other():
    """The table names heads and arguments by their ids; what it names lives as long as the entry."""
    seen = {}
    for k in range(2_000):  # heads and arguments that nothing else holds, so that ids are used again
        t = var(f"v{k}") + number(k)
        assert repr(t) == f"add(v{k}, {k})" and t.free == frozenset([Var(f"v{k}", "R")])
        seen[t.digest] = k
    assert len(seen) == 2_000
