"""Objects to configs, as Keras writes them to files.

A class becomes `{"module": "keras.layers", "class_name": "Dense", "config": {...}, "registered_name": None}`;
arrays, tensors of a graph, slices and bytes have forms of their own. `deserialization` is the inverse.
"""

from __future__ import annotations

import collections
import threading
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.core.function_config import FunctionConfig
from layerlab.core.lambda_code import dump_lambda, is_lambda
from layerlab.core.registry import builtin_name, get_registered_name
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ConfigError, DTypeError, UnsupportedError, explain

__all__ = ["MODULES", "UNEXPORTED", "serialize_keras_object", "serialize_sharing"]

# What a file calls the module of each kind.
MODULES = {
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
    "random": "keras.random",
}
_SHARED = "shared_object_id"
# Classes without a public name in Keras: a file says where they are defined there.
UNEXPORTED = {("models", "Functional"): "keras.src.models.functional"}


class _Writing(threading.local):
    numbers: dict[int, tuple[int, Any]] | None = None  # id -> (number, object); None: objects get no numbers


_writing = _Writing()


def serialize_sharing(obj: object) -> Any:
    """The config of an object in which what occurs several times, such as a layer of two inner models, is one
    object again when it is read: all its configs have one `shared_object_id`, as in the files of Keras."""
    previous, _writing.numbers = _writing.numbers, {}
    try:
        config = serialize_keras_object(obj)
    finally:
        _writing.numbers = previous
    counts = collections.Counter(numbered[_SHARED] for numbered in _numbered(config))
    for numbered in _numbered(config):
        if counts[numbered[_SHARED]] == 1:
            del numbered[_SHARED]
    return config


def _numbered(config: object) -> list[dict[str, Any]]:
    """All configs inside that have a number."""
    found, waiting = [], [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += [value] if _SHARED in value else []
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
    return found


def serialize_keras_object(obj: object) -> Any:
    """The config of an object, in the form that files and Keras have.

    Args:
        obj: an object with `get_config`, a function, a dtype, an array or a plain
            value; or lists, tuples and dicts of these.
    Returns: plain values, lists and dicts that JSON can hold; an object is a dict with
        'module', 'class_name', 'config' and 'registered_name'.
    Raises: UnsupportedError for objects without get_config.

    Example:
        >>> import layerlab as keras
        >>> config = serialize_keras_object(keras.initializers.Constant(0.5))
        >>> config["class_name"], config["config"]["value"]
        ('Constant', 0.5)
    """
    if obj is None or isinstance(obj, bool | int | float | str):
        return obj.item() if isinstance(obj, np.generic) else obj  # np.float64 is a float
    if isinstance(obj, FunctionConfig):
        return obj
    if isinstance(obj, dict):
        return {key: serialize_keras_object(item) for key, item in obj.items()}
    if isinstance(obj, list | tuple):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    plain = _serialize_plain(obj)
    if plain is not None:
        return plain
    if isinstance(obj, dtypes.DTypePolicy):
        return _wrapped("keras", "DTypePolicy", obj.get_config(), None)
    if not isinstance(obj, type) and hasattr(obj, "get_config"):
        return _serialize_instance(obj)
    if callable(obj) and not isinstance(obj, type):
        return _serialize_function(obj)
    name = _dtype_name(obj)
    if name is not None:
        return name
    raise UnsupportedError(
        explain(
            f"A {type(obj).__name__} cannot be part of a config.", fix="give it get_config and from_config"
        )
    )


def _serialize_plain(obj: object) -> Any:
    """Values that have a form of their own, or None."""
    if isinstance(obj, KerasTensor):
        return _form("__keras_tensor__", shape=obj.shape, dtype=obj.dtype, keras_history=_place(obj))
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return _form("__numpy__", value=obj.tolist(), dtype=obj.dtype.name)
    if backend().is_array(obj):
        return _form("__tensor__", value=backend().to_numpy(obj).tolist(), dtype=backend().dtype_name(obj))
    if isinstance(obj, bytes):
        return _form("__bytes__", value=obj.decode("utf-8"))
    if isinstance(obj, slice):
        parts = {key: serialize_keras_object(getattr(obj, key)) for key in ("start", "stop", "step")}
        return _form("__slice__", **parts)
    return _form("__ellipsis__") if obj is Ellipsis else None


def _place(tensor: KerasTensor) -> list[Any] | None:
    history = tensor._keras_history
    return None if history is None else [history.operation.name, history.node_index, history.tensor_index]


def _serialize_instance(obj: Any) -> dict[str, Any]:
    config = obj.get_config()
    if not isinstance(config, dict):
        raise ConfigError(
            explain(f"get_config of {type(obj).__name__}", expected="a dict", got=type(config).__name__)
        )
    module, class_name, registered_name = _identity(obj)
    serialized = _wrapped(module, class_name, serialize_keras_object(config), registered_name)
    for key in ("build_config", "compile_config"):
        part = getattr(obj, f"get_{key}", lambda: None)()
        if part is not None:
            serialized[key] = serialize_keras_object(part)
    if _writing.numbers is not None:  # with the object, so that no other gets its id
        serialized[_SHARED], _ = _writing.numbers.setdefault(id(obj), (len(_writing.numbers) + 1, obj))
    return serialized


def _identity(obj: object) -> tuple[str | None, str, str | None]:
    """(module, class_name, registered_name) of an instance."""
    saved_as = getattr(obj, "saved_as", None)  # an op of a graph knows the class that Keras has for it
    if saved_as is not None:
        return (*saved_as, saved_as[1])
    cls = type(obj)
    known = builtin_name(cls)
    if known is None:
        module = None if cls.__module__ == "__main__" else cls.__module__
        return module, cls.__name__, get_registered_name(cls)
    if known in UNEXPORTED:
        return UNEXPORTED[known], cls.__name__, cls.__name__
    return MODULES[known[0]], cls.__name__, None


def _serialize_function(function: Any) -> dict[str, Any]:
    known = builtin_name(function)
    name = getattr(function, "__name__", type(function).__name__)
    if known is None and is_lambda(function):
        code, defaults, closure = dump_lambda(function)
        value = (code, _stored(defaults), _stored(closure))
        return FunctionConfig(_form("__lambda__", value=value), function)
    # Keras finds functions by name alone, whatever their module.
    config = _wrapped("builtins", "function", name if known else get_registered_name(function), "function")
    return config if known else FunctionConfig(config, function)


def _stored(value: object) -> Any:
    """What a lambda holds, as far as there is a form for it: a model may be cloned that cannot be written."""
    if isinstance(value, list | tuple):
        return type(value)(map(_stored, value)) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {key: _stored(item) for key, item in value.items()}
    if callable(value) and not isinstance(value, type) and not hasattr(value, "get_config"):
        return _serialize_function(value)
    plain = None if isinstance(value, KerasTensor) else _serialize_plain(value)
    return value if plain is None else plain


def _dtype_name(obj: Any) -> str | None:
    try:
        return dtypes.standardize_dtype(obj)
    except (DTypeError, TypeError, ValueError):
        return None


def _wrapped(
    module: str | None, class_name: str, config: object, registered_name: str | None
) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": registered_name,
    }


def _form(class_name: str, **config: object) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}
