"""From a text to its tokens: standardize, split, join neighbours. What TensorFlow's string ops do, by Python.

As there, lower case is of A to Z alone, and white space is that of ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layerlab.errors import DataError, InvalidArgumentError, ShapeError, explain
from layerlab.layers.preprocessing.host_values import as_texts

__all__ = ["SPLITS", "STANDARDS", "as_widths", "filled", "neighbours", "split_texts", "standardized"]

STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
SPLITS = ("whitespace", "character")

_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_STRIP: dict[int, str | None] = dict.fromkeys(map(ord, "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"))
_CHANGES = {"lower": _LOWER, "strip_punctuation": _STRIP, "lower_and_strip_punctuation": {**_LOWER, **_STRIP}}
_words = re.compile(r"\S+", re.ASCII).findall


def standardized(texts: np.ndarray, how: str | Callable[..., Any] | None, where: str) -> np.ndarray:
    """The texts by a name of STANDARDS or a function, which gets an array of NumPy's text dtype."""
    if how is None:
        return texts
    if callable(how):
        found = as_texts(how(texts.astype(str)), f"{where}: what `standardize` gave")
        if found.shape != texts.shape:
            raise _misfit(where, "standardize", f"shape {texts.shape}", f"shape {found.shape}")
        return found
    changes = _CHANGES[how]
    changed = np.empty(texts.size, object)
    changed[:] = [text.translate(changes) for text in texts.ravel().tolist()]
    return changed.reshape(texts.shape)


def split_texts(
    texts: np.ndarray, how: str | Callable[..., Any] | None, where: str
) -> tuple[list[list[str]], tuple[int, ...]]:
    """(the tokens of each text, the shape of the texts); without a split the last axis has the tokens."""
    if how is None:
        rows = np.atleast_1d(texts)
        count = int(np.prod(rows.shape[:-1]))
        return rows.reshape(count, rows.shape[-1]).tolist(), rows.shape[:-1]
    if texts.ndim > 1:
        if texts.shape[-1] != 1:
            raise ShapeError(
                explain(
                    f"{where} splits one text a sample.",
                    expected="shape (batch,) or (batch, 1)",
                    got=str(texts.shape),
                    fix="split=None takes tokens that are split already",
                )
            )
        texts = texts[..., 0]
    flat = texts.ravel()
    if callable(how):
        return _split_by(how, flat, where), texts.shape
    return [_words(text) if how == "whitespace" else list(text) for text in flat.tolist()], texts.shape


def neighbours(tokens: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Runs of tokens, joined by a space: all of the first width, then all of the next."""
    return [" ".join(tokens[i : i + n]) for n in widths for i in range(len(tokens) - n + 1)]


def as_widths(ngrams: object) -> tuple[int, ...] | None:
    """The widths that `ngrams` means: 2 is 1 and 2. Raises: InvalidArgumentError."""
    if ngrams is None:
        return None
    given = tuple(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
    if (
        not isinstance(given, tuple | list)
        or not given
        or not all(isinstance(n, int) and n > 0 for n in given)
    ):
        raise InvalidArgumentError(
            explain(
                "TextVectorization got bad `ngrams`.",
                expected="a positive integer, a tuple of them, or None",
                got=repr(ngrams)[:40],
            )
        )
    return tuple(given)


def filled(rows: Sequence[Sequence[str]], length: int | None) -> np.ndarray:
    """(rows, length) of str objects, cut, and filled up with ""; None is the length of the longest."""
    width = max(map(len, rows), default=0) if length is None else length
    table = np.full((len(rows), width), "", object)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row[:width]
    return table


def _split_by(how: Callable[..., Any], texts: np.ndarray, where: str) -> list[list[str]]:
    found = how(texts.astype(str))
    found = found.to_list() if hasattr(found, "to_list") else found
    rows = [as_texts(row, f"{where}: what `split` gave").ravel().tolist() for row in found]
    if len(rows) != len(texts):
        raise _misfit(where, "split", f"the tokens of {len(texts)} texts", str(len(rows)))
    return rows


def _misfit(where: str, what: str, expected: str, got: str) -> DataError:
    return DataError(explain(f"{where}: `{what}` gave what does not fit.", expected=expected, got=got))
