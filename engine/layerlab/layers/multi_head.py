"""Attention with projections and several heads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

from layerlab import ops, regularizers
from layerlab.backend.protocol import Array
from layerlab.core.layer import Layer
from layerlab.core.naming import auto_name
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.activation import Softmax
from layerlab.layers.arguments import as_positive, as_rate, refuse
from layerlab.layers.dense import EinsumDense
from layerlab.layers.regularize import Dropout
from layerlab.layers.weights import Weight, Weights, said_of_weights
from layerlab.numeric import as_open_sizes, is_integer
from layerlab.typing import ActivationLike, OpenShape, RegularizerLike

__all__ = ["GroupQueryAttention", "MultiHeadAttention"]


class _HeadAttention(Layer):
    """What both share: projections, masks, and the attention of each head."""

    sliding_window: int | None
    dropout: float
    use_bias: bool
    use_gate: bool
    seed: int | None
    num_repeats = 1  # query heads for each key head
    _declared_weights = Weights(kernel=Weight("glorot_uniform"), bias=Weight("zeros"))  # of each projection

    def _set_heads(
        self,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        use_gate: bool,
        seed: int | None,
        penalty: Any,
    ) -> None:
        name = type(self).__name__
        refuse(name, flash_attention=flash_attention)
        self.dropout = as_rate(dropout, "dropout", name)
        self.use_bias = use_bias
        self.use_gate = use_gate
        self.sliding_window = (
            None if sliding_window is None else as_positive(sliding_window, "sliding_window", name)
        )
        self.seed = seed
        self.supports_masking = True
        self._projected_regularizer = regularizers.get(penalty)

    def _projection(
        self, name: str, free: int, bound: int, sizes: Sequence[int | None], activation: ActivationLike = None
    ) -> EinsumDense:
        """A product over the last `bound` axes, after `free` axes that stay, giving axes of these sizes."""
        letters = ascii_lowercase
        stay, summed = letters[:free], letters[free : free + bound]
        made = letters[free + bound : free + bound + len(sizes)]
        projection = EinsumDense(
            f"{stay}{summed},{summed}{made}->{stay}{made}",
            output_shape=(*(None,) * (free - 1), *sizes),
            activation=activation,
            bias_axes=made if self.use_bias else None,
            activity_regularizer=self._projected_regularizer,
            **_fresh(said_of_weights(self)),
            dtype=self.dtype_policy,
            name=name,
        )
        projection.supports_masking = True  # the attention around it knows what to do with masks
        return projection

    def _make_projections(
        self,
        shapes: tuple[Any, Any, Any],
        query_heads: int,
        key_heads: int,
        key_dim: int,
        value_dim: int,
        output: Sequence[int | None],
    ) -> None:
        query, value, key = shapes
        free = len(query) - 1
        if value[1:-1] != key[1:-1]:
            raise ShapeError(
                explain(
                    f"{self.describe()}: shapes of value and key",
                    expected="equal but for the features",
                    got=f"{value}, {key}",
                )
            )
        self._query_dense = self._projection("query", free, 1, (query_heads, key_dim))
        self._query_dense.build(query)
        self._key_dense = self._projection("key", len(key) - 1, 1, (key_heads, key_dim))
        self._key_dense.build(key)
        if self.use_gate:
            self._gate_dense = self._projection(
                "gate", free, 1, (query_heads, value_dim), activation="sigmoid"
            )
            self._gate_dense.build(query)
        self._value_dense = self._projection("value", len(value) - 1, 1, (key_heads, value_dim))
        self._value_dense.build(value)
        self._dropout_layer = Dropout(self.dropout, dtype=self.dtype_policy, seed=self.seed)
        self._output_dense = self._projection("attention_output", free, 2, output)
        self._output_dense.build((*query[:-1], query_heads, value_dim))

    def call(
        self,
        query: Array,
        value: Array,
        key: Array | None = None,
        query_mask: Array | None = None,
        value_mask: Array | None = None,
        key_mask: Array | None = None,
        attention_mask: Array | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        mask = self._compute_attention_mask(
            query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
        )
        gate = self._gate_dense(query) if self.use_gate else None
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        if self.num_repeats > 1:
            k, v = ops.repeat(k, self.num_repeats, axis=2), ops.repeat(v, self.num_repeats, axis=2)
        output, scores = self._compute_attention(q, k, v, mask, training, return_attention_scores)
        output = self._output_dense(output if gate is None else ops.multiply(output, gate))
        return (output, scores) if return_attention_scores else output

    def _compute_attention_mask(
        self,
        query: Array,
        value: Array,
        query_mask: Array | None = None,
        value_mask: Array | None = None,
        key_mask: Array | None = None,
        attention_mask: Array | None = None,
        use_causal_mask: bool = False,
    ) -> Array | None:
        """True where a query place may look at a value place: (batch or 1, Tq, Tv); None if everywhere."""
        masks = [] if attention_mask is None else [ops.cast(attention_mask, "bool")]
        if query_mask is not None:
            masks.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        masks += [
            ops.expand_dims(ops.cast(mask, "bool"), -2) for mask in (value_mask, key_mask) if mask is not None
        ]
        if use_causal_mask or self.sliding_window is not None:
            rows = ops.reshape(ops.arange(query.shape[1]), (1, -1, 1))
            columns = ops.reshape(ops.arange(value.shape[1]), (1, 1, -1))
            if use_causal_mask:
                masks.append(ops.greater_equal(rows, columns))
            if self.sliding_window is not None:
                masks.append(ops.less(ops.abs(ops.subtract(rows, columns)), self.sliding_window))
        joined = None
        for mask in masks:
            joined = mask if joined is None else ops.logical_and(joined, mask)
        return joined

    def _compute_attention(
        self,
        query: Array,
        key: Array,
        value: Array,
        attention_mask: Array | None = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> tuple[Array, Array | None]:
        """(output, weights or None) for projected (batch, ..., heads, size); may be overridden."""
        axes = self._axes(len(query.shape))
        scale = 1.0 / math.sqrt(query.shape[-1])
        if attention_mask is not None:
            rank = (
                len(query.shape) - 1 + len(axes)
            )  # of the scores: batch axes, heads, query axes, value axes
            for _ in range(rank - len(attention_mask.shape)):
                attention_mask = ops.expand_dims(attention_mask, -2 * len(axes) - 1)
        drops = training and self.dropout > 0
        if len(query.shape) == 4 and not drops and not return_attention_scores:
            return ops.dot_product_attention(query, key, value, mask=attention_mask, scale=scale), None
        to_scores, to_output = _equations(len(query.shape), axes)
        scores = ops.einsum(to_scores, ops.multiply(query, scale), key)
        softmax = Softmax(axis=tuple(range(-len(axes), 0)), dtype=self.dtype_policy)
        weights = softmax(scores, mask=attention_mask)
        dropped = self._dropout_layer(weights, training=training)
        return ops.einsum(to_output, dropped, value), weights

    def _axes(self, rank: int) -> tuple[int, ...]:
        """The axes, of projected tensors of this rank, along which places are."""
        return tuple(range(1, rank - 2))


class MultiHeadAttention(_HeadAttention):
    """Attention of several heads, each with projections of its own.

    head = softmax(q @ transpose(k) / sqrt(key_dim)) @ v, with q, k, v linear in query,
    key and value; the output is linear in all heads together. The core of Transformers:
    with the same tensor as query and value it is self-attention.

    Args:
        num_heads: number of heads.
        key_dim: size of each head's queries and keys; often features / num_heads.
        value_dim: size of each head's values; None is `key_dim`.
        dropout: fraction of the attention weights that training sets to 0.
        use_bias: whether the projections add a learned bias.
        output_shape: features of the output, or several sizes; None is the query's.
        attention_axes: axes of the query along which places lie; None is all between
            batch and features.
        kernel_initializer, bias_initializer: first values of all projections, drawn
            anew for each unless the initializer has a seed.
        kernel_regularizer, bias_regularizer: penalties on the weights of each
            projection.
        activity_regularizer: penalty on the outputs of each projection.
        kernel_constraint, bias_constraint: rules that the projections' weights obey
            after each step.
    Call: `layer(query, value, key=None)`: query (batch, Tq, features), value and key
    (batch, Tv, features), key by default the value. `attention_mask` (batch, Tq, Tv) is
    True where a query place may look at a value; `use_causal_mask=True` hides values
    after the query's place; `query_mask`, `value_mask` and `key_mask` are (batch, T)
    and come by themselves from layers that mask. `return_attention_scores=True` gives
    the weights (batch, heads, Tq, Tv) as well.
    Output shape: (batch, Tq, features), or (batch, Tq, *output_shape).
    Raises: ShapeError if value and key differ in more than their features.
    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2; `sliding_window`:
    Beltagy, Peters, Cohan 2020, arXiv:2004.05150; `use_gate`: Qiu et al. 2025,
    arXiv:2505.06708.

    Example:
        >>> import numpy as np
        >>> layer = MultiHeadAttention(1, key_dim=4, kernel_initializer="zeros")
        >>> x, more = np.ones((1, 3, 8)), {"return_attention_scores": True}
        >>> output, weights = layer(x, x, use_causal_mask=True, **more)
        >>> print(np.asarray(weights)[0, 0].round(2))  # equal scores, later hidden
        [[1.   0.   0.  ]
         [0.5  0.5  0.  ]
         [0.33 0.33 0.33]]
    """

    not_in_config = ("flash_attention",)

    @_HeadAttention._declared_weights.arguments(
        after="flash_attention", constraints_after="activity_regularizer"
    )
    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        activity_regularizer: RegularizerLike = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads = as_positive(num_heads, "num_heads", "MultiHeadAttention")
        self.key_dim = as_positive(key_dim, "key_dim", "MultiHeadAttention")
        self.value_dim = (
            self.key_dim if value_dim is None else as_positive(value_dim, "value_dim", "MultiHeadAttention")
        )
        self._output_sizes = None if output_shape is None else as_open_sizes(output_shape)
        self.attention_axes = (attention_axes,) if is_integer(attention_axes) else attention_axes
        self._set_heads(
            dropout, use_bias, sliding_window, flash_attention, use_gate, seed, activity_regularizer
        )

    def build(
        self, query_shape: OpenShape, value_shape: OpenShape, key_shape: OpenShape | None = None
    ) -> None:
        shapes = (query_shape, value_shape, value_shape if key_shape is None else key_shape)
        output = self._output_sizes or (query_shape[-1],)
        self._make_projections(shapes, self.num_heads, self.num_heads, self.key_dim, self.value_dim, output)
        self.attention_axes = self._axes(len(query_shape) + 1)

    def _axes(self, rank: int) -> tuple[int, ...]:
        if self.attention_axes is None:
            return super()._axes(rank)
        return tuple(axis if axis >= 0 else rank - 1 + axis for axis in self.attention_axes)

    def get_config(self) -> dict[str, Any]:
        regularizer = regularizers.serialize(self._projected_regularizer)
        return {
            **super().get_config(),
            "output_shape": self._output_sizes,
            "activity_regularizer": regularizer,
        }


class GroupQueryAttention(_HeadAttention):
    """Multi-head attention with fewer heads of keys and values than of queries.

    As MultiHeadAttention, with num_query_heads / num_key_value_heads query heads to
    each head of keys and values: a language model has as many times fewer keys and
    values to keep while it writes. With one key head it is multi-query attention.

    Args:
        head_dim: size of each head.
        num_query_heads: number of query heads, a multiple of `num_key_value_heads`.
        num_key_value_heads: number of heads of keys and values.
        dropout: fraction of the attention weights that training sets to 0.
        use_bias: whether the projections add a learned bias.
        kernel_initializer, bias_initializer: first values of all projections, drawn
            anew for each unless the initializer has a seed.
        kernel_regularizer, bias_regularizer: penalties on the weights of each
            projection.
        activity_regularizer: penalty on the outputs of each projection.
        kernel_constraint, bias_constraint: rules that the projections' weights obey
            after each step.
    Call: `layer(query, value, key=None)`, with the masks and further arguments of
    MultiHeadAttention's call.
    Output shape: (batch, Tq, features), as the query.
    Raises: InvalidArgumentError if the heads cannot be shared evenly; ShapeError if
    value and key differ in more than their features.
    Source: Ainslie et al. 2023, arXiv:2305.13245.

    Example:
        >>> import numpy as np
        >>> layer = GroupQueryAttention(8, num_query_heads=4, num_key_value_heads=2)
        >>> layer(np.ones((1, 5, 16)), np.ones((1, 5, 16))).shape == (1, 5, 16)
        True
        >>> [w.shape for w in layer.weights if "kernel" in w.name][:2]  # query, key
        [(16, 4, 8), (16, 2, 8)]
    """

    not_in_config = ("flash_attention",)

    @_HeadAttention._declared_weights.arguments(
        after="flash_attention", constraints_after="activity_regularizer"
    )
    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        activity_regularizer: RegularizerLike = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        # Keras' class has another name than its export: paths of weights begin with it.
        super().__init__(**{**kwargs, "name": kwargs.get("name") or auto_name("GroupedQueryAttention")})
        self.head_dim = as_positive(head_dim, "head_dim", "GroupQueryAttention")
        self.num_query_heads = as_positive(num_query_heads, "num_query_heads", "GroupQueryAttention")
        self.num_key_value_heads = as_positive(
            num_key_value_heads, "num_key_value_heads", "GroupQueryAttention"
        )
        if num_query_heads % num_key_value_heads:
            raise InvalidArgumentError(
                explain(
                    "GroupQueryAttention cannot share its heads.",
                    expected="num_query_heads to be a multiple of num_key_value_heads",
                    got=f"{num_query_heads} and {num_key_value_heads}",
                )
            )
        self.num_repeats = num_query_heads // num_key_value_heads
        self._set_heads(
            dropout, use_bias, sliding_window, flash_attention, use_gate, seed, activity_regularizer
        )

    def build(
        self, query_shape: OpenShape, value_shape: OpenShape, key_shape: OpenShape | None = None
    ) -> None:
        shapes = (query_shape, value_shape, value_shape if key_shape is None else key_shape)
        size = self.head_dim
        self._make_projections(
            shapes, self.num_query_heads, self.num_key_value_heads, size, size, (query_shape[-1],)
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "activity_regularizer": regularizers.serialize(self._projected_regularizer),
        }


def _equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """Einsum equations (query, key -> scores) and (weights, value -> output).

    Scores have the axes that are not attended over (batch, heads ...), the query's `axes`, the value's.
    """
    query = ascii_lowercase[:rank]
    key = "".join(query[i].upper() if i in axes else query[i] for i in range(rank))
    batch = "".join(query[i] for i in range(rank - 1) if i not in axes)
    scores = batch + "".join(query[i] for i in axes) + "".join(key[i] for i in axes)
    return f"{query},{key}->{scores}", f"{scores},{key}->{query}"


def _fresh(said: dict[str, Any]) -> dict[str, Any]:
    """The same with copies of the initializers: one without seed gives the same values each time."""
    return {
        name: type(value).from_config(value.get_config())
        if name.endswith("_initializer") and hasattr(value, "get_config")
        else value
        for name, value in said.items()
    }
