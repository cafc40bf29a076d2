"""Cross-entropies between targets and predictions, one value per example: the formulas of the losses."""

from __future__ import annotations

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import ShapeError, explain
from layerlab.ops.dtypes_and_axes import as_axis
from layerlab.ops.op import op
from layerlab.settings import settings
from layerlab.typing import Operand

__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]


@op("target", "output", promote="float", home="ops.nn")
def binary_crossentropy(target: Operand, output: Operand, from_logits: bool = False) -> Array:
    """The cross-entropy of yes-or-no predictions, element by element.

    -target log(p) - (1 - target) log(1 - p), the surprise at what came. `losses` has
    the mean over a batch.

    Args:
        target: 0 or 1, or a probability between.
        output: predictions of the same shape: probabilities, kept `config.epsilon()`
            from 0 and 1; or scores if `from_logits`.
        from_logits: True if `output` has not been through a sigmoid: p is the sigmoid
            of it, and nothing overflows.
    Returns: a floating array of the shape of `output`.
    Raises: ShapeError if the shapes differ.

    Example:
        >>> binary_crossentropy([1.0, 0.0], [0.5, 0.25]).tolist()
        [0.693..., 0.287...]
        >>> binary_crossentropy([1.0], [-100.0], from_logits=True).tolist()
        [100.0]
    """
    _check_equal("binary_crossentropy", target, output)
    xp = backend().xp
    if from_logits:
        # log(1 + exp(output)) - target * output: the same, without overflow.
        return xp.logaddexp(output, xp.zeros_like(output)) - target * output
    p = _inside(output)
    return -(target * xp.log(p) + (1 - target) * xp.log(1 - p))


@op("target", "output", promote="float", home="ops.nn")
def categorical_crossentropy(
    target: Operand, output: Operand, from_logits: bool = False, axis: int = -1
) -> Array:
    """The cross-entropy of predictions of one of several classes.

    -sum(target log(p)) over the classes: of a one-hot target, -log(p) of the true
    class.

    Args:
        target: probabilities of the classes, usually one-hot vectors.
        output: predictions of the same shape: probabilities, which are scaled to the
            sum 1 and kept `config.epsilon()` from 0 and 1; or scores if `from_logits`.
        from_logits: True if `output` has not been through a softmax: p is the softmax
            of it.
        axis: the axis of the classes; by default the last.
    Returns: a floating array without the axis: one number for each example.
    Raises: ShapeError if the shapes differ.

    Example:
        >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).tolist()
        [0.693...]

        >>> scores = [[7.0, 7.0]]
        >>> categorical_crossentropy([[0.0, 1.0]], scores, from_logits=True).tolist()
        [0.693...]
    """
    _check_equal("categorical_crossentropy", target, output)
    return -backend().xp.sum(target * _log_probability(output, from_logits, axis), axis=axis)


@op("output", promote="float", as_is=("target",), home="ops.nn")
def sparse_categorical_crossentropy(
    target: Operand, output: Operand, from_logits: bool = False, axis: int = -1
) -> Array:
    """The cross-entropy of predictions of one of several classes, for class numbers.

    -log(p) of the true class; 0 for a number without a class, such as -1.

    Args:
        target: class numbers, of the shape of `output` without the axis of the classes,
            or with a last axis of size 1.
        output: predictions: probabilities, which are scaled to the sum 1 and kept
            `config.epsilon()` from 0 and 1; or scores if `from_logits`.
        from_logits: True if `output` has not been through a softmax: p is the softmax
            of it.
        axis: the axis of the classes; by default the last.
    Returns: a floating array of the shape of `output` without the axis.
    Raises: ShapeError if the shapes do not fit.

    Example:
        >>> sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [0.25, 0.75]]).tolist()
        [0.693..., 1.386...]
    """
    xp = backend().xp
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = xp.reshape(target, tuple(target.shape[:-1]))
    axis = as_axis(axis, len(output.shape))
    if tuple(target.shape) != (*output.shape[:axis], *output.shape[axis + 1 :]):
        raise ShapeError(
            explain(
                "sparse_categorical_crossentropy",
                expected=f"targets like the output {tuple(output.shape)} without axis {axis}",
                got=str(tuple(target.shape)),
            )
        )
    log_p = _log_probability(output, from_logits, axis)
    classes = xp.reshape(xp.arange(output.shape[axis]), (-1, *(1 for _ in output.shape[axis + 1 :])))
    own = xp.expand_dims(backend().cast(target, "int32"), axis) == classes
    return -xp.sum(xp.where(own, log_p, 0), axis=axis)


def _log_probability(output: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        return backend().log_softmax(output, axis)
    return backend().xp.log(_inside(output / backend().xp.sum(output, axis=axis, keepdims=True)))


def _inside(p: Array) -> Array:
    """Probabilities at least epsilon from 0 and 1, whose logarithms are finite."""
    return backend().xp.clip(p, settings.epsilon, 1 - settings.epsilon)


def _check_equal(name: str, target: Array, output: Array) -> None:
    if tuple(target.shape) != tuple(output.shape) or not output.shape:
        raise ShapeError(
            explain(
                name,
                expected=f"targets of the shape of the output, {tuple(output.shape)}",
                got=str(tuple(target.shape)),
            )
        )
