"""Optimizers against their definitions in exact or 50-digit numbers, coordinate by coordinate."""

import copy
import math

import mpmath
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from bpcourse.training.adaptive import (
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    Path,
    RMSprop,
    as_scipy_method,
    minimize,
)

STEPS = 60
SCALES = np.array([1.0, 10.0, 1e3, 1e4])

# Every parameter away from its default once, and every branch.
VARIANTS = [
    SGD(2e-4),
    SGD(3e-5, momentum=0.9),
    SGD(1e-4, momentum=0.8, nesterov=True),
    Adagrad(0.1),
    Adagrad(0.1, eps=0.1),
    RMSprop(0.01),
    RMSprop(0.01, alpha=0.9, eps=1e-3),
    Adam(0.02),
    Adam(0.02, betas=(0.8, 0.95), eps=0.01),
    Adam(0.02, amsgrad=True),
    Adam(0.05, betas=(0.5, 0.3), amsgrad=True),
    AdamW(0.02),
    AdamW(0.02, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.5),
    AdamW(0.05, betas=(0.5, 0.3), amsgrad=True, weight_decay=0.2),
]


def name(optimizer):
    public = {k: v for k, v in vars(optimizer).items() if k not in ("_state", "arrays")}
    return f"{type(optimizer).__name__}({', '.join(f'{k}={v}' for k, v in public.items())})"


variants = pytest.mark.parametrize("optimizer", VARIANTS, ids=name)


def rosenbrock_gradient(x):
    return [-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]


def ellipse_gradient(x):
    return [float(s) * v for s, v in zip(SCALES, x, strict=True)]


PROBLEMS = {
    "Rosenbrock": (rosenbrock_gradient, [-1.2, 1.0]),
    "quadratic": (ellipse_gradient, [1.0, -2.0, 0.5, 1.5]),
}
problems = pytest.mark.parametrize("problem", PROBLEMS)


def reference(o, gradient, x, steps):
    """Take the steps in 50 digits from sums over all past gradients, not by recurrences."""
    with mpmath.workdps(50):
        x = [mpmath.mpf(v) for v in x]
        lr = mpmath.mpf(o.lr)
        history, path, largest = [], [x], [mpmath.mpf(0)] * len(x)
        for t in range(1, steps + 1):
            history.append(gradient(x))
            new = []
            for i in range(len(x)):
                g = [past[i] for past in history]
                if isinstance(o, SGD):
                    beta = mpmath.mpf(o.momentum)
                    v = sum(beta ** (t - 1 - s) * g[s] for s in range(t))
                    move = lr * (g[-1] + beta * v if o.nesterov else v)
                elif isinstance(o, Adagrad):
                    move = lr * g[-1] / (mpmath.sqrt(sum(a * a for a in g)) + mpmath.mpf(o.eps))
                elif isinstance(o, RMSprop):
                    a = mpmath.mpf(o.alpha)
                    v = (1 - a) * sum(a ** (t - 1 - s) * g[s] ** 2 for s in range(t))
                    move = lr * g[-1] / (mpmath.sqrt(v) + mpmath.mpf(o.eps))
                else:
                    b1, b2 = (mpmath.mpf(b) for b in o.betas)
                    m = (1 - b1) * sum(b1 ** (t - 1 - s) * g[s] for s in range(t))
                    v = (1 - b2) * sum(b2 ** (t - 1 - s) * g[s] ** 2 for s in range(t))
                    largest[i] = max(largest[i], v)
                    v = largest[i] if o.amsgrad else v
                    root = mpmath.sqrt(v / (1 - b2**t)) + mpmath.mpf(o.eps)
                    move = lr * m / (1 - b1**t) / root
                    if isinstance(o, AdamW):
                        move += lr * mpmath.mpf(o.weight_decay) * x[i]
                new.append(x[i] - move)
            x = new
            path.append(x)
        return np.array([[float(v) for v in point] for point in path])


def run(optimizer, gradient, x0, steps):
    optimizer = copy.deepcopy(optimizer)
    x = np.array(x0)
    path = [x.copy()]
    with np.errstate(all="raise", under="ignore"):
        for _ in range(steps):
            optimizer.step(x, np.array(gradient(x)))
            path.append(x.copy())
    return np.array(path)


@problems
@variants
def test_steps_follow_the_definition(optimizer, problem):
    gradient, x0 = PROBLEMS[problem]
    exact = reference(optimizer, gradient, x0, STEPS)
    assert np.abs(exact[-1] - exact[0]).max() > 1e-3  # it went somewhere
    # Rosenbrock's valley multiplies what is rounded at the start; 60 steps leave 11 digits.
    assert_allclose(run(optimizer, gradient, x0, STEPS), exact, rtol=0, atol=1e-11)


@variants
def test_one_step_is_exact_to_rounding(optimizer):
    gradient, x0 = PROBLEMS["quadratic"]
    exact = reference(optimizer, gradient, x0, 1)
    assert_allclose(run(optimizer, gradient, x0, 1), exact, rtol=1e-15)


@variants
def test_step_update_and_minimize_are_one_rule(optimizer):
    gradient, x0 = PROBLEMS["Rosenbrock"]
    path = run(optimizer, gradient, x0, 10)
    x = np.array(x0)
    state = optimizer.init(x)
    for k in range(10):
        before, old = x, copy.deepcopy(state)
        g = np.array(gradient(x))
        kept = g.copy()
        x, new = optimizer.update(g, state, x)
        assert_array_equal(x, path[k + 1])
        assert_array_equal(before, path[k])
        assert_array_equal(g, kept)
        assert state.keys() == old.keys()
        for key in state:
            assert_array_equal(state[key], old[key])
        state = new
    assert state["t"] == 10
    ours = minimize(lambda x: 0.0, gradient, x0, optimizer, 10)
    assert_array_equal(ours.x, path)
    assert_array_equal(minimize(lambda x: 0.0, gradient, x0, optimizer, 10).x, path)


@variants
def test_step_leaves_the_gradient_alone_even_if_it_is_x(optimizer):
    optimizer, twin = copy.deepcopy(optimizer), copy.deepcopy(optimizer)
    x, y = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    for _ in range(3):
        optimizer.step(x, x)
        g = y.copy()
        twin.step(y, g)
        assert_array_equal(x, y)
    assert (g != y).all()


@variants
def test_a_zero_gradient_moves_nothing(optimizer):
    optimizer = copy.deepcopy(optimizer)
    x = np.array([1.0, -2.0])
    with np.errstate(all="raise"):
        for _ in range(3):
            optimizer.step(x, np.zeros(2))
    shrink = (1 - optimizer.lr * optimizer.weight_decay) ** 3 if type(optimizer) is AdamW else 1
    assert_allclose(x, np.array([1.0, -2.0]) * shrink, rtol=1e-15)


@variants
def test_float32_stays_and_shapes_are_free(optimizer):
    optimizer = copy.deepcopy(optimizer)
    x = np.ones((2, 3), np.float32)
    optimizer.step(x, np.full((2, 3), 0.5))
    assert x.dtype == np.float32
    assert (x < 1).all()
    assert np.ptp(x) == 0


@given(st.integers(1, 5), st.integers(0, 1000))
def test_adam_does_not_mind_the_scale_of_a_coordinate(n, seed):
    # A power of two scales without rounding, and ε = 0 leaves nothing that has a scale.
    rng = np.random.default_rng(seed)
    gradients, scale = rng.normal(size=(5, n)), 2.0 ** rng.integers(-20, 20, size=n)
    x, y = np.zeros(n), np.zeros(n)
    one, other = Adam(0.1, eps=0.0), Adam(0.1, eps=0.0)
    for g in gradients:
        one.step(x, g)
        other.step(y, scale * g)
    assert_array_equal(x, y)


def test_first_adam_step_is_the_rate():
    x = np.zeros(3)
    Adam(0.25, eps=0.0).step(x, np.array([1e-8, -3.0, 1e8]))
    assert_allclose(x, [-0.25, 0.25, -0.25], rtol=1e-14)


def test_reddis_example_separates_amsgrad_from_adam():
    # Gradients 1010, −10, −10, … average to −10 + 1020/101 > 0, so −1 is best on [−1, 1].
    ends = []
    for amsgrad in (False, True):
        optimizer, x = Adam(0.01, betas=(0.9, 0.99), amsgrad=amsgrad), np.zeros(1)
        for t in range(1, 3001):
            optimizer.step(x, np.array([1010.0 if t % 101 == 1 else -10.0]))
            np.clip(x, -1, 1, out=x)
        ends.append(x[0])
    assert ends[0] > 0.5
    assert ends[1] < 0


def test_the_rate_may_change_between_steps():
    optimizer, x = SGD(1.0), np.zeros(1)
    optimizer.step(x, np.ones(1))
    optimizer.lr = 0.25
    optimizer.step(x, np.ones(1))
    assert_array_equal(x, [-1.25])


def test_names():
    assert dict(OPTIMIZERS) == {
        "sgd": SGD,
        "adagrad": Adagrad,
        "rmsprop": RMSprop,
        "adam": Adam,
        "adamw": AdamW,
    }
    assert all(issubclass(kind, Optimizer) for kind in OPTIMIZERS.values())


def test_defaults_are_those_of_torch():
    assert (SGD(1).momentum, SGD(1).nesterov) == (0.0, False)
    assert Adagrad(1).eps == 1e-10
    assert (RMSprop(1).alpha, RMSprop(1).eps) == (0.99, 1e-8)
    for optimizer in (Adam(1), AdamW(1)):
        assert (optimizer.betas, optimizer.eps) == ((0.9, 0.999), 1e-8)
        assert not optimizer.amsgrad
    assert AdamW(1).weight_decay == 0.01


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SGD(0.0), "lr is 0, expected more than 0"),
        (lambda: Adam(math.nan), "lr is nan"),
        (lambda: SGD(0.1, momentum=1.0), "momentum is 1, expected less than 1"),
        (lambda: SGD(0.1, momentum=-0.1), "momentum is -0.1, expected at least 0"),
        (lambda: SGD(0.1, nesterov=True), "nesterov needs momentum"),
        (lambda: Adagrad(0.1, eps=-1), "eps is -1"),
        (lambda: RMSprop(0.1, eps=-1), "eps is -1"),
        (lambda: RMSprop(0.1, alpha=1.0), "alpha is 1,"),
        (lambda: Adam(0.1, eps=-1), "eps is -1"),
        (lambda: Adam(0.1, betas=(1.0, 0.9)), r"betas\[0\] is 1,"),
        (lambda: Adam(0.1, betas=(0.9, -0.9)), r"betas\[1\] is -0.9,"),
        (lambda: AdamW(0.1, weight_decay=-1), "weight_decay is -1"),
    ],
)
def test_parameters_out_of_bounds(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_arrays_that_do_not_fit():
    optimizer = Adam(0.1)
    with pytest.raises(TypeError, match=r"x is int64, expected an array of floats; pass np\.array"):
        optimizer.step(np.array([1, 2]), np.ones(2))
    with pytest.raises(TypeError, match="x is list, expected an array of floats"):
        optimizer.step([1.0, 2.0], np.ones(2))
    with pytest.raises(ValueError, match=r"the gradient has shape \(2, 1\), x has \(2,\)"):
        optimizer.step(np.ones(2), np.ones((2, 1)))
    optimizer.step(np.ones(2), np.ones(2))
    with pytest.raises(
        ValueError, match=r"began with x of shape \(2,\), now x has shape \(3,\); m"
    ):
        optimizer.step(np.ones(3), np.ones(3))
    with pytest.raises(NotImplementedError):
        Optimizer(0.1).step(np.ones(2), np.ones(2))


def bowl(x):
    return float(x @ (SCALES[:2] * x)) / 2


def bowl_gradient(x):
    return SCALES[:2] * x


def test_minimize_records_its_path():
    path = minimize(bowl, bowl_gradient, [4, -2], SGD(0.05), 12)
    assert isinstance(path, Path)
    with pytest.raises(AttributeError):
        path.f = None
    k = np.arange(13)[:, np.newaxis]
    closed = np.array([4.0, -2.0]) * (1 - 0.05 * SCALES[:2]) ** k
    assert_allclose(path.x, closed, rtol=1e-14)
    assert_allclose(path.f, (SCALES[:2] * closed**2).sum(axis=1) / 2, rtol=1e-13)
    lengths = np.hypot(*(SCALES[:2] * closed).T)
    assert_allclose(path.gradient_norm, lengths, rtol=1e-13)
    assert minimize(bowl, bowl_gradient, np.ones(2, np.float32), SGD(0.1), 2).x.dtype == np.float32


def test_minimize_does_not_change_the_start():
    x0 = np.array([4.0, -2.0])
    path = minimize(bowl, bowl_gradient, x0, SGD(0.05), 0)
    assert_array_equal(path.x, [x0])
    minimize(bowl, lambda x: x, x0, AdamW(0.05), 5)
    assert_array_equal(x0, [4.0, -2.0])


def test_minimize_calls_back_at_every_position():
    seen = []

    def callback(k, x, value):
        seen.append((k, x, value))
        if k == 3:
            raise StopIteration

    path = minimize(bowl, bowl_gradient, [4, -2], SGD(0.05), 12, callback=callback)
    assert [k for k, _, _ in seen] == [0, 1, 2, 3]
    assert_array_equal([x for _, x, _ in seen], path.x)
    assert [value for _, _, value in seen] == path.f.tolist()
    assert path.x.shape == (4, 2)
    assert path.f.shape == path.gradient_norm.shape == (4,)


def test_minimize_says_when_it_diverges():
    with np.errstate(all="raise", under="ignore"):
        with pytest.raises(
            FloatingPointError, match=r"step \d+: .*learning rate 3; take a smaller"
        ):
            minimize(bowl, bowl_gradient, [1, 1], SGD(3.0), 500)
        with pytest.raises(
            FloatingPointError, match=r"step 1: overflow .* rate 1e\+300; take a sm"
        ):
            minimize(lambda x: 0.0, lambda x: 1e10 * x, [1.0], SGD(1e300), 500)
        with pytest.raises(
            FloatingPointError, match="step 0: the function is nan and its gradient"
        ):
            minimize(lambda x: np.nan, bowl_gradient, [1, 1], SGD(3.0), 5)
        with pytest.raises(
            FloatingPointError, match=r"step 0: the function is 1 and .* length inf"
        ):
            minimize(lambda x: 1.0, lambda x: x * np.inf, [1, 1], SGD(3.0), 5)


def test_minimize_refuses_what_it_cannot_use():
    with pytest.raises(TypeError, match=r"optimizer is 'adam'; pass for example bpcourse\.Adam"):
        minimize(bowl, bowl_gradient, [1, 1], "adam", 5)
    with pytest.raises(ValueError, match="steps is -1"):
        minimize(bowl, bowl_gradient, [1, 1], SGD(0.1), -1)
    with pytest.raises(ValueError, match="x0 has shape"):
        minimize(bowl, bowl_gradient, [[1, 1]], SGD(0.1), 5)
    with pytest.raises(ValueError, match=r"the gradient has shape \(2, 2\), x has \(2,\)"):
        minimize(bowl, lambda x: np.ones((2, 2)), [1, 1], SGD(0.1), 5)


def test_as_a_method_of_scipy():
    method = as_scipy_method(SGD(0.05), 12)
    path = minimize(bowl, bowl_gradient, [4, -2], SGD(0.05), 12)
    for _ in range(2):
        result = scipy.optimize.minimize(bowl, [4, -2], jac=bowl_gradient, method=method)
        assert isinstance(result, scipy.optimize.OptimizeResult)
        assert_array_equal(result.x, path.x[-1])
        assert result.fun == path.f[-1]
        assert_array_equal(result.jac, bowl_gradient(path.x[-1]))
        assert (result.nit, result.nfev, result.njev, result.status) == (12, 13, 13, 0)
        assert result.success
        assert result.message == "took all 12 steps"
    for stays in (as_scipy_method(SGD(0.05), 0), method):
        options = {} if stays is not method else {"maxiter": 0}
        result = scipy.optimize.minimize(
            bowl, [4, -2], jac=bowl_gradient, method=stays, options=options
        )
        assert_array_equal(result.x, [4, -2])
        assert result.nit == 0


def test_scipys_own_ways_to_call_it():
    def both(x, scale):
        return scale * bowl(x), scale * bowl_gradient(x)

    method = as_scipy_method(Adam(0.1), 100)
    call = {"x0": [4, -2], "args": (2.0,), "jac": True, "method": method}
    result = scipy.optimize.minimize(both, options={"maxiter": 7}, **call)
    path = minimize(lambda x: both(x, 2.0)[0], lambda x: both(x, 2.0)[1], [4, -2], Adam(0.1), 7)
    assert_array_equal(result.x, path.x[-1])

    result = scipy.optimize.minimize(both, tol=2.0, **call)
    assert 0 < result.nit < 100
    assert np.abs(result.jac).max() <= 2.0
    assert result.success
    assert result.message == "no entry of the gradient is larger than 2"
    path = minimize(
        lambda x: both(x, 2.0)[0], lambda x: both(x, 2.0)[1], [4, -2], Adam(0.1), result.nit
    )
    assert_array_equal(result.x, path.x[-1])
    assert path.gradient_norm[-2] > 2.0

    positions = []

    def stops(intermediate_result):
        positions.append(intermediate_result.x)
        if intermediate_result.fun < 30:
            raise StopIteration

    result = scipy.optimize.minimize(both, callback=stops, **call)
    assert not result.success
    assert result.status == 99
    assert result.message == "`callback` raised `StopIteration`."
    assert len(positions) == result.nit < 100
    assert_array_equal(positions[-1], result.x)
    assert result.fun < 30

    seen = []
    scipy.optimize.minimize(both, callback=seen.append, options={"maxiter": 3}, **call)
    assert_array_equal(seen, positions[:3])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"jac": None}, "needs the gradient; pass jac=, a function or True"),
        ({"bounds": [(0, 1), (0, 1)]}, "no bounds or constraints"),
        ({"constraints": {"type": "eq", "fun": bowl}}, "no bounds or constraints"),
    ],
)
def test_what_the_scipy_method_does_not_know(wrong, message):
    call = {"jac": bowl_gradient, "method": as_scipy_method(SGD(0.1), 3)} | wrong
    with pytest.raises(ValueError, match=message):
        scipy.optimize.minimize(bowl, [1, 1], **call)
