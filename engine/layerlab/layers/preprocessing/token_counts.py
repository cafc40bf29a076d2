"""Tokens counted over a data set, and the vocabulary and weights that follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from layerlab.layers.preprocessing.vocabulary import MOST_TOKENS, too_many

__all__ = ["TokenCounts"]


class TokenCounts:
    """How often each token came, and in how many documents.

    Args:
        where: the layer, for errors.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._tokens: Counter[Any] = Counter()
        self._documents: Counter[Any] = Counter()
        self.documents = 0

    def add(self, documents: Iterable[Sequence[Any]]) -> None:
        """Count documents, each a list of tokens. Raises: DataError for too many different tokens."""
        for document in documents:
            self._tokens.update(document)
            self._documents.update(set(document))
            self.documents += 1
            if len(self._tokens) > MOST_TOKENS:
                raise too_many(self._where)

    def most_common(self, count: int | None, without: Sequence[Any]) -> list[Any]:
        """The most frequent tokens, and of those as frequent the last in their order."""
        left = (item for item in self._tokens.items() if item[0] not in without)
        ordered = sorted(left, key=lambda item: (item[1], item[0]), reverse=True)
        return [token for token, _ in ordered[:count]]

    def weights(self, tokens: Sequence[Any]) -> np.ndarray:
        """The inverse document frequency of tokens: log(1 + documents / (1 + documents with the token))."""
        having = np.array([self._documents[token] for token in tokens], "float64")
        return np.log(1 + self.documents / (1 + having))
