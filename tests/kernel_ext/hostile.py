"""Texts that a name, a file or a message may carry, and a reader that sees them as a browser would."""

from __future__ import annotations

import html.parser

from hypothesis import strategies

__all__ = ["HOSTILE", "Reader", "assert_no_active_characters", "assert_shown_as_text", "texts"]

HOSTILE = {
    "script": "<script>window.hacked='script'</script>",
    "quotes": '" onmouseover="window.hacked=1" x=\'',
    "image": "\"><img src=x onerror=window.hacked='image'>",
    "svg": "</text></svg><svg onload=window.hacked='svg'>",
    "cdata": "]]><script>window.hacked=1</script><![CDATA[",
    "comment": "--><!-- <b>",
    "link": "javascript:window.hacked='link'//",
    "markdown": "[x](javascript:alert(1)) ![y](http://localhost/y.png) <a href='javascript:1'>z</a>",
    "latex": "\\input{/etc/passwd} \\end{Verbatim} $x_2^3$ % & # {~}",
    "newlines": "one\r\ntwo\u2028three\u2029four\x0bfive",
    "right to left": "\u202egnp.exe\u202c \u2067abc\u2069 \u200f",
    "nul": "a\x00b\x08\x7f",
    "ansi": "\x1b[31mred\x1b]8;;http://localhost\x07link\x1b]8;;\x07\x9b2J",
    "surrogate": "\ud800 \udfff \ufffe",
    "prototype": "__proto__",
    "template": "${window.hacked=1} {{7*7}} %s %(x)s {0}",
    "long": "x" * 10_000,
    "long wide": "\U0001f468\u200d\U0001f469" * 3_000,
    "combining": "Z" + "\u0301" * 2_000,
    "empty": "",
    "spaces": " \t ",
}

TAGS = {
    *("div", "p", "b", "ul", "li", "table", "tr", "th", "td"),
    *("svg", "g", "path", "rect", "circle", "text", "tspan", "title"),
}
ATTRIBUTES = {
    *(
        "style",
        "cellpadding",
        "xmlns",
        "role",
        "aria-label",
        "width",
        "height",
        "viewbox",
        "d",
        "x",
        "y",
        "dx",
        "dy",
        "rx",
    ),
    *("cx", "cy", "r", "fill", "fill-opacity", "opacity", "stroke", "stroke-width", "stroke-opacity"),
    *("stroke-dasharray", "stroke-linecap", "font-family", "font-size", "font-weight", "text-anchor"),
}
ACTIVE = (
    *map(chr, [*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0xD800, 0xD802)]),
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f",
)


def texts() -> strategies.SearchStrategy[str]:
    """Pieces of the texts above, in any order, with anything between them."""
    pieces = [text[:60] for text in HOSTILE.values()] + list("<>&\"'/\\\x00\x1b\u202e\ud800`$%")
    return strategies.lists(strategies.sampled_from(pieces) | strategies.text(max_size=5), max_size=6).map(
        "".join
    )


class Reader(html.parser.HTMLParser):
    """Collects tags, attributes and words, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.tags.add("!--")

    def unknown_decl(self, data: str) -> None:
        self.tags.add("![")


def assert_shown_as_text(markup: str) -> None:
    """HTML or SVG has only our own tags and attributes, names nothing outside, and no character that acts."""
    reader = Reader(markup)
    assert reader.tags <= TAGS, reader.tags - TAGS
    assert reader.attributes <= ATTRIBUTES, reader.attributes - ATTRIBUTES
    styles = [value for value in reader.values if "url(" in value or "expression" in value]
    assert not styles
    assert_no_active_characters(markup)


def assert_no_active_characters(text: str) -> None:
    """No control characters but the newline, no direction marks, nothing that UTF-8 cannot write."""
    text.encode("utf-8")
    assert not [character for character in ACTIVE if character in text]
