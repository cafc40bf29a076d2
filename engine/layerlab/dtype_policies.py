"""Dtype policies, under the names of `keras.dtype_policies`."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.registry import CustomObjectScope
from layerlab.dtypes import DTypePolicy, PolicyLike, as_policy
from layerlab.errors import ConfigError, explain

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]

FloatDTypePolicy = DTypePolicy


def get(identifier: PolicyLike) -> DTypePolicy:
    """The DTypePolicy that any way to name one means.

    Args:
        identifier: a policy, which is returned as it is; a name, a dtype or a config;
            None for the global policy.
    Raises: InvalidArgumentError, DTypeError for an unknown name.

    Example:
        >>> get("mixed_float16").variable_dtype
        'float32'
    """
    is_config = isinstance(identifier, dict) and "class_name" in identifier
    return deserialize(identifier) if is_config else as_policy(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """A policy's config, as files hold it.

    Args:
        dtype_policy: the DTypePolicy.
    Returns: a dict that `deserialize`, here and in Keras, turns back.

    Example:
        >>> serialize(DTypePolicy("bfloat16"))["config"]
        {'name': 'bfloat16'}
    """
    return serialize_keras_object(dtype_policy)


def deserialize(config: object, custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """The policy that a config of `serialize` describes.

    Args:
        config: a dict with 'class_name' and 'config'.
        custom_objects: name -> class, for policies of your own that are not registered.
    Raises: ConfigError for the config of something else.

    Example:
        >>> deserialize(serialize(DTypePolicy("bfloat16")))
        <DTypePolicy "bfloat16">
    """
    with CustomObjectScope(custom_objects):
        policy = deserialize_keras_object(config)
    if not isinstance(policy, DTypePolicy):
        raise ConfigError(
            explain(
                "dtype_policies.deserialize", expected="the config of a policy", got=type(policy).__name__
            )
        )
    return policy
