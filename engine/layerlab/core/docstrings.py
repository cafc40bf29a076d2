"""Docstrings completed: what many constructors or ops share is written once, and shows in each.

A docstring names its arguments under `Args:`, one entry `name: text` or `first, second: text` each. Arguments
of the signature that it leaves out, and that the family describes, are added in the signature's order.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["completed", "named_arguments"]

_ENTRY = re.compile(r"    ([*\w]+(?:, [*\w]+)*): \S")
_SECTION = re.compile(r"(Args|Call|Returns|Raises|Source|Example|Input shape|Output shape)\b(.*:|[^.]*: .*)")


def completed(described: Callable[..., Any], shared: Mapping[str, str]) -> str | None:
    """The docstring of a class or function, with the shared arguments that its signature has.

    Args:
        described: whose signature and docstring are read.
        shared: what to say of an argument, by name (with stars: `**kwargs`); may be of several lines.
    """
    if not described.__doc__ or not shared:
        return described.__doc__
    doc = inspect.cleandoc(described.__doc__)
    own = named_arguments(doc)
    parameters = _parameters(described)
    left = [name for name in parameters if name in shared and name.lstrip("*") not in own]
    added = [f"    {name}: {shared[name]}" for name in left]
    order = [name.lstrip("*") for name in parameters]
    return "\n".join(_inserted(doc.splitlines(), added, order)) if added else doc


def named_arguments(doc: str) -> set[str]:
    """The arguments that a (cleaned) docstring describes under `Args:`, without stars."""
    start, end = _block(doc.splitlines())
    entries = (_ENTRY.match(line) for line in doc.splitlines()[start:end])
    return {name.lstrip("*") for entry in entries if entry for name in entry[1].split(", ")}


def _parameters(described: Callable[..., Any]) -> list[str]:
    stars: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    parameters = inspect.signature(described).parameters.values()
    return [stars.get(parameter.kind, "") + parameter.name for parameter in parameters]


def _block(lines: list[str]) -> tuple[int, int]:
    """First line behind `Args:`, and the line behind the last entry; equal if there is no such block."""
    if "Args:" not in lines:
        return 0, 0
    start = end = lines.index("Args:") + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return start, end


def _inserted(lines: list[str], added: list[str], order: list[str]) -> list[str]:
    start, end = _block(lines)
    if start:
        return [*lines[:start], *_in_order([*lines[start:end], *added], order), *lines[end:]]
    place = next((index for index, line in enumerate(lines) if _SECTION.fullmatch(line)), len(lines))
    before, after = lines[:place], lines[place:]
    while before and not before[-1]:
        before.pop()
    gap = [""] if after and after[0].startswith("Example") else []  # as where one writes the block oneself
    return [*before, "", "Args:", *added, *gap, *after]


def _in_order(lines: list[str], order: list[str]) -> list[str]:
    """The entries, each with the lines that go on with it, sorted by the first name of each."""
    entries: list[tuple[int, list[str]]] = []
    for line in lines:
        entry = _ENTRY.match(line)
        if entry or not entries:
            name = entry[1].split(", ")[0].lstrip("*") if entry else ""
            entries.append((order.index(name) if name in order else len(order), [line]))
        else:
            entries[-1][1].append(line)
    return [line for _, entry_lines in sorted(entries, key=lambda entry: entry[0]) for line in entry_lines]
