"""The older layout of weights in HDF5: a group for each layer, with its weights in the order of Keras 2.

The attribute `layer_names` of the outer group lists the layers in the model's order, `weight_names` of each
group its arrays. Trained weights come before the others. Read by position or by name.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.layer import Layer
from layerlab.core.model_protocol import ModelLike
from layerlab.core.variable import Variable
from layerlab.errors import ConfigError, DataError, LayerlabError, ShapeError, UnsupportedError, explain
from layerlab.saving.legacy_layout import turns_of
from layerlab.saving.weights_store import (
    assign_all,
    check_array,
    check_fits,
    distinct_paths,
    read_array,
    write_array,
)

if TYPE_CHECKING:
    import h5py

__all__ = [
    "KERAS_VERSION",
    "check_fit",
    "is_legacy",
    "read_arrays",
    "read_legacy_weights",
    "read_named_arrays",
    "write_arrays",
    "write_legacy_weights",
]

KERAS_VERSION = "3.15.1"  # whose layout this is; Keras reads the first digit
_TOP_LEVEL = "top_level_model_weights"
_LONGEST_ATTRIBUTE = 64512  # bytes; HDF5's limit for what stands in an object's header
_STACK = 6  # levels from here to the caller of load_weights


# -- writing --------------------------------------------------------------------------------------------


def write_legacy_weights(group: h5py.Group, model: ModelLike) -> None:
    """Write the weights of a built model into an open, empty group."""
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"] = backend().name
    group.attrs["keras_version"] = KERAS_VERSION
    for layer in model.layers:
        write_arrays(group.create_group(layer.name), _ordered(layer))
    write_arrays(group.create_group(_TOP_LEVEL), model._weights_here())


def write_arrays(group: h5py.Group, variables: Sequence[Variable]) -> None:
    """Write variables under their paths, and the list of these."""
    names = distinct_paths(variables)
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables, strict=True):
        write_array(group, name, variable.numpy())


def _ordered(layer: Layer) -> list[Variable]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _write_names(group: h5py.Group, attribute: str, names: list[str]) -> None:
    """A list of names; a long one in parts, with their numbers behind the attribute's name."""
    encoded = np.array([name.encode() for name in names], "S" if names else "S1")
    count = _LONGEST_ATTRIBUTE // encoded.itemsize
    if count == 0:
        raise UnsupportedError(
            explain(
                f"A name of {encoded.itemsize} bytes does not go into the older HDF5 layout.",
                fix="give layers shorter names, or save to '.weights.h5' or '.keras'",
            )
        )
    if len(names) <= count:
        group.attrs[attribute] = encoded
        return
    for number, start in enumerate(range(0, len(names), count)):
        group.attrs[f"{attribute}{number}"] = encoded[start : start + count]


# -- reading --------------------------------------------------------------------------------------------


def is_legacy(group: h5py.Group) -> bool:
    """True for a group in this layout."""
    return "layer_names" in group.attrs or "layer_names0" in group.attrs


def read_legacy_weights(
    group: h5py.Group, model: ModelLike, name: str, by_name: bool = False, skip_mismatch: bool = False
) -> None:
    """Read an open and checked group of this layout into a built model; nothing changes unless all fits.

    Args:
        name: what messages call the file.
        by_name: read the layers that have the name of one in the file. Otherwise they are taken in order,
            those without weights left aside, whatever their names.
        skip_mismatch: leave out layers that the file does not fit, with a warning for each.
    Raises: DataError, ShapeError, DTypeError, ConfigError.
    """
    stored = [
        (layer_name, read_arrays(group, layer_name)) for layer_name in _read_names(group, "layer_names")
    ]
    matched = _matched_by_name(stored, model) if by_name else _matched_by_order(stored, model)
    origin = _text_of(group.attrs.get("backend"))
    fitting: list[tuple[Variable, _Reader]] = []
    for place, layer, arrays in matched:
        try:
            fitting += _readers(place, layer, arrays, origin)
        except LayerlabError as error:
            if not skip_mismatch:
                raise
            warnings.warn(f"Left out {place}, which {name} does not fit: {error}", stacklevel=_STACK)
    if _TOP_LEVEL in group:
        own, arrays = model._weights_here(), read_arrays(group, _TOP_LEVEL)
        check_fit("the model itself", own, arrays)
        fitting += [(v, functools.partial(read_array, a)) for v, a in zip(own, arrays, strict=True)]
    assign_all(fitting)


def _readers(place: str, layer: Layer, arrays: list[Any], origin: str) -> list[tuple[Variable, _Reader]]:
    """The layer's variables, each with what reads its value. Raises what `check_fit` raises."""
    variables = _ordered(layer)
    stored = {id(variable): array for variable, array in zip(variables, arrays, strict=False)}
    turns = turns_of(layer, stored, origin)
    check_fit(place, variables, arrays, turned=turns.keys())
    pairs: list[tuple[Variable, _Reader]] = []
    for variable, array in zip(variables, arrays, strict=True):
        read: _Reader = functools.partial(read_array, array)
        if id(variable) in turns:
            value = turns[id(variable)](read())
            check_fits(value.shape, value.dtype.name, variable)
            read = functools.partial(np.asarray, value)
        pairs.append((variable, read))
    return pairs


def read_arrays(group: h5py.Group, name: str) -> list[Any]:
    """The datasets that the group `name` lists, in that order, unread."""
    return [array for _, array in read_named_arrays(group, name)]


def read_named_arrays(group: h5py.Group, name: str) -> list[tuple[str, Any]]:
    """The datasets that the group `name` lists, unread, with their names."""
    inner = _member(group, name)
    return [(weight_name, _member(inner, weight_name)) for weight_name in _read_names(inner, "weight_names")]


def check_fit(
    place: str, variables: Sequence[Variable], arrays: Sequence[Any], turned: Collection[int] = ()
) -> None:
    """Raise ShapeError, DTypeError or DataError unless each variable can take the array of its number.

    Args:
        turned: ids of variables whose arrays have another shape in the file.
    """
    if len(variables) != len(arrays):
        raise ShapeError(
            explain(
                f"The file does not fit {place}.",
                expected=f"{len(variables)} weights",
                got=str(len(arrays)),
                fix="load into a model of the architecture that was saved",
            )
        )
    for variable, array in zip(variables, arrays, strict=True):
        check_array(array, None if id(variable) in turned else variable)


_Matched = list[tuple[str, Any, list[Any]]]  # what messages call the layer, the layer, its arrays
_Reader = Callable[[], np.ndarray]


def _matched_by_order(stored: list[tuple[str, list[Any]]], model: ModelLike) -> _Matched:
    layers = [layer for layer in model.layers if layer.weights]
    in_file = [(name, arrays) for name, arrays in stored if arrays]
    if len(layers) != len(in_file):
        raise ConfigError(
            explain(
                f"The file does not fit '{model.name}'.",
                expected=f"{len(layers)} layers with weights",
                got=f"{len(in_file)}: " + ", ".join(name for name, _ in in_file[:8]),
                fix="load into the architecture that was saved, or pass by_name=True",
            )
        )
    return [
        (f"'{layer.name}' (in the file '{name[:100]}')", layer, arrays)
        for layer, (name, arrays) in zip(layers, in_file, strict=True)
    ]


def _matched_by_name(stored: list[tuple[str, list[Any]]], model: ModelLike) -> _Matched:
    return [
        (f"'{layer.name}'", layer, arrays)
        for name, arrays in stored
        for layer in model.layers
        if layer.name == name
    ]


def _member(group: h5py.Group, name: str) -> Any:
    try:
        if name and not name.startswith("/"):
            return group[name]
    except (KeyError, ValueError, TypeError, AttributeError, OSError, RuntimeError):
        pass
    place = str(getattr(group, "name", ""))[:100]
    raise DataError(explain(f"'{name[:200]}' is not where the file says, in '{place}'.", fix="save it again"))


def _read_names(group: h5py.Group, attribute: str) -> list[str]:
    attributes = getattr(group, "attrs", {})
    keys = [attribute]
    if attribute not in attributes:
        numbered = (f"{attribute}{number}" for number in itertools.count())
        keys = list(itertools.takewhile(attributes.__contains__, numbered))
    names = [name for key in keys for name in np.ravel(attributes[key]).tolist()]
    try:
        return [name.decode() if isinstance(name, bytes) else _text(name) for name in names]
    except (UnicodeDecodeError, TypeError) as error:
        raise DataError(explain(f"The file's '{attribute}' are no names.", fix="save it again")) from error


def _text_of(attribute: object) -> str:
    return attribute.decode("utf-8", "replace") if isinstance(attribute, bytes) else str(attribute)


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(type(name).__name__)
    return name
