"""Part II: the chain rule and backpropagation."""
