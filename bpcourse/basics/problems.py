"""Test problems with known answers: surfaces to look at, and sums of squares to be hard on solvers.

Every function also takes complex x, so that derivatives can be checked by a complex step. Far from
the minimum some exponentials overflow to infinity: a solver that leaps there has to step back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from bpcourse.basics.validate import as_rng, as_vector

__all__ = [
    "SURFACES",
    "LeastSquares",
    "Surface",
    "more_garbow_hillstrom",
    "nist_strd",
    "quadratic",
]


@dataclass(frozen=True, eq=False)
class Surface:
    """A smooth function with its derivatives and its minima.

    Parameters
    ----------
    name : str
        What it is called.
    f : callable
        ``f(x)`` with x of shape (n,) is a number; with x of shape (n, …) it is that many, so that
        ``f(np.stack(np.meshgrid(u, v)))`` is what a contour plot needs.
    grad : callable
        ``grad(x)`` has the shape of x.
    hessian : callable
        ``hessian(x)`` of shape (n, n), for x of shape (n,).
    start : ndarray, shape (n,)
        The usual starting point.
    minima : ndarray, shape (k, n)
        All local minimizers, one a row, the lowest first; none for a saddle.
    least : float
        The smallest value, −∞ where f has none.
    source : str
        Where it comes from.
    """

    name: str
    f: Callable[[Any], Any]
    grad: Callable[[Any], Any]
    hessian: Callable[[Any], Any]
    start: np.ndarray
    minima: np.ndarray
    least: float
    source: str = ""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A sum of squared residuals to be minimized, with its known answers.

    Parameters
    ----------
    name : str
        What it is called.
    evaluate : callable
        ``evaluate(x)`` returns the residuals r, shape (m,), and the Jacobian J, shape (m, n).
    starts : ndarray, shape (k, n)
        Starting points, one a row; with NIST's the second is the nearer one.
    minima : ndarray, shape (l, n)
        Known minimizers, one a row.
    sums : ndarray, shape (l,)
        Σ r² at each of `minima`.
    source : str
        Where it comes from.
    """

    name: str
    evaluate: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
    starts: np.ndarray
    minima: np.ndarray
    sums: np.ndarray
    source: str = ""

    def __repr__(self) -> str:
        """Say the name and the sizes, not the numbers."""
        m, n = self.jacobian(self.starts[0]).shape
        return f"LeastSquares({self.name}: {m} residuals, {n} unknowns)"

    def residual(self, x):
        """Return r(x), shape (m,), for x of shape (n,)."""
        return self.evaluate(self._point(x))[0]

    def jacobian(self, x):
        """Return J with J_ki = ∂r_k/∂x_i, shape (m, n), for x of shape (n,)."""
        return self.evaluate(self._point(x))[1]

    def f(self, x):
        """Return ½ Σ r², half of what `sums` holds."""
        r = self.residual(x)
        return r @ r / 2

    def grad(self, x):
        """Return Jᵀr, the gradient of `f`, shape (n,)."""
        r, J = self.evaluate(self._point(x))
        return J.T @ r

    def _point(self, x):
        x = np.asarray(x)
        n = self.starts.shape[1]
        if x.shape != (n,):
            raise ValueError(
                f"x has shape {x.shape}, {self.name} takes {n} unknowns; pass x of shape ({n},)"
            )
        return x if x.dtype.kind in "fc" else x.astype(np.float64)


def quadratic(eigenvalues, *, rng=None, minimum=None):
    """The bowl ½ (x − m)ᵀ H (x − m) whose Hessian H has the eigenvalues given.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        The curvatures; with a negative one it is a saddle.
    rng : numpy.random.Generator, optional
        Turns the axes at random; without it H is diagonal.
    minimum : array_like, shape (n,), optional
        The point m; by default 0.

    Returns
    -------
    Surface
        Its start is 1 away from m along every eigenvector.
    """
    curvatures = as_vector(eigenvalues, "eigenvalues", why="one per variable")
    n = curvatures.size
    m = np.zeros(n) if minimum is None else as_vector(minimum, "minimum", length=n)
    Q = np.eye(n) if rng is None else np.linalg.qr(as_rng(rng).normal(size=(n, n)))[0]
    H = (Q * curvatures) @ Q.T
    H = (H + H.T) / 2
    bowl = bool((curvatures >= 0).all())

    def away(x):
        x = np.asarray(x)
        return x - m.reshape((n,) + (1,) * (x.ndim - 1))

    return Surface(
        "quadratic",
        lambda x: np.einsum("i...,ij,j...->...", away(x), H, away(x)) / 2,
        lambda x: np.einsum("ij,j...->i...", H, away(x)),
        lambda x: H.copy(),
        start=m + Q.sum(axis=1),
        minima=m[np.newaxis, :] if bowl else np.empty((0, n)),
        least=0.0 if bowl else -np.inf,
    )


def _rosenbrock():
    def f(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    def grad(x):
        rise = 200 * (x[1] - x[0] ** 2)
        return np.stack([-2 * x[0] * rise - 2 * (1 - x[0]), rise])

    def hessian(x):
        return np.array([[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200]])

    return Surface(
        "rosenbrock",
        f,
        grad,
        hessian,
        start=np.array([-1.2, 1.0]),
        minima=np.array([[1.0, 1.0]]),
        least=0.0,
        source="Rosenbrock (1960), An automatic method for finding the greatest or least value.",
    )


def _himmelblau():
    def parts(x):
        return x[0] ** 2 + x[1] - 11, x[0] + x[1] ** 2 - 7

    def f(x):
        u, v = parts(x)
        return u**2 + v**2

    def grad(x):
        u, v = parts(x)
        return np.stack([4 * x[0] * u + 2 * v, 2 * u + 4 * x[1] * v])

    def hessian(x):
        u, v = parts(x)
        cross = 4 * (x[0] + x[1])
        return np.array([[4 * u + 8 * x[0] ** 2 + 2, cross], [cross, 4 * v + 8 * x[1] ** 2 + 2]])

    return Surface(
        "himmelblau",
        f,
        grad,
        hessian,
        start=np.array([0.0, 0.0]),
        minima=np.array(
            [
                [3.0, 2.0],
                [-2.805118086952745, 3.131312518250573],
                [-3.779310253377747, -3.283185991286170],
                [3.584428340330492, -1.848126526964404],
            ]
        ),
        least=0.0,
        source="Himmelblau (1972), Applied Nonlinear Programming.",
    )


def _beale():
    powers = np.array([1, 2, 3])
    targets = np.array([1.5, 2.25, 2.625])

    def f(x):
        return sum((c - x[0] * (1 - x[1] ** k)) ** 2 for c, k in zip(targets, powers, strict=True))

    def grad(x):
        down = right = 0 * x[0]
        for c, k in zip(targets, powers, strict=True):
            r = c - x[0] * (1 - x[1] ** k)
            down = down - 2 * r * (1 - x[1] ** k)
            right = right + 2 * r * x[0] * k * x[1] ** (k - 1)
        return np.stack([down, right])

    def hessian(x):
        shape = 1 - x[1] ** powers
        slope = powers * x[1] ** (powers - 1)
        bend = np.array([0, 2, 6 * x[1]])
        r = targets - x[0] * shape
        cross = 2 * np.sum(r * slope - x[0] * slope * shape)
        right = 2 * np.sum((x[0] * slope) ** 2 + r * x[0] * bend)
        return np.array([[2 * np.sum(shape**2), cross], [cross, right]])

    return Surface(
        "beale",
        f,
        grad,
        hessian,
        start=np.array([1.0, 1.0]),
        minima=np.array([[3.0, 0.5]]),
        least=0.0,
        source="Beale (1958), On an iterative method for finding a local minimum.",
    )


def _booth():
    def parts(x):
        return x[0] + 2 * x[1] - 7, 2 * x[0] + x[1] - 5

    def f(x):
        u, v = parts(x)
        return u**2 + v**2

    def grad(x):
        u, v = parts(x)
        return np.stack([2 * u + 4 * v, 4 * u + 2 * v])

    return Surface(
        "booth",
        f,
        grad,
        lambda x: np.array([[10.0, 8.0], [8.0, 10.0]]),
        start=np.array([-5.0, 5.0]),
        minima=np.array([[1.0, 3.0]]),
        least=0.0,
        source="Jamil and Yang (2013), A literature survey of benchmark functions, number 17.",
    )


def _double_well(name, tilt, minima, least):
    return Surface(
        name,
        lambda x: (x[0] ** 2 - 1) ** 2 / 4 + tilt * x[0] + x[1] ** 2 / 2,
        lambda x: np.stack([x[0] ** 3 - x[0] + tilt, x[1]]),
        lambda x: np.array([[3 * x[0] ** 2 - 1, 0], [0, 1]]),
        start=np.array([0.5, 1.0]),
        minima=np.array(minima),
        least=least,
        source="(x² − 1)²/4 + tilt x + y²/2, with a saddle between the wells.",
    )


def _saddle():
    return Surface(
        "saddle",
        lambda x: (x[0] ** 2 - x[1] ** 2) / 2,
        lambda x: np.stack([x[0], -x[1]]),
        lambda x: np.array([[1.0, 0.0], [0.0, -1.0]]),
        start=np.array([1.0, 1e-3]),
        minima=np.empty((0, 2)),
        least=-np.inf,
        source="(x² − y²)/2.",
    )


def _camel():
    def f(x):
        return (
            (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2
            + x[0] * x[1]
            + (4 * x[1] ** 2 - 4) * x[1] ** 2
        )

    def grad(x):
        return np.stack(
            [
                8 * x[0] - 8.4 * x[0] ** 3 + 2 * x[0] ** 5 + x[1],
                x[0] - 8 * x[1] + 16 * x[1] ** 3,
            ]
        )

    def hessian(x):
        return np.array(
            [
                [8 - 25.2 * x[0] ** 2 + 10 * x[0] ** 4, 1],
                [1, 48 * x[1] ** 2 - 8],
            ]
        )

    half = [
        (0.08984201310031806, -0.7126564030207396),
        (1.703606714969981, -0.7960835686726251),
        (1.607104752920197, 0.5686514548841313),
    ]
    return Surface(
        "six_hump_camel",
        f,
        grad,
        hessian,
        start=np.array([-1.5, 0.5]),
        minima=np.array([point for x, y in half for point in ((x, y), (-x, -y))]),
        least=-1.031628453489877,
        source="Dixon and Szegő (1978), The global optimization problem: an introduction.",
    )


SURFACES: dict[str, Surface] = {
    surface.name: surface
    for surface in (
        _booth(),
        _rosenbrock(),
        _beale(),
        _himmelblau(),
        _camel(),
        _double_well("double_well", 0.0, [[-1.0, 0.0], [1.0, 0.0]], 0.0),
        _double_well(
            "tilted_well",
            0.1,
            [[-1.046680531804602, 0.0], [0.9456492739235914, 0.0]],
            -0.1023860738000364,
        ),
        _saddle(),
    )
}


def nist_strd():
    """NIST's reference sets for nonlinear regression, twelve of them, with certified answers.

    Returns
    -------
    dict of str to LeastSquares
        By NIST's names. The residual is the model minus the measured; `starts` holds NIST's far
        and near starting points, `minima` and `sums` the certified values, to eleven digits.

    References
    ----------
    National Institute of Standards and Technology, Statistical Reference Datasets, nonlinear
    regression. Works of the United States government, in the public domain.
    """
    file = resources.files("bpcourse.basics") / "data" / "nist_strd.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        numbers = dict(stored)

    def problem(name):
        model, who = NIST_MODELS[name]
        t, y = numbers[f"{name}.t"], numbers[f"{name}.y"]

        def evaluate(b):
            value, *slopes = model(t, b)
            return value - y, _columns(*slopes)

        return LeastSquares(
            name,
            evaluate,
            starts=numbers[f"{name}.starts"],
            minima=numbers[f"{name}.certified"][np.newaxis, :],
            sums=numbers[f"{name}.sum"],
            source=f"{who}; NIST Statistical Reference Datasets, nonlinear regression.",
        )

    return {name: problem(name) for name in NIST_MODELS}


# Each model returns its value and its derivative with respect to each parameter b_i.


def _saturation(t, b):
    e = np.exp(-b[1] * t)
    return b[0] * (1 - e), 1 - e, b[0] * t * e


def _chwirut(t, b):
    e, d = np.exp(-b[0] * t), b[1] + b[2] * t
    return e / d, -t * e / d, -e / d**2, -t * e / d**2


def _power(t, b):
    p = t ** b[1]
    return b[0] * p, p, b[0] * p * np.log(t)


def _three_exponentials(t, b):
    e = [np.exp(-rate * t) for rate in b[1::2]]
    value = b[0] * e[0] + b[2] * e[1] + b[4] * e[2]
    return value, e[0], -b[0] * t * e[0], e[1], -b[2] * t * e[1], e[2], -b[4] * t * e[2]


def _cubic_over_cubic(t, b):
    top = b[0] + b[1] * t + b[2] * t**2 + b[3] * t**3
    bottom = 1 + b[4] * t + b[5] * t**2 + b[6] * t**3
    down = -top / bottom**2
    return (
        top / bottom,
        1 / bottom,
        t / bottom,
        t**2 / bottom,
        t**3 / bottom,
        down * t,
        down * t**2,
        down * t**3,
    )


def _kowalik_osborne(t, b):
    top, bottom = t**2 + t * b[1], t**2 + t * b[2] + b[3]
    q = b[0] * top / bottom
    return q, top / bottom, b[0] * t / bottom, -q * t / bottom, -q / bottom


def _meyer(t, b):
    d = t + b[2]
    e = np.exp(b[1] / d)
    return b[0] * e, e, b[0] * e / d, -b[0] * b[1] * e / d**2


def _osborne_1(t, b):
    e, g = np.exp(-b[3] * t), np.exp(-b[4] * t)
    return b[0] + b[1] * e + b[2] * g, 1, e, g, -b[1] * t * e, -b[2] * t * g


def _bell(t, b):
    u = (t - b[2]) / b[1]
    e = np.exp(-(u**2) / 2) / b[1]
    return b[0] * e, e, b[0] * e * (u**2 - 1) / b[1], b[0] * e * u / b[1]


def _logistic(t, b):
    e = np.exp(b[1] - b[2] * t)
    slope = b[0] * e / (1 + e) ** 2
    return b[0] / (1 + e), 1 / (1 + e), -slope, t * slope


def _bent_logistic(t, b):
    e = np.exp(b[1] - b[2] * t)
    s = (1 + e) ** (-1 / b[3])
    slope = b[0] * s * e / ((1 + e) * b[3])
    return b[0] * s, s, -slope, t * slope, b[0] * s * np.log(1 + e) / b[3] ** 2


NIST_MODELS = {
    "Misra1a": (_saturation, "Misra (1978), dental research in monomolecular adsorption"),
    "Chwirut2": (_chwirut, "Chwirut, ultrasonic calibration"),
    "DanWood": (_power, "Daniel and Wood (1980), Fitting Equations to Data"),
    "Lanczos3": (_three_exponentials, "Lanczos (1956), Applied Analysis"),
    "Thurber": (_cubic_over_cubic, "Thurber, semiconductor electron mobility"),
    "MGH09": (_kowalik_osborne, "Kowalik and Osborne (1978), Unconstrained Optimization Problems"),
    "MGH10": (
        _meyer,
        "Meyer (1970), Theoretical and computational aspects of nonlinear regression",
    ),
    "MGH17": (_osborne_1, "Osborne (1972), Some aspects of nonlinear least squares calculations"),
    "Eckerle4": (_bell, "Eckerle, circular interference transmittance"),
    "Rat42": (_logistic, "Ratkowsky (1983), Nonlinear Regression Modeling, pasture yield"),
    "Rat43": (_bent_logistic, "Ratkowsky (1983), Nonlinear Regression Modeling, onion growth"),
    "BoxBOD": (_saturation, "Box, Hunter and Hunter (1978), biochemical oxygen demand"),
}


def more_garbow_hillstrom():
    """Eighteen of the classic sums of squares on which optimizers are tried.

    Returns
    -------
    dict of str to LeastSquares
        In the order of the paper, with its standard starting points. Meyer's, Kowalik and
        Osborne's and Osborne's first are NIST's MGH10, MGH09 and MGH17.

    Notes
    -----
    Some have minimizers that are not listed because they lie at infinity (Kowalik and Osborne,
    Bard) or fill a line (Box: x₁ = x₂, x₃ = 0). At Powell's singular minimum the Jacobian has
    rank 2.

    References
    ----------
    Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software.
    """
    problems = {
        number: LeastSquares(
            name,
            evaluate,
            starts=np.array([start], dtype=np.float64),
            minima=np.array(minima, dtype=np.float64),
            sums=np.array(sums, dtype=np.float64),
            source=f"Moré, Garbow and Hillstrom (1981), problem {number}.",
        )
        for number, name, evaluate, start, minima, sums in MORE_GARBOW_HILLSTROM
    }
    reference = nist_strd()
    for number, name, same in (
        (10, "meyer", reference["MGH10"]),
        (15, "kowalik_osborne", reference["MGH09"]),
        (17, "osborne_1", reference["MGH17"]),
    ):
        problems[number] = LeastSquares(
            name,
            same.evaluate,
            starts=same.starts[1:],
            minima=same.minima,
            sums=same.sums,
            source=f"Moré, Garbow and Hillstrom (1981), problem {number}; NIST's {same.name}.",
        )
    return {problems[number].name: problems[number] for number in sorted(problems)}


def _columns(*columns):
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


def _numbers(text):
    return np.array(text.split(), dtype=np.float64)


def _rosenbrock_rows(x):
    r = np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    return r, np.array([[-20 * x[0], 10], [-1, 0]])


def _freudenstein_roth(x):
    r = np.array(
        [
            -13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1],
            -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1],
        ]
    )
    J = np.array([[1, (10 - 3 * x[1]) * x[1] - 2], [1, (3 * x[1] + 2) * x[1] - 14]])
    return r, J


def _powell_badly_scaled(x):
    e = np.exp(-x)
    return np.array([1e4 * x[0] * x[1] - 1, e[0] + e[1] - 1.0001]), np.array([1e4 * x[::-1], -e])


def _brown_badly_scaled(x):
    r = np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])
    return r, np.array([[1, 0], [0, 1], [x[1], x[0]]])


def _beale_rows(x):
    k = np.arange(1, 4)
    p = x[1] ** k
    r = np.array([1.5, 2.25, 2.625]) - x[0] * (1 - p)
    return r, _columns(p - 1, x[0] * k * x[1] ** (k - 1))


def _jennrich_sampson(x):
    i = np.arange(1, 11)
    e, g = np.exp(i * x[0]), np.exp(i * x[1])
    return 2 + 2 * i - e - g, _columns(-i * e, -i * g)


def _helical_valley(x):
    square = x[0] ** 2 + x[1] ** 2
    with np.errstate(divide="ignore"):
        turn = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if x[0].real < 0 else 0)
    radius = np.sqrt(square)
    r = np.array([10 * (x[2] - 10 * turn), 10 * (radius - 1), x[2]])
    c = 50 / (np.pi * square)
    J = np.array(
        [
            [c * x[1], -c * x[0], 10],
            [10 * x[0] / radius, 10 * x[1] / radius, 0],
            [0, 0, 1],
        ]
    )
    return r, J


BARD = _numbers(
    """
    0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39
    """
)


def _bard(x):
    u = np.arange(1, 16)
    v = 16 - u
    w = np.minimum(u, v)
    d = v * x[1] + w * x[2]
    return BARD - x[0] - u / d, _columns(-1, u * v / d**2, u * w / d**2)


GAUSSIAN = _numbers(
    """
    0.0009 0.0044 0.0175 0.0540 0.1295 0.2420 0.3521 0.3989 0.3521 0.2420 0.1295 0.0540 0.0175
    0.0044 0.0009
    """
)


def _gaussian(x):
    d = (8 - np.arange(1, 16)) / 2 - x[2]
    e = np.exp(-x[1] * d**2 / 2)
    return x[0] * e - GAUSSIAN, _columns(e, -x[0] * d**2 * e / 2, x[0] * x[1] * d * e)


def _box(x):
    t = np.arange(1, 11) / 10
    e, g, h = np.exp(-t * x[0]), np.exp(-t * x[1]), np.exp(-10 * t) - np.exp(-t)
    return e - g + x[2] * h, _columns(-t * e, t * g, h)


def _powell_singular(x):
    a, b = x[1] - 2 * x[2], x[0] - x[3]
    root5, root10 = np.sqrt(5), np.sqrt(10)
    r = np.array([x[0] + 10 * x[1], root5 * (x[2] - x[3]), a**2, root10 * b**2])
    J = np.array(
        [
            [1, 10, 0, 0],
            [0, 0, root5, -root5],
            [0, 2 * a, -4 * a, 0],
            [2 * root10 * b, 0, 0, -2 * root10 * b],
        ]
    )
    return r, J


def _wood(x):
    root10, root90 = np.sqrt(10), np.sqrt(90)
    r = np.array(
        [
            10 * (x[1] - x[0] ** 2),
            1 - x[0],
            root90 * (x[3] - x[2] ** 2),
            1 - x[2],
            root10 * (x[1] + x[3] - 2),
            (x[1] - x[3]) / root10,
        ]
    )
    J = np.array(
        [
            [-20 * x[0], 10, 0, 0],
            [-1, 0, 0, 0],
            [0, 0, -2 * root90 * x[2], root90],
            [0, 0, -1, 0],
            [0, root10, 0, root10],
            [0, 1 / root10, 0, -1 / root10],
        ]
    )
    return r, J


def _brown_dennis(x):
    t = np.arange(1, 21) / 5
    a, b = x[0] + t * x[1] - np.exp(t), x[2] + x[3] * np.sin(t) - np.cos(t)
    return a**2 + b**2, _columns(2 * a, 2 * a * t, 2 * b, 2 * b * np.sin(t))


OSBORNE_2 = _numbers(
    """
    1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616
    0.606 0.602 0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495
    0.500 0.423 0.395 0.375 0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672
    0.708 0.633 0.668 0.645 0.632 0.591 0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581
    0.428 0.292 0.162 0.098 0.054
    """
)


def _osborne_2(x):
    t = np.arange(65)[:, np.newaxis] / 10
    decay = np.exp(-t * x[4])
    d = t - x[8:11]
    bells = np.exp(-(d**2) * x[5:8])
    model = (decay * x[0])[:, 0] + bells @ x[1:4]
    J = np.hstack(
        [
            decay,
            bells,
            -t * x[0] * decay,
            -(d**2) * x[1:4] * bells,
            2 * d * x[5:8] * x[1:4] * bells,
        ]
    )
    return model - OSBORNE_2, J


def _broyden_tridiagonal(x):
    r = (3 - 2 * x) * x + 1
    r[1:] -= x[:-1]
    r[:-1] -= 2 * x[1:]
    n = x.size
    return r, np.diag(3 - 4 * x) - np.eye(n, k=-1) - 2 * np.eye(n, k=1)


OSBORNE_2_MINIMUM = _numbers(
    """
    1.3099771546273007 0.431553794602989 0.633661698960724 0.5994305347859162 0.7541832263280114
    0.9042885798596336 1.3658118352370279 4.823698817227157 2.3986848661317546 4.568874597667672
    5.6753414705806415
    """
)

BROYDEN_MINIMUM = _numbers(
    """
    -0.5707221320112248 -0.681806949984275 -0.7022100760176601 -0.7055106298950804
    -0.7049061557287437 -0.7014966070298512 -0.6918893223547983 -0.6657965144058537
    -0.5960351090263657 -0.4164122575286934
    """
)

# Number in the paper, name, residuals and Jacobian, start, minimizers, Σ r² at each. The paper
# gives six digits of those that are not zero; here they were refined in extended precision.
MORE_GARBOW_HILLSTROM = (
    (1, "rosenbrock", _rosenbrock_rows, [-1.2, 1], [[1, 1]], [0]),
    (
        2,
        "freudenstein_roth",
        _freudenstein_roth,
        [0.5, -2],
        [[5, 4], [11.412778986902094, -0.8968052532744765]],
        [0, 48.98425367924002],
    ),
    (
        3,
        "powell_badly_scaled",
        _powell_badly_scaled,
        [0, 1],
        [[1.0981593296998055e-5, 9.106146739866624]],
        [0],
    ),
    (4, "brown_badly_scaled", _brown_badly_scaled, [1, 1], [[1e6, 2e-6]], [0]),
    (5, "beale", _beale_rows, [1, 1], [[3, 0.5]], [0]),
    (
        6,
        "jennrich_sampson",
        _jennrich_sampson,
        [0.3, 0.4],
        [[0.2578252136703641, 0.2578252136703641]],
        [124.36218235561485],
    ),
    (7, "helical_valley", _helical_valley, [-1, 0, 0], [[1, 0, 0]], [0]),
    (
        8,
        "bard",
        _bard,
        [1, 1, 1],
        [[0.08241055974978899, 1.1330360920297224, 2.3436951786425366]],
        [8.21487730657898e-3],
    ),
    (
        9,
        "gaussian",
        _gaussian,
        [0.4, 1, 0],
        [[0.39895613783875666, 1.0000190844878056, 0]],
        [1.1279327696190112e-8],
    ),
    (12, "box", _box, [0, 10, 20], [[1, 10, 1], [10, 1, -1]], [0, 0]),
    (13, "powell_singular", _powell_singular, [3, -1, 0, 1], [[0, 0, 0, 0]], [0]),
    (14, "wood", _wood, [-3, -1, -3, -1], [[1, 1, 1, 1]], [0]),
    (
        16,
        "brown_dennis",
        _brown_dennis,
        [25, 5, -5, -1],
        [[-11.594439904762165, 13.203630051207202, -0.4034394881768595, 0.23677877445573628]],
        [85822.20162635631],
    ),
    (
        19,
        "osborne_2",
        _osborne_2,
        [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5],
        [OSBORNE_2_MINIMUM],
        [0.040137736293547756],
    ),
    (
        30,
        "broyden_tridiagonal",
        _broyden_tridiagonal,
        [-1] * 10,
        [BROYDEN_MINIMUM],
        [0],
    ),
)
