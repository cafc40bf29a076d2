"""Losses from names and configs, and back; and which crossentropy fits two shapes."""

from __future__ import annotations

from typing import Any

from layerlab.backend.protocol import Shape
from layerlab.core.config import deserialize_keras_object, resolve, serialize_keras_object

__all__ = ["deserialize", "get", "serialize", "task_by_shape"]


def get(identifier: Any) -> Any:
    """The loss that a name ('mse', 'MeanSquaredError'), config, class, function or instance means.

    Raises: UnknownNameError with the nearest name, InvalidArgumentError.
    """
    return resolve("losses", identifier, "loss")


def serialize(loss: Any) -> Any:
    """The config of a loss or of a loss function."""
    return serialize_keras_object(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss of a config made by `serialize`, or of a name."""
    return get(name) if isinstance(name, str) else deserialize_keras_object(name, custom_objects)


def task_by_shape(y_true_shape: Shape, y_pred_shape: Shape) -> str:
    """'binary', 'sparse_categorical' or 'categorical': what labels of one shape for outputs of another mean.

    One output value is a yes or no; labels of lower rank, or with a last axis of size 1 beside more outputs,
    are class numbers; else they are one-hot.
    """
    if len(y_pred_shape) <= 1 or y_pred_shape[-1] == 1:
        return "binary"
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return "sparse_categorical"
    return "categorical"
