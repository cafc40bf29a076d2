"""The step counter and the learning rate of an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab.backend.protocol import Array
from layerlab.core.context import name_scope
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.numeric import is_number
from layerlab.optimizers.optimizer_variables import VariableOwner
from layerlab.optimizers.schedules.base import LearningRateSchedule
from layerlab.settings import settings
from layerlab.typing import LearningRateLike, Tensor, TensorLike

__all__ = ["RateHolder", "as_array"]


class RateHolder(VariableOwner):
    """Abstract: counts steps, and knows the learning rate of the next one."""

    gradient_accumulation_steps: int | None
    _iterations: Variable
    _learning_rate: Any  # a Variable, a LearningRateSchedule or a callable without arguments

    @property
    def iterations(self) -> Any:
        """How many updates were made."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step: a Variable, the schedule's value, or what the callable returns.

        Setting it to a number assigns the Variable; to a schedule or a callable, replaces it.
        Raises: TypeError for a number where the optimizer was made with a schedule.
        """
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        return rate(self._iterations) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value: float | Tensor | Callable[..., Any]) -> None:
        current = self._learning_rate
        if not callable(value):
            if not isinstance(current, Variable):
                raise TypeError(
                    explain(
                        f"The learning rate of optimizer '{self.name}' follows {type(current).__name__}.",
                        expected="a LearningRateSchedule or a callable",
                        got=repr(value)[:80],
                        fix="make the optimizer with a number to be able to set one",
                    )
                )
            current.assign(value)
            return
        if isinstance(current, Variable):
            self._untrack_variable(current)
        self._learning_rate = value

    @property
    def schedule_name(self) -> str:
        """The class of what the learning rate follows; '' for a number, which can be set."""
        return "" if isinstance(self._learning_rate, Variable) else type(self._learning_rate).__name__

    def _step_number(self) -> Array:
        """Of the running update: 1 in the first."""
        return as_array(self.iterations) + 1

    def _make_rate(self, value: LearningRateLike) -> Variable:
        if not is_number(value):
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} learning_rate",
                    expected="a number, a LearningRateSchedule or a callable",
                    got=repr(value)[:80],
                )
            )
        return self._scalar_variable("learning_rate", float(value), settings.floatx)

    def _scalar_variable(self, name: str, value: float, dtype: str) -> Variable:
        with name_scope(self.name, caller=self):
            return Variable(value, dtype=dtype, trainable=False, aggregation="only_first_replica", name=name)


def as_array(value: TensorLike) -> Any:
    """The value of a Variable; anything else as it is."""
    return value.value if isinstance(value, Variable) else value
