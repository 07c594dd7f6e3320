"""Scalars, duals and counted numbers against mpmath, exact fractions and formulas."""

import gc
import itertools
import math
import sys
import tracemalloc

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse.backprop.autodiff import Counted, Dual, OpCounter, Scalar, jvp

# Each function with its derivative in mpmath's numbers, and where to try it.
FUNCTIONS = {
    "exp": (mpmath.exp, mpmath.exp, [-700.0, -1.0, 0.0, 0.5, 700.0]),
    "log": (mpmath.log, lambda x: 1 / x, [1e-300, 0.3, 1.0, 2.0, 1e300]),
    "sqrt": (mpmath.sqrt, lambda x: 1 / (2 * mpmath.sqrt(x)), [1e-300, 0.3, 2.0, 1e300]),
    "sin": (mpmath.sin, mpmath.cos, [-3.0, 0.0, 0.5, 100.0]),
    "cos": (mpmath.cos, lambda x: -mpmath.sin(x), [-3.0, 0.0, 0.5, 100.0]),
    "tanh": (mpmath.tanh, lambda x: mpmath.sech(x) ** 2, [-350.0, -20.0, 0.0, 0.3, 20.0, 300.0]),
    "sigmoid": (
        lambda x: 1 / (1 + mpmath.exp(-x)),
        lambda x: 1 / (2 + mpmath.exp(x) + mpmath.exp(-x)),
        [-700.0, -40.0, 0.0, 0.3, 40.0, 700.0],
    ),
    "relu": (lambda x: max(x, 0), lambda x: int(x > 0), [-2.0, -0.0, 0.0, 1e-300, 3.0]),
}
CASES = [(name, x) for name, (_, _, points) in FUNCTIONS.items() for x in points]


def reverse(f, *x):
    scalars = [Scalar(v) for v in x]
    y = f(*scalars)
    y.backward()
    return y.value, [s.grad for s in scalars]


def forward(f, *x):
    slopes = []
    for k in range(len(x)):
        y = f(*[Dual(v, float(k == j)) for j, v in enumerate(x)])
        slopes.append(y.dot)
    return y.value, slopes


@pytest.mark.parametrize("mode", [reverse, forward])
@pytest.mark.parametrize(("name", "x"), CASES)
def test_functions_to_the_last_digits(mode, name, x):
    f, df, _ = FUNCTIONS[name]
    value, (slope,) = mode(lambda s: getattr(s, name)(), x)
    with mpmath.workdps(50):
        big = mpmath.mpf(x)
        # A few roundings; exp of a rounded argument, as in tanh, loses no more than that.
        assert value == pytest.approx(float(f(big)), rel=1e-14, abs=0)
        assert slope == pytest.approx(float(df(big)), rel=1e-14, abs=0)


OPERATORS = {
    "add": (lambda a, b: a + b, lambda a, b: (1, 1)),
    "sub": (lambda a, b: a - b, lambda a, b: (1, -1)),
    "mul": (lambda a, b: a * b, lambda a, b: (b, a)),
    "div": (lambda a, b: a / b, lambda a, b: (1 / b, -a / b**2)),
    "pow": (lambda a, b: a**b, lambda a, b: (b * a ** (b - 1), a**b * mpmath.log(a))),
}


@pytest.mark.parametrize("mode", [reverse, forward])
@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("pair", [(0.7, 1.3), (2.5, -0.4), (3.0, 3.0)])
def test_operators_with_both_sides_one_side_and_numbers(mode, name, pair):
    f, df = OPERATORS[name]
    a, b = pair
    by_a, by_b = (float(d) for d in df(mpmath.mpf(a), mpmath.mpf(b)))
    near = lambda v: pytest.approx(v, rel=4e-16, abs=0)  # noqa: E731
    value, slopes = mode(f, a, b)
    assert (value, slopes) == (f(a, b), [near(by_a), near(by_b)])
    value, (slope,) = mode(lambda s: f(s, b), a)
    assert (value, slope) == (f(a, b), near(by_a))
    value, (slope,) = mode(lambda s: f(a, s), b)
    assert (value, slope) == (f(a, b), near(by_b))


@pytest.mark.parametrize("mode", [reverse, forward])
def test_negation_and_integers(mode):
    assert mode(lambda a: -a, 2.0) == (-2.0, [-1.0])
    assert mode(lambda a: 3 * a + 1, 2.0) == (7.0, [3.0])
    assert mode(lambda a: np.float64(3) * a, 2.0) == (6.0, [3.0])
    assert mode(lambda a: a**2, -3.0) == (9.0, [-6.0])
    assert mode(lambda a: a**0, 0.0) == (1.0, [0.0])
    assert mode(lambda a: a**1, 0.0) == (0.0, [1.0])
    assert mode(lambda a, b: a**b, 0.0, 2.0) == (0.0, [0.0, 0.0])


@pytest.mark.parametrize("mode", [reverse, forward])
def test_powers_that_are_not_real_are_refused(mode):
    for p in (0.5, -1.5):
        with pytest.raises(ValueError, match="not a real number; take powers of positive"):
            mode(lambda a, p=p: a**p, -2.0)
    with pytest.raises(ZeroDivisionError):
        mode(lambda a: a.sqrt(), 0.0)
    with pytest.raises(ValueError, match="math domain"):
        mode(lambda a: a.log(), -1.0)


def test_reuse_and_diamonds():
    assert reverse(lambda a: a + a, 3.0) == (6.0, [2.0])
    assert reverse(lambda a: a * a * a, 2.0) == (8.0, [12.0])

    def diamond(a):
        b, c = a * 2, a * 3
        return b * c + b

    assert reverse(diamond, 5.0) == (160.0, [62.0])


def random_program(seed, steps):
    """A straight-line program over numbers; every result may be used many times."""
    rng = np.random.default_rng(seed)
    code = [
        (str(rng.choice(["+", "-", "*", "/", "tanh", "sin", "exp"])), *rng.integers(0, 3 + k, 2))
        for k in range(steps)
    ]

    def f(*x, one=1, functions=None):
        pool = list(x)
        for op, i, j in code:
            a, b = pool[i], pool[j]
            if op == "+":
                pool.append(a + b)
            elif op == "-":
                pool.append(a - b)
            elif op == "*":
                pool.append(a * b)
            elif op == "/":
                pool.append(a / (b * b + one))
            elif functions:
                pool.append(functions[op](a if op == "sin" else functions["sin"](a)))
            else:
                pool.append(getattr(a if op == "sin" else a.sin(), op)())
        y = pool[-1]
        for v in pool[:-1]:
            y = y + v
        return y

    return f


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_random_graphs_with_reuse_against_forty_digits(seed, steps):
    f = random_program(seed, steps)
    x = np.random.default_rng(seed + 1).uniform(-1, 1, 3).tolist()
    value, slopes = reverse(f, *x)
    assert forward(f, *x) == (value, pytest.approx(slopes, rel=1e-11, abs=1e-11))
    functions = {"sin": mpmath.sin, "tanh": mpmath.tanh, "exp": mpmath.exp}
    with mpmath.workdps(40):
        big = [mpmath.mpf(v) for v in x]
        assert value == pytest.approx(float(f(*big, functions=functions)), rel=1e-11, abs=1e-11)
        for k in range(3):
            up, down = list(big), list(big)
            up[k] += mpmath.mpf("1e-13")
            down[k] -= mpmath.mpf("1e-13")
            truth = (f(*up, functions=functions) - f(*down, functions=functions)) / mpmath.mpf(
                "2e-13"
            )
            assert slopes[k] == pytest.approx(float(truth), rel=1e-10, abs=1e-10)


def test_backward_twice_adds_to_the_leaves_only():
    a, b = Scalar(2.0), Scalar(3.0)
    c = a * b
    y = c * c
    y.backward()
    assert (a.grad, b.grad, c.grad, y.grad) == (36.0, 24.0, 12.0, 1.0)
    y.backward()
    assert (a.grad, b.grad, c.grad, y.grad) == (72.0, 48.0, 12.0, 1.0)
    a.grad = 0.0
    c.backward()
    assert (a.grad, b.grad, c.grad) == (3.0, 50.0, 1.0)
    a.backward()
    a.backward()
    assert a.grad == 5.0


def test_the_relu_paradox():
    # relu(x) − relu(−x) is x, of slope 1; with relu′(0) = 0 both modes say 0 at the kink.
    f = lambda a: a.relu() - (-a).relu()  # noqa: E731
    assert reverse(f, 0.0) == (0.0, [0.0])
    assert forward(f, 0.0) == (0.0, [0.0])
    assert reverse(f, 1e-300)[1] == [1.0]
    assert math.isnan((Scalar(1e308) * 10 - Scalar(1e308) * 10).relu().value)


def chain(depth):
    x = y = Scalar(1.0)
    for _ in range(depth // 2):
        y = y * 1.0 + x
    return x, y


def test_a_chain_of_a_million_operations():
    depth = 1_000_000
    assert sys.getrecursionlimit() < depth
    x, y = chain(depth)
    y.backward()
    assert x.grad == depth // 2 + 1
    del x, y  # freed without recursion, too


def test_an_operation_costs_at_most_400_bytes():
    gc.collect()
    tracemalloc.start()
    try:
        x, y = chain(20_000)
        held = tracemalloc.get_traced_memory()[0]
        y.backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert x.grad == 10_001
    assert held / 20_000 <= 200
    assert peak / 20_000 <= 400


def test_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        x, y = chain(1000)
        z = y.exp() if y.value < 1 else y.tanh() / y - 2**x
        z.backward()
        del x, y, z
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", [Scalar, Dual])
def test_order_is_by_value(kind):
    a, b = kind(1.0), kind(2.0)
    assert a < b and a <= b and b > a and b >= a and a != b
    assert not a > b and not b < a and not a >= b and not b <= a
    assert a == kind(1.0) and a == 1 and a <= 1.0 and a >= 1 and 0 < a < 1.5
    assert len({a, kind(1.0)}) == 2
    assert sorted([b, a])[0] is a


@pytest.mark.parametrize("kind", [Scalar, Dual])
def test_strangers_are_refused(kind):
    other = Dual(1.0) if kind is Scalar else Scalar(1.0)
    a = kind(2.0)
    for stranger in ("1", None, other, [1.0]):
        for f, _ in OPERATORS.values():
            with pytest.raises(TypeError):
                f(a, stranger)
            with pytest.raises(TypeError):
                f(stranger, a)
    with pytest.raises(TypeError, match="value is 'a', expected a real number"):
        kind("a")
    with pytest.raises(ValueError, match="value is nan"):
        kind(math.nan)
    with pytest.raises(TypeError, match="dot is 'a'"):
        Dual(1.0, "a")


def test_they_print_what_they_are():
    a = Scalar(2)
    (a * 3).backward()
    assert repr(a) == "Scalar(2.0, grad=3.0)"
    assert repr(Dual(2, 1) * 3) == "Dual(6.0, 3.0)"
    assert repr(Counted(2.0, OpCounter())) == "Counted(2.0)"


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 1000))
def test_jvp_of_arrays_is_the_jacobian_times_v(n, m, seed):
    rng = np.random.default_rng(seed)
    W, x, v = rng.normal(size=(n, m)), rng.normal(size=n), rng.normal(size=n)
    y, dy = jvp(lambda x: np.sin(x) @ W, x, v)
    assert y.dtype == dy.dtype == float
    np.testing.assert_allclose(y, np.sin(x) @ W, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(dy, (np.cos(x) * v) @ W, rtol=1e-13, atol=1e-14)
    y, dy = jvp(lambda x: (x * x).sum() / n, x, v)
    assert isinstance(y, float)
    assert dy == pytest.approx(2 * x @ v / n, rel=1e-12, abs=1e-14)


def test_jvp_of_numbers_matrices_and_constants():
    assert jvp(lambda x: x * x, 3, 2) == (9.0, 12.0)
    assert jvp(lambda x: 7.0, 3.0, 1.0) == (7.0, 0.0)
    A, V = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    y, dy = jvp(lambda A: A @ A, A, V)
    np.testing.assert_array_equal(y, A @ A)
    np.testing.assert_array_equal(dy, A @ V + V @ A)
    y, dy = jvp(lambda x: np.array([x[0], 5.0]), [1.0, 2.0], [3.0, 4.0])
    np.testing.assert_array_equal([y, dy], [[1, 5], [3, 0]])
    with pytest.raises(ValueError, match=r"v has shape \(2,\), x has shape \(3,\)"):
        jvp(np.sum, np.ones(3), np.ones(2))


def test_scalars_stand_in_arrays():
    W = np.array([[Scalar(1.0), Scalar(2.0)], [Scalar(3.0), Scalar(4.0)]])
    y = np.tanh(np.array([0.5, -0.25]) @ W).sum()
    y.backward()
    slope = 1 - np.tanh([-0.25, 0.0]) ** 2
    np.testing.assert_allclose(
        [[w.grad for w in row] for row in W], np.outer([0.5, -0.25], slope), rtol=1e-14
    )


def test_every_operation_is_counted_once():
    count = OpCounter()
    a, b = count(3.0), count(4.0)
    results = [a + b, a + 1, 1 + a, a - b, 2 - a, a * b, 2 * a, a / b, 1 / a, a**3, -a, a**0]
    assert [r.value for r in results] == [7, 4, 4, -1, -1, 12, 6, 0.75, 1 / 3, 27, -3, 1]
    assert (count.additions, count.multiplications, count.divisions) == (5, 4, 2)
    assert repr(count) == "OpCounter(multiplications=4, additions=5, divisions=2)"
    assert a < b and a == 3 and len({a, count(3.0)}) == 2
    count.reset()
    assert (count.additions, count.multiplications, count.divisions) == (0, 0, 0)
    for f in (lambda: a**0.5, lambda: a**-1, lambda: np.exp(count([1.0])), lambda: math.exp(a)):
        with pytest.raises(TypeError):
            f()
    for f, _ in OPERATORS.values():
        with pytest.raises(TypeError):
            f(a, "1")
    with pytest.raises(TypeError):
        "1" - a
    with pytest.raises(TypeError):
        "1" / a


def test_a_dual_number_costs_three_products_and_a_scalar_three():
    count = OpCounter()
    Dual(count(2.0), count(1.0)) * Dual(count(3.0), count(0.0))
    assert (count.multiplications, count.additions) == (3, 1)
    count.reset()
    x = Scalar(count(2.0))
    y = x * Scalar(count(3.0))
    assert count.multiplications == 1
    y.backward()
    assert count.multiplications == 3
    assert x.grad.value == 3.0


@pytest.mark.parametrize("sizes", [(2, 3), (4, 3, 2), (2, 5, 5, 1), (1, 1, 1), (64, 8, 7, 3)])
@pytest.mark.parametrize("N", [1, 2])
def test_cheap_gradients_exactly_three_minus_the_input_share(sizes, N):
    """Products of one forward and one backward pass of a ReLU network, each really done."""
    rng, count = np.random.default_rng(0), OpCounter()
    zero = count(0.0)  # relu selects, which is no multiplication
    W = [count(rng.normal(size=pair)) for pair in itertools.pairwise(sizes)]
    A, Z = [count(rng.normal(size=(N, sizes[0])))], []
    for W_l in W:
        Z.append(A[-1] @ W_l)
        A.append(np.where(Z[-1] > 0, Z[-1], zero))
    value = count.multiplications
    inner = sum(m * n for m, n in itertools.pairwise(sizes))
    assert value == N * inner
    assert count.additions == N * sum((m - 1) * n for m, n in itertools.pairwise(sizes))
    Delta = count(rng.normal(size=Z[-1].shape))
    for layer in reversed(range(len(W))):
        Delta = np.where(Z[layer] > 0, Delta, zero)
        _ = A[layer].T @ Delta
        if layer:
            Delta = Delta @ W[layer].T
    assert count.multiplications * inner == value * (3 * inner - sizes[0] * sizes[1])
