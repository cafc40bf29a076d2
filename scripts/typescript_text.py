"""Small parts of TypeScript as text."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["literal", "quote", "table", "tsdoc"]


def tsdoc(text: str, indent: str) -> list[str]:
    """A TSDoc comment: one line where it fits."""
    lines = text.replace("*/", "* /").splitlines()
    if not lines:
        return []
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def quote(value: Any) -> str:
    """A scalar as TypeScript, strings in single quotes."""
    if isinstance(value, str):
        return "'" + json.dumps(value)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    return json.dumps(value)


def literal(value: Any) -> str:
    """JSON data as a TypeScript literal."""
    if value == {}:
        return "{}"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key}: {literal(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return quote(value)


def table(name: str, doc: str, rows: list[str]) -> str:
    """`export const NAME = {...} as const;` with a row on each line."""
    return "\n".join([*tsdoc(doc, ""), f"export const {name} = {{", *rows, "} as const;"]) + "\n"
