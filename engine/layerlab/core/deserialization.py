"""Configs to objects: the inverse of `serialization`, for text that may be damaged or meant to do harm.

A config can name what layerlab defines and what the user registered or passed, of the kind that its module
stands for. Nothing is imported and no attribute is looked up because a config names it.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.core.function_config import FunctionConfig
from layerlab.core.lambda_code import load_lambda
from layerlab.core.registry import (
    CustomObjectScope,
    builtin,
    builtin_name,
    custom_by_last_part,
    custom_objects_now,
    find,
    get_registered_object,
    unknown_name,
)
from layerlab.core.replaced_classes import note_class_name
from layerlab.core.serialization import MODULES
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ConfigError, InvalidArgumentError, LayerlabError, explain

__all__ = ["check_size", "deserialize_as", "deserialize_keras_object", "reading_scope"]

_DEEPEST = 150  # levels of dicts and lists; some thirty models inside each other
_LARGEST = 20_000_000  # values
_KINDS = {module: [kind for kind in MODULES if MODULES[kind] == module] for module in MODULES.values()} | {
    "keras.models": ["models"],
    "keras.ops": ["operations"],
    "keras.src.ops": ["operations"],
    "keras.src.layers": ["layers"],
    "keras.src.models": ["models"],
    "keras.src.engine": ["models"],
    "keras.engine": ["models"],
    "keras.src.activations": ["operations"],
    # Keras writes functions without saying where they are from; this is its order of looking.
    "builtins": ["activations", "constraints", "initializers", "losses", "metric_functions", "metrics"],
}


class _Reading(threading.local):
    safe_mode: bool | None = None  # None: nothing is being read in this thread
    shared: dict[Any, Any]


_reading = _Reading()


def deserialize_keras_object(
    config: object, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """The object that a config of `serialize_keras_object` describes.

    Args:
        config: as JSON gives it; Keras' own are read as well.
        custom_objects: name -> class or function, beside what is registered; None for
            none.
        safe_mode: False loads the bytecode of Lambda layers, which can do anything:
            only for configs you trust. Inside another call the outer call's holds.
    Returns: a new object; the weights of layers and models are drawn anew.
    Raises: ConfigError for a malformed config, UnknownNameError for a name that is not
        registered.

    Example:
        >>> import layerlab as keras
        >>> config = keras.saving.serialize_keras_object(keras.layers.Dense(4))
        >>> deserialize_keras_object(config).units
        4
    """
    if not isinstance(safe_mode, bool):
        raise InvalidArgumentError(explain("safe_mode", expected="True or False", got=repr(safe_mode)[:40]))
    with CustomObjectScope(custom_objects), reading_scope(config, safe_mode):
        return deserialize_as(config)


@contextlib.contextmanager
def reading_scope(config: object, safe_mode: bool) -> Iterator[None]:
    """While open, `deserialize_as` reads parts of `config`; an outer one's `safe_mode` holds."""
    if _reading.safe_mode is not None:
        yield
        return
    check_size(config)
    _reading.safe_mode, _reading.shared = safe_mode, {}
    try:
        yield
    except RecursionError as error:
        raise ConfigError(explain("A config is nested too deeply.")) from error
    finally:
        _reading.safe_mode, _reading.shared = None, {}


def check_size(config: object) -> None:
    """Raise ConfigError for a config nested too deeply, or with more values than any model has.

    Counts what occurs several times (YAML has references) several times, but looks at it once.
    """
    known: dict[int, tuple[int, int]] = {}  # id of a dict or list -> number of values, levels
    path = [_Level(config)]
    while path:
        level = path[-1]
        child = next(level.children, None)
        if child is None:
            known[level.key] = level.values, level.height
            path.pop()
            if path:
                path[-1].take(*known[level.key])
        elif id(child) in known:
            level.take(*known[id(child)])
        else:
            path.append(_Level(child))
        if len(path) + level.height > _DEEPEST or level.values > _LARGEST:
            got = f"over {_LARGEST} values" if level.values > _LARGEST else f"over {_DEEPEST} levels"
            raise ConfigError(explain("A config is too large.", got=got, fix="check where it came from"))


class _Level:
    """A dict or list on the way down."""

    def __init__(self, value: object) -> None:
        items = (
            value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        )
        self.key, self.values, self.height = id(value), len(items), 1
        self.children = (item for item in items if isinstance(item, dict | list | tuple))

    def take(self, values: int, height: int) -> None:
        """Count a child in."""
        self.values, self.height = self.values + values, max(self.height, height + 1)


def deserialize_as(config: object, kind: str | None = None) -> Any:
    """`config` as an object, within a scope that is open; of `kind` where its module says nothing."""
    if config is None or isinstance(config, bool | int | float | str):
        return config
    if isinstance(config, list | tuple):
        items = [deserialize_as(item) for item in config]
        return tuple(items) if isinstance(config, tuple) else items
    if not isinstance(config, dict):
        return config
    if isinstance(config, FunctionConfig):  # it never was in a file
        name = config["config"]
        return (get_registered_object(name) if isinstance(name, str) else None) or config.function
    if kind == "activations" and config.keys() == {"value"}:  # a lambda, as Keras writes it for a layer
        return _read_form("__lambda__", config)
    if "class_name" not in config or "config" not in config:
        return {key: deserialize_as(item) for key, item in config.items()}
    class_name, inner = config["class_name"], config["config"]
    if not isinstance(class_name, str):
        raise ConfigError(
            explain("A config's class_name", expected="a string", got=type(class_name).__name__)
        )
    if class_name in _FORMS:
        return _read_form(class_name, inner)
    shared_id = config.get("shared_object_id")
    if isinstance(shared_id, int) and _reading.safe_mode is not None and shared_id in _reading.shared:
        return _reading.shared[shared_id]
    if class_name == "function":
        if not isinstance(inner, str):
            got = type(inner).__name__
            raise ConfigError(explain("The config of a function", expected="its name", got=got))
        return _find_named(config, kind, inner, inner)
    registered_name = config.get("registered_name") or class_name
    target = _find_named(config, kind, str(registered_name), class_name)
    instance = _instantiate(target, class_name, {} if inner is None else inner, config)
    note_class_name(instance, class_name)
    if isinstance(shared_id, int) and _reading.safe_mode is not None:
        _reading.shared[shared_id] = instance
    return instance


def _find_named(config: dict[str, Any], kind: str | None, registered_name: str, name: str) -> Any:
    """What the user registered or passed first; then our own, of the kind that the config's module means."""
    custom = get_registered_object(registered_name)
    if custom is None and config.get("registered_name") is None:
        custom = get_registered_object(name) if "module" not in config else None
    if custom is not None:
        return custom
    if "module" not in config:  # as Keras 2 wrote it
        for candidate in _kinds_like(kind) if kind else list(MODULES):
            found = find(candidate, name)
            if found is not None:
                return found
        raise unknown_name(kind or "layers", name)
    kinds = _kinds_of(config["module"])
    if kind in kinds:
        kinds = [kind, *kinds]
    for candidate in kinds:
        found = builtin(candidate, name)
        if found is not None:
            return found
    custom = custom_by_last_part(name) if config["module"] == "builtins" else None
    if custom is not None:
        return custom
    if not kinds:
        raise unknown_name(kind or "layers", name, str(config["module"]))
    raise unknown_name(kinds[-1], name)


def _kinds_like(kind: str) -> list[str]:
    """What may stand where one of `kind` belongs: Keras 2 wrote layers as activations, without a module."""
    return [kind, "layers"] if kind == "activations" else [kind]


def _kinds_of(module: object) -> list[str]:
    """The kinds that a module of a config means; none for one that is not Keras' or layerlab's."""
    parts = str(module).split(".")
    parts[0] = {"layerlab": "keras", "tf_keras": "keras"}.get(parts[0], parts[0])
    for length in (len(parts), 3, 2):
        kinds = _KINDS.get(".".join(parts[:length]))
        if kinds is not None:
            return kinds
    return []


def _instantiate(target: Any, class_name: str, inner: Any, config: dict[str, Any]) -> Any:
    if not isinstance(inner, dict):
        raise ConfigError(explain(f"The config of {class_name}", expected="a dict", got=type(inner).__name__))
    if not isinstance(target, type) and not hasattr(target, "from_config"):
        return target
    if "optimizers" in (builtin_name(target) or ()):
        _check_finite(class_name, inner)
    try:
        instance = target.from_config(inner) if hasattr(target, "from_config") else target(**inner)
    except LayerlabError:
        raise
    except (
        TypeError,
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        ArithmeticError,
        MemoryError,
    ) as error:
        message = explain(
            f"{class_name} cannot be made from its config: {type(error).__name__}: {str(error)[:200]}",
            fix="check the config's keys and values",
        )
        raise ConfigError(message) from error
    build_config, compile_config = config.get("build_config"), config.get("compile_config")
    if build_config and hasattr(instance, "build_from_config") and not getattr(instance, "built", True):
        shapes = deserialize_as(build_config)
        if not isinstance(shapes, dict):
            got = type(shapes).__name__
            raise ConfigError(explain(f"The build_config of {class_name}", expected="a dict", got=got))
        instance.build_from_config(shapes)
    if compile_config and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compile_config)
    return instance


def _check_finite(class_name: str, config: object) -> None:
    """An infinite learning rate, or one that is no number, would destroy all weights at the first step."""
    if isinstance(config, float) and not math.isfinite(config):
        raise ConfigError(explain(f"The config of {class_name}", expected="finite numbers", got=str(config)))
    for value in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        _check_finite(class_name, value)


# -- forms -------------------------------------------------------------------------------------------------


def _read_form(class_name: str, inner: object) -> Any:
    try:
        return _FORMS[class_name](inner)
    except LayerlabError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        message = explain(
            f"A {class_name} of a config is malformed: {type(error).__name__}: {str(error)[:100]}"
        )
        raise ConfigError(message) from error


def _numpy(inner: dict[str, Any]) -> np.ndarray:
    name = dtypes.standardize_dtype(inner["dtype"])
    if name == "string":
        raise ConfigError(explain("An array of a config", expected="numbers", got="text"))
    return np.asarray(inner["value"], dtype=dtypes.numpy_dtype(name))


def _lambda(inner: dict[str, Any]) -> Any:
    if _reading.safe_mode is not False:
        raise ConfigError(
            explain(
                "The config holds Python bytecode (a lambda), which could do anything and was not run.",
                fix="if you trust whoever wrote it, load_model(path, safe_mode=False), or "
                "deserialize_keras_object(config, safe_mode=False); else make the model anew, with a "
                "named function",
            )
        )
    stored = inner.get("value")  # Keras has two ways of writing it
    if stored is None:
        stored = inner["code"], inner["defaults"], inner["closure"]
    code, defaults, closure = stored if isinstance(stored, list | tuple) else (stored, None, None)
    return load_lambda(code, deserialize_as(defaults), deserialize_as(closure), custom_objects_now())


_FORMS: dict[str, Any] = {
    "__tuple__": lambda inner: tuple(deserialize_as(item) for item in inner["value"]),
    "__numpy__": _numpy,
    "__tensor__": lambda inner: backend().asarray(_numpy(inner)),
    "__bytes__": lambda inner: inner["value"].encode("utf-8"),
    "__slice__": lambda inner: slice(*(deserialize_as(inner[key]) for key in ("start", "stop", "step"))),
    "__ellipsis__": lambda inner: Ellipsis,
    "__keras_tensor__": lambda inner: KerasTensor(inner["shape"], inner["dtype"]),
    "__lambda__": _lambda,
    "DTypePolicy": lambda inner: dtypes.DTypePolicy.from_config(inner),
    "Policy": lambda inner: dtypes.DTypePolicy(inner["name"]),
}
