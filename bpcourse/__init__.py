"""Gradient descent, the chain rule and backpropagation: the algorithms of the open course.

Every public name can be had from here, as ``bpcourse.NAME``, and is loaded at its first use: so
``import bpcourse`` costs next to nothing, and figures cost only those who draw.
"""

from typing import Any

__version__ = "0.1.0"

# Where each name lives. Type checkers and editors read the same from __init__.pyi.
_HOME = {
    "ACTIVATIONS": "bpcourse.basics.activations",
    "Activation": "bpcourse.basics.activations",
    "Adagrad": "bpcourse.training.adaptive",
    "Adam": "bpcourse.training.adaptive",
    "AdamW": "bpcourse.training.adaptive",
    "Dual": "bpcourse.backprop.autodiff",
    "GradientReport": "bpcourse.backprop.checking",
    "Graph": "bpcourse.backprop.chain_rule",
    "History": "bpcourse.backprop.network",
    "LOSSES": "bpcourse.basics.losses",
    "Loss": "bpcourse.basics.losses",
    "MLP": "bpcourse.backprop.network",
    "OPTIMIZERS": "bpcourse.training.adaptive",
    "OpCounter": "bpcourse.backprop.autodiff",
    "Optimizer": "bpcourse.training.adaptive",
    "Path": "bpcourse.training.adaptive",
    "RMSprop": "bpcourse.training.adaptive",
    "SGD": "bpcourse.training.adaptive",
    "Scalar": "bpcourse.backprop.autodiff",
    "Tensor": "bpcourse.backprop.arrays",
    "VJPS": "bpcourse.backprop.arrays",
    "absolute": "bpcourse.backprop.arrays",
    "add_ones": "bpcourse.descent.learning",
    "arctan": "bpcourse.backprop.arrays",
    "as_scipy_method": "bpcourse.training.adaptive",
    "average_rate": "bpcourse.training.momentum",
    "best_step": "bpcourse.backprop.checking",
    "broadcast_to": "bpcourse.backprop.arrays",
    "central_difference": "bpcourse.backprop.checking",
    "check": "bpcourse.exercises",
    "check_gradient": "bpcourse.backprop.checking",
    "collapse": "bpcourse.descent.learning",
    "complex_step": "bpcourse.backprop.checking",
    "concatenate": "bpcourse.backprop.arrays",
    "confusion_matrix": "bpcourse.descent.learning",
    "cos": "bpcourse.backprop.arrays",
    "cross_features": "bpcourse.descent.learning",
    "dot_test": "bpcourse.backprop.checking",
    "einsum": "bpcourse.backprop.arrays",
    "exp": "bpcourse.backprop.arrays",
    "explore": "bpcourse.figures",
    "fit": "bpcourse.backprop.network",
    "forward_difference": "bpcourse.backprop.checking",
    "gather": "bpcourse.backprop.arrays",
    "gd1d": "bpcourse.descent.learning",
    "heavy_ball": "bpcourse.training.momentum",
    "hypot": "bpcourse.backprop.arrays",
    "init_he": "bpcourse.backprop.network",
    "init_xavier": "bpcourse.backprop.network",
    "inv": "bpcourse.backprop.arrays",
    "jacobian": "bpcourse.backprop.arrays",
    "jvp": "bpcourse.backprop.autodiff",
    "layered_graph": "bpcourse.backprop.chain_rule",
    "linreg_loss_grad": "bpcourse.descent.learning",
    "log": "bpcourse.backprop.arrays",
    "logdet": "bpcourse.backprop.arrays",
    "logsumexp": "bpcourse.basics.losses",
    "matmul": "bpcourse.backprop.arrays",
    "maximum": "bpcourse.backprop.arrays",
    "mean": "bpcourse.backprop.arrays",
    "minimize": "bpcourse.training.adaptive",
    "minimum": "bpcourse.backprop.arrays",
    "mlp_backward": "bpcourse.backprop.network",
    "mlp_forward": "bpcourse.backprop.network",
    "mlp_init": "bpcourse.backprop.network",
    "momentum_is_stable": "bpcourse.training.momentum",
    "momentum_matrix": "bpcourse.training.momentum",
    "momentum_optimum": "bpcourse.training.momentum",
    "momentum_spectrum": "bpcourse.training.momentum",
    "nesterov": "bpcourse.training.momentum",
    "network_graph": "bpcourse.backprop.chain_rule",
    "normal_equations": "bpcourse.descent.learning",
    "one_hot": "bpcourse.basics.losses",
    "plot_history": "bpcourse.figures.history",
    "relu": "bpcourse.backprop.arrays",
    "reshape": "bpcourse.backprop.arrays",
    "show": "bpcourse.figures",
    "sigmoid": "bpcourse.backprop.arrays",
    "sigmoid_cross_entropy": "bpcourse.backprop.arrays",
    "sin": "bpcourse.backprop.arrays",
    "softmax": "bpcourse.basics.losses",
    "softmax_cross_entropy": "bpcourse.backprop.arrays",
    "softplus": "bpcourse.backprop.arrays",
    "solve": "bpcourse.backprop.arrays",
    "sqrt": "bpcourse.backprop.arrays",
    "standardize": "bpcourse.descent.learning",
    "tanh": "bpcourse.backprop.arrays",
    "trace_table": "bpcourse.backprop.chain_rule",
    "transpose": "bpcourse.backprop.arrays",
    "unbroadcast": "bpcourse.backprop.arrays",
    "value_and_grad": "bpcourse.backprop.arrays",
    "vjp": "bpcourse.backprop.arrays",
    "where": "bpcourse.backprop.arrays",
}
_PARTS = (
    "basics",
    "descent",
    "backprop",
    "training",
    "beyond",
    "figures",
    "exercises",
    "grading",
)
__all__ = sorted([*_HOME, *_PARTS])  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    import importlib

    if name in _PARTS:
        return importlib.import_module(f"bpcourse.{name}")
    if name in _HOME:
        try:
            value = getattr(importlib.import_module(_HOME[name]), name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("bpcourse"):
                raise
            raise ImportError(
                f"bpcourse.{name} needs {error.name}, which is not installed here; "
                'run: python -m pip install "bpcourse[figures]"'
            ) from error
        globals()[name] = value
        return value

    import difflib

    close = difflib.get_close_matches(name, __all__, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "dir(bpcourse) lists its names"
    raise AttributeError(f"module 'bpcourse' has no attribute {name!r}; {hint}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
