"""Optimizers from names and configs, and back."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.errors import InvalidArgumentError, explain
from layerlab.optimizers.base import Optimizer
from layerlab.typing import Config

__all__ = ["deserialize", "get", "serialize"]


def get(identifier: object) -> Any:
    """The optimizer that `compile(optimizer=...)` stands for.

    Args:
        identifier: a name in any case ("adam"), a config, a class, which is called
            without arguments, or an Optimizer, which is given back as it is. None gives
            None.
    Returns: an Optimizer, or None.
    Raises: UnknownNameError for an unknown name; InvalidArgumentError for another kind
    of value.

    Example:
        >>> get("ADAM").get_config()["beta_1"]
        0.9
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


def serialize(optimizer: object) -> Any:
    """The config of an optimizer, without its state, as files hold it.

    Args:
        optimizer: an Optimizer.
    Returns: a dict of plain values, from which `deserialize` makes an equal, fresh one.

    Example:
        >>> from layerlab.optimizers import SGD
        >>> config = serialize(SGD(0.25))
        >>> config["class_name"], config["config"]["learning_rate"]
        ('SGD', 0.25)
    """
    return serialize_keras_object(optimizer)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer that a config describes: the inverse of `serialize`.

    Args:
        config: what `serialize` gave, or a name.
        custom_objects: further classes by name, for optimizers and schedules of your
            own that are not registered.
    Returns: a new Optimizer without state; None for None.
    Raises: UnknownNameError for an unknown class; InvalidArgumentError for what is no
    config.

    Example:
        >>> from layerlab.optimizers import SGD
        >>> float(deserialize(serialize(SGD(0.25))).learning_rate)
        0.25
    """
    return resolve("optimizers", config, "An optimizer", custom_objects)
