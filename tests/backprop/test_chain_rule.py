"""Chapter 6's graphs against fractions, lists of all paths, mpmath and dual counts."""

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpcourse.backprop.chain_rule import (
    CHAPTER_B,
    CHAPTER_T,
    CHAPTER_W,
    CHAPTER_X,
    Graph,
    layered_graph,
    network_graph,
    trace_table,
)

DIAMOND = {("a", "b"): 2, ("a", "c"): 3, ("b", "d"): 5, ("c", "d"): 7, ("a", "d"): 11}


def random_graph(n, density, seed):
    rng = np.random.default_rng(seed)
    names = rng.permutation(n).tolist()  # so that the names do not give the order away
    return {
        (names[i], names[j]): Fraction(int(rng.integers(-9, 10)), int(rng.integers(1, 10)))
        for i, j in itertools.combinations(range(n), 2)
        if rng.random() < density
    }


def walk(edges, start, end):
    """All products along paths, by recursion over the edges as they stand."""
    if start == end:
        yield Fraction(1)
    for (i, j), partial in edges.items():
        if i == start:
            for product in walk(edges, j, end):
                yield partial * product


@given(st.integers(2, 7), st.floats(0.3, 1.0), st.integers(0, 10_000))
def test_backprop_is_the_sum_over_paths_exactly(n, density, seed):
    edges = random_graph(n, density, seed)
    if not edges:
        edges = {(0, 1): Fraction(1, 3)}
    graph = Graph(edges)
    for end in graph.order:
        bar = graph.backprop(end)
        for start in graph.order:
            products = list(walk(edges, start, end))
            assert bar[start] == sum(products)
            assert graph.count_paths(start, end) == len(products)
            found = graph.paths(start, end)
            assert sorted(path.product for path in found) == sorted(products)
            for path in found:
                assert path.nodes[0] == start and path.nodes[-1] == end
                steps = list(itertools.pairwise(path.nodes))
                assert np.prod([edges[step] for step in steps], initial=Fraction(1)) == path.product
        reaching = {i for i in graph.order if graph.count_paths(i, end)}
        assert graph.count_visits(end) == sum(j in reaching for _, j in edges)


def test_a_diamond_by_hand():
    graph = Graph(DIAMOND)
    assert graph.backprop("d") == {"a": 2 * 5 + 3 * 7 + 11, "b": 5, "c": 7, "d": 1}
    assert [path.nodes for path in graph.paths("a", "d")] == [
        ("a", "b", "d"),
        ("a", "c", "d"),
        ("a", "d"),
    ]
    assert graph.paths("b", "c") == []
    assert graph.backprop("b")["d"] == 0
    assert graph.paths("b", "b") == [(("b",), 1)]


def test_every_node_stands_after_its_inputs():
    graph = Graph(random_graph(9, 0.5, 3))
    place = {node: k for k, node in enumerate(graph.order)}
    assert all(place[i] < place[j] for i, j in graph.edges)


@given(st.lists(st.integers(1, 4), min_size=2, max_size=5))
def test_counts_of_a_layered_graph(widths):
    graph = layered_graph(widths)
    start, end = (0, 0), (len(widths) - 1, 0)
    assert graph.count_paths(start, end) == np.prod(widths[1:-1], dtype=int)
    kept = [*widths[:-1], 1]
    assert graph.count_visits(end) == sum(m * n for m, n in itertools.pairwise(kept))
    assert len(graph.edges) == sum(m * n for m, n in itertools.pairwise(widths))


def test_counts_stay_exact_where_no_list_could_be_made():
    graph = layered_graph([1, *[10] * 30, 1])
    assert graph.count_paths((0, 0), (31, 0)) == 10**30
    assert graph.count_visits((31, 0)) == 29 * 100 + 20
    with pytest.raises(ValueError, match=rf"{10**30} paths .* limit is 100000; raise limit, or"):
        graph.paths((0, 0), (31, 0))


def test_the_limit_is_the_most_paths_listed():
    graph = layered_graph([1, 3, 1])
    assert len(graph.paths((0, 0), (2, 0), limit=3)) == 3
    with pytest.raises(ValueError, match="3 paths"):
        graph.paths((0, 0), (2, 0), limit=2)


def test_depth_is_no_matter():
    n = 100_000
    graph = Graph({(i, i + 1): 1 for i in range(n)})
    assert graph.backprop(n)[0] == 1
    assert graph.count_visits(n) == n
    shallow = Graph({(i, i + 1): 2 for i in range(3000)})
    assert shallow.paths(0, 3000)[0].product == 2**3000


@pytest.mark.parametrize("edges", [{(1, 1): 1}, {(0, 1): 1, (1, 2): 1, (2, 1): 1, (2, 3): 1}])
def test_cycles_are_refused(edges):
    with pytest.raises(ValueError, match="node 1 is on a cycle"):
        Graph(edges)


def test_bad_input_is_answered_in_a_sentence():
    with pytest.raises(ValueError, match=r"no edge; pass a dict"):
        Graph({})
    graph = Graph(DIAMOND)
    for call in (
        lambda: graph.backprop("x"),
        lambda: graph.count_paths("x", "a"),
        lambda: graph.count_paths("a", "x"),
        lambda: graph.count_visits("x"),
        lambda: graph.paths("a", "x"),
        lambda: graph.paths("x", "a"),
    ):
        with pytest.raises(ValueError, match=r"no node 'x'; its nodes are \['a'"):
            call()
    with pytest.raises(ValueError, match="limit is 0"):
        graph.paths("a", "d", limit=0)
    with pytest.raises(ValueError, match="got 1 layers"):
        layered_graph([3])
    with pytest.raises(ValueError, match=r"widths\[1\] is 0"):
        layered_graph([3, 0])
    with pytest.raises(ValueError, match="3 matrices W and 2 vectors b"):
        trace_table(b=CHAPTER_B[:2])
    with pytest.raises(ValueError, match=r"W\[0\] has 2 rows, the layer before has 3 nodes"):
        trace_table(x=(1, 2, 3))
    with pytest.raises(ValueError, match=r"b\[1\] has 1 entry"):
        trace_table(b=(CHAPTER_B[0], (1.0,), CHAPTER_B[2]))
    with pytest.raises(ValueError, match="last layer has 2 nodes, expected 1"):
        trace_table(W=CHAPTER_W[:2], b=CHAPTER_B[:2])


def energy(x, t, w, b):
    """E of the chapter's network written out, node by node, in whatever numbers come in."""

    def sigma(z):
        return 1 / (1 + mpmath.exp(-z))

    a2 = sigma(x[0] * w["02"] + x[1] * w["12"] + b["2"])
    a3 = sigma(x[0] * w["03"] + x[1] * w["13"] + b["3"])
    a4 = sigma(a2 * w["24"] + a3 * w["34"] + b["4"])
    a5 = sigma(a2 * w["25"] + a3 * w["35"] + b["5"])
    z6 = a4 * w["46"] + a5 * w["56"] + b["6"]
    return (t - sigma(z6)) ** 2 / 2


WEIGHTS = {
    "02": "0.4", "03": "-0.2", "12": "0.3", "13": "0.1", "24": "0.2", "25": "-0.5", "34": "0.6",
    "35": "0.3", "46": "0.7", "56": "-0.4",
}  # fmt: skip
BIASES = {"2": "0.1", "3": "-0.1", "4": "0", "5": "0.2", "6": "0.05"}


def test_the_derivatives_of_the_trace_are_those_of_forty_digits():
    row = {r.name: r.value for r in trace_table()}
    with mpmath.workdps(40):
        x, t = [mpmath.mpf("0.5"), mpmath.mpf(-1)], mpmath.mpf(1)
        w = {k: mpmath.mpf(v) for k, v in WEIGHTS.items()}
        b = {k: mpmath.mpf(v) for k, v in BIASES.items()}
        assert row["E"] == pytest.approx(float(energy(x, t, w, b)), rel=1e-15)
        for k, v in w.items():
            truth = mpmath.diff(lambda s, k=k: energy(x, t, {**w, k: s}, b), v)
            assert row[f"dE/dw{k}"] == pytest.approx(float(truth), rel=2e-15)
        for k, v in b.items():
            truth = mpmath.diff(lambda s, k=k: energy(x, t, w, {**b, k: s}), v)
            assert row[f"delta{k}"] == pytest.approx(float(truth), rel=2e-15)


def test_the_trace_by_hand():
    rows = trace_table()
    assert " ".join(r.name for r in rows) == (
        "z2 a2 z3 a3 z4 a4 z5 a5 z6 a6 E dE/da6 delta6 delta5 delta4 delta3 delta2 "
        "dE/dw02 dE/dw12 dE/dw03 dE/dw13 dE/dw24 dE/dw34 dE/dw25 dE/dw35 dE/dw46 dE/dw56"
    )
    row = {r.name: r for r in rows}
    assert len(row) == 27
    # With pencil: z2 = 0.2 − 0.3 + 0.1 = 0, z3 = −0.1 − 0.1 − 0.1, a2 = ½.
    assert row["z2"].value == pytest.approx(0, abs=1e-16)
    assert row["a2"].value == 0.5
    assert row["z3"].value == pytest.approx(-0.3, rel=1e-15)
    a3 = 1 / (1 + np.exp(0.3))
    assert row["a3"].value == pytest.approx(a3, rel=1e-15)
    assert row["z4"].value == pytest.approx(0.1 + 0.6 * a3, rel=1e-15)
    assert row["z5"].value == pytest.approx(0.3 * a3 - 0.05, rel=1e-14)
    a4, a5 = row["a4"].value, row["a5"].value
    assert row["z6"].value == pytest.approx(0.7 * a4 - 0.4 * a5 + 0.05, rel=1e-15)
    assert row["dE/da6"].value == row["a6"].value - 1
    both = row["delta4"].value * 0.2 + row["delta5"].value * -0.5
    assert row["delta2"].value == pytest.approx(both / 4, rel=1e-15)
    assert row["delta2"].formula == "(delta4 w24 + delta5 w25) σ′(z2)"
    assert row["z4"].formula == "a2 w24 + a3 w34 + b4"
    assert row["a4"].formula == "σ(z4)"
    assert row["E"].formula == "½ (t − a6)²"
    assert row["dE/da6"].formula == "a6 − t"
    assert row["delta6"].formula == "(a6 − t) σ′(z6)"
    assert row["dE/dw35"].formula == "a3 delta5"


def test_the_graph_of_the_network_gives_the_same_through_its_paths():
    graph = network_graph()
    row = {r.name: r.value for r in trace_table()}
    bar = graph.backprop("E")
    slope = {j: row[f"a{j}"] * (1 - row[f"a{j}"]) for j in range(2, 7)}
    for j in range(2, 7):
        assert bar[j] * slope[j] == pytest.approx(row[f"delta{j}"], rel=1e-14)
    through = graph.paths(2, "E")
    assert {path.nodes[1] for path in through} == {4, 5}
    assert sum(path.product for path in through) == pytest.approx(bar[2], rel=1e-14)
    assert graph.count_paths(0, "E") == 4
    assert graph.count_visits("E") == 11


def test_without_the_edge_from_2_to_5_only_node_4_speaks():
    W2 = ((0.2, 0.0), (0.6, 0.3))
    row = {r.name: r.value for r in trace_table(W=(CHAPTER_W[0], W2, CHAPTER_W[2]))}
    slope = row["a2"] * (1 - row["a2"])
    assert row["delta2"] == pytest.approx(row["delta4"] * 0.2 * slope, rel=1e-14)


def test_other_networks_and_large_inputs():
    rows = trace_table(x=(2.0,), t=0.0, W=[[[3.0]]], b=[[-1.0]])
    row = {r.name: r.value for r in rows}
    a = 1 / (1 + np.exp(-5.0))
    assert row["z1"] == 5 and row["dE/dw01"] == pytest.approx(2 * a * a * (1 - a), rel=1e-13)
    with np.errstate(all="raise", under="ignore"):
        for sign in (1, -1):
            row = {r.name: r.value for r in trace_table((1e4,), CHAPTER_T, [[[sign]]], [[0.0]])}
            assert row["a1"] == (sign > 0) and row["delta1"] == 0
    assert CHAPTER_X == (0.5, -1.0)
