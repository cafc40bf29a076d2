"""Random initializers whose spread follows from the number of inputs and outputs of a weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from layerlab.backend.protocol import Array, Shape
from layerlab.errors import InvalidArgumentError, did_you_mean, explain
from layerlab.initializers.random import RandomInitializer

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
    "compute_fans",
]

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")
_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut at two standard deviations


class VarianceScaling(RandomInitializer):
    """Values with variance `scale / n`, where n is what `mode` counts.

    Args:
        scale: positive.
        mode: "fan_in" (inputs of a unit), "fan_out" (outputs) or "fan_avg" (their mean).
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".
        input_axes, output_axes: the axes of the weight that count as inputs and as outputs; both or neither.
    Raises: InvalidArgumentError for other values.

    Example:
        >>> VarianceScaling(2.0, mode="fan_out", seed=3)((3, 3, 8, 16)).shape
        (3, 3, 8, 16)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        if scale <= 0:
            raise InvalidArgumentError(
                explain("VarianceScaling scale", expected="more than 0", got=str(scale))
            )
        distribution = "truncated_normal" if distribution.lower() == "normal" else distribution.lower()
        _check_choice("mode", mode, _MODES)
        _check_choice("distribution", distribution, _DISTRIBUTIONS)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: Any = None) -> Array:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return self._uniform(shape, dtype, -limit, limit)
        if self.distribution == "truncated_normal":
            return self._truncated_normal(shape, dtype, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)
        return self._normal(shape, dtype, 0.0, math.sqrt(variance))


# The named rules are subclasses of VarianceScaling, as in Keras, where user code asks isinstance.


class GlorotUniform(VarianceScaling):
    """Uniform within sqrt(6 / (fan_in + fan_out)). Source: Glorot, Bengio 2010, eq. 16."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling):
    """Truncated normal with variance 2 / (fan_in + fan_out). Source: Glorot, Bengio 2010."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Truncated normal with variance 1 / fan_in. Source: Klambauer et al. 2017, arXiv:1706.02515."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Uniform within sqrt(3 / fan_in). Source: Klambauer et al. 2017, arXiv:1706.02515."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Truncated normal with variance 2 / fan_in. Source: He et al. 2015, arXiv:1502.01852, eq. 10."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Uniform within sqrt(6 / fan_in). Source: He et al. 2015, arXiv:1502.01852."""

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


def compute_fans(
    shape: Shape, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight; without axes, of a dense or convolution kernel (..., inputs, outputs).

    Example:
        >>> compute_fans((3, 3, 8, 16))
        (72, 144)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def _check_choice(argument: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InvalidArgumentError(
            explain(
                f"VarianceScaling {argument} {value!r}.{did_you_mean(value, allowed)}",
                expected="one of " + ", ".join(allowed),
            )
        )
