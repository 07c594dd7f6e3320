"""Part I: from the slope of a curve to stochastic gradient descent."""
