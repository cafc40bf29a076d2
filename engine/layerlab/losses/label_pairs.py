"""Labels and predictions as arrays that fit each other, or an error that says why they do not."""

from __future__ import annotations

from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.losses.loss_arrays import as_array, dtype_of
from layerlab.losses.reduction import check_broadcastable, squeeze_or_expand_to_same_rank
from layerlab.typing import TensorLike

__all__ = ["as_pair", "check_axis", "check_matching", "check_same_shape", "matched_pair"]


def as_pair(y_true: TensorLike, y_pred: TensorLike) -> tuple[Array, Array]:
    """Both as arrays of the dtype of `y_pred`, and of equal rank where a last axis of size 1 is all that
    they differ by: (batch,) and (batch, 1) would broadcast to (batch, batch)."""
    y_pred = as_array(y_pred)
    return squeeze_or_expand_to_same_rank(as_array(y_true, dtype_of(y_pred)), y_pred)


def matched_pair(y_true: TensorLike, y_pred: TensorLike, what: str) -> tuple[Array, Array]:
    """`as_pair`, which `check_matching` lets through; `what` names the function in the ShapeError."""
    y_true, y_pred = as_pair(y_true, y_pred)
    check_matching(y_true, y_pred, what)
    return y_true, y_pred


def check_matching(y_true: Array, y_pred: Array, what: str) -> None:
    """ShapeError unless both have one rank and broadcast, or one of them is a single number.

    Labels (4,) broadcast to predictions (4, 4) too, but against the wrong axis.
    """
    labels, outputs = tuple(y_true.shape), tuple(y_pred.shape)
    if labels == outputs or not labels or not outputs:
        return
    where = f"{what}: the labels do not fit the predictions."
    fix = "compare the model's output shape with that of y"
    if len(labels) != len(outputs):
        raise ShapeError(explain(where, expected=str(outputs), got=str(labels), fix=fix))
    check_broadcastable(labels, outputs, where, fix)


def check_same_shape(y_true: Array, y_pred: Array, what: str, fix: str) -> None:
    """ShapeError unless labels and predictions have one shape; a size that is None fits any."""
    labels, outputs = tuple(y_true.shape), tuple(y_pred.shape)
    fits = len(labels) == len(outputs) and all(
        a == b or a is None or b is None for a, b in zip(labels, outputs)
    )
    if not fits:
        raise ShapeError(
            explain(
                f"{what}: the labels do not fit the predictions.",
                expected=str(outputs),
                got=str(labels),
                fix=fix,
            )
        )


def check_axis(axis: object) -> None:
    """InvalidArgumentError for a boolean axis: a misplaced positional argument."""
    if isinstance(axis, bool):
        raise InvalidArgumentError(explain("axis is a boolean.", expected="an int such as -1", got=str(axis)))
