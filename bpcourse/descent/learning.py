"""Chapter 1, Learning is minimization: the linear model, its loss, and downhill steps.

Rows of ``X`` are samples and columns are features, as everywhere in the course.
The comment behind a line is the label of the equation that the line computes.
"""

import numpy as np

from bpcourse.basics.validate import as_count, as_labels, as_matrix, as_number, as_vector


def gd1d(df, x0, lr, steps):
    """Gradient descent on a function of one number.

    Parameters
    ----------
    df : callable
        The derivative: ``df(x)`` is the slope at the float ``x``.
    x0 : float
        Where to start.
    lr : float
        The learning rate, positive; its unit is that of x² over that of f.
    steps : int
        How many steps to take.

    Returns
    -------
    ndarray, shape (steps + 1,)
        Every position, the start first.

    Raises
    ------
    ValueError
        If ``lr`` is not positive and finite or ``steps`` is negative.
    FloatingPointError
        If a step leaves the finite numbers; the message names the step and the rate.

    Notes
    -----
    The rule is Cauchy's of 1847, for one variable.
    """
    lr = as_number(lr, "lr", above=0)
    steps = as_count(steps, "steps", least=0)
    x = np.empty(steps + 1)
    x[0] = as_number(x0, "x0")
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(steps):
            x[k + 1] = x[k] - lr * df(x[k])  # eq:descent-learning-step
            if not np.isfinite(x[k + 1]):
                raise FloatingPointError(
                    f"step {k + 1} went to {x[k + 1]} with the learning rate {lr}; "
                    "take a smaller learning rate"
                )
    return x


def linreg_loss_grad(X, y, w):
    """Half mean squared error of the linear model ``X @ w``, and its gradient.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row.
    y : array_like, shape (N,)
        The targets.
    w : array_like, shape (p,)
        The weights.

    Returns
    -------
    loss : float
        In the target's unit, squared.
    gradient : ndarray, shape (p,)
        The derivative of the loss with respect to each weight.

    Raises
    ------
    ValueError
        If a shape does not fit, the data are empty, or a value is not finite.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, section 3.2.
    """
    X = as_matrix(X, "X")
    N, p = X.shape
    y = as_vector(y, "y", length=N, why="one target per row of X")
    w = as_vector(w, "w", length=p, why="one weight per column of X")
    r = X @ w - y  # eq:descent-learning-residual
    loss = r @ r / (2 * N)  # eq:descent-learning-loss
    gradient = X.T @ r / N  # eq:descent-learning-gradient
    return float(loss), gradient


def normal_equations(X, y):
    """The weights with the smallest mean squared error, by solving XᵀX w = Xᵀy.

    Parameters
    ----------
    X : array_like, shape (N, p)
        One sample per row; the columns linearly independent.
    y : array_like, shape (N,)
        The targets.

    Returns
    -------
    ndarray, shape (p,)
        The minimizer of the loss of `linreg_loss_grad`.

    Raises
    ------
    ValueError
        If the columns of ``X`` are linearly dependent, so that no single answer exists.

    Notes
    -----
    Forming XᵀX squares the condition number. That is fine for a few well-scaled
    features; ``numpy.linalg.lstsq`` works on X itself and is safer.

    References
    ----------
    Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes.
    """
    X = as_matrix(X, "X")
    N, p = X.shape
    y = as_vector(y, "y", length=N, why="one target per row of X")
    rank = np.linalg.matrix_rank(X)
    if rank < p:
        raise ValueError(
            f"X has {p} columns but rank {rank}: some column is a combination of others, so "
            "many weights fit equally well; drop a column or use numpy.linalg.lstsq"
        )
    return np.linalg.solve(X.T @ X, X.T @ y)  # eq:descent-learning-normal


def add_ones(X):
    """Put a column of ones in front, so that the first weight is the bias.

    Parameters
    ----------
    X : array_like, shape (N, p)

    Returns
    -------
    ndarray, shape (N, p + 1)
    """
    X = as_matrix(X, "X")
    return np.hstack([np.ones((len(X), 1), X.dtype), X])


def standardize(X):
    """Shift each column to mean 0 and scale it to standard deviation 1.

    Parameters
    ----------
    X : array_like, shape (N, p)

    Returns
    -------
    ndarray, shape (N, p)
        Each column in units of its own standard deviation (the one with 1/N).

    Raises
    ------
    ValueError
        If a column is constant: it has no spread to measure in.
    """
    X = as_matrix(X, "X")
    spread = X.std(axis=0)
    constant = np.flatnonzero(spread == 0)
    if constant.size:
        raise ValueError(
            f"column {constant[0]} of X is constant, so it cannot be scaled to standard "
            "deviation 1; leave it out (add_ones supplies the bias)"
        )
    return (X - X.mean(axis=0)) / spread


def cross_features(X):
    """All products of two features, squares included.

    Parameters
    ----------
    X : array_like, shape (N, p)

    Returns
    -------
    ndarray, shape (N, p (p + 1) / 2)
        Columns ``x_i x_j`` with i ≤ j, in the order 11, 12, …, 1p, 22, …, pp.
    """
    X = as_matrix(X, "X")
    i, j = np.triu_indices(X.shape[1])
    return X[:, i] * X[:, j]


def collapse(weights, biases):
    """One linear layer that does what a whole cascade of linear layers does.

    Parameters
    ----------
    weights : sequence of array_like
        ``weights[l]`` of shape (n_l, n_{l+1}), from the input to the output.
    biases : sequence of array_like
        ``biases[l]`` of shape (n_{l+1},).

    Returns
    -------
    W : ndarray, shape (n_0, n_L)
    b : ndarray, shape (n_L,)
        ``X @ W + b`` equals the output of the cascade for every ``X``.

    Raises
    ------
    ValueError
        If there is no layer, or a layer's input is not as wide as the output before it.
    """
    if not len(weights) or len(weights) != len(biases):
        raise ValueError(
            f"got {len(weights)} weight matrices and {len(biases)} bias vectors; "
            "pass one of each per layer, and at least one layer"
        )
    W = as_matrix(weights[0], "weights[0]")
    b = as_vector(biases[0], "biases[0]", length=W.shape[1], why="one bias per output")
    for layer in range(1, len(weights)):
        V = as_matrix(weights[layer], f"weights[{layer}]")
        c = as_vector(biases[layer], f"biases[{layer}]", length=V.shape[1], why="one per output")
        if len(V) != W.shape[1]:
            raise ValueError(
                f"layer {layer} takes {len(V)} inputs, the layer before it gives {W.shape[1]}; "
                f"pass weights[{layer}] of shape ({W.shape[1]}, …)"
            )
        W, b = W @ V, b @ V + c  # eq:descent-learning-collapse
    return W, b


def confusion_matrix(labels, predictions, classes):
    """Count how often each true class was given each predicted class.

    Parameters
    ----------
    labels, predictions : array_like of int, shape (N,)
        Classes numbered 0 … ``classes`` − 1.
    classes : int
        How many classes there are, those that do not occur included.

    Returns
    -------
    ndarray of int, shape (classes, classes)
        Rows are true classes, columns predicted ones; the diagonal counts what is right.
    """
    labels = as_labels(labels, "labels", classes)
    predictions = as_labels(predictions, "predictions", classes)
    if len(labels) != len(predictions):
        raise ValueError(
            f"got {len(labels)} labels and {len(predictions)} predictions; "
            "pass one prediction per label"
        )
    M = np.zeros((classes, classes), dtype=int)
    # M[labels, predictions] += 1 would count a repeated pair once.
    np.add.at(M, (labels, predictions), 1)
    return M
