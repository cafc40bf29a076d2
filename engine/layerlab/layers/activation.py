"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import activations, constraints, dtypes, initializers, ops, regularizers
from layerlab.backend.protocol import Array
from layerlab.core.arguments import NOT_NEGATIVE
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.errors import ShapeError, explain

__all__ = ["ELU", "Activation", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class Activation(Layer):
    """Applies an activation function, given by name or as a callable."""

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return self.activation(inputs)


class ReLU(Layer):
    """`negative_slope * (x - threshold)` below the threshold, x above it, at most `max_value`."""

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _not_negative(max_value, "max_value", "ReLU")
        self.negative_slope = _not_negative(negative_slope, "negative_slope", "ReLU")
        self.threshold = _not_negative(threshold, "threshold", "ReLU")
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


class LeakyReLU(Layer):
    """x where positive, else `negative_slope * x`."""

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**kwargs)
        self.negative_slope = _not_negative(negative_slope, "negative_slope", "LeakyReLU")
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class PReLU(Layer):
    """x where positive, else `alpha * x` with a learned alpha for each position of a sample.

    Args:
        shared_axes: axes along which one alpha is shared, counted from 1.
    Weights: alpha. Source: He et al. 2015, arXiv:1502.01852.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = (
            [shared_axes]
            if isinstance(shared_axes, int)
            else None
            if shared_axes is None
            else list(shared_axes)
        )
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        shared = self.shared_axes or []
        shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        axes = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes if shared else {})

    def call(self, inputs: Array) -> Array:
        negative = ops.multiply(self.alpha, activations.relu(ops.negative(inputs)))
        return ops.subtract(activations.relu(inputs), negative)


class ELU(Layer):
    """x where positive, else `alpha * (exp(x) - 1)`."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(Layer):
    """Exponentials that sum to 1 along `axis`; places where `mask` is False get 0.

    Args:
        axis: one or several axes.
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Array, mask: Array | None = None) -> Array:
        if mask is None:
            return self._normalize(inputs)
        self._check_mask(inputs, mask)
        keep = mask if dtypes.standardize_dtype(mask.dtype) == "bool" else ops.greater(mask, 0.5)
        lowest = -3e4 if dtypes.standardize_dtype(inputs.dtype) == "float16" else -1e9
        outputs = self._normalize(ops.where(keep, inputs, ops.full_like(inputs, lowest)))
        # Where everything is masked the softmax is uniform; it must be 0.
        return ops.where(keep, outputs, ops.zeros_like(outputs))

    def _normalize(self, x: Array) -> Array:
        if isinstance(self.axis, int):
            return activations.softmax(x, axis=self.axis)
        return ops.exp(ops.subtract(x, ops.logsumexp(x, axis=tuple(self.axis), keepdims=True)))

    def _check_mask(self, inputs: Array, mask: Array) -> None:
        pairs = zip(reversed(mask.shape), reversed(inputs.shape), strict=False)
        if len(mask.shape) > len(inputs.shape) or any(m not in (1, n) for m, n in pairs):
            raise ShapeError(
                explain(
                    f"{self.describe()} got a mask of shape {tuple(mask.shape)}.",
                    expected=f"one that broadcasts to {tuple(inputs.shape)}",
                )
            )


def _not_negative(value: Any, name: str, layer: str) -> float:
    NOT_NEGATIVE.require(layer, name, value)
    return float(value)
