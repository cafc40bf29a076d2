"""Metrics from names and configs, and back; and what 'accuracy' means for given shapes."""

from __future__ import annotations

from typing import Any

from layerlab.backend.protocol import Shape
from layerlab.core.config import deserialize_keras_object, resolve, serialize_keras_object
from layerlab.losses.resolution import task_by_shape
from layerlab.metrics.accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from layerlab.metrics.base import Metric
from layerlab.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)

__all__ = ["deserialize", "get", "is_resolved_by_shape", "resolve_by_shape", "serialize"]

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


def get(identifier: Any) -> Any:
    """The metric that a name ('mae', 'AUC'), config, class, function or instance means; None for None.

    Raises: UnknownNameError with the nearest name, InvalidArgumentError.
    """
    return resolve("metrics", identifier, "metric")


def serialize(metric: Any) -> Any:
    """The config of a metric or of a metric function."""
    return serialize_keras_object(metric)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric of a config made by `serialize`, or of a name."""
    return get(config) if isinstance(config, str) else deserialize_keras_object(config, custom_objects)


def is_resolved_by_shape(name: Any) -> bool:
    """True for 'accuracy', 'acc', 'crossentropy' and 'ce', in any case."""
    return isinstance(name, str) and name.lower() in _BY_SHAPE


def resolve_by_shape(name: str, y_true_shape: Shape, y_pred_shape: Shape) -> Metric:
    """The accuracy or crossentropy for labels and outputs of these shapes.

    It has the default name of its class: callers that label it by `name` set that afterwards.
    """
    return _BY_SHAPE[name.lower()][task_by_shape(y_true_shape, y_pred_shape)]()
