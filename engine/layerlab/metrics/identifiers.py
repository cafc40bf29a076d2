"""Metrics from names and configs, and back; and what 'accuracy' means for given shapes."""

from __future__ import annotations

from typing import Any

from layerlab.backend.protocol import Shape
from layerlab.core.config import deserialize_keras_object, resolve, serialize_keras_object
from layerlab.losses.identifiers import task_by_shape
from layerlab.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from layerlab.metrics.base import Metric
from layerlab.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from layerlab.typing import Config, MetricLike

__all__ = ["deserialize", "get", "resolve_by_shape", "serialize"]

_ACCURACIES = {
    "binary": BinaryAccuracy,
    "sparse_categorical": SparseCategoricalAccuracy,
    "categorical": CategoricalAccuracy,
}
_CROSSENTROPIES = {
    "binary": BinaryCrossentropy,
    "sparse_categorical": SparseCategoricalCrossentropy,
    "categorical": CategoricalCrossentropy,
}
_BY_SHAPE: dict[str, dict[str, Any]] = {
    "accuracy": _ACCURACIES,
    "acc": _ACCURACIES,
    "crossentropy": _CROSSENTROPIES,
    "ce": _CROSSENTROPIES,
}


def get(identifier: MetricLike) -> Any:
    """The metric that a name, config, class, function or instance means.

    Args:
        identifier: 'mae', 'AUC', a config of `serialize`, a class, a function or a
            metric. None stays None.
    Returns: a metric, or the function that the name means.
    Raises: UnknownNameError with the nearest name; InvalidArgumentError for what is
    none.

    Example:
        >>> get("mae")
        <MeanAbsoluteError name=mean_absolute_error>
        >>> get("AUC").curve
        'ROC'
    """
    return resolve("metrics", identifier, "metric")


def serialize(metric: object) -> Any:
    """The config of a metric or metric function, which can be stored as JSON.

    Args:
        metric: a metric, or a function of layerlab.metrics or one that was registered.
    Returns: a dict with the name of the class or function and the arguments.

    Example:
        >>> serialize(get("TopKCategoricalAccuracy"))["config"]["k"]
        5
    """
    return serialize_keras_object(metric)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric of a config that `serialize` made, or of a name.

    Args:
        config: the config, or a name as for `get`.
        custom_objects: name -> class or function of your own, looked at first.
    Raises: UnknownNameError for a name that is unknown.

    Example:
        >>> deserialize(serialize(get("mae"))).name
        'mean_absolute_error'
    """
    if isinstance(config, str):
        return resolve("metrics", config, "metric", custom_objects)
    return deserialize_keras_object(config, custom_objects)


def is_resolved_by_shape(name: object) -> bool:
    """True for 'accuracy', 'acc', 'crossentropy' and 'ce', in any case."""
    return isinstance(name, str) and name.lower() in _BY_SHAPE


def resolve_by_shape(name: str, y_true_shape: Shape, y_pred_shape: Shape) -> Metric:
    """The accuracy or crossentropy for labels and outputs of these shapes.

    It has the default name of its class: callers that label it by `name` set that
    afterwards.

    Args:
        name: 'accuracy', 'acc', 'crossentropy' or 'ce', in any case.
        y_true_shape, y_pred_shape: shapes of labels and outputs, the batch included.

    Example:
        >>> resolve_by_shape("accuracy", (None,), (None, 10))
        <SparseCategoricalAccuracy name=sparse_categorical_accuracy>
        >>> resolve_by_shape("accuracy", (None, 10), (None, 10))
        <CategoricalAccuracy name=categorical_accuracy>
    """
    return _BY_SHAPE[name.lower()][task_by_shape(y_true_shape, y_pred_shape)]()
