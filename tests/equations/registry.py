r"""Every numbered equation of the book has one check here, registered by its label.

A check evaluates both sides of its equation, each written out by itself, and yields them::

    @equation("eq:descent-learning-loss", r"C(w) = \frac{1}{2N} \sum_s (x_s w - y_s)^2")
    def loss(rng, N):
        (p,) = distinct(rng, 1)
        X, y, w = rng.normal(size=(N, p)), rng.normal(size=N), rng.normal(size=p)
        yield linreg_loss_grad(X, y, w)[0], sum((X[s] @ w - y[s]) ** 2 for s in range(N)) / (2 * N)

It runs once for every seed; a check that takes ``N`` also runs with N = 1. What it may yield:

``left, right``
    the two sides of an equality; a chain a = b = c yields ``a, b`` and ``b, c``
``Zero(expression)``
    a SymPy expression (or matrix) that has to simplify to 0: a proof
``AtMost(left, right)`` and ``Attained(left, right)``
    a bound on sampled instances, and the case that attains it
``Fails(claim)``
    one of the above which must clearly not hold: an instance outside a theorem's assumptions

The checks are mutated (test_the_checks.py): a changed sign, factor, transpose or index in a check
must make it fail. Lines that draw from ``rng`` or end in the comment ``# input`` choose the inputs
and are left alone. A mutant that means the same is excused by name:
``@equation(..., equivalent={"X.T → X": "X is symmetric here"})``.
"""

import ast
import hashlib
import importlib
import inspect
import textwrap
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
RTOL = 1e-12
CLEARLY = 1e-6
SEEDS = range(6)
ROWS = (1, 2, 5, 8, 3, 1)


class CheckFailed(AssertionError):
    """An equation does not hold, or its check is not one; the message says which and where."""


@dataclass(frozen=True)
class AtMost:
    """The bound left ≤ right, up to rounding."""

    left: Any
    right: Any


@dataclass(frozen=True)
class Attained:
    """The case that attains a bound; `within` a relative gap, if no case does, which says `why`."""

    left: Any
    right: Any
    within: float = 0.0
    why: str = ""

    def __post_init__(self):
        if self.within and not self.why:
            raise ValueError(
                f"Attained(within={self.within}) says why the bound is not reached: why=…"
            )


@dataclass(frozen=True)
class Zero:
    """A SymPy expression or matrix that is identically zero."""

    expression: Any


@dataclass(frozen=True)
class Fails:
    """A claim (a pair, AtMost or Zero) that must clearly fail."""

    claim: Any


@dataclass
class Measured:
    """What a run of a check has seen."""

    comparisons: int = 0
    error: float = 0.0
    kinds: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Check:
    """One registered equation: its label, its LaTeX, and the function that tests it."""

    label: str
    latex: str
    file: Path
    line: int
    module: str
    function: Callable[..., Iterator[Any]] | None = None
    rtol: float = RTOL
    why: str = ""
    equivalent: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """File and line, from the project's root."""
        return f"{self.relative_file}:{self.line}"

    @property
    def relative_file(self) -> str:
        """The file's path from the project's root."""
        root = ROOT if self.file.is_relative_to(ROOT) else self.file.parent
        return self.file.relative_to(root).as_posix()

    @property
    def chapter(self) -> str:
        """PART/CHAPTER, from the name of the test file."""
        return self.relative_file.removeprefix("tests/equations/").replace("/test_", "/")[:-3]

    @property
    def helpers(self) -> list[FunctionType]:
        """The functions of the check's own file that it calls."""
        if self.function is None:
            return []
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.function)))
        names = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})
        values = [vars(inspect.getmodule(self.function)).get(name) for name in names]
        return [v for v in values if isinstance(v, FunctionType) and v.__module__ == self.module]

    @property
    def source(self) -> str:
        """The source text of the check and its helpers (of a definition: nothing)."""
        functions = [*self.helpers, self.function] if self.function else []
        return "\n\n".join(map(inspect.getsource, functions))

    def run(self) -> Measured:
        """Run the check on every seed.

        Raises
        ------
        CheckFailed
            Where the equation does not hold, or nothing was compared.
        """
        measured = Measured()
        if self.function is None:
            measured.kinds.add("definition")
            return measured
        for case, arguments in cases(self.function, self.label):
            with np.errstate(all="raise", under="ignore"):
                for count, claim in enumerate(self.function(**arguments), 1):
                    try:
                        judge(claim, self.rtol, measured)
                    except CheckFailed as problem:
                        raise CheckFailed(
                            f"{self.label} ({self.where}), comparison {count}{case}: {problem}\n"
                            f"The equation: {self.latex}"
                        ) from None
        if not measured.kinds - {"counterexample"}:
            raise CheckFailed(
                f"{self.label} ({self.where}) compared nothing that has to hold; "
                "yield both sides: `yield left, right`"
            )
        if "bound" in measured.kinds and "attained" not in measured.kinds:
            raise CheckFailed(
                f"{self.label} ({self.where}) samples a bound and never meets it; yield also "
                "`Attained(left, right)` at the case that attains it, or comes `within=…` of it"
            )
        return measured

    def record(self, measured: Measured) -> dict[str, Any]:
        """What the book's appendix prints of this check."""
        return {
            "label": self.label,
            "latex": self.latex,
            "chapter": self.chapter,
            "kinds": sorted(measured.kinds - {"attained"}),
            "comparisons": measured.comparisons,
            "error": measured.error,
            "rtol": self.rtol,
            "why": self.why,
            "file": self.relative_file,
            "line": self.line,
            "sha256": digest(self.file),
            "source": self.source,
        }


REGISTRY: dict[str, Check] = {}


def equation(
    label: str,
    latex: str,
    *,
    rtol: float = RTOL,
    why: str = "",
    equivalent: dict[str, str] | None = None,
) -> Callable[[Callable[..., Iterator[Any]]], Check]:
    """Register a generator function as the check of one equation.

    Parameters
    ----------
    label, latex
        As they stand in the book.
    rtol
        Largest error allowed, relative to the largest entry of the two sides.
    why
        The reason of an `rtol` looser than rounding.
    equivalent
        Mutants that change nothing, as test_the_checks.py prints them, each with its reason.
    """
    if rtol > RTOL and not why:
        raise ValueError(f"{label}: rtol={rtol} is looser than rounding ({RTOL}); say why=…")
    if not all((equivalent or {}).values()):
        raise ValueError(f"{label}: each equivalent mutant needs its reason")

    def decorate(function: Callable[..., Iterator[Any]]) -> Check:
        if not inspect.isgeneratorfunction(function):
            raise TypeError(
                f"{label}: a check is one function that yields both sides (`yield left, right`), "
                f"got {function!r}"
            )
        code = function.__code__
        return register(
            Check(
                label,
                latex,
                Path(code.co_filename),
                code.co_firstlineno,
                function.__module__,
                function,
                rtol,
                why,
                dict(equivalent or {}),
            )
        )

    return decorate


def definition(label: str, latex: str) -> Check:
    """Register an equation that only defines its left side; one in five may be such."""
    caller = inspect.stack()[1]
    module = caller.frame.f_globals["__name__"]
    return register(Check(label, latex, Path(caller.filename), caller.lineno, module))


def register(check: Check) -> Check:
    """Add a check to the registry; a label has one check only."""
    known = REGISTRY.get(check.label)
    if known and (known.file, known.line) != (check.file, check.line):
        raise ValueError(
            f"{check.label} is registered twice, at {known.where} and at {check.where}; "
            "one equation has one check: merge them"
        )
    REGISTRY[check.label] = check
    return check


def load() -> dict[str, Check]:
    """Import every tests/equations/PART/test_CHAPTER.py and return the whole registry."""
    for path in sorted(Path(__file__).parent.glob("*/test_*.py")):
        importlib.import_module(f"{__package__}.{path.parent.name}.{path.stem}")
    return REGISTRY


def digest(path: Path) -> str:
    """Sha256 of a file: the book warns when a check has been edited since it was run."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def distinct(rng: np.random.Generator, count: int, *, besides: int = 0) -> list[int]:
    """Draw that many different widths from 2…9, none equal to `besides`."""
    widths = [n for n in range(2, 10) if n != besides]
    return [int(n) for n in rng.permutation(widths)[:count]]


def gradient(f: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """Gradient of a real analytic f by the complex step, exact to rounding.

    Squire and Trapp, "Using complex variables to estimate derivatives of real functions", 1998.
    """
    result = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        nudged = x.astype(complex)
        nudged[index] += 1e-30j
        result[index] = np.imag(f(nudged)) / 1e-30
    return result


def cases(function: Callable[..., Any], label: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the arguments of each run of a check, and how to name that run in a message."""
    names = set(inspect.signature(function).parameters)
    if names - {"rng", "N"}:
        raise TypeError(f"{label}: a check takes rng and N, or fewer; got {sorted(names)}")
    if not names:
        yield "", {}
        return
    for seed in SEEDS:
        arguments: dict[str, Any] = {
            "rng": np.random.default_rng([zlib.crc32(label.encode()), seed])
        }
        if "N" in names:
            arguments["N"] = ROWS[seed]
        case = f", seed {seed}" + (f", N = {ROWS[seed]}" if "N" in names else "")
        yield case, {name: arguments[name] for name in names}


def judge(claim: Any, rtol: float, measured: Measured) -> None:
    """Measure one claim; raise CheckFailed where it does not hold."""
    measured.comparisons += 1
    match claim:
        case Fails(inner):
            measured.kinds.add("counterexample")
            if not clearly_fails(inner):
                raise CheckFailed(f"{inner!r} holds, or nearly, where it should clearly fail")
        case Zero(expression):
            measured.kinds.add("proof")
            for entry in entries(expression):
                if not is_zero(entry):
                    raise CheckFailed(f"SymPy does not find this to be 0: {entry}")
        case AtMost(left, right):
            measured.kinds.add("bound")
            excess, worst = largest(left, right, one_sided=True)
            if excess > rtol:
                raise CheckFailed(f"the left side exceeds its bound by {excess:.1e}, {worst}")
        case Attained(left, right, within, _):
            measured.kinds |= {"bound", "attained"}
            error, worst = largest(left, right)
            if error > max(rtol, within):
                raise CheckFailed(
                    f"the bound is not attained: {error:.1e} apart, "
                    f"allowed {max(rtol, within):.0e}, {worst}"
                )
            if not within:
                measured.error = max(measured.error, error)
        case (left, right):
            measured.kinds.add("equality")
            error, worst = largest(left, right)
            if error > rtol:
                raise CheckFailed(
                    f"the sides differ by {error:.1e} of their size, allowed {rtol:.0e}, {worst}"
                )
            measured.error = max(measured.error, error)
        case _:
            raise CheckFailed(
                "expected `left, right`, Zero, AtMost, Attained or Fails, "
                f"got {type(claim).__name__}"
            )


def clearly_fails(claim: Any) -> bool:
    """Whether a claim is wrong by more than rounding or a near miss could explain."""
    match claim:
        case Zero(expression):
            return not all(is_zero(entry) for entry in entries(expression))
        case AtMost(left, right):
            return largest(left, right, one_sided=True)[0] > CLEARLY
        case (left, right):
            return largest(left, right)[0] > CLEARLY
    raise CheckFailed(f"Fails takes a pair, AtMost or Zero, got {type(claim).__name__}")


def largest(left: Any, right: Any, *, one_sided: bool = False) -> tuple[float, str]:
    """Return the largest difference relative to the sides' scale, and where it is."""
    if left is right and isinstance(left, np.ndarray):
        raise CheckFailed("both sides are one and the same array; compute each by itself")
    a, b = side("left", left), side("right", right)
    if a.shape != b.shape:
        raise CheckFailed(f"the left side has shape {a.shape}, the right side {b.shape}")
    difference = np.maximum(a - b, 0) if one_sided else np.abs(a - b)
    scale = max(np.abs(a).max(), np.abs(b).max())
    worst = np.unravel_index(difference.argmax(), difference.shape)
    at = f"at [{', '.join(str(i) for i in worst)}] " if a.ndim else ""
    error = float(difference.max() / scale) if scale else 0.0
    return error, f"{at}left {a[worst]:.17g}, right {b[worst]:.17g}"


def side(name: str, value: Any) -> np.ndarray:
    """Turn one side into a finite numeric array."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise CheckFailed(f"the {name} side is no number or array of numbers: {value!r}")
    if not array.size:
        raise CheckFailed(f"the {name} side is empty (shape {array.shape}) and compares nothing")
    array = array.astype(complex if array.dtype.kind == "c" else float)
    if not np.isfinite(array).all():
        raise CheckFailed(f"the {name} side has a NaN or infinite entry: {value!r}")
    return array


def entries(expression: Any) -> list[Any]:
    """List the entries of a SymPy expression or explicit matrix."""
    import sympy

    expression = sympy.sympify(expression)
    return expression.flat() if isinstance(expression, sympy.MatrixBase) else [expression]


def is_zero(expression: Any) -> bool:
    """Whether SymPy proves an expression to be 0; random numbers settle the opposite first."""
    import sympy

    if expression.equals(0) is False:
        return False
    return sympy.simplify(expression) == 0
