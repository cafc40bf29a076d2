"""Our docstrings as reStructuredText: sections become fields, examples code, names of the reference links.

A docstring has paragraphs, then sections at the left edge, in one line (`Returns: ...`) or with a block
(`Args:`, entries indented). What is not prose is marked here, and every sign that reST would read is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Links = Callable[[str], str | None]  # a name as it is written -> the full name that it leads to

_NAMES = "Args|Call|Input shape|Output shape|Weights|Returns|Yields|Raises|Source|Examples?"
_SECTION = re.compile(rf"({_NAMES})\b([^:]*):(?: (.*))?")
_ENTRY = re.compile(r"([*\w]+(?:, [*\w]+)*): (.*)")
_TITLES = {"Args": "Arguments"}
_WIDTH = 76  # of a line after which the author could still have written a short word
_MARKED = re.compile(
    r"`+([^`]+)`+|\b[A-Z]\w*[a-z]\w*[A-Z]\w*"
)  # a code span, or a word like MeanSquaredError
_LIST_SIGN = re.compile(r"([-+•]|\w[.)]|\d+[.)]|\(\w\)|\.\.|:\w+:|=+|>>>)( |$)")  # that begins no list here


@dataclass(frozen=True)
class Section:
    """What stands under one head; the text before all heads has the title ""."""

    title: str
    lines: tuple[str, ...]


def sections(doc: str) -> list[Section]:
    """A (cleaned) docstring in its parts, in order."""
    found: list[tuple[str, list[str]]] = [("", [])]
    before = "text"
    for line in doc.splitlines():
        head = _SECTION.fullmatch(line) if len(found) > 1 or not before else None
        if head:
            found.append((head[1] + head[2], [head[3]] if head[3] else []))
        else:
            found[-1][1].append(line)
        before = line
    return [Section(title, tuple(_without_margins(lines))) for title, lines in found if any(lines)]


def as_rest(doc: str, links: Links) -> list[str]:
    """The lines of reST that say what the docstring says."""
    lines: list[str] = []
    fields = False  # whether the last lines are a list of fields
    for section in sections(doc):
        if section.title.startswith("Example"):
            lines += ["", f".. rubric:: {escaped(section.title)}", "", *_code(section.lines)]
            fields = False
        elif section.title:
            title = _TITLES.get(section.title, section.title)
            body = _arguments(section.lines, links) if title == "Arguments" else _blocks(section.lines, links)
            lines += [*([] if fields else [""]), f":{escaped(title)}:", *_indented(body)]
            fields = True
        else:
            lines += _blocks(section.lines, links)
    return lines


def inline(text: str, links: Links) -> str:
    """A run of prose: code spans, links where a span or a class has a place in the reference."""
    parts, end = [], 0
    for found in _MARKED.finditer(text):
        marked = _span(found[1], links) if found[1] else _link(found[0], found[0], links)
        if marked:
            parts += [escaped(text[end : found.start()]), marked]
            end = found.end()
    parts.append(escaped(text[end:]))
    joined = parts[0]
    for before, part in zip(parts, parts[1:]):  # noqa: RUF007
        touching = before and part and not (before[-1].isspace() or part[0].isspace())
        joined += ("\\ " if touching else "") + part  # reads as nothing, and lets marked text begin or end
    return f"\\ {joined}" if _LIST_SIGN.match(joined) else joined


def escaped(text: str) -> str:
    """Text in which no sign has a meaning."""
    return re.sub(r"([\\*_`|])", r"\\\1", text)


def _span(code: str, links: Links) -> str:
    linked = _link(code.removesuffix("()"), code, links) if re.fullmatch(r"[\w.]+(\(\))?", code) else None
    return linked or f"``{code.strip()}``"


def _link(name: str, shown: str, links: Links) -> str | None:
    target = links(name)
    return f":py:obj:`{shown} <{target}>`" if target else None


# --- blocks --------------------------------------------------------------------------------------


def _arguments(lines: tuple[str, ...], links: Links) -> list[str]:
    """A definition list: the names, then what they mean; before it, what is said of all."""
    first = next((i for i, line in enumerate(lines) if _ENTRY.fullmatch(line[4:])), len(lines))
    result = _blocks(lines[:first], links)
    for head, body in _entries(lines[first:]):
        names = ", ".join(f"``{name}``" for name in head.split(", "))
        result += [names, *_indented(_blocks(tuple(body), links)), ""]
    return result


def _entries(lines: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        entry = _ENTRY.fullmatch(line[4:]) if re.match(r"    \S", line) else None
        if entry:
            found.append((entry[1], [entry[2]]))
        elif found:
            found[-1][1].append(line.strip())
    return found


def _blocks(lines: tuple[str, ...], links: Links) -> list[str]:
    """Paragraphs, lists and code, with an empty line between them."""
    result: list[str] = []
    for block in _split(lines):
        if block[0].startswith("    ") and any(line.strip().startswith(">>>") for line in block):
            result += [*_code(tuple(block)), ""]
        else:
            result += [*_paragraph([line.strip() for line in block], links), ""]
    return result


def _split(lines: tuple[str, ...]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _paragraph(lines: list[str], links: Links) -> list[str]:
    """One paragraph; where the author broke a line early, as between formulas, it stays broken."""
    rows = [lines[0]]
    for before, line in zip(lines, lines[1:]):  # noqa: RUF007
        if (
            len(before) + 1 + len(line.split()[0]) <= _WIDTH
            and before[-1] in ",;:."
            and _is_formula(before, line)
        ):
            rows.append(line)
        else:
            rows[-1] += " " + line
    texts = [inline(row, links) for row in rows]
    return texts if len(texts) == 1 else [f"| {text}" for text in texts]


def _is_formula(*lines: str) -> bool:
    return any(re.match(r"\S+( \S+)? [=←] ", line) for line in lines)


def _code(lines: tuple[str, ...]) -> list[str]:
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    language = "pycon" if any(line.lstrip().startswith(">>>") for line in lines) else "python"
    return [f".. code-block:: {language}", "", *_indented([line[margin:] for line in lines])]


def _indented(lines: list[str]) -> list[str]:
    return [f"   {line}" if line else "" for line in lines]


def _without_margins(lines: list[str]) -> list[str]:
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines
