"""Texts as sequences of word numbers: what imdb and reuters do with theirs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.errors import DataError, UnreadableFileError, explain

__all__ = ["Numbering", "numbered"]


@dataclass(frozen=True)
class Numbering:
    """How words are numbered: 0 is for padding, then come the start and unknown words, then words by rank.

    Attributes:
        num_words: words from this number on are unknown; None: from the largest on.
        skip_top: words below this number are unknown: the most frequent ones.
        maxlen: texts of this length, or longer, are left out; None: none.
        start_char: the number before each text; None: there is none.
        oov_char: the number for unknown words; None leaves them out.
        index_from: what is added to the rank of a word.
    """

    num_words: int | None
    skip_top: int
    maxlen: int | None
    start_char: int | None
    oov_char: int | None
    index_from: int | None


def numbered(texts: Sequence[Any], how: Numbering) -> tuple[np.ndarray, np.ndarray]:
    """The texts, lists of integers in an array of objects, and a mask of those that were kept.

    Raises: DataError where `maxlen` leaves none; UnreadableFileError for what is no text.
    """
    words, lengths = _flat(texts, how)
    kept = np.ones(len(lengths), bool)
    if how.maxlen:
        kept = lengths < whole_number(how.maxlen, "maxlen", 1)
        if not kept.any():
            raise DataError(
                explain(
                    f"No text is shorter than maxlen={how.maxlen}.", expected=f"more than {lengths.min()}"
                )
            )
        words, lengths = words[np.repeat(kept, lengths)], lengths[kept]
    most = whole_number(how.num_words, "num_words", 1) if how.num_words else int(words.max(initial=0))
    is_known = (words >= how.skip_top) & (words < most)
    if how.oov_char is None:
        owners = np.repeat(np.arange(len(lengths)), lengths)[is_known]
        words, lengths = words[is_known], np.bincount(owners, minlength=len(lengths))
    else:
        words = np.where(is_known, words, how.oov_char)
    return _rows(words, lengths), kept


def _flat(texts: Sequence[Any], how: Numbering) -> tuple[np.ndarray, np.ndarray]:
    """All words of all texts one after the other, each text with its start, and the lengths."""
    try:
        lengths = np.array([len(text) for text in texts], dtype=np.int64)
        words = np.fromiter(itertools.chain.from_iterable(texts), np.int64, int(lengths.sum()))
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableFileError(explain("The texts", expected="lists of whole numbers")) from error
    words += how.index_from or 0
    if how.start_char is None:
        return words, lengths
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    return np.insert(words, starts, how.start_char), lengths + 1


def _rows(words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    flat, ends = words.tolist(), np.cumsum(lengths).tolist()
    rows = np.empty(len(ends), dtype=object)
    for row, (start, end) in enumerate(zip([0, *ends], ends)):
        rows[row] = flat[start:end]
    return rows
