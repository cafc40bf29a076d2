"""Configs as older Keras wrote them: `modernized` says the same in today's names, by `legacy_table`.

Keras 2 and the HDF5 files of Keras 3 have layers without a module; tf.keras 2.12 to 2.15 has modules, but
means what Keras 2 meant. So the version decides where a file says it, and else the module.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from layerlab.architectures.legacy_calls import single_end
from layerlab.architectures.legacy_table import (
    ACTIVATION_ARGUMENTS,
    ACTIVATIONS,
    CHANGED_IN_3,
    CHANGES,
    COMPILE_GONE,
    KERAS_1_ARGUMENTS,
    KERAS_1_CLASSES,
    NOT_HERE,
    OF_TENSORFLOW,
)
from layerlab.core.deserialization import deserialize_keras_object
from layerlab.core.registry import find, get_registered_object
from layerlab.core.serialization import MODULES
from layerlab.errors import UnsupportedError, explain

__all__ = [
    "deserialize_config",
    "is_older",
    "modernized",
]

Release = tuple[int, int]

_MARK = "is_modernized"  # a key of configs that are done: what is done twice would be done wrong
_LAST_OF_2 = "2.15"
_TODAY: Release = (3, 4)  # from here on nothing has changed
_SHAPE = "batch_input_shape"
_ENDS = ("input_layers", "output_layers")


# -- configs ------------------------------------------------------------------------------------------------


def deserialize_config(config: object, is_legacy: bool = False) -> Any:
    """The object of a config that Keras 2 or 3 wrote; custom objects are those of the open scopes.

    Args:
        is_legacy: whether what is around it shows that Keras 2 wrote it, with modules or without.
    """
    if not isinstance(config, dict) or _MARK in config or ("module" in config and not is_legacy):
        return deserialize_keras_object(config)
    return deserialize_keras_object(modernized(config, _LAST_OF_2 if is_legacy else None))


def modernized(config: object, version: object = None) -> Any:
    """`config` of a model, or any part of it, in the names and arguments of today.

    Args:
        version: what the file says of the Keras that wrote it; without it, dicts without a module are taken
            for Keras 2, all others for Keras 3.
    Raises: UnsupportedError for what Keras 1 wrote, and for what has no meaning here; ConfigError.
    """
    release = _release(version)
    if release is not None and release < (2, 0):
        raise _of_keras_1(f"the version it names is {str(version)[:20]}")
    if release is not None and release >= _TODAY and isinstance(config, dict) and "module" in config:
        return config
    return _Translator(release, is_tensorflow=str(version).endswith("-tf")).value(config)


def is_older(version: object) -> bool:
    """Whether Keras 2 wrote it, or does not say who did."""
    release = _release(version)
    return release is None or release < (3, 0)


def _release(version: object) -> Release | None:
    text = version.decode("utf-8", "replace") if isinstance(version, bytes) else version
    found = re.match(r"(\d{1,4})\.(\d{1,4})", text) if isinstance(text, str) else None
    return None if found is None else (int(found[1]), int(found[2]))


class _Translator:
    """Goes through a config. It is not changed; what comes back shares nothing with it."""

    def __init__(self, release: Release | None, is_tensorflow: bool) -> None:
        self._release, self._is_tensorflow = release, is_tensorflow

    def value(self, value: object) -> Any:
        """Any part of a config."""
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        plain = _plain(value)
        if plain is not value:
            return self.value(plain)
        if not isinstance(value.get("class_name"), str):
            return {key: self.value(item) for key, item in value.items()}
        return value if _MARK in value else self._object(value)

    def _object(self, entry: dict[str, Any]) -> dict[str, Any]:
        """What has a class_name: a layer, an initializer, an optimizer ..."""
        name, config = entry["class_name"], entry.get("config")
        is_old = self._release < (3, 0) if self._release is not None else "module" not in entry
        if name in OF_TENSORFLOW:
            raise _of_tensorflow(name, config, entry)
        if name == "Sequential" and isinstance(config, list):
            config = {"layers": config}
        done = {key: self.value(item) for key, item in entry.items() if key != "config"} | {_MARK: True}
        if is_old and done.get("inbound_nodes"):
            done.pop("build_config", None)  # its calls build it; shapes of states stand among the inputs here
        if is_old and isinstance(done.get("compile_config"), dict):
            for key in COMPILE_GONE:
                done["compile_config"].pop(key, None)
        if not isinstance(config, dict):
            return {**done, "config": self.value(config)}
        is_custom = get_registered_object(name) is not None
        has_changed = is_old or (name in CHANGED_IN_3 and self._is_before(_TODAY))
        if has_changed and not is_custom:  # a class of the user's gets what the file says
            name, config = self._changed(name, config)
        inside = self._inside(config, is_old)
        axis = inside.get("axis")
        if is_old and not is_custom and isinstance(axis, list) and len(axis) == 1:
            inside["axis"] = axis[0]
        if is_old and name == "Sequential":
            inside["layers"] = _with_input(inside.get("layers"))
        return {**done, "class_name": name, "config": inside}

    def _inside(self, config: dict[str, Any], is_old: bool) -> dict[str, Any]:
        """The arguments, each translated by itself."""
        inside = {key: self.value(item) for key, item in config.items()}
        if is_old:
            inside |= {key: _activation(inside[key]) for key in ACTIVATION_ARGUMENTS if key in inside}
        if "layers" in inside and (is_old or self._is_before(_TODAY)):
            inside |= {key: single_end(inside[key]) for key in _ENDS if key in inside}
        return inside

    def _changed(self, name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Class and arguments of today."""
        name = _short(name)
        _check_readable(name, config)
        change = CHANGES.get(name)
        if change is None:
            return name, config
        place = f"{name} '{str(config.get('name'))[:80]}'"
        changed = {}
        for key, value in config.items():
            if key not in change.gone:
                changed[change.renamed.get(key, key)] = value
            elif value not in change.gone[key]:
                raise _cannot_honour(place, key, value)
        for key, (values, release, message) in change.warned_before.items():
            if self._is_before(release) and key in config and config[key] in values:
                warnings.warn(f"{place} has {key}={config[key]!r}: {message}.", stacklevel=2)
        changed = {**change.added, **changed}
        if self._is_before(change.added_before[0]):
            changed = {**change.added_before[1], **changed}
        if change.adapt is not None:
            change.adapt(changed)
        return change.name or name, changed

    def _is_before(self, release: Release) -> bool:
        """Whether the file says that it is older. TensorFlow's 2.2.4 stands for all of its first releases."""
        return self._release is not None and self._release < release and not self._is_tensorflow


def _with_input(layers: Any) -> Any:
    """The layers of a Sequential; an Input, named as Keras names it, where the first one knows its shape."""
    start = layers[0] if isinstance(layers, list) and layers else None
    config = start.get("config") if isinstance(start, dict) else None
    if not isinstance(start, dict) or not isinstance(config, dict):
        return layers
    shape, name = config.get(_SHAPE), config.get("name")
    if shape is None or not isinstance(name, str):
        return layers
    given = {"batch_shape": shape, "name": f"{name}_input"}
    rest = {key: value for key, value in config.items() if key != _SHAPE}
    return [
        {"class_name": "InputLayer", "config": given, _MARK: True},
        {**start, "config": rest},
        *layers[1:],
    ]


def _plain(value: dict[str, Any]) -> Any:
    """What Keras 2 wrote in a way of its own: arrays, tuples and shapes; else `value` itself."""
    if value.get("type") == "ndarray" and value.keys() == {"type", "value"}:
        return value["value"]
    if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return value["items"]
    return ... if value == {"class_name": "__ellipsis__"} else value


def _activation(value: object) -> Any:
    if not isinstance(value, str) or get_registered_object(value) is not None:
        return value
    return ACTIVATIONS.get(value, value)


def _short(name: str) -> str:
    """TensorFlow wrote some classes as 'BatchNormalizationV1', and its optimizers as 'Custom>Adam'."""
    plain = name.removeprefix("Custom>")
    if plain.endswith(("V1", "V2", "V3")) and _find(plain) is None and _find(plain[:-2]) is not None:
        plain = plain[:-2]
    is_ours = not name.startswith("Custom>") or find("optimizers", plain) is not None
    return plain if is_ours else name


def _find(name: str) -> Any:
    return next((found for kind in MODULES if (found := find(kind, name)) is not None), None)


# -- refusals -----------------------------------------------------------------------------------------------


def _check_readable(name: str, config: dict[str, Any]) -> None:
    if name in NOT_HERE:
        raise UnsupportedError(explain(f"The model has a {name}.", fix=NOT_HERE[name]))
    old = sorted(KERAS_1_ARGUMENTS & config.keys()) if _find(name) is not None else []
    if name in KERAS_1_CLASSES or old:
        raise _of_keras_1(f"{name} with {', '.join(old)}" if old else f"it has a {name}")


def _of_keras_1(reason: str) -> UnsupportedError:
    return UnsupportedError(
        explain(
            f"This was written by Keras 1: {reason}.",
            expected="what Keras 2 or 3 wrote",
            fix="load it with Keras 2 (pip install keras==2.2.4), which reads it, and save it from there",
        )
    )


def _of_tensorflow(name: str, config: object, entry: dict[str, Any]) -> UnsupportedError:
    inner = config if isinstance(config, dict) else {}
    function = inner.get("name") or entry.get("name") or inner.get("function")
    return UnsupportedError(
        explain(
            f"The model calls a function of TensorFlow ({str(function)[:80]}).",
            got=f"a {name}, as Keras 2 wrote a function of TensorFlow that was called on a symbolic tensor",
            fix="make the model anew with layers or layerlab.ops, then load_weights from the file",
        )
    )


def _cannot_honour(place: str, key: str, value: object) -> UnsupportedError:
    return UnsupportedError(
        explain(
            f"{place} has {key}={str(value)[:60]}, an argument of Keras 2 that has no meaning here.",
            fix="make the model anew without it; weights of the same shapes can then be loaded",
        )
    )
