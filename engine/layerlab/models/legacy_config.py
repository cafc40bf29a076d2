"""Configs as Keras 2 wrote them: layers without a module, calls as nested lists.

`modernized` brings the arguments that have changed to today's names; the rest is read as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab.core.deserialization import deserialize_keras_object
from layerlab.errors import ConfigError, UnsupportedError, explain

__all__ = ["deserialize_config", "legacy_entries", "legacy_kwargs", "modernized", "reads_legacy_node"]

_RECURRENT = ("GRU", "GRUCell", "LSTM", "LSTMCell", "SimpleRNN", "SimpleRNNCell", "RNN", "ConvLSTM2D")
_GONE: dict[str, tuple[str, ...]] = {
    "BatchNormalization": ("fused", "virtual_batch_size", "renorm", "renorm_clipping", "renorm_momentum"),
    "Bidirectional": ("time_major",),
    "DepthwiseConv1D": ("groups",),
    "DepthwiseConv2D": ("groups",),
    "Embedding": ("input_length",),
    "SeparableConv1D": ("groups",),
    "SeparableConv2D": ("groups",),
    "Conv1DTranspose": ("groups",),
    "Conv2DTranspose": ("groups",),
    "Conv3DTranspose": ("groups",),
    "Lambda": ("module", "function_type", "output_shape_type", "output_shape_module"),
} | dict.fromkeys(_RECURRENT, ("time_major", "implementation"))
_RENAMED = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "InputLayer": {"batch_input_shape": "batch_shape"},
}


def reads_legacy_node(call: Any) -> bool:
    """True for a call in a form of Keras 2: a list, or a dict of tensors by name.

    Raises: ConfigError for what is neither that nor a call of Keras 3.
    """
    if isinstance(call, dict) and ("args" in call or "kwargs" in call):
        return False
    if isinstance(call, dict | list | tuple) and call:
        return True
    raise ConfigError(explain("A call of a config", expected="a list or a dict", got=repr(call)[:80]))


def deserialize_config(config: Any) -> Any:
    """The object of a config that Keras 2 or 3 wrote; custom objects are those of the open scopes."""
    is_legacy = isinstance(config, dict) and "module" not in config
    return deserialize_keras_object(modernized(config) if is_legacy else config)


def legacy_entries(call: Any) -> list[Any]:
    """The entries `["dense", 0, 0, {...}]` of a call; one entry may stand alone."""
    return [call] if isinstance(call[0], str) else list(call)


def legacy_kwargs(entry: Any) -> dict[str, Any]:
    """The further arguments of the call, which come with an entry."""
    further = entry[3] if isinstance(entry, list | tuple) and len(entry) > 3 else {}
    if not isinstance(further, dict):
        raise ConfigError(
            explain("A call of a config", expected="a dict in fourth place", got=repr(further)[:80])
        )
    return further


def modernized(config: Any) -> Any:
    """`config` of a layer, or any part of it, with the arguments of today."""
    if isinstance(config, list):
        return [modernized(item) for item in config]
    if not isinstance(config, dict):
        return config
    if "module" in config or not isinstance(config.get("class_name"), str):
        return {key: modernized(value) for key, value in config.items()}
    class_name, inner = config["class_name"], config.get("config")
    if class_name == "Sequential" and isinstance(inner, list):
        return {**config, "config": {"layers": inner}}
    if class_name in ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"):
        raise UnsupportedError(
            explain(
                f"The model calls a function of TensorFlow ({str((inner or {}).get('name'))[:80]}).",
                fix="make it anew with layers or layerlab.ops",
            )
        )
    if not isinstance(inner, dict):
        return dict(config)
    if "layers" in inner:  # a model: its own reading does the layers
        return dict(config)
    changed = {key: modernized(value) for key, value in inner.items() if key not in _GONE.get(class_name, ())}
    for old, new in _RENAMED.get(class_name, {}).items():
        if old in changed:
            changed[new] = changed.pop(old)
    if class_name in _CHANGES:
        _CHANGES[class_name](changed, inner)
    axis = changed.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        changed["axis"] = axis[0]
    return {**config, "config": changed}


def _variance_scaling(changed: dict[str, Any], _: dict[str, Any]) -> None:
    changed.pop("dtype", None)
    if changed.get("distribution") == "normal":
        changed["distribution"] = "truncated_normal"


def _initializer(changed: dict[str, Any], _: dict[str, Any]) -> None:
    changed.pop("dtype", None)


def _lambda(changed: dict[str, Any], inner: dict[str, Any]) -> None:
    function = inner.get("function")
    if inner.get("function_type") == "function" or isinstance(function, str):
        changed["function"] = {"class_name": "function", "config": function}
    else:
        changed["function"] = {"class_name": "__lambda__", "config": {"value": function}}


_CHANGES: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    "VarianceScaling": _variance_scaling,
    "Lambda": _lambda,
} | dict.fromkeys(
    (
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "LecunNormal",
        "LecunUniform",
        "Ones",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "Zeros",
    ),
    _initializer,
)
