"""Constraints: functions of a weight that an optimizer applies after each update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.config import Configurable
from layerlab.settings import settings

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"]

Axes = int | Sequence[int] | None


class Constraint(Configurable):
    """A callable `weight -> weight of the same shape`, with a config. Subclass it and override `__call__`.

    Example:
        >>> class Centered(Constraint):
        ...     def __call__(self, w):
        ...         return w - ops.mean(w)
        >>> [float(x) for x in Centered()(ops.array([1.0, 3.0]))]
        [-1.0, 1.0]
    """

    registry_kind = "constraints"

    def __call__(self, w: Any) -> Any:
        """The constrained weight."""
        return w


class MaxNorm(Constraint):
    """L2 norms along `axis` of at most `max_value`.

    `axis` is that of the inputs of a unit: 0 for a dense kernel, [0, 1, 2] for a 2D convolution's.
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Array:
        norms = _norms(w, self.axis)
        return _with_norms(w, norms, ops.clip(norms, 0, self.max_value))


class NonNeg(Constraint):
    """Negative elements become 0."""

    def __call__(self, w: Any) -> Array:
        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """L2 norms along `axis` of 1."""

    def __init__(self, axis: Axes = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Array:
        return _with_norms(w, _norms(w, self.axis), 1.0)


class MinMaxNorm(Constraint):
    """L2 norms along `axis` between `min_value` and `max_value`.

    Args:
        rate: how much of the way to go at each update: 1 enforces it at once.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Array:
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return _with_norms(w, norms, wanted)


def _norms(w: Any, axis: Axes) -> Array:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


def _with_norms(w: Any, norms: Array, wanted: Any) -> Array:
    # epsilon: a weight of norm 0 stays 0 instead of becoming nan
    return ops.multiply(w, wanted / (settings.epsilon + norms))
