"""Fold an exercise's solution, prose and executed cells alike, into one `<details>`.

A directive cannot hold notebook cells, so two stand around them::

    :::{solution-start} Solution 1.1
    :::
    …any Markdown and code cells…
    :::{solution-end}
    :::

It needs no script: the browser opens it, and print shows it open.
"""

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class solution(nodes.General, nodes.Element):
    """The folded part; its `title` is what the reader clicks."""


class solution_mark(nodes.General, nodes.Element):
    """Where a solution starts (it has a `title`) or ends (it has none)."""


class Start(SphinxDirective):
    """`{solution-start} TITLE`."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Mark the start."""
        mark = solution_mark(title=self.arguments[0])
        self.set_source_info(mark)
        return [mark]


class End(SphinxDirective):
    """`{solution-end}`."""

    def run(self):
        """Mark the end."""
        mark = solution_mark(title=None)
        self.set_source_info(mark)
        return [mark]


class Fold(SphinxTransform):
    """Move what stands between a start and its end into one solution."""

    default_priority = 200

    def apply(self, **kwargs):
        """Fold every solution of the document."""
        while mark := next(self.document.findall(solution_mark), None):
            parent = mark.parent
            first = parent.index(mark)
            rest = parent.children[first + 1 :]
            last = next((i for i, n in enumerate(rest) if isinstance(n, solution_mark)), None)
            if mark["title"] is None or last is None or rest[last]["title"] is not None:
                raise ExtensionError(
                    f"{mark.source}:{mark.line}: a solution needs one {{solution-start}} TITLE and "
                    "after it one {solution-end}, under the same heading"
                )
            folded = solution("", *rest[:last], title=mark["title"])
            parent.children[first : first + last + 2] = []
            parent.insert(first, folded)


def open_details(writer, node):
    title = writer.encode(node["title"])
    writer.body.append(f'<details class="bp-solution"><summary>{title}</summary>\n<div>\n')


def close_details(writer, node):
    writer.body.append("</div>\n</details>\n")


def leave(writer, node):
    """Other builders (LaTeX, text) print a solution in full."""


def setup(app):
    plain = (leave, leave)
    app.add_node(solution, html=(open_details, close_details), latex=plain, text=plain)
    app.add_directive("solution-start", Start)
    app.add_directive("solution-end", End)
    app.add_transform(Fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
