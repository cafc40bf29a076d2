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
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import as_data_format, as_rate
from layerlab.numeric import as_open_sizes, is_integer

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
    """Random values set to 0 in training, so that no unit can rely on another.

    In training each value is 0 with probability `rate`, else x / (1 - rate), which
    keeps the mean. In inference nothing happens.

    Args:
        rate: fraction of the values that are set to 0, from 0 to 1.
        noise_shape: shape of the random pattern, which is broadcast over the input; a
            None in it is the input's size. (None, 1, None) drops the same features at
            all steps. None draws for each value.
    Call: `layer(x, training=False)`; within `fit` training is True by itself.
    Input shape: any.
    Output shape: as the input.
    Raises: InvalidArgumentError for a rate outside of 0 to 1.
    Source: Srivastava et al. 2014, JMLR 15.

    Example:
        >>> import numpy as np
        >>> layer = Dropout(0.5, seed=1)
        >>> np.asarray(layer(np.ones((1, 2)))).tolist()  # inference
        [[1.0, 1.0]]
        >>> np.unique(layer(np.ones((1, 99)), training=True)).tolist()
        [0.0, 2.0]
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
    """Dropout of whole features of a sequence: a feature is 0 at all steps, or at none.

    For inputs whose neighbouring steps are much alike: dropping single values takes
    little from them.

    Args:
        rate: fraction of the features that training sets to 0, from 0 to 1; the others
            are divided by 1 - rate.
    Call: `layer(x, training=False)`.
    Input shape: (batch, steps, features).
    Output shape: as the input.
    Source: Tompson et al. 2014, arXiv:1411.4280, section 3.2.

    Example:
        >>> import numpy as np
        >>> x = np.ones((1, 3, 99))
        >>> y = np.asarray(SpatialDropout1D(0.5, seed=1)(x, training=True))
        >>> np.unique(y.sum(axis=1)).tolist()  # 3 steps of 0, or 3 of 2
        [0.0, 6.0]
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: PolicyLike = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = as_rate(rate, "rate", "SpatialDropout1D")
        self.input_spec = InputSpec(ndim=3)
        self._seed(seed, rate > 0)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images: a channel is 0 everywhere, or nowhere.

    For feature maps, whose neighbouring pixels are much alike: dropping single values
    takes little from them.

    Args:
        rate: fraction of the channels that training sets to 0, from 0 to 1; the others
            are divided by 1 - rate.
    Call: `layer(x, training=False)`.
    Input shape: (batch, rows, columns, channels), or channels first.
    Output shape: as the input.
    Source: Tompson et al. 2014, arXiv:1411.4280, section 3.2.

    Example:
        >>> import numpy as np
        >>> x = np.ones((1, 2, 2, 99))
        >>> y = np.asarray(SpatialDropout2D(0.5, seed=1)(x, training=True))
        >>> np.unique(y.sum(axis=(1, 2))).tolist()  # 4 pixels of 0, or 4 of 2
        [0.0, 8.0]
    """

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = as_rate(rate, "rate", "SpatialDropout2D")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)
        self._seed(seed, rate > 0)


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes: a channel is 0 everywhere, or nowhere.

    Args:
        rate: fraction of the channels that training sets to 0, from 0 to 1; the others
            are divided by 1 - rate.
    Call: `layer(x, training=False)`.
    Input shape: (batch, depth, rows, columns, channels), or channels first.
    Output shape: as the input.
    Source: Tompson et al. 2014, arXiv:1411.4280, section 3.2.

    Example:
        >>> import numpy as np
        >>> x = np.ones((1, 2, 2, 2, 99))
        >>> y = np.asarray(SpatialDropout3D(0.5, seed=1)(x, training=True))
        >>> np.unique(y.sum(axis=(1, 2, 3))).tolist()  # 8 places of 0, or 8 of 2
        [0.0, 16.0]
    """

    rank = 3

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = as_rate(rate, "rate", "SpatialDropout3D")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)
        self._seed(seed, rate > 0)


class GaussianNoise(_Noise):
    """Normal noise added in training: each sample is seen a little changed each time.

    y = x + noise, of mean 0 and standard deviation `stddev`; in inference y = x.

    Args:
        stddev: standard deviation of the noise, in units of x, from 0 to 1.
    Call: `layer(x, training=False)`.
    Input shape: any.
    Output shape: as the input.
    Raises: InvalidArgumentError for a stddev outside of 0 to 1.
    Source: Bishop 1995, Neural Computation 7(1).

    Example:
        >>> import numpy as np
        >>> y = GaussianNoise(0.5, seed=1)(np.zeros((100, 100)), training=True)
        >>> round(float(y.std()), 1)
        0.5
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = as_rate(stddev, "stddev", "GaussianNoise")
        self._seed(seed, stddev > 0)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.stddev == 0:
            return inputs
        return ops.add(inputs, _normal(self, inputs, 0.0, self.stddev))


class GaussianDropout(_Noise):
    """Multiplication by normal noise in training, as strong as Dropout's.

    y = x * noise, of mean 1 and variance rate / (1 - rate), the variance of Dropout's
    factors; no value becomes 0 for certain. In inference y = x.

    Args:
        rate: as for Dropout, from 0 to less than 1.
    Call: `layer(x, training=False)`.
    Input shape: any.
    Output shape: as the input.
    Raises: InvalidArgumentError for a rate outside of 0 to 1, or of 1.
    Source: Srivastava et al. 2014, JMLR 15, section 10.

    Example:
        >>> import numpy as np
        >>> y = GaussianDropout(0.5, seed=1)(np.ones((100, 100)), training=True)
        >>> round(float(y.mean()), 1), round(float(y.std()), 1)
        (1.0, 1.0)
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
    """Dropout for SELU networks, whose activations keep their mean 0 and variance 1.

    Dropped values go to SELU's lower limit, -1.758, and y = a * x + b brings mean and
    variance back. In inference y = x.

    Args:
        rate: fraction of the values that training drops, from 0 to less than 1.
        noise_shape: shape of the random pattern, which is broadcast over the input; a
            None in it is the input's size. None draws for each value.
    Call: `layer(x, training=False)`.
    Input shape: any.
    Output shape: as the input.
    Raises: InvalidArgumentError for a rate outside of 0 to 1, or of 1.
    Source: Klambauer et al. 2017, arXiv:1706.02515, section 3.

    Example:
        >>> import numpy as np
        >>> y = AlphaDropout(0.5, seed=1)(np.zeros((1, 99)), training=True)
        >>> print(np.unique(np.asarray(y).round(2)))  # dropped, and kept
        [-0.78  0.78]
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
    """A penalty on its input, which it hands on unchanged.

    loss = l1 * sum(abs(x)) + l2 * sum(x²): added to the model's loss, it asks for small
    or sparse activations.

    Args:
        l1: factor of the sum of absolute values; pushes values to exactly 0.
        l2: factor of the sum of squares; pushes large values down most.
    Input shape: any.
    Output shape: as the input.

    Example:
        >>> import numpy as np
        >>> layer = ActivityRegularization(l1=0.5, l2=1.0)
        >>> y = layer(np.array([[1.0, -2.0]]))
        >>> float(layer.losses[0])  # 0.5 * 3 + 1 * 5
        6.5
    """

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


def _as_noise_shape(noise_shape: Sequence[int | None] | None) -> tuple[int | None, ...] | None:
    if noise_shape is None:
        return None
    if not isinstance(noise_shape, list | tuple) or any(
        size is not None and (not is_integer(size) or size <= 0) for size in noise_shape
    ):
        raise InvalidArgumentError(
            explain(
                "Dropout got a bad `noise_shape`.",
                expected="positive integers or None",
                got=repr(noise_shape),
            )
        )
    return as_open_sizes(noise_shape)


def _fill(noise_shape: tuple[int | None, ...] | None, inputs: Array) -> tuple[int, ...] | None:
    if noise_shape is None:
        return None
    return tuple(n if size is None else size for n, size in zip(inputs.shape, noise_shape, strict=True))
