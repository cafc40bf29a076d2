"""Methods of Layer that Keras' has and layerlab has another way for, or none: they say what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layerlab.core.call_spec import call_spec
from layerlab.core.variable import Variable
from layerlab.errors import UnsupportedError, explain

if TYPE_CHECKING:
    from layerlab.core.layer import Layer

__all__ = [
    "add_metric",
    "add_variable",
    "call_signature_parameters",
    "quantization_mode",
    "quantized_build",
    "quantized_call",
    "rematerialized_call",
]


def add_variable(self: Layer, *args: Any, **kwargs: Any) -> Variable:
    """An older name of `add_weight`, with the same arguments."""
    return self.add_weight(*args, **kwargs)


def add_metric(self: Layer, *args: object, **kwargs: object) -> None:
    """Gone from Keras 3 as well: raises UnsupportedError."""
    raise UnsupportedError(
        explain(
            f"{self.describe()}: add_metric does not exist any more.",
            fix="keep a metric in an attribute (self.seen = Mean()), call its update_state in call; or "
            "compile(metrics=[...])",
        )
    )


def call_signature_parameters(self: Layer) -> list[str]:
    """The names of the parameters of `call`."""
    return list(call_spec(type(self)).names)


def quantization_mode(self: Layer) -> str | None:
    """None: layers are not quantized in this version."""
    mode: str | None = self.dtype_policy.quantization_mode
    return mode


def quantized_build(self: Layer, input_shape: object, mode: object) -> None:
    """Not in this version: raises UnsupportedError.

    Args:
        input_shape, mode: as in Keras.
    """
    raise UnsupportedError(explain(f"{self.describe()}: layerlab cannot quantize yet."))


def quantized_call(self: Layer, *args: object, **kwargs: object) -> Any:
    """Not in this version: raises UnsupportedError."""
    raise UnsupportedError(explain(f"{self.describe()}: layerlab cannot quantize yet."))


def rematerialized_call(
    self: Layer, layer_call: Callable[..., Any], *args: object, **kwargs: object
) -> Callable[..., Any]:
    """The function that a layer calls, unchanged: there is no RematScope here.

    Keras, too, gives it back for a layer made outside of one.

    Args:
        layer_call: the function.
        *args, **kwargs: what it would be called on; unused.
    """
    return layer_call
