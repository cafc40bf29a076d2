"""Objects to configs and back.

`Configurable.get_config` follows from the constructor's signature: each argument is kept as an attribute of
the same name. `serialize_keras_object` wraps a config as Keras writes it to files:
`{"module": "keras.layers", "class_name": "Dense", "config": {...}, "registered_name": None}`.
Turning a config back looks names up in the registry; it imports nothing that the config names.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, ClassVar

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.core.registry import (
    CustomObjectScope,
    Registrable,
    builtin_name,
    find,
    get_registered_name,
    get_registered_object,
    lookup,
)
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ConfigError, InvalidArgumentError, LayerlabError, UnsupportedError, explain

__all__ = [
    "Configurable",
    "config_value",
    "deserialize_keras_object",
    "init_parameters",
    "resolve",
    "serialize_keras_object",
]

# What a file calls the module of each kind; only these are understood.
_MODULES = {
    "layers": "keras.layers",
    "models": "keras",
    "initializers": "keras.initializers",
    "regularizers": "keras.regularizers",
    "constraints": "keras.constraints",
    "losses": "keras.losses",
    "metric_functions": "keras.metrics",  # apart, because the name of each also means the metric class
    "metrics": "keras.metrics",
    "optimizers": "keras.optimizers",
    "schedules": "keras.optimizers.schedules",
    "activations": "keras.activations",
}


class Configurable(Registrable):
    """An object whose config is its constructor's arguments.

    Every argument is expected as an attribute of the same name; one that is not kept there is reported as
    it was passed. Override `get_config` to add to `super().get_config()`.
    """

    _init_arguments: dict[str, Any]
    config_base: ClassVar[bool] = True  # set in a class's own body: its constructor's arguments are no config
    not_in_config: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls)
        try:
            bound = _constructor(cls).bind(instance, *args, **kwargs)
            bound.apply_defaults()
            arguments = dict(bound.arguments)
        except TypeError:  # __init__ itself is about to say what is wrong
            arguments = {}
        object.__setattr__(instance, "_init_arguments", arguments)
        return instance

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values.

        A class of layerlab reports its attributes, which may have changed since; a class of a user, whose
        attributes may mean anything, what was passed.
        """
        config = {}
        for cls in type(self).__mro__:
            ours = _is_ours(cls)
            if (
                "__init__" not in vars(cls)
                or "config_base" in vars(cls)
                or (cls.__name__[0] == "_" and not ours)
            ):
                continue
            for name in init_parameters(cls):
                passed = self._init_arguments.get(name)
                if name not in self.not_in_config and name not in config:
                    config[name] = config_value(getattr(self, name, passed) if ours else passed)
            if ours:
                break
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The inverse of `get_config`.

        Nested configs are turned back by the constructor's `get` calls; for a class of a user that has
        no `get_config`, here.
        """
        if not _is_ours(cls) and _is_ours(cls.get_config):
            config = {key: _deserialize(value) for key, value in config.items()}
        try:
            return cls(**config)
        except TypeError as error:
            if isinstance(error, LayerlabError):
                raise
            raise ConfigError(
                explain(
                    f"{cls.__name__} cannot be made from its config: {error}", fix="check the config's keys"
                )
            ) from error


def _is_ours(target: Any) -> bool:
    return target.__module__.split(".")[0] == __name__.split(".")[0]


def _constructor(cls: type) -> inspect.Signature:
    return _signature(cls)  # mypy takes no class of ours for hashable, a plain `type` it does


@functools.cache
def _signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)  # type: ignore[misc]


@functools.cache
def init_parameters(cls: type) -> tuple[str, ...]:
    """The named parameters of a class's constructor."""
    parameters = list(_signature(cls).parameters.values())[1:]
    return tuple(p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD))


def config_value(value: Any) -> Any:
    """An attribute as it stands in a config: objects serialized, functions of layerlab by name."""
    if isinstance(value, Configurable | dtypes.DTypePolicy):
        return serialize_keras_object(value)
    known = builtin_name(value)
    if known is not None:
        return known[1]
    if callable(value) and not isinstance(value, type):
        return serialize_keras_object(value)
    if isinstance(value, list):
        return [config_value(item) for item in value]
    return value


def serialize_keras_object(value: Any) -> Any:
    """A JSON-like config, in Keras' form, of an object, function, array, or structure of them.

    Raises: UnsupportedError for objects without get_config.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {key: serialize_keras_object(item) for key, item in value.items()}
    if isinstance(value, list):
        return [serialize_keras_object(item) for item in value]
    if isinstance(value, tuple):
        return tuple(serialize_keras_object(item) for item in value)
    return _serialize_other(value)


def _serialize_other(value: Any) -> Any:
    if isinstance(value, KerasTensor):
        history = list(value.history)
        place = [getattr(history[0], "name", None), history[1], history[2]]
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": place}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, dtypes.DTypePolicy):
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": value.get_config(),
            "registered_name": None,
        }
    if isinstance(value, np.ndarray) or backend().is_array(value):
        array = np.asarray(backend().to_numpy(value) if backend().is_array(value) else value)
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return {"class_name": "__bytes__", "config": {"value": value.decode("utf-8")}}
    if isinstance(value, slice):
        parts = [serialize_keras_object(part) for part in (value.start, value.stop, value.step)]
        return {"class_name": "__slice__", "config": dict(zip(("start", "stop", "step"), parts, strict=True))}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if hasattr(value, "get_config"):
        return _serialize_instance(value)
    if callable(value):
        return _serialize_function(value)
    raise UnsupportedError(
        explain(
            f"A {type(value).__name__} cannot be part of a config.", fix="give it get_config and from_config"
        )
    )


def _serialize_instance(value: Any) -> dict[str, Any]:
    cls = type(value)
    known = builtin_name(cls)
    config = serialize_keras_object(value.get_config())
    serialized = {
        "module": _MODULES[known[0]] if known else cls.__module__,
        "class_name": cls.__name__,
        "config": config,
        "registered_name": None if known else get_registered_name(cls),
    }
    build_config = value.get_build_config() if hasattr(value, "get_build_config") else None
    if build_config is not None:
        serialized["build_config"] = serialize_keras_object(build_config)
    return serialized


def _serialize_function(value: Any) -> Any:
    known = builtin_name(value)
    name = getattr(value, "__name__", type(value).__name__)
    if known is None and name == "<lambda>":
        raise UnsupportedError(
            explain(
                "A lambda cannot be part of a config.",
                fix="use a named function, registered with register_keras_serializable",
            )
        )
    return {
        "module": "builtins" if known is None else _MODULES[known[0]],
        "class_name": "function",
        "config": name,
        "registered_name": None if known else get_registered_name(value),
    }


def deserialize_keras_object(
    config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object that a config of `serialize_keras_object` describes.

    Args:
        custom_objects: name -> class or function, beside what is registered.
        safe_mode: False allows Lambda bytecode, which layerlab does not load yet, so it changes nothing here.
    Raises: ConfigError for a malformed config, UnknownNameError for a name that is not registered.
    """
    with CustomObjectScope(custom_objects):
        return _deserialize(config)


def resolve(kind: str, identifier: Any, what: str | None = None) -> Any:
    """The object for an argument such as `activation="relu"`: None, an object, function, name or config.

    A class that is named is called without arguments. Raises: UnknownNameError, InvalidArgumentError.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = lookup(kind, identifier)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, dict):
        return _deserialize(identifier, kind)
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier) or hasattr(identifier, "get_config"):
        return identifier
    raise InvalidArgumentError(
        explain(
            f"{what or kind} cannot be made from {str(identifier)[:80]!r}.",
            expected="None, a name, a callable, an instance or a config dict",
            got=type(identifier).__name__,
        )
    )


def _deserialize(config: Any, kind: str | None = None) -> Any:
    if config is None or isinstance(config, bool | int | float | str):
        return config
    if isinstance(config, list | tuple):
        items = [_deserialize(item) for item in config]
        return tuple(items) if isinstance(config, tuple) else items
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(item) for key, item in config.items()}
    class_name, inner = config["class_name"], config["config"]
    if not isinstance(class_name, str):
        raise ConfigError(
            explain("A config's class_name", expected="a string", got=type(class_name).__name__)
        )
    if class_name in _PLAIN:
        return _PLAIN[class_name](inner)
    if class_name == "function":
        return _find_named(config, kind, str(config.get("registered_name") or inner), str(inner))
    target = _find_named(config, kind, str(config.get("registered_name") or class_name), class_name)
    return _instantiate(target, inner, config.get("build_config"))


def _find_named(config: dict[str, Any], kind: str | None, registered_name: str, name: str) -> Any:
    """What the user registered or passed first; then our own, of the kind that the config's module means."""
    custom = get_registered_object(registered_name) or get_registered_object(name)
    if custom is not None:
        return custom
    kinds = [kind] if kind else [k for k, module in _MODULES.items() if module == config.get("module")]
    for candidate in kinds or list(_MODULES):
        found = find(candidate, name)
        if found is not None:
            return found
    return lookup(kinds[-1] if kinds else "layers", name)


def _instantiate(target: Any, inner: Any, build_config: Any) -> Any:
    if not isinstance(inner, dict):
        raise ConfigError(explain(f"The config of {target}", expected="a dict", got=type(inner).__name__))
    if not isinstance(target, type):
        return target
    instance = target.from_config(inner) if hasattr(target, "from_config") else target(**inner)
    if build_config and hasattr(instance, "build_from_config") and not getattr(instance, "built", True):
        instance.build_from_config(_deserialize(build_config))
    return instance


def _numpy(inner: dict[str, Any]) -> np.ndarray:
    return np.asarray(inner["value"], dtype=dtypes.numpy_dtype(dtypes.standardize_dtype(inner["dtype"])))


_PLAIN: dict[str, Any] = {
    "__tuple__": lambda inner: tuple(_deserialize(item) for item in inner["value"]),
    "__numpy__": _numpy,
    "__tensor__": lambda inner: backend().asarray(_numpy(inner)),
    "__bytes__": lambda inner: inner["value"].encode("utf-8"),
    "__slice__": lambda inner: slice(*(_deserialize(inner[key]) for key in ("start", "stop", "step"))),
    "__ellipsis__": lambda inner: Ellipsis,
    "__keras_tensor__": lambda inner: KerasTensor(inner["shape"], inner["dtype"]),
    "DTypePolicy": lambda inner: dtypes.DTypePolicy.from_config(inner),
}
