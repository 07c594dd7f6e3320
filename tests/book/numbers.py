"""Find the numbers in a page's prose, in its outputs, in its code, and compare them."""

import io
import re
import tokenize
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser

from tests.book.claim import Claim
from tests.book.prose import HELD, Block, read

SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
NUMBER = re.compile(
    r"""
    (?<![\w.,⁰¹²³⁴⁵⁶⁷⁸⁹^])
    (?P<sign>(?<!\d)[-−+])?
    (?P<digits>\d{1,3}(?:[,\ \u202f\u00a0\u2009]\d{3})+(?!\d)|\d+)
    (?P<fraction>\.\d+)?
    (?: [eE](?P<e>[-−+]?\d+)
      | \s?[·×]\s?10(?P<ten>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
      | (?P<power>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+) )?
    (?P<percent>[\s\u00a0\u202f]?%|\s+percent\b)?
    (?![A-Za-z_]|\.?\d)
    """,
    re.VERBOSE,
)
TEX_NUMBER = re.compile(
    r"(?<![\w.])(?P<sign>-)?(?P<digits>\d+(?:\{?,\}?\d{3})*)(?P<fraction>\.\d+)?"
    r"(?:\s*\\(?:times|cdot)\s*10\^\{?(?P<ten>-?\d+)\}?)?(?P<percent>\s*(?:\\,)?\s*\\%)?"
)
TEX_SIGN = re.compile(r"(?:^|[=(\[,{&<>|]|\\[a-z]+)\s*$")
PRINTED = re.compile(
    r"(?<![\w.])(?P<sign>[-−+])?(?P<digits>\d+(?:,\d{3})*)(?P<fraction>\.\d*)?"
    r"(?:[eE](?P<e>[-+]?\d+)|\s?[·×]\s?10(?P<ten>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(?P<percent>\s?%)?"
)
LABEL = re.compile(
    r"\b(?:Chapter|Part|Section|Figure|Table|Equation|Exercise|Solution|Theorem|Lemma)s?\s$"
)
YEAR = re.compile(r"(?:1[6-9]|20)\d\d")
YEAR_BEFORE = re.compile(r"(?:\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y)\s|\([^()]*|[–-])$")
YEAR_AFTER_NAME = re.compile(r"[A-Z][\w’'é-]+,?\s$")
YEAR_AFTER = re.compile(rf"\s*(?:$|[.,;:)–{HELD}-]|\s[A-Z])")


@dataclass(frozen=True)
class Number:
    """A number of the page: where, as it stands there, and its value."""

    line: int
    text: str
    value: Decimal
    percent: bool = False
    signed: bool = False


def _value(match):
    groups = match.groupdict()
    text = re.sub(r"[^\d]", "", groups["digits"]) + (groups.get("fraction") or "")
    exponent = groups.get("e") or groups.get("ten") or "0"
    exponent = int(exponent.translate(SUPERSCRIPT).replace("−", "-"))
    value = Decimal(text.rstrip(".")).scaleb(exponent)
    if groups.get("power"):
        value = value ** int(groups["power"].translate(SUPERSCRIPT))
    return -value if groups.get("sign") in ("-", "−") else value


def _make(match, line):
    percent = bool(match["percent"])
    value = _value(match) / 100 if percent else _value(match)
    signed = match["sign"] in ("-", "−")
    return Number(line, match[0].strip(), value, percent, signed)


def _is_year(text, match, section):
    if not YEAR.fullmatch(match[0]):
        return False
    before, after = text[: match.start()], text[match.end() :]
    if section == "Sources" or YEAR_AFTER_NAME.search(before):
        return True
    return bool(YEAR_BEFORE.search(before) and YEAR_AFTER.match(after))


def in_text(text: str, line: int = 1, section: str = "") -> list[Number]:
    """The numbers of plain text that need a source."""
    found = []
    for match in NUMBER.finditer(text):
        plain = not (match["fraction"] or match["e"] or match["ten"] or match["power"])
        if plain and not match["percent"] and len(match["digits"]) < 2:
            continue
        if LABEL.search(text[: match.start()]) or _is_year(text, match, section):
            continue
        found.append(_make(match, line + text.count("\n", 0, match.start())))
    return found


def in_tex(tex: str, line: int = 1) -> list[Number]:
    """The decimals of a formula; or the whole formula, when it is one number."""
    found = []
    for match in TEX_NUMBER.finditer(tex):
        alone = match[0].strip() == tex.strip() and len(match["digits"]) > 1
        if not (match["fraction"] or match["ten"] or match["percent"] or alone):
            continue
        number = _make(match, line + tex.count("\n", 0, match.start()))
        if number.signed and not TEX_SIGN.search(tex[: match.start()]):
            number = Number(number.line, number.text, -number.value, number.percent)
        found.append(number)
    return found


def in_prose(blocks: list[Block]) -> list[Number]:
    """Every number of a page that a reader takes as a fact."""
    found = []
    for block in blocks:
        if block.kind in ("text", "cell"):
            found += in_text(block.text, block.line, block.section)
            for span in block.spans:
                if span.kind == "math":
                    found += in_tex(span.text, span.line)
                elif span.kind == "code" and NUMBER.fullmatch(span.text):
                    found += in_text(span.text, span.line)
        elif block.kind == "image":
            found += in_text(block.text, block.line)
        elif block.kind == "math" and not block.labeled:
            found += in_tex(block.text, block.line)
    return found


class _Words(HTMLParser):
    """Collect what a reader or a screen reader gets from HTML."""

    def __init__(self):
        super().__init__()
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag, attrs):
        self.silent += tag in ("style", "script")
        self.words += [v for k, v in attrs if v and k in ("alt", "aria-label", "title")]

    def handle_endtag(self, tag):
        self.silent -= tag in ("style", "script")

    def handle_data(self, data):
        if not self.silent:
            self.words.append(data)


def text_of_outputs(notebook) -> str:
    """All the text that the code cells of an executed notebook show."""
    pieces = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            pieces.append(output.get("text", ""))
            for mime, data in output.get("data", {}).items():
                if mime in ("text/html", "image/svg+xml"):
                    words = _Words()
                    words.feed(data)
                    pieces += words.words
                elif mime.startswith("text/"):
                    pieces.append(data)
    return "\n".join(pieces)


def printed(text: str) -> set[Decimal]:
    """The values of all numbers in text that a cell printed."""
    values = set()
    for source in {text, text.replace(",", " ")}:
        for match in PRINTED.finditer(source):
            value = _value(match)
            values |= {value, value / 100} if match["percent"] else {value}
    return values


def in_code(blocks: list[Block]) -> set[Decimal]:
    """The values of all number literals in the code that is on the page, folded or not."""
    values = set()
    for block in blocks:
        if block.kind != "code-cell" or block.tags & {"remove-input", "remove-cell"}:
            continue
        for token in tokenize.generate_tokens(io.StringIO(block.text).readline):
            if token.type == tokenize.NUMBER:
                try:
                    value = Decimal(token.string.replace("_", ""))
                except InvalidOperation:  # 0x10, 1j
                    continue
                values |= {value, -value}
    return values


def known(number: Number, values: set[Decimal]) -> bool:
    """Whether the value was computed; a number without a sign matches both signs."""
    return number.value in values or (not number.signed and -number.value in values)


def _squeeze(text):
    return " ".join(text.split())


def places(source: str, fragment: str) -> list[tuple[int, int]]:
    """First and last line of every place where `fragment` stands in `source`."""
    words = [re.escape(word) for word in fragment.split()]
    return [
        (source.count("\n", 0, m.start()) + 1, source.count("\n", 0, m.end()) + 1)
        for m in re.finditer(r"\s+".join(words), source)
    ]


def problems(source: str, outputs: str, claims: list[Claim]) -> list[str]:
    """What is wrong with a page's numbers, in sentences an author can act on."""
    blocks = read(source)
    values = printed(outputs) | in_code(blocks)
    complaints, covered = [], {}
    for claim in claims:
        spots = places(source, claim.fragment)
        if not spots:
            complaints.append(
                f"claim {claim.check.__name__}: the page no longer says "
                f"{_squeeze(claim.fragment)!r}; look at the sentence and at its check again"
            )
        covered[claim] = spots
    used = set()
    for number in in_prose(blocks):
        holders = [
            claim
            for claim, spots in covered.items()
            if number.text in claim.fragment.replace(HELD, "")
            and any(first <= number.line <= last for first, last in spots)
        ]
        used.update(holders)
        if not holders and not known(number, values):
            complaints.append(
                f"line {number.line}: '{number.text}' is neither printed by a cell on this page "
                "nor claimed"
            )
    complaints += [
        f"claim {claim.check.__name__}: no checked number in {_squeeze(claim.fragment)!r}"
        for claim, spots in covered.items()
        if spots and claim not in used
    ]
    return complaints
