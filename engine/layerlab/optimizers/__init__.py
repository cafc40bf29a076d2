"""Optimizers, under the names of `keras.optimizers`."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import custom_object_scope
from layerlab.errors import InvalidArgumentError, explain
from layerlab.optimizers import schedules
from layerlab.optimizers.adafactor import Adafactor
from layerlab.optimizers.adagrad import Adadelta, Adagrad
from layerlab.optimizers.adam import Adam, AdamW
from layerlab.optimizers.adam_variants import Adamax, Lamb, Nadam
from layerlab.optimizers.base import Optimizer
from layerlab.optimizers.ftrl import Ftrl
from layerlab.optimizers.lion import Lion
from layerlab.optimizers.loss_scale import LossScaleOptimizer
from layerlab.optimizers.muon import Muon
from layerlab.optimizers.rmsprop import RMSprop
from layerlab.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


def get(identifier: Any) -> Any:
    """The optimizer for None, a name in any case, a config, a class or an optimizer.

    Raises: UnknownNameError, InvalidArgumentError.
    """
    found = resolve("optimizers", identifier, "An optimizer")
    if found is None or isinstance(found, Optimizer):
        return found
    raise InvalidArgumentError(
        explain(
            "An optimizer cannot be made from this.",
            expected="a name, a config or an Optimizer",
            got=repr(identifier)[:80],
        )
    )


def serialize(optimizer: Any) -> Any:
    """The optimizer's config, as Keras writes it to files; without its state."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` maps further names to classes."""
    with custom_object_scope(custom_objects):
        return resolve("optimizers", config, "An optimizer")
