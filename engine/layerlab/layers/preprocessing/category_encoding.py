"""Integers from 0 to a known number as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.arguments import POSITIVE_INTEGER
from layerlab.errors import DataError, InvalidArgumentError, explain
from layerlab.layers.preprocessing.encode import as_mode, encode, refuse_sparse
from layerlab.layers.preprocessing.host_layer import ListLayer
from layerlab.layers.preprocessing.host_values import as_integers

__all__ = ["CategoryEncoding"]


class CategoryEncoding(ListLayer):
    """Integers from 0 to `num_tokens` - 1 as vectors of that length.

    For categories that are numbered already; IntegerLookup and StringLookup number
    those that are not. It computes in the compiled step.

    Args:
        num_tokens: the number of categories, which is the length of a vector.
        output_mode: "one_hot", a vector for each integer; "multi_hot", one for each
            sample (the last axis), 1 at each integer in it; "count", how often each is
            in it.
        sparse: False; sparse results do not exist here.
    Call: `layer(x, count_weights=None)`; the weights, of x's shape, are what an integer
    adds in mode "count".
    Input shape: (...,) or (..., n), integers
    Output shape: (..., num_tokens); for "one_hot" with n > 1 (..., n, num_tokens)
    Raises: DataError for integers outside of the range, in lists and NumPy arrays; in a
    compiled step they count for nothing. InvalidArgumentError for weights in another
    mode.

    Example:
        >>> import numpy as np
        >>> layer = CategoryEncoding(num_tokens=4, output_mode="count")
        >>> layer(np.array([[0, 1, 1], [3, 3, 3]])).tolist()
        [[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_mode = as_mode(output_mode, ("one_hot", "multi_hot", "count"), "CategoryEncoding")
        if num_tokens is None:
            raise InvalidArgumentError(
                explain(
                    "CategoryEncoding needs `num_tokens`.",
                    fix="IntegerLookup learns the categories from the data",
                )
            )
        POSITIVE_INTEGER.require("CategoryEncoding", "num_tokens", num_tokens)
        self.num_tokens = num_tokens
        self.sparse = refuse_sparse(sparse, "CategoryEncoding")

    def call(self, inputs: Array, count_weights: Array | None = None) -> Array:
        if count_weights is not None and self.output_mode != "count":
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()} takes `count_weights` in mode 'count' alone.",
                    got=f"output_mode={self.output_mode!r}",
                )
            )
        if count_weights is not None:
            count_weights = ops.convert_to_tensor(count_weights)
        return encode(
            ops.cast(inputs, "int32"), self.output_mode, self.num_tokens, self.compute_dtype, count_weights
        )

    def _taken(self, values: object) -> np.ndarray:
        found = as_integers(values, self.describe())
        if found.size and (found.min() < 0 or found.max() >= self.num_tokens):
            raise DataError(
                explain(
                    f"{self.describe()} got integers outside of its range.",
                    expected=f"0 to {self.num_tokens - 1}",
                    got=f"{found.min()} to {found.max()}",
                    fix="num_tokens is the largest integer plus 1",
                )
            )
        return found.astype("int32")
