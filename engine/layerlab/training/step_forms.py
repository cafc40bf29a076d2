"""The forms in which a step may be written, each as a method over variables.

- over variables: `train_step(self, data)`, as ours;
- over values, as for Keras on JAX: `train_step(self, state, data)` gives `(logs, new state)`;
- with a tape, as for Keras on PyTorch: `loss.backward()`, then `variable.value.grad`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.training.steps import Steps

__all__ = ["StepForm", "form_of"]


@dataclass(frozen=True)
class StepForm:
    """A step as a method over variables, and whether it needs the back end to record operations."""

    method: Callable[[Any], Any]
    is_taped: bool


def form_of(model: Any, kind: str, groups: Mapping[str, Sequence[Variable]]) -> StepForm:
    """The 'train', 'test' or 'predict' step of a model.

    Args:
        groups: the variables of the step's state, in the order in which Keras passes their values.
    """
    name = f"{kind}_step"
    method = getattr(model, name)
    if _takes_state(method):
        return StepForm(_over_values(method, kind, groups), is_taped=False)
    is_own = getattr(type(model), name) is getattr(Steps, name) and name not in vars(model)
    return StepForm(method, is_taped=kind == "train" and not is_own)


def _takes_state(method: Callable[..., Any]) -> bool:
    """True for `step(state, data)`: two positional parameters without defaults."""
    parameters = inspect.signature(method).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters) == 2


def _over_values(
    method: Callable[[Any, Any], Any], kind: str, groups: Mapping[str, Sequence[Variable]]
) -> Callable[[Any], Any]:
    @functools.wraps(method)
    def step(batch: Any) -> Any:
        state = tuple([variable.value for variable in variables] for variables in groups.values())
        result = method(state, batch)
        if not isinstance(result, tuple) or len(result) != 2:
            raise InvalidArgumentError(
                explain(
                    f"{method.__qualname__}(state, data) returned a {type(result).__name__}.",
                    expected="(outputs, non_trainable_variables)" if kind == "predict" else "(logs, state)",
                )
            )
        outputs, new_state = result
        if kind == "predict":  # only what a forward pass may change comes back
            changed = {"non_trainable": new_state}
        else:
            changed = dict(zip(groups, _checked_state(new_state, groups, method.__qualname__), strict=True))
        for group, values in changed.items():
            for variable, value in zip(groups[group], values, strict=True):
                variable.assign(value)
        return outputs

    return step


def _checked_state(state: Any, groups: Mapping[str, Sequence[Variable]], method: str) -> Sequence[Any]:
    expected = [len(variables) for variables in groups.values()]
    got = [len(values) for values in state] if isinstance(state, tuple | list) else type(state).__name__
    if got != expected:
        raise InvalidArgumentError(
            explain(
                f"The state that {method} returned does not fit the model.",
                expected=f"a tuple of {', '.join(groups)} with {expected} values",
                got=str(got),
            )
        )
    return state
