"""A metric as pure functions of the values of its variables: arrays, or Variables, which stand for theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from layerlab.backend.protocol import Array
from layerlab.core.state import StateScope, given_values

__all__ = ["Stateless"]


class Stateless:
    """Mixed into what has `variables`, `update_state`, `result` and `reset_state`."""

    name: str
    variables: Any
    update_state: Callable[..., None]
    result: Callable[[], Any]
    reset_state: Callable[[], None]

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: object, **kwargs: object
    ) -> list[Array]:
        """`update_state` as a pure function of the values of the variables.

        The metric does not change.

        Args:
            metric_variables: values in the order of `variables`: arrays, or Variables
                for their values.
            *args, **kwargs: as of `update_state`.
        Returns: a list of arrays.
        Raises: InvalidArgumentError, ShapeError for values that do not fit.
        """
        with self._scope_of(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return [scope.read(variable) for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result for given values of `variables`, as a pure function.

        Args:
            metric_variables: values in the order of `variables`: arrays, or Variables
                for their values.
        Returns: an array, or a dict of arrays.
        Raises: InvalidArgumentError, ShapeError for values that do not fit.
        """
        with self._scope_of(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Array]:
        """The values that `variables` would have after `reset_state`; the metric does not change."""
        with StateScope() as scope:
            self.reset_state()
        return [scope.read(variable) for variable in self.variables]

    def _scope_of(self, values: Sequence[Any]) -> StateScope:
        return StateScope(given_values(f"Metric '{self.name}'", self.variables, values))
