"""Chapter 10, Is my gradient right? Differences, the complex step, and a checker that explains.

The comment behind a line is the label of the equation that the line computes. ε is the unit
roundoff, half of ``numpy.finfo(dtype).eps``: each value of f is taken to be off by up to ε |f|.
"""

import html
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpcourse.basics.validate import as_count, as_number, as_rng

MOST_COORDINATES = 200


def best_step(kind, dtype: Any = np.float64, *, f=1.0, derivative=1.0):
    """The step at which truncation and rounding errors of a difference balance.

    Parameters
    ----------
    kind : {"forward", "central"}
        Which difference.
    dtype : data type
        float64 or float32, in which f is computed.
    f : float
        The size of f near the point.
    derivative : float
        The size of f″ (forward) or f‴ (central) near the point.

    Returns
    -------
    float
        h* = 2 √(ε |f| / |f″|) or h* = (3 ε |f| / |f‴|)^⅓, in the unit of x.

    Raises
    ------
    ValueError
        If the kind is unknown or a size is not positive.

    References
    ----------
    Higham (2002), Accuracy and Stability of Numerical Algorithms, section 1.14.
    """
    f = as_number(f, "f", above=0)
    derivative = as_number(derivative, "derivative", above=0)
    eps = float(np.finfo(dtype).eps) / 2
    if kind == "forward":
        return 2 * (eps * f / derivative) ** 0.5  # eq:backprop-checking-forward-step
    if kind == "central":
        return (3 * eps * f / derivative) ** (1 / 3)  # eq:backprop-checking-central-step
    raise ValueError(f"kind is {kind!r}; pass 'forward' or 'central'")


def _point(x):
    x = np.asarray(x)
    if x.dtype.kind not in "fiu":
        raise TypeError(f"x holds {x.dtype}, expected real numbers; pass floats")
    return x if x.dtype in (np.float64, np.float32) else x.astype(np.float64)


def _by_entry(slope, x):
    """Collect ``slope(unit, i)`` over the entries i of x, as an array (shape of f, shape of x)."""
    columns = []
    for i in np.ndindex(x.shape):
        unit = np.zeros_like(x)
        unit[i] = 1
        columns.append(slope(unit, i))
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + x.shape)


def forward_difference(f, x, h=None):
    """All first derivatives by forward differences, one more evaluation of f per entry of x.

    Parameters
    ----------
    f : callable
        From an array to a number or an array.
    x : array_like
        Where to differentiate; float32 is kept.
    h : float, optional
        The step. By default h* for f and f″ of size 1, times the size of the entry if that is
        larger than 1.

    Returns
    -------
    ndarray, shape of f(x) followed by shape of x
        (f(x + h e_i) − f(x)) / h.
    """
    x = _point(x)
    fx = np.asarray(f(x))

    def slope(unit, i):
        step = _step(x, i, best_step("forward", x.dtype) if h is None else h, h is None)
        return (np.asarray(f(x + step * unit)) - fx) / step  # eq:backprop-checking-forward

    return _by_entry(slope, x)


def central_difference(f, x, h=None):
    """All first derivatives by central differences, two evaluations of f per entry of x.

    Parameters
    ----------
    f : callable
        From an array to a number or an array.
    x : array_like
        Where to differentiate; float32 is kept.
    h : float, optional
        The step. By default h* for f and f‴ of size 1, times the size of the entry if that is
        larger than 1.

    Returns
    -------
    ndarray, shape of f(x) followed by shape of x
        (f(x + h e_i) − f(x − h e_i)) / (2h).
    """
    x = _point(x)

    def slope(unit, i):
        s = _step(x, i, best_step("central", x.dtype) if h is None else h, h is None)
        # eq:backprop-checking-central
        return (np.asarray(f(x + s * unit)) - np.asarray(f(x - s * unit))) / (2 * s)

    return _by_entry(slope, x)


def _step(x, i, h, scaled):
    """A step that x[i] really takes: a power of 2 near h, so that x[i] ± h rounds little."""
    h = as_number(h, "h", above=0)
    if not scaled:
        return x.dtype.type(h)
    return x.dtype.type(2.0 ** np.round(np.log2(h * np.maximum(1, np.abs(x[i])))))


def complex_step(f, x, h=1e-30):
    """All first derivatives from one complex evaluation of f per entry of x, without cancellation.

    Parameters
    ----------
    f : callable
        From a complex array to a number or an array, by formulas that are analytic: no absolute
        values, comparisons, or parts of complex numbers.
    x : array_like
        Where to differentiate, real.
    h : float
        The imaginary step; nothing is subtracted, so it can be as small as one likes.

    Returns
    -------
    ndarray, shape of f(x) followed by shape of x
        Im f(x + i h e_j) / h.

    Raises
    ------
    TypeError
        If f gives a real number for a complex one.

    References
    ----------
    Squire and Trapp (1998), Using complex variables to estimate derivatives of real functions,
    SIAM Review 40.
    """
    x = _point(x).astype(np.float64)
    h = as_number(h, "h", above=0)

    def slope(unit, i):
        y = np.asarray(f(x + 1j * h * unit))
        if y.dtype.kind != "c":
            raise TypeError(
                f"f gave {y.dtype} for a complex x, so the imaginary part was lost; write f with "
                "analytic formulas, or use central_difference"
            )
        return np.imag(y) / h  # eq:backprop-checking-complex-step

    return _by_entry(slope, x)


def dot_test(jvp, vjp, v_shape, u_shape, *, rng, directions=5):
    """Test that two linear maps are transposes: ⟨u, J v⟩ = ⟨Jᵀ u, v⟩ for random u and v.

    Parameters
    ----------
    jvp : callable
        ``jvp(v)`` is J v, of shape ``u_shape``.
    vjp : callable
        ``vjp(u)`` is Jᵀ u, of shape ``v_shape``.
    v_shape, u_shape : tuple of int
    rng : numpy.random.Generator
    directions : int
        How many pairs to try.

    Returns
    -------
    float
        The largest difference, relative to |u| |J v| + |Jᵀ u| |v|: a few units of 1e-16 if the
        maps are transposes.

    Raises
    ------
    ValueError
        If a map gives another shape.
    """
    rng, worst = as_rng(rng), 0.0
    for _ in range(as_count(directions, "directions")):
        v, u = rng.normal(size=v_shape), rng.normal(size=u_shape)
        Jv, JTu = np.asarray(jvp(v)), np.asarray(vjp(u))
        if Jv.shape != u.shape or JTu.shape != v.shape:
            raise ValueError(
                f"jvp(v) has shape {Jv.shape}, expected {u.shape}; vjp(u) has shape {JTu.shape}, "
                f"expected {v.shape}"
            )
        difference = abs(np.vdot(u, Jv) - np.vdot(JTu, v))  # eq:backprop-checking-dot
        size = np.linalg.norm(u) * np.linalg.norm(Jv) + np.linalg.norm(JTu) * np.linalg.norm(v)
        worst = float(np.maximum(worst, difference / size if size else 0.0))
    return worst


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradient` found. It is true if the gradient passed.

    Parameters
    ----------
    ok : bool
        Whether every direction and every coordinate tried agrees.
    error : float
        The largest relative difference.
    rtol : float
        The difference allowed.
    noise : float
        How exact the differences themselves are, relative: what no check could see.
    direction : ndarray, shape of x
        The direction with the largest difference, of length 1.
    along : tuple of float
        The slope along it: what the gradient claims, and what differences of f measure.
    coordinate : tuple of int
        The index of the entry of x with the largest difference.
    entry : tuple of float
        The derivative with respect to it: claimed, and measured.
    hint : str
        What the differences look like; empty if the gradient passed.
    """

    ok: bool
    error: float
    rtol: float
    noise: float
    direction: np.ndarray
    along: tuple[float, float]
    coordinate: tuple[int, ...]
    entry: tuple[float, float]
    hint: str

    def __bool__(self):
        return self.ok

    def _rows(self):
        place = "x" + (f"[{', '.join(map(str, self.coordinate))}]" if self.coordinate else "")
        return [("worst direction", *self.along), (f"worst coordinate, {place}", *self.entry)]

    def _headline(self):
        verdict = "agrees with" if self.ok else "differs from"
        return (
            f"The gradient {verdict} differences of f: relative difference {self.error:.1e}, "
            f"allowed {self.rtol:.1e}, differences good to {self.noise:.1e}."
        )

    def __repr__(self):
        lines = [self._headline()]
        lines += [f"  {name}: claimed {a:.9g}, measured {b:.9g}" for name, a, b in self._rows()]
        return "\n".join(lines + [f"  Hint: {self.hint}"] * bool(self.hint))

    def _repr_html_(self):
        rows = "".join(
            f'<tr><th scope="row">{name}</th><td>{a:.9g}</td><td>{b:.9g}</td></tr>'
            for name, a, b in self._rows()
        )
        hint = f"<p>Hint: {html.escape(self.hint)}</p>" if self.hint else ""
        return (
            f'<div class="gradient-report"><table><caption>{self._headline()}</caption><thead><tr>'
            '<th scope="col">slope</th><th scope="col">claimed</th><th scope="col">measured</th>'
            f"</tr></thead><tbody>{rows}</tbody></table>{hint}</div>"
        )


def _slope(f, x, v):
    """The slope of f at x along v, its likely error, and the part of it that is rounding.

    Central differences are extrapolated: steps shrink by 2 and each column removes one more power
    of h² (Ridders 1982); the entry that agrees best with its neighbors wins.
    """
    eps = float(np.finfo(x.dtype).eps)
    h = eps**0.2 * float(np.maximum(1, np.abs(x).max()))
    best, error, floor, above = 0.0, np.inf, 0.0, []
    for _ in range(8):
        step = x.dtype.type(h) * v
        up, down = _number(f(x + step)), _number(f(x - step))
        row = [(up - down) / (2 * h)]
        rounding = eps * (abs(up) + abs(down)) / h
        for k, previous in enumerate(above):
            row.append(row[k] + (row[k] - previous) / (4 ** (k + 1) - 1))
            change = np.maximum(abs(row[k + 1] - row[k]), abs(row[k + 1] - previous)) + rounding
            if change < error:
                best, error, floor = row[k + 1], float(change), rounding
        above, h = row, h / 2
    return best, error, floor


def _number(y):
    y = np.asarray(y)
    if y.size != 1 or y.dtype.kind not in "fiu":
        raise ValueError(
            f"f gave {y.dtype} of shape {y.shape}, expected one real number; a gradient belongs "
            "to a function with one"
        )
    if not np.isfinite(y).all():
        raise FloatingPointError(f"f is {y.item()} near x; check the gradient where f is finite")
    return float(y.item())


def check_gradient(f, grad, x, *, rtol=1e-7, directions=5, rng):
    """Compare a gradient with differences of the function.

    Parameters
    ----------
    f : callable
        From an array to one number.
    grad : callable or array_like
        ``grad(x)``, or its value at x: an array of the shape of x.
    x : array_like
        Where to compare. Leave kinks at some distance. float32 is kept, and then differences
        are good to four digits at best.
    rtol : float
        The relative difference allowed, in addition to what the differences are good for.
    directions : int
        How many random directions to try. Up to 200 entries of x are tried one by one as well.
    rng : numpy.random.Generator

    Returns
    -------
    GradientReport
        True if the gradient passed; it prints the worst places and what the error looks like.

    Raises
    ------
    ValueError
        If the gradient has not the shape of x, or f gives more than one number.
    FloatingPointError
        If f is not finite near x.

    References
    ----------
    Ridders (1982), Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering
    Software 4.
    """
    x, rng = _point(x), as_rng(rng)
    rtol = as_number(rtol, "rtol", above=0)
    if x.size == 0:
        raise ValueError(f"x is empty, its shape is {x.shape}; pass at least one entry")
    g = np.asarray(grad(x.copy()) if callable(grad) else grad, dtype=np.float64)
    if g.shape != x.shape:
        raise ValueError(
            f"the gradient has shape {g.shape}, x has shape {x.shape}; a gradient has the shape "
            "of its variable"
        )
    tried = []
    for _ in range(as_count(directions, "directions")):
        v = rng.normal(size=x.shape)
        tried.append((v / np.linalg.norm(v)).astype(x.dtype))
    entries = list(np.ndindex(x.shape))
    if len(entries) > MOST_COORDINATES:
        entries = [entries[i] for i in rng.choice(len(entries), MOST_COORDINATES, replace=False)]
    for i in entries:
        unit = np.zeros_like(x)
        unit[i] = 1
        tried.append(unit)
    claimed = np.array([np.vdot(g, v) for v in tried])
    measured, noise, rounding = np.array([_slope(f, x, v) for v in tried]).T
    # A slope that happens to be near zero is measured against the typical one.
    typical = np.linalg.norm(measured[directions:]) / np.sqrt(len(entries))
    size = np.maximum(np.maximum(np.abs(claimed), np.abs(measured)), 1e-3 * typical)
    size = np.where(size > 0, size, 1.0)  # also where the gradient holds NaN
    error = np.where(np.isfinite(claimed), np.abs(claimed - measured) / size, np.inf)
    unclear = (noise > 1e-2 * size) & (noise > 1e3 * rounding)
    wrong = ~(error * size <= rtol * size + 2 * noise) | unclear
    rank = error + 1e9 * wrong  # the worst among the wrong, if any is
    d = int(np.argmax(rank[:directions]))
    c = directions + int(np.argmax(rank[directions:]))
    worst = int(np.argmax(rank))
    return GradientReport(
        ok=not wrong.any(),
        error=float(error[worst]),
        rtol=rtol,
        noise=float((noise / size).max()),
        direction=tried[d],
        along=(float(claimed[d]), float(measured[d])),
        coordinate=tuple(int(i) for i in entries[c - directions]),
        entry=(float(claimed[c]), float(measured[c])),
        hint=_hint(f, x, tried[worst], entries, claimed, measured, size, unclear)
        if wrong.any()
        else "",
    )


def _hint(f, x, v, entries, claimed, measured, size, unclear):
    """Say what the difference between the claimed and the measured slopes looks like."""
    one = slice(len(claimed) - len(entries), None)  # the entries of x, after the directions
    if not np.isfinite(claimed).all():
        return "the gradient holds NaN or infinity"
    if unclear.any() or _has_kink(f, x, v):
        return "f seems to have a kink or a jump at x or very near it; check at another x"
    if not claimed.any():
        return "the gradient is zero everywhere: does anything flow back?"
    if np.linalg.norm(measured[one]) == 0:
        return "f does not change at all near x, the gradient should be zero"
    ratio = np.vdot(claimed[one], measured[one]) / np.vdot(measured[one], measured[one])
    if np.all(np.abs(claimed - ratio * measured) <= 1e-5 * abs(ratio) * size + 1e-12):
        return _ratio_hint(ratio)
    G, M = claimed[one], measured[one]
    off = np.abs(G - M) > 1e-5 * size[one]
    if len(entries) == x.size:
        if x.ndim == 2 and x.shape[0] == x.shape[1]:
            transposed = M.reshape(x.shape).T.ravel()
            if np.all(np.abs(G - transposed) <= 1e-5 * size[one]):
                return "the gradient is transposed: the order of a matrix product, or a missing .T"
        if np.all(np.abs(np.sort(G) - np.sort(M)) <= 1e-5 * np.sort(size[one])):
            return "the numbers are right but stand in other places: an order or a reshape"
    X = np.array([x[i] for i in entries], dtype=np.float64)
    if X.any() and len(entries) > 1:
        c = np.vdot(G - M, X) / np.vdot(X, X)
        if np.all(np.abs(G - M - c * X) <= 1e-5 * size[one]):
            kind = "too much" if c > 0 else "too little"
            return f"the gradient has {abs(c):.4g} x {kind}: look at the regularizer (weight decay)"
    if 2 * off.sum() <= len(entries):
        names = ", ".join(str(list(map(int, entries[k]))) for k in np.flatnonzero(off)[:5])
        return f"{off.sum()} of {len(entries)} coordinates tried are wrong, others right: {names}"
    return (
        "no common factor: a term is missing, or a factor that differs from entry to entry, such "
        "as φ′(z) or an input"
    )


def _has_kink(f, x, v):
    """Tell whether the slopes to the right and left of x do not approach each other."""
    eps, middle = float(np.finfo(x.dtype).eps), _number(f(x))
    h, before = 1e-3 * float(np.maximum(1, np.abs(x).max())), np.inf
    for _ in range(7):
        step = x.dtype.type(h) * v
        right, left = (_number(f(x + step)) - middle) / h, (middle - _number(f(x - step))) / h
        bend = abs(right - left)  # of a smooth f it shrinks like h, 8 times from line to line
        visible = bend > 1e-2 * max(abs(right), abs(left)) and bend > 100 * eps * abs(middle) / h
        if visible and before < 4 * bend:
            return True
        h, before = h / 8, bend
    return False


def _ratio_hint(ratio):
    """Say what a factor common to all slopes may come from."""
    sign = "the sign is reversed" if ratio < 0 else ""
    ratio = abs(ratio)
    if sign and abs(ratio - 1) < 1e-5:
        return sign
    joint = f"{sign}, and " if sign else ""
    for n, m in ((ratio, "large"), (1 / ratio, "small")):
        if n > 1.5 and abs(n - round(n)) < 1e-4 * n:
            n = round(n)
            reason = "a missing ½ or 2, or " if n == 2 else ""
            return f"{joint}all slopes are {n} times too {m}: {reason}1/N of a mean over {n} rows?"
    return f"{joint}all slopes are off by the same factor {ratio:.9g}"
