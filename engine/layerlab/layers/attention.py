"""Attention without projections: dot-product (Luong) and additive (Bahdanau)."""

from __future__ import annotations

from typing import Any

from layerlab import dtypes, ops, random
from layerlab.backend.protocol import Array
from layerlab.core.layer import Layer
from layerlab.core.seed import SeedGenerator
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import as_rate
from layerlab.layers.weights import Weight, Weights, make_weights
from layerlab.settings import choose

__all__ = ["AdditiveAttention", "Attention"]


class _Attention(Layer):
    """What both share: masks, softmax, dropout of the weights, and the weighted sum."""

    use_scale: bool
    dropout: float
    scale: Variable | None

    def _set_attention(self, use_scale: bool, dropout: float, seed: int | None) -> None:
        self.use_scale = use_scale
        self.dropout = as_rate(dropout, "dropout", type(self).__name__)
        self.seed = seed
        self.supports_masking = True
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def _scores(self, query: Array, key: Array) -> Array:
        raise NotImplementedError

    def call(
        self,
        inputs: Any,
        mask: Array | None = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs, "inputs")
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = _hide(self._scores(query, key), value_mask, use_causal_mask)
        weights = ops.softmax(scores, axis=-1)  # (batch, query, value)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        output = ops.matmul(weights, value)
        if query_mask is not None:
            output = ops.where(ops.expand_dims(query_mask, -1), output, ops.zeros_like(output))
        return (output, weights) if return_attention_scores else output

    def compute_mask(self, inputs: object, previous_mask: Array | None) -> Any:
        """The mask of the query: the output has its places."""
        return None if previous_mask is None else previous_mask[0]

    def _check(self, inputs: object, what: str) -> None:
        if not isinstance(inputs, list) or len(inputs) not in (2, 3):
            got = f"{len(inputs)} of them" if isinstance(inputs, list | tuple) else type(inputs).__name__
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()}: {what}",
                    expected="a list [query, value] or [query, value, key]",
                    got=got,
                )
            )


class Attention(_Attention):
    """Weighted sums of values, weighted by the products of query and keys.

    output = softmax(scores) @ value, scores = query @ transpose(key). A query place
    looks up the values whose keys are like it. No projections: MultiHeadAttention has
    them.

    Args:
        use_scale: whether the scores are multiplied by one learned number, at first 1.
        score_mode: 'dot', the dot products of queries and keys; 'concat', the sum over
            the features of tanh(query + key), multiplied by a learned number.
        dropout: fraction of the attention weights that training sets to 0.
    Call: `layer([query, value, key], mask=[query_mask, value_mask])`: query (batch, Tq,
    dim), value and key (batch, Tv, dim), key by default the value. The masks are
    (batch, Tq) and (batch, Tv), True for places that count; `use_causal_mask=True`
    hides values after the query's place; `return_attention_scores=True` gives the
    weights (batch, Tq, Tv) as well.
    Output shape: (batch, Tq, dim).
    Raises: InvalidArgumentError unless the inputs are a list of two or three tensors.
    Source: Luong, Pham, Manning 2015, arXiv:1508.04025, section 3.1.

    Example:
        >>> import numpy as np
        >>> query = np.array([[[9.0, 0.0]]])
        >>> value = np.array([[[1.0, 0.0], [0.0, 1.0]]])  # the first is like the query
        >>> output, weights = Attention()([query, value], return_attention_scores=True)
        >>> print(np.asarray(weights).round(3))
        [[[1. 0.]]]
    """

    concat_score_weight: Variable | None
    _declared_weights = Weights(
        scale=Weight("ones", takes=(), switch="use_scale"), concat_score_weight=Weight("ones", takes=())
    )

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.score_mode = choose(score_mode, ("dot", "concat"), "score mode")
        self._set_attention(use_scale, dropout, seed)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape, "inputs")
        make_weights(self, scale=(), concat_score_weight=() if self.score_mode == "concat" else None)

    def _scores(self, query: Array, key: Array) -> Array:
        if self.concat_score_weight is None:
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        pairs = _pairs(query, key)
        if self.scale is not None:
            pairs = ops.multiply(pairs, self.scale)
        return ops.multiply(ops.sum(ops.tanh(pairs), axis=-1), self.concat_score_weight)


class AdditiveAttention(_Attention):
    """Weighted sums of values, weighted by sums of tanh(query + key).

    output = softmax(scores) @ value, scores[i, j] = sum(scale * tanh(query[i] +
    key[j])). The score of the first attention in translation; Attention's dot product
    is faster.

    Args:
        use_scale: whether each feature has a learned factor `scale`; without, it is 1.
        dropout: fraction of the attention weights that training sets to 0.
    Call: `layer([query, value, key], mask=[query_mask, value_mask])`: query (batch, Tq,
    dim), value and key (batch, Tv, dim), key by default the value. The masks are
    (batch, Tq) and (batch, Tv), True for places that count; `use_causal_mask=True`
    hides values after the query's place; `return_attention_scores=True` gives the
    weights (batch, Tq, Tv) as well.
    Output shape: (batch, Tq, dim).
    Weights: scale (dim,), if `use_scale`.
    Raises: InvalidArgumentError unless the inputs are a list of two or three tensors.
    Source: Bahdanau, Cho, Bengio 2014, arXiv:1409.0473, appendix A.1.2.

    Example:
        >>> import numpy as np
        >>> query, value = np.zeros((1, 1, 1)), np.array([[[0.0], [9.0]]])
        >>> output = AdditiveAttention(use_scale=False)([query, value])
        >>> print(np.asarray(output).round(2))  # weights softmax(tanh(0), tanh(9))
        [[[6.58]]]
    """

    _declared_weights = Weights(scale=Weight("glorot_uniform", takes=(), switch="use_scale"))

    def __init__(
        self, use_scale: bool = True, dropout: float = 0.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._set_attention(use_scale, dropout, seed)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape, "inputs")
        make_weights(self, scale=(input_shape[0][-1],))

    def _scores(self, query: Array, key: Array) -> Array:
        features = ops.tanh(_pairs(query, key))
        return ops.sum(features if self.scale is None else ops.multiply(features, self.scale), axis=-1)


def _pairs(query: Array, key: Array) -> Array:
    """Sums of each query and each key: (batch, Tq, Tv, dim)."""
    return ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))


def _hide(scores: Array, value_mask: Array | None, causal: bool) -> Array:
    """Scores far below all others where a place may not be looked at."""
    allowed = (
        None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
    )  # (batch, 1, Tv)
    if causal:
        rows, columns = scores.shape[-2:]
        earlier = ops.greater_equal(
            ops.expand_dims(ops.arange(rows), -1), ops.expand_dims(ops.arange(columns), 0)
        )
        allowed = earlier if allowed is None else ops.logical_and(allowed, earlier)
    if allowed is None:
        return scores
    far = 65504.0 if dtypes.standardize_dtype(scores.dtype) == "float16" else 1e9
    return ops.where(allowed, scores, ops.subtract(scores, far))
