"""Arrays of numbers, prepared on the host: class numbers as one-hot rows, vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import ops
from layerlab.errors import InvalidArgumentError, explain
from layerlab.typing import TensorLike

__all__ = ["normalize", "to_categorical"]


def to_categorical(x: object, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows for class numbers: 1 in the column of the class, 0 elsewhere.

    For losses such as CategoricalCrossentropy; the sparse ones take the numbers.

    Args:
        x: integer labels from 0 on, shape (...) or (..., 1).
        num_classes: number of columns; None is the largest label plus 1.
    Returns: NumPy array (..., num_classes) of float64.
    Raises: InvalidArgumentError for a label outside of 0..num_classes - 1.

    Example:
        >>> to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    labels = np.asarray(x).astype("int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    classes = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise InvalidArgumentError(
            explain(
                "to_categorical",
                expected=f"labels from 0 to {classes - 1}",
                got=f"{labels.min()} to {labels.max()}",
            )
        )
    return np.eye(classes)[labels]


def normalize(x: TensorLike, axis: int = -1, order: Any = 2) -> Any:
    """Scale vectors to length 1. Zeros stay zeros.

    Args:
        x: an array of NumPy or of the back end.
        axis: the axis of the components; by default the last.
        order: of the norm: 2 is the usual length, 1 the sum of magnitudes, `np.inf` the
            largest magnitude. For arrays of the back end an integer from 1 on.
    Returns: an array of the same kind.

    Example:
        >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    if not isinstance(x, np.ndarray):
        return ops.normalize(x, axis=axis, order=order)
    norm = np.linalg.norm(x, order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)
