"""Vocabularies: tokens in an order, checked once, and found again fast.

Texts are found by a dict, integers by a search in their sorted array.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from layerlab.errors import DataError, InvalidArgumentError, MissingFileError, UnreadableFileError, explain

__all__ = [
    "MOST_TOKENS",
    "Table",
    "integer_table",
    "read_tokens",
    "require_different",
    "text_table",
    "too_many",
]

MOST_TOKENS = 10_000_000
"""More different tokens are hardly words: about 1 GB of memory."""
_LONGEST_LINE = 100_000  # characters


class Table(Protocol):
    """Finds the places of tokens."""

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The place of each value in the vocabulary, -1 where it is not in it."""


def text_table(tokens: Sequence[str]) -> Table:
    """For an array of str objects."""
    places = {token: place for place, token in enumerate(tokens)}

    def find(values: np.ndarray) -> np.ndarray:
        found = (places.get(value, -1) for value in values.ravel().tolist())
        return np.fromiter(found, "int64", values.size).reshape(values.shape)

    return find


def integer_table(tokens: Sequence[int]) -> Table:
    """For an array of int64."""
    given = np.array(tokens, "int64")
    order = np.argsort(given)
    ascending = given[order]

    def find(values: np.ndarray) -> np.ndarray:
        if not given.size:
            return np.full(values.shape, -1)
        place = np.minimum(np.searchsorted(ascending, values), given.size - 1)
        return np.where(ascending[place] == values, order[place], -1)

    return find


def read_tokens(path: str | Path, where: str, encoding: str) -> list[str]:
    """The lines of a text file.

    Raises: MissingFileError; UnreadableFileError for what is no text; DataError for too many lines.
    """
    if not Path(path).is_file():
        raise MissingFileError(explain(f"{where}: there is no vocabulary file.", got=str(path)))
    tokens: list[str] = []
    try:
        for line in _lines(path, encoding):
            tokens.append(line)
            if len(tokens) > MOST_TOKENS:
                raise too_many(where)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            explain(f"{where}: the vocabulary file is no text.", expected=encoding, got=str(path))
        ) from error
    return tokens


def _lines(path: str | Path, encoding: str) -> Iterator[str]:
    with open(path, encoding=encoding, newline="\n") as file:
        while line := file.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise DataError(
                    explain(f"A vocabulary file has a line of {_LONGEST_LINE} characters.", got=str(path))
                )
            yield line.removesuffix("\n").removesuffix("\r")


def require_different(tokens: Sequence[Any], where: str) -> None:
    """Raise InvalidArgumentError that names those which are there twice; DataError for too many."""
    if len(tokens) > MOST_TOKENS:
        raise too_many(where)
    if len(set(tokens)) < len(tokens):
        twice = [token for token, count in collections.Counter(tokens).items() if count > 1]
        raise InvalidArgumentError(
            explain(
                f"{where} got a vocabulary with repeated tokens.",
                got=", ".join(map(repr, twice[:10])) + (", ..." if len(twice) > 10 else ""),
                fix="list(dict.fromkeys(tokens)) keeps the first of each",
            )
        )


def too_many(where: str) -> DataError:
    """The error for a vocabulary that is too large."""
    return DataError(
        explain(
            f"{where}: too many different tokens.",
            expected=f"at most {MOST_TOKENS}",
            fix="split texts into words or characters, or use Hashing, which needs no vocabulary",
        )
    )
