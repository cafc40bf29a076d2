"""Trainer: compile, fit, evaluate, predict and the methods one may override.

The mixin of `Model`. A step is written here over variables (`train_step`, `test_step`, `predict_step`); `step.pure`
makes it a function of state, the back end decides how to run it, `loop.FitRun` drives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from layerlab import dtypes, frontends, optimizers, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.context import context
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor, infer_spec
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.data.adapt import make_source, split_validation, unpack_x_y_sample_weight
from layerlab.errors import InvalidArgumentError, NotCompiledError, explain
from layerlab.metrics import Mean
from layerlab.training.callbacks.callback import CallbackList
from layerlab.training.checks import check_batch, check_labels
from layerlab.training.compiled import CompileLoss, CompileMetrics
from layerlab.training.control import RunControl
from layerlab.training.loop import FitRun, RunDescription, new_run_id
from layerlab.training.recorder import to_floats
from layerlab.training.step import StateLayout, pure

__all__ = ["Trainer"]


class Trainer:
    """What `compile` sets up and `fit`, `evaluate`, `predict` use. Mixed into Model, never used alone."""

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
        self.history: Any = None
        self.stop_training = False
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._loss_tracker: Mean | None = None
        self._run_eagerly = False
        self._jit_compile: bool = False
        self._compiled: dict[str, Any] = {}  # arguments of compile; empty before it
        self._functions: dict[str, Any] = {}
        self._has_seen_data = False

    # -- compile --------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train: optimizer, loss and metrics, each by name, as a function, or as an object.

        Args:
            optimizer: name or Optimizer.
            loss: name, function (y_true, y_pred) or Loss; for several outputs a list or a dict by output name.
            loss_weights: floats in a list or dict; the total is the weighted sum.
            metrics, weighted_metrics: lists of names, functions or Metrics; nested lists or dicts for several
                outputs. The weighted ones see sample weights.
            run_eagerly: run each step as plain Python, for debugging.
            steps_per_execution: only 1 in this version.
            jit_compile: compile steps; "auto" means yes on JAX and no on PyTorch.
            auto_scale_loss: scale the loss under the policy mixed_float16.
        Raises: UnknownNameError, InvalidArgumentError; the model stays as it was.
        """
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise InvalidArgumentError(
                explain(
                    "compile(steps_per_execution=...)",
                    expected="a positive integer",
                    got=repr(steps_per_execution),
                )
            )
        chosen = optimizers.get(optimizer)
        policy = getattr(self, "dtype_policy", None)
        if auto_scale_loss and policy is not None and policy.name == "mixed_float16":
            if not isinstance(chosen, optimizers.LossScaleOptimizer):
                chosen = optimizers.LossScaleOptimizer(chosen, name="loss_scale_optimizer")
        names = self.output_names or None
        compile_loss = None if loss is None else CompileLoss(loss, loss_weights, output_names=names)
        compile_metrics = (
            None
            if metrics is None and weighted_metrics is None
            else CompileMetrics(metrics, weighted_metrics, output_names=names)
        )
        self.optimizer = chosen
        self._compile_loss, self._compile_metrics = compile_loss, compile_metrics
        self._loss_tracker = Mean(name="loss")
        self._run_eagerly = bool(run_eagerly)
        self._jit_compile = backend().jit_by_default if jit_compile == "auto" else bool(jit_compile)
        self._steps_per_execution = steps_per_execution
        self._functions = {}
        self._has_seen_data = False
        self.stop_training = False
        self._compiled = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }

    @property
    def compiled(self) -> bool:
        """True once `compile` was called."""
        return bool(self._compiled)

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python; settable."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = bool(value)
        self._functions = {}

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled."""
        return self._jit_compile

    # -- fit, evaluate, predict -------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train for epochs and return the History.

        Args:
            x, y: arrays, or lists or dicts of them by input and output name; or x alone: a generator or other
                source of batches `(x, y)` or `(x, y, sample_weight)`.
            batch_size: samples a step, 32 if None.
            epochs: index of the last epoch, exclusive; the first is `initial_epoch`.
            verbose: "auto" (live monitor in a notebook, else a bar), 0 silent, 1 bar, 2 one line per epoch.
            callbacks: list of Callbacks.
            validation_split: fraction taken from the end of the arrays, before shuffling.
            validation_data: (x, y), (x, y, sample_weight) or a source.
            shuffle: anew before each epoch; "batch" moves whole batches.
            class_weight: class index -> weight of its samples.
            sample_weight: one per sample, or per time step.
            steps_per_epoch, validation_steps: batches an epoch, a validation; None is all.
            validation_freq: every n epochs, or a container of 1-based epochs.
        Raises: NotCompiledError, DataError, ShapeError; the model stays as it was.
        """
        self._check_compiled("fit")
        _check_epochs(epochs, initial_epoch)
        validates_after = _validation_rule(validation_freq)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_validation(x, y, sample_weight, validation_split)
        source = make_source(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
        )
        validation = None
        if validation_data is not None:
            validation = _validation_source(
                validation_data, validation_batch_size or batch_size, validation_steps
            )
        first = source.peek()
        self._prepare(first)
        check_labels(self, y)
        if validation is not None:
            check_batch(self, validation.peek())
        return self._run_fit(source, validation, callbacks, verbose, epochs, initial_epoch, validates_after)

    def _run_fit(
        self,
        source: Any,
        validation: Any,
        callbacks: Any,
        verbose: int | str,
        epochs: int,
        initial_epoch: int,
        validates_after: Callable[[int], bool],
    ) -> Any:
        run_id, control = new_run_id(), RunControl()
        listeners = frontends.watchers(run_id, self, control) if verbose == "auto" else []
        level = _verbosity(verbose, watched=bool(listeners))
        callback_list = CallbackList(
            callbacks,
            add_history=True,
            add_progbar=level != 0,
            model=self,
            verbose=level,
            epochs=epochs,
            steps=source.steps,
        )
        listeners += callback_list.listeners(run_id, control)
        self.stop_training = False
        layout, run_step = self._function("train")
        run = FitRun(
            description=RunDescription(
                model_name=self.name,
                model_class=type(self).__name__,
                backend=backend().name,
                optimizer=type(self.optimizer).__name__,
                parameters=sum(v.size for v in self.weights),  # type: ignore[attr-defined]
            ),
            source=source,
            callbacks=callback_list,
            execute_step=lambda batch: _execute(layout, run_step, batch),
            reset_metrics=self.reset_metrics,
            validate=None if validation is None else lambda: self._evaluate(validation, callback_list),
            validates_after=validates_after,
            epochs=epochs,
            initial_epoch=initial_epoch,
            is_stopped=lambda: self.stop_training,
            learning_rate=self._learning_rate,
            set_learning_rate=self._set_learning_rate,
            run_id=run_id,
            control=control,
            listeners=listeners,
        )
        run.execute()
        self.optimizer.finalize_variable_values(self.trainable_variables)
        return self.history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics on data, in test mode.

        Returns: a scalar for a loss without metrics, else a list in the order of `metrics_names`;
        with `return_dict` a dict by label.
        """
        self._check_compiled("evaluate")
        source = make_source(x, y, sample_weight, batch_size=batch_size, steps=steps)
        try:
            self._prepare(source.peek())
            check_labels(self, y)
            level = _verbosity(verbose, watched=False)
            callback_list = CallbackList(
                callbacks, add_progbar=level != 0, model=self, verbose=level, epochs=1, steps=source.steps
            )
            logs = to_floats(self._evaluate(source, callback_list))
        finally:
            source.close()
        return logs if return_dict else _in_order(logs, self.metrics_names)

    def _evaluate(self, source: Any, callbacks: CallbackList) -> Mapping[str, Any]:
        layout, run_step = self._function("test")
        callbacks.on_test_begin()
        self.reset_metrics()
        logs: Mapping[str, Any] = {}
        for step, batch in enumerate(source.epoch()):
            callbacks.on_test_batch_begin(step)
            logs = _execute(layout, run_step, batch)
            callbacks.on_test_batch_end(step, logs)
        callbacks.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for data as NumPy arrays, in the structure of the model's outputs. Needs no compile."""
        source = make_source(x, None, None, batch_size=batch_size, steps=steps)
        try:
            self._prepare(source.peek(), compiled=False)
            level = _verbosity(verbose, watched=False)
            callback_list = CallbackList(
                callbacks, add_progbar=level != 0, model=self, verbose=level, epochs=1, steps=source.steps
            )
            layout, run_step = self._function("predict")
            callback_list.on_predict_begin()
            parts = []
            for step, batch in enumerate(source.epoch()):
                callback_list.on_predict_batch_begin(step)
                outputs = _execute(layout, run_step, batch)
                parts.append(outputs)
                callback_list.on_predict_batch_end(step, {"outputs": outputs})
            callback_list.on_predict_end()
        finally:
            source.close()
        return tree.map_structure(
            lambda *arrays: np.concatenate([backend().to_numpy(a) for a in arrays]), *parts
        )

    # -- one batch ------------------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step; the numbers of this batch alone, as `evaluate` returns them."""
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch."""
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch as NumPy arrays."""
        batch = make_source(x, None, None, batch_size=_samples(x)).peek()
        self._prepare(batch, compiled=False)
        layout, run_step = self._function("predict")
        return tree.map_structure(backend().to_numpy, _execute(layout, run_step, batch))

    def _on_batch(
        self, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        self._check_compiled(f"{kind}_on_batch")
        source = make_source(
            x, y, sample_weight, batch_size=_samples(x), class_weight=class_weight, shuffle=False
        )
        batch = source.peek()
        self._prepare(batch)
        check_labels(self, y)
        self.reset_metrics()
        layout, run_step = self._function(kind)
        logs = _execute(layout, run_step, batch)
        logs = to_floats({key: value for key, value in logs.items() if key != "batch_loss"})
        return logs if return_dict else _in_order(logs, self.metrics_names)

    # -- to override ------------------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step on a batch `(x, y, sample_weight)`: forward pass, loss, gradients, update, metrics.

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
        parts = []
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

    # -- metrics ------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss, the losses of outputs, compile's metrics, and those in attributes of the model."""
        own = unique(
            m
            for layer in self._flatten_layers()
            for m in tracked(layer, "metric")
            if m is not self._loss_tracker
        )  # type: ignore[attr-defined]
        mine: list[Any] = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._compile_loss is not None:
            mine += self._compile_loss.metrics
        mine += own
        if self._compile_metrics is not None:
            mine.append(self._compile_metrics)
        return mine

    @property
    def metrics_names(self) -> list[str]:
        """Labels of the numbers that evaluate and the *_on_batch methods return; empty before data was seen."""
        if not self._has_seen_data:
            return []
        names: list[str] = []
        for metric in self.metrics:
            names += metric.result_names() if isinstance(metric, CompileMetrics) else [metric.name]
        return names

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    # -- inside -------------------------------------------------------------------------------------------------

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

    def _prepare(self, batch: Any, compiled: bool = True) -> None:
        """Build what is not built, on the shapes of `batch`; check that the batch fits. No value moves."""
        x, y, _ = unpack_x_y_sample_weight(batch)
        check_batch(self, batch)
        symbolic = tree.map_structure(_symbolic_like, x)
        if not self.built or (compiled and not self._has_seen_data):
            y_pred = (
                self(symbolic) if not self.built else infer_spec(lambda v: self._forward(v, False), symbolic)
            )  # type: ignore[operator]
            if not self.output_names:
                self.__dict__["_output_names"] = [f"output_{i + 1}" for i in range(len(tree.flatten(y_pred)))]
            if compiled:
                self._build_compiled(y, y_pred)

    def _build_compiled(self, y: Any, y_pred: Any) -> None:
        target = tree.map_structure(_symbolic_like, y)
        if self._compile_loss is not None:
            self._compile_loss.build(target, y_pred)
        if self._compile_metrics is not None:
            self._compile_metrics.build(target, y_pred)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        self._has_seen_data = True

    def _function(self, kind: str) -> tuple[StateLayout, Callable[..., Any]]:
        """(layout, compiled step) for 'train', 'test' or 'predict'; made anew when the variables have changed."""
        groups: dict[str, list[Variable]] = {
            "trainable": self.trainable_variables,
            "non_trainable": self.non_trainable_variables,
        }
        if kind == "train":
            groups["optimizer"] = self.optimizer.variables
        if kind != "predict":
            groups["metrics"] = [v for metric in self.metrics for v in metric.variables]
        key = (
            kind,
            backend().name,
            tuple(id(v) for variables in groups.values() for v in variables),
            tuple(map(len, groups.values())),
        )
        cached = self._functions.get(kind)
        if cached is not None and cached[0] == key:
            return cached[1], cached[2]
        layout = StateLayout.of(**groups)
        method = {"train": self.train_step, "test": self.test_step, "predict": self.predict_step}[kind]
        step = pure(method, layout)
        if not self._run_eagerly:
            jit = self._jit_compile if self.compiled else backend().jit_by_default
            step = backend().compile_step(step, jit=jit, donate=True)
        self._functions[kind] = (key, layout, step)
        return layout, step

    def _learning_rate(self) -> float | None:
        if self.optimizer is None or not self.optimizer.built:
            return None
        return float(backend().to_numpy(backend().asarray(self.optimizer.learning_rate)))

    def _set_learning_rate(self, value: float) -> None:
        self.optimizer.learning_rate = value

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise NotCompiledError(
                explain(
                    f"'{self.name}' must be compiled before {method}.",
                    fix='model.compile(optimizer="adam", loss="mse", metrics=["mae"])',
                )
            )


def _execute(layout: StateLayout, step: Callable[..., Any], batch: Any) -> Any:
    state, outputs = step(layout.read(), batch)
    layout.commit(state)
    return outputs


def _symbolic_like(leaf: Any) -> Any:
    if leaf is None:
        return None
    shape = tuple(leaf.shape)
    return KerasTensor((None, *shape[1:]), dtypes.standardize_dtype(leaf.dtype), record_history=False)


def _samples(x: Any) -> int:
    shapes = [np.shape(leaf) for leaf in tree.flatten(x) if leaf is not None]
    return int(shapes[0][0]) if shapes and shapes[0] else 1


def _in_order(logs: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The values in the order of the names, then any others; a single one alone."""
    order = [name for name in names if name in logs] + [name for name in logs if name not in names]
    values = [logs[name] for name in order]
    return values[0] if len(values) == 1 else values


def _verbosity(verbose: int | str, watched: bool) -> int:
    if verbose == "auto":
        return 0 if watched else 1
    if verbose not in (0, 1, 2):
        raise InvalidArgumentError(explain("verbose", expected="'auto', 0, 1 or 2", got=repr(verbose)[:40]))
    return int(verbose)


def _check_epochs(epochs: int, initial_epoch: int) -> None:
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise InvalidArgumentError(
                explain(f"fit({name}=...)", expected="an integer, 0 or more", got=repr(value)[:40])
            )


def _validation_rule(frequency: Any) -> Callable[[int], bool]:
    if isinstance(frequency, int) and not isinstance(frequency, bool) and frequency > 0:
        return lambda epoch: (epoch + 1) % frequency == 0
    if isinstance(frequency, Sequence | set | frozenset) and not isinstance(frequency, str):
        chosen = frozenset(frequency)
        return lambda epoch: epoch + 1 in chosen
    raise InvalidArgumentError(
        explain(
            "validation_freq",
            expected="a positive integer or a container of epochs",
            got=repr(frequency)[:40],
        )
    )


def _validation_source(data: Any, batch_size: int | None, steps: int | None) -> Any:
    if isinstance(data, tuple | list):
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        return make_source(x, y, sample_weight, batch_size=batch_size, steps=steps)
    return make_source(data, None, None, batch_size=batch_size, steps=steps)
