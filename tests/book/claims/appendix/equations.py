"""The numbers in the prose of the appendix on tested equations."""

import math

import numpy as np

from tests.book.claim import claim


@claim("Double precision keeps about 16 digits: an error near 1e-16")
def double_precision():
    rounding = np.finfo(float).eps / 2
    assert round(-math.log10(rounding)) == 16
    assert 0.5e-16 < rounding < 2e-16
