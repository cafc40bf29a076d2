"""The pages of the reference, written as reStructuredText."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from docs_site.docstring import Links, as_rest, inline
from docs_site.members import kind, members, method_doc, public_bases
from docs_site.names import Entry, entries
from docs_site.topics import Page, topics


def write(folder: Path) -> None:
    """Write all pages, and `index.rst` with the topics, into a folder."""
    for path, text in rendered().items():
        file = folder / f"{path}.rst"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def rendered() -> dict[str, str]:
    """The text of each page by its path."""
    found = entries()
    links, public = _links(found), [entry.value for entry in found if isinstance(entry.value, type)]
    pages = topics(found)
    texts: dict[str, str] = {}
    for page in pages:
        texts[page.path] = _contents(page, links) if page.pages else _page(page, links, public)
        texts |= {below.path: _page(below, links, public) for below in page.pages}
    return texts


def topic_paths() -> list[str]:
    """The pages of the topics, in order."""
    return [page.path for page in topics()]


def _links(found: list[Entry]) -> Links:
    """What a name in a docstring leads to: a full or partly full name, or the short one of a class."""
    targets: dict[str, str] = {}
    for entry in reversed(found):  # of two with one short name the first family has it
        for full in entry.names:
            _, _, inside = full.partition(".")
            targets |= {full: entry.names[0], f"keras.{inside}": entry.names[0]}
            if "." in inside:
                targets[inside] = entry.names[0]
            if isinstance(entry.value, type):
                targets[full.rpartition(".")[2]] = entry.names[0]
    return lambda name: targets.get(name)


# --- pages ---------------------------------------------------------------------------------------


def _contents(page: Page, links: Links) -> str:
    """A topic of several pages: what is on each."""
    paths = [f"   /reference/{below.path}" for below in page.pages]
    lines = [*_heading(page.title, "="), ".. toctree::", "   :hidden:", "", *paths]
    for below in page.pages:
        lines += ["", f".. rubric:: :doc:`{below.title} </reference/{below.path}>`", *_table(below, links)]
    return _lines(*lines)


def _page(page: Page, links: Links, public: list[type]) -> str:
    lines = [*_heading(page.title, "="), *_table(page, links)]
    for entry in page.entries:
        lines += ["", *_heading(entry.short, "-"), *_described(entry, links, public)]
    return _lines(*lines)


def _table(page: Page, links: Links) -> list[str]:
    """Each name with what it is for."""
    lines = ["", ".. list-table::", "   :widths: auto", "   :class: names", ""]
    for entry in page.entries:
        first = _summary(inspect.getdoc(entry.value) or "")
        lines += [
            f"   * - :py:obj:`{entry.short} <{entry.names[0]}>`",
            f"     - {inline(first, links)}",
        ]
    return lines


def _summary(doc: str) -> str:
    return " ".join(line.strip() for line in doc.split("\n\n")[0].splitlines())


# --- entries -------------------------------------------------------------------------------------


def _described(entry: Entry, links: Links, public: list[type]) -> list[str]:
    directive = _kind(entry.value)
    signature = "" if directive == "exception" else _signature(entry.value)
    heads = [f"{name}{signature}" for name in entry.names]
    body = as_rest(inspect.getdoc(entry.value) or "", links)
    if directive != "function":
        body += _inherited(entry.value, links, public)
        for name, value in members(entry.value, public):
            body += ["", *_member(name, value, links)]
    return [*_directive(directive, heads), "", *_indented(body)]


def _kind(value: Any) -> str:
    if not isinstance(value, type):
        return "function"
    return "exception" if issubclass(value, Exception) else "class"


def _inherited(cls: type, links: Links, public: list[type]) -> list[str]:
    names = [links(base.__name__) for base in public_bases(cls, public)]
    shown = [f":py:obj:`{name.rpartition('.')[2]} <{name}>`" for name in names if name]
    if issubclass(cls, Exception):
        builtin = [base.__name__ for base in cls.__mro__ if base.__module__ == "builtins"][:-3]
        shown += [f"``{name}``" for name in builtin]
        return ["", f"Caught as: {', '.join(shown)}.", ""] if shown else []
    return ["", f"More methods and attributes: {', '.join(shown)}.", ""] if shown else []


def _member(name: str, value: Any, links: Links) -> list[str]:
    form = kind(value)
    if form == "property":
        return [*_directive("property", [name]), "", *_indented(as_rest(method_doc(value), links))]
    signature = _signature(getattr(value, "__func__", value), without_self=form != "staticmethod")
    option = [f"   :{form}:"] if form != "method" else []
    head = [*_directive("method", [f"{name}{signature}"]), *option]
    return [*head, "", *_indented(as_rest(method_doc(value), links))]


def _signature(value: Any, *, without_self: bool = False) -> str:
    """Names and defaults; types are left out, as the arguments' texts say what may be given."""
    try:
        found = inspect.signature(value)
    except ValueError:
        return "()"
    empty = inspect.Parameter.empty
    parameters = [p.replace(annotation=empty) for p in found.parameters.values()]
    shown = str(inspect.Signature(parameters[1:] if without_self else parameters))
    return re.sub(r"<(?:function|class) '?([\w.]+)[^>]*>", lambda found: found[1].rpartition(".")[2], shown)


# --- reST ----------------------------------------------------------------------------------------


def _directive(name: str, heads: list[str]) -> list[str]:
    first, *others = (head.replace("\\", "\\\\") for head in heads)
    space = " " * len(f".. py:{name}:: ")
    return [f".. py:{name}:: {first}", *(space + head for head in others)]


def _heading(title: str, sign: str) -> list[str]:
    return [title, sign * len(title), ""]


def _indented(lines: list[str]) -> list[str]:
    return [f"   {line}" if line else "" for line in lines]


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
