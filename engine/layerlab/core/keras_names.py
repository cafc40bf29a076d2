"""Methods of Keras' Layer that layerlab has another way for, or none: what they do, or say what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab.core.call_spec import call_spec
from layerlab.core.variable import Variable
from layerlab.errors import UnsupportedError, explain

__all__ = ["KerasNames"]


class KerasNames:
    """Mixed into Layer."""

    add_weight: Callable[..., Variable]
    describe: Callable[[], str]
    dtype_policy: Any

    def add_variable(self, *args: object, **kwargs: object) -> Variable:
        """An older name of `add_weight`, with the same arguments."""
        return self.add_weight(*args, **kwargs)

    def add_metric(self, *args: object, **kwargs: object) -> None:
        """Gone from Keras 3 as well: raises UnsupportedError."""
        raise UnsupportedError(
            explain(
                f"{self.describe()}: add_metric does not exist any more.",
                fix="keep a metric in an attribute (self.seen = Mean()), call its update_state in call; or "
                "compile(metrics=[...])",
            )
        )

    @property
    def call_signature_parameters(self) -> list[str]:
        """The names of the parameters of `call`."""
        return list(call_spec(type(self)).names)

    @property
    def quantization_mode(self) -> str | None:
        """None: layers are not quantized in this version."""
        mode: str | None = self.dtype_policy.quantization_mode
        return mode

    def quantized_build(self, input_shape: object, mode: object) -> None:
        """Not in this version: raises UnsupportedError.

        Args:
            input_shape, mode: as in Keras.
        """
        raise UnsupportedError(explain(f"{self.describe()}: layerlab cannot quantize yet."))

    def quantized_call(self, *args: object, **kwargs: object) -> Any:
        """Not in this version: raises UnsupportedError."""
        raise UnsupportedError(explain(f"{self.describe()}: layerlab cannot quantize yet."))

    def rematerialized_call(
        self, layer_call: Callable[..., Any], *args: object, **kwargs: object
    ) -> Callable[..., Any]:
        """The function that a layer calls, unchanged: there is no RematScope here.

        Keras, too, gives it back for a layer made outside of one.

        Args:
            layer_call: the function.
            *args, **kwargs: what it would be called on; unused.
        """
        return layer_call
