"""The test problems: derivatives by complex step, minima by mpmath, the paper, NIST and SciPy."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import least_squares

from bpcourse.basics.problems import (
    SURFACES,
    LeastSquares,
    more_garbow_hillstrom,
    nist_strd,
    quadratic,
)

EPS = np.finfo(np.float64).eps
MGH = more_garbow_hillstrom()
NIST = nist_strd()
PROBLEMS = {**MGH, **NIST}

# Sums of squares as the paper of 1981 prints them, and NIST's names for three of its problems.
PUBLISHED = {
    "freudenstein_roth": [0, 48.9842],
    "jennrich_sampson": [124.362],
    "bard": [8.21487e-3],
    "gaussian": [1.12793e-8],
    "meyer": [87.9458],
    "kowalik_osborne": [3.07505e-4],
    "brown_dennis": [85822.2],
    "osborne_1": [5.46489e-5],
    "osborne_2": [4.01377e-2],
}

SIZES = {
    "rosenbrock": (2, 2),
    "freudenstein_roth": (2, 2),
    "powell_badly_scaled": (2, 2),
    "brown_badly_scaled": (3, 2),
    "beale": (3, 2),
    "jennrich_sampson": (10, 2),
    "helical_valley": (3, 3),
    "bard": (15, 3),
    "gaussian": (15, 3),
    "meyer": (16, 3),
    "box": (10, 3),
    "powell_singular": (4, 4),
    "wood": (6, 4),
    "kowalik_osborne": (11, 4),
    "brown_dennis": (20, 4),
    "osborne_1": (33, 5),
    "osborne_2": (65, 11),
    "broyden_tridiagonal": (10, 10),
}

# Σ r² at the standard start, worked out in fractions or with mpmath from the paper's formulas.
FIRST = {
    "rosenbrock": "24.2",
    "freudenstein_roth": "400.5",
    "brown_badly_scaled": "999998000002.999996000004",
    "beale": "14.203125",
    "helical_valley": "2500",
    "powell_singular": "215",
    "wood": "19192",
    "broyden_tridiagonal": "21",
}


def complex_columns(f, x):
    """Each derivative of f at x, without a difference that cancels."""
    columns = []
    for i in range(x.size):
        h = 1e-30 * (abs(x[i]) or 1)
        z = x.astype(complex)
        z[i] += 1j * h
        columns.append(f(z).imag / h)
    return np.stack(columns, axis=-1)


def surfaces():
    rng = np.random.default_rng(3)
    bowl = quadratic([0.5, 3.0, 20.0], rng=rng, minimum=[1.0, -2.0, 0.5])
    return [*SURFACES.values(), bowl]


@pytest.mark.parametrize("surface", surfaces(), ids=lambda surface: surface.name)
def test_the_derivatives_of_a_surface(surface):
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = surface.start + rng.normal(size=surface.start.size)
        gradient, H = surface.grad(x), surface.hessian(x)
        assert gradient.shape == x.shape and H.shape == 2 * x.shape
        # 1e-13: some 100 roundings of terms that may be larger than their sum.
        assert_allclose(gradient, complex_columns(surface.f, x), rtol=1e-12, atol=1e-12)
        assert_allclose(H, complex_columns(surface.grad, x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("surface", surfaces(), ids=lambda surface: surface.name)
def test_a_surface_takes_a_grid_of_points(surface):
    grid = np.random.default_rng(1).normal(size=(surface.start.size, 4, 3))
    values, slopes = surface.f(grid), surface.grad(grid)
    assert values.shape == (4, 3) and slopes.shape == grid.shape
    for i, j in np.ndindex(4, 3):
        assert_allclose(values[i, j], surface.f(grid[:, i, j]), rtol=1e-12)
        assert_allclose(slopes[:, i, j], surface.grad(grid[:, i, j]), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("surface", surfaces(), ids=lambda surface: surface.name)
def test_the_minima_are_minima(surface):
    for x in surface.minima:
        assert np.linalg.eigvalsh(surface.hessian(x))[0] > 0
        # Off by at most one rounding of x, which the curvature turns into a slope.
        scale = np.abs(surface.hessian(x)).max() * (1 + np.abs(x).max())
        assert np.abs(surface.grad(x)).max() <= 2 * EPS * scale
    if len(surface.minima):
        values = [surface.f(x) for x in surface.minima]
        assert_allclose(values[0], surface.least, rtol=1e-14, atol=1e-28)
        assert all(value >= surface.least - 1e-15 for value in values)


@pytest.mark.parametrize("surface", surfaces(), ids=lambda surface: surface.name)
def test_there_are_no_other_minima_nearby(surface):
    """From a net of starts, Newton's method finds no minimum that is not listed."""
    found = []
    axis = np.linspace(-4.5, 4.5, 13)
    n = surface.start.size
    for start in np.stack(np.meshgrid(*[axis] * n), axis=-1).reshape(-1, n)[:: 3 ** (n - 2)]:
        x = start
        for _ in range(60):
            H, gradient = surface.hessian(x), surface.grad(x)
            step = np.linalg.lstsq(H, gradient, rcond=None)[0]
            x = x - step * min(1, 1 / max(1e-300, np.linalg.norm(step)))
        converged = np.abs(surface.grad(x)).max() < 1e-9
        if converged and np.linalg.eigvalsh(surface.hessian(x))[0] > 1e-6:
            found.append(x)
    assert bool(found) == bool(len(surface.minima))
    for x in found:
        assert np.linalg.norm(surface.minima - x, axis=1).min() < 1e-6
    for minimum in surface.minima:
        assert min(np.linalg.norm(minimum - x) for x in found) < 1e-6


def test_known_values():
    assert SURFACES["rosenbrock"].f(np.array([-1.2, 1.0])) == pytest.approx(24.2, rel=1e-15)
    assert SURFACES["himmelblau"].f(np.zeros(2)) == 170
    assert SURFACES["booth"].f(np.zeros(2)) == 74
    assert SURFACES["beale"].f(np.ones(2)) == 14.203125
    assert SURFACES["double_well"].f(np.zeros(2)) == 0.25
    assert SURFACES["saddle"].f(np.array([3.0, 1.0])) == 4
    assert SURFACES["six_hump_camel"].least == pytest.approx(-1.0316284535, abs=5e-11)
    assert set(SURFACES) == {surface.name for surface in SURFACES.values()}


def test_the_starts_are_the_usual_ones():
    starts = {name: surface.start.tolist() for name, surface in SURFACES.items()}
    assert starts["rosenbrock"] == [-1.2, 1]
    assert starts["beale"] == [1, 1]
    assert starts["himmelblau"] == [0, 0]
    assert all(surface.source for surface in SURFACES.values())


def test_the_quadratic_has_the_spectrum_asked_for():
    rng = np.random.default_rng(5)
    m = np.array([1.0, 2.0, 3.0])
    surface = quadratic([4.0, 0.25, 1.0], rng=rng, minimum=m)
    H = surface.hessian(m)
    assert_allclose(np.linalg.eigvalsh(H), [0.25, 1, 4], rtol=1e-14)
    assert np.abs(H - np.diag(np.diag(H))).max() > 0.1
    assert_array_equal(H, H.T)
    assert surface.f(m) == 0
    # One away along each eigenvector: half the sum of the eigenvalues.
    assert surface.f(surface.start) == pytest.approx(5.25 / 2, rel=1e-14)
    assert_array_equal(surface.minima, [m])
    H[0, 0] = 99
    assert surface.hessian(m)[0, 0] != 99


def test_the_plain_quadratic_is_diagonal():
    surface = quadratic([2.0, 6.0])
    assert_array_equal(surface.hessian(np.zeros(2)), np.diag([2.0, 6.0]))
    assert_array_equal(surface.start, [1, 1])
    assert_array_equal(surface.minima, [[0, 0]])
    assert surface.least == 0


def test_a_quadratic_with_a_negative_curvature_has_no_minimum():
    surface = quadratic([1.0, -1.0])
    assert surface.minima.shape == (0, 2)
    assert surface.least == -np.inf
    assert quadratic([1.0, 0.0]).least == 0


def test_quadratic_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="minimum has 3 entries, expected 2"):
        quadratic([1.0, 2.0], minimum=[1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"pass numpy.random.default_rng\(7\)"):
        quadratic([1.0, 2.0], rng=7)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))
def test_the_jacobian_of_a_sum_of_squares(problem):
    rng = np.random.default_rng(2)
    points = [*problem.starts, *problem.minima, problem.starts[0] * (1 + rng.normal(size=1) / 50)]
    for x in points:
        r, J = problem.residual(x), problem.jacobian(x)
        assert J.shape == (r.size, x.size)
        expected = complex_columns(problem.residual, x)
        # Column by column, since unknowns may differ in size by 1e12; some 10 roundings each, and
        # e^u turns a rounding of its exponent into |u| ≤ 40 of its own.
        for column, slopes in zip(J.T, expected.T, strict=True):
            assert_allclose(column, slopes, rtol=0, atol=50 * EPS * np.abs(slopes).max())
        assert problem.f(x) == pytest.approx(np.sum(r**2) / 2, rel=1e-14)
        assert_allclose(problem.grad(x), J.T @ r, rtol=1e-14)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))
def test_the_minima_of_a_sum_of_squares(problem):
    assert problem.minima.shape == (problem.sums.size, problem.starts.shape[1])
    # NIST certifies eleven digits, of its sums and of its parameters.
    digits = 5e-11 if "NIST" in problem.source else EPS
    for x, total in zip(problem.minima, problem.sums, strict=True):
        # The model's terms are about as large as |J||x|, and so is what their rounding leaves.
        r, J = np.abs(problem.residual(x)), np.abs(problem.jacobian(x))
        rounding = 4 * EPS * (r + J @ np.abs(x))
        noise = np.sum((2 * r + rounding) * rounding)
        assert 2 * problem.f(x) == pytest.approx(total, rel=2 * digits, abs=noise)
        # The slope left over comes from that and, by way of the curvature, from x's last digit.
        H = np.abs(complex_columns(problem.grad, x))
        assert (np.abs(problem.grad(x)) <= H @ (digits * np.abs(x)) + J.T @ rounding).all()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_sums_are_the_published_ones(name):
    # The paper's six digits are cut off, not rounded.
    for ours, paper in zip(MGH[name].sums, PUBLISHED[name], strict=True):
        assert 0 <= ours - paper < 1e-5 * (paper or 1)


@pytest.mark.parametrize("name", [name for name in MGH if name not in PUBLISHED])
def test_the_other_sums_are_zero(name):
    assert_array_equal(MGH[name].sums, 0)


@pytest.mark.parametrize("name", SIZES)
def test_sizes_and_starts(name):
    problem = MGH[name]
    assert problem.name == name
    assert problem.starts.shape == (1, SIZES[name][1])
    assert repr(problem) == (
        f"LeastSquares({name}: {SIZES[name][0]} residuals, {SIZES[name][1]} unknowns)"
    )
    if name in FIRST:
        assert 2 * problem.f(problem.starts[0]) == pytest.approx(float(FIRST[name]), rel=1e-14)


def test_the_order_is_that_of_the_paper():
    assert list(MGH) == list(SIZES)
    numbers = [int(p.source.split("problem ")[1].split(";")[0].rstrip(".")) for p in MGH.values()]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 19, 30]


def test_three_of_them_are_nists():
    for ours, theirs in (("meyer", "MGH10"), ("kowalik_osborne", "MGH09"), ("osborne_1", "MGH17")):
        assert_array_equal(MGH[ours].starts, NIST[theirs].starts[1:])
        assert_array_equal(MGH[ours].minima, NIST[theirs].minima)
        assert theirs in MGH[ours].source


def test_each_call_gives_fresh_arrays():
    nist_strd()["Misra1a"].starts[0, 0] = 0
    assert nist_strd()["Misra1a"].starts[0, 0] == 500
    more_garbow_hillstrom()["bard"].minima[0, 0] = 0
    assert more_garbow_hillstrom()["bard"].minima[0, 0] != 0


@pytest.mark.parametrize("name", MGH)
def test_scipy_gets_there_from_the_standard_start(name):
    problem = MGH[name]
    # Its exponentials overflow far away, and some paths lead there.
    with np.errstate(all="ignore"):
        found = least_squares(
            problem.residual,
            problem.starts[0],
            jac=problem.jacobian,
            method="lm",
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
            max_nfev=5000,
        )
    total = 2 * found.cost
    nearest = np.abs(problem.sums - total).min()
    assert nearest <= 1e-9 * total + 1e-20, (total, problem.sums)


@pytest.mark.parametrize("name", NIST)
def test_scipy_gets_nists_certified_digits(name):
    problem = NIST[name]
    with np.errstate(all="ignore"):
        found = least_squares(
            problem.residual,
            problem.starts[1],
            jac=problem.jacobian,
            method="lm",
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
            max_nfev=5000,
        )
    # A minimum of height s can be told apart from its neighbors in half of the digits.
    assert_allclose(found.x, problem.minima[0], rtol=1e-6)
    assert 2 * found.cost == pytest.approx(problem.sums[0], rel=2e-10)


def test_a_certified_value_in_arbitrary_precision():
    """NIST's DanWood in 40 digits: its certified values are the right ones, to eleven digits."""
    problem = NIST["DanWood"]
    zero = np.zeros(2)
    y = [mpmath.mpf(repr(float(v))) for v in -problem.residual(zero)]
    t = [mpmath.mpf(s) for s in ("1.309", "1.471", "1.490", "1.565", "1.611", "1.680")]
    with mpmath.workdps(40):

        def slopes(a, b):
            r = [a * s**b - v for s, v in zip(t, y, strict=True)]
            return (
                mpmath.fsum(e * s**b for e, s in zip(r, t, strict=True)),
                mpmath.fsum(e * s**b * mpmath.log(s) for e, s in zip(r, t, strict=True)),
            )

        exact = mpmath.findroot(slopes, (0.77, 3.86))
        for ours, digits in zip(problem.minima[0], exact, strict=True):
            assert abs(ours - digits) < 1e-10 * digits


def test_wells_are_the_roots_of_their_cubics():
    for name, tilt in (("double_well", "0"), ("tilted_well", "0.1")):
        roots = sorted(mpmath.polyroots([1, 0, -1, mpmath.mpf(tilt)]))
        expected = [float(roots[0]), float(roots[2])]
        assert_allclose(SURFACES[name].minima[:, 0], expected, rtol=4 * EPS)


def test_a_point_of_another_size_is_refused():
    problem = MGH["rosenbrock"]
    for call in (problem.residual, problem.jacobian, problem.f, problem.grad):
        with pytest.raises(ValueError, match=r"x has shape \(3,\), rosenbrock takes 2 unknowns"):
            call([1.0, 2.0, 3.0])
    assert_array_equal(problem.residual([1, 1]), [0, 0])


def test_a_problem_of_ones_own():
    line = LeastSquares(
        "line",
        lambda x: (x[0] * np.arange(3.0) + x[1] - 1, np.stack([np.arange(3.0), np.ones(3)], 1)),
        starts=np.zeros((1, 2)),
        minima=np.array([[0.0, 1.0]]),
        sums=np.zeros(1),
    )
    assert_allclose(line.grad([1, 1]), [5, 3])
