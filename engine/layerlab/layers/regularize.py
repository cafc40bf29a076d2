"""Layers that act in training only, by noise or by a penalty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from layerlab import ops, random, regularizers
from layerlab.backend.protocol import Array
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.core.seed import SeedGenerator
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import as_data_format, as_rate

__all__ = [
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]


class _Noise(Layer):
    """What the noisy layers share: a seed, and silence in inference."""

    def _seed(self, seed: int | None, active: bool) -> None:
        self.seed = seed
        self.supports_masking = True
        if active:
            self.seed_generator = SeedGenerator(seed)


class Dropout(_Noise):
    """In training sets a fraction `rate` of the values to 0 and scales the others by 1 / (1 - rate).

    Args:
        rate: from 0 to 1.
        noise_shape: shape of the random pattern, which is broadcast; None entries are the input's sizes.
        seed: for a repeatable pattern.
    Source: Srivastava et al. 2014, JMLR 15.

    Example:
        >>> import numpy as np
        >>> np.asarray(Dropout(0.5)(np.ones((1, 2)))).tolist()  # not in training
        [[1.0, 1.0]]
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = as_rate(rate, "rate", "Dropout")
        self.noise_shape = _as_noise_shape(noise_shape)
        self._seed(seed, rate > 0)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        shape = _fill(self.noise_shape, inputs)
        return random.dropout(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)


class _SpatialDropout(_Noise):
    """Drops whole feature maps."""

    rate: float
    rank: ClassVar[int]
    data_format: str = "channels_last"

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        batch, ones = inputs.shape[0], (1,) * self.rank
        channels_last = self.data_format == "channels_last"
        shape = (batch, *ones, inputs.shape[-1]) if channels_last else (batch, inputs.shape[1], *ones)
        return random.dropout(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        config = {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype_policy.name}
        return config if self.rank == 1 else {**config, "data_format": self.data_format}


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole features of (batch, steps, features). Source: Tompson et al. 2014, arXiv:1411.4280."""

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = as_rate(rate, "rate", "SpatialDropout1D")
        self.input_spec = InputSpec(ndim=3)
        self._seed(seed, rate > 0)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images. Source: Tompson et al. 2014, arXiv:1411.4280."""

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = as_rate(rate, "rate", "SpatialDropout2D")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)
        self._seed(seed, rate > 0)


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes. Source: Tompson et al. 2014, arXiv:1411.4280."""

    rank = 3

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = as_rate(rate, "rate", "SpatialDropout3D")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)
        self._seed(seed, rate > 0)


class GaussianNoise(_Noise):
    """In training adds normal noise of standard deviation `stddev`, from 0 to 1."""

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = as_rate(stddev, "stddev", "GaussianNoise")
        self._seed(seed, stddev > 0)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.stddev == 0:
            return inputs
        return ops.add(inputs, _normal(self, inputs, 0.0, self.stddev))


class GaussianDropout(_Noise):
    """In training multiplies by normal noise of mean 1 and the variance that Dropout of `rate` has.

    Source: Srivastava et al. 2014, JMLR 15, section 10.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = as_rate(rate, "rate", "GaussianDropout")
        if rate == 1:
            raise InvalidArgumentError(
                explain("GaussianDropout got rate 1.", expected="less than 1: the noise is infinite")
            )
        self._seed(seed, rate > 0)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        return ops.multiply(inputs, _normal(self, inputs, 1.0, math.sqrt(self.rate / (1 - self.rate))))


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance of SELU activations: dropped values go to SELU's lower limit.

    Source: Klambauer et al. 2017, arXiv:1706.02515, section 3.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = as_rate(rate, "rate", "AlphaDropout")
        if rate == 1:
            raise InvalidArgumentError(
                explain("AlphaDropout got rate 1.", expected="less than 1: nothing would be left")
            )
        self.noise_shape = _as_noise_shape(noise_shape)
        self._seed(seed, rate > 0)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        shape = _fill(self.noise_shape, inputs) or tuple(inputs.shape)
        keep = ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate)
        lowest = -1.6732632423543772 * 1.0507009873554805  # -alpha * scale of SELU
        a = ((1 - self.rate) * (1 + self.rate * lowest**2)) ** -0.5
        b = -a * lowest * self.rate
        dropped = ops.where(keep, inputs, ops.full_like(inputs, lowest))
        return ops.add(ops.multiply(dropped, a), b)


class ActivityRegularization(Layer):
    """Hands its input on and adds l1 * sum|x| + l2 * sum x² of it to the loss."""

    not_in_config = ("activity_regularizer",)

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer")  # l1 and l2 say it
        return config


def _normal(layer: Any, like: Array, mean: float, stddev: float) -> Array:
    return random.normal(
        tuple(like.shape), mean=mean, stddev=stddev, dtype=layer.compute_dtype, seed=layer.seed_generator
    )


def _as_noise_shape(noise_shape: Any) -> tuple[int | None, ...] | None:
    if noise_shape is None:
        return None
    if not isinstance(noise_shape, list | tuple) or any(
        size is not None and (not isinstance(size, int) or size <= 0) for size in noise_shape
    ):
        raise InvalidArgumentError(
            explain(
                "Dropout got a bad `noise_shape`.",
                expected="positive integers or None",
                got=repr(noise_shape),
            )
        )
    return tuple(noise_shape)


def _fill(noise_shape: tuple[int | None, ...] | None, inputs: Array) -> tuple[int, ...] | None:
    if noise_shape is None:
        return None
    return tuple(n if size is None else size for n, size in zip(inputs.shape, noise_shape, strict=True))
