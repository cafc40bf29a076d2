"""A step as a pure function, state in and state out, made of a method over variables.

What a step does is written in `Model.train_step` and so on; `pure` runs such a method inside a state scope.
The method may have one of three forms:

- over variables: `train_step(self, data)`, as ours;
- over values, as for Keras on JAX: `train_step(self, state, data)` gives `(logs, new state)`;
- with a tape, as for Keras on PyTorch: `loss.backward()`, then `variable.value.grad`.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import StateGrew
from layerlab.core.bookkeeping import bookkeeping
from layerlab.core.foreign_errors import raise_told, value_needed
from layerlab.core.state import StateScope
from layerlab.core.tracking import unique
from layerlab.core.variable import Variable, next_serial
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.training.stepping.state_layout import State, StateLayout
from layerlab.training.steps import Steps, WatchedLoss

__all__ = ["ModelGrew", "StepMethod", "UntrackedVariableError", "can_be_replayed", "pure", "step_method"]

_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type)


class UntrackedVariableError(UnsupportedError):
    """A step assigns a variable that is not part of its state."""


class ModelGrew(StateGrew):
    """Raised by a step in which the model got variables: it is to be made anew, with them in its state."""


@dataclass(frozen=True)
class StepMethod:
    """The step of a model as a method over variables.

    Args:
        model, kind: whose step of which kind it is: 'train', 'test' or 'predict'.
        over_variables: the method; it takes a batch.
        is_taped: it may ask the back end for gradients by itself (PyTorch: `loss.backward()`).
    """

    model: Any
    kind: str
    over_variables: Callable[[Any], Any]
    is_taped: bool

    @property
    def name(self) -> str:
        """The method's name in error messages."""
        return str(self.over_variables.__qualname__)


def step_method(model: Any, kind: str, groups: Mapping[str, Sequence[Variable]]) -> StepMethod:
    """The 'train', 'test' or 'predict' step of a model.

    Args:
        groups: the variables of the step's state, in the order in which Keras passes their values.
    """
    name = f"{kind}_step"
    method = getattr(model, name)
    if _takes_state(method):
        return StepMethod(model, kind, _over_values(method, kind, groups), is_taped=False)
    is_own = getattr(type(model), name) is getattr(Steps, name) and name not in vars(model)
    return StepMethod(model, kind, method, is_taped=kind == "train" and not is_own)


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


def pure(
    method: StepMethod, layout: StateLayout, is_outgrown: Callable[[], bool]
) -> Callable[[State, Any], tuple[State, Any]]:
    """`step(state, batch) -> (state, outputs)` from a method over variables.

    Variables of others that it reads are borrowed: they join the layout when a step first meets them. A step
    that is traced raises StateGrew then, for its program would hold their values of now for ever.

    Args:
        method: what the step does. The outputs of 'train' and 'test' are (logs, loss); the loss is None if
            the method tracks none.
        layout: which variables make up the state.
        is_outgrown: whether the model has variables that the layout lacks. Asked when the step made some: a
            layer was built in it, or an optimizer.
    """
    takes_logs = method.kind != "predict"

    def step(state: State, batch: Any) -> tuple[State, Any]:
        recording = backend().taped() if method.is_taped else backend().inference()
        others: list[Variable] = []
        begin = next_serial()
        with (
            recording,
            StateScope(layout.pairs(state), others.append) as scope,
            WatchedLoss(method.model) as watched,
        ):
            try:
                outputs = method.over_variables(tree.map_structure(_to_array, batch))
            except Exception as error:  # in a step that somebody wrote
                raise_told(value_needed(error, method.name) if takes_logs else None, error)
                raise
            if takes_logs:
                outputs = _checked_logs(outputs, method.name), watched.loss
            if next_serial() > begin + 1 and is_outgrown():
                raise ModelGrew
            _check_assigned(scope, layout, begin)
            # What was made in the step itself is no one else's.
            if met := [v for v in unique(others) if v.serial < begin]:
                layout.borrow(met)
                if any(map(_is_abstract, tree.flatten((state, batch)))):
                    raise StateGrew
            new_state = layout.read_from(scope)
            result = new_state, _apart_from(new_state, outputs)
        return tree.map_structure(_off_the_tape, result) if method.is_taped else result

    return step


def _check_assigned(scope: StateScope, layout: StateLayout, begin: int) -> None:
    for variable in scope.assigned():
        is_carried = variable.may_be_carried and variable.serial < begin
        if not layout.holds(variable) and not is_carried:
            raise UntrackedVariableError(
                explain(
                    f"'{variable.path}' is assigned in a step, but the model does not track it.",
                    fix="keep it in an attribute of the model, of one of its layers, or of a metric",
                )
            )


def _is_abstract(leaf: Any) -> bool:
    return backend().is_array(leaf) and backend().is_abstract(leaf)


def _off_the_tape(leaf: Any) -> Any:
    return backend().stop_gradient(leaf) if backend().is_array(leaf) else leaf


def _to_array(leaf: Any) -> Any:
    """An array of the back end, so that a step written by a user may compute with the batch at once."""
    return None if leaf is None else backend().asarray(leaf)


def _apart_from(state: State, outputs: Any) -> Any:
    """The outputs with copies of arrays that are in the state as well: the next step overwrites those."""
    held = {id(value) for values in state.values() for value in values.values()}

    def apart(leaf: Any) -> Any:
        value = leaf.value if isinstance(leaf, Variable) else leaf
        return backend().copy(value) if id(value) in held else value

    return tree.map_structure(apart, outputs)


def _checked_logs(logs: Any, method: str) -> dict[str, Any]:
    """The logs that a step gives; a dict among the values (as of `CompileMetrics.result`) is spread."""
    if not isinstance(logs, Mapping):
        raise InvalidArgumentError(
            explain(
                f"{method} returned a {type(logs).__name__}.",
                expected="a dict of label -> value",
                fix='return {"loss": loss, ...}',
            )
        )
    flat: dict[str, Any] = {}
    for label, value in logs.items():
        flat |= _checked_logs(value, method) if isinstance(value, Mapping) else {label: value}
    return flat


def can_be_replayed(model: Any) -> bool:
    """Whether a model's steps do the same each time, so that a back end may record one and play it.

    That is so if all that it is made of is layerlab's own, which computes with tensors only. A user's
    function may print, count, or ask a tensor for its values. A class says itself which of its attributes no
    step computes with (`_bookkeeping`), or that none does (`runs_in_steps = False`).
    """
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if _is_code(value) and not _is_ours(value):
            return False
        waiting.extend(_parts(value))
    return True


def _is_code(value: Any) -> bool:
    return isinstance(value, _FUNCTIONS) or (callable(value) and not hasattr(value, "__array__"))


def _is_ours(value: Any) -> bool:
    module = value.__module__ if isinstance(value, _FUNCTIONS) else type(value).__module__
    return (module or "").partition(".")[0] == "layerlab"


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif not isinstance(value, _FUNCTIONS) and _is_ours(value) and getattr(value, "runs_in_steps", True):
        left_out = bookkeeping(type(value))
        for name, part in vars(value).items():
            if name not in left_out and not name.endswith("initializer"):  # it ran when the weights were made
                yield part
