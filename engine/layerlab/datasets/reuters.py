"""Reuters: news and their topics."""

from __future__ import annotations

import json

import numpy as np

from layerlab.datasets.fetching import KERAS_FILES, fetched
from layerlab.datasets.npz import read_arrays
from layerlab.datasets.shuffling import Parts, check_test_split, shuffled_indices
from layerlab.datasets.texts import Numbering, numbered

__all__ = ["get_label_names", "get_word_index", "load_data"]

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_WORDS_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton
    carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock
    retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Parts:
    """11,228 news of 1987 as sequences of word numbers, each with one of 46 topics.

    Words are numbered by how often they come, the most frequent first; `get_label_names`
    has the topics. 2 MB are fetched at the first call.

    Args:
        path: the name of the file in the cache.
        num_words: words with this number or a larger one become `oov_char`; None: the
            largest number alone.
        skip_top: words with a smaller number become `oov_char`.
        maxlen: news of this length or longer are left out; None keeps all.
        test_split: which fraction is for testing.
        seed: of the order.
        start_char: the number before each text; None: there is none.
        oov_char: the number in the place of words that are left out; None takes them
            out altogether.
        index_from: what is added to each word's rank, so that 0 can be padding.
    Returns: ((x_train, y_train), (x_test, y_test)); x are arrays of lists of integers, y
        arrays of int64.
    Raises: DownloadError without a network, as long as the file is not in the cache;
        DataError if `maxlen` leaves no text; InvalidArgumentError.
    Source: Lewis 1997, Reuters-21578.

    Example:
        >>> (x_train, y_train), _ = load_data(num_words=10_000)  # doctest: +SKIP
        >>> len(x_train)  # doctest: +SKIP
        8982
    """
    check_test_split(test_split)
    how = Numbering(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    texts, labels = read_arrays(fetched(path, f"{KERAS_FILES}reuters.npz", file_hash=_SHA256), "x", "y")
    order = shuffled_indices(len(texts), np.random.RandomState(seed))
    x, kept = numbered(texts[order], how)
    y, cut = labels[order][kept], int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The rank of each word: 1 for the most frequent. `load_data` adds `index_from` to it.

    Args:
        path: the name of the file in the cache.
    Raises: DownloadError without a network, as long as the file is not in the cache.

    Example:
        >>> get_word_index()["the"]  # doctest: +SKIP
        1
    """
    file = fetched(path, f"{KERAS_FILES}reuters_word_index.json", file_hash=_WORDS_MD5)
    return json.loads(file.read_text(encoding="utf-8"))


def get_label_names() -> tuple[str, ...]:
    """The 46 topics; a label is the place of its topic in this tuple.

    Example:
        >>> get_label_names()[3]
        'earn'
    """
    return tuple(_TOPICS.split())
