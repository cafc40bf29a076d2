"""Layers that take what is on the host: texts, lists, columns of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.core.layer import Layer
from layerlab.core.symbolic import KerasTensor, any_symbolic
from layerlab.layers.preprocessing.host_values import plain_values

__all__ = ["HostLayer", "ListLayer"]


class HostLayer(Layer):
    """A layer that computes on the host, on texts and with tables that no back end has; it has no weights.

    It may be called in several threads at once, as a data set's `map` does. On a
    symbolic tensor it records a call, as any layer: `_output_spec` says of what.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return super().__call__(*args, **kwargs)
        self._check_initialised()
        return self.call(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> KerasTensor:
        """A KerasTensor like the output.

        Args:
            *args, **kwargs: as of `call`, with KerasTensors in place of values.
        """
        return self._output_spec(*args, **kwargs)

    def _output_spec(self, inputs: KerasTensor) -> KerasTensor:
        raise NotImplementedError


class ListLayer(Layer):
    """A layer that computes in the step, and takes lists, numbers and columns too."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return super().__call__(*args, **kwargs)
        taken = [self._taken(value) if _is_on_host(value) else value for value in args]
        named = {key: self._taken(value) if key == "inputs" else value for key, value in kwargs.items()}
        return super().__call__(*taken, **named)

    def _taken(self, values: object) -> Any:
        """What to compute on, of values on the host; a subclass may check them here."""
        return plain_values(values, self.describe()) if _is_on_host(values) else values


def _is_on_host(values: object) -> bool:
    return isinstance(values, list | tuple | int | float | np.generic | np.ndarray) or hasattr(
        values, "to_numpy"
    )
