"""Constraints from names and configs, and back."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.typing import Config, Constraint, ConstraintLike

__all__ = ["deserialize", "get", "serialize"]


def get(identifier: ConstraintLike) -> Any:
    """The constraint that a layer's `kernel_constraint` and the like stand for.

    Args:
        identifier: a name ("max_norm", "MaxNorm"), a config, a class, which is called
            without arguments, or any callable, which is given back as it is. None gives
            None: no constraint.
    Returns: a callable `weight -> weight`, or None.
    Raises: UnknownNameError for an unknown name; InvalidArgumentError for another kind
    of value.

    Example:
        >>> get("non_neg")([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """
    return resolve("constraints", identifier, "A constraint")


def serialize(constraint: Constraint) -> Any:
    """The config of a constraint, as files and configs of layers hold it.

    Args:
        constraint: a Constraint.
    Returns: a dict of plain values, from which `deserialize` makes an equal one.

    Example:
        >>> from layerlab.constraints import MaxNorm
        >>> serialize(MaxNorm(3))["config"]
        {'max_value': 3, 'axis': 0}
    """
    return serialize_keras_object(constraint)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint that a config describes: the inverse of `serialize`.

    Args:
        config: what `serialize` gave, or a name.
        custom_objects: further classes by name, for constraints of your own that are
            not registered.
    Returns: a new Constraint; None for None.
    Raises: UnknownNameError for an unknown class; InvalidArgumentError for what is no
    config.

    Example:
        >>> from layerlab.constraints import MaxNorm
        >>> deserialize(serialize(MaxNorm(3))).max_value
        3
    """
    return resolve("constraints", config, "A constraint", custom_objects)
