"""Chapter 13, Adaptive methods: SGD, AdaGrad, RMSprop, Adam and AdamW, and what runs them.

Parameters mean what they mean in torch.optim, and ε stands where it stands there.

Every optimizer offers one rule in three ways: ``step(x, gradient)`` keeps the state inside the
optimizer; ``init`` and ``update`` leave it with the caller and change nothing; ``rule`` is both of
them in place. The lines of ``rule`` write into arrays that are there already (``out=``), which
makes them two to three times faster than the same formulas with new arrays.
"""

import copy
import inspect
import math
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from bpcourse.basics.validate import as_count, as_number, as_vector

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "Path",
    "RMSprop",
    "as_scipy_method",
    "minimize",
]


class Optimizer:
    """What all optimizers share; a subclass names its arrays and says its ``rule``.

    Parameters
    ----------
    lr : float
        The learning rate, positive. It may be changed between steps.
    """

    arrays = ("work",)  # arrays of the shape of x that the state holds, 0 at first

    def __init__(self, lr):
        self.lr = as_number(lr, "lr", above=0)
        self._state = None

    def init(self, params):
        """The state before the first step.

        Parameters
        ----------
        params : ndarray of floats

        Returns
        -------
        dict
            ``"t"``, the number of steps taken, and arrays of the shape of `params`.
        """
        if not isinstance(params, np.ndarray) or params.dtype.kind != "f":
            found = getattr(params, "dtype", type(params).__name__)
            raise TypeError(f"x is {found}, expected an array of floats; pass np.array(x, float)")
        return {"t": 0} | {name: np.zeros_like(params) for name in self.arrays}

    def update(self, gradient, state, params):
        """One step as a pure function: nothing that is passed in is changed.

        Parameters
        ----------
        gradient : array_like, the shape of `params`
        state : dict
            From `init` or the `update` before.
        params : ndarray

        Returns
        -------
        params : ndarray
        state : dict
        """
        params, state = params.copy(), copy.deepcopy(state)
        self._checked_rule(params, gradient, state)
        return params, state

    def step(self, x, gradient):
        """One step that changes `x` in place.

        Parameters
        ----------
        x : ndarray of floats
            The parameters, the same array at every step: one optimizer per array.
        gradient : array_like, the shape of `x`

        Raises
        ------
        ValueError
            If `gradient` has another shape than `x`, or `x` another than at the first step.
        """
        if self._state is None:
            self._state = self.init(x)
        self._checked_rule(x, gradient, self._state)

    def rule(self, x, g, state):
        """Change `x` and `state` in place; `g` is left alone."""
        raise NotImplementedError

    def _checked_rule(self, x, gradient, state):
        g = np.asarray(gradient)
        if g.shape != x.shape:
            raise ValueError(f"the gradient has shape {g.shape}, x has {x.shape}; both must agree")
        if state["work"].shape != x.shape:
            raise ValueError(
                f"this optimizer began with x of shape {state['work'].shape}, now x has shape "
                f"{x.shape}; make a new {type(self).__name__} for another array"
            )
        self.rule(x, g, state)


def _share(name, value, least=0.0):
    """Check a factor from 0 to below 1."""
    return as_number(value, name, least=least, below=1)


def _average(mean, new, beta, work):
    """Move a running average: mean ← β mean + (1 − β) new. `new` may be `work`."""
    np.multiply(new, 1 - beta, out=work)
    mean *= beta
    mean += work


class SGD(Optimizer):
    """Gradient descent, plain or with momentum.

    Parameters
    ----------
    lr : float
        The learning rate, positive.
    momentum : float
        β: the velocity is the sum v ← βv + g (an average would have (1 − β) g).
    nesterov : bool
        Step along g + βv instead of v.
    """

    def __init__(self, lr, momentum=0.0, nesterov=False):
        super().__init__(lr)
        self.momentum, self.nesterov = _share("momentum", momentum), bool(nesterov)
        if nesterov and not momentum:
            raise ValueError("nesterov needs momentum; pass for example momentum=0.9")
        if momentum:
            self.arrays = ("v", "work")

    def rule(self, x, g, state):
        """x ← x − ηv, with v ← βv + g."""
        state["t"] += 1
        work = state["work"]
        if self.momentum:
            v = state["v"]
            v *= self.momentum
            v += g  # eq:training-momentum-velocity
            if self.nesterov:
                np.multiply(v, self.momentum, out=work)
                work += g
                g = work  # eq:training-momentum-nesterov
            else:
                g = v
        np.multiply(g, self.lr, out=work)
        x -= work  # eq:training-momentum-step


class Adagrad(Optimizer):
    """AdaGrad: each coordinate's step is divided by the root of all its squared gradients.

    Parameters
    ----------
    lr : float
        The learning rate, positive; its unit is that of x.
    eps : float
        ε, added to the root.

    References
    ----------
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods.
    """

    arrays = ("s", "work")

    def __init__(self, lr, eps=1e-10):
        super().__init__(lr)
        self.eps = as_number(eps, "eps", least=0)

    def rule(self, x, g, state):
        """x ← x − ηg/(√s + ε), with s ← s + g²."""
        state["t"] += 1
        s, work = state["s"], state["work"]
        np.multiply(g, g, out=work)
        s += work  # eq:training-adaptive-adagrad-sum
        np.sqrt(s, out=work)
        work += self.eps
        np.divide(g, work, out=work)
        work *= self.lr
        x -= work  # eq:training-adaptive-adagrad


class RMSprop(Optimizer):
    """RMSprop: AdaGrad with a running average in place of the sum.

    Parameters
    ----------
    lr : float
        The learning rate, positive; its unit is that of x.
    alpha : float
        α, how much of the average stays.
    eps : float
        ε, added to the root.

    References
    ----------
    Tieleman and Hinton (2012), Lecture 6.5, Neural Networks for Machine Learning.
    """

    arrays = ("v", "work")

    def __init__(self, lr, alpha=0.99, eps=1e-8):
        super().__init__(lr)
        self.alpha, self.eps = _share("alpha", alpha), as_number(eps, "eps", least=0)

    def rule(self, x, g, state):
        """x ← x − ηg/(√v + ε), with v ← αv + (1 − α)g²."""
        state["t"] += 1
        v, work = state["v"], state["work"]
        np.multiply(g, g, out=work)
        _average(v, work, self.alpha, work)  # eq:training-adaptive-rmsprop-average
        np.sqrt(v, out=work)
        work += self.eps
        np.divide(g, work, out=work)
        work *= self.lr
        x -= work  # eq:training-adaptive-rmsprop


class Adam(Optimizer):
    """Adam: a running average of the gradient over the root of one of its square.

    Parameters
    ----------
    lr : float
        The learning rate, positive; its unit is that of x, and no step is much longer.
    betas : tuple of float
        β₁ and β₂, how much of each average stays.
    eps : float
        ε, added to the root of the corrected average.
    amsgrad : bool
        Divide by the largest v so far, which convergence proofs need.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization; Reddi, Kale and Kumar
    (2018), On the convergence of Adam and beyond.
    """

    arrays = ("m", "v", "work")

    def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, amsgrad=False):
        super().__init__(lr)
        self.betas = (_share("betas[0]", betas[0]), _share("betas[1]", betas[1]))
        self.eps, self.amsgrad = as_number(eps, "eps", least=0), bool(amsgrad)
        if amsgrad:
            self.arrays = ("m", "v", "largest", "work")

    def rule(self, x, g, state):
        """x ← x − η m̂/(√v̂ + ε), with the averages m and v corrected for their start at 0."""
        beta1, beta2 = self.betas
        state["t"] += 1
        t, m, v, work = state["t"], state["m"], state["v"], state["work"]
        _average(m, g, beta1, work)  # eq:training-adaptive-m
        np.multiply(g, g, out=work)
        _average(v, work, beta2, work)  # eq:training-adaptive-v
        if self.amsgrad:
            v = np.maximum(state["largest"], v, out=state["largest"])  # eq:training-adaptive-ams
        np.sqrt(v, out=work)
        work /= math.sqrt(1 - beta2**t)  # eq:training-adaptive-v-hat
        work += self.eps
        np.divide(m, work, out=work)
        work *= self.lr / (1 - beta1**t)  # eq:training-adaptive-m-hat
        self._decay(x)
        x -= work  # eq:training-adaptive-adam

    def _decay(self, x):
        """Do nothing: Adam leaves the weights' size to the loss."""


class AdamW(Adam):
    """Adam with decoupled weight decay: the weights shrink, outside the averages.

    Parameters
    ----------
    lr : float
        The learning rate, positive; its unit is that of x.
    betas : tuple of float
        β₁ and β₂, how much of each average stays.
    eps : float
        ε, added to the root of the corrected average.
    amsgrad : bool
        Divide by the largest v so far.
    weight_decay : float
        λ: each step takes the share ηλ away from x.

    References
    ----------
    Loshchilov and Hutter (2019), Decoupled weight decay regularization.
    """

    def __init__(self, lr, betas=(0.9, 0.999), eps=1e-8, amsgrad=False, *, weight_decay=0.01):
        super().__init__(lr, betas, eps, amsgrad)
        self.weight_decay = as_number(weight_decay, "weight_decay", least=0)

    def _decay(self, x):
        """x ← (1 − ηλ) x."""
        x *= 1 - self.lr * self.weight_decay  # eq:training-adaptive-adamw


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


@dataclass(frozen=True)
class Path:
    """Where a run went, the start first.

    Parameters
    ----------
    x : ndarray, shape (steps + 1, n)
        The positions.
    f : ndarray, shape (steps + 1,)
        The function there.
    gradient_norm : ndarray, shape (steps + 1,)
        The length ‖∇f‖₂ of its gradient there.
    """

    x: np.ndarray
    f: np.ndarray
    gradient_norm: np.ndarray


def minimize(f, grad, x0, optimizer, steps, *, callback=None):
    """Run an optimizer on a function of a vector and record its path.

    Parameters
    ----------
    f : callable
        ``f(x) -> float``, for x of shape (n,).
    grad : callable
        ``grad(x)``, its gradient, of shape (n,).
    x0 : array_like, shape (n,)
        Where to start.
    optimizer : Optimizer
        Starts afresh: what it remembers of other runs plays no part and is left alone.
    steps : int
        How many steps to take.
    callback : callable, optional
        ``callback(k, x, value)`` at every position, the start (k = 0) included. It ends the run
        when it raises StopIteration.

    Returns
    -------
    Path

    Raises
    ------
    FloatingPointError
        If function, gradient or position are not finite; the message names step and rate.

    Examples
    --------
    >>> path = minimize(lambda x: x @ x / 2, lambda x: x, [4.0, 2.0], SGD(lr=0.5), 2)
    >>> path.x[-1]
    array([1. , 0.5])
    """
    x = as_vector(x0, "x0", why="one per variable").copy()
    steps = as_count(steps, "steps", least=0)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer is {optimizer!r}; pass for example bpcourse.Adam(lr=1e-3)")
    state = optimizer.init(x)
    xs, values, norms = np.empty((steps + 1, x.size), x.dtype), np.empty(steps + 1), []

    for k in range(steps + 1):
        xs[k] = x
        with np.errstate(over="ignore", invalid="ignore"):
            values[k] = f(xs[k])
            gradient = np.asarray(grad(xs[k]))
            norms.append(np.linalg.norm(gradient))
        if not (np.isfinite(values[k]) and np.isfinite(norms[k])):
            raise FloatingPointError(
                f"step {k}: the function is {values[k]:g} and its gradient has length "
                f"{norms[k]:g} with the learning rate {optimizer.lr:g}; take a smaller one"
            )
        if callback is not None:
            try:
                callback(k, xs[k], float(values[k]))
            except StopIteration:
                break
        if k < steps:
            try:
                with np.errstate(over="raise", invalid="raise"):
                    optimizer._checked_rule(x, gradient, state)
            except FloatingPointError as error:
                raise FloatingPointError(
                    f"step {k + 1}: {error} with the learning rate {optimizer.lr:g}; "
                    "take a smaller one"
                ) from None
    return Path(xs[: len(norms)], values[: len(norms)], np.array(norms))


def as_scipy_method(optimizer, steps):
    """Make an optimizer a ``method`` of ``scipy.optimize.minimize``.

    Parameters
    ----------
    optimizer : Optimizer
    steps : int
        How many steps to take at most; ``options={"maxiter": …}`` overrules it.

    Returns
    -------
    callable
        It wants ``jac=`` as a function or True. ``tol`` ends the run where no entry of the
        gradient is larger; ``callback`` gets ``intermediate_result`` or x, and may raise
        StopIteration. Bounds and constraints are refused.

    Examples
    --------
    >>> import scipy.optimize
    >>> result = scipy.optimize.minimize(
    ...     lambda x: x @ x, [1.0, 2.0], jac=lambda x: 2 * x, method=as_scipy_method(SGD(0.1), 90)
    ... )
    >>> bool(result.fun < 1e-12)
    True
    """
    steps = as_count(steps, "steps", least=0)

    def method(
        fun,
        x0,
        args=(),
        jac=None,
        hess=None,
        hessp=None,
        bounds=None,
        constraints=(),
        callback=None,
        tol=None,
        maxiter=steps,
    ):
        if not callable(jac):
            raise ValueError("gradient descent needs the gradient; pass jac=, a function or True")
        if bounds is not None or constraints:
            raise ValueError("this method knows no bounds or constraints; leave them out")
        Result = import_module("scipy.optimize").OptimizeResult  # here, for SciPy is the caller
        latest = {}
        wants_result = callback and "intermediate_result" in inspect.signature(callback).parameters

        def gradient(x):
            latest["jac"] = np.asarray(jac(x, *args))
            return latest["jac"]

        def after_step(k, x, value):
            latest.update(x=x.copy(), fun=value, nit=k)
            if tol is not None and np.abs(latest["jac"]).max() <= tol:
                latest["message"] = f"no entry of the gradient is larger than {tol:g}"
                raise StopIteration
            if callback and k:
                try:
                    if wants_result:
                        callback(intermediate_result=Result(x=x.copy(), fun=value))
                    else:
                        callback(x.copy())
                except StopIteration:
                    latest.update(success=False, status=99)
                    latest["message"] = "`callback` raised `StopIteration`."
                    raise

        count = as_count(maxiter, "maxiter", least=0)
        path = minimize(
            lambda x: fun(x, *args), gradient, x0, optimizer, count, callback=after_step
        )
        default = {"success": True, "status": 0, "message": f"took all {count} steps"}
        calls = {"nfev": len(path.f), "njev": len(path.f)}
        return Result(default | latest | calls)

    return method
