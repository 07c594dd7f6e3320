"""The gradient checker against planted errors, and the differences against their own theory."""

import re

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from bpcourse.backprop.arrays import softmax_cross_entropy, tanh, value_and_grad, vjp
from bpcourse.backprop.autodiff import jvp
from bpcourse.backprop.checking import (
    best_step,
    central_difference,
    check_gradient,
    complex_step,
    dot_test,
    forward_difference,
)


@pytest.fixture(autouse=True)
def _no_silent_overflow():
    with np.errstate(all="raise", under="ignore"):
        yield


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=20)
W = RNG.normal(size=4)


def loss(w):
    return ((X @ w - Y) ** 2).sum() / 40


def gradient(w):
    return X.T @ (X @ w - Y) / 20


def report(f, grad, x, **options):
    return check_gradient(f, grad, x, rng=np.random.default_rng(1), **options)


# What a wrong gradient of the loss gives, and what the hint must say.
PLANTED = {
    "sign": (lambda w: -gradient(w), r"^the sign is reversed$"),
    "twice": (lambda w: 2 * gradient(w), r"^all slopes are 2 times too large: a missing ½ or 2"),
    "half": (lambda w: gradient(w) / 2, r"^all slopes are 2 times too small: a missing ½ or 2"),
    "no 1/N": (lambda w: 20 * gradient(w), r"20 times too large: 1/N of a mean over 20 rows\?$"),
    "1/N twice": (lambda w: gradient(w) / 20, r"20 times too small: 1/N of a mean over 20 rows"),
    "sign and N": (lambda w: -20 * gradient(w), r"^the sign is reversed, and all slopes are 20 t"),
    "a factor": (lambda w: 1.7 * gradient(w), r"^all slopes are off by the same factor 1\.7$"),
    "a bit": (lambda w: (1 + 1e-6) * gradient(w), r"the same factor 1\.000001"),
    "order": (lambda w: gradient(w)[::-1], r"right but stand in other places"),
    "one entry": (
        lambda w: gradient(w) * [1, 1, 1.01, 1],
        r"^1 of 4 coordinates tried are wrong, others right: \[2\]",
    ),
    "decay": (lambda w: gradient(w) + 0.1 * w, r"^the gradient has 0\.1 x too much: .*regularizer"),
    "no decay": (lambda w: gradient(w) - 0.1 * w, r"^the gradient has 0\.1 x too little"),
    "a term": (lambda w: X.T @ (X @ w) / 20, r"^no common factor: a term is missing"),
    "zero": (lambda w: 0 * w, r"^the gradient is zero everywhere"),
    "nan": (lambda w: w * np.nan, r"^the gradient holds NaN"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_errors_are_caught_and_named(name):
    wrong, hint = PLANTED[name]
    found = report(loss, wrong, W)
    assert not found and not found.ok
    assert found.error > found.rtol == 1e-7
    assert re.search(hint, found.hint), found.hint
    text = repr(found)
    assert text.startswith("The gradient differs from differences of f: relative difference ")
    assert f"Hint: {found.hint}" in text
    i = found.coordinate
    assert found.entry[1] == pytest.approx(gradient(W)[i], rel=1e-9)
    if name != "nan":
        assert found.entry[0] == wrong(W)[i]
        assert found.along[0] == pytest.approx(np.vdot(wrong(W), found.direction), rel=1e-12)
    assert found.along[1] == pytest.approx(np.vdot(gradient(W), found.direction), rel=1e-8)
    assert np.linalg.norm(found.direction) == pytest.approx(1)


def test_the_worst_entry_is_named():
    found = report(loss, gradient(W) * [1, 1.001, 1.1, 1], W)
    assert found.coordinate == (2,)
    assert "x[2]" in repr(found)
    assert "2 of 4" in found.hint


def test_a_transposed_gradient_is_named():
    A = RNG.normal(size=(3, 3))
    W = RNG.normal(size=(3, 3))
    found = report(lambda W: np.sum(A * np.sin(W)), (A * np.cos(W)).T, W)
    assert found.hint.startswith("the gradient is transposed")
    assert len(found.coordinate) == 2 and "x[" in repr(found)


def right_gradients():
    A = RNG.normal(size=(3, 3))
    labels = np.array([0, 2, 1])
    w0 = np.linalg.lstsq(X, Y)[0]
    yield loss, gradient, W
    yield loss, gradient(W), W  # the array itself
    yield loss, gradient, w0  # at the minimum
    yield (lambda w: loss(w) + 1e6), gradient, W  # large beside its changes
    yield (lambda w: 1e-9 * loss(w)), (lambda w: 1e-9 * gradient(w)), W
    yield (lambda x: np.sin(50 * x).sum()), (lambda x: 50 * np.cos(50 * x)), W
    yield (lambda x: np.exp(9 * x).sum()), (lambda x: 9 * np.exp(9 * x)), W
    yield (lambda x: 3.0), (lambda x: np.zeros(4)), W  # a constant
    yield (lambda x: x**3), (lambda x: 3 * x**2), np.array(2.0)  # a number
    yield (lambda x: x**2), (lambda x: 2 * x), 3  # an integer
    yield (lambda x: np.sum(x**2)), (lambda x: 2 * x), 1e6 * W
    yield (lambda x: np.abs(x).sum()), np.sign, W
    yield (lambda x: np.sum(x**2)), (lambda x: 2 * x), RNG.normal(size=(30, 10))
    f = value_and_grad(lambda A: softmax_cross_entropy(tanh(X[:3, :3] @ A), labels))
    yield (lambda A: f(A)[0]), (lambda A: f(A)[1]), A
    x32 = W.astype(np.float32)
    yield (lambda x: np.sum(x * x)), (lambda x: 2 * x), x32


@pytest.mark.parametrize("case", list(right_gradients()))
def test_right_gradients_pass(case):
    for seed in range(5):
        found = check_gradient(*case, rng=np.random.default_rng(seed))
        assert found, repr(found)
        assert found.hint == ""
        assert repr(found).startswith("The gradient agrees with differences of f")


def test_one_wrong_entry_of_many_is_seen():
    x = RNG.normal(size=100)
    g = 2 * x
    for i in (0, 57, 99):
        wrong = g.copy()
        wrong[i] *= 1 + 1e-5
        found = report(lambda x: np.sum(x**2), wrong, x)
        assert not found
        assert found.coordinate == (i,)
    # Above 200 entries, 200 of them are tried one by one; the directions see the others.
    x = RNG.normal(size=500)
    wrong = 2 * x
    wrong[:250] *= 1.001
    assert not report(lambda x: np.sum(x**2), wrong, x)


@pytest.mark.parametrize(("at", "slope"), [(0.0, 0.0), (1e-6, 1.0), (-1e-6, 0.0), (1e-5, 0.0)])
def test_a_kink_is_named(at, slope):
    found = report(lambda x: np.maximum(x, 0).sum(), [1.0, slope, 1.0], np.array([1.0, at, 2.0]))
    assert not found
    assert "kink" in found.hint
    assert found.coordinate == (1,)


def test_rtol_and_directions_do_what_they_say():
    nearly = gradient(W) * (1 + 3e-6)
    assert report(loss, nearly, W, rtol=1e-5)
    assert not report(loss, nearly, W, rtol=1e-6)
    calls = []

    def counting(w):
        calls.append(1)
        return loss(w)

    report(counting, gradient, W, directions=1)
    once = len(calls)
    calls.clear()
    report(counting, gradient, W, directions=2)
    assert len(calls) > once


def test_the_caller_s_array_is_left_alone():
    x = W.copy()

    def careless(w):
        w *= 0
        return gradient(W)

    assert report(loss, careless, x)
    assert_allclose(x, W, rtol=0)


def test_the_page_shows_a_table():
    page = report(loss, lambda w: -gradient(w), W)._repr_html_()
    assert page.count('<th scope="row">') == 2 and page.count('<th scope="col">') == 3
    assert "<caption>The gradient differs" in page and "Hint: the sign is reversed" in page
    assert "Hint" not in report(loss, gradient, W)._repr_html_()
    assert "worst coordinate, x:" in repr(report(lambda x: x**2, lambda x: 2 * x, 3.0))


def test_bad_input_is_answered_in_a_sentence():
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\), x has shape \(4,\)"):
        report(loss, np.ones(3), W)
    with pytest.raises(ValueError, match=r"f gave float64 of shape \(4,\), expected one real"):
        report(lambda w: w, gradient, W)
    with pytest.raises(ValueError, match=r"f gave complex128"):
        report(lambda w: 1j, gradient, W)
    with pytest.raises(FloatingPointError, match="f is nan near x"):
        report(lambda w: np.nan, gradient, W)
    with pytest.raises(ValueError, match=r"x is empty, its shape is \(0,\)"):
        report(loss, gradient, np.ones(0))
    with pytest.raises(TypeError, match="x holds complex128"):
        report(loss, gradient, 1j * W)
    with pytest.raises(TypeError, match="default_rng"):
        check_gradient(loss, gradient, W, rng=3)
    with pytest.raises(ValueError, match="rtol"):
        report(loss, gradient, W, rtol=0.0)
    with pytest.raises(ValueError, match="directions"):
        report(loss, gradient, W, directions=0)
    with pytest.raises(ValueError, match="kind is 'backward'; pass 'forward' or 'central'"):
        best_step("backward")
    for size in ({"f": 0.0}, {"derivative": -1.0}):
        with pytest.raises(ValueError, match=next(iter(size))):
            best_step("central", **size)
    with pytest.raises(ValueError, match="h is 0"):
        central_difference(loss, W, 0.0)
    with pytest.raises(ValueError, match="h is"):
        complex_step(loss, W, -1.0)
    with pytest.raises(TypeError, match="f gave float64 for a complex x, so the imaginary"):
        complex_step(np.abs, W)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sizes", [(1.0, 1.0), (50.0, 0.3)])
def test_the_best_step_minimizes_the_bound(dtype, sizes):
    f, d = sizes
    eps = float(np.finfo(dtype).eps) / 2
    bounds = {
        "forward": lambda h: h * d / 2 + 2 * eps * f / h,
        "central": lambda h: h**2 * d / 6 + eps * f / h,
    }
    for kind, bound in bounds.items():
        best = best_step(kind, dtype, f=f, derivative=d)
        with mpmath.workdps(30):
            slope = float(mpmath.diff(bound, mpmath.mpf(best)))
        assert abs(slope) * best <= 1e-9 * bound(best)
        assert bound(best) < min(bound(best * 1.05), bound(best / 1.05))
    assert best_step("central") == pytest.approx((3 * 2.0**-53) ** (1 / 3), rel=1e-15)


@pytest.mark.parametrize(
    ("difference", "kind", "order"),
    [(forward_difference, "forward", 1), (central_difference, "central", 2)],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_differences_err_as_their_theory_says(difference, kind, order, dtype):
    x = np.array([0.7, -0.4], dtype)
    truth = np.exp(x.astype(float))
    f = lambda x: np.exp(x).sum()  # noqa: E731
    at_best = np.abs(difference(f, x) - truth).max()
    h, eps = best_step(kind, dtype), float(np.finfo(dtype).eps) / 2
    d = 3.0  # both f and its derivatives are below 3 here
    truncation = h * d / 2 if order == 1 else h**2 * d / 6
    assert at_best <= 4 * (truncation + 2 * eps * d / h)
    # Far above h* the error is the first term of the series, far below it is rounding.
    large = np.abs(difference(f, x, 100 * h) - truth)
    term = 100 * h / 2 * truth if order == 1 else (100 * h) ** 2 / 6 * truth
    assert_allclose(large, term, rtol=0.3)
    assert np.abs(difference(f, x, h / 1e4) - truth).max() > 10 * at_best
    assert difference(f, x).dtype == dtype


def test_differences_of_arrays_are_jacobians():
    A = RNG.normal(size=(2, 3))
    x = RNG.normal(size=(3, 2))
    f = lambda x: A @ x**2  # noqa: E731
    truth = np.einsum("ij,jk,kl->iljk", A, 2 * x, np.eye(2))
    assert_allclose(complex_step(f, x), truth, rtol=1e-14, atol=1e-15)
    assert_allclose(central_difference(f, x), truth, rtol=1e-8, atol=1e-9)
    assert_allclose(forward_difference(f, x), truth, rtol=1e-6, atol=1e-6)
    assert complex_step(lambda x: x * x, 3.0) == 6
    assert central_difference(lambda x: x * x, 3) == pytest.approx(6, rel=1e-9)
    # The step grows with the entry: 1e8 ± 1e-5 would be lost in rounding.
    assert central_difference(lambda x: x * x, 1e8) == pytest.approx(2e8, rel=1e-8)
    assert forward_difference(lambda x: x * x, 1e8) == pytest.approx(2e8, rel=1e-6)


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_complex_step_is_exact(a, b):
    def f(x):
        return np.sin(x[0]) * np.exp(x[1] / 3)

    truth = [np.cos(a) * np.exp(b / 3), np.sin(a) * np.exp(b / 3) / 3]
    assert_allclose(complex_step(f, [a, b]), truth, rtol=1e-14, atol=1e-15)


def test_dot_test():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3, 5))

    def shift(v):
        return A @ v

    assert dot_test(shift, lambda u: A.T @ u, (5,), (3,), rng=rng) < 1e-15
    assert dot_test(shift, lambda u: 1.001 * A.T @ u, (5,), (3,), rng=rng) > 1e-6
    assert dot_test(shift, lambda u: -A.T @ u, (5,), (3,), rng=rng) > 1e-3
    assert dot_test(lambda v: 0 * v, lambda u: 0 * u, (2, 2), (2, 2), rng=rng) == 0
    with pytest.raises(ValueError, match=r"jvp\(v\) has shape \(3,\), expected \(5,\)"):
        dot_test(shift, lambda u: u, (5,), (5,), rng=rng)
    with pytest.raises(ValueError, match=r"vjp\(u\) has shape \(3,\), expected \(5,\)"):
        dot_test(shift, lambda u: u, (5,), (3,), rng=rng)
    # Forward and reverse mode of one function are transposes.
    x = rng.normal(size=5)
    _, pullback = vjp(lambda x: tanh(A @ x), x)
    along = lambda v: jvp(lambda x: np.tanh(A @ x), x, v)[1]  # noqa: E731
    assert dot_test(along, pullback, (5,), (3,), rng=rng) < 1e-14
    seen = []
    dot_test(lambda v: seen.append(1) or v, lambda u: u, (1,), (1,), rng=rng, directions=7)
    assert len(seen) == 7


def test_the_differences_are_nearly_exact():
    x = np.array([0.3, -0.7, 1.1])
    for f, df in ((np.exp, np.exp), (np.sin, np.cos), (lambda x: x**7, lambda x: 7 * x**6)):
        for wrong in (1.0, 1.5):
            found = report(lambda x, f=f: f(x).sum(), wrong * df(x), x)
            # Without the extrapolation the error would be h² = 1e-6, with wrong weights 1e-8.
            assert found.noise < 2e-9
            truth = np.vdot(df(x), found.direction)
            assert found.along[1] == pytest.approx(truth, abs=1e-11 * np.abs(df(x)).max())
            assert found.entry[1] == pytest.approx(df(x)[found.coordinate], rel=1e-10)


def test_a_report_does_not_change():
    found = report(loss, gradient, W)
    with pytest.raises(AttributeError):
        found.ok = False
