"""Chapter 7, Backpropagation of a network: the forward pass, B1–B5, and a network to train.

Rows of ``X`` are samples. Lists count from 0: ``W[l]`` leads from ``A[l]`` to ``Z[l]``, so the
book's W⁽ℓ⁾, b⁽ℓ⁾, Z⁽ℓ⁾ and Δ⁽ℓ⁾ are at index ℓ − 1, and A⁽ℓ⁾, which begins with A⁽⁰⁾ = X, at ℓ.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from bpcourse.basics.activations import as_activation
from bpcourse.basics.losses import as_loss
from bpcourse.basics.progress import Progress
from bpcourse.basics.validate import as_count, as_matrix, as_number, as_rng

__all__ = [
    "INITS",
    "MLP",
    "History",
    "fit",
    "init_he",
    "init_xavier",
    "layers",
    "mlp_backward",
    "mlp_forward",
    "mlp_init",
]


def init_he(n_in, n_out, rng):
    """Weights of variance 2/n_in: a ReLU layer keeps the mean square of its signal.

    Parameters
    ----------
    n_in, n_out : int
        The widths before and after.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_in, n_out)

    References
    ----------
    He, Zhang, Ren and Sun (2015), Delving deep into rectifiers.
    """
    return rng.normal(0, math.sqrt(2 / n_in), (n_in, n_out))  # eq:training-initialization-he


def init_xavier(n_in, n_out, rng):
    """Weights of variance 2/(n_in + n_out): between what each direction of travel needs.

    Parameters
    ----------
    n_in, n_out : int
        The widths before and after.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_in, n_out)

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward networks.
    """
    std = math.sqrt(2 / (n_in + n_out))  # eq:training-initialization-xavier
    return rng.normal(0, std, (n_in, n_out))


INITS = {"he": init_he, "xavier": init_xavier}


def layers(theta, sizes):
    """Every layer's weights and biases as views into one flat array.

    Parameters
    ----------
    theta : ndarray, shape (P,)
        All parameters: the first layer's weights row by row, its biases, the second layer's, ….
    sizes : sequence of int
        The widths n_0 … n_L; P = Σ (n_{l} + 1) n_{l+1}.

    Returns
    -------
    W : list of ndarray
        ``W[l]`` of shape (n_l, n_{l+1}).
    b : list of ndarray
        ``b[l]`` of shape (n_{l+1},). Changing an entry of either changes `theta`.

    Raises
    ------
    ValueError
        If `theta` has not P entries.
    """
    P = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    if theta.shape != (P,):
        raise ValueError(f"theta has shape {theta.shape}, layers {sizes} have {P} parameters")
    W, b, start = [], [], 0
    for n_in, n_out in pairwise(sizes):
        end = start + n_in * n_out
        W.append(theta[start:end].reshape(n_in, n_out))
        b.append(theta[end : end + n_out])
        start = end + n_out
    return W, b


def mlp_init(sizes, *, init="he", rng, dtype=np.float64):
    """Draw the weights of a network; its biases are 0.

    Parameters
    ----------
    sizes : sequence of int
        The widths n_0 … n_L, inputs first.
    init : {"he", "xavier"} or callable
        A callable gets ``(n_in, n_out, rng)`` and returns the weights of one layer.
    rng : numpy.random.Generator
    dtype : data type
        float64 or float32.

    Returns
    -------
    theta : ndarray, shape (P,)
        All parameters in one flat array.
    W, b : list of ndarray
        Views into `theta`, see `layers`.

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or no initialization has that name.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes is {sizes}, expected at least the inputs' and the outputs' number")
    sizes = [as_count(n, f"sizes[{i}]") for i, n in enumerate(sizes)]
    if not callable(init) and init not in INITS:
        raise ValueError(
            f"init is {init!r}, expected one of {', '.join(INITS)} or a function of "
            "(n_in, n_out, rng) that returns the weights of a layer"
        )
    draw: Callable = init if callable(init) else INITS[init]
    rng = as_rng(rng)
    theta = np.zeros(sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes)), dtype)
    W, b = layers(theta, sizes)
    for W_l in W:
        W_l[:] = draw(*W_l.shape, rng)
    return theta, W, b


def mlp_forward(X, W, b, phi, *, Z=None):
    """The forward pass: what enters each activation, and what leaves it.

    Parameters
    ----------
    X : ndarray, shape (N, n_0)
    W, b : list of ndarray
        ``W[l]`` of shape (n_l, n_{l+1}) and ``b[l]`` of shape (n_{l+1},).
    phi : list of Activation
        One per layer.
    Z : list of ndarray, optional
        Arrays of shape (N, n_{l+1}) to write into; by default new ones are made.

    Returns
    -------
    Z : list of ndarray
        What enters each layer's activation.
    A : list of ndarray
        ``A[0]`` is `X`, ``A[l + 1]`` = φ(``Z[l]``), the last is the output.
    """
    L = len(W)
    Z, A = _to_fill(Z, L), [X]
    for l in range(L):
        Z[l] = np.matmul(A[l], W[l], out=Z[l])
        Z[l] += b[l]  # eq:backprop-network-z
        A.append(phi[l].f(Z[l]))  # eq:backprop-network-a
    return Z, A


def mlp_backward(Z, A, Y, W, phi, loss, *, inputs=True, Delta=None, dW=None, db=None):
    """The backward pass: all error signals first, then all gradients.

    Parameters
    ----------
    Z, A : list of ndarray
        What `mlp_forward` returned.
    Y : ndarray, shape (N, n_L)
        The targets.
    W : list of ndarray
        The weights of the forward pass, not yet changed.
    phi : list of Activation
        One per layer.
    loss : Loss
    inputs : bool
        False leaves out (B5), which training does not need.
    Delta, dW, db : list of ndarray, optional
        Arrays to write into; by default new ones are made.

    Returns
    -------
    Delta : list of ndarray
        The error signals ∂C/∂Z, of the shapes of `Z`; the 1/N of the mean is in them.
    dW, db : list of ndarray
        ∂C/∂W and ∂C/∂b, of the shapes of `W` and b.
    dX : ndarray, shape (N, n_0), or None
        ∂C/∂X.

    References
    ----------
    Rumelhart, Hinton and Williams (1986), Learning representations by back-propagating errors.
    """
    L = len(W)
    Delta, dW, db = _to_fill(Delta, L), _to_fill(dW, L), _to_fill(db, L)
    Delta[L - 1] = np.multiply(loss.df(A[L], Y), phi[L - 1].df(Z[L - 1]))  # (B1)
    for l in reversed(range(L - 1)):
        Delta[l] = np.matmul(Delta[l + 1], W[l + 1].T, out=Delta[l])
        Delta[l] *= phi[l].df(Z[l])  # (B2)
    for l in range(L):
        dW[l] = np.matmul(A[l].T, Delta[l], out=dW[l])  # (B3)
        db[l] = Delta[l].sum(axis=0, out=db[l])  # (B4)
    dX = Delta[0] @ W[0].T if inputs else None  # (B5)
    return Delta, dW, db, dX


def _to_fill(arrays, L) -> list[Any]:
    """Return the arrays to write into; None makes NumPy's ``out=`` take new ones."""
    return [None] * L if arrays is None else arrays


class MLP:
    """A fully connected network: weights, biases, one activation, a loss.

    Parameters
    ----------
    sizes : sequence of int
        The widths n_0 … n_L, inputs first.
    activation : str or Activation
        Of the hidden layers.
    loss : str or Loss
        "softmax_cross_entropy" and "sigmoid_cross_entropy" work on logits, so they want the
        output "identity".
    init : {"he", "xavier"} or callable
        How the weights are drawn, see `mlp_init`; biases start at 0.
    rng : numpy.random.Generator, optional
        Where the weights are drawn from. Without it every network is another one.
    output : str or Activation
        Of the last layer.
    weight_decay : float
        λ of the penalty Ω = ½ λ Σ W²; biases are free.
    dtype : data type
        float64 or float32.

    Attributes
    ----------
    theta : ndarray, shape (P,)
        All parameters. ``model.theta = other`` copies the numbers in.
    W, b : list of ndarray
        Views into `theta`: ``W[l]`` of shape (n_l, n_{l+1}), ``b[l]`` of shape (n_{l+1},).

    Examples
    --------
    >>> model = MLP([2, 8, 3], rng=np.random.default_rng(0))
    >>> value, gradient = model.value_and_gradient([[0.5, -1.0]], [2])
    >>> gradient.shape == model.theta.shape
    True
    """

    def __init__(
        self,
        sizes,
        activation="relu",
        loss="softmax_cross_entropy",
        *,
        init="he",
        rng=None,
        output="identity",
        weight_decay=0.0,
        dtype=np.float64,
    ):
        hidden, last = as_activation(activation), as_activation(output)
        self.loss = as_loss(loss)
        self.weight_decay = as_number(weight_decay, "weight_decay", least=0)
        rng = np.random.default_rng() if rng is None else rng
        self._theta, self.W, self.b = mlp_init(sizes, init=init, rng=rng, dtype=dtype)
        self.sizes = tuple(int(n) for n in sizes)
        self.phi = [hidden] * (len(sizes) - 2) + [last]
        self._work = self._new_work(0)

    def __repr__(self):
        """Return widths, activation, loss and the number of parameters."""
        widths = "-".join(str(n) for n in self.sizes)
        names = " → ".join(dict.fromkeys(phi.name for phi in self.phi))
        return f"MLP({widths}, {names}, {self.loss.name}, {self.theta.size} parameters)"

    def __getstate__(self):
        # A copy of a view is no view: copies and pickles leave the views out and make their own.
        left_out = ("W", "b", "_work")
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def __setstate__(self, state):
        vars(self).update(state)
        self.W, self.b = layers(self._theta, self.sizes)
        self._work = self._new_work(0)

    @property
    def theta(self):
        """All parameters in one flat array; assigning copies the numbers in."""
        return self._theta

    @theta.setter
    def theta(self, values):
        values = np.asarray(values)
        if values.shape != self._theta.shape:
            raise ValueError(
                f"theta has shape {self._theta.shape}, got {values.shape}; "
                f"pass a flat array of {self._theta.size} numbers"
            )
        self._theta[:] = values

    def forward(self, X):
        """The forward pass.

        Parameters
        ----------
        X : array_like, shape (N, n_0)

        Returns
        -------
        Z : list of ndarray
            ``Z[l]`` = ``A[l] @ W[l] + b[l]``.
        A : list of ndarray
            ``A[0]`` = X, ``A[l + 1]`` = φ(``Z[l]``); the last is the output.
        """
        return mlp_forward(self._inputs(X), self.W, self.b, self.phi)

    def predict(self, X):
        """What the network answers.

        Parameters
        ----------
        X : array_like, shape (N, n_0)

        Returns
        -------
        ndarray
            With "softmax_cross_entropy" the class numbers, shape (N,); with
            "sigmoid_cross_entropy" 0 or 1, shape (N, n_L); else the output, shape (N, n_L).
        """
        return self.loss.decide(self.forward(X)[1][-1])

    def value(self, X, Y):
        """The loss, penalty included; for X and Y see `value_and_gradient`.

        Parameters
        ----------
        X : array_like, shape (N, n_0)
        Y : array_like, shape (N, n_L) or (N,)

        Returns
        -------
        float
        """
        return self._value(*self._samples(X, Y))[0]

    def value_and_gradient(self, X, Y):
        """The loss, penalty included, and its gradient with respect to `theta`.

        Parameters
        ----------
        X : array_like, shape (N, n_0)
        Y : array_like, shape (N, n_L) or (N,)
            The targets. One-dimensional: class numbers for "softmax_cross_entropy", else the
            targets of a single output.

        Returns
        -------
        value : float
            The mean over the rows, plus Ω.
        gradient : ndarray, shape (P,)
            A new array, in the order of `theta`.

        Raises
        ------
        ValueError
            If a shape does not fit, the data are empty, or a value is not finite.
        """
        return self._value_and_gradient(*self._samples(X, Y))

    def input_gradient(self, X, Y):
        """The gradient of the loss with respect to the inputs, (B5).

        Parameters
        ----------
        X : array_like, shape (N, n_0)
        Y : array_like, shape (N, n_L) or (N,)
            As for `value_and_gradient`.

        Returns
        -------
        ndarray, shape (N, n_0)
        """
        X, Y = self._samples(X, Y)
        Z, A = mlp_forward(X, self.W, self.b, self.phi)
        return mlp_backward(Z, A, Y, self.W, self.phi, self.loss)[3]

    def _inputs(self, X):
        X = as_matrix(X, "X", columns=self.sizes[0], taker="the network")
        return X.astype(self.theta.dtype, copy=False)

    def _samples(self, X, Y):
        X = self._inputs(X)
        Y = self.loss.as_targets(Y, self.sizes[-1]).astype(X.dtype, copy=False)
        if len(X) != len(Y):
            raise ValueError(f"X has {len(X)} rows, Y has {len(Y)}; pass one target per sample")
        return X, Y

    def _new_work(self, N):
        return [[np.empty((N, n), self.theta.dtype) for n in self.sizes[1:]] for _ in "ZΔ"]

    def _work_arrays(self, N):
        # New memory at each step would cost a third of its time.
        if len(self._work[0][0]) < N:
            self._work = self._new_work(N)
            # And so would memory that the system takes back: after one large array has come and
            # gone, glibc's malloc keeps what smaller ones (φ, φ′, the gradient) set free.
            np.empty(2**21)
        return ([array[:N] for array in arrays] for arrays in self._work)

    def _value(self, X, Y):
        Z, Delta = self._work_arrays(len(X))
        Z, A = mlp_forward(X, self.W, self.b, self.phi, Z=Z)
        value = self.loss.f(A[-1], Y)
        if self.weight_decay:
            squares = sum(float(np.vdot(W_l, W_l)) for W_l in self.W)
            value += self.weight_decay * squares / 2  # eq:backprop-network-decay
        return value, Z, A, Delta

    def _value_and_gradient(self, X, Y, gradient=None):
        value, Z, A, Delta = self._value(X, Y)
        gradient = np.empty_like(self.theta) if gradient is None else gradient
        dW, db = layers(gradient, self.sizes)
        mlp_backward(Z, A, Y, self.W, self.phi, self.loss, inputs=False, Delta=Delta, dW=dW, db=db)
        if self.weight_decay:
            for dW_l, W_l in zip(dW, self.W, strict=True):
                dW_l += self.weight_decay * W_l  # eq:backprop-network-decay-gradient
        return value, gradient


@dataclass(frozen=True)
class History:
    """What happened in a training run.

    Parameters
    ----------
    loss : ndarray, shape (epochs,)
        The mean of the loss over the samples of each epoch, taken as the weights moved.
    step_loss : ndarray, shape (steps,)
        The loss of every mini-batch before its step.
    validation_loss : ndarray, shape (epochs,), or None
        The loss of the validation data after each epoch.
    """

    loss: np.ndarray
    step_loss: np.ndarray
    validation_loss: np.ndarray | None = None

    def plot(self) -> Any:
        """Show the losses against the epochs; needs the extra ``figures``.

        Returns
        -------
        bpcourse.figures.show.Shown
            Leave it as the last line of a cell.
        """
        # Figures are a layer above this one, so they are looked up by name, and only when asked.
        return import_module("bpcourse").plot_history(self)


def fit(
    model,
    X,
    Y,
    optimizer,
    *,
    epochs,
    batch_size,
    rng,
    validation=None,
    progress=True,
):
    """Train a network with mini-batches.

    Every epoch shuffles the samples anew and goes through all of them; the last batch may be
    shorter. Ctrl-C ends the run and leaves the weights as they are.

    Parameters
    ----------
    model : MLP
        Its `theta` is changed in place.
    X : array_like, shape (N, n_0)
    Y : array_like, shape (N, n_L) or (N,)
        As for `MLP.value_and_gradient`.
    optimizer : object with ``step(x, gradient)``
        For example ``bpcourse.Adam(lr=1e-3)``.
    epochs : int
        How often to go through the samples.
    batch_size : int
        Samples per step.
    rng : numpy.random.Generator
        Shuffles the samples.
    validation : tuple (X, Y), optional
        Data to measure the loss on after each epoch.
    progress : bool
        Whether to show a bar, where somebody watches: in a terminal and in a live notebook.

    Returns
    -------
    History

    Raises
    ------
    FloatingPointError
        If the loss or a parameter is not finite any more: the message names step and rate.
    """
    X, Y = model._samples(X, Y)
    validation = None if validation is None else model._samples(*validation)
    epochs, batch_size = as_count(epochs, "epochs"), as_count(batch_size, "batch_size")
    rng = as_rng(rng)
    if not callable(getattr(optimizer, "step", None)):
        raise TypeError(f"optimizer is {optimizer!r}; pass for example bpcourse.Adam(lr=1e-3)")

    N = len(X)
    step_loss, loss, validation_loss = [], [], []
    gradient = np.empty_like(model.theta)
    bar = Progress(epochs, progress)
    try:
        for epoch in range(1, epochs + 1):
            order = rng.permutation(N)
            X_epoch, Y_epoch, total = X[order], Y[order], 0.0
            for start in range(0, N, batch_size):
                batch = slice(start, min(start + batch_size, N))
                # What overflows is reported in one sentence below, not as a row of warnings.
                with np.errstate(over="ignore", invalid="ignore"):
                    value, _ = model._value_and_gradient(X_epoch[batch], Y_epoch[batch], gradient)
                    optimizer.step(model.theta, gradient)
                step_loss.append(value)
                total += value * (batch.stop - start)
                if not math.isfinite(value):
                    raise _diverged(optimizer, epoch, len(step_loss), f"the loss is {value}")
            if not np.isfinite(model.theta).all():
                raise _diverged(optimizer, epoch, len(step_loss), "a parameter is not finite")
            loss.append(total / N)
            if validation is not None:
                with np.errstate(over="ignore", invalid="ignore"):
                    validation_loss.append(model._value(*validation)[0])
            bar.update(epoch, f"loss {loss[-1]:.4g}")
    finally:
        bar.close()
    return History(
        np.array(loss), np.array(step_loss), np.array(validation_loss) if validation else None
    )


def _diverged(optimizer, epoch, step, what):
    rate = getattr(optimizer, "lr", "that it has")
    return FloatingPointError(
        f"step {step}, in epoch {epoch}: {what} with the learning rate {rate}; take a smaller "
        "one, or scale the columns of X first (bpcourse.standardize)"
    )
