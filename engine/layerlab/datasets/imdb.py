"""IMDB: film reviews and whether they are good."""

from __future__ import annotations

import json

import numpy as np

from layerlab.datasets.fetching import KERAS_FILES, fetched
from layerlab.datasets.npz import read_arrays
from layerlab.datasets.shuffling import Parts, shuffled_indices
from layerlab.datasets.texts import Numbering, numbered
from layerlab.errors import DataError, explain

__all__ = ["get_word_index", "load_data"]

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: object,
) -> Parts:
    """Film reviews as sequences of word numbers: 25,000 to train with and 25,000 to test with.

    Words are numbered by how often they come, the most frequent first. Labels are 1 for
    good reviews, 0 for bad ones. 17 MB are fetched at the first call.

    Args:
        path: the name of the file in the cache.
        num_words: words with this number or a larger one become `oov_char`; None: the
            largest number alone.
        skip_top: words with a smaller number become `oov_char`.
        maxlen: reviews of this length or longer are left out; None keeps all.
        seed: of the order.
        start_char: the number before each review; None: there is none.
        oov_char: the number in the place of words that are left out; None takes them
            out altogether.
        index_from: what is added to each word's rank, so that 0 can be padding.
    Returns: ((x_train, y_train), (x_test, y_test)); x are arrays of lists of integers, y
        arrays of int64.
    Raises: DownloadError without a network, as long as the file is not in the cache;
        DataError if `maxlen` leaves no review.
    Source: Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis".

    Example:
        >>> (x_train, y_train), _ = load_data(num_words=10_000)  # doctest: +SKIP
        >>> x_train[0][:4]  # doctest: +SKIP
        [1, 14, 22, 16]
    """
    if kwargs:
        raise TypeError(f"imdb.load_data() has no argument {', '.join(map(repr, kwargs))}")
    how = Numbering(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    file = fetched(path, f"{KERAS_FILES}imdb.npz", file_hash=_SHA256)
    x_train, y_train, x_test, y_test = read_arrays(file, "x_train", "y_train", "x_test", "y_test")
    random = np.random.RandomState(seed)
    order, test_order = shuffled_indices(len(x_train), random), shuffled_indices(len(x_test), random)
    # Both together: the largest word number of all is the limit, if none is given.
    texts, kept = numbered([*x_train[order], *x_test[test_order]], how)
    cut = int(kept[: len(order)].sum())
    if cut in (0, len(texts)):
        raise DataError(explain(f"maxlen={maxlen} leaves no review in one of the parts.", fix="raise it"))
    labels = np.concatenate([y_train[order], y_test[test_order]])[kept]
    return (texts[:cut], labels[:cut]), (texts[cut:], labels[cut:])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word: 1 for the most frequent. `load_data` adds `index_from` to it.

    Args:
        path: the name of the file in the cache.
    Raises: DownloadError without a network, as long as the file is not in the cache.

    Example:
        >>> words = {rank + 3: word for word, rank in get_word_index().items()}  # doctest: +SKIP
        >>> " ".join(words.get(number, "?") for number in x_train[0][:4])  # doctest: +SKIP
        '? this film was'
    """
    file = fetched(path, f"{KERAS_FILES}imdb_word_index.json", file_hash=_WORDS_MD5)
    return json.loads(file.read_text(encoding="utf-8"))
