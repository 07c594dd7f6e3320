"""Read a page of the book into flat blocks: headings, text, math, code, directives, images."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"

EXTENSIONS = {"amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"}
LITERAL = {"code", "code-block", "sourcecode", "literalinclude", "raw", "toctree", "bibliography"}
WITH_TITLE = {"admonition", "dropdown", "card", "grid-item-card", "tab-item", "figure-md", "table"}
HELD = "\ufffc"  # stands for a formula, a role or code inside a text


@dataclass
class Span:
    """A piece of a text: kind is text, math, code, or role:NAME."""

    line: int
    kind: str
    text: str


@dataclass
class Block:
    """One block of a page; `line` counts from 1, `path` names the enclosing directives."""

    kind: str
    line: int
    text: str = ""
    level: int = 0
    name: str = ""
    options: dict = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    path: tuple[str, ...] = ()
    section: str = ""
    labeled: bool = False

    @property
    def tags(self) -> set[str]:
        """The tags of a code cell."""
        tags = self.options.get("tags") or []
        return set(re.split(r"[\s,]+", tags) if isinstance(tags, str) else tags)

    @property
    def visible(self) -> bool:
        """Whether the reader sees a code cell's source without a click."""
        return not self.tags & {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def pages() -> list[Path]:
    """Every Markdown page of the book."""
    return sorted(p for p in BOOK.rglob("*.md") if "_ext" not in p.parts)


def name_of(page: Path) -> str:
    """`descent/learning` for book/descent/learning.md."""
    return page.relative_to(BOOK).with_suffix("").as_posix()


def read(source: str) -> list[Block]:
    """The blocks of a page, in the order of its source."""
    parser = create_md_parser(
        MdParserConfig(enable_extensions=EXTENSIONS, dmath_double_inline=True), RendererHTML
    )
    blocks: list[Block] = []
    _collect(parser, source, 0, (), blocks)
    section = ""
    for block in blocks:
        if block.kind == "heading" and block.level <= 2:
            section = block.text if block.level == 2 else ""
        block.section = section
    return blocks


def _collect(parser, source, offset, path, blocks):
    tokens = parser.parse(source)
    table = heading = 0
    for token in tokens:
        line = offset + (token.map[0] if token.map else 0) + 1
        if token.type in ("table_open", "table_close"):
            table += token.nesting
        elif token.type == "heading_open":
            heading = int(token.tag[1:])
        elif token.type == "inline":
            spans = _spans(token.children, line, path, blocks)
            text = "".join(s.text if s.kind == "text" else HELD for s in spans)
            kind = "heading" if heading else "cell" if table else "text"
            blocks.append(Block(kind, line, text, level=heading, spans=spans, path=path))
            heading = 0
        elif token.type in ("math_block", "math_block_label", "amsmath"):
            labeled = token.type == "math_block_label"
            blocks.append(Block("math", line, token.content, path=path, labeled=labeled))
        elif token.type in ("fence", "colon_fence"):
            _directive(parser, token, line, path, blocks)


def _directive(parser, token, line, path, blocks):
    match = re.match(r"\{([^}]*)\}\s*(.*)", token.info)
    if not match:
        blocks.append(Block("code", line, token.content, name=token.info, path=path))
        return
    name, argument = match[1], match[2].strip()
    options, body, skipped = _options(token.content)
    if name == "code-cell":
        blocks.append(Block("code-cell", line, body, name=name, options=options, path=path))
        return
    if name == "math":
        labeled = "label" in options
        blocks.append(Block("math", line, argument + body, path=path, labeled=labeled))
        return
    blocks.append(Block("directive", line, argument, name=name, options=options, path=path))
    if name in ("image", "figure"):
        blocks.append(Block("image", line, str(options.get("alt", "")), name=argument, path=path))
    if name in LITERAL:
        return
    inner = (*path, f"{name} {argument} {options.get('class', '')}".strip())
    if name in WITH_TITLE or name.startswith("prf:"):
        _collect(parser, argument, line - 1, inner, blocks)
    _collect(parser, body, line + skipped, inner, blocks)


def _options(content):
    """Split a directive's content into options, body, and the number of lines before the body."""
    lines = content.splitlines()
    start = 0
    if lines and lines[0].strip() == "---":
        end = next((i for i, text in enumerate(lines[1:], 1) if text.strip() == "---"), 0)
        head, start = "\n".join(lines[1:end]), end + 1
    else:
        while start < len(lines) and re.match(r":[\w-]+:", lines[start].strip()):
            start += 1
        head = "\n".join(text.strip()[1:].replace(":", ": ", 1) for text in lines[:start])
    try:
        options = yaml.safe_load(head) or {}
    except yaml.YAMLError:
        options = dict(re.findall(r"^([\w-]+):\s*(.*)$", head, flags=re.M))
    return options, "\n".join(lines[start:]), start


def _spans(children, line, path, blocks):
    spans, address = [], False
    for child in children:
        if child.type in ("link_open", "link_close") and child.info == "auto":
            address = child.type == "link_open"
        elif child.type == "text" and not address:
            spans.append(Span(line, "text", child.content))
        elif child.type in ("softbreak", "hardbreak"):
            spans.append(Span(line, "text", "\n"))
            line += 1
        elif child.type.startswith("math_"):
            spans.append(Span(line, "math", child.content))
        elif child.type == "code_inline":
            spans.append(Span(line, "code", child.content))
        elif child.type == "myst_role":
            spans.append(Span(line, f"role:{child.meta['name']}", child.content))
        elif child.type == "image":
            alt = "".join(c.content for c in child.children or [])
            blocks.append(Block("image", line, alt, name=child.attrs.get("src", ""), path=path))
    return spans
