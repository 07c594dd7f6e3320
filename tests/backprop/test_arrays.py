"""Tensors and the catalog of vector–Jacobian products against complex steps, mpmath and algebra.

The truth in most tests is a complex step through plain NumPy formulas, which neither truncates
nor cancels. A tolerance of 1e-12 leaves room for some hundred roundings.
"""

import gc
import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.backprop import arrays as ar
from bpcourse.backprop.arrays import VJPS, Tensor, jacobian, unbroadcast, value_and_grad, vjp

seeds = st.integers(0, 10_000)


@pytest.fixture(autouse=True)
def _no_silent_overflow():
    with np.errstate(all="raise", under="ignore"):
        yield


def complex_vjp(f, xs, u):
    """Σ u ⊙ ∂f, entry by entry of each x, by complex steps of plain NumPy."""
    gradients = []
    for k, x in enumerate(xs):
        g = np.zeros(np.shape(x))
        for i in np.ndindex(g.shape):
            moved = [np.array(v, dtype=complex) for v in xs]
            moved[k][i] += 1e-30j
            g[i] = np.sum(u * np.imag(f(*moved))) / 1e-30
        gradients.append(g)
    return gradients


def check(f, plain, *xs, tol=1e-12):
    """Value, first derivatives, and second derivatives along random directions."""
    rng = np.random.default_rng(7)
    xs = [np.asarray(x, dtype=float) for x in xs]
    y, pullback = vjp(f, *xs)
    assert_allclose(y, plain(*xs), rtol=tol, atol=tol)
    assert type(y) is not Tensor and np.shape(y) == np.shape(plain(*xs))
    u = rng.normal(size=np.shape(y))
    gradients = pullback(u)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for x, g, truth in zip(xs, gradients, complex_vjp(plain, xs, u), strict=True):
        assert g.shape == x.shape and g.dtype == x.dtype
        assert_allclose(g, truth, rtol=tol, atol=tol * (1 + np.abs(truth).max()))
    # Second order: Σ v ⊙ gradient is a number; its gradient against differences of the first.
    vs = [rng.normal(size=x.shape) for x in xs]

    def slope(*xs):
        first = vjp(f, *xs)[1](u)
        first = first if isinstance(first, tuple) else (first,)
        terms = [ar.sum(v * g) for v, g in zip(vs, first, strict=True)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    _, second = value_and_grad(slope)(*xs)
    second = second if isinstance(second, tuple) else (second,)
    for k, x in enumerate(xs):
        d = rng.normal(size=x.shape)

        def moved(t, k=k, d=d):
            ys = [v + t * d if j == k else v for j, v in enumerate(xs)]
            return float(np.sum(slope(*ys)))

        h = 2.0**-10
        first = (moved(h) - moved(-h)) / (2 * h)
        half = (moved(h / 2) - moved(-h / 2)) / h
        truth = half + (half - first) / 3  # the error left is of order h⁴ = 1e-12
        scale = 1 + abs(truth) + abs(moved(0)) + np.linalg.norm(second[k])
        assert abs(np.sum(second[k] * d) - truth) <= 3e-9 * scale


def rand(*shape, seed=0, low=-2.0, high=2.0):
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape)


def c_sigmoid(z):
    return 1 / (1 + np.exp(-z))


UNARY = {
    "exp": (ar.exp, np.exp, {}),
    "log": (ar.log, np.log, {"low": 0.2}),
    "sqrt": (ar.sqrt, np.sqrt, {"low": 0.2}),
    "sin": (ar.sin, np.sin, {}),
    "cos": (ar.cos, np.cos, {}),
    "tanh": (ar.tanh, np.tanh, {}),
    "arctan": (ar.arctan, np.arctan, {}),
    "sigmoid": (ar.sigmoid, c_sigmoid, {}),
    "softplus": (ar.softplus, lambda z: np.log(1 + np.exp(z)), {}),
    "relu": (ar.relu, lambda z: z * (z.real > 0), {}),
    "absolute": (ar.absolute, lambda z: z * np.sign(z.real), {}),
    "negative": (lambda x: -x, lambda x: -x, {}),
    "square": (lambda x: x**2, lambda x: x * x, {}),
    "cube": (lambda x: x**3, lambda x: x * x * x, {}),
    "root": (lambda x: x**1.5, lambda x: np.sqrt(x) ** 3, {"low": 0.2}),
    "base": (lambda x: 2**x, lambda x: np.exp(x * np.log(2)), {}),
    "numbers": (lambda x: 3 - (2 / x) * 5 + x / 4 - 1, lambda x: 2 - 10 / x + x / 4, {"low": 0.5}),
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (1,), (4, 3)])
def test_functions_of_one_array(name, shape):
    f, plain, bounds = UNARY[name]
    check(f, plain, rand(*shape, **bounds))


BINARY = {
    "add": (lambda a, b: a + b, lambda a, b: a + b),
    "subtract": (lambda a, b: a - b, lambda a, b: a - b),
    "multiply": (lambda a, b: a * b, lambda a, b: a * b),
    "divide": (lambda a, b: a / b, lambda a, b: a / b),
    "power": (lambda a, b: a**b, lambda a, b: np.exp(b * np.log(a))),
    "hypot": (ar.hypot, lambda a, b: np.sqrt(a * a + b * b)),
    "maximum": (ar.maximum, lambda a, b: np.where(a.real > b.real, a, b)),
    "minimum": (ar.minimum, lambda a, b: np.where(a.real < b.real, a, b)),
    "where": (
        lambda a, b: ar.where([[True], [False]], a, b),
        lambda a, b: np.where([[True], [False]], a, b),
    ),
}
SHAPES = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 1), (3,)),
    ((3,), (2, 1)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((2, 3), (1, 1)),
    ((4, 1, 3), (2, 1)),
    ((1,), (2, 1)),
]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shapes", SHAPES)
def test_functions_of_two_arrays_broadcast(name, shapes):
    f, plain = BINARY[name]
    a, b = rand(*shapes[0], low=0.5), rand(*shapes[1], seed=1, low=0.5)
    check(f, plain, a, b)
    check(lambda a: f(a, b), lambda a: plain(a, b), a)
    check(lambda b: f(a, b), lambda b: plain(a, b), b)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (1, -1), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(axis, keepdims):
    x = rand(2, 3, 4)
    how = {"axis": axis, "keepdims": keepdims}

    def plain_max(z):
        return np.sum(z * (z.real == z.real.max(axis=axis, keepdims=True)), **how)

    check(lambda x: ar.sum(x, **how), lambda x: x.sum(**how), x)
    check(lambda x: ar.mean(x, **how), lambda x: x.mean(**how), x)
    check(lambda x: ar.max(x, **how), plain_max, x)
    check(lambda x: ar.logsumexp(x, **how), lambda x: np.log(np.exp(x).sum(**how)), x)
    check(lambda x: x.sum(**how) + x.mean(**how), lambda x: x.sum(**how) + x.mean(**how), x)
    check(lambda x: x.max(**how), plain_max, x)


@pytest.mark.parametrize("axis", [-1, 0, 1, None, (0, 1)])
def test_softmax(axis):
    def plain(z):
        return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)

    check(lambda x: ar.softmax(x, axis), plain, rand(3, 4))


@pytest.mark.parametrize("N", [1, 5])
def test_cross_entropies(N):
    Z, labels = rand(N, 3), np.arange(N) % 3
    P = np.random.default_rng(0).dirichlet(np.ones(3), N)

    def plain(Z, T):
        return -np.sum(T * (Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))) / N

    check(lambda Z: ar.softmax_cross_entropy(Z, labels), lambda Z: plain(Z, np.eye(3)[labels]), Z)
    check(lambda Z: ar.softmax_cross_entropy(Z, P), lambda Z: plain(Z, P), Z)

    def logits(Z, T):
        p = c_sigmoid(Z)
        return -np.sum(T * np.log(p) + (1 - T) * np.log(1 - p)) / N

    check(ar.sigmoid_cross_entropy, logits, Z, P)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3, 4)),
        ((1, 1), (1, 1)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3,)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((3,), (5, 3, 2)),
        ((5, 2, 3), (3,)),
    ],
)
def test_matrix_products(a, b):
    A, B = rand(*a), rand(*b, seed=1)
    check(ar.matmul, np.matmul, A, B)
    check(lambda A: A @ B, lambda A: A @ B, A)
    check(lambda B: A @ B, lambda B: A @ B, B)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk->ki", [(2, 3), (3, 4)]),
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("ij->j", [(2, 3)]),
        ("ii->", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("iij,jk->ik", [(2, 2, 3), (3, 4)]),
        ("iii->i", [(3, 3, 3)]),
        ("ij,kl->il", [(2, 3), (4, 2)]),
        ("bij,bjk,k->bi", [(2, 3, 4), (2, 4, 2), (2,)]),
        ("i,i,i->", [(3,), (3,), (3,)]),
        ("i, j -> i j", [(3,), (2,)]),
        (",i->i", [(), (3,)]),
    ],
)
def test_einsum(subscripts, shapes):
    xs = [rand(*shape, seed=k) for k, shape in enumerate(shapes)]
    check(lambda *xs: ar.einsum(subscripts, *xs), lambda *xs: np.einsum(subscripts, *xs), *xs)


def test_reductions_take_all_axes_away_unless_told():
    x = rand(2, 3)
    for f in (ar.sum, ar.mean, ar.max, ar.logsumexp, Tensor.sum, Tensor.mean, Tensor.max):
        assert np.shape(vjp(f, x)[0]) == ()
    assert_allclose(ar.softmax(x).sum(axis=1), 1)


def test_trace_of_a_product():
    A, B = rand(3, 2), rand(3, 2, seed=1)
    _, (gA, gB) = value_and_grad(lambda A, B: ar.einsum("ii->", A.T @ B))(A, B)
    assert_allclose(gA, B, rtol=1e-15)
    assert_allclose(gB, A, rtol=1e-15)


INDICES = [
    1,
    -1,
    slice(None, None, 2),
    (slice(None), 1),
    (0, slice(1, None)),
    (Ellipsis, 0),
    None,
    [0, 0, 2, 0],
    np.array([[0, 1], [1, 1]]),
    (np.array([0, 1, 0]), np.array([2, 2, 2])),
    np.array([True, False, True]),
    (slice(None), [1, 1]),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_gather_adds_up_at_repeated_indices(index):
    x = rand(3, 4)
    check(lambda x: x[index], lambda x: x[index], x)
    check(lambda x: ar.gather(x * x, index), lambda x: (x * x)[index], x)
    check(lambda x: ar.exp(x[index]), lambda x: np.exp(x[index]), x)


def test_repeated_indices_by_hand():
    _, pullback = vjp(lambda x: x[[0, 0, 2]], np.zeros(3))
    assert_array_equal(pullback([1.0, 10.0, 100.0]), [11, 0, 100])


def test_shapes_and_places():
    x, y = rand(2, 3), rand(4, 3, seed=1)
    check(lambda x: ar.reshape(x, (3, -1)), lambda x: x.reshape(3, 2), x)
    check(lambda x: x.reshape(6), lambda x: x.reshape(6), x)
    check(lambda x: x.reshape(3, 2).T, lambda x: x.reshape(3, 2).T, x)
    check(lambda x: ar.transpose(x), lambda x: x.T, x)
    z = rand(2, 3, 4)
    check(lambda z: ar.transpose(z, (2, 0, 1)), lambda z: z.transpose(2, 0, 1), z)
    check(lambda z: z.transpose(1, -1, 0), lambda z: z.transpose(1, 2, 0), z)
    check(lambda z: z.transpose(), lambda z: z.T, z)
    check(lambda z: z.mT, lambda z: z.swapaxes(1, 2), z)
    check(lambda x: ar.broadcast_to(x, (5, 2, 3)), lambda x: np.broadcast_to(x, (5, 2, 3)), x)
    check(lambda a: ar.broadcast_to(a, (2, 3)), lambda a: np.broadcast_to(a, (2, 3)), rand(2, 1))
    check(lambda x, y: ar.concatenate([x, y, x]), lambda x, y: np.concatenate([x, y, x]), x, y)
    w = rand(2, 5, seed=2)
    check(
        lambda x, w: ar.concatenate([x, np.ones((2, 1)), w], axis=-1),
        lambda x, w: np.concatenate([x, np.ones((2, 1)), w], axis=-1),
        x,
        w,
    )


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1)])
def test_inverse_solve_and_determinant(shape):
    A = rand(*shape) + 4 * np.eye(shape[-1])
    check(ar.inv, np.linalg.inv, A)
    check(ar.logdet, lambda A: np.log(np.linalg.det(A)), A)
    check(ar.logdet, lambda A: np.log(-np.linalg.det(A)), A[..., ::-1, :] if shape[-1] == 3 else -A)
    check(ar.solve, np.linalg.solve, A, rand(shape[-1], 2, seed=1))
    b = rand(shape[-1], seed=2)
    check(ar.solve, lambda A, b: np.linalg.solve(A, b[:, None])[..., 0], A, b)
    check(lambda A: ar.solve(A, b), lambda A: np.linalg.solve(A, b[:, None])[..., 0], A)
    if len(shape) == 2:
        check(ar.solve, np.linalg.solve, A, rand(2, shape[-1], 2, seed=1))


def test_extreme_arguments_against_mpmath():
    truths = {
        ar.sigmoid: lambda x: 1 / (2 + mpmath.exp(x) + mpmath.exp(-x)),
        ar.softplus: lambda x: 1 / (1 + mpmath.exp(-x)),
        ar.tanh: lambda x: mpmath.sech(x) ** 2,
        ar.arctan: lambda x: 1 / (1 + x * x),
    }
    points = [-1e4, -700.0, -300.0, -40.0, -1e-300, 0.0, 1e-8, 20.0, 300.0, 700.0, 1e4, 1e153]
    for f, truth in truths.items():
        _, slope = value_and_grad(lambda x, f=f: ar.sum(f(x)))(np.array(points))
        with mpmath.workdps(50):
            expected = [float(truth(mpmath.mpf(x))) for x in points]
        tiny = [0.0 if 0 < e < 1e-307 else e for e in expected]  # below: rounded or lost
        assert_allclose(np.where(np.abs(slope) < 1e-307, 0, slope), tiny, rtol=1e-14, atol=0)
    _, slope = value_and_grad(ar.arctan)(1e300)
    assert slope == 0
    _, (by_a, by_b) = value_and_grad(ar.hypot)(3e300, -4e300)
    assert (by_a, by_b) == (pytest.approx(0.6), pytest.approx(-0.8))


def test_cross_entropies_do_not_overflow():
    Z = np.array([[1e4, -1e4, 0.0], [1e4, 1e4, -1e4]])
    loss, g = value_and_grad(lambda Z: ar.softmax_cross_entropy(Z, [1, 0]))(Z)
    assert loss == pytest.approx((2e4 + np.log(2)) / 2, rel=1e-15)
    assert_array_equal(g, [[0.5, -0.5, 0], [-0.25, 0.25, 0]])
    loss, g = value_and_grad(lambda Z: ar.sigmoid_cross_entropy(Z, [[0.0, 1, 0], [1, 0, 1]]))(Z)
    assert loss == pytest.approx((2e4 + np.log(2) + 1e4 + 1e4) / 2, rel=1e-15)
    assert_array_equal(g, [[0.5, -0.5, 0.25], [0, 0.5, -0.5]])
    value, g = value_and_grad(ar.logsumexp)([1e4, 1e4, -np.inf])
    assert value == pytest.approx(1e4 + np.log(2), rel=1e-15)
    assert_array_equal(g, [0.5, 0.5, 0])


def test_probabilities_may_be_rounded():
    T = np.array([[0.3, 0.7]], np.float32)
    loss = ar.softmax_cross_entropy(np.zeros((1, 2)), T)
    assert loss == pytest.approx(np.log(2), rel=1e-7)
    assert ar.softmax_cross_entropy(np.zeros((1, 2)), [[0.3333, 0.6666]]) > 0


def test_ties_are_shared():
    _, (a, b) = value_and_grad(lambda a, b: ar.sum(ar.maximum(a, b)))([1.0, 2, 3], [1.0, 0, 4])
    assert_array_equal([a, b], [[0.5, 1, 0], [0.5, 0, 1]])
    _, (a, b) = value_and_grad(lambda a, b: ar.sum(ar.minimum(a, b)))([1.0, 2, 3], [1.0, 0, 4])
    assert_array_equal([a, b], [[0.5, 0, 1], [0.5, 1, 0]])
    _, g = value_and_grad(ar.max)([[3.0, 1.0], [3.0, 3.0]])
    assert_allclose(g, [[1 / 3, 0], [1 / 3, 1 / 3]], rtol=1e-15)
    _, pullback = vjp(lambda x: ar.max(x, axis=1), [[3.0, 1.0], [3.0, 3.0]])
    assert_array_equal(pullback([1.0, 10.0]), [[1, 0], [5, 5]])
    for f, at_zero in ((ar.relu, 0), (ar.absolute, 0), (lambda x: x**2, 0), (lambda x: x**1, 1)):
        assert value_and_grad(f)(0.0) == (0.0, at_zero)
    assert value_and_grad(lambda x: x**0)(0.0) == (1.0, 0.0)
    _, (by_a, by_b) = value_and_grad(lambda a, b: a**b)(0.0, 2.0)
    assert (by_a, by_b) == (0, 0)


UNBROADCAST = [
    ((), ()), ((), (3,)), ((), (2, 3)), ((1,), (3,)), ((1,), (1,)), ((3,), (3,)), ((3,), (2, 3)),
    ((1, 3), (2, 3)), ((2, 1), (2, 3)), ((1, 1), (2, 3)), ((2, 3), (2, 3)), ((1, 3), (1, 3)),
    ((3,), (4, 2, 3)), ((2, 1), (4, 2, 3)), ((4, 1, 3), (4, 2, 3)), ((1, 2, 1), (4, 2, 3)),
    ((1, 1, 1), (4, 2, 3)), ((1,), (1, 1, 3)), ((3,), (1, 1, 3)), ((2, 1), (1, 2, 1)),
    ((0, 3), (0, 3)), ((1, 3), (0, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("small", "large"), UNBROADCAST)
def test_unbroadcast_is_the_transpose_of_broadcasting(small, large):
    x, G = rand(*small), rand(*large, seed=1)
    back = unbroadcast(G, small)
    assert back.shape == small
    assert np.vdot(back, x) == pytest.approx(np.vdot(G, np.broadcast_to(x, large)), rel=1e-12)


@pytest.mark.parametrize(("small", "large"), [((2,), (3,)), ((2, 3), (3,)), ((3, 1), (2, 3))])
def test_unbroadcast_refuses_what_does_not_broadcast(small, large):
    with pytest.raises(ValueError, match="does not broadcast to"):
        unbroadcast(np.ones(large), small)


def test_every_line_of_the_catalog_is_used_here():
    used = set()

    class Watch(dict):
        def __getitem__(self, name):
            used.add(name)
            return super().__getitem__(name)

    original = ar.VJPS
    try:
        ar.VJPS = Watch(original)
        for f, plain, bounds in UNARY.values():
            check(f, plain, rand(2, **bounds))
        for f, plain in BINARY.values():
            check(f, plain, rand(2, 3, low=0.5), rand(3, seed=1, low=0.5))
        test_reductions(1, True)
        test_softmax(0)
        test_cross_entropies(2)
        test_shapes_and_places()
        test_inverse_solve_and_determinant((3, 3))
        test_gather_adds_up_at_repeated_indices([0, 0])
        test_einsum("ij,jk->ik", [(2, 3), (3, 4)])
    finally:
        ar.VJPS = original
    assert used == set(VJPS)


def random_program(seed, steps):
    """Operations on arrays of broadcastable shapes, every result usable many times."""
    rng = np.random.default_rng(seed)
    names = ["+", "-", "*", "/", "tanh", "sin", "sigmoid", "sum", "mT", "@"]
    code = [(str(rng.choice(names)), *rng.integers(0, 3 + k, 2)) for k in range(steps)]

    def f(*x, lib):
        pool = list(x)
        for op, i, j in code:
            a, b = pool[i], pool[j]
            if op in ("+", "-"):
                new = a + b if op == "+" else a - 0.5 * b
            elif op == "*":
                new = a * b
            elif op == "/":
                new = a / (b * b + 1)
            elif op == "sum":
                new = lib["sum"](a, axis=-1, keepdims=True) * 0.3 + b
            elif op == "mT":
                new = a.mT
            elif op == "@":
                new = a @ b
            else:
                new = lib[op](0.5 * a)
            pool.append(new)
        total = lib["sum"](lib["sin"](pool[-1]))
        for v in pool[:-1]:
            total = total + lib["sum"](lib["tanh"](v)) * 0.1
        return total

    return f


OURS = {"tanh": ar.tanh, "sin": ar.sin, "sigmoid": ar.sigmoid, "sum": ar.sum}
PLAIN = {"tanh": np.tanh, "sin": np.sin, "sigmoid": c_sigmoid, "sum": np.sum}


@given(seeds, st.integers(1, 12))
def test_random_graphs_with_reuse_and_broadcasting(seed, steps):
    rng = np.random.default_rng(seed)
    f = random_program(seed, steps)
    shapes = [(3, 3), (1, 3, 3), (2, 3, 3)]
    xs = [rng.uniform(-1, 1, shape) for shape in shapes]
    value, gradients = value_and_grad(lambda *x: f(*x, lib=OURS))(*xs)
    assert value == pytest.approx(f(*xs, lib=PLAIN), rel=1e-12, abs=1e-12)
    truth = complex_vjp(lambda *x: f(*x, lib=PLAIN), xs, 1.0)
    for g, t in zip(gradients, truth, strict=True):
        assert_allclose(g, t, rtol=1e-10, atol=1e-10 * (1 + np.abs(t).max()))


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), st.integers(1, 4), seeds)
def test_random_networks(sizes, N, seed):
    rng = np.random.default_rng(seed)
    X, T = rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))
    params = []
    for m, n in itertools.pairwise(sizes):
        params += [rng.normal(size=(m, n)), rng.normal(size=n)]

    def loss(*p, tanh):
        A = X
        for W, b in zip(p[::2], p[1::2], strict=True):
            A = tanh(A @ W + b)
        return ((A - T) ** 2).sum() / (2 * N)

    _, gradients = value_and_grad(loss)(*params, tanh=ar.tanh)
    truth = complex_vjp(lambda *p: loss(*p, tanh=np.tanh), params, 1.0)
    for g, t in zip(gradients, truth, strict=True):
        assert_allclose(g, t, rtol=1e-10, atol=1e-11)


def test_backward_fills_grad_and_adds_on_the_leaves():
    W, x = Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
    Z = x @ W
    y = ar.sum(Z * Z)
    assert W.grad is None
    y.backward()
    first = np.outer(x, 2 * (x @ W.value))
    assert_array_equal(W.grad, first)
    assert_array_equal(Z.grad, 2 * Z.value)
    assert y.grad == 1
    y.backward()
    assert_array_equal(W.grad, 2 * first)
    assert_array_equal(Z.grad, 2 * Z.value)
    W.grad = None
    Z.backward(seed=[1.0, 0.0])
    assert_array_equal(W.grad, [[1, 0], [-1, 0]])
    with pytest.raises(ValueError, match=r"shape \(2,\); take its sum or mean, or pass seed"):
        Z.backward()
    with pytest.raises(ValueError, match=r"the seed has shape \(3,\), the result has shape \(2,\)"):
        Z.backward(np.ones(3))
    leaf = Tensor(2.0)
    leaf.backward()
    leaf.backward()
    assert leaf.grad == 2


def test_gradients_are_the_callers_own():
    x = np.ones(3)
    u = np.ones(3)
    _, pullback = vjp(lambda a, b: a + b, x, x)
    ga, gb = pullback(u)
    ga += 1
    assert_array_equal(gb, 1)
    assert_array_equal(u, 1)
    _, g = value_and_grad(ar.sum)(x)
    g += 1  # not a read-only view of one number
    assert_array_equal(g, 2)
    leaf = Tensor(x)
    ar.sum(leaf).backward()
    leaf.grad += 1
    assert_array_equal(leaf.grad, 2)
    _, pullback = vjp(lambda a: a, x)
    pullback(u)[0] = 7
    assert_array_equal(u, 1)


def test_float32_stays_and_integers_become_float64():
    x = np.ones((2, 3), np.float32)
    y, pullback = vjp(lambda x: ar.tanh(x * 2.0 + 1) @ np.ones((3, 2), np.float32), x)
    assert y.dtype == np.float32
    assert pullback(np.ones((2, 2))).dtype == np.float32
    assert Tensor(x).dtype == np.float32
    assert Tensor([1, 2]).dtype == np.float64
    _, g = value_and_grad(lambda x: ar.sum(x * np.ones(3)))(x)
    assert g.dtype == np.float32
    value, g = value_and_grad(lambda n: n * n)(3)
    assert type(value) is float and value == 9 and g == 6 and g.dtype == np.float64


def test_constants_and_tensors_from_outside():
    value, g = value_and_grad(lambda x: 7.0)([1.0, 2.0])
    assert value == 7 and type(value) is float
    assert_array_equal(g, [0, 0])
    value, (_, gb) = value_and_grad(lambda a, b: ar.sum(a))([1.0], [2.0, 3.0])
    assert_array_equal(gb, [0, 0])
    # A gradient penalty: the derivative with respect to W of a derivative with respect to x.
    W = rand(3, 2)

    def penalty(W):
        _, gx = value_and_grad(lambda x: ar.sum(ar.tanh(x @ W)))(np.array([0.5, -0.2, 0.1]))
        return ar.sum(gx * gx)

    def plain(W):
        x = np.array([0.5, -0.2, 0.1])
        gx = W @ (1 - np.tanh(x @ W) ** 2)
        return (gx * gx).sum()

    _, g = value_and_grad(penalty)(W)
    assert_allclose(g, complex_vjp(plain, [W], 1.0)[0], rtol=1e-12)

    # What f takes from outside counts as constant, also where it was made from the same x.
    def outer(x):
        fixed = x * 3.0
        _, g = value_and_grad(lambda z: z * fixed)(x)
        return g

    value, g = value_and_grad(outer)(2.0)
    assert (value, g) == (6.0, 3.0)
    constant = Tensor(5.0)
    value, g = value_and_grad(lambda x: constant)(1.0)
    assert g.value == 0


def test_third_derivatives():
    def derivative(f):
        return lambda x: value_and_grad(f)(x)[1]

    f = derivative(derivative(derivative(ar.tanh)))
    for x in (0.0, 0.3):
        truth = float(mpmath.diff(mpmath.tanh, x, 3))
        assert f(np.array(x)) == pytest.approx(truth, rel=1e-12)


@given(st.integers(1, 4), st.integers(1, 3), seeds)
def test_jacobian(n, m, seed):
    rng = np.random.default_rng(seed)
    W, x = rng.normal(size=(n, m)), rng.normal(size=(2, n))
    J = jacobian(lambda x: ar.sin(x) @ W, x)
    assert J.shape == (2, m, 2, n)
    truth = np.einsum("ab,jk,bj->akbj", np.eye(2), W, np.cos(x))
    assert_allclose(J, truth, rtol=1e-13, atol=1e-14)
    assert_allclose(jacobian(lambda z: ar.sum(z**2), x), 2 * x, rtol=1e-15)
    assert jacobian(lambda z: z * z, 3.0) == 6


def test_hessian_as_the_jacobian_of_a_gradient():
    A = rand(3, 3)
    x = rand(3, seed=1)
    H = jacobian(lambda x: value_and_grad(lambda z: z @ A @ z + ar.sum(ar.exp(z)))(x)[1], x)
    assert_allclose(H, A + A.T + np.diag(np.exp(x)), rtol=1e-13)
    nested = jacobian(lambda x: jacobian(lambda z: z**3, x), x)
    truth = np.zeros((3, 3, 3))
    truth[range(3), range(3), range(3)] = 6 * x
    assert_allclose(nested, truth, rtol=1e-13, atol=1e-14)


def test_depth_is_no_matter():
    x = Tensor(1.0)
    y = x
    for _ in range(100_000):
        y = y + x
    y.backward()
    assert x.grad == 100_001
    del y
    _, g = value_and_grad(lambda x: repeat(x, 20_000))(1.0)
    assert g == 20_001


def repeat(x, n):
    y = x
    for _ in range(n):
        y = y + x
    return y


def test_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        W = Tensor(rand(3, 3))
        y = ar.sum(ar.tanh(W @ W)[0] + ar.concatenate([W, W])[1])
        y.backward()
        value_and_grad(lambda W: ar.sum(ar.relu(W @ W)))(rand(3, 3))
        jacobian(lambda W: ar.exp(W), rand(2))
        del W, y
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_arrays_give_arrays():
    x = rand(3, 4, low=0.5)
    for f, plain, _ in UNARY.values():
        assert type(f(x)) is np.ndarray
        assert_allclose(f(x), plain(x), rtol=1e-13)
    assert ar.softmax(x.tolist()).shape == (3, 4)
    assert ar.max([1, 2]) == 2 and ar.mean([1, 2]) == 1.5 and ar.sum([1, 2]) == 3
    assert_array_equal(ar.gather([1.0, 2.0], 1), 2.0)
    assert_array_equal(ar.concatenate([[1.0], [2.0]]), [1, 2])


def test_a_tensor_looks_like_its_array():
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    t = Tensor(x)
    assert (t.shape, t.ndim, t.size, t.dtype, len(t)) == ((2, 3), 2, 6, np.float64, 2)
    assert repr(Tensor([1.0, 2.0])) == "Tensor([1., 2.])"
    assert_array_equal(t > 3, x > 3)
    assert_array_equal(t >= 3, x >= 3)
    assert_array_equal(t < 3, x < 3)
    assert_array_equal(t <= Tensor(x), True)
    assert_array_equal(t == 3, x == 3)
    assert_array_equal(t != 3, x != 3)
    assert_array_equal([row.value for row in t], x)
    assert bool(Tensor(1.0)) and not Tensor(0.0)
    assert_array_equal((x + t).value, 2 * x)
    assert_array_equal((x @ t.T).value, x @ x.T)
    assert_array_equal((np.ones(2) @ t).value, x.sum(axis=0))
    assert_array_equal((x - t).value, 0 * x)
    assert_array_equal((x / t).value, x / x)
    assert_array_equal((2**t).value, 2**x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda t: t + np.ones(4),
            r"add cannot take input 0 of shape \(2, 3\), input 1 of ",
        ),
        (
            lambda t: t @ t,
            r"matmul cannot take input 0 of shape \(2, 3\), input 1",
        ),
        (lambda t: t @ np.ones(2), r"matmul cannot take A of shape \(2, 3\) and B of shape \(2,\)"),
        (lambda t: np.ones(3) @ t, r"A of shape \(3,\) and B of shape \(2, 3\); A needs as many"),
        (lambda t: ar.matmul(t, 2.0), r"B of shape \(\)"),
        (lambda t: ar.matmul(2.0, t), r"A of shape \(\)"),
        (lambda t: t.reshape(4), r"reshape cannot take input 0 of shape \(2, 3\)"),
        (lambda t: ar.concatenate([t, np.ones((2, 2))]), r"concatenate cannot take"),
        (lambda t: ar.inv(t), r"inv cannot take input 0 of shape \(2, 3\)"),
        (lambda t: ar.inv(0 * t[:, :2]), r"inv cannot take .* Singular"),
        (lambda t: ar.solve(0 * t[:, :2], np.ones(2)), r"solve cannot take .* Singular"),
        (lambda t: ar.logdet(0 * t[:, :2]), r"logdet cannot take .* singular"),
        (lambda t: ar.einsum("ij,jk", t, t), r"names not all axes; write every letter"),
        (lambda t: ar.einsum("...j->j", t), r"names not all axes; write every letter"),
        (lambda t: ar.einsum("ij,jk->ik", t), r"needs 2 arrays, got 1"),
        (
            lambda t: ar.einsum("ijk->i", t),
            r"shape \(2, 3\), but its letters are 'ijk'",
        ),
        (lambda t: ar.einsum("ij,jk->ik", t, t), r"letter j stands for 3 and, in input 1"),
        (lambda t: ar.softmax_cross_entropy(t[0], [1]), r"Z has shape \(3,\), expected \(N, k\)"),
        (lambda t: ar.softmax_cross_entropy(t, [0, 1, 2]), r"T has shape \(3,\), Z has shape"),
        (lambda t: ar.softmax_cross_entropy(t, [0, 3]), r"T\[1\] is 3"),
        (lambda t: ar.softmax_cross_entropy(t, np.ones((2, 3))), r"does not add up to 1"),
        (lambda t: ar.softmax_cross_entropy(t, np.full((2, 3), 0.3338)), r"does not add up to 1"),
        (lambda t: ar.sigmoid_cross_entropy(t, np.ones(3)), r"expected \(N, k\) for both"),
        (lambda t: ar.sigmoid_cross_entropy(t[0], np.ones(3)), r"expected \(N, k\) for both"),
        (lambda t: ar.softmax_cross_entropy(t[:0], np.ones((0, 3))), r"entropy of an empty array"),
        (lambda t: ar.sigmoid_cross_entropy(t[:0], np.ones((0, 3))), r"entropy of an empty array"),
        (lambda t: ar.mean(t[:0]), r"mean of an empty array of shape \(0, 3\)"),
        (lambda t: ar.max(t[:0]), r"max of an empty array"),
        (lambda t: ar.logsumexp(t[:0]), r"logsumexp of an empty array"),
        (lambda t: ar.softmax(t[:0]), r"softmax of an empty array"),
        (lambda t: value_and_grad(lambda x: x * 2)(t.value), r"shape \(2, 3\), a gradient belongs"),
        (lambda t: vjp(lambda x: x * 2, t.value)[1](np.ones(3)), r"seed has shape \(3,\)"),
    ],
)
def test_errors_name_the_function_and_the_shapes(call, message):
    with pytest.raises(ValueError, match=message):
        call(Tensor(np.ones((2, 3))))


def test_what_is_no_array_of_numbers_is_refused():
    with pytest.raises(TypeError, match="value holds complex128"):
        Tensor([1j])
    with pytest.raises(TypeError, match=r"targets are not differentiated here; pass T\.value"):
        ar.softmax_cross_entropy(np.ones((1, 2)), Tensor([[1.0, 0.0]]))
    with pytest.raises(TypeError, match="value is a Tensor already"):
        Tensor(Tensor(1.0))
    with pytest.raises(TypeError, match=r"use the functions of bpcourse\.backprop\.arrays"):
        np.asarray(Tensor([1.0]))
    with pytest.raises(TypeError, match="ufunc"):
        np.exp(Tensor([1.0]))
    with pytest.raises(IndexError):
        Tensor([1.0])[3]
