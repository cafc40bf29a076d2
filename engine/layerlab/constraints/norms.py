"""Constraints: functions of a weight that an optimizer applies after each update."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.config import Configurable
from layerlab.core.registry import share_arguments
from layerlab.settings import settings
from layerlab.typing import Axes

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "unit_norm",
]


share_arguments(
    "constraints",
    {
        "axis": "axis or axes along which a norm is taken, which are the inputs of a unit:\n"
        "        0 for the kernel of Dense, [0, 1, 2] for the kernel of Conv2D; None is all.",
    },
)


class Constraint(Configurable):
    """Base of all constraints: a rule for a weight that holds again after each update.

    A constraint is a callable `weight -> weight of the same shape`. The optimizer
    changes the weight, then replaces it by what the constraint makes of it. Subclass
    it, and write `__call__`; constructor arguments kept as attributes of the same names
    are its config.

    Example:
        >>> class Centered(Constraint):
        ...     def __call__(self, w):
        ...         return w - ops.mean(w)
        >>> Centered()(ops.array([1.0, 3.0])).tolist()
        [-1.0, 1.0]
    """

    registry_kind = "constraints"

    def __call__(self, w: Array) -> Array:
        """The weight as it is to be: by default unchanged.

        Args:
            w: the weight after the update, an array.
        """
        return w


class MaxNorm(Constraint):
    """A largest length for the weights of each unit.

    w ← w min(|w|, max_value) / (|w| + epsilon), where |w| is the L2 norm along the
    axis: what is longer is scaled down to `max_value`, the rest stays. Often taken with
    Dropout, whose large learning rates would let weights grow.

    Args:
        max_value: the largest norm.
    Source: Srivastava et al. 2014, JMLR 15.

    Example:
        >>> w = MaxNorm(1.0)([[3.0, 0.6], [4.0, 0.0]])  # columns of norm 5 and 0.6
        >>> [[round(x, 3) for x in row] for row in w.tolist()]
        [[0.6, 0.6], [0.8, 0.0]]
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Array) -> Array:
        norms = _norms(w, self.axis)
        return _with_norms(w, norms, ops.clip(norms, 0, self.max_value))


class NonNeg(Constraint):
    """No negative weights: what is below 0 becomes 0.

    w ← max(w, 0). For parts-based or monotonic models, where an input may only add.

    Example:
        >>> NonNeg()([-1.0, 0.5]).tolist()
        [0.0, 0.5]
    """

    def __call__(self, w: Array) -> Array:
        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Length 1 for the weights of each unit, so that only their direction is learned.

    w ← w / (|w| + epsilon), where |w| is the L2 norm along the axis. A weight of norm 0
    stays 0.

    Example:
        >>> w = UnitNorm()([[3.0, 0.0], [4.0, 2.0]])  # columns of norm 5 and 2
        >>> [[round(x, 3) for x in row] for row in w.tolist()]
        [[0.6, 0.0], [0.8, 1.0]]
    """

    def __init__(self, axis: Axes = 0) -> None:
        self.axis = axis

    def __call__(self, w: Array) -> Array:
        return _with_norms(w, _norms(w, self.axis), 1.0)


class MinMaxNorm(Constraint):
    """A smallest and a largest length for the weights of each unit.

    w ← w n / (|w| + epsilon), n = rate clip(|w|, min_value, max_value) + (1 - rate)
    |w|, where |w| is the L2 norm along the axis.

    Args:
        min_value: the smallest norm; 0 by default, which leaves short weights as they
            are.
        max_value: the largest norm.
        rate: how much of the way to the bounds to go at each update: 1 enforces them at
            once, less draws the weights there softly.

    Example:
        >>> limit = MinMaxNorm(min_value=1.0, max_value=2.0)
        >>> w = limit([[4.0, 0.5, 1.5]])  # each column is one number: its norm
        >>> [round(x, 3) for x in w.tolist()[0]]
        [2.0, 1.0, 1.5]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Array) -> Array:
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return _with_norms(w, norms, wanted)


def _norms(w: Array, axis: Axes) -> Array:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


def _with_norms(w: Array, norms: Array, wanted: Array | float) -> Array:
    # epsilon: a weight of norm 0 stays 0 instead of becoming nan
    return ops.multiply(w, wanted / (settings.epsilon + norms))


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm
