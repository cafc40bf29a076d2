"""Activations as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import activations, dtypes, ops
from layerlab.backend.protocol import Array
from layerlab.core.arguments import NOT_NEGATIVE
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.core.variable import Variable
from layerlab.errors import ShapeError, explain
from layerlab.layers.weights import Weight, Weights, make_weights
from layerlab.numeric import is_integer
from layerlab.typing import ActivationLike, OpenShape

__all__ = ["ELU", "Activation", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class Activation(Layer):
    """Activation function as a layer of its own.

    For a function that stands behind another layer than the one with the weights: after
    a normalization, or after a sum of branches.

    Args:
        activation: a name of `layerlab.activations` such as 'gelu', or a callable of
            one array.
    Input shape: any
    Output shape: as the input.
    Raises: UnknownNameError for a name that means no activation.

    Example:
        >>> import numpy as np
        >>> Activation("relu")(np.array([-2.0, 3.0])).tolist()
        [0.0, 3.0]
    """

    def __init__(self, activation: ActivationLike, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return self.activation(inputs)


class ReLU(Layer):
    """Rectifier: what is positive passes, the rest becomes 0.

    y = min(x, max_value) for x > threshold, else negative_slope * (x - threshold).

    Args:
        max_value: the largest output, such as 6; None has no bound.
        negative_slope: slope below the threshold; above 0 no unit loses its gradient.
        threshold: where values begin to pass.
    Input shape: any
    Output shape: as the input.
    Raises: InvalidArgumentError for an argument below 0.
    Source: Nair, Hinton 2010, ICML.

    Example:
        >>> import numpy as np
        >>> ReLU(max_value=2)(np.array([-2.0, 1.0, 3.0])).tolist()
        [0.0, 1.0, 2.0]
    """

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
    """Rectifier with a slope on the negative side, so that no unit loses its gradient.

    y = x for x >= 0, else negative_slope * x.

    Args:
        negative_slope: slope on the negative side, at least 0; 0 is ReLU.
    Input shape: any
    Output shape: as the input.
    Raises: InvalidArgumentError for a slope below 0.
    Source: Maas, Hannun, Ng 2013, ICML.

    Example:
        >>> import numpy as np
        >>> LeakyReLU(0.25)(np.array([-2.0, 3.0])).tolist()
        [-0.5, 3.0]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        negative_slope = kwargs.pop("alpha", negative_slope)  # its name in Keras 2
        super().__init__(**kwargs)
        self.negative_slope = _not_negative(negative_slope, "negative_slope", "LeakyReLU")
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class PReLU(Layer):
    """Rectifier whose slope on the negative side is learned.

    y = x for x >= 0, else alpha * x, with an alpha for each position of a sample.

    Args:
        alpha_initializer: first values of alpha; 'Zeros' begins as ReLU.
        alpha_regularizer: penalty on alpha, added to the loss; None is none.
        alpha_constraint: projection of alpha after each update; None is none.
        shared_axes: axes along which one alpha is shared, counted from 1: [1, 2] for
            images leaves one for each channel. None shares none.
    Input shape: (batch, ...), with known sizes where alpha is not shared
    Output shape: as the input.
    Weights: alpha, a sample's shape with 1 for the shared axes.
    Source: He et al. 2015, arXiv:1502.01852.

    Example:
        >>> import numpy as np
        >>> layer = PReLU(alpha_initializer="ones", shared_axes=[1, 2])
        >>> layer(np.array([-2.0, 3.0]).reshape(1, 1, 1, 2)).ravel().tolist()
        [-2.0, 3.0]
        >>> layer.alpha.shape
        (1, 1, 2)
    """

    alpha: Variable
    _declared_weights = Weights(alpha=Weight("Zeros"))

    @_declared_weights.arguments(after="self")
    def __init__(self, shared_axes: int | Sequence[int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shared_axes = (
            [shared_axes] if is_integer(shared_axes) else None if shared_axes is None else list(shared_axes)
        )
        self.supports_masking = True

    def build(self, input_shape: OpenShape) -> None:
        shared = self.shared_axes or []
        shape = (1 if axis in shared else size for axis, size in enumerate(input_shape))
        make_weights(self, alpha=tuple(shape)[1:])
        axes = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes if shared else {})

    def call(self, inputs: Array) -> Array:
        negative = ops.multiply(self.alpha, activations.relu(ops.negative(inputs)))
        return ops.subtract(activations.relu(inputs), negative)


class ELU(Layer):
    """Rectifier that bends smoothly towards -alpha on the negative side.

    y = x for x >= 0, else alpha * (exp(x) - 1). Means of the outputs are nearer to 0
    than with ReLU.

    Args:
        alpha: minus the limit for large negative x.
    Input shape: any
    Output shape: as the input.
    Source: Clevert, Unterthiner, Hochreiter 2015, arXiv:1511.07289.

    Example:
        >>> import numpy as np
        >>> [round(y, 3) for y in ELU()(np.array([-2.0, 3.0])).tolist()]
        [-0.865, 3.0]
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(Layer):
    """Exponentials divided by their sum: scores become probabilities.

    y = exp(x) / sum(exp(x)) along `axis`.

    Args:
        axis: one axis, or several that sum to 1 together.
    Call: `layer(x, mask=None)`; `mask` broadcasts to x, and where it is False y is 0.
    Input shape: any
    Output shape: as the input.
    Raises: ShapeError for a mask that does not broadcast to the input.

    Example:
        >>> import numpy as np
        >>> Softmax()(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
        >>> mask = np.array([[True, True, False]])
        >>> Softmax()(np.array([[1.0, 1.0, 5.0]]), mask=mask).tolist()
        [[0.5, 0.5, 0.0]]
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
        if is_integer(self.axis):
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
