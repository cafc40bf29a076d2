"""Losses from names and configs, and back; and which crossentropy fits two shapes."""

from __future__ import annotations

from typing import Any

from layerlab.backend.protocol import Shape
from layerlab.core.config import deserialize_keras_object, resolve, serialize_keras_object
from layerlab.typing import Config, LossLike

__all__ = ["deserialize", "get", "serialize"]


def get(identifier: LossLike) -> Any:
    """The loss that a name, config, class, function or instance means.

    Args:
        identifier: 'mse', 'MeanSquaredError', a config of `serialize`, a class, a
            function or a loss. None stays None.
    Returns: a loss, or the function that the name means.
    Raises: UnknownNameError with the nearest name; InvalidArgumentError for what is
    none.

    Example:
        >>> get("MeanSquaredError")
        <MeanSquaredError name=mean_squared_error, kwargs={}>
        >>> get("mse").__name__
        'mean_squared_error'
    """
    return resolve("losses", identifier, "loss")


def serialize(loss: object) -> Any:
    """The config of a loss or loss function, which can be stored as JSON.

    Args:
        loss: a loss, or a function of layerlab.losses or one that was registered.
    Returns: a dict with the name of the class or function and the arguments.

    Example:
        >>> serialize(get("mse"))["config"]
        'mean_squared_error'
        >>> serialize(get("MeanSquaredError"))["config"]["reduction"]
        'sum_over_batch_size'
    """
    return serialize_keras_object(loss)


def deserialize(name: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss of a config that `serialize` made, or of a name.

    Args:
        name: the config, or a name as for `get`.
        custom_objects: name -> class or function of your own, looked at first.
    Raises: UnknownNameError for a name that is unknown.

    Example:
        >>> deserialize(serialize(get("Huber"))).name
        'huber_loss'
    """
    if isinstance(name, str):
        return resolve("losses", name, "loss", custom_objects)
    return deserialize_keras_object(name, custom_objects)


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
