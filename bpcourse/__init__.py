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
    "History": "bpcourse.backprop.network",
    "LOSSES": "bpcourse.basics.losses",
    "Loss": "bpcourse.basics.losses",
    "MLP": "bpcourse.backprop.network",
    "OPTIMIZERS": "bpcourse.training.adaptive",
    "Optimizer": "bpcourse.training.adaptive",
    "Path": "bpcourse.training.adaptive",
    "RMSprop": "bpcourse.training.adaptive",
    "SGD": "bpcourse.training.adaptive",
    "add_ones": "bpcourse.descent.learning",
    "as_scipy_method": "bpcourse.training.adaptive",
    "average_rate": "bpcourse.training.momentum",
    "check": "bpcourse.exercises",
    "collapse": "bpcourse.descent.learning",
    "confusion_matrix": "bpcourse.descent.learning",
    "cross_features": "bpcourse.descent.learning",
    "explore": "bpcourse.figures",
    "fit": "bpcourse.backprop.network",
    "gd1d": "bpcourse.descent.learning",
    "heavy_ball": "bpcourse.training.momentum",
    "init_he": "bpcourse.backprop.network",
    "init_xavier": "bpcourse.backprop.network",
    "linreg_loss_grad": "bpcourse.descent.learning",
    "logsumexp": "bpcourse.basics.losses",
    "minimize": "bpcourse.training.adaptive",
    "mlp_backward": "bpcourse.backprop.network",
    "mlp_forward": "bpcourse.backprop.network",
    "mlp_init": "bpcourse.backprop.network",
    "momentum_is_stable": "bpcourse.training.momentum",
    "momentum_matrix": "bpcourse.training.momentum",
    "momentum_optimum": "bpcourse.training.momentum",
    "momentum_spectrum": "bpcourse.training.momentum",
    "nesterov": "bpcourse.training.momentum",
    "normal_equations": "bpcourse.descent.learning",
    "one_hot": "bpcourse.basics.losses",
    "plot_history": "bpcourse.figures.history",
    "show": "bpcourse.figures",
    "softmax": "bpcourse.basics.losses",
    "standardize": "bpcourse.descent.learning",
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
