"""Regularizers: scalars that training adds to the loss to keep weights or activations small."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.arguments import FINITE_STRENGTH
from layerlab.core.config import Configurable
from layerlab.errors import InvalidArgumentError, ShapeError, explain

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
]


class Regularizer(Configurable):
    """Base of all regularizers: a penalty on a weight or an activation.

    A regularizer is a callable `array -> scalar`. Training adds the scalar to the loss.
    Subclass it, and write `__call__`; constructor arguments kept as attributes of the
    same names are its config.

    Example:
        >>> class Spread(Regularizer):
        ...     def __call__(self, x):
        ...         return ops.std(x)
        >>> float(Spread()([1.0, 3.0]))
        1.0
    """

    registry_kind = "regularizers"

    def __call__(self, x: Array) -> Array | float:
        """The penalty, a scalar: by default 0.

        Args:
            x: the weight, or the output of the layer.
        """
        return 0.0


class L1L2(Regularizer):
    """A penalty on absolute values and on squares: the elastic net.

    l1 sum(|x|) + l2 sum(x²). The first makes weights exactly 0, the second small.

    Args:
        l1: factor of the absolute values; 0 or None leaves them out.
        l2: factor of the squares; 0 or None leaves them out.
    Raises: InvalidArgumentError for a factor that is negative or not finite.
    Source: Zou, Hastie 2005, JRSS B 67.

    Example:
        >>> float(L1L2(l1=1.0, l2=0.5)([1.0, -2.0]))  # 1 (1 + 2) + 0.5 (1 + 4)
        5.5
    """

    aliases = ("l1_l2",)

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _strength("l1", 0.0 if l1 is None else l1)
        self.l2 = _strength("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Array) -> Array:
        x = ops.convert_to_tensor(x)
        penalty = ops.zeros((), dtype=x.dtype)
        if self.l1:
            penalty += self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty += self.l2 * ops.sum(ops.square(x))
        return penalty


class L1(Regularizer):
    """A penalty on absolute values, which makes many weights 0: lasso.

    l1 sum(|x|). Its slope does not fade near 0, so that weights of little use reach it.

    Args:
        l1: factor of the penalty; None is 0.01.
    Raises: InvalidArgumentError for a factor that is negative or not finite.
    Source: Tibshirani 1996, JRSS B 58.

    Example:
        >>> float(L1(0.5)([1.0, -2.0]))  # 0.5 (1 + 2)
        1.5
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _strength("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Array) -> Array:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """A penalty on squares, which keeps weights small: ridge regression.

    l2 sum(x²). There is no 1/2: the gradient is 2 l2 x.

    Args:
        l2: factor of the penalty; None is 0.01.
    Raises: InvalidArgumentError for a factor that is negative or not finite.
    Source: Hoerl, Kennard 1970, Technometrics 12.

    Example:
        >>> float(L2(0.5)([1.0, -2.0]))  # 0.5 (1 + 4)
        2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _strength("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Array) -> Array:
        return self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer):
    """A penalty on rows or columns of a matrix that are not at right angles.

    factor mean(|cos(a, b)|) over all pairs of different rows a, b. Units of a layer
    then look for different things; their lengths do not matter.

    Args:
        factor: factor of the penalty.
        mode: "rows" or "columns": which are to be orthogonal. The units of a Dense
            kernel are its columns.
    Raises: InvalidArgumentError for another mode and for a factor that is negative or
    not finite; when called, ShapeError for other than two axes.

    Example:
        >>> penalty = OrthogonalRegularizer(factor=1.0)
        >>> float(penalty([[1.0, 0.0], [0.0, 3.0]]))
        0.0
        >>> float(penalty([[1.0, 0.0], [2.0, 0.0]]))
        1.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise InvalidArgumentError(
                explain("OrthogonalRegularizer mode", expected="'rows' or 'columns'", got=repr(mode))
            )
        self.factor = _strength("factor", factor)
        self.mode = mode

    def __call__(self, inputs: Array) -> Array:
        x = ops.convert_to_tensor(inputs)
        if len(x.shape) != 2:
            raise ShapeError(
                explain("OrthogonalRegularizer", expected="a matrix", got=f"shape {tuple(x.shape)}")
            )
        rows = x if self.mode == "rows" else ops.transpose(x)
        squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
        rows = rows / ops.sqrt(ops.where(squares == 0, 1.0, squares))  # inside: sqrt(0) has no gradient
        size = rows.shape[0]
        cosines = ops.matmul(rows, ops.transpose(rows))  # (size, size)
        different = 1.0 - ops.eye(size, dtype=x.dtype)
        pairs = size * (size - 1) / 2
        return self.factor * 0.5 * ops.sum(ops.abs(cosines * different)) / pairs


def _strength(name: str, value: float) -> float:
    FINITE_STRENGTH.require("A regularizer", name, value)
    return float(value)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
