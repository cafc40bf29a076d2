"""Embeddings: integers to learned vectors, and back to scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import dtypes, ops, regularizers
from layerlab.core.context import context
from layerlab.core.layer import Layer
from layerlab.core.masking import set_mask
from layerlab.core.variable import Variable
from layerlab.layers.arguments import as_positive, refuse
from layerlab.layers.weight_transform import take_rows
from layerlab.layers.weights import Weight, Weights, make_weights
from layerlab.typing import Array, OpenShape, TensorLike

__all__ = ["Embedding", "ReversibleEmbedding"]


class _Embedding(Layer):
    not_in_config = ("weights", "lora_rank", "lora_alpha")
    input_dim: int
    output_dim: int
    mask_zero: bool
    embeddings: Variable
    embeddings_initializer: Any
    _declared_weights = Weights(embeddings=Weight("uniform"))

    def _set_table(self, input_dim: int, output_dim: int, mask_zero: bool) -> None:
        self.input_dim = as_positive(input_dim, "input_dim", type(self).__name__)
        self.output_dim = as_positive(output_dim, "output_dim", type(self).__name__)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False  # integers may come as float32, and must not be rounded to 16 bits
        self.quantization_config = None

    def _add_table(self) -> None:
        make_weights(self, embeddings=(self.input_dim, self.output_dim))

    def _embed(self, inputs: Array) -> Array:
        if context.lookups is not None:
            context.lookups.append((self, inputs))
        if not dtypes.is_integer(dtypes.standardize_dtype(inputs.dtype)):
            inputs = ops.cast(inputs, "int32")
        return ops.cast(take_rows(self.embeddings, inputs), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        regularizer = regularizers.serialize(self.activity_regularizer)
        return {**super().get_config(), "activity_regularizer": regularizer, "quantization_config": None}


class Embedding(_Embedding):
    """Table of learned vectors, looked up by integer: words, categories, users.

    y[..., :] = embeddings[x[...]]: a Dense without bias on one-hot vectors, without
    making them.

    Args:
        weights: first value of the table, (input_dim, output_dim), such as vectors
            trained elsewhere; None takes `embeddings_initializer`.
    Input shape: (batch, ...), integers from 0 to input_dim - 1
    Output shape: (batch, ..., output_dim)
    Weights: embeddings (input_dim, output_dim).
    Raises: InvalidArgumentError for an `input_dim` or `output_dim` that is not a
    positive integer. The integers themselves are not checked: JAX gives NaN for those
    above.

    Example:
        >>> import numpy as np
        >>> table = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
        >>> Embedding(3, 2, weights=table)(np.array([2, 1])).tolist()
        [[3.0, 4.0], [1.0, 2.0]]
        >>> Embedding(3, 2, mask_zero=True).compute_mask(np.array([2, 1, 0])).tolist()
        [True, True, False]
    """

    @_Embedding._declared_weights.arguments(after="output_dim")
    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        mask_zero: bool = False,
        weights: Sequence[TensorLike] | None = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: object = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # an argument of Keras 2 that says nothing
        super().__init__(**kwargs)
        refuse(
            "Embedding", lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config
        )
        self._set_table(input_dim, output_dim, mask_zero)
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: OpenShape | None = None) -> None:
        if not self.built:
            self._add_table()

    def call(self, inputs: Array) -> Array:
        return self._embed(inputs)

    def compute_mask(self, inputs: object, previous_mask: Array | None = None) -> Any:
        """False where the input is 0, if `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None


class ReversibleEmbedding(_Embedding):
    """Embedding that also gives scores for each integer from a vector.

    `layer(x)` looks vectors up; `layer(x, reverse=True)` is x @ transpose(embeddings),
    the logits of a language model's next word. One table for both ways saves weights.

    Args:
        tie_weights: whether both ways share one table; False adds a second.
        reverse_dtype: dtype in which scores are computed, such as 'float32' under a
            16-bit policy; None is the compute dtype.
        logit_soft_cap: scores become cap * tanh(scores / cap), between -cap and cap;
            None leaves them.
    Call: `layer(x, reverse=False)`
    Input shape: (batch, ...), integers; reverse: (batch, ..., output_dim)
    Output shape: (batch, ..., output_dim); reverse: (batch, ..., input_dim)
    Weights: embeddings (input_dim, output_dim); reverse_embeddings (output_dim,
    input_dim) unless tied.
    Source: Press, Wolf 2016, arXiv:1608.05859.

    Example:
        >>> import numpy as np
        >>> layer = ReversibleEmbedding(3, 2, embeddings_initializer="ones")
        >>> layer(np.array([[2, 1]])).shape
        (1, 2, 2)
        >>> layer(np.array([[1.0, 3.0]]), reverse=True).tolist()
        [[4.0, 4.0, 4.0]]
    """

    reverse_embeddings: Variable
    _declared_weights = Weights(
        **_Embedding._declared_weights, reverse_embeddings=Weight("uniform", "embeddings", ("initializer",))
    )

    @_Embedding._declared_weights.arguments(after="tie_weights")
    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        mask_zero: bool = False,
        reverse_dtype: str | None = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        unsupported = {
            name: kwargs.pop(name, None) for name in ("lora_rank", "lora_alpha", "quantization_config")
        }
        refuse("ReversibleEmbedding", **unsupported)
        super().__init__(**kwargs)
        self._set_table(input_dim, output_dim, mask_zero)
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: OpenShape | None = None) -> None:
        self._add_table()
        if not self.tie_weights:
            make_weights(self, reverse_embeddings=(self.output_dim, self.input_dim))

    def call(self, inputs: Array, reverse: bool = False) -> Array:
        if reverse:
            return self._scores(inputs)
        outputs = self._embed(inputs)
        if self.mask_zero:
            set_mask(outputs, ops.not_equal(inputs, 0))
        return outputs

    def _scores(self, x: Array) -> Array:
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings.value
        dtype = self.reverse_dtype
        if dtype is not None:
            x, kernel = ops.cast(x, dtype), ops.cast(kernel, dtype)
        scores = ops.matmul(x, kernel)
        if self.logit_soft_cap is not None:
            scores = ops.multiply(ops.tanh(ops.divide(scores, self.logit_soft_cap)), self.logit_soft_cap)
        return scores

    def compute_mask(self, inputs: object, previous_mask: Array | None = None) -> Any:
        """None: `call` attaches the mask, since scores have none."""
        return None
