"""Chapter 8, Automatic differentiation: the reverse sweep, dual numbers, counted operations.

The comment behind a line is the label of the equation that the line computes.
"""

import math
from typing import Any

import numpy as np

from bpcourse.basics.validate import as_number


def _sigmoid(x):
    e = math.exp(-abs(x))
    return (1.0 if x >= 0 else e) / (1.0 + e)


def _sigmoid_slope(x):
    e = math.exp(-abs(x))
    return e / (1.0 + e) ** 2


# Each function on one line: from x to its value and its derivative, which neither cancels nor
# overflows. relu′(0) = 0.
FUNCTIONS = {
    "exp": lambda x: (y := math.exp(x), y),
    "log": lambda x: (math.log(x), 1.0 / x),
    "sqrt": lambda x: (y := math.sqrt(x), 0.5 / y),
    "sin": lambda x: (math.sin(x), math.cos(x)),
    "cos": lambda x: (math.cos(x), -math.sin(x)),
    "tanh": lambda x: (math.tanh(x), 4.0 * _sigmoid_slope(2.0 * x)),
    "sigmoid": lambda x: (_sigmoid(x), _sigmoid_slope(x)),
    "relu": lambda x: (0.0, 0.0) if x <= 0 else (x, 1.0),
}


def _power(x, p):
    """Give x**p and its derivative with respect to x."""
    y = x**p
    if isinstance(y, complex):
        raise ValueError(f"{x} ** {p} is not a real number; take powers of positive numbers")
    return y, p * x ** (p - 1) if p else 0.0


def _exponent_slope(x, y):
    """Give the derivative of y = x**p with respect to p."""
    return y * math.log(x) if x else 0.0


class _Ordered:
    """Numbers of this module compare by value, and count as different keys of a dict."""

    __slots__ = ()
    value: Any

    def __lt__(self, other):
        return self.value < getattr(other, "value", other)

    def __le__(self, other):
        return self.value <= getattr(other, "value", other)

    def __gt__(self, other):
        return self.value > getattr(other, "value", other)

    def __ge__(self, other):
        return self.value >= getattr(other, "value", other)

    def __eq__(self, other):
        return self.value == getattr(other, "value", other)

    __hash__ = object.__hash__


class _Functions(_Ordered):
    """The functions of Scalar and Dual, by the names that ``numpy.exp`` and its like call."""

    __slots__ = ()

    def _apply(self, name) -> Any:
        raise NotImplementedError

    def exp(self):
        """Give e to this power."""
        return self._apply("exp")

    def log(self):
        """Take the natural logarithm."""
        return self._apply("log")

    def sqrt(self):
        """Take the square root; its slope at 0 is infinite, a ZeroDivisionError."""
        return self._apply("sqrt")

    def sin(self):
        """Take the sine of the angle in radians."""
        return self._apply("sin")

    def cos(self):
        """Take the cosine of the angle in radians."""
        return self._apply("cos")

    def tanh(self):
        """Take the hyperbolic tangent."""
        return self._apply("tanh")

    def sigmoid(self):
        """Compute 1 / (1 + exp(-x))."""
        return self._apply("sigmoid")

    def relu(self):
        """Give the larger of x and 0; the slope at 0 is taken as 0."""
        return self._apply("relu")


class Scalar(_Functions):
    """A number that remembers how it was computed, so that it can be differentiated.

    A node holds its operands and the local derivative with respect to each: an edge of chapter
    6's graph. It never refers to itself or to what is computed from it, so reference counts
    alone free a graph.

    Parameters
    ----------
    value : float

    Attributes
    ----------
    value : float
    grad : float
        0 until `backward` of something computed from this number is called.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is not a finite number.

    References
    ----------
    Speelpenning (1980), Compiling fast partial derivatives of functions given by algorithms.

    Examples
    --------
    >>> x = Scalar(3.0)
    >>> y = x * x + x
    >>> y.backward()
    >>> x.grad
    7.0
    """

    __slots__ = ("_a", "_b", "_da", "_db", "grad", "value")

    def __init__(self, value):
        plain = type(value) is Counted or (type(value) is float and math.isfinite(value))
        self.value = value if plain else as_number(value, "value")
        self.grad = 0.0
        self._a = self._b = None

    def __repr__(self):
        return f"Scalar({self.value}, grad={self.grad})"

    def __add__(self, other):
        if isinstance(other, Scalar):
            return _node(self.value + other.value, self, 1.0, other, 1.0)
        return _node(self.value + other, self, 1.0) if _is_number(other) else NotImplemented

    def __sub__(self, other):
        if isinstance(other, Scalar):
            return _node(self.value - other.value, self, 1.0, other, -1.0)
        return _node(self.value - other, self, 1.0) if _is_number(other) else NotImplemented

    def __mul__(self, other):
        if isinstance(other, Scalar):
            return _node(self.value * other.value, self, other.value, other, self.value)
        return _node(self.value * other, self, other) if _is_number(other) else NotImplemented

    def __truediv__(self, other):
        if isinstance(other, Scalar):
            y = self.value / other.value
            return _node(y, self, 1.0 / other.value, other, -y / other.value)
        return _node(self.value / other, self, 1.0 / other) if _is_number(other) else NotImplemented

    def __pow__(self, other):
        if isinstance(other, Scalar):
            y, slope = _power(self.value, other.value)
            return _node(y, self, slope, other, _exponent_slope(self.value, y))
        if not _is_number(other):
            return NotImplemented
        y, slope = _power(self.value, other)
        return _node(y, self, slope)

    def __neg__(self):
        return _node(-self.value, self, -1.0)

    def __rsub__(self, other):
        return _node(other - self.value, self, -1.0) if _is_number(other) else NotImplemented

    def __rtruediv__(self, other):
        return Scalar(other) / self if _is_number(other) else NotImplemented

    def __rpow__(self, other):
        return Scalar(other) ** self if _is_number(other) else NotImplemented

    __radd__ = __add__
    __rmul__ = __mul__

    def _apply(self, name):
        value, slope = FUNCTIONS[name](self.value)
        return _node(value, self, slope)

    def backward(self):
        """Differentiate this number with respect to all numbers it was computed from.

        Afterwards the ``grad`` of every node between is the derivative with respect to it. On
        the leaves, which nothing computed, the derivative is added to the ``grad`` that was
        there: so calling twice gives leaves twice the derivative. Set ``leaf.grad = 0.0`` to
        begin anew. No recursion: the depth is limited by memory only.

        Returns
        -------
        None
        """
        order: list[Any] = []
        stack: list[Any] = [self]
        seen: set[Any] = {None}
        while stack:
            node = stack.pop()
            a, b = node._a, node._b
            if node in seen:
                continue
            if a in seen and b in seen:  # operands stand before their results
                seen.add(node)
                order.append(node)
                if a is not None:
                    node.grad = 0.0
                continue
            stack.append(node)
            if a not in seen:
                stack.append(a)
            if b not in seen:
                stack.append(b)
        self.grad += 1.0
        for node in reversed(order):
            a, b = node._a, node._b
            if a is not None:
                a.grad += node.grad * node._da  # eq:backprop-autodiff-adjoint
            if b is not None:
                b.grad += node.grad * node._db


def _node(value, a, da, b=None, db=0.0):
    """Make the Scalar that was computed from `a` (and `b`) with these local derivatives."""
    node = object.__new__(Scalar)
    node.value = value
    node.grad = 0.0
    node._a, node._da = a, da
    node._b, node._db = b, db
    return node


class Dual(_Functions):
    """A number and how fast it changes: the pair (v, v̇), with ε² = 0 in v + v̇ε.

    Parameters
    ----------
    value : float
    dot : float
        The derivative of ``value`` in the direction that is asked for.

    References
    ----------
    Griewank and Walther (2008), Evaluating Derivatives, chapter 3.

    Examples
    --------
    >>> x = Dual(3.0, 1.0)
    >>> x * x + x
    Dual(12.0, 7.0)
    """

    __slots__ = ("dot", "value")

    def __init__(self, value, dot: Any = 0.0):
        self.value = value if isinstance(value, Counted) else as_number(value, "value")
        self.dot = dot if isinstance(dot, Counted) else as_number(dot, "dot")

    def __repr__(self):
        return f"Dual({self.value}, {self.dot})"

    def __add__(self, other):
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.dot + other.dot)
        return Dual(self.value + other, self.dot) if _is_number(other) else NotImplemented

    def __sub__(self, other):
        if isinstance(other, Dual):
            return Dual(self.value - other.value, self.dot - other.dot)
        return Dual(self.value - other, self.dot) if _is_number(other) else NotImplemented

    def __mul__(self, other):
        if isinstance(other, Dual):
            # eq:backprop-autodiff-dual
            return Dual(self.value * other.value, self.dot * other.value + self.value * other.dot)
        return Dual(self.value * other, self.dot * other) if _is_number(other) else NotImplemented

    def __truediv__(self, other):
        if isinstance(other, Dual):
            y = self.value / other.value
            return Dual(y, (self.dot - y * other.dot) / other.value)
        return Dual(self.value / other, self.dot / other) if _is_number(other) else NotImplemented

    def __pow__(self, other):
        if isinstance(other, Dual):
            y, slope = _power(self.value, other.value)
            return Dual(y, slope * self.dot + _exponent_slope(self.value, y) * other.dot)
        if not _is_number(other):
            return NotImplemented
        y, slope = _power(self.value, other)
        return Dual(y, slope * self.dot)

    def __neg__(self):
        return Dual(-self.value, -self.dot)

    def __rsub__(self, other):
        return Dual(other - self.value, -self.dot) if _is_number(other) else NotImplemented

    def __rtruediv__(self, other):
        return Dual(other) / self if _is_number(other) else NotImplemented

    def __rpow__(self, other):
        return Dual(other) ** self if _is_number(other) else NotImplemented

    __radd__ = __add__
    __rmul__ = __mul__

    def _apply(self, name):
        value, slope = FUNCTIONS[name](self.value)
        return Dual(value, slope * self.dot)


def jvp(f, x, v):
    """Differentiate a function in one direction, in one forward sweep of dual numbers.

    Parameters
    ----------
    f : callable
        From a number or an array to a number or an array. It gets a `Dual`, or an array of
        them, on which arithmetic, ``@``, ``numpy.exp`` and its like work as on floats.
    x : float or array_like
        Where to differentiate.
    v : float or array_like, shape of x
        The direction.

    Returns
    -------
    y : float or ndarray
        f(x).
    dy : float or ndarray, shape of y
        The derivative of f at x along v: the Jacobian times v.

    Raises
    ------
    ValueError
        If ``v`` has not the shape of ``x``.

    Examples
    --------
    >>> jvp(lambda x: x * x, 3.0, 1.0)
    (9.0, 6.0)
    """
    x, v = np.asarray(x), np.asarray(v)
    if v.shape != x.shape:
        raise ValueError(
            f"the direction v has shape {v.shape}, x has shape {x.shape}; pass one entry of v "
            "for each entry of x"
        )
    duals = np.empty(x.shape, dtype=object)
    for i in np.ndindex(x.shape):
        duals[i] = Dual(x[i], v[i])
    y = f(duals[()])
    flat = [d if isinstance(d, Dual) else Dual(d) for d in np.ravel(np.asarray(y, dtype=object))]
    if np.ndim(y) == 0:
        return flat[0].value, flat[0].dot
    values, dots = np.array([d.value for d in flat]), np.array([d.dot for d in flat])
    return values.reshape(np.shape(y)), dots.reshape(np.shape(y))


class OpCounter:
    """Counts the arithmetic that is done with its numbers, one operation at a time.

    Calling it with a number or an array gives numbers that count. They add, subtract, multiply,
    divide, compare, and stand in arrays, in `Dual` and in `Scalar`. A subtraction counts as an
    addition, a whole power as its repeated products, a change of sign as nothing.

    Attributes
    ----------
    multiplications, additions, divisions : int

    Examples
    --------
    >>> counter = OpCounter()
    >>> product = counter(np.ones((2, 3))) @ counter(np.ones((3, 4)))
    >>> counter.multiplications, counter.additions
    (24, 16)
    """

    def __init__(self):
        self.reset()

    def __repr__(self):
        return (
            f"OpCounter(multiplications={self.multiplications}, additions={self.additions}, "
            f"divisions={self.divisions})"
        )

    def reset(self):
        """Begin again at zero."""
        self.multiplications = self.additions = self.divisions = 0

    def __call__(self, x):
        """Give the numbers of `x` as numbers that count here."""
        x = np.asarray(x)
        numbers = np.empty(x.shape, dtype=object)
        for i in np.ndindex(x.shape):
            numbers[i] = Counted(float(x[i]), self)
        return numbers[()]


class Counted(_Ordered):
    """A number that tells an `OpCounter` what is done with it.

    Parameters
    ----------
    value : float
    counter : OpCounter
    """

    __slots__ = ("counter", "value")

    def __init__(self, value, counter):
        self.value = value
        self.counter = counter

    def __repr__(self):
        return f"Counted({self.value})"

    def __add__(self, other):
        if not _is_number(other):
            return NotImplemented
        self.counter.additions += 1
        return Counted(self.value + getattr(other, "value", other), self.counter)

    def __mul__(self, other):
        if not _is_number(other):
            return NotImplemented
        self.counter.multiplications += 1
        return Counted(self.value * getattr(other, "value", other), self.counter)

    def __sub__(self, other):
        return self + -other if _is_number(other) else NotImplemented

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        if not _is_number(other):
            return NotImplemented
        self.counter.divisions += 1
        return Counted(self.value / getattr(other, "value", other), self.counter)

    def __rtruediv__(self, other):
        return Counted(other, self.counter) / self if _is_number(other) else NotImplemented

    def __pow__(self, other):
        if not isinstance(other, int) or other < 0:
            raise TypeError(f"only powers 0, 1, 2, … are counted, got {other!r}; multiply instead")
        self.counter.multiplications += max(other - 1, 0)
        return Counted(self.value**other, self.counter)

    def __neg__(self):
        return Counted(-self.value, self.counter)

    __radd__ = __add__
    __rmul__ = __mul__


NUMBERS = (float, int, np.floating, np.integer, Counted)


def _is_number(other):
    return isinstance(other, NUMBERS)
