"""The exercises of chapter 3, Quadratics tell the truth."""

import numpy as np

from bpcourse.exercises.declare import Exercise, Mistake, Part

# The largest curvature --------------------------------------------------------------------------


def _times_hessian(X, v):
    return X.T @ (X @ v) / len(X)


def _unit(v):
    return v / np.linalg.norm(v)


def _power(X, v, steps):
    for _ in range(steps):
        v = _unit(_times_hessian(X, v))
    return v @ _times_hessian(X, v), v


def _length_for_value(X, v, steps):
    u = _times_hessian(X, _power(X, _unit(v), steps - 1)[1])
    return np.linalg.norm(u), _unit(u)


def _value_before_the_last_step(X, v, steps):
    value, before = _power(X, _unit(v), steps - 1)
    return value, _unit(_times_hessian(X, before))


def _never_set_back_to_one(X, v, steps):
    for _ in range(steps):
        v = _times_hessian(X, v)
    return v @ _times_hessian(X, v), v


def _largest_entry_set_to_one(X, v, steps):
    for _ in range(steps):
        u = _times_hessian(X, v)
        v = u / np.abs(u).max()
    return v @ _times_hessian(X, v), v


def _exact(X, v, steps):
    values, Q = np.linalg.eigh(X.T @ X / len(X))
    return values[-1], Q[:, -1]


def _power_inputs(rng):
    sizes = [(6, 3, 2), (3, 5, 1), (1, 4, 2), (8, 2, 4), (5, 5, 3)]
    return [(rng.normal(size=(N, p)), rng.normal(size=p), steps) for N, p, steps in sizes]


POWER = Exercise(
    id="descent.quadratics.power",
    title="The largest curvature",
    asks=(
        "Write a function of `X` (N, p), `v` (p,) and `steps` that takes `steps` steps of power "
        "iteration from v and returns the pair `(value, vector)`: the vector of length 1 that it "
        "ends at, and the curvature vᵀHv along it, with H = XᵀX/N. Do not form XᵀX."
    ),
    parameters=("X", "v", "steps"),
    parts=(Part("value", "()", points=1), Part("vector", "(p,)", points=2)),
    public=(
        (np.array([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0]]), np.array([1.0, 0.5]), 2),
        (np.array([[2.0, 0.0, 1.0], [1.0, 1.0, 0.0]]), np.array([1.0, -1.0, 2.0]), 1),
    ),
    hidden=_power_inputs,
    varies="random numbers, one row alone, more columns than rows, more steps",
    solution=_power,
    mistakes=(
        Mistake(
            "the 1/N is missing in the value",
            lambda X, v, steps: (len(X) * _power(X, v, steps)[0], _power(X, v, steps)[1]),
            "the vector is right: its length is set back to 1, so a factor does not show there. In "
            "the value it does. The curvature belongs to a mean over the rows.",
        ),
        Mistake(
            "the value is the length before it was set back to 1",
            _length_for_value,
            "‖Hv‖ tends to the largest curvature, too, but it belongs to the vector *before* the "
            "last step. Multiply the final vector once more and take the dot product.",
        ),
        Mistake(
            "the value belongs to the vector before the last step",
            _value_before_the_last_step,
            "you measured vᵀHv, then moved on. Measure along the vector that you return.",
        ),
        Mistake(
            "the value is a singular value",
            lambda X, v, steps: (np.sqrt(_power(X, v, steps)[0]), _power(X, v, steps)[1]),
            "that is the root of the curvature, ‖Xv‖/√N. Its square is asked.",
        ),
        Mistake(
            "the length is never set back to 1",
            _never_set_back_to_one,
            "the direction is right, the length grows without end. Divide by the length after each "
            "multiplication, or once at the end.",
        ),
        Mistake(
            "the largest entry is set to 1 where the length is asked",
            _largest_entry_set_to_one,
            "some books scale so. Then vᵀHv is not the curvature: a vector twice as long gives "
            "four times the value. Divide by `np.linalg.norm`.",
        ),
        Mistake(
            "one step too many",
            lambda X, v, steps: _power(X, v, steps + 1),
            "one multiplication of v by H is one step. The multiplication that measures the value "
            "does not move the vector.",
        ),
        Mistake(
            "one step too few",
            lambda X, v, steps: _power(X, _unit(v), steps - 1),
            "count the multiplications that move the vector; the one that measures the value is "
            "not among them.",
        ),
        Mistake(
            "these are the exact eigenvalue and eigenvector",
            _exact,
            "the iteration would come to this in the end, if it does not take the opposite sign. "
            "Here the vector after a given number of steps is asked, and no p × p matrix.",
        ),
    ),
    withholds=("descent.quadratics.power_iteration", "descent.quadratics.safe_step"),
)


# Settles or not ---------------------------------------------------------------------------------


def _settles(eigenvalues, amplitudes, rates):
    reach = np.outer(rates, eigenvalues[amplitudes != 0])
    return np.all((reach > 0) & (reach < 2), axis=1).astype(int)


def _every_mode_counts(eigenvalues, amplitudes, rates):
    return _settles(eigenvalues, np.ones_like(amplitudes), rates)


def _no_overshoot(eigenvalues, amplitudes, rates):
    reach = np.outer(rates, eigenvalues[amplitudes != 0])
    return np.all((reach > 0) & (reach <= 1), axis=1).astype(int)


def _edge_counts(eigenvalues, amplitudes, rates):
    reach = np.outer(rates, eigenvalues[amplitudes != 0])
    return np.all((reach > 0) & (reach <= 2), axis=1).astype(int)


def _does_not_grow(eigenvalues, amplitudes, rates):
    reach = np.outer(rates, eigenvalues[amplitudes != 0])
    return np.all((reach >= 0) & (reach <= 2), axis=1).astype(int)


def _upper_limit_only(eigenvalues, amplitudes, rates):
    reach = np.outer(rates, eigenvalues[amplitudes != 0])
    return np.all(reach < 2, axis=1).astype(int)


def _positive_rate_below_the_limit(eigenvalues, amplitudes, rates):
    return ((rates > 0) & (rates * eigenvalues[amplitudes != 0].max() < 2)).astype(int)


def _largest_share_only(eigenvalues, amplitudes, rates):
    reach = rates * eigenvalues[np.argmax(np.abs(amplitudes))]
    return ((reach > 0) & (reach < 2)).astype(int)


def _some_mode_is_enough(eigenvalues, amplitudes, rates):
    reach = np.outer(rates, eigenvalues[amplitudes != 0])
    return np.any((reach > 0) & (reach < 2), axis=1).astype(int)


def _hundred_steps(eigenvalues, amplitudes, rates):
    left = np.abs((1 - np.outer(rates, eigenvalues)) ** 100 * amplitudes)
    return (left.max(axis=1) < 1e-6).astype(int)


def _verdict_inputs(rng):
    inputs = []
    for n in (2, 3, 5):
        lam = np.sort(rng.uniform(0.3, 4, n))
        c = rng.uniform(0.5, 2, n) * rng.choice([-1.0, 1.0], n)
        rates = np.array([-0.4, 0.3, 0.9, 1.01, 1.5, 1.99, 2.01, 2.6]) / lam[-1]
        inputs.append((lam, c, rates))
        without = c.copy()
        without[-1] = 0
        inputs.append((lam, without, np.append(rates, [1.99 / lam[-2], 2.01 / lam[-2]])))
    return inputs


VERDICT = Exercise(
    id="descent.quadratics.verdict",
    title="Settles or not",
    asks=(
        "Write a function of `eigenvalues` (n,), `amplitudes` (n,) and `rates` (m,) that returns "
        "an array of m numbers: 1 where gradient descent with that rate converges to the minimum "
        "from the start with these shares c_i, 0 where it does not. A share may be exactly 0, an "
        "eigenvalue, too, and a rate may have any sign."
    ),
    parameters=("eigenvalues", "amplitudes", "rates"),
    parts=(Part("verdict", "(m,)", points=3),),
    public=(
        (
            np.array([0.5, 1.0, 4.0]),
            np.array([3.0, -1.0, 2.0]),
            np.array([-0.1, 0.0, 0.25, 0.3, 0.4975, 0.5, 0.5025, 1.5, 3.0]),
        ),
        (
            np.array([1.0, 4.0]),
            np.array([2.0, 0.0]),
            np.array([0.4, 0.6, 1.99, 2.01]),
        ),
        (np.array([0.0, 2.0]), np.array([1.0, 1.0]), np.array([0.2, 0.5, 0.9])),
        (np.array([0.0, 2.0]), np.array([0.0, 1.0]), np.array([0.2, 0.5, 1.2])),
    ),
    hidden=_verdict_inputs,
    varies="other curvatures, rates just below and above the limit, shares that are exactly 0",
    solution=_settles,
    mistakes=(
        Mistake(
            "modes without a share are counted, too",
            _every_mode_counts,
            "a mode whose share is 0 at the start keeps the share 0, whatever its factor. Leave "
            "these modes out: see the second claim of the theorem in “How large may the rate be?”.",
        ),
        Mistake(
            "a mode that overshoots is taken as failing",
            _no_overshoot,
            "between 1/λ and 2/λ the factor is negative, and its size is below 1: the mode changes "
            "sides and shrinks. See “Overshooting is not failing”.",
        ),
        Mistake(
            "the rate 2/λ itself is taken as converging",
            _edge_counts,
            "at exactly 2/λ the factor is −1: the mode changes sides for ever and does not shrink.",
        ),
        Mistake(
            "what does not grow is taken as converging",
            _does_not_grow,
            "a factor of 1 or −1 does not grow, but it does not shrink either. The minimum is "
            "reached only if the size is *below* 1.",
        ),
        Mistake(
            "only the upper limit is looked at",
            _upper_limit_only,
            "a negative rate climbs, a rate of 0 stays, and in a mode of curvature 0 no rate "
            "moves anything. The factor must also be below 1.",
        ),
        Mistake(
            "a mode of curvature 0 is forgotten",
            _positive_rate_below_the_limit,
            "the largest curvature sets the limit if all others are positive. With the curvature 0 "
            "the factor is 1, and a share there stays for ever.",
        ),
        Mistake(
            "only the mode with the largest share is looked at",
            _largest_share_only,
            "a mode with a small share and a factor beyond −1 grows until it is the largest.",
        ),
        Mistake(
            "one mode that converges is taken as enough",
            _some_mode_is_enough,
            "the error is the sum of all modes: every one of them has to die out. `any` or `all`?",
        ),
        Mistake(
            "what is not small after a hundred steps is taken as failing",
            _hundred_steps,
            "slow is not divergent: a factor of −0.99 needs more than a thousand steps. The "
            "factors decide without a run.",
        ),
        Mistake(
            "0 and 1 are exchanged",
            lambda eigenvalues, amplitudes, rates: 1 - _settles(eigenvalues, amplitudes, rates),
            "1 is to mean that it converges, 0 that it does not; yours say the opposite.",
        ),
    ),
)


# The best rate ----------------------------------------------------------------------------------


def _ends(H):
    lam = np.linalg.eigvalsh(H)
    return lam[0], lam[-1]


def _best_rate(H):
    low, high = _ends(H)
    return 2 / (low + high)


def _best_factor(H):
    low, high = _ends(H)
    return (high - low) / (high + low)


def _best(H):
    return _best_rate(H), _best_factor(H)


def _slowest(H, lr):
    return np.abs(1 - lr * np.linalg.eigvalsh(H)).max()


def _of_the_diagonal(H):
    low, high = np.diag(H).min(), np.diag(H).max()
    return 2 / (low + high), (high - low) / (high + low)


def _two_over_the_trace(H):
    lr = 2 / np.trace(H)
    return lr, _slowest(H, lr)


def _optimal_inputs(rng):
    inputs = []
    for n in (2, 3, 5, 1):
        Q, _ = np.linalg.qr(rng.normal(size=(n, n)))
        H = (Q * rng.uniform(0.4, 6, n)) @ Q.T
        inputs.append(((H + H.T) / 2,))
    return inputs


OPTIMAL = Exercise(
    id="descent.quadratics.optimal",
    title="The best rate",
    asks=(
        "Write a function of a symmetric matrix `H` with positive eigenvalues that returns the "
        "pair `(lr, factor)`: the best constant learning rate, and the factor by which the slowest "
        "mode shrinks per step with it."
    ),
    parameters=("H",),
    parts=(Part("lr", "()", points=1), Part("factor", "()", points=1)),
    public=(
        (np.array([[2.0, 1.0], [1.0, 3.0]]),),
        (np.array([[4.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0]]),),
    ),
    hidden=_optimal_inputs,
    varies="other matrices, larger ones, a single number",
    solution=_best,
    mistakes=(
        Mistake(
            "the rate is 1/λ_max",
            lambda H: (1 / _ends(H)[1], 1 - _ends(H)[0] / _ends(H)[1]),
            "with it nothing overshoots, and your factor belongs to it. But the flattest mode "
            "would gain from a larger rate: let the steepest mode overshoot as much as the "
            "flattest one creeps.",
        ),
        Mistake(
            "the rate is the limit 2/λ_max",
            lambda H: (2 / _ends(H)[1], _slowest(H, 2 / _ends(H)[1])),
            "there the steepest mode has the factor −1 and never dies out. The best rate lies "
            "below the limit.",
        ),
        Mistake(
            "the diagonal of H is taken for its eigenvalues",
            _of_the_diagonal,
            "they agree only if H is diagonal. The curvatures along the modes are what "
            "`np.linalg.eigvalsh` returns.",
        ),
        Mistake(
            "all eigenvalues are added up where two are asked",
            _two_over_the_trace,
            "only the flattest and the steepest mode decide, however many are between.",
        ),
        Mistake(
            "the rate is half of the best one",
            lambda H: (_best_rate(H) / 2, _best_factor(H)),
            "your factor is right. For the rate, solve 1 − ηλ₁ = ηλₙ − 1 once more: two ones come "
            "together on one side.",
        ),
        Mistake(
            "the factor belongs to the rate 1/λ_max",
            lambda H: (_best_rate(H), 1 - _ends(H)[0] / _ends(H)[1]),
            "1 − 1/κ is the slowest mode's factor with the rate 1/λ_max. Put your own rate into "
            "1 − ηλ₁.",
        ),
        Mistake(
            "the factor is that of the loss",
            lambda H: (_best_rate(H), _best_factor(H) ** 2),
            "the loss is a square, so its factor is the square. Asked is the mode's own factor.",
        ),
        Mistake(
            "the factor has the sign of the steepest mode",
            lambda H: (_best_rate(H), -_best_factor(H)),
            "the steepest mode flips, so its factor is negative; by how much the error shrinks is "
            "its size.",
        ),
        Mistake(
            "the condition number is returned for the factor",
            lambda H: (_best_rate(H), _ends(H)[1] / _ends(H)[0]),
            "that is κ. The factor is a fraction that κ decides; see “The best rate”.",
        ),
    ),
    withholds=("descent.quadratics.optimal_step", "descent.quadratics.contraction"),
)


# How many steps ---------------------------------------------------------------------------------

_TOLERANCE = 1e-8


def _counted(eigenvalues, amplitudes, lr):
    """Run the modes until the distance is small: the truth that predictions are compared with."""
    shrink, left = 1 - lr * eigenvalues, amplitudes.astype(float)
    goal, steps = _TOLERANCE * np.linalg.norm(amplitudes), 0
    while np.linalg.norm(left) > goal:
        left, steps = left * shrink, steps + 1
    return float(steps)


def _predicted(eigenvalues, amplitudes, lr):
    factors = np.abs(1 - lr * eigenvalues)
    i = np.argmax(factors)
    share = abs(amplitudes[i]) / np.linalg.norm(amplitudes)
    return np.log(share / _TOLERANCE), np.log(1 / factors[i]), share


def _of_mode(i):
    def count(eigenvalues, amplitudes, lr):
        share = abs(amplitudes[i]) / np.linalg.norm(amplitudes)
        return np.log(share / _TOLERANCE) / np.log(1 / abs(1 - lr * eigenvalues[i]))

    return count


def _without_share(eigenvalues, amplitudes, lr):
    return np.log(1 / _TOLERANCE) / _predicted(eigenvalues, amplitudes, lr)[1]


def _by_the_condition_number(eigenvalues, amplitudes, lr):
    return eigenvalues[-1] / eigenvalues[0] / 2 * np.log(1 / _TOLERANCE)


def _until_the_loss_is_small(eigenvalues, amplitudes, lr):
    top, bottom, _ = _predicted(eigenvalues, amplitudes, lr)
    return top / (2 * bottom)


def _two_logarithms(eigenvalues, amplitudes, lr):
    top, bottom, _ = _predicted(eigenvalues, amplitudes, lr)
    return top / np.log(10) / bottom


def _negative(eigenvalues, amplitudes, lr):
    top, bottom, _ = _predicted(eigenvalues, amplitudes, lr)
    return -top / bottom


def _share_upside_down(eigenvalues, amplitudes, lr):
    _, bottom, share = _predicted(eigenvalues, amplitudes, lr)
    return np.log(1 / (share * _TOLERANCE)) / bottom


def _share_not_divided(eigenvalues, amplitudes, lr):
    top, bottom, _ = _predicted(eigenvalues, amplitudes, lr)
    return (top + np.log(np.linalg.norm(amplitudes))) / bottom


def _within_two_percent(expected, got, args, rtol):
    if got.shape != ():
        return f"expected a single number, got shape {got.shape}"
    if abs(got - expected) <= 0.02 * expected:
        return None
    return f"it takes {expected:.0f} steps, your prediction is {got:.6g}"


def _same_up_to_rounding(one, other, args, rtol):
    """Predictions that differ by a rounding up or down are the same."""
    return bool(one.shape == other.shape == () and abs(one - other) <= 1)


def _count_inputs(rng):
    inputs = []
    for n in (2, 3, 5):
        signs = rng.choice([-1.0, 1.0], n)
        flat = np.append(rng.uniform(0.02, 0.05), np.sort(rng.uniform(0.2, 1, n - 1)))
        weak = np.append(rng.uniform(0.02, 0.1), rng.uniform(0.8, 2, n - 1)) * signs
        inputs.append((flat, weak, rng.uniform(0.9, 1.3) / flat[-1]))
        even = np.append(np.sort(rng.uniform(0.3, 0.7, n - 1)), rng.uniform(0.9, 1.2))
        share = np.append(rng.uniform(0.8, 2, n - 1), rng.uniform(0.02, 0.1)) * signs
        inputs.append((even, share, rng.uniform(1.93, 1.96) / even[-1]))
    return inputs


COUNT = Exercise(
    id="descent.quadratics.count",
    title="How many steps?",
    asks=(
        "Write a function of `eigenvalues` (n,), in ascending order, `amplitudes` (n,) and `lr` "
        "that predicts how many steps it takes until the distance to the minimum is 10⁻⁸ of what "
        "it was at the start. One mode is slower than the others, and every share is different "
        "from 0. The prediction may be off by 2 %."
    ),
    parameters=("eigenvalues", "amplitudes", "lr"),
    parts=(Part("steps", "()", 3, _within_two_percent, _same_up_to_rounding),),
    public=(
        (np.array([0.05, 0.5, 1.0]), np.array([0.1, -2.0, 1.5]), 1.0),
        (np.array([0.4, 1.0]), np.array([2.0, 0.1]), 1.95),
    ),
    hidden=_count_inputs,
    varies="other curvatures and shares; the slowest mode may be the flattest or the steepest",
    solution=_counted,
    mistakes=(
        Mistake(
            "the slowest mode's part of the error is left out",
            _without_share,
            "your number is enough for every start. Here the slowest mode begins with a small part "
            "of the error, so it has less far to go: see “How many steps?”.",
        ),
        Mistake(
            "the flattest mode is taken for the slowest",
            _of_mode(0),
            "often it is, but a rate close to the limit makes the steepest mode slow: its factor "
            "is close to −1. Compare the sizes of the factors.",
        ),
        Mistake(
            "the steepest mode is taken for the slowest",
            _of_mode(-1),
            "the steepest mode sets the limit of the rate. Which one you wait for, the sizes of "
            "the factors say; with a small rate it is the flattest.",
        ),
        Mistake(
            "the condition number alone decides",
            _by_the_condition_number,
            "κ/2 · ln(1/ε) is an upper bound for the *best* rate. Here another rate is given: take "
            "the factor that it has.",
        ),
        Mistake(
            "the steps are those of the loss",
            _until_the_loss_is_small,
            "your number is half of it: the loss is a square and falls twice as fast on a "
            "logarithmic axis. Asked is the distance.",
        ),
        Mistake(
            "two kinds of logarithm are mixed",
            _two_logarithms,
            "above the fraction bar stands a logarithm to the base 10, below one to the base e. "
            "Either kind will do, but the same one in both places.",
        ),
        Mistake(
            "the number of steps is negative",
            _negative,
            "the logarithm of a factor below 1 is negative: use ln(1/ρ) below the fraction bar.",
        ),
        Mistake(
            "the slowest mode's part of the error has the opposite effect",
            _share_upside_down,
            "a mode that begins with a smaller part needs fewer steps. Where does the part stand, "
            "above or below the tolerance?",
        ),
        Mistake(
            "the share is not divided by the whole error",
            _share_not_divided,
            "asked is the distance compared with the start, so the share counts as a part of the "
            "whole distance at the start.",
        ),
    ),
    withholds=("descent.quadratics.iterations_to",),
)


# The limits of a data set -----------------------------------------------------------------------


def _limit(A):
    return 2 * len(A) / np.linalg.norm(A, 2) ** 2


def _bias(X):
    return np.column_stack([np.ones(len(X)), X])


def _varying(X):
    return X[:, X.std(axis=0) > 0]


def _scaled(X, ddof=0):
    return (X - X.mean(axis=0)) / X.std(axis=0, ddof=ddof)


def _pair(X, limit=_limit):
    X = _varying(X)
    return limit(_bias(X)), limit(_bias(_scaled(X)))


def _both_limits(X):
    return _pair(X)


def _without_mean(X):
    X = _varying(X)
    return _limit(_bias(X)), _limit(_bias(X / X.std(axis=0)))


def _without_spread(X):
    X = _varying(X)
    return _limit(_bias(X)), _limit(_bias(X - X.mean(axis=0)))


def _limits_inputs(rng):
    inputs = []
    for N, p in ((6, 2), (9, 4), (5, 3)):
        X = rng.normal(size=(N, p)) * rng.uniform(0.5, 3, p) + rng.uniform(0.5, 2, p)
        inputs.append((X,))
        inputs.append((np.insert(X, int(rng.integers(p)), rng.integers(1, 4), axis=1),))
    return inputs


LIMITS = Exercise(
    id="descent.quadratics.limits",
    title="The limits of a data set",
    asks=(
        "Write a function of `X` (N, p) that returns the pair `(raw, standardized)` of the limits "
        "2/λ_max of the learning rate for linear regression with a bias: leave out constant "
        "columns, put a column of ones in front, once with the features as they are and once "
        "standardized (with the standard deviation that has 1/N)."
    ),
    parameters=("X",),
    parts=(Part("raw", "()", points=1), Part("standardized", "()", points=2)),
    public=(
        (np.array([[1.0, 2.0], [2.0, 0.0], [4.0, 1.0], [3.0, 2.5]]),),
        (np.array([[1.0, 3.0, 0.5], [2.0, 3.0, 1.0], [0.0, 3.0, 2.0], [2.0, 3.0, -1.0]]),),
    ),
    hidden=_limits_inputs,
    varies="other numbers of rows and columns, with and without a constant column",
    solution=_both_limits,
    mistakes=(
        Mistake(
            "the 1/N is missing",
            lambda X: _pair(X, lambda A: 2 / np.linalg.norm(A, 2) ** 2),
            "the loss is a mean over the rows, so its curvature is one, too: H = XᵀX/N. Without "
            "the N, more data would ask for a smaller rate.",
        ),
        Mistake(
            "these are the rates without overshoot, 1/λ_max",
            lambda X: _pair(X, lambda A: _limit(A) / 2),
            "half of what may be. Up to 2/λ_max the steepest mode overshoots and still shrinks.",
        ),
        Mistake(
            "these are the curvatures, not the limits of the rate",
            lambda X: _pair(X, lambda A: 2 / _limit(A)),
            "the steeper the valley, the smaller the rate must be. What is 2 to be divided by?",
        ),
        Mistake(
            "the singular value is not squared",
            lambda X: _pair(X, lambda A: 2 * len(A) / np.linalg.norm(A, 2)),
            "the largest eigenvalue of AᵀA is the largest singular value of A, *squared*.",
        ),
        Mistake(
            "constant columns are still in the raw data",
            lambda X: (_limit(_bias(X)), _pair(X)[1]),
            "you leave them out for the one and keep them for the other, but both are to be the "
            "same model.",
        ),
        Mistake(
            "the bias is missing",
            lambda X: (_limit(_varying(X)), _limit(_scaled(_varying(X)))),
            "put the column of ones in front. Standardized columns do not notice it, but to raw "
            "columns, whose means are not 0, it adds a direction.",
        ),
        Mistake(
            "the standard deviation has 1/(N − 1)",
            lambda X: (_pair(X)[0], _limit(_bias(_scaled(_varying(X), ddof=1)))),
            "pandas does so by default, NumPy does not. With 1/N the mean square of each column is "
            "exactly 1, as in “Why standardizing helps”.",
        ),
        Mistake(
            "the mean is not subtracted",
            _without_mean,
            "dividing by the spread sets the unit, subtracting the mean sets the zero. A column "
            "far from zero is nearly a second bias, and that makes a steep direction.",
        ),
        Mistake(
            "the columns are only centered",
            _without_spread,
            "the means are gone, but each column still has its own unit: divide by the standard "
            "deviation, too.",
        ),
        Mistake(
            "raw and standardized are exchanged",
            lambda X: _pair(X)[::-1],
            "both numbers are right, in the opposite order.",
        ),
    ),
    withholds=(
        "descent.quadratics.power_iteration",
        "descent.quadratics.safe_step",
    ),
)

EXERCISES = (POWER, VERDICT, OPTIMAL, COUNT, LIMITS)
