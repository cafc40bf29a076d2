"""Python values as JSON that every browser can parse: no NaN, no lone surrogates, no endless text."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any

__all__ = ["json_key", "json_safe", "number"]

_LONGEST_KEY = 200


def number(value: float) -> float | str:
    """A finite float as it is, others as 'nan', 'inf' or '-inf'."""
    return value if math.isfinite(value) else str(value)


def json_safe(value: object, longest_text: int = 2000) -> Any:
    """`value` from JSON scalars, lists, dicts and dataclasses; text is cut at `longest_text` characters."""
    # The usual types first: a thousand events a second may come this way.
    if isinstance(value, float):
        return number(float(value))
    if isinstance(value, str):
        return _text(value, longest_text)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, dict):
        return {json_key(key): json_safe(entry, longest_text) for key, entry in value.items()}
    if isinstance(value, numbers.Integral):  # NumPy's
        return int(value)
    if isinstance(value, numbers.Real):
        return number(float(value))
    if isinstance(value, list | tuple):
        return [json_safe(entry, longest_text) for entry in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):  # not asdict: it copies all once more
        fields = dataclasses.fields(value)
        return {field.name: json_safe(getattr(value, field.name), longest_text) for field in fields}
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # an array of one number, np.bool_
        return json_safe(value.item(), longest_text)
    return _text(str(value), longest_text)


def json_key(key: object) -> str:
    """A name of bounded length; a metric's own and its 'val_' one are cut at the same place."""
    name = str(key)
    if len(name) <= _LONGEST_KEY and name.isascii():
        return name
    prefix = "val_" if name.startswith("val_") else ""
    return prefix + _text(name.removeprefix(prefix), _LONGEST_KEY)


def _text(text: str, longest: int) -> str:
    if len(text) <= longest and text.isascii():
        return text
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")
