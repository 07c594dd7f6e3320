"""A step of Adam on a million weights against the same formula with new arrays."""

import numpy as np

from benchmarks.timing import Row, race
from bpcourse.training.adaptive import Adam

WEIGHTS = 1_000_000


def rows():
    g = np.random.default_rng(0).normal(size=WEIGHTS)
    x, ours = np.zeros(WEIGHTS), Adam(1e-3)
    state = {"x": np.zeros(WEIGHTS), "m": np.zeros(WEIGHTS), "v": np.zeros(WEIGHTS), "t": 0}

    def naive():
        state["t"] += 1
        t = state["t"]
        state["m"] = 0.9 * state["m"] + 0.1 * g
        state["v"] = 0.999 * state["v"] + 0.001 * g**2
        m, v = state["m"] / (1 - 0.9**t), state["v"] / (1 - 0.999**t)
        state["x"] = state["x"] - 1e-3 * m / (np.sqrt(v) + 1e-8)

    best = race(40, ours=lambda: ours.step(x, g), naive=naive)
    note = f"{1e3 * best['ours']:.1f} ms against {1e3 * best['naive']:.1f} ms"
    yield Row(
        "Adam step, 10⁶ weights, over plain NumPy", best["naive"] / best["ours"], ">= 1.3", note
    )
