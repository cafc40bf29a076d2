"""Automatic names: one counter per class, as in Keras ('dense', 'dense_1', ...)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from layerlab.errors import InvalidArgumentError, explain

__all__ = ["auto_name", "check_name", "reset_names", "snake_case", "spare_names", "unique_name"]

_counts: dict[str, int] = {}
_lock = threading.Lock()


class _Spare(threading.local):
    counts: dict[str, int] | None = None  # used instead, in a thread that is within `spare_names`


_spare = _Spare()


def snake_case(name: str) -> str:
    """'Conv2D' -> 'conv2d', 'LayerNormalization' -> 'layer_normalization'.

    Example:
        >>> snake_case("BatchNormalization"), snake_case("LSTM"), snake_case("MaxPooling2D")
        ('batch_normalization', 'lstm', 'max_pooling2d')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(class_name: str) -> str:
    """The next free name for an object of a class."""
    return unique_name(snake_case(class_name))


def unique_name(prefix: str) -> str:
    """`prefix`, then `prefix_1`, `prefix_2` ..."""
    with _lock:
        counts = _counts if _spare.counts is None else _spare.counts
        count = counts.get(prefix, 0)
        counts[prefix] = count + 1
    return f"{prefix}_{count}" if count else prefix


@contextmanager
def spare_names() -> Iterator[None]:
    """Names given inside, by this thread, begin anew and do not count: for what is thrown away."""
    previous, _spare.counts = _spare.counts, {}
    try:
        yield
    finally:
        _spare.counts = previous


def reset_names() -> None:
    """Start counting anew (`clear_session`)."""
    with _lock:
        _counts.clear()


def check_name(name: object, what: str) -> str:
    """`name` if it can be part of a path, else an InvalidArgumentError."""
    # What is not printable (NUL, ANSI codes, line breaks, marks that turn text around) could fool a reader.
    if not isinstance(name, str) or "/" in name or not name.isprintable() or name in ("", ".", ".."):
        raise InvalidArgumentError(
            explain(
                f"{what} cannot be named {str(name)[:80]!r}.",
                expected="a non-empty string of printable characters without '/'",
            )
        )
    return name
