"""What a model does with one batch: the methods one may override, and how they become functions of state.

`train_step`, `test_step` and `predict_step` are written over variables; `step.pure` makes them functions of
state, and the back end decides how these are run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.context import context
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor, infer_spec
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import InvalidArgumentError, NotCompiledError, explain
from layerlab.metrics import Mean
from layerlab.training.checks import check_inputs, check_labels
from layerlab.training.compiled import CompileLoss, CompileMetrics
from layerlab.training.interrupts import deferred_interrupts, raise_lost_interrupt
from layerlab.training.step import StateLayout, pure

__all__ = ["Steps"]


class Steps:
    """The steps of a model and what they need: losses, metrics, state. Mixed into Trainer."""

    # Provided by Layer.
    name: str
    built: bool
    variables: list[Variable]
    trainable_variables: list[Variable]
    non_trainable_variables: list[Variable]
    losses: list[Array]
    output_names: list[str]

    def __init__(self) -> None:
        self.optimizer: Any = None
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._loss_tracker: Mean | None = None
        self._run_eagerly = False
        self._jit_compile = False
        self._compiled: dict[str, Any] = {}  # arguments of compile; empty before it
        self._functions: dict[str, Any] = {}
        self._undo_reset: Callable[[], None] = _nothing
        self._forget_data()

    def _forget_data(self) -> None:
        self._output_spec: Any = None  # symbolic outputs, once data were seen
        self._has_stepped = False  # until then every batch settles anew what the shapes of y decide

    # -- to override ----------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on a batch `(x, y, sample_weight)`: forward pass, loss, gradients, update, metrics.

        Runs inside a state scope: assignments to variables are recorded, not done in place. Returns the logs.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        assigned: list[Variable] = []

        def objective(values: list[Array]) -> tuple[Array, Any]:
            with StateScope(zip(variables, values, strict=True)) as scope:
                y_pred = self._forward(x, training=True)
                loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
                if loss is None:
                    raise NotCompiledError(
                        explain(
                            f"'{self.name}' has no loss.",
                            fix='compile(loss="mse"), or call add_loss in a layer',
                        )
                    )
                assigned[:] = scope.assigned()
                return self.optimizer.scale_loss(loss), (loss, y_pred, [scope.read(v) for v in assigned])

        values = [variable.value for variable in variables]
        (_, (loss, y_pred, updates)), gradients = backend().value_and_grad(objective, has_aux=True)(values)
        for variable, value in zip(assigned, updates, strict=True):
            variable.assign(value)
        self.optimizer.apply(gradients, variables)
        self._track_loss(loss, x)
        return {**self.compute_metrics(x, y, y_pred, sample_weight), "batch_loss": loss}

    def test_step(self, data: Any) -> dict[str, Any]:
        """Forward pass in test mode, loss, metrics."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._forward(x, training=False)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        if loss is not None:
            self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Forward pass in test mode; the outputs."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self._forward(x, training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> Any:
        """The total: compile's loss plus `self.losses`; None if there is neither."""
        parts: list[Any] = []
        if self._compile_loss is not None:
            parts.append(self._compile_loss(y, y_pred, sample_weight))
        parts += [backend().cast(loss, dtypes.standardize_dtype(None)) for loss in self.losses]
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update compile's metrics and return all results."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Label -> value of everything in `metrics`; a metric with a dict as result is spread."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results

    # -- metrics --------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss, the losses of outputs, compile's metrics, and those in attributes of model and layers."""
        compiled: list[Any] = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._compile_loss is not None:
            compiled += self._compile_loss.metrics
        if self._compile_metrics is not None:
            compiled.append(self._compile_metrics)
        # What an inner model was compiled with is its own affair.
        layers = [layer for layer in self._flatten_layers() if layer is self or not isinstance(layer, Steps)]  # type: ignore[attr-defined]
        return unique([*compiled, *(metric for layer in layers for metric in tracked(layer, "metric"))])

    @property
    def metrics_names(self) -> list[str]:
        """Labels of the numbers that evaluate and the *_on_batch methods return; empty before any data."""
        if self._output_spec is None:
            return []
        names: list[str] = []
        for metric in self.metrics:
            names += metric.result_names() if isinstance(metric, CompileMetrics) else [metric.name]
        return names

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    # -- inside -------------------------------------------------------------------------------------------

    def _forward(self, x: Any, training: bool) -> Any:
        previous, context.training = (
            context.training,
            training,
        )  # a model without a training argument passes it on
        try:
            return self(x)  # type: ignore[operator]
        finally:
            context.training = previous

    def _track_loss(self, loss: Array, x: Any) -> None:
        if self._loss_tracker is not None:
            samples = next(leaf.shape[0] for leaf in tree.flatten(x) if leaf is not None)
            self._loss_tracker.update_state(loss, sample_weight=float(samples))

    def _prepare(self, batch: Any, whole: Any = None, is_compiled: bool = True) -> None:
        """Check that data fit; build what is not built on the shapes of `batch`. No value moves.

        Args:
            whole: all the data as one batch, if they are in memory: their labels are checked.
            is_compiled: False for predict, which needs neither loss nor metrics.
        """
        check_inputs(self, batch)
        with deferred_interrupts():  # half a layer would be built again, beside its first half
            self._build_on(batch, is_compiled)
        if is_compiled:
            _, y, _ = unpack_x_y_sample_weight(batch if whole is None else whole)
            check_labels(self._compile_loss, y, self._output_spec)
            if not self._has_stepped:
                self._build_metrics(batch)

    def _build_on(self, batch: Any, is_compiled: bool) -> None:
        x, y, _ = unpack_x_y_sample_weight(batch)
        if self.built and (not is_compiled or self._has_stepped):
            return
        symbolic = tree.map_structure(_symbolic_like, x)
        if not self.built:
            self(symbolic)  # type: ignore[operator]
        outputs = infer_spec(lambda values: self._forward(values, False), symbolic)
        if not self.output_names:
            names = [f"output_{i + 1}" for i in range(len(tree.flatten(outputs)))]
            self.__dict__["_output_names"] = names
        if is_compiled:
            self._output_spec = outputs
            if self._compile_loss is not None:
                self._compile_loss.build(tree.map_structure(_symbolic_like, y), outputs)

    def _build_metrics(self, batch: Any) -> None:
        _, y, _ = unpack_x_y_sample_weight(batch)
        if self._compile_metrics is not None:
            self._compile_metrics.build(tree.map_structure(_symbolic_like, y), self._output_spec)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _check_batch(self, batch: Any) -> None:
        """The checks for a batch of data that are not in memory as a whole."""
        check_inputs(self, batch)
        check_labels(self._compile_loss, unpack_x_y_sample_weight(batch)[1], self._output_spec)

    def _function(self, kind: str) -> Callable[[Any], Any]:
        """Runs and commits one 'train', 'test' or 'predict' step on a batch; returns its logs or outputs.

        Made anew when the variables have changed. An interrupt waits until the step is committed.
        """
        groups = self._state_groups(kind)
        key = (backend().name, *(tuple(map(id, variables)) for variables in groups.values()))
        cached = self._functions.get(kind)
        if cached is not None and cached[0] == key:
            return cached[1]
        layout = StateLayout.of(**groups)
        step = pure(self._method(kind), layout)
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
                if kind != "predict":
                    self._has_stepped, self._undo_reset = True, _nothing
            return outputs

        self._functions[kind] = (key, run)
        return run

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
            groups["optimizer"] = self.optimizer.variables
        if kind != "predict":
            groups["metrics"] = [variable for metric in self.metrics for variable in metric.variables]
        return groups

    def _method(self, kind: str) -> Callable[[Any], Any]:
        if kind == "predict":
            return self.predict_step
        method = self.train_step if kind == "train" else self.test_step
        return lambda batch: _checked_logs(method(batch), method.__qualname__)


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


def _symbolic_like(leaf: Any) -> Any:
    if leaf is None:
        return None
    return KerasTensor((None, *leaf.shape[1:]), dtypes.standardize_dtype(leaf.dtype), record_history=False)
