"""Cross-entropies between targets and predictions, one value per example: the formulas of the losses."""

from __future__ import annotations

from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import ShapeError, explain
from layerlab.ops.common import as_axis
from layerlab.ops.op import op
from layerlab.settings import settings

__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]


@op("target", "output", promote="float")
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Array:
    """-target * log(p) - (1 - target) * log(1 - p), element by element; p is the output or its sigmoid."""
    _check_equal("binary_crossentropy", target, output)
    xp = backend().xp
    if from_logits:
        # log(1 + exp(output)) - target * output: the same, without overflow.
        return xp.logaddexp(output, xp.zeros_like(output)) - target * output
    p = _inside(output)
    return -(target * xp.log(p) + (1 - target) * xp.log(1 - p))


@op("target", "output", promote="float")
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Array:
    """-sum(target * log(p)) along the axis of the classes; p is the normalized output or its softmax."""
    _check_equal("categorical_crossentropy", target, output)
    return -backend().xp.sum(target * _log_probability(output, from_logits, axis), axis=axis)


@op("output", promote="float", as_is=("target",))
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Array:
    """-log(p) of the target class, an integer; 0 where there is no such class.

    Args:
        target: the shape of output without its last axis, or with 1 there.
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
