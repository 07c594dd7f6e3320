"""The picture of a training run."""

from bpcourse.figures.show import Shown, show
from bpcourse.figures.style import context, panel


def plot_history(history) -> Shown:
    """Show how the loss of a training run fell.

    Parameters
    ----------
    history : History
        What `fit` returned.

    Returns
    -------
    Shown
        Leave it as the last line of a cell; its alt text says where the losses begin and end.
    """
    curves = [("training", history.loss)]
    if history.validation_loss is not None:
        curves.append(("validation", history.validation_loss))
    epochs = range(1, len(history.loss) + 1)
    figure, axes = panel(left=0.75, xlabel="epoch", ylabel="loss", title="Training")
    with context():
        for name, loss in curves:
            axes.plot(epochs, loss, label=name, marker="o" if len(loss) == 1 else "")
        if all((loss > 0).all() for _, loss in curves):
            axes.set_yscale("log")
        axes.legend()
    runs = [f"the {name} loss goes from {loss[0]:.3g} to {loss[-1]:.3g}" for name, loss in curves]
    return show(figure, alt=f"Over {len(epochs)} epochs {' and '.join(runs)}.")
