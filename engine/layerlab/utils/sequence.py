"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.errors import DataError, InvalidArgumentError, ShapeError, explain
from layerlab.settings import choose

__all__ = ["pad_sequences"]

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Sequence[Any]],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float | str = 0.0,
) -> np.ndarray:
    """Fill and cut sequences, so that all have one length.

    Args:
        sequences: a list of sequences: of numbers, or of arrays of one shape.
        maxlen: the length; None is the longest's.
        dtype: of the result; `object` for texts.
        padding: where the filling goes: "pre", before the sequence, or "post", after it.
        truncating: which side of one that is too long is cut off: "pre" or "post".
        value: the filling.
    Returns: NumPy array (sequences, maxlen, ...).
    Raises: DataError for what is no list of sequences; ShapeError where the elements of one
        have another shape; InvalidArgumentError.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]])
        array([[0, 0, 1],
               [0, 2, 3],
               [4, 5, 6]], dtype=int32)
        >>> pad_sequences([[1], [4, 5, 6]], maxlen=2, padding="post", truncating="post", value=-1)
        array([[ 1, -1],
               [ 4,  5]], dtype=int32)
    """
    choose(padding, _SIDES, "padding")
    choose(truncating, _SIDES, "truncating")
    lengths = _lengths(sequences)
    length = max(lengths, default=0) if maxlen is None else whole_number(maxlen, "maxlen", 0)
    kind = np.dtype(dtype).kind
    if isinstance(value, str) and kind not in "OUS":
        raise InvalidArgumentError(
            explain(f"pad_sequences(value={value[:20]!r})", expected="dtype=object for texts", got=str(dtype))
        )
    elements = next((np.asarray(s).shape[1:] for s, n in zip(sequences, lengths) if n), ())
    padded = np.full((len(lengths), length, *elements), value, dtype=dtype)
    for row, (sequence, n) in enumerate(zip(sequences, lengths)):
        kept = min(n, length)
        part = np.asarray(sequence[n - kept :] if truncating == "pre" else sequence[:kept], dtype=dtype)
        if kept and part.shape[1:] != elements:
            raise ShapeError(
                explain(
                    f"pad_sequences: sequence {row} has elements of another shape.",
                    expected=str(elements),
                    got=str(part.shape[1:]),
                )
            )
        if kept:
            padded[row, slice(length - kept, None) if padding == "pre" else slice(0, kept)] = part
    return padded


def _lengths(sequences: Sequence[Sequence[Any]]) -> list[int]:
    if not hasattr(sequences, "__len__"):
        raise DataError(
            explain("pad_sequences", expected="a list of sequences", got=type(sequences).__name__)
        )
    for row, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise DataError(
                explain(f"pad_sequences: item {row}", expected="a sequence", got=type(sequence).__name__)
            )
    return [len(sequence) for sequence in sequences]
