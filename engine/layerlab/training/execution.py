"""How the steps of a model are run: as functions of state, made once, fed an iterator of batches."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.training.interrupts import deferred_interrupts, raise_lost_interrupt
from layerlab.training.step import StateLayout, UntrackedVariableError, pure
from layerlab.training.step_forms import form_of
from layerlab.training.steps import Steps

__all__ = ["Execution"]

_ownership = threading.Lock()


class Execution(Steps):
    """The functions behind fit, evaluate and predict. Mixed into Trainer."""

    def __init__(self) -> None:
        super().__init__()
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._run_eagerly = False
        self._jit_compile = False
        self._steps_per_execution = 1
        self._compiled: dict[str, Any] = {}  # arguments of compile; empty before it
        self._functions: dict[str, Any] = {}  # kind -> (what it was made for, the function)
        self._undo_reset: Callable[[], None] = _nothing
        self._owner: tuple[int, str] | None = None  # thread and method that use the state now

    def make_train_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, Any]]:
        """A function that takes `steps_per_execution` batches from an iterator, trains on each, and returns
        the logs of the last. Made once; `force` makes it anew. fit and train_on_batch call it."""
        if self.train_function is None or force:
            self.train_function = self._over_iterator("train")
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, Any]]:
        """Like `make_train_function`, for evaluate and test_on_batch."""
        if self.test_function is None or force:
            self.test_function = self._over_iterator("test")
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable[[Iterator[Any]], Any]:
        """Like `make_train_function`, for predict and predict_on_batch; returns the batches' outputs."""
        if self.predict_function is None or force:
            self.predict_function = self._over_iterator("predict")
        return self.predict_function

    # -- inside -----------------------------------------------------------------------------------------

    def _forget_functions(self) -> None:
        self._functions = {}
        self.train_function = self.test_function = self.predict_function = None

    def _made(self, kind: str) -> Callable[[list[Any]], Any]:
        """What `make_<kind>_function` gives, for a list of batches; up to date with the model's variables.

        For 'train' and 'test' it returns (logs, loss of the last batch or None).
        """
        self._function(kind)
        made = getattr(self, f"make_{kind}_function")()
        # An override may set the attribute and return nothing.
        function = made if made is not None else getattr(self, f"{kind}_function")
        if kind == "predict":
            return lambda batches: function(iter(batches))

        def execute(batches: list[Any]) -> tuple[dict[str, Any], Any]:
            self._step_loss = None
            logs = function(iter(batches))
            loss, self._step_loss = self._step_loss, None
            return logs, loss

        return execute

    def _over_iterator(self, kind: str) -> Callable[[Iterator[Any]], Any]:
        self._functions.pop(kind, None)

        def function(iterator: Iterator[Any]) -> Any:
            results = [
                self._step_on(kind, batch) for batch in itertools.islice(iterator, self._steps_per_execution)
            ]
            if not results:
                raise StopIteration
            return _joined(results) if kind == "predict" else results[-1]

        return function

    def _step_on(self, kind: str, batch: Any) -> Any:
        """One step, committed."""
        if kind not in self._functions:  # called by hand, not by fit
            self._prepare(batch, is_compiled=kind != "predict")
            self._function(kind)
        function = self._functions[kind][1]
        try:
            return function(batch)
        except UntrackedVariableError:
            # A metric may make its variables in its first update: now they are there.
            current = self._function(kind)
            if current is function:
                raise
            return current(batch)

    def _function(self, kind: str) -> Callable[[Any], Any]:
        """Runs and commits one 'train', 'test' or 'predict' step on a batch; returns its logs or outputs.

        Made anew when the variables have changed. An interrupt waits until the step is committed.
        """
        groups = self._state_groups(kind)
        key = (backend().name, *(tuple(map(id, variables)) for variables in groups.values()))
        cached = self._functions.get(kind)
        if cached is not None and cached[0] == key:
            return cached[1]
        hidden = [] if kind == "predict" else self._metrics_of_compile()
        layout = StateLayout.of(**groups, hidden=[v for metric in hidden for v in metric.variables])
        form = form_of(self, kind, groups)
        step = pure(self._reporting(form.method) if kind != "predict" else form.method, layout, form.is_taped)
        if not self._run_eagerly:
            jit = self._jit_compile if self._compiled else backend().jit_by_default
            step = backend().compile_step(step, jit=jit, donate=kind == "train")

        def run(batch: Any) -> Any:
            raise_lost_interrupt()
            with deferred_interrupts():
                try:
                    state, outputs = step(layout.read(), tree.map_structure(_keep_wide, batch))
                except BaseException:
                    self._undo_reset()
                    raise
                layout.commit(state)
                if kind == "predict":
                    return outputs
                self._has_stepped, self._undo_reset = True, _nothing
                logs, self._step_loss = outputs
            return logs

        self._functions[kind] = (key, run)
        return run

    def _reporting(self, method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The step with its loss beside the logs. The loss is an attribute only while the step is traced."""

        def step(batch: Any) -> tuple[dict[str, Any], Any]:
            self._step_loss = None
            try:
                return _checked_logs(method(batch), method.__qualname__), self._step_loss
            finally:
                self._step_loss = None

        return step

    def _begin_metrics(self) -> None:
        """Reset the metrics; if the first step then fails they are as they were."""
        variables = [variable for metric in self.metrics for variable in metric.variables]
        values = [backend().copy(variable.own_value) for variable in variables]

        def undo() -> None:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

        self.reset_metrics()
        self._undo_reset = undo  # a function: a list of variables would be tracked as the model's own

    def _state_groups(self, kind: str) -> dict[str, list[Variable]]:
        groups = {"trainable": self.trainable_variables, "non_trainable": self.non_trainable_variables}
        if kind == "train":
            groups["optimizer"] = [] if self.optimizer is None else self.optimizer.variables
        if kind != "predict":
            groups["metrics"] = self.metrics_variables
        return groups

    @contextmanager
    def _alone(self, method: str) -> Iterator[None]:
        """Only one thread at a time: while a step runs the old state is gone, the new one not yet there."""
        me = threading.get_ident()
        with _ownership:
            previous = self._owner
            if previous is not None and previous[0] != me:
                raise InvalidArgumentError(
                    explain(
                        f"'{self.name}' is in {previous[1]} in another thread, so {method} cannot run.",
                        fix="wait for it, or use a copy: keras.models.clone_model(model)",
                    )
                )
            self._owner = (me, method)
        try:
            yield
        finally:
            self._owner = previous


def _joined(results: list[Any]) -> Any:
    """The outputs of several batches as one."""
    if len(results) == 1:
        return results[0]
    return tree.map_structure(lambda *parts: backend().xp.concat(parts, axis=0), *results)


def _keep_wide(leaf: Any) -> Any:
    """float64 data as an array of the back end, because a step would narrow what is not told its dtype."""
    is_wide = isinstance(leaf, np.ndarray) and leaf.dtype == np.float64
    return backend().asarray(leaf, "float64") if is_wide else leaf


def _nothing() -> None:
    """To undo where nothing was done."""


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
