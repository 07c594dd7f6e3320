"""Chapter 18, Rivals: what else trains a network, and what those rules really are.

``W``, ``b``, ``Z``, ``A`` are the lists of chapter 7. Rules that replace the gradient return it in
the gradient's place, flat, so that every optimizer of the course can take it.
"""

import math
from typing import NamedTuple

import numpy as np

from bpcourse.backprop.network import MLP, layers, mlp_backward, mlp_forward
from bpcourse.basics.activations import ACTIVATIONS
from bpcourse.basics.losses import LOSSES, as_loss, softmax
from bpcourse.basics.validate import as_count, as_matrix, as_number, as_rng, as_vector

__all__ = [
    "Boosted",
    "Stump",
    "dtp",
    "dtp_inverses",
    "elm",
    "feedback_alignment",
    "fit_stump",
    "gaussian_kernel",
    "kernel_gd",
    "pes_step",
    "pes_train",
    "random_feedback",
    "reinforce",
    "stump_boost",
    "td_jacobian",
    "td_update",
]


def pes_step(X, T, W, b, *, lr, eps=0.02, rcond=1e-3, biases=1):
    """One step of the pseudo-inverse rule for sigmoid layers, as reconstructed here.

    From the last layer to the first: which Z would have given the targets; which weights give
    that Z, in the least squares sense; which inputs would have given it with the old weights.

    Parameters
    ----------
    X : array_like, shape (N, n_0)
    T : array_like, shape (N, n_L)
        Targets from 0 to 1.
    W, b : list of ndarray
        Weights and biases of sigmoid layers.
    lr : float
        η, positive: 1 takes the whole step.
    eps : float
        ε: targets are clipped to [ε, 1 − ε], where the sigmoid has an inverse. Those of hidden
        layers must be clipped too, for they may lie anywhere.
    rcond : float
        Singular values below this share of the largest count as 0.
    biases : int
        How many biases each unit sums up; the paper has one per input, and it changes nothing
        as long as the rows outnumber the weights (and none of them is cut off by `rcond`).

    Returns
    -------
    W, b : list of ndarray
        New arrays.

    Notes
    -----
    The paper leaves details open; this is a reconstruction, not its authors' code.

    References
    ----------
    arXiv:1802.00027, A new backpropagation algorithm without gradient descent.
    """
    X = as_matrix(X, "X", columns=W[0].shape[0], taker="the network")
    T = as_matrix(T, "T")
    if T.shape != (len(X), W[-1].shape[1]):
        raise ValueError(f"T has shape {T.shape}, expected ({len(X)}, {W[-1].shape[1]})")
    eta, eps = as_number(lr, "lr", above=0), as_number(eps, "eps", above=0, below=0.5)
    ones = np.ones((len(X), as_count(biases, "biases")))
    L = len(W)
    Z, A = mlp_forward(X, W, b, [ACTIVATIONS["sigmoid"]] * L)
    W_new, b_new = list(W), list(b)
    for l in reversed(range(L)):
        T = np.clip(T, eps, 1 - eps)
        dZ = np.log(T / (1 - T)) - Z[l]  # eq:beyond-rivals-pes-z
        step = np.linalg.pinv(np.hstack([A[l], ones]), rcond=rcond) @ dZ  # eq:beyond-rivals-pes
        n = W[l].shape[0]
        W_new[l] = W[l] + eta * step[:n]
        b_new[l] = b[l] + eta * step[n:].sum(axis=0)
        T = A[l] + dZ @ np.linalg.pinv(W[l], rcond=rcond)  # eq:beyond-rivals-pes-target
    return W_new, b_new


def pes_train(X, T, sizes, *, lr, steps, rng, eps=0.02, rcond=1e-3):
    """Train a sigmoid network with the pseudo-inverse rule on all samples at once.

    Parameters
    ----------
    X : array_like, shape (N, n_0)
    T : array_like, shape (N, n_L)
        Targets from 0 to 1, such as one-hot rows.
    sizes : sequence of int
        The widths n_0 … n_L.
    lr : float
        η of `pes_step`.
    steps : int
    rng : numpy.random.Generator
        Draws the weights, as Xavier's initialization does.
    eps, rcond : float
        As for `pes_step`.

    Returns
    -------
    model : MLP
    losses : ndarray, shape (steps + 1,)
        Half the mean squared error before each step and after the last. Nothing makes it fall.
    """
    model = MLP(sizes, "sigmoid", "half_mse", output="sigmoid", init="xavier", rng=as_rng(rng))
    losses = [model.value(X, T)]
    for _ in range(as_count(steps, "steps", least=0)):
        W, b = pes_step(X, T, model.W, model.b, lr=lr, eps=eps, rcond=rcond)
        for l in range(len(W)):
            model.W[l][:], model.b[l][:] = W[l], b[l]
        losses.append(model.value(X, T))
    return model, np.array(losses)


def elm(X, Y, hidden, *, activation="tanh", rng):
    """An extreme learning machine: random hidden weights, least squares for the output.

    Parameters
    ----------
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, k) or (N,)
        Targets, such as one-hot rows.
    hidden : int
        How many hidden units.
    activation : str or Activation
    rng : numpy.random.Generator
        Draws the hidden weights and biases.

    Returns
    -------
    MLP
        With one hidden layer and the loss "half_mse"; no weights have a smaller loss on the
        data, given the hidden layer.

    References
    ----------
    Huang, Zhu and Siew (2006), Extreme learning machine.
    """
    X, Y = as_matrix(X, "X"), np.asarray(Y)
    outputs = Y.shape[1] if Y.ndim == 2 else 1
    model = MLP([X.shape[1], hidden, outputs], activation, "half_mse", init="xavier", rng=rng)
    X, Y = model._samples(X, Y)
    model.b[0][:] = rng.normal(size=hidden)
    A = model.phi[0].f(X @ model.W[0] + model.b[0])
    solution = np.linalg.pinv(np.hstack([A, np.ones((len(A), 1))])) @ Y  # eq:beyond-rivals-elm
    model.W[1][:], model.b[1][:] = solution[:-1], solution[-1]
    return model


def random_feedback(sizes, *, rng):
    """Fixed random matrices in place of the weights, for `feedback_alignment`.

    Parameters
    ----------
    sizes : sequence of int
        The widths n_0 … n_L.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray
        Of the shapes of the weights, and as large as Xavier's.
    """
    return MLP(sizes, init="xavier", rng=as_rng(rng)).W


def feedback_alignment(model, X, Y, feedback):
    """The backward pass with fixed random matrices where (B2) has the weights.

    Parameters
    ----------
    model : MLP
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.
    feedback : list of ndarray
        From `random_feedback`; with ``model.W`` itself this is backpropagation.

    Returns
    -------
    value : float
        The loss, weight decay left out.
    direction : ndarray, shape (P,)
        In the place of the gradient.

    References
    ----------
    Lillicrap, Cownden, Tweed and Akerman (2016), Random synaptic feedback weights support error
    backpropagation for deep learning.
    """
    if [B.shape for B in feedback] != [W.shape for W in model.W]:
        raise ValueError("feedback has other shapes than the weights; use random_feedback(sizes)")
    X, Y = model._samples(X, Y)
    Z, A = mlp_forward(X, model.W, model.b, model.phi)
    direction = np.empty_like(model.theta)
    dW, db = layers(direction, model.sizes)
    # Only (B2) uses the weights in the backward pass, and there they become B.
    mlp_backward(Z, A, Y, feedback, model.phi, model.loss, inputs=False, dW=dW, db=db)
    return model.loss.f(A[-1], Y), direction  # eq:beyond-rivals-feedback


def dtp(model, X, Y, V, c, *, target_lr):
    """Difference target propagation: each layer gets a target from learned inverses.

    Parameters
    ----------
    model : MLP
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.
    V, c : list of ndarray
        The inverses g(a) = φ(aV + c) of the layers: ``V[l]`` of shape (n_{l+1}, n_l), ``c[l]`` of
        shape (n_l,); φ is the activation of layer l, the identity for l = 0. See `dtp_inverses`.
    target_lr : float
        η̂: how far down the loss the last target lies from the output.

    Returns
    -------
    value : float
        The loss.
    direction : ndarray, shape (P,)
        In the place of the gradient: each layer's own, of ½ Σ (a − t)²/η̂ with its target held
        fixed, so that it does not depend on the size of η̂ where all is linear.

    References
    ----------
    Lee, Zhang, Fischer and Bengio (2015), Difference target propagation.
    """
    eta = as_number(target_lr, "target_lr", above=0)
    X, Y = model._samples(X, Y)
    phi, L = model.phi, len(model.W)
    Z, A = mlp_forward(X, model.W, model.b, phi)
    direction = np.empty_like(model.theta)
    dW, db = layers(direction, model.sizes)
    T = A[L] - eta * model.loss.df(A[L], Y)  # eq:beyond-rivals-dtp-top
    for l in reversed(range(L)):
        Delta = (A[l + 1] - T) / eta * phi[l].df(Z[l])  # eq:beyond-rivals-dtp-local
        dW[l][:] = A[l].T @ Delta
        db[l][:] = Delta.sum(axis=0)
        if l:
            g = phi[l - 1].f
            T = A[l] + g(T @ V[l] + c[l]) - g(A[l + 1] @ V[l] + c[l])  # eq:beyond-rivals-dtp
    return model.loss.f(A[L], Y), direction


def dtp_inverses(model, X, V, c, *, noise, rng):
    """How well the inverses of `dtp` undo their layers near the data, and the gradients of that.

    Parameters
    ----------
    model : MLP
    X : array_like, shape (N, n_0)
    V, c : list of ndarray
        As for `dtp`.
    noise : float
        The standard deviation of what is added to each layer's input.
    rng : numpy.random.Generator

    Returns
    -------
    loss : float
        Σ over the layers but the first of ½ ‖g(f(a)) − a‖², meaned over the rows.
    dV, dc : list of ndarray
        Its gradients, of the shapes of `V` and `c`, those of the first layer 0.
    """
    noise, rng = as_number(noise, "noise", least=0), as_rng(rng)
    _, A = model.forward(X)
    loss, dV, dc = 0.0, [np.zeros_like(V_l) for V_l in V], [np.zeros_like(c_l) for c_l in c]
    for l in range(1, len(model.W)):
        a = A[l] + rng.normal(0, noise, A[l].shape)
        up = model.phi[l].f(a @ model.W[l] + model.b[l])
        inverse = mlp_forward(up, [V[l]], [c[l]], [model.phi[l - 1]])
        half_mse = LOSSES["half_mse"]
        loss += half_mse.f(inverse[1][-1], a)  # eq:beyond-rivals-dtp-inverse
        _, (dV[l],), (dc[l],), _ = mlp_backward(
            *inverse, a, [V[l]], [model.phi[l - 1]], half_mse, inputs=False
        )
    return loss, dV, dc


def reinforce(reward, logits, samples, *, baseline=0.0, rng):
    """Score function estimates of ∇E[reward] for an action drawn with softmax probabilities.

    Parameters
    ----------
    reward : callable
        ``reward(action)`` for an action 0 … k − 1; it need not be differentiable, nor even known.
    logits : array_like, shape (k,)
    samples : int
        How many actions to draw.
    baseline : float
        Taken off each reward: the mean stays, the variance changes.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (samples, k)
        One unbiased estimate of the gradient with respect to the logits per row; take the mean.

    References
    ----------
    Williams (1992), Simple statistical gradient-following algorithms for connectionist
    reinforcement learning.
    """
    logits = as_vector(logits, "logits", why="one per action")
    p = softmax(logits[np.newaxis])[0]
    actions = as_rng(rng).choice(p.size, size=as_count(samples, "samples"), p=p)
    rewards = np.array([as_number(reward(int(k)), "the reward") for k in actions])
    score = np.eye(p.size)[actions] - p  # eq:beyond-rivals-score
    return (rewards - as_number(baseline, "baseline"))[
        :, np.newaxis
    ] * score  # eq:beyond-rivals-reinforce


def gaussian_kernel(X, Z, width):
    """Similarities exp(−‖x − z‖²/(2 width²)) of all rows of X with all rows of Z.

    Parameters
    ----------
    X : array_like, shape (N, p)
    Z : array_like, shape (M, p)
    width : float
        In the unit of the features, positive.

    Returns
    -------
    ndarray, shape (N, M)
    """
    X = as_matrix(X, "X")
    Z = as_matrix(Z, "Z", columns=X.shape[1], taker="X")
    squares = ((X[:, np.newaxis] - Z) ** 2).sum(axis=2)
    return np.exp(-squares / (2 * as_number(width, "width", above=0) ** 2))


def kernel_gd(K, y, lr, steps):
    """Gradient descent on a function f(x) = Σ_s α_s k(x, x_s), for half the mean squared error.

    Parameters
    ----------
    K : array_like, shape (N, N)
        The kernel between all samples, symmetric and positive semidefinite.
    y : array_like, shape (N,)
        The targets.
    lr : float
        η; it converges below 2N/λ_max(K).
    steps : int

    Returns
    -------
    ndarray, shape (steps + 1, N)
        α after every step, first 0. Predictions at new points are ``k(new, X) @ alpha[-1]``.

    Raises
    ------
    FloatingPointError
        If a step leaves the finite numbers.
    """
    K = as_matrix(K, "K")
    N = len(K)
    if K.shape != (N, N):
        raise ValueError(f"K has shape {K.shape}, expected (N, N), all samples with all samples")
    y = as_vector(y, "y", length=N, why="one per row of K")
    eta, steps = as_number(lr, "lr", above=0), as_count(steps, "steps", least=0)
    alpha = np.zeros((steps + 1, N))
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(steps):
            alpha[k + 1] = alpha[k] - eta * (K @ alpha[k] - y) / N  # eq:beyond-rivals-kernel
            if not np.isfinite(alpha[k + 1]).all():
                raise FloatingPointError(
                    f"step {k + 1} left the finite numbers with the learning rate {eta:g}; "
                    "take a smaller one"
                )
    return alpha


class Stump(NamedTuple):
    """A tree with one question: is the feature at most the threshold?

    Parameters
    ----------
    feature : int
    threshold : float
    left, right : float
        The answers for yes and for no.
    """

    feature: int
    threshold: float
    left: float
    right: float

    def predict(self, X):
        """Answer for each row of X.

        Parameters
        ----------
        X : ndarray, shape (N, p)

        Returns
        -------
        ndarray, shape (N,)
        """
        return np.where(X[:, self.feature] <= self.threshold, self.left, self.right)


def fit_stump(X, r):
    """The stump with the smallest squared error, found by trying all splits.

    Its loss is piecewise constant in the threshold, so there is no gradient to follow.

    Parameters
    ----------
    X : array_like, shape (N, p)
    r : array_like, shape (N,)
        What to fit.

    Returns
    -------
    Stump
        Thresholds lie midway between neighboring values; of equally good splits the first.
    """
    X = as_matrix(X, "X")
    N = len(X)
    r = as_vector(r, "r", length=N)
    best, gain = Stump(0, math.inf, float(r.mean()), float(r.mean())), 0.0
    for j in range(X.shape[1]):
        order = np.argsort(X[:, j], kind="stable")
        x, total = X[order, j], np.cumsum((r - r.mean())[order])
        k = np.flatnonzero(x[:-1] < x[1:]) + 1  # how many samples go left
        if k.size == 0:
            continue
        gains = total[k - 1] ** 2 * N / (k * (N - k))  # eq:beyond-rivals-stump
        i = int(gains.argmax())
        if gains[i] > gain:
            low, high = x[k[i] - 1], x[k[i]]
            threshold = low + (high - low) / 2
            threshold = low if threshold >= high else threshold
            left = X[:, j] <= threshold
            best = Stump(j, float(threshold), float(r[left].mean()), float(r[~left].mean()))
            gain = gains[i]
    return best


class Boosted(NamedTuple):
    """A sum of stumps, with the losses on the way to it.

    Parameters
    ----------
    lr : float
        What each stump is multiplied with.
    stumps : list of Stump
    losses : ndarray, shape (rounds + 1,)
        On the training data, before the first round and after each.
    """

    lr: float
    stumps: list
    losses: np.ndarray

    def predict(self, X):
        """The sum for each row of X.

        Parameters
        ----------
        X : array_like, shape (N, p)

        Returns
        -------
        ndarray, shape (N,)
            A number, or with "sigmoid_cross_entropy" a logit.
        """
        X = as_matrix(X, "X")
        return self.lr * np.sum([s.predict(X) for s in self.stumps] or [np.zeros(len(X))], axis=0)


def stump_boost(X, y, rounds, *, lr=0.1, loss="half_mse"):
    """Boosting as gradient descent on a function: each stump fits the negative gradient.

    Parameters
    ----------
    X : array_like, shape (N, p)
    y : array_like, shape (N,)
        Numbers, or 0 and 1 for "sigmoid_cross_entropy".
    rounds : int
        How many stumps.
    lr : float
        η: how much of each stump is added.
    loss : str or Loss
        "half_mse", "sigmoid_cross_entropy", or another one of a single output.

    Returns
    -------
    Boosted

    References
    ----------
    Friedman (2001), Greedy function approximation: a gradient boosting machine.
    """
    X, loss = as_matrix(X, "X"), as_loss(loss)
    y = as_vector(y, "y", length=len(X))
    Y = loss.as_targets(y, 1)
    eta, N = as_number(lr, "lr", above=0), len(X)
    F, stumps = np.zeros_like(Y, dtype=np.float64), []
    losses = [loss.f(F, Y)]
    for _ in range(as_count(rounds, "rounds", least=0)):
        r = -N * loss.df(F, Y)[:, 0]  # eq:beyond-rivals-boost-residual
        stumps.append(fit_stump(X, r))
        F = F + eta * stumps[-1].predict(X)[:, np.newaxis]  # eq:beyond-rivals-boost-step
        losses.append(loss.f(F, Y))
    return Boosted(eta, stumps, np.array(losses))


def td_update(w, Phi, P, reward, discount, visits):
    """The mean step of TD(0) with values Φw, per unit of the learning rate.

    Parameters
    ----------
    w : array_like, shape (p,)
    Phi : array_like, shape (S, p)
        Φ: the features of each state.
    P : array_like, shape (S, S)
        The probability of each next state, row by row.
    reward : array_like, shape (S,)
        The mean reward on leaving each state.
    discount : float
        γ, from 0 to below 1.
    visits : array_like, shape (S,)
        How often each state is updated, as shares.

    Returns
    -------
    ndarray, shape (p,)
        Φᵀ D (r + γPΦw − Φw). It treats the target r + γPΦw as a constant, and so is the negative
        gradient of nothing unless its Jacobian happens to be symmetric; see `td_jacobian`.

    References
    ----------
    Sutton and Barto (2018), Reinforcement Learning, chapter 9 and section 11.3.
    """
    Phi, P, gamma, D = _chain(Phi, P, discount, visits)
    w = as_vector(w, "w", length=Phi.shape[1], why="one per column of Phi")
    reward = as_vector(reward, "reward", length=len(Phi), why="one per state")
    error = reward + gamma * P @ (Phi @ w) - Phi @ w  # eq:beyond-rivals-td-error
    return Phi.T @ (D * error)  # eq:beyond-rivals-td


def td_jacobian(Phi, P, discount, visits):
    """The Jacobian of `td_update` in w, the same for every w; a gradient's would be symmetric.

    Parameters
    ----------
    Phi : array_like, shape (S, p)
    P : array_like, shape (S, S)
    discount : float
    visits : array_like, shape (S,)
        As for `td_update`.

    Returns
    -------
    ndarray, shape (p, p)
        −Φᵀ D (I − γP) Φ.
    """
    Phi, P, gamma, D = _chain(Phi, P, discount, visits)
    return -Phi.T @ (D[:, np.newaxis] * (Phi - gamma * P @ Phi))  # eq:beyond-rivals-td-jacobian


def _chain(Phi, P, discount, visits):
    Phi, P = as_matrix(Phi, "Phi"), as_matrix(P, "P")
    S = len(Phi)
    if P.shape != (S, S) or (P < 0).any() or np.abs(P.sum(axis=1) - 1).max() > 1e-12:
        raise ValueError(
            f"P of shape {P.shape} is no transition matrix of {S} states; "
            "each of its rows must hold shares that add up to 1"
        )
    gamma = as_number(discount, "discount", least=0, below=1)
    return Phi, P, gamma, as_vector(visits, "visits", length=S, why="one per state")
