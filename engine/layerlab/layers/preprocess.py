"""Numbers made fit for a network: rescaling, and normalization by statistics of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from layerlab import ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.layer import Layer
from layerlab.errors import DataError, InvalidArgumentError, ShapeError, explain
from layerlab.layers.preprocessing.batches import batches_of, is_one_array
from layerlab.numeric import is_integer
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["Normalization", "Rescaling"]


class Rescaling(Layer):
    """Fixed scale and shift, such as for pixels from 0 to 255 into 0 to 1.

    y = x * scale + offset; integers become the compute dtype first.

    Args:
        scale, offset: numbers, or arrays that broadcast to the input, such as one
            number for each channel.
    Input shape: any
    Output shape: as the input, floating.

    Example:
        >>> import numpy as np
        >>> Rescaling(1 / 127.5, offset=-1)(np.array([0, 255])).tolist()
        [-1.0, 1.0]
    """

    def __init__(self, scale: TensorLike, offset: TensorLike = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        dtype = self.compute_dtype
        scale = ops.cast(ops.convert_to_tensor(self.scale), dtype)
        if len(scale.shape) and settings.image_data_format == "channels_first":
            scale = ops.reshape(scale, (*scale.shape, *(1,) * (3 - len(scale.shape))))
        offset = ops.cast(ops.convert_to_tensor(self.offset), dtype)
        return ops.add(ops.multiply(ops.cast(inputs, dtype), scale), offset)

    def get_config(self) -> dict[str, Any]:
        arrays = {"scale": serialize_keras_object(self.scale), "offset": serialize_keras_object(self.offset)}
        return {**super().get_config(), **arrays}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config that `get_config` gave.

        Args:
            config: a dict of the constructor's arguments.
        """
        arrays: dict[str, Any] = {
            key: deserialize_keras_object(config[key]) for key in ("scale", "offset") if key in config
        }
        return super().from_config({**config, **arrays})


class Normalization(Layer):
    """Features brought to mean 0 and variance 1, by statistics of the data.

    y = (x - mean) / max(sqrt(variance), epsilon), epsilon being
    `layerlab.config.epsilon()`. The statistics are given, or learned once from the
    training data by `adapt`, before `fit`; training does not change them.

    Args:
        axis: axis or axes that have statistics of their own, such as the features' -1;
            None takes one mean and one variance for all.
        mean, variance: given statistics, with the sizes of `axis`; None leaves them to
            `adapt`. Both or neither.
        invert: whether to go back: x * sqrt(variance) + mean.
    Input shape: any, the sizes of `axis` known
    Output shape: as the input, floating.
    Weights: mean, variance (sizes of `axis`), count (); none if the statistics are
    given.
    Raises: InvalidArgumentError for one of `mean` and `variance` alone, or two shapes;
    ShapeError if a size of `axis` is not known.

    Example:
        >>> import numpy as np
        >>> layer = Normalization(axis=-1)
        >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> layer(np.array([[5.0, 20.0]])).tolist()
        [[3.0, 0.0]]
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if is_integer(axis) else tuple(axis)
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise InvalidArgumentError(
                explain(
                    "Normalization takes both `mean` and `variance`, of one shape, or neither.",
                    got=f"shapes {np.shape(mean)} and {np.shape(variance)}",
                )
            )
        if np.ndim(mean) > len(self.axis):
            raise InvalidArgumentError(
                explain(
                    "Normalization: `mean`",
                    expected=f"at most {len(self.axis)} axes",
                    got=str(np.shape(mean)),
                )
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        if any(not -rank <= axis < rank or input_shape[axis] is None for axis in self.axis):
            raise ShapeError(
                explain(
                    f"{self.describe()} must know the sizes of axes {self.axis}.", got=str(tuple(input_shape))
                )
            )
        self._reduced = tuple(axis for axis in range(rank) if axis not in self._kept)
        self._beside = tuple(input_shape[axis] if axis in self._kept else 1 for axis in range(rank))
        if self.input_mean is not None:
            return
        shape = tuple(input_shape[axis] for axis in self._kept)
        self.adapt_mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
        self.adapt_variance = self.add_weight(
            name="variance", shape=shape, initializer="ones", trainable=False
        )
        self.count = self.add_weight(
            name="count", shape=(), dtype="int", initializer="zeros", trainable=False
        )

    def adapt(self, data: Any) -> None:
        """Learn mean and variance in one pass over the data.

        Args:
            data: an array or a table, or an iterable of batches: x, or (x, y), of which
                x counts. What was learned before is replaced.
        Raises: InvalidArgumentError if the statistics were given; DataError for no
        batch, NaN, infinity or data without an end; ShapeError for data of other sizes
        along `axis` than the layer was built on.
        Source: Chan, Golub, LeVeque 1983, "Algorithms for computing the sample
        variance", for the union of batches.
        """
        whole = is_one_array(data) and not isinstance(data, list | tuple)
        batches = [data] if whole else batches_of(data, None, self.describe())
        total, mean, variance = 0, np.zeros(()), np.zeros(())
        for batch in batches:
            x = _numbers(batch)
            if not self.built:
                self.build(x.shape)
            if self.input_mean is not None:
                raise InvalidArgumentError(
                    explain(f"{self.describe()} has given statistics.", fix="do not adapt it")
                )
            self._check(x)
            if not np.isfinite(x).all():
                raise DataError(
                    explain(
                        f"{self.describe()} cannot adapt to NaN or infinity.",
                        fix="drop these rows, or fill them in",
                    )
                )
            count = math.prod(x.shape[axis] for axis in self._reduced)
            share = count / (total + count)
            batch_mean, batch_variance = x.mean(axis=self._reduced), x.var(axis=self._reduced)
            new_mean = mean * (1 - share) + batch_mean * share
            variance = (variance + (mean - new_mean) ** 2) * (1 - share)
            variance = variance + (batch_variance + (batch_mean - new_mean) ** 2) * share
            mean, total = new_mean, total + count
        if total == 0:
            raise DataError(
                explain(f"{self.describe()} cannot adapt to no data.", expected="at least one batch")
            )
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    def _check(self, x: np.ndarray) -> None:
        sizes = tuple(x.shape[axis] for axis in self._kept if axis < x.ndim)
        if sizes != self.adapt_mean.shape:
            raise ShapeError(
                explain(
                    f"{self.describe()} cannot adapt to data of shape {x.shape}.",
                    expected=f"sizes {self.adapt_mean.shape} along axes {self.axis}",
                )
            )

    @property
    def mean(self) -> Array | None:
        """Mean that is subtracted, of the input's rank with 1 for the other axes.

        None before the layer is built.
        """
        return self._statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Array | None:
        """Variance by whose root is divided, of the input's rank, 1 for the other axes.

        None before the layer is built.
        """
        return self._statistic(self.input_variance, "adapt_variance")

    def call(self, inputs: Array) -> Array:
        x, mean, variance = ops.cast(inputs, self.compute_dtype), self.mean, self.variance
        deviation = ops.maximum(ops.sqrt(variance), settings.epsilon)
        if self.invert:
            return ops.add(mean, ops.multiply(x, deviation))
        return ops.divide(ops.subtract(x, mean), deviation)

    def _statistic(self, given: object, learnt: str) -> Array | None:
        """In the compute dtype, its axes at the kept ones of the input, the last at the last."""
        if not self.built:
            return None
        statistic = ops.convert_to_tensor(getattr(self, learnt).value if given is None else given)
        shape = [1] * len(self._beside)
        for back in range(1, len(statistic.shape) + 1):
            shape[self._kept[-back]] = statistic.shape[-back]
        return ops.cast(
            ops.broadcast_to(ops.reshape(statistic, tuple(shape)), self._beside), self.compute_dtype
        )

    def get_config(self) -> dict[str, Any]:
        given = {
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
        }
        return {**super().get_config(), **given}


def _numbers(batch: object) -> np.ndarray:
    """The inputs of a batch in float64, so that sums over a large data set keep their digits."""
    x = batch[0] if isinstance(batch, list | tuple) else batch
    return np.asarray(backend().to_numpy(x) if backend().is_array(x) else x, dtype="float64")
