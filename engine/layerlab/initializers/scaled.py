"""Random initializers whose spread follows from the number of inputs and outputs of a weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

from layerlab.backend.protocol import Array, Shape
from layerlab.errors import InvalidArgumentError, did_you_mean, explain
from layerlab.initializers.random import RandomInitializer
from layerlab.typing import DTypeLike, SeedLike

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "variance_scaling",
]

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")
_TRUNCATED_STDDEV = 0.87962566103423978  # of a standard normal cut at two standard deviations


class VarianceScaling(RandomInitializer):
    """Random values whose variance is `scale` over the number of inputs or outputs.

    variance = scale / n. Sums over many inputs then neither explode nor vanish.
    Glorot's, He's and LeCun's rules are of this kind.

    Args:
        scale: numerator of the variance, more than 0; 2 makes up for relu, which drops
            half.
        mode: n: "fan_in", the inputs of a unit; "fan_out", the outputs of an input;
            "fan_avg", the mean of both. In a convolution each counts once per place of
            its window.
        distribution: "truncated_normal" (or "normal"), without values beyond two
            standard deviations; "untruncated_normal"; or "uniform", in ±√(3 variance).
    Raises: InvalidArgumentError for a scale that is not more than 0, or an unknown mode
    or distribution.
    Source: Glorot, Bengio 2010; He et al. 2015, arXiv:1502.01852.

    Example:
        >>> import numpy as np
        >>> values = VarianceScaling(4.0, mode="fan_out", seed=1)((200, 100))
        >>> round(float(np.std(values)), 2)  # sqrt(4 / 100)
        0.2
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: SeedLike = None,
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

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
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
    """Uniform values scaled by inputs and outputs: the default of most kernels.

    In ±√(6 / (fan_in + fan_out)), which is a variance of 2 / (fan_in + fan_out). For
    tanh, sigmoid and softmax.

    Source: Glorot, Bengio 2010, AISTATS, eq. 16.

    Example:
        >>> values = GlorotUniform(seed=1)((200, 100))
        >>> round(float(abs(values).max()), 3)  # sqrt(6 / 300)
        0.141
    """

    def __init__(
        self,
        seed: SeedLike = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling):
    """Normal values scaled by inputs and outputs, for tanh, sigmoid and softmax.

    Variance 2 / (fan_in + fan_out), without values beyond two standard deviations of
    the normal distribution.

    Source: Glorot, Bengio 2010, AISTATS.

    Example:
        >>> values = GlorotNormal(seed=1)((200, 100))
        >>> round(float(values.std()), 2)  # sqrt(2 / 300)
        0.08
    """

    def __init__(
        self,
        seed: SeedLike = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Normal values scaled by inputs, for selu and self-normalizing networks.

    Variance 1 / fan_in, without values beyond two standard deviations of the normal
    distribution.

    Source: LeCun et al. 1998, "Efficient BackProp"; Klambauer et al. 2017,
    arXiv:1706.02515.

    Example:
        >>> values = LecunNormal(seed=1)((100, 200))
        >>> round(float(values.std()), 2)  # sqrt(1 / 100)
        0.1
    """

    def __init__(
        self,
        seed: SeedLike = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Uniform values scaled by inputs, for selu and self-normalizing networks.

    In ±√(3 / fan_in), which is a variance of 1 / fan_in.

    Source: LeCun et al. 1998, "Efficient BackProp"; Klambauer et al. 2017,
    arXiv:1706.02515.

    Example:
        >>> values = LecunUniform(seed=1)((300, 100))
        >>> round(float(abs(values).max()), 2)  # sqrt(3 / 300)
        0.1
    """

    def __init__(
        self,
        seed: SeedLike = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Normal values scaled by inputs, for relu and its relatives.

    Variance 2 / fan_in, without values beyond two standard deviations of the normal
    distribution: relu drops half of a signal, and the 2 makes up for it.

    Source: He et al. 2015, arXiv:1502.01852, eq. 10.

    Example:
        >>> values = HeNormal(seed=1)((200, 100))
        >>> round(float(values.std()), 2)  # sqrt(2 / 200)
        0.1
    """

    def __init__(
        self,
        seed: SeedLike = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Uniform values scaled by inputs, for relu and its relatives.

    In ±√(6 / fan_in), which is a variance of 2 / fan_in.

    Source: He et al. 2015, arXiv:1502.01852.

    Example:
        >>> values = HeUniform(seed=1)((150, 100))
        >>> round(float(abs(values).max()), 2)  # sqrt(6 / 150)
        0.2
    """

    def __init__(
        self,
        seed: SeedLike = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


def compute_fans(
    shape: Shape, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """The numbers of inputs and of outputs that a weight connects: (fan_in, fan_out).

    Args:
        shape: shape of the weight; without axes it is taken as a kernel (..., inputs,
            outputs), whose window counts for both.
        input_axes: axes that count as inputs; None, as `output_axes`, for the rule
            above.
        output_axes: axes that count as outputs.

    Example:
        >>> compute_fans((3, 3, 8, 16))  # a window of 9, times 8 and 16
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


variance_scaling = VarianceScaling
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
