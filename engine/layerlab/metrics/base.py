"""Metric: a quantity that is gathered over batches in variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from layerlab import dtypes, initializers
from layerlab.backend.protocol import Shape
from layerlab.core.config import Configurable
from layerlab.core.context import name_scope
from layerlab.core.naming import auto_name
from layerlab.core.registry import share_arguments
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.dtypes import PolicyLike
from layerlab.errors import NotBuiltError, UnsupportedError, explain
from layerlab.metrics.accumulators import accumulator_type
from layerlab.metrics.arguments import SHARED_ARGUMENTS, SHARED_ARGUMENTS_OF_FUNCTIONS
from layerlab.metrics.stateless_metric import Stateless
from layerlab.typing import DTypeLike, InitializerLike

__all__ = ["Metric"]

share_arguments("metrics", SHARED_ARGUMENTS)
share_arguments("metric_functions", SHARED_ARGUMENTS_OF_FUNCTIONS)


class Metric(Stateless, Configurable):
    """Base of all metrics: a quantity that is gathered over batches in variables.

    Write `update_state` and `result`; keep the state in variables of `add_variable`,
    and change it by `assign` only, so that the update can be compiled. Variables and
    metrics kept in attributes (also in lists and dicts) belong to the metric.

    Call: `metric(...)` is `update_state(...)`, then `result()`; `reset_state()` begins
    anew, as `fit` does before each epoch.

    Example:
        >>> from layerlab import ops
        >>> class Largest(Metric):
        ...     def __init__(self, name="largest", dtype=None):
        ...         super().__init__(name=name, dtype=dtype)
        ...         self.top = self.add_variable(shape=(), name="top")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.top.assign(ops.maximum(self.top, ops.max(y_pred)))
        ...     def result(self):
        ...         return self.top.value
        >>> float(Largest()([0.0, 0.0], [3.0, 4.0]))
        4.0
    """

    registry_kind = "metrics"
    tracked_as = "metric"
    _direction: ClassVar[str | None] = None  # "up" if more is better, "down" if less is; callbacks ask

    def __init__(self, dtype: PolicyLike = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype = dtypes.as_policy(dtype or dtypes.standardize_dtype(None)).compute_dtype
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The dtype of the computation."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The metric's own variables, then the variables of metrics inside it."""
        inside = [variable for metric in tracked(self, "metric") for variable in metric.variables]
        return unique([*tracked(self, "variable"), *inside])

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take one batch into account; to be overridden.

        Args:
            *args, **kwargs: mostly y_true, y_pred and sample_weight=None.
        Raises: UnsupportedError where no subclass defines it.
        """
        raise UnsupportedError(
            explain(f"{type(self).__name__} cannot be updated.", fix="implement update_state")
        )

    def result(self) -> Any:
        """The value over all batches since the last reset; to be overridden.

        Returns: an array, or a dict of arrays.
        Raises: UnsupportedError where no subclass defines it.
        """
        raise UnsupportedError(explain(f"{type(self).__name__} has no result.", fix="implement result"))

    def reset_state(self) -> None:
        """Forget all batches: variables become zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, dtypes.numpy_dtype(variable.dtype)))

    def build_from_shapes(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the variables whose shapes follow from the data; most have none.

        Args:
            y_true_shape, y_pred_shape: tuples of ints, with the batch axis.
        """

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: InitializerLike = None,
        dtype: DTypeLike = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable that gathers over batches; to be called in `__init__`.

        Args:
            shape: tuple of ints, () for a number.
            initializer: name, Initializer or function of the first value; None is
                zeros.
            dtype: dtype name; None is floatx.
            aggregation: how replicas would be combined; unused on one device.
            name: last part of its path; automatic when None.
        Returns: the Variable, which `reset_state` makes zero.
        Raises: NotBuiltError before `super().__init__()`.
        """
        if "_variables" not in vars(self):
            raise NotBuiltError(
                explain(
                    f"{type(self).__name__} has no state yet.",
                    fix="call super().__init__() first in __init__",
                )
            )
        with name_scope(self.name.replace("/", ">"), caller=self):
            variable = accumulator_type(dtype)(
                initializer=initializers.get("zeros" if initializer is None else initializer),
                shape=tuple(shape),
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                synchronization="on_read",
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: InitializerLike = None,
        dtype: DTypeLike = None,
        name: str | None = None,
    ) -> Variable:
        """An older name of `add_variable`.

        Args:
            shape: tuple of ints; () is a number.
            initializer, dtype, name: as for `add_variable`.
        """
        return self.add_variable(shape, initializer, dtype, name=name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
