"""Chapter 9, Arrays: a catalog of vector–Jacobian products, and the tensors that use it.

Y is the result of an operation, A, B or X are its inputs, and G is Ȳ, the derivative of one number
C with respect to Y, of Y's shape. Each line of `VJPS` turns G into the derivative of C with respect
to one input, of that input's shape. The lines consist of operations of this module: on arrays they
compute, on tensors they build the graph of the derivative, which can be differentiated again.
"""

import math
import string
from functools import partial
from typing import Any

import numpy as np

from bpcourse.basics import activations
from bpcourse.basics.validate import as_labels

VJPS = {
    # Entry by entry. Where an input was broadcast, its derivative is summed.
    "identity": (lambda G, Y, X: G,),
    "negative": (lambda G, Y, X: -G,),
    "add": (
        lambda G, Y, A, B: unbroadcast(G, A.shape),
        lambda G, Y, A, B: unbroadcast(G, B.shape),
    ),
    "subtract": (
        lambda G, Y, A, B: unbroadcast(G, A.shape),
        lambda G, Y, A, B: unbroadcast(-G, B.shape),
    ),
    "multiply": (
        lambda G, Y, A, B: unbroadcast(G * B, A.shape),
        lambda G, Y, A, B: unbroadcast(A * G, B.shape),
    ),
    "divide": (
        lambda G, Y, A, B: unbroadcast(G / B, A.shape),
        lambda G, Y, A, B: unbroadcast(-G * Y / B, B.shape),
    ),
    "power": (
        lambda G, Y, A, B: unbroadcast(G * (B * A ** where(B == 0, 0.0, B - 1)), A.shape),
        lambda G, Y, A, B: unbroadcast(G * Y * log(where(A == 0, 1.0, A)), B.shape),
    ),
    "exp": (lambda G, Y, X: G * Y,),
    "log": (lambda G, Y, X: G / X,),
    "sqrt": (lambda G, Y, X: G / (2 * Y),),
    "sin": (lambda G, Y, X: G * cos(X),),
    "cos": (lambda G, Y, X: -G * sin(X),),
    "tanh": (lambda G, Y, X: G * 4 * sigmoid(2 * X) * sigmoid(-2 * X),),  # 1 − Y² cancels
    "arctan": (lambda G, Y, X: G / hypot(1.0, X) / hypot(1.0, X),),  # 1 + X² overflows
    "hypot": (
        lambda G, Y, A, B: unbroadcast(G * (A / Y), A.shape),
        lambda G, Y, A, B: unbroadcast(G * (B / Y), B.shape),
    ),
    "sigmoid": (lambda G, Y, X: G * Y * sigmoid(-X),),
    "softplus": (lambda G, Y, X: G * sigmoid(X),),
    "relu": (lambda G, Y, X: G * (X > 0),),
    "absolute": (lambda G, Y, X: G * np.sign(_value(X)),),
    "maximum": (
        lambda G, Y, A, B: unbroadcast(G * _share(A > B, A == B), A.shape),
        lambda G, Y, A, B: unbroadcast(G * _share(B > A, A == B), B.shape),
    ),
    "where": (
        None,
        lambda G, Y, C, A, B: unbroadcast(where(C, G, 0.0), A.shape),
        lambda G, Y, C, A, B: unbroadcast(where(C, 0.0, G), B.shape),
    ),
    # Sums and the like over one axis or several.
    "sum": (lambda G, Y, X, axis, keepdims: broadcast_to(_kept(G, X, axis), X.shape),),
    "max": (lambda G, Y, X, axis, keepdims: _kept(G, X, axis) * _winners(X, Y, axis),),
    "logsumexp": (lambda G, Y, X, axis, keepdims: _kept(G, X, axis) * softmax(X, axis),),
    # eq:backprop-arrays-softmax
    "softmax": (lambda G, Y, X, axis: Y * (G - sum(G * Y, axis, keepdims=True)),),
    # eq:backprop-arrays-softmax-cross-entropy
    "softmax_cross_entropy": (lambda G, Y, Z, T: G * ((softmax(Z) - T) / len(Z)),),
    # Entries in other places.
    "reshape": (lambda G, Y, X, shape: reshape(G, X.shape),),
    "transpose": (lambda G, Y, X, axes: transpose(G, np.argsort(axes)),),
    "broadcast_to": (lambda G, Y, X, shape: unbroadcast(G, X.shape),),
    # eq:backprop-arrays-gather
    "gather": (lambda G, Y, X, index: _scatter(G, index, X.shape),),
    "scatter": (lambda G, Y, X, index, shape: gather(G, index),),
    "concatenate": lambda k, G, Y, *Xs, axis: _piece(k, G, Xs, axis),
    # Matrices, or stacks of them along the leading axes.
    "matmul": (
        lambda G, Y, A, B: unbroadcast(G @ B.mT, A.shape),  # eq:backprop-arrays-matmul-left
        lambda G, Y, A, B: unbroadcast(A.mT @ G, B.shape),  # eq:backprop-arrays-matmul-right
    ),
    # eq:backprop-arrays-einsum
    "einsum": lambda k, G, Y, *Xs, subscripts: _einsum_vjp(k, G, subscripts, Xs),
    # eq:backprop-arrays-inv
    "inv": (lambda G, Y, A: -Y.mT @ G @ Y.mT,),
    "solve": (
        # eq:backprop-arrays-solve-left
        lambda G, Y, A, B: unbroadcast(-solve(A.mT, G) @ Y.mT, A.shape),
        # eq:backprop-arrays-solve-right
        lambda G, Y, A, B: unbroadcast(solve(A.mT, G), B.shape),
    ),
    # eq:backprop-arrays-logdet
    "logdet": (lambda G, Y, A: reshape(G, (*G.shape, 1, 1)) * inv(A).mT,),
}


class Tensor:
    """An array that remembers how it was computed, so that it can be differentiated.

    Arithmetic, ``@``, indexing and the functions of this module work as on arrays. A tensor holds
    its inputs, never what is computed from it: reference counts alone free a graph.

    Parameters
    ----------
    value : array_like
        Numbers. float32 is kept, all else becomes float64. The array is not copied: do not
        change it before the last use of the derivatives.

    Attributes
    ----------
    value : ndarray
    grad : ndarray or None
        None until `backward` of something computed from this tensor is called.

    Raises
    ------
    TypeError
        If ``value`` does not hold real numbers.

    Examples
    --------
    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> y = sum(W * W)
    >>> y.backward()
    >>> W.grad
    array([[2., 4.],
           [6., 8.]])
    """

    __slots__ = ("_edges", "_inputs", "_op", "_params", "_values", "grad", "value")
    __array_ufunc__ = None  # so that array + tensor asks the tensor

    def __init__(self, value):
        if isinstance(value, Tensor):
            raise TypeError("value is a Tensor already; use it as it is, or its .value")
        value = np.asarray(value)
        if value.dtype.kind not in "fiub":
            raise TypeError(f"value holds {value.dtype}, expected real numbers; pass floats")
        self.value = value if value.dtype.char in "df" else value.astype(np.float64)
        self.grad = None
        self._op: Any = None
        self._edges: Any = ()  # the inputs that are tensors, each with its place
        self._inputs: Any = ()  # all inputs as they came
        self._values: Any = ()  # and as arrays
        self._params: Any = {}

    def __repr__(self):
        numbers = np.array2string(np.asarray(self.value), separator=", ", prefix="Tensor(")
        return f"Tensor({numbers})"

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "a Tensor does not become an array by itself, that would lose its derivative; use "
            "the functions of bpcourse.backprop.arrays, or .value for its numbers"
        )

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    dtype = property(lambda self: self.value.dtype)
    T = property(lambda self: transpose(self))
    mT = property(lambda self: transpose(self, (*range(self.ndim - 2), -1, -2)))

    def __len__(self):
        return len(self.value)

    def __bool__(self):
        return bool(self.value)

    def __neg__(self):
        return _apply("negative", np.negative, self)

    def __add__(self, other):
        return _apply("add", np.add, self, other)

    def __radd__(self, other):
        return _apply("add", np.add, other, self)

    def __sub__(self, other):
        return _apply("subtract", np.subtract, self, other)

    def __rsub__(self, other):
        return _apply("subtract", np.subtract, other, self)

    def __mul__(self, other):
        return _apply("multiply", np.multiply, self, other)

    def __rmul__(self, other):
        return _apply("multiply", np.multiply, other, self)

    def __truediv__(self, other):
        return _apply("divide", np.divide, self, other)

    def __rtruediv__(self, other):
        return _apply("divide", np.divide, other, self)

    def __pow__(self, other):
        return _apply("power", np.power, self, other)

    def __rpow__(self, other):
        return _apply("power", np.power, other, self)

    def __matmul__(self, other):
        return matmul(self, other)

    def __rmatmul__(self, other):
        return matmul(other, self)

    def __getitem__(self, index):
        return gather(self, index)

    def __lt__(self, other):
        return self.value < _value(other)

    def __le__(self, other):
        return self.value <= _value(other)

    def __gt__(self, other):
        return self.value > _value(other)

    def __ge__(self, other):
        return self.value >= _value(other)

    def __eq__(self, other):
        return self.value == _value(other)

    def __ne__(self, other):
        return self.value != _value(other)

    __hash__ = object.__hash__

    def sum(self, axis=None, keepdims=False):
        """Add up the entries, as `bpcourse.backprop.arrays.sum`."""
        return sum(self, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        """Average the entries, as `bpcourse.backprop.arrays.mean`."""
        return mean(self, axis, keepdims)

    def max(self, axis=None, keepdims=False):
        """Take the largest entry, as `bpcourse.backprop.arrays.max`."""
        return max(self, axis, keepdims)

    def reshape(self, *shape):
        """Arrange the entries in another shape, as `bpcourse.backprop.arrays.reshape`."""
        return reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes):
        """Put the axes in another order, as `bpcourse.backprop.arrays.transpose`."""
        return transpose(self, axes or None)

    def backward(self, seed=None):
        """Differentiate this tensor with respect to all tensors it was computed from.

        Afterwards the ``grad`` of every tensor between is the derivative with respect to it. On
        the leaves, which nothing computed, the derivative is added to the ``grad`` that was
        there: so calling twice gives leaves twice the derivative. Set ``leaf.grad = None`` to
        begin anew. No recursion: the depth is limited by memory only.

        Parameters
        ----------
        seed : array_like, shape of this tensor, optional
            The derivative of the number of interest with respect to this tensor; needed if this
            tensor is not itself one number.

        Returns
        -------
        None

        Raises
        ------
        ValueError
            If the seed is missing or has another shape.
        """
        if seed is None and self.size != 1:
            raise ValueError(
                f"backward starts from one number, this tensor has shape {self.shape}; take its "
                f"sum or mean, or pass seed of shape {self.shape}"
            )
        order = _order(self, ())
        bars = _sweep(self, _seed(seed, self), order, set(order), (), keep=True)
        for node, G in bars.items():
            if node._op is None:
                node.grad = np.array(G) if node.grad is None else node.grad + G
            else:
                node.grad = G


def _value(x):
    return x.value if isinstance(x, Tensor) else x


def _apply(op, f, *inputs, **params):
    """Compute f of the inputs; if one of them is a Tensor, remember how in a new one."""
    values, edges = [], []
    for k, x in enumerate(inputs):
        if isinstance(x, Tensor):
            values.append(x.value)
            edges.append((k, x))
        else:
            values.append(x)
    try:
        value = f(*values, **params)
    except ValueError as error:
        shapes = ", ".join(f"input {k} of shape {np.shape(v)}" for k, v in enumerate(values))
        raise ValueError(f"{op} cannot take {shapes}: {error}") from error
    if not edges:
        return value
    node = object.__new__(Tensor)
    node.value, node.grad = value, None
    node._op, node._edges, node._params = op, edges, params
    node._inputs, node._values = inputs, values
    return node


def _order(y, stop):
    """List the tensors that `y` was computed from, each after all that was computed from it."""
    waits_for = {y: 0}
    nodes = [y]
    for node in nodes:
        if node not in stop:
            for _, x in node._edges:
                if x in waits_for:
                    waits_for[x] += 1
                else:
                    waits_for[x] = 1
                    nodes.append(x)
    order = [y]
    for node in order:
        if node not in stop:
            for _, x in node._edges:
                waits_for[x] -= 1
                if waits_for[x] == 0:
                    order.append(x)
    return order


def _sweep(y, seed, order, wanted, stop, *, lift=False, keep=False):
    """Give the derivatives with respect to the leaves, by one backward sweep over the wanted.

    With `lift` the sweep computes with tensors, so that its result can be differentiated; with
    `keep` the derivatives with respect to the tensors between stay, too.
    """
    bars = {y: seed}
    for node in order:
        if node._edges and node in bars and node not in stop:
            G = bars[node] if keep else bars.pop(node)
            Y, inputs = (node, node._inputs) if lift else (node.value, node._values)
            rules = VJPS[node._op]
            for k, x in node._edges:
                if x in wanted:
                    rule = rules[k] if isinstance(rules, tuple) else partial(rules, k)
                    bar = rule(G, Y, *inputs, **node._params)
                    bars[x] = bars[x] + bar if x in bars else bar  # eq:backprop-arrays-adjoint
    return bars


def _seed(seed, y):
    """Check the derivative that a sweep starts from; one number starts from 1."""
    if seed is None:
        return np.ones(y.shape, y.dtype)
    if np.shape(seed) != y.shape:
        raise ValueError(
            f"the seed has shape {np.shape(seed)}, the result has shape {y.shape}; pass one entry "
            "of the seed for each entry of the result"
        )
    return seed if isinstance(seed, Tensor) else np.array(seed, dtype=y.dtype)


def vjp(f, *x):
    """Compute a function, and how to pull derivatives back through it.

    Parameters
    ----------
    f : callable
        From arrays to an array, written with the functions of this module. Other arguments
        may be bound with a lambda.
    *x : array_like or Tensor
        Where to differentiate, one array per argument of ``f``.

    Returns
    -------
    y : ndarray
        f(x).
    pullback : callable
        ``pullback(u)`` gives u times the Jacobian: the derivative of Σ u ⊙ f with respect to x,
        of the shape of x; a tuple of such if ``f`` has several arguments.

    Raises
    ------
    ValueError
        From ``pullback``, if ``u`` has not the shape of ``y``.

    Notes
    -----
    If a Tensor goes in, be it as argument or through the code of ``f``, then tensors come out,
    and can be differentiated once more.

    Examples
    --------
    >>> y, pullback = vjp(lambda x: x * x, [1.0, 2.0, 3.0])
    >>> pullback([1.0, 0.0, 1.0])
    array([2., 0., 6.])
    """
    leaves = [_apply("identity", _same, a) if isinstance(a, Tensor) else Tensor(a) for a in x]
    y = f(*leaves)
    if not isinstance(y, Tensor):
        y = _constant(y)
    stop = frozenset(leaves)
    order = _order(y, stop)
    wanted = set(leaves)
    if all(node._op or node in wanted for node in order):
        lift = any(isinstance(a, Tensor) for a in x)
        wanted.update(order)
    else:  # f uses tensors from outside: go only where x leads
        lift = True
        for node in reversed(order):
            if any(x_k in wanted for _, x_k in node._edges):
                wanted.add(node)
    for leaf in leaves:  # from here on nobody else differentiates with respect to them
        leaf._op = leaf._op or "constant"

    def pullback(u=None):
        u = _seed(u, y)
        again = lift or isinstance(u, Tensor)
        bars = _sweep(y, u, order, wanted, stop, lift=again)
        taken = {id(u)}
        gradients = [_gradient(bars.get(leaf), leaf, again, taken) for leaf in leaves]
        return tuple(gradients) if len(gradients) > 1 else gradients[0]

    return (y if lift else y.value), pullback


def _same(X):
    return X


def _gradient(G, x, lift, taken):
    """Give G as an array that is the caller's own, of the shape and type of x, or a Tensor."""
    if isinstance(G, Tensor):
        return G
    own = np.zeros_like(x.value) if G is None else np.asarray(G, dtype=x.dtype)
    if own.base is not None or id(own) in taken:
        own = own.copy()
    taken.add(id(own))
    return _constant(own) if lift else own


def _constant(value):
    """Make a Tensor that depends on nothing, unlike one that a user made to differentiate by."""
    tensor = Tensor(value)
    tensor._op = "constant"
    return tensor


def value_and_grad(f):
    """Turn a function into one that gives its value and its gradient.

    Parameters
    ----------
    f : callable
        From one or more arrays to one number, written with the functions of this module.

    Returns
    -------
    callable
        Takes what ``f`` takes. Returns the value, a float, and the gradient, an array of the
        shape of the argument; a tuple of them if there are several. Keyword arguments go to
        ``f`` as they are. As with `vjp`, tensors give tensors.

    Raises
    ------
    ValueError
        When called, if ``f`` gives more than one number.

    Examples
    --------
    >>> value_and_grad(lambda w: sum(w * w))([1.0, 2.0])
    (5.0, array([2., 4.]))
    """

    def with_gradient(*x, **keywords):
        y, pullback = vjp((lambda *a: f(*a, **keywords)) if keywords else f, *x)
        if y.size != 1:
            raise ValueError(
                f"f returned an array of shape {y.shape}, a gradient belongs to one number; take "
                "its sum or mean, or use jacobian"
            )
        gradient = pullback()
        return (y if isinstance(y, Tensor) else float(y.item())), gradient

    return with_gradient


def jacobian(f, x):
    """Compute all derivatives of all results, by one backward sweep for each result.

    Parameters
    ----------
    f : callable
        From an array to an array, written with the functions of this module.
    x : array_like
        Where to differentiate.

    Returns
    -------
    ndarray, shape of f(x) followed by shape of x
        Entry [k, i] is ∂f_k/∂x_i.

    Examples
    --------
    >>> jacobian(lambda x: x * x, [1.0, 2.0])
    array([[2., 0.],
           [0., 4.]])
    """
    x = x if isinstance(x, Tensor) else np.asarray(x)
    y, pullback = vjp(f, x)
    units = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    rows = [pullback(u) for u in units]
    if any(isinstance(row, Tensor) for row in rows):
        return reshape(concatenate([reshape(row, (1, -1)) for row in rows]), y.shape + x.shape)
    return np.array(rows).reshape(y.shape + x.shape)


def unbroadcast(G, shape):
    """Sum the derivative of a broadcast array, so that it gets the array's own shape.

    An entry that broadcasting used several times has the sum of the derivatives of its uses.

    Parameters
    ----------
    G : ndarray or Tensor
        The derivative with respect to the broadcast array.
    shape : tuple of int
        The shape before broadcasting.

    Returns
    -------
    ndarray or Tensor, of that shape

    Raises
    ------
    ValueError
        If an array of that shape does not broadcast to the shape of ``G``.

    Examples
    --------
    >>> unbroadcast(np.ones((4, 3)), (4, 1))
    array([[3.],
           [3.],
           [3.],
           [3.]])
    """
    if G.shape == shape:
        return G
    extra = G.ndim - len(shape)
    spread = [k for k, n in enumerate(G.shape) if k < extra or shape[k - extra] != n]
    total = sum(G, tuple(spread)) if isinstance(G, Tensor) else np.add.reduce(G, tuple(spread))
    if extra < 0 or total.size != math.prod(shape):
        raise ValueError(f"an array of shape {shape} does not broadcast to {G.shape}")
    return total.reshape(shape)  # eq:backprop-arrays-unbroadcast


def exp(X):
    """e to the power of each entry.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("exp", np.exp, X)


def log(X):
    """The natural logarithm of each entry.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("log", np.log, X)


def sqrt(X):
    """The square root of each entry; its slope at 0 is infinite.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("sqrt", np.sqrt, X)


def sin(X):
    """The sine of each entry, an angle in radians.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("sin", np.sin, X)


def cos(X):
    """The cosine of each entry, an angle in radians.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("cos", np.cos, X)


def tanh(X):
    """The hyperbolic tangent of each entry.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("tanh", np.tanh, X)


def arctan(X):
    """The angle in radians whose tangent is each entry.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("arctan", np.arctan, X)


def sigmoid(X):
    """The logistic function 1/(1 + exp(−x)) of each entry, without overflow.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("sigmoid", activations.sigmoid, X)


def softplus(X):
    """The logarithm of 1 + exp(x) of each entry, without overflow.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("softplus", activations.softplus, X)


def relu(X):
    """The larger of each entry and 0; the slope at 0 is taken as 0.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("relu", activations.relu, X)


def absolute(X):
    """The size of each entry without its sign; the slope at 0 is taken as 0.

    Parameters
    ----------
    X : array_like or Tensor

    Returns
    -------
    ndarray or Tensor, shape of X
    """
    return _apply("absolute", np.absolute, X)


def hypot(A, B):
    """The length √(a² + b²), entry by entry, without overflow.

    Parameters
    ----------
    A, B : array_like or Tensor
        Of shapes that broadcast.

    Returns
    -------
    ndarray or Tensor
    """
    return _apply("hypot", np.hypot, A, B)


def maximum(A, B):
    """The larger of two entries, entry by entry.

    Parameters
    ----------
    A, B : array_like or Tensor
        Of shapes that broadcast.

    Returns
    -------
    ndarray or Tensor

    Notes
    -----
    The larger entry takes the derivative. At a tie each takes half: any other division is a
    subgradient as well, this one does not depend on which argument comes first.
    """
    return _apply("maximum", np.maximum, A, B)


def minimum(A, B):
    """The smaller of two entries, entry by entry; at a tie each takes half the derivative.

    Parameters
    ----------
    A, B : array_like or Tensor
        Of shapes that broadcast.

    Returns
    -------
    ndarray or Tensor
    """
    return -maximum(-_array(A), -_array(B))


def where(C, A, B):
    """The entries of A where C holds, of B elsewhere.

    Parameters
    ----------
    C : array_like of bool
        The condition, which is not differentiated.
    A, B : array_like or Tensor
        Of shapes that broadcast with C.

    Returns
    -------
    ndarray or Tensor
    """
    return _apply("where", np.where, _value(C), A, B)


def _array(X):
    return X if isinstance(X, Tensor) else np.asarray(X)


def _share(wins, ties):
    """1 where it wins, ½ at a tie, 0 elsewhere."""
    return np.where(wins, 1.0, np.where(ties, 0.5, 0.0))


def _axes(ndim, axis):
    """The axes as non-negative numbers; None means all."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def _kept(G, X, axis):
    """Give G with the axes of X that a sum took away, as axes of length 1."""
    axes = _axes(X.ndim, axis)
    return reshape(G, tuple(1 if a in axes else n for a, n in enumerate(X.shape)))


def _winners(X, Y, axis):
    """Share 1 equally among the entries that are the largest."""
    largest = np.asarray(_value(X) == _kept(np.asarray(_value(Y)), X, axis), dtype=X.dtype)
    return largest / largest.sum(axis, keepdims=True)


def _check_not_empty(name, X):
    if X.size == 0:
        raise ValueError(f"{name} of an empty array of shape {X.shape}; pass at least one entry")


def sum(X, axis=None, keepdims=False):
    """Add up the entries along axes.

    Parameters
    ----------
    X : array_like or Tensor
    axis : int, tuple of int or None
        Along which axes; None means all.
    keepdims : bool
        Whether to keep these axes with length 1, so that the result broadcasts against X.

    Returns
    -------
    ndarray or Tensor
    """
    return _apply("sum", np.sum, X, axis=axis, keepdims=keepdims)


def mean(X, axis=None, keepdims=False):
    """Average the entries along axes.

    Parameters
    ----------
    X : array_like or Tensor
    axis : int, tuple of int or None
        Along which axes; None means all.
    keepdims : bool
        Whether to keep these axes with length 1.

    Returns
    -------
    ndarray or Tensor

    Raises
    ------
    ValueError
        If X is empty.
    """
    X = _array(X)
    _check_not_empty("mean", X)
    total = sum(X, axis, keepdims)
    return total / (X.size // total.size)


def max(X, axis=None, keepdims=False):
    """Take the largest entry along axes.

    Parameters
    ----------
    X : array_like or Tensor
    axis : int, tuple of int or None
        Along which axes; None means all.
    keepdims : bool
        Whether to keep these axes with length 1.

    Returns
    -------
    ndarray or Tensor

    Raises
    ------
    ValueError
        If X is empty.

    Notes
    -----
    The largest entry takes the derivative; entries that tie share it equally.
    """
    X = _array(X)
    _check_not_empty("max", X)
    return _apply("max", np.max, X, axis=axis, keepdims=keepdims)


def logsumexp(X, axis=None, keepdims=False):
    """The logarithm of the sum of exponentials along axes, without overflow.

    Parameters
    ----------
    X : array_like or Tensor
    axis : int, tuple of int or None
        Along which axes; None means all.
    keepdims : bool
        Whether to keep these axes with length 1.

    Returns
    -------
    ndarray or Tensor

    Raises
    ------
    ValueError
        If X is empty.
    """
    X = _array(X)
    _check_not_empty("logsumexp", X)
    return _apply("logsumexp", _logsumexp, X, axis=axis, keepdims=keepdims)


def _logsumexp(X, axis, keepdims):
    top = np.max(X, axis=axis, keepdims=True)
    Y = top + np.log(np.sum(np.exp(X - top), axis=axis, keepdims=True))
    return Y if keepdims else np.squeeze(Y, axis=_axes(X.ndim, axis))


def softmax(X, axis=-1):
    """Exponentials divided by their sum along axes, without overflow.

    Parameters
    ----------
    X : array_like or Tensor
    axis : int, tuple of int or None
        Along which axes the results add up to 1; None means all.

    Returns
    -------
    ndarray or Tensor, shape of X

    Raises
    ------
    ValueError
        If X is empty.
    """
    X = _array(X)
    _check_not_empty("softmax", X)
    return _apply("softmax", _softmax, X, axis=axis)


def _softmax(X, axis):
    E = np.exp(X - X.max(axis, keepdims=True))
    return E / E.sum(axis, keepdims=True)


def softmax_cross_entropy(Z, T):
    """The mean over rows of −Σ_j t_j log softmax(z)_j, from the logits.

    Parameters
    ----------
    Z : array_like or Tensor, shape (N, k)
        The logits, one sample per row.
    T : array_like, shape (N,) or (N, k)
        Class numbers, or one row of probabilities per sample, which add up to 1.

    Returns
    -------
    float or Tensor of shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit, Z is empty, or T is not as described.
    TypeError
        If T is a Tensor: the targets are not differentiated.
    """
    if isinstance(T, Tensor):
        raise TypeError("T is a Tensor, but targets are not differentiated here; pass T.value")
    Z, T = _array(Z), np.asarray(T)
    if Z.ndim != 2:
        raise ValueError(f"Z has shape {Z.shape}, expected (N, k), one row of logits per sample")
    _check_not_empty("softmax_cross_entropy", Z)
    if T.shape == Z.shape[:1]:
        T = np.eye(Z.shape[1], dtype=Z.dtype)[as_labels(T, "T", Z.shape[1])]
    elif T.shape != Z.shape:
        raise ValueError(
            f"T has shape {T.shape}, Z has shape {Z.shape}; pass T of shape ({len(Z)},) with class "
            f"numbers or {Z.shape} with probabilities"
        )
    elif np.abs(T.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError("a row of T does not add up to 1; pass probabilities, or class numbers")
    return _apply("softmax_cross_entropy", _softmax_cross_entropy, Z, T)


def _softmax_cross_entropy(Z, T):
    S = Z - Z.max(axis=1, keepdims=True)
    S -= np.log(np.exp(S).sum(axis=1, keepdims=True))
    return -np.vdot(T, S) / len(Z)


def sigmoid_cross_entropy(Z, T):
    """The mean over rows of −Σ_j [t_j log σ(z_j) + (1 − t_j) log(1 − σ(z_j))], from the logits.

    Parameters
    ----------
    Z : array_like or Tensor, shape (N, k)
        The logits, one sample per row.
    T : array_like or Tensor, shape (N, k)
        The targets, each from 0 to 1.

    Returns
    -------
    float or Tensor of shape ()

    Raises
    ------
    ValueError
        If the shapes are not the same or Z is empty.
    """
    Z, T = _array(Z), _array(T)
    if Z.ndim != 2 or T.shape != Z.shape:
        raise ValueError(f"Z has shape {Z.shape} and T {T.shape}, expected (N, k) for both")
    _check_not_empty("sigmoid_cross_entropy", Z)
    return sum(T * softplus(-Z) + (1 - T) * softplus(Z)) / len(Z)


def reshape(X, shape):
    """Arrange the same entries, row by row, in another shape.

    Parameters
    ----------
    X : array_like or Tensor
    shape : int or tuple of int
        The new shape; −1 stands for the length that is left.

    Returns
    -------
    ndarray or Tensor
    """
    return _apply("reshape", np.reshape, X, shape=shape)


def transpose(X, axes=None):
    """Put the axes in another order.

    Parameters
    ----------
    X : array_like or Tensor
    axes : tuple of int, optional
        ``axes[k]`` is the axis of X that becomes axis k; by default the order is reversed.

    Returns
    -------
    ndarray or Tensor
    """
    X = _array(X)
    axes = tuple(range(X.ndim))[::-1] if axes is None else _axes(X.ndim, tuple(axes))
    return _apply("transpose", np.transpose, X, axes=axes)


def broadcast_to(X, shape):
    """Repeat an array, by NumPy's rules of broadcasting, to get a larger shape.

    Parameters
    ----------
    X : array_like or Tensor
    shape : tuple of int

    Returns
    -------
    ndarray or Tensor
        Of that shape; read-only, for the repeated entries are stored once.
    """
    return _apply("broadcast_to", np.broadcast_to, X, shape=shape)


def gather(X, index):
    """Take entries by index, X[index]; repeated indices repeat entries.

    Parameters
    ----------
    X : array_like or Tensor
    index : int, slice, array of int or bool, or a tuple of these
        What NumPy takes between brackets.

    Returns
    -------
    ndarray or Tensor

    Notes
    -----
    An entry that is taken several times gets the sum of the derivatives: scatter-add.
    """
    return _apply("gather", _take, _array(X), index=index)


def _take(X, index):
    return X[index]


def _scatter(G, index, shape):
    """Add the entries of G to zeros at the index, the reverse of gather."""
    return _apply("scatter", _scatter_add, G, index=index, shape=shape)


def _scatter_add(G, index, shape):
    X = np.zeros(shape, dtype=G.dtype)
    np.add.at(X, index, G)
    return X


def concatenate(Xs, axis=0):
    """Put arrays one behind the other along an axis.

    Parameters
    ----------
    Xs : sequence of array_like or Tensor
        Of the same shape but for that axis.
    axis : int

    Returns
    -------
    ndarray or Tensor
    """
    return _apply("concatenate", lambda *Xs, axis: np.concatenate(Xs, axis), *Xs, axis=axis)


def _piece(k, G, Xs, axis):
    """Cut from G what belongs to input k of concatenate."""
    lengths = [np.shape(X)[axis] for X in Xs]
    stop = int(np.cumsum(lengths)[k])
    return gather(G, (slice(None),) * (axis % G.ndim) + (slice(stop - lengths[k], stop),))


def matmul(A, B):
    """The matrix product A @ B, also of stacks of matrices along leading axes.

    Parameters
    ----------
    A : array_like or Tensor, shape (…, n, m) or (m,)
    B : array_like or Tensor, shape (…, m, k) or (m,)

    Returns
    -------
    ndarray or Tensor, shape (…, n, k)
        Without n if A is a vector, without k if B is.

    Raises
    ------
    ValueError
        If A has not as many columns as B has rows.
    """
    A, B = _array(A), _array(B)
    if A.ndim > 1 and B.ndim > 1:
        return _apply("matmul", np.matmul, A, B)
    if A.ndim == 0 or B.ndim == 0 or A.shape[-1] != B.shape[0 if B.ndim == 1 else -2]:
        raise ValueError(
            f"matmul cannot take A of shape {A.shape} and B of shape {B.shape}; A needs as many "
            "columns as B has rows"
        )
    rows = A if A.ndim > 1 else reshape(A, (1, -1))
    columns = B if B.ndim > 1 else reshape(B, (-1, 1))
    Y = _apply("matmul", np.matmul, rows, columns)
    return reshape(
        Y, Y.shape[:-2] + rows.shape[-2:-1] * (A.ndim > 1) + columns.shape[-1:] * (B.ndim > 1)
    )


def einsum(subscripts, *Xs):
    """Sums of products, spelled by letters: ``einsum("ij,jk->ik", A, B)`` is A @ B.

    Parameters
    ----------
    subscripts : str
        One letter for each axis of each input, and after the arrow of the result.
    *Xs : array_like or Tensor

    Returns
    -------
    ndarray or Tensor

    Raises
    ------
    ValueError
        If the letters do not fit the inputs, or the arrow is missing.

    Notes
    -----
    The derivative with respect to one input is an einsum again: its letters change places with
    those of the result.
    """
    subscripts = subscripts.replace(" ", "")
    terms, arrow, _ = subscripts.partition("->")
    terms = terms.split(",")
    if not arrow or "." in subscripts:
        raise ValueError(
            f"einsum({subscripts!r}) names not all axes; write every letter and the result, as in "
            "'ij,jk->ik'"
        )
    if len(terms) != len(Xs):
        raise ValueError(f"einsum({subscripts!r}) needs {len(terms)} arrays, got {len(Xs)}")
    Xs = [_array(X) for X in Xs]
    length = {}
    for k, (term, X) in enumerate(zip(terms, Xs, strict=True)):
        if len(term) != X.ndim:
            raise ValueError(
                f"einsum({subscripts!r}): input {k} has shape {X.shape}, but its letters are "
                f"{term!r}; pass one letter per axis"
            )
        for letter, n in zip(term, X.shape, strict=True):
            if length.setdefault(letter, n) != n:
                raise ValueError(
                    f"einsum({subscripts!r}): the letter {letter} stands for {length[letter]} and, "
                    f"in input {k} of shape {X.shape}, for {n}; the lengths must be equal"
                )
    return _apply("einsum", _einsum, *Xs, subscripts=subscripts)


def _einsum(*Xs, subscripts):
    return np.einsum(subscripts, *Xs, optimize=len(Xs) > 2)


def _einsum_vjp(k, G, subscripts, Xs):
    """Exchange the letters of input k and of the result."""
    terms, result = subscripts.split("->")
    terms = terms.split(",")
    own = terms[k]
    factors = [(result, G)] + [
        (t, X) for j, (t, X) in enumerate(zip(terms, Xs, strict=True)) if j != k
    ]
    known = "".join(term for term, _ in factors)
    fresh = iter(letter for letter in string.ascii_letters if letter not in subscripts)
    letters = ""
    for letter, n in zip(own, Xs[k].shape, strict=True):
        if letter in letters:  # a diagonal: the derivative is zero beside it
            twin = next(fresh)
            factors.append((letter + twin, np.eye(n)))
            letters += twin
        else:
            if letter not in known:  # summed away inside this input: the same for every entry
                factors.append((letter, np.ones(n)))
            letters += letter
    return einsum(",".join(t for t, _ in factors) + "->" + letters, *(X for _, X in factors))


def inv(A):
    """The inverse of a matrix, or of a stack of them.

    Parameters
    ----------
    A : array_like or Tensor, shape (…, n, n)

    Returns
    -------
    ndarray or Tensor, shape of A

    Raises
    ------
    ValueError
        If A is not square or is singular.
    """
    return _apply("inv", np.linalg.inv, A)


def solve(A, B):
    """The X with A @ X = B.

    Parameters
    ----------
    A : array_like or Tensor, shape (…, n, n)
    B : array_like or Tensor, shape (n,) or (…, n, k)

    Returns
    -------
    ndarray or Tensor, shape (n,) or (…, n, k)

    Raises
    ------
    ValueError
        If the shapes do not fit or A is singular.
    """
    A, B = _array(A), _array(B)
    if B.ndim == 1:
        X = _apply("solve", np.linalg.solve, A, reshape(B, (-1, 1)))
        return reshape(X, X.shape[:-1])
    return _apply("solve", np.linalg.solve, A, B)


def logdet(A):
    """The logarithm of the size of the determinant, log |det A|.

    Parameters
    ----------
    A : array_like or Tensor, shape (…, n, n)

    Returns
    -------
    ndarray or Tensor, shape (…)

    Raises
    ------
    ValueError
        If A is not square or is singular.
    """
    return _apply("logdet", _logdet, A)


def _logdet(A):
    sign, log_size = np.linalg.slogdet(A)
    if not np.all(sign):
        raise ValueError("the matrix is singular, its determinant is 0")
    return log_size
