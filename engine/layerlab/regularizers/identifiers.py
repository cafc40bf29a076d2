"""Regularizers from names and configs, and back."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.typing import Config, Regularizer, RegularizerLike

__all__ = ["deserialize", "get", "serialize"]


def get(identifier: RegularizerLike) -> Any:
    """The regularizer that a layer's `kernel_regularizer` and the like stand for.

    Args:
        identifier: a name ("l2", "L1L2"), a config, a class, which is called without
            arguments, or any callable, which is given back as it is. None gives None:
            no penalty.
    Returns: a callable `array -> scalar`, or None.
    Raises: UnknownNameError for an unknown name; InvalidArgumentError for another kind
    of value.

    Example:
        >>> round(float(get("l2")([1.0, 2.0])), 4)  # 0.01 (1 + 4)
        0.05
    """
    return resolve("regularizers", identifier, "A regularizer")


def serialize(regularizer: Regularizer) -> Any:
    """The config of a regularizer, as files and configs of layers hold it.

    Args:
        regularizer: a Regularizer.
    Returns: a dict of plain values, from which `deserialize` makes an equal one.

    Example:
        >>> from layerlab.regularizers import L2
        >>> serialize(L2(0.5))["config"]
        {'l2': 0.5}
    """
    return serialize_keras_object(regularizer)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that a config describes: the inverse of `serialize`.

    Args:
        config: what `serialize` gave, or a name.
        custom_objects: further classes by name, for regularizers of your own that are
            not registered.
    Returns: a new Regularizer; None for None.
    Raises: UnknownNameError for an unknown class; InvalidArgumentError for what is no
    config.

    Example:
        >>> from layerlab.regularizers import L2
        >>> deserialize(serialize(L2(0.5))).l2
        0.5
    """
    return resolve("regularizers", config, "A regularizer", custom_objects)
