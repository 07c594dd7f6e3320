"""The exercises of chapter 1, Learning is minimization."""

from itertools import pairwise

import numpy as np

from bpcourse.exercises.compare import equal
from bpcourse.exercises.declare import Exercise, Mistake, Part

# Loss and gradient ------------------------------------------------------------------------------


def _loss(X, y, w):
    return np.sum((X @ w - y) ** 2) / (2 * len(y))


def _gradient(X, y, w):
    return X.T @ (X @ w - y) / len(y)


def _loss_and_gradient(X, y, w):
    return _loss(X, y, w), _gradient(X, y, w)


def _every_row_minus_every_target(X, y, w):
    R = (X @ w)[:, None] - y
    return np.mean(R**2) / 2, X.T @ R / len(y)


def _entry_by_entry(X, y, w):
    r = X * w - y
    return np.sum(r**2) / (2 * len(y)), X.T @ r / len(y)


def _entry_by_entry_with_a_product(X, y, w):
    r = X * w - y
    return r @ r / (2 * len(y)), X.T @ r / len(y)


def _target_added(X, y, w):
    return _loss(X, -y, w), _gradient(X, -y, w)


def _gradient_inputs(rng):
    sizes = [(1, 3), (4, 4), (7, 2), (12, 5), (3, 6)]
    return [(rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)) for N, p in sizes]


GRADIENT = Exercise(
    id="descent.learning.gradient",
    title="Loss and gradient",
    asks=(
        "Write a function of `X` (N, p), `y` (N,) and `w` (p,) that returns the pair "
        "`(loss, gradient)` of half the mean squared error of `X @ w`: the loss a number, the "
        "gradient of shape (p,)."
    ),
    parameters=("X", "y", "w"),
    parts=(Part("loss", "()", points=1), Part("gradient", "(p,)", points=2)),
    public=(
        (
            np.array([[1.0, 2.0], [3.0, 4.0], [0.0, -1.0]]),
            np.array([1.0, 1.0, 2.0]),
            np.array([1.0, 0.5]),
        ),
        (np.array([[2.0, -1.0, 3.0]]), np.array([1.0]), np.array([0.5, 1.0, 1.0])),
    ),
    hidden=_gradient_inputs,
    varies="random numbers, more rows or fewer, one row alone, as many rows as columns",
    solution=_loss_and_gradient,
    mistakes=(
        Mistake(
            "the gradient is a sum over the samples where a mean is asked",
            lambda X, y, w: (_loss(X, y, w), X.T @ (X @ w - y)),
            "your gradient is N times too long. The loss is a mean, so its slope is one, too: the "
            "factor in front of the sum does not vanish when you differentiate. Follow it from "
            "line to line in “Many weights: the gradient”.",
        ),
        Mistake(
            "the loss is a sum over the samples where a mean is asked",
            lambda X, y, w: (_loss(X, y, w) * len(y), _gradient(X, y, w)),
            "your loss grows with the number of samples, so a thousand sales look worse than "
            'three. “One number for "how wrong"” says which number to take instead.',
        ),
        Mistake(
            "loss and gradient are sums over the samples where means are asked",
            lambda X, y, w: (_loss(X, y, w) * len(y), X.T @ (X @ w - y)),
            "the two fit each other, both are N times too large. Which of the formulas in the "
            "summary speak of the number of rows?",
        ),
        Mistake(
            "the ½ is missing in the loss",
            lambda X, y, w: (2 * _loss(X, y, w), _gradient(X, y, w)),
            "your loss is the mean of the squares; the course takes half of it, so that the 2 of "
            "the derivative cancels. Your gradient already belongs to the halved loss.",
        ),
        Mistake(
            "the gradient is twice too long",
            lambda X, y, w: (_loss(X, y, w), 2 * _gradient(X, y, w)),
            "differentiating a square gives a 2. Your loss has something in front that meets this "
            "2: see where it goes in the chain of equations of “Which way is down?”.",
        ),
        Mistake(
            "this is the whole mean squared error, where half of it is asked",
            lambda X, y, w: (2 * _loss(X, y, w), 2 * _gradient(X, y, w)),
            "loss and gradient fit each other, both are twice too large. Many books do it so; "
            'here the loss carries a ½, introduced in “One number for "how wrong"”.',
        ),
        Mistake(
            "the gradient is half as long as it should be",
            lambda X, y, w: (_loss(X, y, w), _gradient(X, y, w) / 2),
            "the ½ of the loss is still in your gradient. What does the derivative of a square "
            "bring along that cancels it?",
        ),
        Mistake(
            "the gradient has the wrong sign",
            lambda X, y, w: (_loss(X, y, w), -_gradient(X, y, w)),
            "this points downhill; a gradient points uphill, and the step has the minus. Which "
            "comes first in your residual, the prediction or the target? In the loss the square "
            "hides the order, in the gradient nothing does.",
        ),
        Mistake(
            "the gradient has the wrong sign, and is a sum where a mean is asked",
            lambda X, y, w: (_loss(X, y, w), X.T @ (y - X @ w)),
            "two things at once. First ask which comes first in the residual, prediction or "
            "target; then where the mean of the loss has gone.",
        ),
        Mistake(
            "the gradient has the wrong sign, and a 2 too many",
            lambda X, y, w: (_loss(X, y, w), -2 * _gradient(X, y, w)),
            "two things at once. First ask which comes first in the residual, prediction or "
            "target; then which factor of the loss meets the 2 of the derivative.",
        ),
        Mistake(
            "the residuals are multiplied by X where Xᵀ is needed",
            lambda X, y, w: (_loss(X, y, w), X @ (X @ w - y) / len(y)),
            "the sum runs over the samples, and samples are the rows of X. A product sums over "
            "the columns of its left factor: “Why the transpose?” is about just this. Where X is "
            "square, nothing complains and the numbers are wrong all the same.",
        ),
        Mistake(
            "the mean is taken over the features where the samples are meant",
            lambda X, y, w: (_loss(X, y, w), X.T @ (X @ w - y) / len(w)),
            "you divide by the number of columns. Whom do you average over: the flats that were "
            "sold, or the things known about each?",
        ),
        Mistake(
            "the gradient is a matrix with one column",
            lambda X, y, w: (_loss(X, y, w), _gradient(X, y, w)[:, None]),
            "the numbers are right, the shape is not: (p, 1) is a matrix, (p,) a vector. A "
            "gradient has the shape of its variable, and w is a vector. Otherwise `w - gradient` "
            "silently becomes a whole matrix.",
        ),
        Mistake(
            "every prediction is compared with every target",
            _every_row_minus_every_target,
            "somewhere a shape (N, 1) meets a shape (N,), and NumPy makes a table of all N × N "
            "differences. Print the shape of your residual: it should have one number per sample.",
        ),
        Mistake(
            "the loss squares the mean residual where it should average the squares",
            lambda X, y, w: (np.mean(X @ w - y) ** 2 / 2, _gradient(X, y, w)),
            "−10 and 10 have mean 0, and a bad rule looks perfect. Which comes first, squaring or "
            'averaging? See “One number for "how wrong"”.',
        ),
        Mistake(
            "the loss takes absolute values where squares are asked",
            lambda X, y, w: (np.mean(np.abs(X @ w - y)) / 2, _gradient(X, y, w)),
            "absolute values keep the residuals from canceling, too, but they have a kink at "
            "zero, and their slope is not the one you computed.",
        ),
        Mistake(
            "the loss is one number per sample",
            lambda X, y, w: ((X @ w - y) ** 2 / 2, _gradient(X, y, w)),
            "that is how wrong each sale is by itself. To compare two rules you need a single "
            "number: what do you do with these N?",
        ),
        Mistake(
            "the loss takes the length of the residuals where its square is asked",
            lambda X, y, w: (np.linalg.norm(X @ w - y) / (2 * len(y)), _gradient(X, y, w)),
            "`np.linalg.norm` ends with a square root, and the loss has none: it is the length "
            "times itself. Your gradient is that of the squared length.",
        ),
        Mistake(
            "`X * w` stands where `X @ w` is needed",
            _entry_by_entry,
            "`*` pairs entries and repeats w for every row; nothing is added up, so your residual "
            "has p numbers per sample. A prediction is the sum of feature times weight, and `@` is "
            "the product that adds.",
        ),
        Mistake(
            "`X * w` stands where `X @ w` is needed (and the loss is a product of residuals)",
            _entry_by_entry_with_a_product,
            "`*` pairs entries and repeats w for every row; nothing is added up, so your residual "
            "has p numbers per sample. A prediction is the sum of feature times weight, and `@` is "
            "the product that adds.",
        ),
        Mistake(
            "the target is added where it must be subtracted",
            _target_added,
            "a residual is what the model says minus what is true: it is 0 when the two agree. "
            "What is yours when they agree?",
        ),
        Mistake(
            "loss and gradient are returned in the opposite order",
            lambda X, y, w: (_gradient(X, y, w), _loss(X, y, w)),
            "both are right. The pair is `(loss, gradient)`, the number first; whoever unpacks it "
            "relies on the order.",
        ),
    ),
    withholds=("descent.learning.linreg_loss_grad",),
)


# A feature that solves XOR ----------------------------------------------------------------------

_MOST_COLUMNS = 10


def _cloud(corners, rng=None):
    """Points (±a, ±b) for each row (a, b): no axis is met, and the four quadrants are alike.

    Rows come in two halves, each with all four signs of its points: one to fit, one to judge.
    """
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    halves = np.array_split(corners, 2)
    points = [(half[:, None, :] * signs).reshape(-1, 2) for half in halves]
    if rng is not None:
        points = [rng.permutation(half) for half in points]
    return np.concatenate(points)


def _first_half(X):
    """How many rows of a cloud are there to fit."""
    return 4 * ((len(X) // 4 + 1) // 2)


def _with_ones(F):
    return np.column_stack([np.ones(len(F)), F])


def _separates(expected, F, args, rtol):
    """None if least squares on the features F, with a bias, gets every point's class right."""
    X, center = args
    N = len(X)
    if F.ndim != 2 or len(F) != N or not F.shape[1]:
        shape = f"shape {F.shape}" if F.shape else "a single number"
        column = f"; one column is shape ({N}, 1)" if F.shape == (N,) else ""
        return f"expected shape ({N}, q), one row per point and q ≥ 1 columns, got {shape}{column}"
    if F.shape[1] > _MOST_COLUMNS:
        return (
            f"got {F.shape[1]} columns; at most {_MOST_COLUMNS} are allowed, for with many columns "
            "a classifier can learn the points by heart"
        )
    if not np.isfinite(F).all():
        row, column = np.argwhere(~np.isfinite(F))[0]
        return f"features must be finite numbers, got {F[row, column]} at [{row}, {column}]"
    y = np.sign((X - center).prod(axis=1))
    A = _with_ones(F)
    fit = _first_half(X)
    weights = np.linalg.lstsq(A[:fit], y[:fit], rcond=1e-10)[0]
    # A score of zero up to rounding is no decision for the one class or the other.
    wrong = np.flatnonzero(((A @ weights).round(9) > 0) != (y > 0))
    if not wrong.size:
        return None
    x1, x2 = X[wrong[0]]
    signs = "agree" if y[wrong[0]] > 0 else "differ"
    return (
        f"the linear classifier on your features gets {N - wrong.size} of {N} points right; the "
        f"first it gets wrong is x = ({x1:.3g}, {x2:.3g}), row {wrong[0]}, "
        f"where the signs of x − center {signs}"
    )


def _same_classifiers(F, G, args, rtol):
    """Whether two feature matrices offer the same linear scores: their columns span the same."""
    N = len(args[0])
    for matrix in (F, G):
        if matrix.ndim != 2 or len(matrix) != N or not np.isfinite(matrix).all():
            return equal(F, G, args, rtol)
    return bool(np.allclose(_projection(F), _projection(G), rtol=0, atol=1e-6))


def _projection(F):
    U, s, _ = np.linalg.svd(_with_ones(F), full_matrices=False)
    U = U[:, s > 1e-9 * s[0]]
    return U @ U.T


def _crossed_inputs(rng):
    inputs = []
    for n in (20, 25, 30):
        # Off the origin, off the diagonals: neither x₁x₂ nor the exchanged center fits by chance.
        center = rng.uniform([1.0, 3.0], [2.0, 4.0]) * rng.choice([-1.0, 1.0], size=2)
        cloud = _cloud(rng.uniform(0.2, 2.0, size=(n, 2)), rng)
        inputs.append((center + cloud, center))
    return inputs


def _crossed(X, center):
    return (X - center).prod(axis=1, keepdims=True)


_CENTER = np.array([2.0, -1.0])
_CORNERS = np.array([[0.5, 1.5], [1.0, 0.4], [2.0, 1.0], [0.3, 0.6], [1.5, 0.3], [0.6, 1.8]])

CROSSED = Exercise(
    id="descent.learning.crossed",
    title="A feature that solves XOR",
    asks=(
        "This noiseless XOR cloud does not lie around the origin but around a point (a₁, a₂), "
        "handed to you as `center`: class 1 is where the signs of x₁ − a₁ and x₂ − a₂ agree. Write "
        "a function of `X` (N, 2) and "
        f"`center` that returns a feature matrix of shape (N, q), 1 ≤ q ≤ {_MOST_COLUMNS}, on "
        "which a linear classifier gets every point right. The bias is added for you; the "
        "classifier is fitted to your features by least squares on one half of the points and "
        "judged on all of them."
    ),
    parameters=("X", "center"),
    parts=(Part("features", "(N, q)", points=2, compare=_separates, same=_same_classifiers),),
    public=((_CENTER + _cloud(_CORNERS), _CENTER),),
    hidden=_crossed_inputs,
    varies="other centers, more points, in random order, closer to the cloud's axes or farther",
    solution=_crossed,
    mistakes=(
        Mistake(
            "a linear classifier can do no more with these features than with x₁ and x₂",
            lambda X, center: X,
            "copies, sums and differences of x₁ and x₂ bring nothing new, for the weights can "
            "make them anyway. Opposite corners defeat every such score, as “What a linear model "
            "cannot learn” proves. Look for something that is not a weighted sum.",
        ),
        Mistake(
            "the one feature is the sum x₁ + x₂",
            lambda X, center: X.sum(axis=1, keepdims=True),
            "the sum is a straight line's score: seen from the center, opposite corners have "
            "opposite sums although they belong to one class. What is the same at (1, 1) and at "
            "(−1, −1)?",
        ),
        Mistake(
            "the one feature is the difference x₁ − x₂",
            lambda X, center: X[:, :1] - X[:, 1:],
            "the difference is a straight line's score, too: seen from the center, it is 0 at "
            "(1, 1) and at (−1, −1), in the middle of the other class. Look for something that is "
            "not a weighted sum.",
        ),
        Mistake(
            "the product x₁x₂ is that of a cloud around the origin",
            lambda X, center: X[:, :1] * X[:, 1:],
            "x₁x₂ changes its sign on the axes of the plane. This cloud changes its class on two "
            "other lines, through its center. What is positive on one side of such a line and "
            "negative on the other?",
        ),
        Mistake(
            "the feature is the class of a cloud around the origin",
            lambda X, center: np.sign(X[:, :1] * X[:, 1:]),
            "the sign of x₁x₂ tells the quadrants of the plane apart. The quadrants of this cloud "
            "meet at its center: ask for the signs of something else than x₁ and x₂.",
        ),
        Mistake(
            "the center is added where it must be subtracted",
            lambda X, center: (X + center).prod(axis=1, keepdims=True),
            "put the center itself in for the point: what you multiply should be 0 there, and is "
            "twice the center.",
        ),
        Mistake(
            "the coordinates of the center are exchanged",
            lambda X, center: (X - center[::-1]).prod(axis=1, keepdims=True),
            "x₁ belongs to the first coordinate of the center and x₂ to the second. Put the center "
            "itself in for the point: both factors should be 0.",
        ),
        Mistake(
            "the squares forget the signs",
            lambda X, center: (X - center) ** 2,
            "seen from the center, all four corners have the same squares, so nothing can tell "
            "them apart. The class depends on the signs, on both together.",
        ),
        Mistake(
            "the squares x₁² and x₂² look at one coordinate each",
            lambda X, center: X**2,
            "they solve the circles. XOR is about both coordinates at once: it asks whether the "
            "signs agree. “A new feature helps” shows what joins them; then ask where the signs "
            "change in this cloud.",
        ),
        Mistake(
            "x₁ and x₂ with their squares, but nothing that joins the two",
            lambda X, center: np.hstack([X, X**2]),
            "each of your features looks at one coordinate. XOR is about both at once: it asks "
            "whether the signs agree. “A new feature helps” shows what joins them.",
        ),
        Mistake(
            "the one feature is the distance from the center",
            lambda X, center: ((X - center) ** 2).sum(axis=1, keepdims=True),
            "distance solves the circles. In XOR all four corners are equally far from the "
            "center: distance says nothing, the quadrant says all.",
        ),
        Mistake(
            "the one feature is the distance from the origin",
            lambda X, center: (X**2).sum(axis=1, keepdims=True),
            "x₁² + x₂² solves circles around the origin. In XOR distance says nothing, the "
            "quadrant says all; and the quadrants of this cloud meet at its center.",
        ),
        Mistake(
            "the absolute values forget the signs",
            lambda X, center: np.abs(X - center),
            "the class depends on the signs, and absolute values throw away exactly these.",
        ),
        Mistake(
            "the one feature is the square of a sum",
            lambda X, center: (X - center).sum(axis=1, keepdims=True) ** 2,
            "you are close. Multiply it out: one of its three terms is what you need, the other "
            "two are noise that the classifier cannot weigh down, because all three share one "
            "weight. Give it the one term.",
        ),
        Mistake(
            "the product is there, but as a vector",
            lambda X, center: (X - center).prod(axis=1),
            "the idea is right. A feature matrix has one row per point and one column per "
            "feature, even for one feature: shape (N, 1). Slices such as `[:, :1]` keep the "
            "second axis, or add it with `[:, None]`.",
        ),
        Mistake(
            "the product runs down the columns where it should run along the rows",
            lambda X, center: (X - center).prod(axis=0),
            "you multiplied all points with one another. Each point needs its own product: axis "
            "0 counts the points, axis 1 the coordinates.",
        ),
    ),
    withholds=("descent.learning.cross_features",),
)


# Another unit, another weight -------------------------------------------------------------------


def _rescaled(w, j, c):
    v = w.copy()
    v[j] = w[j] / c
    return v


def _rescaled_in_place(w, j, c):
    w[j] /= c
    return w


def _multiplied_in_place(w, j, c):
    w[j] *= c
    return w


def _with_entry(w, j, value):
    v = w.copy()
    v[j] = value
    return v


def _all_others_divided(w, j, c):
    v = w / c
    v[j] = w[j]
    return v


def _all_others_multiplied(w, j, c):
    v = w * c
    v[j] = w[j]
    return v


def _rescale_inputs(rng):
    inputs = [(np.array([rng.uniform(1.0, 2.0)]), 0, 4.0)]
    for p in (2, 3, 5, 8):
        w = rng.uniform(0.5, 3.0, size=p) * rng.choice([-1.0, 1.0], size=p)
        c = float(rng.choice([0.01, 0.25, 7.0, 60.0]))
        inputs.append((w, int(rng.integers(p)), c))
    return [*inputs, (rng.uniform(0.5, 3.0, size=4), 3, -2.5)]


RESCALE = Exercise(
    id="descent.learning.rescale",
    title="Another unit, another weight",
    asks=(
        "Feature number `j` (counted from 0) is measured in a new unit, so its column of X is "
        "multiplied by `c`. Write a function of `w` (p,), `j` and `c` that returns the new "
        "weights, of shape (p,), with which every prediction stays what it was. Leave the old `w` "
        "as it is."
    ),
    parameters=("w", "j", "c"),
    # Predictions agree for every X only with one vector of weights, so weights are compared.
    parts=(Part("weights", "(p,)", points=2),),
    public=(
        (np.array([3.0, -2.0, 0.5]), 1, 1000.0),
        (np.array([1.5, 4.0]), 0, 0.5),
    ),
    hidden=_rescale_inputs,
    varies="other lengths of w, one weight alone, j first or last, c large, small or negative",
    solution=_rescaled,
    mistakes=(
        Mistake(
            "the weight is multiplied by c",
            lambda w, j, c: _with_entry(w, j, w[j] * c),
            "the feature grew by c and now the weight does, too: their product grows by c². What "
            "must the weight do so that weight times feature stays as it was?",
        ),
        Mistake(
            "the weights are unchanged",
            lambda w, j, c: w.copy(),
            "with a column c times as large and the same weights, that feature's share of every "
            "prediction is c times as large. Something has to give way.",
        ),
        Mistake(
            "all weights are divided by c",
            lambda w, j, c: w / c,
            "only column j changed its unit. The other features still speak the old one, so their "
            "weights should still fit them.",
        ),
        Mistake(
            "all weights are multiplied by c",
            lambda w, j, c: w * c,
            "two things: only column j changed, and when a feature grows its weight must make up "
            "for it, not join in.",
        ),
        Mistake(
            "all weights but the one in question are divided",
            _all_others_divided,
            "it is the other way around: column j changed, the others did not.",
        ),
        Mistake(
            "all weights but the one in question are multiplied",
            _all_others_multiplied,
            "now all parts of a prediction fit one another, but the prediction is c times as "
            "large. It should stay what it was, and only column j changed.",
        ),
        Mistake(
            "the weight is divided by c²",
            lambda w, j, c: _with_entry(w, j, w[j] / c**2),
            "the square belongs to the curvature of the loss, where the feature occurs twice. In "
            "a prediction it occurs once: weight times feature has to stay as it was.",
        ),
        Mistake(
            "the weight is divided by −c",
            lambda w, j, c: _with_entry(w, j, -w[j] / c),
            "the size is right, the sign is not: this feature would now push every prediction the "
            "other way. What undoes a multiplication by c is a division by c.",
        ),
        Mistake(
            "the weight is set to 1/c",
            lambda w, j, c: _with_entry(w, j, 1 / c),
            "1/c is what the weight is multiplied by. The old weight still matters.",
        ),
        Mistake(
            "the new weights are right, but the old w is gone",
            _rescaled_in_place,
            "you wrote into the caller's array. `v = w` does not copy, it gives the same array a "
            "second name; make a real copy first.",
        ),
        Mistake(
            "the weight is multiplied by c, and the old w is gone",
            _multiplied_in_place,
            "two things: weight times feature has to stay as it was, so look again at which way "
            "the weight goes; and make a copy before you write into an array of the caller's.",
        ),
        Mistake(
            "the features are counted from 1",
            lambda w, j, c: _with_entry(w, j - 1, w[j - 1] / c),
            "the right thing happened to the neighbor. j counts from 0, as Python does.",
        ),
        Mistake(
            "c is subtracted from the weight",
            lambda w, j, c: _with_entry(w, j, w[j] - c),
            "the column was multiplied, so a difference cannot undo it for all rows at once. Which "
            "operation undoes a multiplication?",
        ),
        Mistake(
            "the weight is set to c",
            lambda w, j, c: _with_entry(w, j, c),
            "c is the factor between two units, not a weight. The old weight still matters.",
        ),
        Mistake(
            "only the one weight is returned",
            lambda w, j, c: w[j] / c,
            "the number is right. A prediction needs all weights, though: return the whole vector "
            "with this entry exchanged.",
        ),
    ),
)


# Collapse a cascade -----------------------------------------------------------------------------


def _product(weights):
    W = weights[0]
    for V in weights[1:]:
        W = W @ V
    return W


def _bias(weights, biases):
    b = biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        b = b @ V + c
    return b


def _collapse(weights, biases):
    return _product(weights), _bias(weights, biases)


def _bias_through_its_own_weights(weights, biases):
    b = np.zeros(len(weights[0]))
    for V, c in zip(weights, biases, strict=True):
        b = (b + c) @ V
    return b


def _bias_backwards(weights, biases):
    b = biases[-1]
    for V, c in zip(weights[:-1][::-1], biases[:-1][::-1], strict=True):
        b = b @ V + c
    return b


def _bias_through_the_product_so_far(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        W = W @ V
        b = b @ W + c
    return b


def _bias_added_before_the_layer(weights, biases):
    b = biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        b = (b + c) @ V
    return b


def _first_layer_twice(weights, biases):
    W, b = weights[0], biases[0]
    for V, c in zip(weights, biases, strict=True):
        W, b = W @ V, b @ V + c
    return W, b


def _product_by_entries(weights):
    W = weights[0]
    for V in weights[1:]:
        W = W * V
    return W


def _bias_by_entries(weights, biases):
    b = biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        b = b * V + c
    return b


def _first_two(weights, biases):
    return weights[0] @ weights[1], biases[0] @ weights[1] + biases[1]


def _first_bias_alone(weights, biases):
    b = biases[0]
    for V in weights[1:]:
        b = b @ V
    return b


def _transposed_bias(weights, biases):
    b = biases[0]
    for V, c in zip(weights[1:], biases[1:], strict=True):
        b = V @ b + c
    return b


def _use_up(weights, biases):
    W, b = weights.pop(0), biases.pop(0)
    while weights:
        V, c = weights.pop(0), biases.pop(0)
        W, b = W @ V, b @ V + c
    return W, b


def _collapse_inputs(rng):
    chains = [(3,) * 4, (2, 5), (4, 3, 2), (2, 6, 3, 4), (3, 1, 4, 2, 5, 2), (4,) * 3]
    return [
        (
            [rng.normal(size=shape) for shape in pairwise(widths)],
            [rng.normal(size=width) for width in widths[1:]],
        )
        for widths in chains
    ]


COLLAPSE = Exercise(
    id="descent.learning.collapse",
    title="Collapse a cascade",
    asks=(
        "Write a function of two lists, `weights` and `biases`, one entry per layer from the "
        "input to the output, that returns the pair `(W, b)` of the single layer that does the "
        "same: W of shape (n_in, n_out), b of shape (n_out,). There may be one layer, or ten."
    ),
    parameters=("weights", "biases"),
    parts=(Part("W", "(n_in, n_out)", points=1), Part("b", "(n_out,)", points=2)),
    public=(
        (
            [np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [3.0, -1.0]])],
            [np.array([1.0, 2.0]), np.array([0.0, 5.0])],
        ),
        (
            [
                np.array([[1.0, 0.0, 2.0], [1.0, -1.0, 0.0]]),
                np.array([[1.0], [2.0], [-1.0]]),
                np.array([[2.0, -3.0]]),
            ],
            [np.array([1.0, 0.0, -1.0]), np.array([2.0]), np.array([0.0, 1.0])],
        ),
        ([np.array([[1.0, 2.0]])], [np.array([3.0, 4.0])]),
    ),
    hidden=_collapse_inputs,
    varies="other numbers of layers, one layer alone, layers of equal and of different widths",
    solution=_collapse,
    mistakes=(
        Mistake(
            "the matrices are multiplied in the opposite order",
            lambda weights, biases: (_product(weights[::-1]), _bias(weights, biases)),
            "X comes from the left and meets the first layer first, so the first layer's matrix "
            "stands leftmost. With columns in place of rows it is the other way around; this "
            "course keeps samples in rows.",
        ),
        Mistake(
            "W is transposed",
            lambda weights, biases: (_product(weights).T, _bias(weights, biases)),
            "W has one row per input and one column per output, so that `X @ W` works with one "
            "sample per row.",
        ),
        Mistake(
            "W has the last two layers only",
            lambda weights, biases: (_product(weights[-2:]), _bias(weights, biases)),
            "a layer got lost on the way. In the loop, is each new matrix multiplied to the "
            "product so far, or to its neighbor?",
        ),
        Mistake(
            "only the first two layers are merged",
            _first_two,
            "that is the boxed formula for two layers. A cascade may have one, or ten: merge the "
            "first two, then merge the result with the next, and so on.",
        ),
        Mistake(
            "only the first two layers are merged (one alone is left as it is)",
            lambda weights, biases: (
                _first_two(weights, biases) if len(weights) > 1 else (weights[0], biases[0])
            ),
            "that is the boxed formula for two layers. A cascade may have ten: merge the first "
            "two, then merge the result with the next, and so on. If you have a loop, does it run "
            "to its end?",
        ),
        Mistake(
            "`return` stands inside the loop, so that only the first two layers are merged",
            lambda weights, biases: _first_two(weights, biases) if len(weights) > 1 else None,
            "the function ends at the first `return` it meets, in the first round of the loop; "
            "and with a single layer it meets none. Move it out to the level of `for`.",
        ),
        Mistake(
            "the first layer is applied twice",
            _first_layer_twice,
            "you start with the first layer and then loop over all of them, the first included. "
            "Begin with the second, or start from a layer that does nothing.",
        ),
        Mistake(
            "the matrices are multiplied entry by entry",
            lambda weights, biases: (_product_by_entries(weights), _bias(weights, biases)),
            "`*` pairs entries that stand at the same place. To send one layer's scores through "
            "the next layer's weights takes the matrix product, `@`.",
        ),
        Mistake(
            "matrices and biases are multiplied entry by entry",
            lambda weights, biases: (
                _product_by_entries(weights),
                _bias_by_entries(weights, biases),
            ),
            "`*` pairs entries that stand at the same place. To send one layer's scores through "
            "the next layer's weights takes the matrix product, `@`; a bias goes the same way.",
        ),
        Mistake(
            "the bias is multiplied by the weights entry by entry",
            lambda weights, biases: (_product(weights), _bias_by_entries(weights, biases)),
            "`*` makes a matrix of a bias: print its shape. A bias passes through a layer as a "
            "sample does, by the matrix product, `@`.",
        ),
        Mistake(
            "the biases are added up as they are",
            lambda weights, biases: (_product(weights), sum(biases[1:], biases[0])),
            "a bias that is added early runs through all later layers like any other number. What "
            "does the second layer do to the first one's bias? See the boxed formula in “Deeper "
            "does not help while it is linear”.",
        ),
        Mistake(
            "only the last bias is there",
            lambda weights, biases: (_product(weights), biases[-1]),
            "the earlier biases did not vanish: they went through the later layers and came out "
            "changed. Put X = 0 into the cascade and follow what comes out.",
        ),
        Mistake(
            "only the first bias is there",
            lambda weights, biases: (_product(weights), _first_bias_alone(weights, biases)),
            "it passed rightly through the later weights. Each later layer adds a bias of its own, "
            "which has its own way still to go.",
        ),
        Mistake(
            "each bias also passes through the weights of its own layer",
            lambda weights, biases: (
                _product(weights),
                _bias_through_its_own_weights(weights, biases),
            ),
            "a layer multiplies first and adds its bias afterwards, so that bias meets the later "
            "layers' weights only.",
        ),
        Mistake(
            "the new bias is added before the layer, not after",
            lambda weights, biases: (
                _product(weights),
                _bias_added_before_the_layer(weights, biases),
            ),
            "a layer multiplies first and adds its bias afterwards. Look at where the parentheses "
            "stand in the boxed formula.",
        ),
        Mistake(
            "b is multiplied by the product so far, not by this layer's matrix: you overwrote W "
            "before using it",
            lambda weights, biases: (
                _product(weights),
                _bias_through_the_product_so_far(weights, biases),
            ),
            "the old bias passes through the new layer only. Compute b before W, or both in one "
            "line: `W, b = …, …` evaluates everything on the right first. If W has a name of its "
            "own in your lines, look at which matrix b meets.",
        ),
        Mistake(
            "the biases are merged from the last layer to the first",
            lambda weights, biases: (
                _product(weights),
                _bias_backwards(weights, biases),
            ),
            "a bias passes through the layers that come after it. Yours passes through those "
            "before it.",
        ),
        Mistake(
            "the bias is multiplied from the wrong side",
            lambda weights, biases: (_product(weights), _transposed_bias(weights, biases)),
            "a bias is a row, like a sample: it meets the weights from the left. `V @ b` would be "
            "right for columns.",
        ),
        Mistake(
            "b is a matrix with one row",
            lambda weights, biases: (_product(weights), _bias(weights, biases)[None, :]),
            "the numbers are right, the shape is not: (1, n) is a matrix, (n,) a vector.",
        ),
        Mistake(
            "W and b are returned in the opposite order",
            lambda weights, biases: (_bias(weights, biases), _product(weights)),
            "both are right. The pair is `(W, b)`; whoever unpacks it relies on the order.",
        ),
        Mistake(
            "the result is right, but the lists are used up",
            _use_up,
            "`pop` takes the layers away from the caller, whose cascade is empty afterwards. Loop "
            "over the lists, or over copies of them.",
        ),
    ),
    withholds=("descent.learning.collapse",),
)


# Who was taken for whom -------------------------------------------------------------------------


def _confusion(labels, predictions, k):
    return np.bincount(labels * k + predictions, minlength=k * k).reshape(k, k)


def _each_pair_once(labels, predictions, k):
    M = np.zeros((k, k), dtype=int)
    M[labels, predictions] += 1
    return M


def _counted_from_one(labels, predictions, k):
    M = np.zeros((k, k), dtype=int)
    np.add.at(M, (labels - 1, predictions - 1), 1)
    return M


def _only_classes_that_occur(labels, predictions, k):
    classes = np.unique(np.concatenate([labels, predictions]))
    return _confusion(labels, predictions, k)[np.ix_(classes, classes)]


def _only_true_classes(labels, predictions, k):
    classes = np.unique(labels)
    return _confusion(labels, predictions, k)[np.ix_(classes, classes)]


def _one_class_too_many(labels, predictions, k):
    return _confusion(labels, predictions, k + 1)


def _up_to_the_largest(labels, predictions, k):
    return _confusion(labels, predictions, int(max(labels.max(), predictions.max())) + 1)


def _confusion_inputs(rng):
    inputs = []
    for k, N in ((2, 12), (3, 30), (5, 60), (4, 1)):
        labels = rng.integers(k, size=N)
        inputs.append((labels, np.where(rng.random(N) < 0.6, labels, rng.integers(k, size=N)), k))
    missing = rng.permutation(np.repeat([0, 2], 9))
    return [*inputs, (missing, np.roll(missing, 4), 4)]


CONFUSION = Exercise(
    id="descent.learning.confusion",
    title="Who was taken for whom",
    asks=(
        "Write a function of `labels`, `predictions` (both of shape (N,), integers from 0 to "
        "k − 1) and `k` that returns the confusion matrix of shape (k, k): row = true class, "
        "column = predicted class, entry = how often. Classes that never occur still have their "
        "row and column."
    ),
    parameters=("labels", "predictions", "k"),
    parts=(Part("matrix", "(k, k)", points=2),),
    public=(
        (np.array([0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1, 1]), 2),
        (np.array([0, 2, 2, 2, 0]), np.array([0, 2, 2, 0, 1]), 4),
    ),
    hidden=_confusion_inputs,
    varies="more samples, one sample alone, more classes, classes that never occur",
    solution=_confusion,
    mistakes=(
        Mistake(
            "rows and columns are exchanged",
            lambda labels, predictions, k: _confusion(predictions, labels, k),
            "your columns are the true classes. Here a row belongs to a true class, so a row's sum "
            "says how many of that class there are.",
        ),
        Mistake(
            "each pair is counted once, however often it occurs",
            _each_pair_once,
            "`M[labels, predictions] += 1` reads all old values, adds 1 to each, and writes them "
            "back: a pair that occurs five times is written five times with the same 1. Count one "
            "sample after the other, or look up `numpy.add.at`.",
        ),
        Mistake(
            "the rows are shares where counts are asked",
            lambda labels, predictions, k: (
                (M := _confusion(labels, predictions, k)) / M.sum(axis=1, keepdims=True)
            ),
            "your rows add up to 1. Shares are useful to read, but they forget how many samples "
            "stand behind them, and a class that never occurs gives 0/0.",
        ),
        Mistake(
            "the rows are shares where counts are asked (empty rows left at 0)",
            lambda labels, predictions, k: (
                (M := _confusion(labels, predictions, k))
                / np.maximum(M.sum(axis=1, keepdims=True), 1)
            ),
            "your rows add up to 1. Shares are useful to read, but they forget how many samples "
            "stand behind them: return the counts.",
        ),
        Mistake(
            "the entries are shares of all samples where counts are asked",
            lambda labels, predictions, k: _confusion(labels, predictions, k) / len(labels),
            "your entries add up to 1. Return the counts; whoever wants shares can divide.",
        ),
        Mistake(
            "only what was predicted rightly is counted",
            lambda labels, predictions, k: np.diag(np.diag(_confusion(labels, predictions, k))),
            "the diagonal is right, and everything beside it is zero. The name of the matrix comes "
            "from the other entries: who was taken for whom?",
        ),
        Mistake(
            "only the errors are counted",
            lambda labels, predictions, k: (
                (M := _confusion(labels, predictions, k)) - np.diag(np.diag(M))
            ),
            "the entries beside the diagonal are right. Rightly predicted samples have their "
            "place, too: on it.",
        ),
        Mistake(
            "only classes that occur have a row and a column",
            _only_classes_that_occur,
            "a class that never occurs keeps its row and column of zeros; otherwise two matrices "
            "of the same task cannot be compared. That is what k is for.",
        ),
        Mistake(
            "only classes that occur among the labels have a row and a column",
            _only_true_classes,
            "`np.unique(labels)` knows the true classes of these samples only: a class that is "
            "predicted but never true has its column, too. There are k classes, whatever occurs.",
        ),
        Mistake(
            "there is one class too many",
            _one_class_too_many,
            "k counts the classes, and 0 is one of them: the last one is k − 1. Your last row and "
            "column belong to nobody.",
        ),
        Mistake(
            "the last sample is not counted",
            lambda labels, predictions, k: _confusion(labels[:-1], predictions[:-1], k),
            "the entries should add up to N, and yours add up to one less. Where does your loop "
            "end? `range(N)` ends before N by itself.",
        ),
        Mistake(
            "the matrix ends at the largest class that occurs",
            _up_to_the_largest,
            "you count the classes from the data, and the data may lack the last one. That is what "
            "k is for.",
        ),
        Mistake(
            "the classes are counted from 1",
            _counted_from_one,
            "everything is there, shifted by one row and one column; class 0 landed at the end, "
            "where index −1 points. The classes already count from 0, as Python does.",
        ),
        Mistake(
            "the share of right predictions is returned",
            lambda labels, predictions, k: np.mean(labels == predictions),
            "that is the accuracy, one number. The matrix tells more: which class was taken for "
            "which.",
        ),
    ),
    withholds=("descent.learning.confusion_matrix",),
)

# Walk down --------------------------------------------------------------------------------------


def _walk(X, y, lr, steps, *, gradient=_gradient, start=0.0):
    path = np.full((steps + 1, X.shape[1]), start)
    for k in range(steps):
        path[k + 1] = path[k] - lr * gradient(X, y, path[k])
    return path


def _walk_with(gradient):
    """A walk that takes something else for the gradient."""
    return lambda X, y, lr, steps: _walk(X, y, lr, steps, gradient=gradient)


def _one_array_many_names(X, y, lr, steps):
    path = _walk(X, y, lr, steps)
    return np.tile(path[-1], (steps + 1, 1))


def _one_array_many_names_after_the_start(X, y, lr, steps):
    path = _one_array_many_names(X, y, lr, steps)
    path[0] = 0
    return path


def _slope_of_the_start(X, y, lr, steps):
    return -lr * np.arange(steps + 1)[:, None] * _gradient(X, y, np.zeros(X.shape[1]))


def _one_weight_after_the_other(X, y, lr, steps):
    path = np.zeros((steps + 1, X.shape[1]))
    for k in range(steps):
        w = path[k].copy()
        for j in range(len(w)):
            w[j] -= lr * _gradient(X, y, w)[j]
        path[k + 1] = w
    return path


def _walk_inputs(rng):
    sizes = [(8, 2, 5), (5, 5, 3), (20, 3, 12), (6, 1, 1), (4, 4, 2)]
    return [
        (rng.normal(size=(N, p)), rng.normal(size=N), float(rng.uniform(0.05, 0.3)), steps)
        for N, p, steps in sizes
    ]


WALK = Exercise(
    id="descent.learning.walk",
    title="Walk down",
    asks=(
        "Write a function of `X` (N, p), `y` (N,), the rate `lr` and the number `steps` ≥ 1 that "
        "goes down half the mean squared error of `X @ w` by gradient descent, from the weights 0. "
        "Return all positions, the start first, in shape (steps + 1, p)."
    ),
    parameters=("X", "y", "lr", "steps"),
    parts=(Part("positions", "(steps + 1, p)", points=2),),
    public=(
        (
            np.array([[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0], [1.0, 1.0]]),
            np.array([4.0, 8.0, 0.0, 4.0]),
            0.5,
            3,
        ),
        (np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([2.0, 6.0]), 0.25, 2),
    ),
    hidden=_walk_inputs,
    varies="random numbers, other rates, more steps or a single one, one weight or several",
    solution=lambda X, y, lr, steps: _walk(X, y, lr, steps),
    mistakes=(
        Mistake(
            "the step goes uphill",
            _walk_with(lambda X, y, w: -_gradient(X, y, w)),
            "the loss grows with every step. Either the minus of the step is missing, or the "
            "residual is target minus prediction; with both mistakes at once you would go down.",
        ),
        Mistake(
            "the start is missing",
            lambda X, y, lr, steps: _walk(X, y, lr, steps)[1:],
            "a walk of 3 steps visits 4 positions. The first of them is the start, before any "
            "step: all weights 0.",
        ),
        Mistake(
            "there is one step too few",
            lambda X, y, lr, steps: _walk(X, y, lr, steps)[:-1],
            "the start is no step: a walk of 3 steps visits 4 positions. How often does your loop "
            "run?",
        ),
        Mistake(
            "there is one step too many",
            lambda X, y, lr, steps: _walk(X, y, lr, steps + 1),
            "the start is one of the steps + 1 positions, and it takes no step to get there. How "
            "often does your loop run?",
        ),
        Mistake(
            "all positions are the last one: the list has one array many times",
            _one_array_many_names,
            "`w -= …` writes into the array that is already in your list, and every entry of the "
            "list is that array. Make a new array at each step: `w = w - …`, or append a copy.",
        ),
        Mistake(
            "all positions after the start are the last one: the list has one array many times",
            _one_array_many_names_after_the_start,
            "`w -= …` writes into the array that is already in your list, and every entry of the "
            "list is that array. Make a new array at each step: `w = w - …`, or append a copy.",
        ),
        Mistake(
            "the gradient is a sum over the samples where a mean is asked",
            _walk_with(lambda X, y, w: X.T @ (X @ w - y)),
            "your steps are N times too long, and with many samples they run away. The loss is a "
            "mean, so its slope is one, too.",
        ),
        Mistake(
            "the gradient has a 2 too many",
            _walk_with(lambda X, y, w: 2 * _gradient(X, y, w)),
            "your steps are twice too long: this is the slope of the whole mean squared error, "
            "and half of it is asked. The ½ of the loss meets the 2 of the derivative.",
        ),
        Mistake(
            "the gradient is half as long as it should be",
            _walk_with(lambda X, y, w: _gradient(X, y, w) / 2),
            "your steps are half as long as asked: the ½ of the loss is still in your gradient. "
            "What does the derivative of a square bring along that cancels it?",
        ),
        Mistake(
            "the mean is taken over the features where the samples are meant",
            _walk_with(lambda X, y, w: X.T @ (X @ w - y) / len(w)),
            "you divide by the number of weights. The mean runs over the samples, the rows of X.",
        ),
        Mistake(
            "the residuals are multiplied by X where Xᵀ is needed",
            _walk_with(lambda X, y, w: X @ (X @ w - y) / len(y)),
            "the sum runs over the samples, and samples are the rows of X: see “Why the "
            "transpose?”. Where X is square, nothing complains and the walk goes astray.",
        ),
        Mistake(
            "the gradient is always that of the start",
            _slope_of_the_start,
            "your steps are all the same. The slope changes as you go: evaluate the gradient "
            "inside the loop, at the position you have reached.",
        ),
        Mistake(
            "the weights take their steps one after the other",
            _one_weight_after_the_other,
            "when the second weight moves, the first has moved already, so its slope is taken at "
            "a point between two positions. Compute the whole gradient first, then step once.",
        ),
        Mistake(
            "the learning rate is missing",
            lambda X, y, lr, steps: _walk(X, y, 1.0, steps),
            "your steps are as long as the gradient. It says which way and how steep; how far to "
            "go for it is what `lr` says.",
        ),
        Mistake(
            "the start is at 1 where it should be at 0",
            lambda X, y, lr, steps: _walk(X, y, lr, steps, start=1.0),
            "the steps are right, from another place. The exercise starts with all weights 0.",
        ),
        Mistake(
            "only the last position is returned",
            lambda X, y, lr, steps: _walk(X, y, lr, steps)[-1],
            "it is the right place. To draw the way there, keep every position: one row each.",
        ),
        Mistake(
            "the steps are returned where positions are asked",
            lambda X, y, lr, steps: np.diff(_walk(X, y, lr, steps), axis=0),
            "each row says how far you went, not where you are. A position is the one before it "
            "plus the step.",
        ),
        Mistake(
            "rows and columns are exchanged",
            lambda X, y, lr, steps: _walk(X, y, lr, steps).T,
            "one row per position, one column per weight; yours is the other way around.",
        ),
        Mistake(
            "the losses on the way are returned",
            lambda X, y, lr, steps: np.array([_loss(X, y, w) for w in _walk(X, y, lr, steps)]),
            "they show how well the walk does. Asked is where it goes: the weights at each "
            "position, one row each.",
        ),
    ),
)

EXERCISES = (GRADIENT, CROSSED, RESCALE, COLLAPSE, CONFUSION, WALK)
