"""Write a resolved Sphinx document as Markdown that any Jupyter front end shows.

References, citations and equation numbers are already text when Sphinx hands the document over;
admonitions become block quotes, folded parts become <details>, macros are written out.
"""

import base64
import mimetypes
import re
from html import escape
from pathlib import Path

from docutils import nodes

TITLES = {"seealso": "See also"}  # others: the class's own name
BLANK = "\n\n"


def expand(tex, macros):
    r"""Replace the macros in TeX: `\norm{x}` by `\lVert x \rVert`."""
    for _ in range(20):
        before = tex
        for name, body in macros.items():
            tex = _expand_one(tex, name, body)
        if tex == before:
            return tex
    raise ValueError(f"a macro of KaTeX contains itself: {tex[:80]}")


def _expand_one(tex, name, body):
    pattern = re.compile(re.escape(name) + r"(?![A-Za-z])\s*")
    start = 0
    while match := pattern.search(tex, start):
        end, text = match.end(), body
        if "#1" in body:
            argument, end = _argument(tex, end)
            text = body.replace("#1", argument)
        elif tex[end : end + 1].isalpha() and re.search(r"\\[A-Za-z]+$", body):
            text += " "
        tex = tex[: match.start()] + text + tex[end:]
        start = match.start() + len(text)
    return tex


def _argument(tex, start):
    """The argument that starts here, without its braces, and where it ends."""
    if tex[start : start + 1] != "{":
        match = re.compile(r"\\[A-Za-z]+|.", re.S).match(tex, start)
        return (match[0], match.end()) if match else ("", start)
    depth = 0
    for position in range(start, len(tex)):
        escaped = tex[position - 1] == "\\"
        depth += {"{": 1, "}": -1}.get(tex[position], 0) * (not escaped)
        if depth == 0:
            return tex[start + 1 : position], position + 1
    raise ValueError(f"a brace is never closed: {tex[start : start + 80]}")


def fenced(text, language=""):
    """A code block, with a fence longer than any inside."""
    runs = [len(run) for run in re.findall(r"`{3,}", text)]
    fence = "`" * max([3, *(n + 1 for n in runs)])
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def quoted(text):
    """A block quote."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def folded(title, text):
    """A part that opens at a click."""
    return f"<details>\n<summary>{escape(title, quote=False)}</summary>\n\n{text}\n\n</details>"


class Writer:
    """Turn docutils nodes into Markdown.

    Parameters
    ----------
    macros : dict from a macro's name to its TeX
    number : function of (kind, id) that returns "1.2", or "" if there is none
    folder : where the addresses of images start
    """

    def __init__(self, macros, number, folder):
        self.macros, self.number, self.folder = macros, number, Path(folder)

    def blocks(self, children, level=1):
        """Several blocks, with blank lines between."""
        parts = (self.block(child, level) for child in children)
        return BLANK.join(part for part in parts if part.strip())

    def block(self, node, level=1):
        """One block; what has no Markdown of its own is written as its content."""
        for kind in type(node).__mro__:
            method = getattr(self, f"block_{kind.__name__}", None)
            if method:
                return method(node, level)
        if isinstance(node, nodes.Inline | nodes.Text):
            return self.inline(node)
        return self.blocks(node.children, level)

    def inlines(self, children):
        """Text with its emphasis, formulas and links."""
        return "".join(self.inline(child) for child in children)

    def inline(self, node):
        """One piece of text."""
        if isinstance(node, nodes.Text):
            text = node.astext().replace("\n", " ")
            return re.sub(r"([\\`*_$])", r"\\\1", text).replace("<", "&lt;")
        for kind in type(node).__mro__:
            method = getattr(self, f"inline_{kind.__name__}", None)
            if method:
                return method(node)
        return self.inlines(node.children)

    # Blocks

    def block_section(self, node, level):
        return self.blocks(node.children, level + 1)

    def block_title(self, node, level):
        return "#" * min(level - 1, 6) + " " + self.inlines(node.children)

    def block_rubric(self, node, level):
        return f"**{self.inlines(node.children)}**"

    def block_paragraph(self, node, level):
        text = self.inlines(node.children).strip()
        return re.sub(r"^([#>+-]|\d+[.)])(?=\s)", r"\\\1", text)

    def block_math_block(self, node, level):
        tex = expand(node.astext().strip(), self.macros)
        number = self.number("displaymath", node["ids"][0]) if node.get("ids") else ""
        if not number or r"\tag" in tex:
            return f"$$\n{tex}\n$$"
        return f"$$\n{tex} \\tag{{{number}}}\n$$"

    def block_literal_block(self, node, level):
        language = node.get("language", "")
        return fenced(node.astext(), "" if language in ("none", "default") else language)

    def block_bullet_list(self, node, level):
        return self._items(node, lambda n: "- ")

    def block_enumerated_list(self, node, level):
        start = node.get("start", 1)
        return self._items(node, lambda n: f"{start + n}. ")

    def _items(self, node, mark):
        items = []
        for n, item in enumerate(node.children):
            head = mark(n)
            text = self.blocks(item.children)
            items.append(head + text.replace("\n", "\n" + " " * len(head)))
        loose = any(len(item.children) > 1 for item in node.children)
        return (BLANK if loose else "\n").join(re.sub(r"(?m)^ +$", "", item) for item in items)

    def block_definition_list_item(self, node, level):
        terms = [self.inlines(c.children) for c in node.children if isinstance(c, nodes.term)]
        rest = self.blocks([c for c in node.children if isinstance(c, nodes.definition)])
        return f"**{', '.join(terms)}**\n\n{quoted(rest)}"

    def block_field(self, node, level):
        return f"**{self.inlines(node[0].children)}:** {self.blocks(node[1].children)}"

    def block_block_quote(self, node, level):
        return quoted(self.blocks(node.children))

    def block_line(self, node, level):
        return self.inlines(node.children) + "<br>"

    def block_Admonition(self, node, level):
        children = list(node.children)
        kind = node.get("realtype", "")
        title = TITLES.get(type(node).__name__, type(node).__name__.capitalize())
        if children and isinstance(children[0], nodes.title):
            title = self.inlines(children.pop(0).children).strip()
        if kind:  # a theorem, a proof, …
            number = self.number(node.get("countertype", ""), (node.get("ids") or [""])[0])
            title = " ".join(word for word in (kind.title(), number, title) if word)
        text = self.blocks(children)
        if "dropdown" in node.get("classes", []):
            return folded(re.sub(r"\\(.)", r"\1", title), text)
        return quoted(f"**{title}**" + (BLANK + text if text else ""))

    block_topic = block_sidebar = block_Admonition

    def block_dropdown_main(self, node, level):
        title = "".join(
            t.astext() for t in node[0].findall(nodes.Text) if not isinstance(t.parent, nodes.raw)
        )
        return folded(title or "Details", self.blocks(node.children[1:]))

    def block_solution(self, node, level):
        return folded(node["title"], self.blocks(node.children))

    def block_figure(self, node, level):
        number = self.number("figure", (node.get("ids") or [""])[0])
        parts = []
        for child in node.children:
            if isinstance(child, nodes.caption):
                name = f"**Figure {number}.** " if number else ""
                parts.append(name + self.inlines(child.children))
            else:
                parts.append(self.block(child))
        return BLANK.join(parts)

    def block_image(self, node, level):
        return self.inline_image(node)

    def block_table(self, node, level):
        parts = [f"**{self.inlines(t.children)}**" for t in node.findall(nodes.title)]
        rows = [
            [self._cell(entry) for entry in row.findall(nodes.entry)]
            for row in node.findall(nodes.row)
        ]
        heads = [row for head in node.findall(nodes.thead) for row in head.findall(nodes.row)]
        if not heads:
            rows.insert(0, [""] * len(rows[0]))
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "|" + "---|" * len(rows[0]))
        return BLANK.join([*parts, "\n".join(lines)])

    def _cell(self, entry):
        text = self.blocks(entry.children).replace(BLANK, "<br>").replace("\n", " ")
        return re.sub(r"(?<!\\)\|", r"\\vert " if "$" in text else r"\\|", text)

    def block_footnote(self, node, level):
        label = next(node.findall(nodes.label)).astext()
        rest = [c for c in node.children if not isinstance(c, nodes.label)]
        return f"<sup>{label}</sup> {self.blocks(rest)}"

    def block_citation(self, node, level):
        rest = [c for c in node.children if not isinstance(c, nodes.label)]
        return "- " + self.blocks(rest).replace("\n", " ")

    def block_transition(self, node, level):
        return "---"

    def block_raw(self, node, level):
        text = node.astext()
        unwanted = "html" not in node.get("format", "") or re.search(r"<(script|style)", text)
        return "" if unwanted else text.strip()

    def block_nothing(self, node, level):
        return ""

    block_Invisible = block_toctree = block_system_message = block_nothing
    block_colspec = block_label = block_nothing

    # Text

    def inline_emphasis(self, node):
        return self._marked(node, "*")

    inline_title_reference = inline_emphasis

    def inline_strong(self, node):
        return self._marked(node, "**")

    def _marked(self, node, mark):
        text = self.inlines(node.children)
        return text.replace(text.strip(), mark + text.strip() + mark) if text.strip() else text

    def inline_literal(self, node):
        text = node.astext().replace("\n", " ")
        ticks = "`" * (1 + max([0, *(len(run) for run in re.findall(r"`+", text))]))
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{ticks}{pad}{text}{pad}{ticks}"

    def inline_math(self, node):
        return f"${expand(node.astext().strip(), self.macros)}$"

    def inline_math_block(self, node):
        return BLANK + self.block_math_block(node, 1) + BLANK

    def inline_reference(self, node):
        text = self.inlines(node.children)
        address = node.get("refuri", "")
        if re.match(r"https?://|mailto:", address):
            return f"[{text}]({address})"
        return text

    def inline_superscript(self, node):
        return f"<sup>{self.inlines(node.children)}</sup>"

    def inline_subscript(self, node):
        return f"<sub>{self.inlines(node.children)}</sub>"

    inline_footnote_reference = inline_superscript

    def inline_abbreviation(self, node):
        long = node.get("explanation")
        return self.inlines(node.children) + (f" ({long})" if long else "")

    def inline_image(self, node):
        alt = escape(node.get("alt", ""))
        address = next(iter(node.get("candidates", {}).values()), node["uri"])
        path = self.folder / address
        if "://" not in address and path.is_file():
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            address = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        return f'<img alt="{alt}" src="{address}">'

    def inline_raw(self, node):
        return self.block_raw(node, 1)

    def inline_nothing(self, node):
        return ""

    inline_Invisible = inline_system_message = inline_nothing
