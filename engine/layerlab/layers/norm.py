"""Normalizations: by statistics of the batch, of features, of groups of channels, or by length.

Statistics are computed in float32 also where the layer computes in 16 bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layerlab import dtypes, ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.arguments import refuse
from layerlab.layers.weights import Weight, Weights, make_weights
from layerlab.numeric import as_ints, is_integer
from layerlab.settings import settings
from layerlab.typing import OpenShape

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
]

Axes = int | Sequence[int]


class _ScaleAndCenter(Layer):
    """What the layers with gamma and beta share."""

    gamma: Variable | None = None
    beta: Variable | None = None
    center: bool
    scale: bool
    _declared_weights = Weights(
        beta=Weight("zeros", switch="center", autocast=False),
        gamma=Weight("ones", switch="scale", autocast=False),
    )


class BatchNormalization(_ScaleAndCenter):
    """Normalization of each feature by its mean and variance over the batch.

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta. In training, mean and
    variance are the batch's own, and they move the averages that the layer keeps:
    moving = momentum * moving + (1 - momentum) * batch. In inference, and where the
    layer is frozen (`trainable = False`), the moving averages take their place, so that
    the result for one sample does not depend on the others. Batches of a few samples
    give noisy statistics: GroupNormalization and LayerNormalization need none.

    Args:
        axis: the axis of the features, which have one mean and variance each; -1 for
            channels last, 1 for channels first.
        momentum: share of the moving averages that each training step keeps; with 0.99
            they reflect about the last hundred steps. Smaller for short trainings.
        epsilon: added to the variance, against division by 0; unit of x squared.
        moving_mean_initializer, moving_variance_initializer: values of the moving
            averages before the first training step.
        renorm, renorm_clipping, renorm_momentum, synchronized: not supported; for files
            and scripts that name them with their defaults.
    Call: `layer(x, training=None, mask=None)`; `mask`, of x's shape without its last
    axis, is True for the places that count in the batch's statistics.
    Input shape: any, the size of `axis` known.
    Output shape: as the input.
    Weights: gamma, beta, moving_mean, moving_variance, each (features,).
    Raises: ShapeError if the size of `axis` is not known, or for a mask whose axes are
    not one fewer than x's.
    Source: Ioffe, Szegedy 2015, arXiv:1502.03167.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization(momentum=0.9, epsilon=0)
        >>> np.asarray(layer(np.array([[1.0], [3.0]]), training=True)).tolist()
        [[-1.0], [1.0]]
        >>> float(layer.moving_mean[0])  # 0.9 * 0 + 0.1 * 2
        0.2...
    """

    moving_mean: Variable
    moving_variance: Variable
    _declared_weights = Weights(
        **_ScaleAndCenter._declared_weights,
        moving_mean=Weight("zeros", takes=("initializer",), trainable=False, autocast=False),
        moving_variance=Weight("ones", takes=("initializer",), trainable=False, autocast=False),
    )

    @_declared_weights.arguments(after="epsilon")
    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        renorm: bool = False,
        renorm_clipping: Mapping[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse(
            "BatchNormalization", renorm=renorm, renorm_clipping=renorm_clipping, synchronized=synchronized
        )
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.supports_masking = True

    def build(self, input_shape: OpenShape) -> None:
        (features,) = shape = _sizes(self, input_shape, self.axis)
        make_weights(self, gamma=shape, beta=shape, moving_mean=shape, moving_variance=shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: features})

    def call(self, inputs: Array, training: bool | None = None, mask: Array | None = None) -> Array:
        wide = ops.cast(inputs, _at_least_float32(inputs))
        if training and self.trainable:
            outputs, mean, variance = self._by_batch(wide, mask)
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance)
        else:
            outputs = self._by(wide, self.moving_mean.value, self.moving_variance.value)
        return ops.cast(outputs, self.compute_dtype)

    def _by_batch(self, x: Array, mask: Array | None) -> tuple[Array, Array, Array]:
        """The result, and the batch's mean and variance; by one kernel where the back end has one."""
        kernel = backend().batch_norm
        if kernel is None or mask is not None or self.axis % len(x.shape) != len(x.shape) - 1:
            mean, variance = self._moments(x, mask)
            return self._by(x, mean, variance), mean, variance
        gamma, beta = (None if part is None else ops.cast(part, x.dtype) for part in (self.gamma, self.beta))
        return kernel(x, gamma, beta, self.epsilon)

    def _by(self, x: Array, mean: Array, variance: Array) -> Array:
        return ops.batch_normalization(
            x, mean, variance, axis=self.axis, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
        )

    def _moments(self, x: Array, mask: Array | None) -> tuple[Array, Array]:
        axes = tuple(axis for axis in range(len(x.shape)) if axis != self.axis % len(x.shape))
        if mask is None:
            return ops.moments(x, axes=axes)
        if len(mask.shape) != len(x.shape) - 1:
            raise ShapeError(
                explain(
                    f"{self.describe()} got a mask of shape {tuple(mask.shape)}.",
                    expected=f"{tuple(x.shape[:-1])}, the input's shape without its last axis",
                )
            )
        keep = ops.broadcast_to(ops.cast(ops.expand_dims(mask, -1), "bool"), tuple(x.shape))
        zeros = ops.zeros_like(x)
        count = ops.add(ops.sum(ops.cast(keep, x.dtype), axis=axes, keepdims=True), settings.epsilon)
        mean = ops.divide(ops.sum(ops.where(keep, x, zeros), axis=axes, keepdims=True), count)
        difference = ops.where(keep, ops.subtract(x, mean), zeros)
        variance = ops.divide(ops.sum(ops.square(difference), axis=axes, keepdims=True), count)
        return ops.squeeze(mean, axes), ops.squeeze(variance, axes)

    def _move(self, variable: Variable, value: Array) -> None:
        old = ops.multiply(variable.value, self.momentum)
        variable.assign(ops.stop_gradient(ops.add(old, ops.multiply(value, 1.0 - self.momentum))))


class LayerNormalization(_ScaleAndCenter):
    """Normalization of each sample by the mean and variance of its own features.

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance
    over `axis`: the same in training and inference, whatever the batch. The usual
    choice in Transformers and recurrent networks.

    Args:
        axis: the axis, or several, over which mean and variance are taken; their sizes
            are the shape of gamma and beta.
        epsilon: added to the variance, against division by 0; unit of x squared.
    Input shape: any, the sizes of `axis` known.
    Output shape: as the input.
    Weights: gamma and beta, each of the sizes of `axis`.
    Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, eq. 4.

    Example:
        >>> import numpy as np
        >>> x = np.array([[1.0, 3.0], [10.0, 30.0]])
        >>> np.asarray(LayerNormalization(epsilon=0)(x)).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """

    @_ScaleAndCenter._declared_weights.arguments(after="epsilon")
    def __init__(self, axis: Axes = -1, epsilon: float = 1e-3, **kwargs: Any) -> None:
        refuse("LayerNormalization", rms_scaling=kwargs.pop("rms_scaling", False))
        super().__init__(**kwargs)
        self.axis: Any = _as_axis(axis, "LayerNormalization")
        self.epsilon = epsilon
        self.autocast = False  # statistics of what comes in, not of its 16-bit rounding
        self.supports_masking = True

    def build(self, input_shape: OpenShape) -> None:
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = _sizes(self, input_shape, *self.axis)
        make_weights(self, gamma=shape, beta=shape)

    def call(self, inputs: Array) -> Array:
        outputs = ops.layer_normalization(inputs, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)
        return ops.cast(outputs, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rms_scaling": False}


class GroupNormalization(_ScaleAndCenter):
    """Normalization of each sample by the mean and variance of groups of its channels.

    y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance
    over all places and the channels of one group. It does not depend on the batch, and
    takes the place of BatchNormalization in image networks that train in small batches.

    Args:
        groups: number of groups, which divides the number of channels; 1 is one for
            all, -1 one for each channel (instance normalization).
        axis: the axis of the channels.
        epsilon: added to the variance, against division by 0; unit of x squared.
    Input shape: (batch, ..., channels).
    Output shape: as the input.
    Weights: gamma and beta, each (channels,).
    Raises: ShapeError if `groups` does not divide the channels.
    Source: Wu, He 2018, arXiv:1803.08494.

    Example:
        >>> import numpy as np
        >>> x = np.array([[1.0, 3.0, 10.0, 30.0]])
        >>> np.asarray(GroupNormalization(groups=2, epsilon=0)(x)).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """

    @_ScaleAndCenter._declared_weights.arguments(after="epsilon")
    def __init__(self, groups: int = 32, axis: int = -1, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        self.autocast = False
        self.supports_masking = True

    def build(self, input_shape: OpenShape) -> None:
        (channels,) = _sizes(self, input_shape, self.axis)
        if self.groups == -1:
            self.groups = channels
        if self.groups < 1 or channels % self.groups:
            raise ShapeError(
                explain(
                    f"{self.describe()} cannot split {channels} channels into {self.groups} groups.",
                    fix="choose `groups` that divides the channels, or -1",
                )
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        make_weights(self, gamma=(channels,), beta=(channels,))

    def call(self, inputs: Array) -> Array:
        shape, axis = tuple(inputs.shape), self.axis % len(inputs.shape)
        wide = ops.cast(inputs, _at_least_float32(inputs))
        grouped = ops.reshape(
            wide, (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        )
        axes = tuple(a for a in range(1, len(shape) + 1) if a != axis)
        mean, variance = ops.moments(grouped, axes=axes, keepdims=True)
        factor = ops.rsqrt(ops.add(variance, self.epsilon))
        outputs = ops.reshape(ops.multiply(ops.subtract(grouped, mean), factor), shape)
        along = [shape[axis] if a == axis else 1 for a in range(len(shape))]
        if self.gamma is not None:
            outputs = ops.multiply(outputs, ops.reshape(self.gamma, along))
        if self.beta is not None:
            outputs = ops.add(outputs, ops.reshape(self.beta, along))
        return ops.cast(outputs, self.compute_dtype)


class RMSNormalization(Layer):
    """Normalization of each sample by the root mean square of its features.

    y = scale * x / sqrt(mean(x²) + epsilon), with the mean over `axis`:
    LayerNormalization without the mean and without beta, which costs less and serves as
    well in many language models.

    Args:
        axis: the axis, or several, over which the mean is taken; their sizes are the
            shape of `scale`.
        epsilon: added to the mean of squares, against division by 0; unit of x squared.
    Input shape: any, the sizes of `axis` known.
    Output shape: as the input.
    Weights: scale, of the sizes of `axis`, at first 1.
    Source: Zhang, Sennrich 2019, arXiv:1910.07467, eq. 4.

    Example:
        >>> import numpy as np
        >>> x = np.array([[1.0, 7.0]])  # root mean square 5
        >>> print(np.asarray(RMSNormalization()(x)).round(2))
        [[0.2 1.4]]
    """

    scale: Variable
    _declared_weights = Weights(scale=Weight("ones", takes=()))

    def __init__(self, axis: Axes = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis: Any = _as_axis(axis, "RMSNormalization")
        self.epsilon = epsilon

    def build(self, input_shape: OpenShape) -> None:
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        make_weights(self, scale=_sizes(self, input_shape, *self.axis))

    def call(self, x: Array) -> Array:
        return ops.rms_normalization(x, scale=self.scale, axis=self.axis, epsilon=self.epsilon)


class UnitNormalization(Layer):
    """Each sample divided by its Euclidean length.

    y = x / sqrt(sum(x²)), with the sum over `axis`. Dot products of the results are
    cosine similarities. A vector of zeros stays zero.

    Args:
        axis: the axis, or several, along which vectors lie.
    Input shape: any.
    Output shape: as the input.

    Example:
        >>> import numpy as np
        >>> print(np.asarray(UnitNormalization()(np.array([[3.0, 4.0], [0.0, 2.0]]))))
        [[0.6 0.8]
         [0.  1. ]]
    """

    def __init__(self, axis: Axes = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _as_axis(axis, "UnitNormalization")
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)


def _at_least_float32(x: Array) -> str:
    return dtypes.result_type(x.dtype, "float32")


def _as_axis(axis: object, layer: str) -> int | list[int]:
    if is_integer(axis):
        return int(axis)
    if isinstance(axis, list | tuple) and all(map(is_integer, axis)):
        return list(as_ints(axis))
    raise InvalidArgumentError(
        explain(f"{layer} got a bad `axis`.", expected="an integer or several", got=repr(axis))
    )


def _sizes(layer: Layer, input_shape: OpenShape, *axes: int) -> tuple[int, ...]:
    """The sizes of axes that weights depend on."""
    rank = len(input_shape)
    for axis in axes:
        if not -rank <= axis < rank:
            raise ShapeError(
                explain(
                    f"{layer.describe()} has no axis {axis} in {tuple(input_shape)}.",
                    expected=f"{-rank} to {rank - 1}",
                )
            )
        if input_shape[axis] is None:
            raise ShapeError(
                explain(
                    f"{layer.describe()} must know the size of axis {axis} of {tuple(input_shape)}.",
                    fix="give Input a shape in which that axis is not None",
                )
            )
    return tuple(size for axis in axes if (size := input_shape[axis]) is not None)
