"""Chapter 6, The chain rule is a sum over paths: graphs, their paths, and the way backward.

An edge (i, j) of a graph carries the local partial derivative ∂v_j/∂v_i. The comment behind a
line is the label of the equation that the line computes.
"""

import math
from itertools import pairwise
from typing import NamedTuple

from bpcourse.basics.validate import as_count, as_matrix, as_number, as_vector

CHAPTER_X = (0.5, -1.0)
CHAPTER_T = 1.0
CHAPTER_W = (((0.4, -0.2), (0.3, 0.1)), ((0.2, -0.5), (0.6, 0.3)), ((0.7,), (-0.4,)))
CHAPTER_B = ((0.1, -0.1), (0.0, 0.2), (0.05,))


class Path(NamedTuple):
    """One way through a graph.

    Parameters
    ----------
    nodes : tuple
        The nodes in the order of the arrows, both ends included.
    product : number
        The product of the local partial derivatives along the way.
    """

    nodes: tuple
    product: float


class Graph:
    """A graph without cycles whose edges carry local partial derivatives.

    Parameters
    ----------
    edges : dict
        ``edges[i, j]`` is ∂v_j/∂v_i, how much node j changes per change of node i when its
        other inputs stay. Nodes are any hashable names; numbers may be floats, fractions or
        symbols, all that can be added and multiplied. An input used twice, as in a + a, is one
        edge whose partial derivative is the sum, 2.

    Raises
    ------
    ValueError
        If the edges form a cycle or there is none.

    References
    ----------
    Bauer (1974), Computational graphs and rounding error, SIAM Journal on Numerical Analysis 11.

    Examples
    --------
    >>> diamond = Graph({("a", "b"): 2.0, ("a", "c"): 3.0, ("b", "d"): 5.0, ("c", "d"): 7.0})
    >>> [path.product for path in diamond.paths("a", "d")]
    [10.0, 21.0]
    >>> diamond.backprop("d")["a"]
    31.0
    """

    def __init__(self, edges):
        self.edges = dict(edges)
        if not self.edges:
            raise ValueError("the graph has no edge; pass a dict {(i, j): partial derivative}")
        self.successors = {}
        for i, j in self.edges:
            self.successors.setdefault(i, []).append(j)
            self.successors.setdefault(j, [])
        self.order = self._topological_order()

    def _topological_order(self):
        """Every node after all nodes that point to it (Kahn 1962)."""
        waits_for = dict.fromkeys(self.successors, 0)
        for _, j in self.edges:
            waits_for[j] += 1
        order = [i for i, inputs in waits_for.items() if inputs == 0]
        for i in order:
            for j in self.successors[i]:
                waits_for[j] -= 1
                if waits_for[j] == 0:
                    order.append(j)
        if len(order) < len(waits_for):
            stuck = next(i for i, inputs in waits_for.items() if inputs)
            raise ValueError(
                f"node {stuck!r} is on a cycle or behind one, so no order puts every node after "
                "its inputs; remove an edge of the cycle"
            )
        return order

    def _check(self, *nodes):
        for node in nodes:
            if node not in self.successors:
                raise ValueError(f"the graph has no node {node!r}; its nodes are {self.order}")

    def backprop(self, end):
        """Derivatives of one node with respect to all nodes, each edge visited once.

        Parameters
        ----------
        end : hashable
            The node to differentiate.

        Returns
        -------
        dict
            ``dict[i]`` is ∂v_end/∂v_i, 0 where no path leads from i to ``end``.

        Raises
        ------
        ValueError
            If there is no such node.
        """
        self._check(end)
        bar = dict.fromkeys(self.order, 0)
        bar[end] = 1
        for i in reversed(self.order):
            for j in self.successors[i]:
                bar[i] += bar[j] * self.edges[i, j]  # eq:backprop-chain-rule-recurrence
        return bar

    def count_paths(self, start, end):
        """Count the paths without walking them.

        Parameters
        ----------
        start, end : hashable
            Where the paths begin and end.

        Returns
        -------
        int
            Exact however large; 1 if ``start`` is ``end``, the path that stays.

        Raises
        ------
        ValueError
            If there is no such node.
        """
        self._check(start)
        return self._counts(end)[start]

    def _counts(self, end):
        """The number of paths to `end` from each node: backprop with every partial 1."""
        return Graph(dict.fromkeys(self.edges, 1)).backprop(end)

    def count_visits(self, end):
        """Count the edges that a backward sweep from a node has to visit.

        Parameters
        ----------
        end : hashable
            The node to differentiate.

        Returns
        -------
        int
            How many edges lie on any path to ``end``.

        Raises
        ------
        ValueError
            If there is no such node.
        """
        counts = self._counts(end)
        return sum(counts[j] > 0 for _, j in self.edges)

    def paths(self, start, end, *, limit=100_000):
        """List all paths between two nodes with their products.

        Parameters
        ----------
        start, end : hashable
            Where the paths begin and end.
        limit : int
            The most paths to list.

        Returns
        -------
        list of Path
            Their products add up to ∂v_end/∂v_start.

        Raises
        ------
        ValueError
            If there is no such node or there are more paths than ``limit``.
        """
        self._check(start)
        limit = as_count(limit, "limit")
        counts = self._counts(end)
        if counts[start] > limit:
            raise ValueError(
                f"{counts[start]} paths lead from {start!r} to {end!r}, the limit is {limit}; "
                "raise limit, or use backprop, which visits each edge once"
            )
        found = []
        stack = [Path((start,), 1)]
        while stack:
            nodes, product = stack.pop()
            i = nodes[-1]
            if i == end:
                found.append(Path(nodes, product))
                continue
            for j in reversed(self.successors[i]):
                if counts[j]:
                    # eq:backprop-chain-rule-paths
                    stack.append(Path((*nodes, j), product * self.edges[i, j]))
        return found


def layered_graph(widths):
    """A graph of fully connected layers, every partial derivative 1.

    Parameters
    ----------
    widths : sequence of int
        How many nodes each layer has, from the input to the output.

    Returns
    -------
    Graph
        Its nodes are the pairs (layer, k), both counted from 0.

    Raises
    ------
    ValueError
        If there are fewer than two layers or one is empty.
    """
    widths = [as_count(n, f"widths[{layer}]") for layer, n in enumerate(widths)]
    if len(widths) < 2:
        raise ValueError(f"got {len(widths)} layers; pass the widths of two or more")
    return Graph(
        {
            ((layer, i), (layer + 1, j)): 1
            for layer in range(len(widths) - 1)
            for i in range(widths[layer])
            for j in range(widths[layer + 1])
        }
    )


class TraceRow(NamedTuple):
    """One line of a trace table.

    Parameters
    ----------
    name : str
        What is computed, such as "z2", "delta5" or "dE/dw25".
    formula : str
        How, in the letters of the chapter.
    value : float
        The number.
    """

    name: str
    formula: str
    value: float


def _network(x, t, W, b):
    """Check a network and number its nodes layer by layer, the first input 0."""
    x = as_vector(x, "x")
    t = as_number(t, "t")
    if not len(W) or len(W) != len(b):
        raise ValueError(
            f"got {len(W)} matrices W and {len(b)} vectors b; pass one of each a layer"
        )
    layers = [list(range(len(x)))]
    w, bias = {}, {}
    for W_l, b_l in zip(W, b, strict=True):
        number = len(layers)
        W_l = as_matrix(W_l, f"W[{number - 1}]")
        if len(W_l) != len(layers[-1]):
            raise ValueError(
                f"W[{number - 1}] has {len(W_l)} rows, the layer before has {len(layers[-1])} "
                f"nodes; pass W[{number - 1}] of shape ({len(layers[-1])}, …)"
            )
        b_l = as_vector(b_l, f"b[{number - 1}]", length=W_l.shape[1], why="one per node")
        first = layers[-1][-1] + 1
        layers.append(list(range(first, first + W_l.shape[1])))
        for c, j in enumerate(layers[-1]):
            bias[j] = float(b_l[c])
            for r, i in enumerate(layers[-2]):
                w[i, j] = float(W_l[r, c])
    if len(layers[-1]) != 1:
        raise ValueError(f"the last layer has {len(layers[-1])} nodes, expected 1 output node")
    return x.tolist(), t, layers, w, bias


def _forward(x, layers, w, bias):
    z, a = {}, dict(enumerate(x))
    for before, layer in pairwise(layers):
        for j in layer:
            z[j] = sum(a[i] * w[i, j] for i in before) + bias[j]
            e = math.exp(-abs(z[j]))
            a[j] = (1.0 if z[j] >= 0 else e) / (1.0 + e)
    return z, a


def _slope(z):
    """The derivative of the sigmoid, which neither cancels nor overflows."""
    e = math.exp(-abs(z))
    return e / (1.0 + e) ** 2


def network_graph(x=CHAPTER_X, t=CHAPTER_T, W=CHAPTER_W, b=CHAPTER_B):
    """The graph of a sigmoid network at one sample, for its paths.

    Parameters
    ----------
    x : array_like, shape (n_0,)
        The inputs, which are nodes 0 … n_0 − 1.
    t : float
        The target.
    W : sequence of array_like
        ``W[l]`` of shape (n_l, n_{l+1}).
    b : sequence of array_like
        ``b[l]`` of shape (n_{l+1},).

    Returns
    -------
    Graph
        Its nodes are the activations, numbered layer by layer from 0, and the loss ``"E"``.

    Raises
    ------
    ValueError
        If the shapes do not fit or the last layer is wider than 1.
    """
    x, t, layers, w, bias = _network(x, t, W, b)
    z, a = _forward(x, layers, w, bias)
    edges: dict = {(i, j): _slope(z[j]) * w[i, j] for i, j in w}
    edges[layers[-1][0], "E"] = a[layers[-1][0]] - t
    return Graph(edges)


def trace_table(x=CHAPTER_X, t=CHAPTER_T, W=CHAPTER_W, b=CHAPTER_B):
    """All numbers of one forward and one backward pass through a sigmoid network.

    Parameters
    ----------
    x : array_like, shape (n_0,)
        The inputs, which are nodes 0 … n_0 − 1.
    t : float
        The target of E = ½ (t − y)².
    W : sequence of array_like
        ``W[l]`` of shape (n_l, n_{l+1}).
    b : sequence of array_like
        ``b[l]`` of shape (n_{l+1},).

    Returns
    -------
    list of TraceRow
        Forward ``z`` and ``a`` node by node and ``E``; backward ``dE/da`` of the output, the
        error signals ``delta`` from the last node to the first, and ``dE/dw`` edge by edge.
        The derivative with respect to the bias of node j is ``delta`` of node j. For the
        chapter's network, nodes 0 and 1 are the inputs and the table has 27 rows.

    Raises
    ------
    ValueError
        If the shapes do not fit or the last layer is wider than 1.
    """
    x, t, layers, w, bias = _network(x, t, W, b)
    z, a = _forward(x, layers, w, bias)
    y = layers[-1][0]
    rows = []
    for before, layer in pairwise(layers):
        for j in layer:
            terms = " + ".join(f"a{i} w{i}{j}" for i in before)
            rows.append(TraceRow(f"z{j}", f"{terms} + b{j}", z[j]))
            rows.append(TraceRow(f"a{j}", f"σ(z{j})", a[j]))
    rows.append(TraceRow("E", f"½ (t − a{y})²", (t - a[y]) ** 2 / 2))
    rows.append(TraceRow(f"dE/da{y}", f"a{y} − t", a[y] - t))
    delta = {y: (a[y] - t) * _slope(z[y])}
    rows.append(TraceRow(f"delta{y}", f"(a{y} − t) σ′(z{y})", delta[y]))
    for layer, after in zip(layers[-2:0:-1], layers[:1:-1], strict=True):
        for i in reversed(layer):
            bar = sum(delta[j] * w[i, j] for j in after)
            delta[i] = bar * _slope(z[i])  # eq:backprop-chain-rule-hidden
            terms = " + ".join(f"delta{j} w{i}{j}" for j in after)
            rows.append(TraceRow(f"delta{i}", f"({terms}) σ′(z{i})", delta[i]))
    for i, j in w:
        rows.append(TraceRow(f"dE/dw{i}{j}", f"a{i} delta{j}", a[i] * delta[j]))
    return rows
