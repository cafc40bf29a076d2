"""Configs that follow from a constructor's signature, and arguments given as names or configs.

`Configurable.get_config`: each argument is kept as an attribute of the same name. How a config is wrapped for
files is in `serialization`, how it is turned back in `deserialization`.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, ClassVar, Self

import numpy as np

from layerlab import dtypes
from layerlab.core.arguments import check_arguments
from layerlab.core.deserialization import deserialize_as, deserialize_keras_object
from layerlab.core.registry import CustomObjectScope, Registrable, builtin_name, lookup
from layerlab.core.serialization import serialize_keras_object
from layerlab.errors import ConfigError, InvalidArgumentError, LayerlabError, explain

__all__ = [
    "Configurable",
    "config_value",
    "deserialize_keras_object",
    "init_parameters",
    "resolve",
    "serialize_keras_object",
]


class _ConstructorSignature:
    """What `inspect.signature` of a class, so the help of a notebook, shows: `__init__`, not `__new__`."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        if instance is not None:  # what a layer takes when it is called is another matter
            raise AttributeError("__signature__")
        if owner.__init__ is object.__init__:  # type: ignore[misc]
            return inspect.Signature()
        return inspect.Signature(list(_constructor(owner).parameters.values())[1:])


class Configurable(Registrable):
    """An object whose config is its constructor's arguments.

    Every argument is expected as an attribute of the same name; one that is not kept there is reported as
    it was passed. Override `get_config` to add to `super().get_config()`.
    """

    __signature__ = _ConstructorSignature()
    _bookkeeping = frozenset(("_init_arguments",))
    _init_arguments: dict[str, Any]
    config_base: ClassVar[bool] = True  # set in a class's own body: its constructor's arguments are no config
    not_in_config: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        instance = super().__new__(cls)
        try:
            bound = _constructor(cls).bind(instance, *args, **kwargs)
            bound.apply_defaults()
            arguments = dict(bound.arguments)
        except TypeError:  # __init__ itself is about to say what is wrong
            arguments = {}
        object.__setattr__(instance, "_init_arguments", arguments)
        check_arguments(cls, _arguments_of_ours(cls, arguments))
        return instance

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values, for copies and files.

        A class of layerlab reports its attributes, which may have changed since; a
        class of a user, whose attributes may mean anything, what was passed: unless it
        has a `get_config` of its own, which adds its arguments to these.
        """
        config = {}
        theirs_are_left_to_them = not _is_ours(type(self).get_config)
        for cls in type(self).__mro__:
            ours = _is_ours(cls)
            if (
                "__init__" not in vars(cls)
                or "config_base" in vars(cls)
                or (cls.__name__[0] == "_" and not ours)
                or (theirs_are_left_to_them and not ours)
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
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new object like the one whose `get_config` this is.

        Nested configs are turned back by the constructor's `get` calls; for a class of
        a user that has no `get_config`, here.

        Args:
            config: the constructor's arguments, by name.
        Raises: ConfigError for arguments that the constructor does not take.
        """
        if not _is_ours(cls) and _is_ours(cls.get_config):
            config = {key: deserialize_as(value) for key, value in config.items()}
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


def _is_ours(target: object) -> bool:
    return target.__module__.split(".")[0] == __name__.split(".")[0]


def _arguments_of_ours(cls: type, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments that mean what they mean in our classes.

    Of a constructor of a user these are the ones it only passes on.
    """
    kinds = {name: parameter.kind for name, parameter in _signature(cls).parameters.items()}
    passed_on = next((name for name, kind in kinds.items() if kind is inspect.Parameter.VAR_KEYWORD), "")
    constructor = next(base for base in cls.__mro__ if "__init__" in vars(base))
    if _is_ours(constructor):
        return {**arguments, **arguments.get("common", {})}
    ours = next((base for base in cls.__mro__ if "__init__" in vars(base) and _is_ours(base)), None)
    known = () if ours is None else init_parameters(ours)
    return {name: value for name, value in arguments.get(passed_on, {}).items() if name in known}


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


def config_value(value: object) -> Any:
    """An attribute as it stands in a config: objects serialized, our functions by name, plain numbers."""
    if isinstance(value, np.generic):  # JSON knows no np.int64
        return value.item()
    if isinstance(value, Configurable | dtypes.DTypePolicy):
        return serialize_keras_object(value)
    known = builtin_name(value)
    if known is not None:
        return known[1]
    if callable(value) and not isinstance(value, type):
        return serialize_keras_object(value)
    if isinstance(value, list):
        return [config_value(item) for item in value]
    if type(value) is tuple:
        return tuple(config_value(item) for item in value)
    return value


def resolve(
    kind: str, identifier: object, what: str | None = None, custom_objects: dict[str, Any] | None = None
) -> Any:
    """The object for an argument such as `activation="relu"`: None, an object, function, name or config.

    A class that is named is called without arguments. Raises: UnknownNameError, InvalidArgumentError.

    Args:
        kind: where names are looked up, as in `Registrable.registry_kind`.
        what: how messages call it; None is the kind.
        custom_objects: name -> class or function, looked at first.
    """
    if custom_objects:
        with CustomObjectScope(custom_objects):
            return resolve(kind, identifier, what)
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = lookup(kind, identifier)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, dict):
        return deserialize_as(identifier, kind)
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
