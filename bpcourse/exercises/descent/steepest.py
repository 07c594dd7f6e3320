"""The exercises of chapter 2, Gradient and steepest descent."""

import numpy as np

from bpcourse.exercises.compare import equal
from bpcourse.exercises.declare import Exercise, Mistake, Part

# A gradient by brute force ----------------------------------------------------------------------


def _quartic(A, x):
    return np.sum((A @ x) ** 4) / 4


def _quartic_gradient(A, x):
    return A.T @ (A @ x) ** 3


def _difference(A, x, h, right=1.0, left=0.0, over=1.0):
    """(f(x + right h eᵢ) − f(x − left h eᵢ))/(over h) for every coordinate."""
    moves = h * np.eye(len(x))
    rise = [_quartic(A, x + right * e) - _quartic(A, x - left * e) for e in moves]
    return np.array(rise) / (over * h)


def _never_moved_back(A, x, h):
    gradient, here = np.empty(len(x)), _quartic(A, x)
    moved = x.copy()
    for i in range(len(x)):
        moved[i] += h
        gradient[i] = (_quartic(A, moved) - here) / h
    return gradient


def _moved_for_good(A, x, h):
    for i in range(len(x)):
        x[i] += h
    return np.zeros(len(x))


def _from_corner_to_corner(A, x, h):
    gradient, before, moved = np.empty(len(x)), _quartic(A, x), x.copy()
    for i in range(len(x)):
        moved[i] += h
        after = _quartic(A, moved)
        gradient[i], before = (after - before) / h, after
    return gradient


def _differences_inputs(rng):
    sizes = [(3, 1), (4, 4), (2, 5), (6, 3)]
    return [
        (rng.normal(size=(m, p)) / 2, rng.normal(size=p), float(rng.uniform(0.05, 0.4)))
        for m, p in sizes
    ]


DIFFERENCES = Exercise(
    id="descent.steepest.differences",
    title="A gradient by brute force",
    asks=(
        "Let f(x) = ¼ Σ (Ax)⁴, summed over the rows of A. Write a function of `A` (m, p), "
        "`x` (p,) and `h` that returns the forward-difference gradient of f at x with step h, of "
        "shape (p,). Not the exact gradient. Leave `x` as it is."
    ),
    parameters=("A", "x", "h"),
    parts=(Part("gradient", "(p,)", points=2),),
    public=(
        (np.array([[1.0, 2.0], [0.0, 1.0], [1.0, -1.0]]), np.array([1.0, 0.5]), 0.1),
        (np.array([[1.0, 0.0, -1.0]]), np.array([2.0, 3.0, 0.5]), 0.25),
    ),
    hidden=_differences_inputs,
    varies="other sizes of A, one variable alone, smaller and larger h",
    solution=lambda A, x, h: _difference(A, x, h),
    mistakes=(
        Mistake(
            "this is the exact gradient",
            lambda A, x, h: _quartic_gradient(A, x),
            "it has no error, and the error is what the exercise wants to see: evaluate f beside "
            "x, and divide the difference by h. The h has to matter.",
        ),
        Mistake(
            "these are central differences",
            lambda A, x, h: _difference(A, x, h, left=1.0, over=2.0),
            "they are better, and they cost 2p evaluations in place of p + 1. The exercise asks "
            "for the forward ones, which step to one side only.",
        ),
        Mistake(
            "these are backward differences",
            lambda A, x, h: _difference(A, x, h, right=0.0, left=1.0),
            "you step against the axis. Forward means from x to x + h.",
        ),
        Mistake(
            "the sign is reversed",
            lambda A, x, h: -_difference(A, x, h),
            "which comes first in the difference, the value beside x or the value at x? A slope "
            "is positive where f rises.",
        ),
        Mistake(
            "the difference is not divided by h",
            lambda A, x, h: _difference(A, x, h) * h,
            "you return by how much f changes on the step. A slope is a change per length.",
        ),
        Mistake(
            "the difference is divided by 2h",
            lambda A, x, h: _difference(A, x, h) / 2,
            "2h belongs to the central difference, whose two points are 2h apart. How far apart "
            "are yours?",
        ),
        Mistake(
            "the coordinates moved before have not moved back",
            _never_moved_back,
            "the first slope is right and the later ones are not: x still has the earlier "
            "coordinates' h in it. Each coordinate starts from x itself; make a fresh copy.",
        ),
        Mistake(
            "each slope is measured from the corner that the last one reached",
            _from_corner_to_corner,
            "you walk along the legs of the proof of the first-order model, one after the other. "
            "A gradient takes all slopes at the same point x.",
        ),
        Mistake(
            "a single step moves all coordinates at once",
            lambda A, x, h: np.full(len(x), (_quartic(A, x + h) - _quartic(A, x)) / h),
            "`x + h` adds h to every entry. That is one direction, the diagonal, and one slope; "
            "a gradient needs one step along each axis.",
        ),
        Mistake(
            "the caller's x has been moved",
            _moved_for_good,
            "`y = x` gives the same array a second name, so that the step moves x itself. "
            "Use `x.copy()`; then the point you subtract is still where it was.",
        ),
    ),
    withholds=("descent.steepest.fd_grad",),
)


# Sign descent -----------------------------------------------------------------------------------


def _walk(H, b, x0, eta, steps, move=lambda g: -np.sign(g)):
    path = np.empty((steps + 1, len(x0)))
    path[0] = x0
    for k in range(steps):
        path[k + 1] = path[k] + eta * move(H @ path[k] - b)
    return path


def _slope_of_the_start(H, b, x0, eta, steps):
    return x0 - eta * np.arange(steps + 1)[:, None] * np.sign(H @ x0 - b)


def _one_at_a_time(g):
    d = np.zeros_like(g)
    d[np.abs(g).argmax()] = -np.sign(g[np.abs(g).argmax()])
    return d


def _sign_inputs(rng):
    inputs = []
    for p, steps in ((1, 6), (2, 8), (4, 7), (5, 1)):
        A = rng.normal(size=(p, p))
        H = 0.1 * A @ A.T + np.diag(rng.uniform(1, 3, size=p))
        # The start lies between 0 and the minimum, so that b decides which way is down.
        minimum = rng.uniform(1.2, 2.0, size=p) * rng.choice([-1.0, 1.0], size=p)
        inputs.append((H, H @ minimum, 0.3 * minimum, float(rng.uniform(0.2, 0.4)), steps))
    return inputs


SIGN = Exercise(
    id="descent.steepest.sign",
    title="Sign descent",
    asks=(
        "Let f(x) = ½ xᵀHx − bᵀx, with gradient Hx − b. Write a function of `H` (p, p), `b` (p,), "
        "`x0` (p,), `eta` and `steps` that goes `steps` times by eta along the steepest step of "
        "the square ruler. Return all positions, the start first, in shape (steps + 1, p). A "
        "coordinate without slope stays where it is."
    ),
    parameters=("H", "b", "x0", "eta", "steps"),
    parts=(Part("path", "(steps + 1, p)", points=2),),
    public=(
        (
            np.array([[2.0, 1.0], [1.0, 4.0]]),
            np.array([1.0, 0.0]),
            np.array([4.0, -1.0]),  # the second slope is 0
            0.5,
            3,
        ),
        (np.diag([1.0, 8.0, 2.0]), np.array([0.0, 1.0, -1.0]), np.array([3.0, 2.0, -2.0]), 0.25, 4),
    ),
    hidden=_sign_inputs,
    varies="other sizes, one variable alone, a single step, smaller and larger eta",
    solution=lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps),
    mistakes=(
        Mistake(
            "the steps go uphill",
            lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps, np.sign),
            "the gradient points to where f rises, and so do its signs. Descent goes against them.",
        ),
        Mistake(
            "this is plain gradient descent",
            lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps, np.negative),
            "your steps use the sizes of the slopes. By the square ruler the best step moves every "
            "coordinate equally far.",
        ),
        Mistake(
            "the gradient is divided by its length",
            lambda H, b, x0, eta, steps: _walk(
                H, b, x0, eta, steps, lambda g: -g / (np.linalg.norm(g) or 1.0)
            ),
            "that is the steepest step by the round ruler. “The square ruler” has another one.",
        ),
        Mistake(
            "only the coordinate with the steepest slope moves",
            lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps, _one_at_a_time),
            "that is the best step when length is the *sum* of the entries. By the square ruler "
            "moving one coordinate costs as much as moving all.",
        ),
        Mistake(
            "the signs are those at the start, all the way",
            _slope_of_the_start,
            "you compute the gradient once. The ground changes on the way: it has to be felt anew "
            "at every position.",
        ),
        Mistake(
            "the start is missing",
            lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps)[1:],
            "the positions are right. The path begins with x0, so it has one row more than steps.",
        ),
        Mistake(
            "only the last position is returned",
            lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps)[-1],
            "you arrive where you should. Keep every position on the way, one a row.",
        ),
        Mistake(
            "every row holds the last position",
            lambda H, b, x0, eta, steps: np.tile(_walk(H, b, x0, eta, steps)[-1], (steps + 1, 1)),
            "the list holds the same array many times over, and `x -= …` changes them all. Write "
            "`x = x - …`, which makes a new array, or append copies.",
        ),
        Mistake(
            "these are the signs of the position, not of the slope",
            lambda H, b, x0, eta, steps: _walk(H, b, x0, eta, steps, _Toward(H, b)),
            "you move every coordinate toward 0. Which way is down is said by the gradient, "
            "Hx − b, and that couples the coordinates.",
        ),
        Mistake(
            "b is missing in the gradient",
            lambda H, b, x0, eta, steps: _walk(H, 0 * b, x0, eta, steps),
            "without b the minimum would be at 0. Differentiate both terms of f.",
        ),
        Mistake(
            "b has the wrong sign in the gradient",
            lambda H, b, x0, eta, steps: _walk(H, -b, x0, eta, steps),
            "f has −bᵀx in it. What is its derivative?",
        ),
        Mistake(
            "a coordinate without slope moves, too",
            lambda H, b, x0, eta, steps: _walk(
                H, b, x0, eta, steps, lambda g: np.where(g > 0, -1.0, 1.0)
            ),
            "where the slope is 0, neither direction goes down. `g > 0` puts the zeros with the "
            "negative slopes; `np.sign` has three answers.",
        ),
        Mistake(
            "a coordinate without slope moves, too, against its axis",
            lambda H, b, x0, eta, steps: _walk(
                H, b, x0, eta, steps, lambda g: np.where(g >= 0, -1.0, 1.0)
            ),
            "where the slope is 0, neither direction goes down. `g >= 0` puts the zeros with the "
            "positive slopes; `np.sign` has three answers.",
        ),
    ),
    withholds=("descent.steepest.steepest",),
)


class _Toward:
    """The step −sign(x), told from the gradient Hx − b."""

    def __init__(self, H, b):
        self.H, self.b = H, b

    def __call__(self, g):
        return -np.sign(np.linalg.solve(self.H, g + self.b).round(12))


# The right ruler --------------------------------------------------------------------------------


def _direction(P, g):
    v = np.linalg.solve(P, g)
    return -v / np.sqrt(g @ v)


def _length(H, g, d):
    return -(g @ d) / (d @ H @ d)


def _ruler(P, H, g):
    d = _direction(P, g)
    return d, _length(H, g, d)


def _definite(rng, p):
    A = rng.normal(size=(p, p))
    return A @ A.T + np.eye(p)


def _ruler_inputs(rng):
    inputs = []
    for p in (1, 2, 4, 6):
        inputs.append((_definite(rng, p), _definite(rng, p), rng.normal(size=p) + 0.1))
    H = _definite(rng, 3)
    return [*inputs, (H, H, rng.normal(size=3))]


RULER = Exercise(
    id="descent.steepest.ruler",
    title="The right ruler solves a quadratic in one step",
    asks=(
        "Write a function of `P` (p, p), `H` (p, p) and `g` (p,) that returns the pair `(d, t)`: d "
        "of shape (p,) is the steepest step of length 1 by the ruler P when the gradient is g; t, "
        "a number, says how far to go along d until f is lowest, when f is a quadratic with "
        "Hessian H."
    ),
    parameters=("P", "H", "g"),
    parts=(Part("d", "(p,)", points=2), Part("t", "()", points=1)),
    public=(
        (
            np.array([[2.0, 1.0], [1.0, 3.0]]),
            np.array([[4.0, 0.0], [0.0, 1.0]]),
            np.array([1.0, 2.0]),
        ),
        (
            np.diag([1.0, 4.0, 9.0]),
            np.array([[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]]),
            np.array([1.0, -2.0, 3.0]),
        ),
    ),
    hidden=_ruler_inputs,
    varies="other sizes, one variable alone, P equal to H",
    solution=_ruler,
    mistakes=(
        Mistake(
            "d points uphill",
            lambda P, H, g: (-_direction(P, g), _length(H, g, _direction(P, g))),
            "the step has the gradient's side, not the other. Where has the minus of the boxed "
            "formula gone?",
        ),
        Mistake(
            "d does not have length 1",
            lambda P, H, g: (-np.linalg.solve(P, g), _length(H, g, _direction(P, g))),
            "the direction is right. Divide by the length that the ruler P gives it.",
        ),
        Mistake(
            "d has length 1 by the round ruler",
            lambda P, H, g: (
                (v := _direction(P, g)) / np.linalg.norm(v),
                _length(H, g, v),
            ),
            "the direction is right, the length is measured with the wrong ruler: dᵀPd should "
            "be 1.",
        ),
        Mistake(
            "the root is missing in the length of d",
            lambda P, H, g: (
                -(v := np.linalg.solve(P, g)) / (g @ v),
                _length(H, g, _direction(P, g)),
            ),
            "gᵀP⁻¹g is the square of a length, so that your d is a step of another length than 1.",
        ),
        Mistake(
            "d is P times the gradient, where its inverse is needed",
            lambda P, H, g: (
                -(P @ g) / np.sqrt((P @ g) @ P @ (P @ g)),
                _length(H, g, _direction(P, g)),
            ),
            "directions that P calls long should be used *less*. “A ruler made for the valley” "
            "follows the inverse through the change of coordinates.",
        ),
        Mistake(
            "d is the step of the round ruler",
            lambda P, H, g: (-g / np.linalg.norm(g), _length(H, g, _direction(P, g))),
            "your d does not know P at all. It is the steepest step by the tape measure.",
        ),
        Mistake(
            "t has the wrong sign",
            lambda P, H, g: (_direction(P, g), -_length(H, g, _direction(P, g))),
            "d already points downhill, so t is positive. Solve ⟨g, d⟩ + t dᵀHd = 0 for t, and "
            "mind the sign when the first term changes sides.",
        ),
        Mistake(
            "t is twice too long",
            lambda P, H, g: (_direction(P, g), 2 * _length(H, g, _direction(P, g))),
            "at your t the quadratic is back at the height where it started. The derivative of "
            "½t² is t.",
        ),
        Mistake(
            "t is half as long as it should be",
            lambda P, H, g: (_direction(P, g), _length(H, g, _direction(P, g)) / 2),
            "there is a ½ in the quadratic, and a 2 in the derivative of t².",
        ),
        Mistake(
            "t is the slope along d, without the curvature",
            lambda P, H, g: (_direction(P, g), -(g @ _direction(P, g))),
            "how far to go depends on how soon the ground turns up again: on dᵀHd.",
        ),
        Mistake(
            "t divides by the curvature along d twice",
            lambda P, H, g: (
                d := _direction(P, g),
                -(g @ d) / (d @ H @ d) ** 2,
            ),
            "the curvature along d, dᵀHd, stands once in ⟨g, d⟩ + t dᵀHd = 0. Solve that for t.",
        ),
    ),
    withholds=("descent.steepest.steepest",),
)


# The worst point --------------------------------------------------------------------------------


def _cosine(H, x):
    return x @ H @ x / (np.linalg.norm(H @ x) * np.linalg.norm(x))


def _mixed(H, power, other=-1):
    values, Q = np.linalg.eigh(H)
    return Q[:, 0] * values[0] ** power + Q[:, other] * values[other] ** power


def _is_worst(expected, x, args, rtol):
    """None if −∇f at x misses the minimum by the largest angle."""
    (H,) = args
    if x.shape != (len(H),):
        shape = f"shape {x.shape}" if x.shape else "a single number"
        return f"expected shape ({len(H)},), one entry per row of H, got {shape}"
    if not np.isfinite(x).all():
        return f"the point must be finite numbers, got {x[~np.isfinite(x)][0]}"
    if not x.any():
        return "the point is 0, the minimum itself, where the gradient is 0 and there is no angle"
    cosine, least = _cosine(H, x), _cosine(H, expected)
    if cosine <= least + max(rtol, 1e-9):
        return None
    angle, largest = np.degrees(np.arccos(np.clip([cosine, least], -1, 1)))
    return f"at your point the angle is {angle:.4f}°; it can be as large as {largest:.4f}°"


def _same_point(one, other, args, rtol):
    """Whether two points have the same coordinates in the eigenvectors, but for signs and size."""
    (H,) = args
    for x in (one, other):
        if x.shape != (len(H),) or not np.isfinite(x).all() or not x.any():
            return equal(one, other, args, rtol)
    Q = np.linalg.eigh(H)[1]
    a, b = (np.abs(Q.T @ x) / np.linalg.norm(x) for x in (one, other))
    return bool(np.allclose(a, b, rtol=0, atol=1e-6))


def _with_eigenvalues(rng, values):
    Q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    H = (Q * values) @ Q.T
    return (H + H.T) / 2


def _worst_inputs(rng):
    inputs = [(np.diag([9.0, 1.0]),)]
    for p in (3, 4, 6):
        values = np.cumsum(rng.uniform(0.5, 4.0, size=p))
        inputs.append((_with_eigenvalues(rng, values),))
    return inputs


WORST = Exercise(
    id="descent.steepest.worst",
    title="Build the worst point",
    asks=(
        "Write a function of `H` (p, p), symmetric and positive definite, that returns a point x "
        "of shape (p,), not zero, at which the negative gradient of ½ xᵀHx misses the minimum at "
        "0 by the largest angle. Its length does not matter."
    ),
    parameters=("H",),
    parts=(Part("x", "(p,)", points=2, compare=_is_worst, same=_same_point),),
    public=(
        (np.array([[2.0, 2.0], [2.0, 5.0]]),),
        (np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 9.0]]),),
    ),
    hidden=_worst_inputs,
    varies="other sizes, other eigenvalues, a diagonal H with the large entry first",
    solution=lambda H: _mixed(H, -0.5),
    mistakes=(
        Mistake(
            "x is the eigenvector with the smallest eigenvalue",
            lambda H: np.linalg.eigh(H)[1][:, 0],
            "on an eigenvector Hx is a multiple of x, and the arrow points at the minimum exactly. "
            "You need a mixture.",
        ),
        Mistake(
            "x is the eigenvector with the largest eigenvalue",
            lambda H: np.linalg.eigh(H)[1][:, -1],
            "on an eigenvector Hx is a multiple of x, and the arrow points at the minimum exactly. "
            "You need a mixture.",
        ),
        Mistake(
            "the two eigenvectors have equal shares",
            lambda H: _mixed(H, 0.0),
            "these are the right two eigenvectors. In the last lines of the proof their shares "
            "are not equal: the steep direction needs less.",
        ),
        Mistake(
            "the shares are divided by the eigenvalues, without the root",
            lambda H: _mixed(H, -1.0),
            "these are the right two eigenvectors, and the steep one has the smaller share, but it "
            "is too small now. λ c² is equal for both, so what is c?",
        ),
        Mistake(
            "the shares grow with the eigenvalues",
            lambda H: _mixed(H, 0.5),
            "the steep direction already has the larger slope. It is λ c² that is equal for both "
            "shares, so the larger λ has the smaller c.",
        ),
        Mistake(
            "the shares are the eigenvalues",
            lambda H: _mixed(H, 1.0),
            "the steep direction already has the larger slope; its share has to be the smaller "
            "one. The proof ends with the condition on the two shares.",
        ),
        Mistake(
            "all eigenvectors are mixed",
            lambda H: np.linalg.eigh(H)[1] @ np.linalg.eigvalsh(H) ** -0.5,
            "the first inequality of the proof is an equality only when nothing lies between the "
            "extremes: use the smallest and the largest eigenvalue alone.",
        ),
        Mistake(
            "the two smallest eigenvalues are mixed",
            lambda H: _mixed(H, -0.5, 1),
            "right for two variables. In general the largest eigenvalue is the last, not the "
            "second.",
        ),
        Mistake(
            "rows of Q are taken for eigenvectors",
            lambda H: (
                (q := np.linalg.eigh(H))[1][0] / np.sqrt(q[0][0]) + q[1][-1] / np.sqrt(q[0][-1])
            ),
            "`np.linalg.eigh` puts the eigenvectors into the columns: `Q[:, 0]`, not `Q[0]`. In "
            "the plane that can go unnoticed.",
        ),
        Mistake(
            "x is the diagonal (1, …, 1)",
            lambda H: np.ones(len(H)),
            "which directions are bad is decided by the eigenvectors of H, not by the axes.",
        ),
    ),
    withholds=("descent.steepest.worst_angle_point",),
)

EXERCISES = (DIFFERENCES, SIGN, RULER, WORST)
