"""Dtype policies, under the names of `keras.dtype_policies`."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.registry import CustomObjectScope
from layerlab.dtypes import DTypePolicy, as_policy
from layerlab.errors import ConfigError, explain

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]

FloatDTypePolicy = DTypePolicy


def get(identifier: Any) -> DTypePolicy:
    """The policy for a policy, a name, a config or a dtype; None is the global one.

    Raises: InvalidArgumentError, DTypeError for an unknown name.
    """
    is_config = isinstance(identifier, dict) and "class_name" in identifier
    return deserialize(identifier) if is_config else as_policy(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy's config, as Keras writes it to files."""
    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """The inverse of `serialize`. Raises: ConfigError."""
    with CustomObjectScope(custom_objects):
        policy = deserialize_keras_object(config)
    if not isinstance(policy, DTypePolicy):
        raise ConfigError(
            explain(
                "dtype_policies.deserialize", expected="the config of a policy", got=type(policy).__name__
            )
        )
    return policy
