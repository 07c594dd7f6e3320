"""Change one sign, factor, transpose, exponent or index of a check at a time."""

import ast
import contextlib
import copy
import inspect
import signal
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from types import FunctionType
from typing import Any

from tests.equations.registry import Check

SECONDS = 20
FLIPPED = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}
MEAN_OR_SUM = {"mean": "sum", "sum": "mean"}


def survivors(check: Check, helper: FunctionType | None = None) -> tuple[int, set[str]]:
    """Run all mutants of a check, or of a function it uses; return how many, and which pass."""
    assert isinstance(check.function, FunctionType)
    own = parse(check.function)
    mutated = parse(helper) if helper else own
    kept = [own] if helper else []
    rerun(check, [mutated, *kept])  # as it stands it passes: what fails below is the mutation
    count, passed = 0, set()
    for name, mutant in mutants(mutated):
        count += 1
        if not caught(check, [mutant, *kept]):
            passed.add(name)
    return count, passed


def parse(function: FunctionType) -> ast.FunctionDef:
    """Return the syntax tree of a function without its decorators and its input lines."""
    source = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.decorator_list = []
    lines = source.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and chooses_inputs(node, lines):
            for inner in ast.walk(node.iter if isinstance(node, ast.For) else node):
                inner.is_input = True  # pyright: ignore[reportAttributeAccessIssue]
    return tree


def chooses_inputs(node: ast.stmt, lines: list[str]) -> bool:
    """Whether a statement (or a loop's first line) uses `rng` or ends in `# input`."""
    if isinstance(node, ast.FunctionDef | ast.While | ast.If | ast.With):
        return False
    last = node.iter.end_lineno if isinstance(node, ast.For) else node.end_lineno
    assert last is not None
    if lines[last - 1].endswith("# input"):
        return True
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return isinstance(node, ast.Assign) and "rng" in names


def mutants(tree: ast.FunctionDef) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every tree with one change, and the change as `before → after`."""
    for position, node in enumerate(ast.walk(tree)):
        if getattr(node, "is_input", False):
            continue
        for new in variants(node):
            changed = copy.deepcopy(tree)
            old = list(ast.walk(changed))[position]
            substitute(changed, old, new)
            yield f"{ast.unparse(node)} → {ast.unparse(new)}", ast.fix_missing_locations(changed)


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in place of a node."""
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            yield ast.BinOp(left, FLIPPED[type(node.op)](), right)
            if more := one_more(left):
                yield ast.BinOp(more, node.op, right)
            if more := one_more(right):
                yield ast.BinOp(left, node.op, more)
        case ast.BinOp(left, ast.Mult(), right):
            yield left
            yield right
        case ast.BinOp(left, ast.Div()):
            yield left
        case ast.BinOp(left, ast.Pow(), right):
            yield ast.BinOp(left, ast.Pow(), ast.BinOp(right, ast.Add(), ast.Constant(1)))
        case ast.UnaryOp(ast.USub(), operand):
            yield operand
        case ast.AugAssign(target, ast.Add() | ast.Sub(), value):
            yield ast.AugAssign(target, FLIPPED[type(node.op)](), value)
        case ast.Compare(left, [ast.Lt() | ast.Gt() | ast.LtE() | ast.GtE()], right):
            yield ast.Compare(left, [FLIPPED[type(node.ops[0])]()], right)
        case ast.Attribute(value, "T" | "mT"):
            yield value
        case ast.Call(ast.Attribute(value, "mean" | "sum" as name), arguments, keywords):
            other = ast.Attribute(value, MEAN_OR_SUM[name], ast.Load())
            yield ast.Call(other, arguments, keywords)
        case ast.keyword("axis", ast.Constant(0 | 1 as axis)):
            yield ast.keyword("axis", ast.Constant(1 - axis))
        case ast.Subscript(value, ast.Tuple([first, second]) as index, context):
            pair: list[Any] = [second, first]
            if not any(isinstance(part, ast.Slice) for part in pair) and first != second:
                yield ast.Subscript(value, ast.Tuple(pair, ast.Load()), context)
            for i, part in enumerate(index.elts):
                if other := other_index(part):
                    parts = [*index.elts[:i], other, *index.elts[i + 1 :]]
                    yield ast.Subscript(value, ast.Tuple(parts, ast.Load()), context)
        case ast.Subscript(value, index, context):
            if other := other_index(index):
                yield ast.Subscript(value, other, context)


def other_index(index: ast.expr) -> ast.expr | None:
    """Return 0 for a variable index, the next number for a number, nothing for other things."""
    return ast.Constant(0) if isinstance(index, ast.Name | ast.BinOp) else one_more(index)


def one_more(node: ast.expr) -> ast.Constant | None:
    """Return the number after a literal one."""
    match node:
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return ast.Constant(value + 1)
    return None


def substitute(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put a new node in the place of an old one."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]


def caught(check: Check, trees: list[ast.FunctionDef]) -> bool:
    """Whether the check fails with these functions; one that never ends counts as failing."""
    try:
        with time_limit(SECONDS):
            rerun(check, trees)
    except (NameError, SyntaxError):  # a fault of the mutation, not of the equation
        raise
    except Exception:
        return True
    return False


def rerun(check: Check, trees: list[ast.FunctionDef]) -> None:
    """Run a check whose functions have been replaced."""
    assert isinstance(check.function, FunctionType)
    namespace = dict(check.function.__globals__)
    module = ast.Module([copy.deepcopy(tree) for tree in trees], type_ignores=[])
    exec(compile(module, str(check.file), "exec"), namespace)
    replace(check, function=namespace[trees[-1].name]).run()


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
