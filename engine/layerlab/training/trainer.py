"""Trainer: compile, fit, evaluate, predict.

The mixin of `Model`. What happens to a batch is in `steps`, how it is run in `stepping`; `loop.FitRun` drives
the epochs of fit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from layerlab import frontends, optimizers, tree
from layerlab.backend.active import backend
from layerlab.core.pickling import nothing
from layerlab.core.thread_gates import SoleUser
from layerlab.core.variable import Variable
from layerlab.core.whole_number import whole_number
from layerlab.data.choose_source import make_source, one_batch, split_validation
from layerlab.data.source import BatchSource
from layerlab.errors import InvalidArgumentError, NotCompiledError, explain
from layerlab.events import Listener
from layerlab.training.advice import advice_on
from layerlab.training.arguments import (
    epoch_numbers,
    first_batch,
    validation_rule,
    validation_source,
    verbosity,
)
from layerlab.training.callbacks.callback import CallbackList, own_watchers
from layerlab.training.checks import check_stateful, needs_of, own_batch_size
from layerlab.training.control import RunControl
from layerlab.training.interrupts import watched_interrupts
from layerlab.training.legacy import (
    accepts_old_compile_arguments,
    accepts_queue_options,
    accepts_reset_metrics,
    evaluate_generator,
    fit_generator,
    predict_generator,
)
from layerlab.training.loop import FitRun, RunDescription, new_run_id
from layerlab.training.recorder import to_floats
from layerlab.training.snapshot import save_snapshot
from layerlab.training.stepping.predictions import Predictions
from layerlab.training.stepping.stepper import StepFunction, StepPass, Stepper
from layerlab.training.steps import Steps

__all__ = ["Trainer"]


class Trainer(Steps):
    """What `compile` sets up and `fit`, `evaluate`, `predict` use. Mixed into Model, never used alone."""

    # Provided by Model.
    weights: list[Variable]
    _model_graph: Any

    _not_copied: ClassVar[Mapping[str, Callable[[], Any]]] = {
        "train_function": nothing,
        "test_function": nothing,
        "predict_function": nothing,
        "_sole_user": SoleUser,
    }
    _bookkeeping = frozenset(
        (
            "train_function",
            "test_function",
            "predict_function",
            "_sole_user",
            "_stepper",
            "_compile_arguments",
        )
    )

    def __init__(self) -> None:
        super().__init__()
        self.history: Any = None
        self.stop_training = False
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._compile_arguments: dict[str, Any] = {}  # arguments of compile; empty before it
        self._stepper = Stepper(self)
        self._sole_user = SoleUser()
        self._gathers_metrics = False  # within a call of *_on_batch(reset_metrics=False)

    fit_generator = fit_generator
    evaluate_generator = evaluate_generator
    predict_generator = predict_generator

    # -- compile --------------------------------------------------------------------------------------

    @accepts_old_compile_arguments
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
        """Say how to train: by which optimizer, for which loss, with which metrics.

        Each is given by name, as a function, or as an object.

        Args:
            optimizer: name, with its default learning rate, or an Optimizer.
            loss: name, function (y_true, y_pred) or Loss; for several outputs a list,
                or a dict by output name. None trains on `add_loss` alone.
            loss_weights: numbers in a list or dict by output; the total is the weighted
                sum. None weighs all 1.
            metrics, weighted_metrics: lists of names, functions or Metrics; nested
                lists or dicts for several outputs. The weighted ones see sample
                weights.
            run_eagerly: run each step as plain Python, for debugging: slow, but one may
                print and stop in it.
            steps_per_execution: batches between two calls of the batch callbacks, at
                most an epoch; the numbers are the same.
            jit_compile: compile steps; "auto" means yes on JAX, if all layers can be,
                and no on PyTorch.
            auto_scale_loss: scale the loss under the policy mixed_float16, so that
                small gradients do not vanish.
        Raises: UnknownNameError, InvalidArgumentError; the model stays as it was.

        Example:
            >>> import layerlab as keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> model.compile(optimizer="adam", loss="mse", metrics=["mae"])
            >>> model.optimizer.name, model.compiled
            ('adam', True)
        """
        steps_per_execution = whole_number(steps_per_execution, "compile(steps_per_execution=...)", 1)
        if jit_compile not in (True, False, "auto"):
            raise InvalidArgumentError(
                explain("compile(jit_compile=...)", expected="True, False or 'auto'", got=repr(jit_compile))
            )
        chosen = optimizers.get(optimizer)
        policy = getattr(self, "dtype_policy", None)
        needs_scaling = auto_scale_loss and policy is not None and policy.name == "mixed_float16"
        if needs_scaling and not isinstance(chosen, optimizers.LossScaleOptimizer):
            chosen = optimizers.LossScaleOptimizer(chosen, name="loss_scale_optimizer")
        self._set_objective(loss, loss_weights, metrics, weighted_metrics)
        self.optimizer = chosen
        self._stepper = Stepper(self, bool(run_eagerly), jit_compile, steps_per_execution)
        self._forget_functions()
        self._forget_data()
        self.stop_training = False
        self._compile_arguments = {
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
        """Whether `compile` was called."""
        return bool(self._compile_arguments)

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python, for debugging; settable."""
        return self._stepper.run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._stepper.run_eagerly = bool(value)
        self._forget_functions()

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled; settable."""
        return self._stepper.jit_compile is not None and self._stepper.is_jitted

    @jit_compile.setter
    def jit_compile(self, value: bool) -> None:
        self._stepper.jit_compile = bool(value)
        self._forget_functions()

    @property
    def steps_per_execution(self) -> int:
        """The number of batches between two calls of the batch callbacks; settable."""
        return self._stepper.steps_per_execution

    @steps_per_execution.setter
    def steps_per_execution(self, value: int) -> None:
        self._stepper.steps_per_execution = whole_number(value, "steps_per_execution", 1)
        self._forget_functions()

    def make_train_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, Any]]:
        """The function that `fit` and `train_on_batch` call for some batches.

        It takes `steps_per_execution` batches from an iterator, trains on each, and
        returns the logs of the last. An override may wrap what this gives.

        Args:
            force: True makes it anew; False gives the function that was made first.
        """
        if force:
            self._stepper.forget("train")
        if self.train_function is None or force:
            self.train_function = StepFunction(self._stepper, "train")
        return self.train_function

    def make_test_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, Any]]:
        """The function that `evaluate` and `test_on_batch` call for some batches.

        It takes `steps_per_execution` batches from an iterator, and returns the logs of
        the last.

        Args:
            force: True makes it anew; False gives the function that was made first.
        """
        if force:
            self._stepper.forget("test")
        if self.test_function is None or force:
            self.test_function = StepFunction(self._stepper, "test")
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Callable[[Iterator[Any]], Any]:
        """The function that `predict` and `predict_on_batch` call for some batches.

        It takes `steps_per_execution` batches from an iterator, and returns their
        outputs.

        Args:
            force: True makes it anew; False gives the function that was made first.
        """
        if force:
            self._stepper.forget("predict")
        if self.predict_function is None or force:
            self.predict_function = StepFunction(self._stepper, "predict")
        return self.predict_function

    def _forget_functions(self) -> None:
        self._stepper.forget()
        self.train_function = self.test_function = self.predict_function = None

    # -- fit, evaluate, predict -------------------------------------------------------------------------

    @accepts_queue_options
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
        """Train on data for some epochs, and return the History of losses and metrics.

        An epoch is a pass over the data, in batches; each batch makes one step of the
        optimizer.

        Args:
            x, y: inputs and targets: arrays, or lists or dicts of them by input and
                output name, or data frames. Or x alone: a PyDataset, generator,
                tf.data.Dataset, DataLoader or other source of batches `(x, y)` or `(x,
                y, sample_weight)`.
            batch_size: samples a step; None: 32, or what the inputs state if a layer is
                stateful. Data that come in batches keep theirs.
            epochs: index of the last epoch, exclusive; the first is `initial_epoch`.
            verbose: "auto" or 1 (live monitor in a notebook, else a bar), 0 silent, 2
                one line per epoch.
            callbacks: a Callback or a list of them; None for none.
            validation_split: fraction of the arrays, from their end and before
                shuffling, that is not trained on but evaluated after epochs.
            validation_data: (x, y), (x, y, sample_weight) or a source, evaluated after
                epochs; its labels begin with `val_`. Wins over the split.
            shuffle: True gives samples a new order in each epoch; "batch" moves whole
                batches; False keeps the order. Generators keep theirs.
            class_weight: class number -> weight of its samples in the loss, 1 for
                others: for classes that are rare. None weighs all alike.
            sample_weight: weights of the samples in the loss, (samples,) or (samples,
                steps); None weighs all alike.
            initial_epoch: number of the first epoch, to go on with earlier training.
            steps_per_epoch, validation_steps: batches an epoch, a validation; None is
                all. A source without end needs them.
            validation_batch_size: samples a step of validation; None takes
                `batch_size`.
            validation_freq: every n epochs, or a container of 1-based epochs.
        Returns: a History: `history.history["loss"]` is a list with a number for each
            epoch.
        Raises: NotCompiledError, DataError, ShapeError; the model stays as it was.

        Example:
            >>> import layerlab as keras
            >>> import numpy as np
            >>> x = np.array([[1.0], [2.0]])
            >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
            >>> model.set_weights([[[0.0]], [0.0]])
            >>> model.compile(keras.optimizers.SGD(0.1), loss="mse")
            >>> history = model.fit(x, 2 * x, epochs=2, verbose=0)
            >>> [round(loss, 3) for loss in history.history["loss"]]
            [10.0, 1.06]
        """
        self._check_compiled("fit")
        epochs, initial_epoch = epoch_numbers(epochs, initial_epoch)
        validates_after = validation_rule(validation_freq)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_validation(
                x, y, sample_weight, validation_split, needs_of(self)
            )
        with self._alone_in("fit"), watched_interrupts(), contextlib.ExitStack() as sources:
            with self._stepper.look_before("train"):
                # The batch decides the numbers: 32 as in Keras, unless states are kept for another size.
                keeps_states = self._keeps_states()
                own_size = own_batch_size(self) if keeps_states else None
            source = self._source(
                x,
                y,
                sample_weight,
                batch_size=batch_size,
                steps=steps_per_epoch,
                shuffle=shuffle,
                class_weight=class_weight,
                default_batch_size=own_size,
            )
            sources.callback(source.close)
            if keeps_states:
                check_stateful(self, source)
            validation = None
            if validation_data is not None:
                validation = validation_source(
                    validation_data,
                    validation_batch_size,
                    batch_size or own_batch_size(self),
                    validation_steps,
                    needs_of(self),
                )
            if validation is not None:
                sources.callback(validation.close)
                if keeps_states:
                    check_stateful(self, validation)
            batch = source.peek()
            with self._stepper.look_before("train"):
                self._prepare_for(batch, source.whole)
            first = None if validation is None else first_batch(validation)
            if first is None:
                validation = None
            else:
                self._check_one_batch(first)
            trainee = _Trainee(self, source, validation, validates_after)
            self._fit_run(trainee, callbacks, verbose, epochs, initial_epoch).run()
            with self._stepper.look_before("train"):
                variables = self.trainable_variables
            self.optimizer.finalize_variable_values(variables)
        return self.history

    def _fit_run(
        self, trainee: _Trainee, callbacks: Any, verbose: int | str, epochs: int, initial_epoch: int
    ) -> FitRun:
        with self._stepper.look_before("train"):
            parameters = sum(v.size for v in self.weights)
        run_id, control = new_run_id(), RunControl()
        own, level = own_watchers(callbacks), verbosity(verbose)
        watchers = frontends.watchers(run_id, self, control, own) if own or level == 1 else []
        is_watched = any(watcher.shows for watcher in watchers)
        callback_list = CallbackList(
            callbacks,
            add_history=True,
            add_progbar=level == 2 or (level == 1 and not is_watched),
            model=self,
            verbose=level,
            epochs=epochs,
            steps=trainee.source.steps,
        )
        listeners: list[Listener] = [*watchers, *callback_list.listeners(run_id, control)]
        self.stop_training = False
        return FitRun(
            description=RunDescription(
                model_name=self.name,
                model_class=type(self).__name__,
                backend=backend().name,
                optimizer=type(self.optimizer).__name__,
                parameters=parameters,
                schedule=self.optimizer.schedule_name,
            ),
            trainee=trainee,
            source=trainee.source,
            callbacks=callback_list,
            epochs=epochs,
            initial_epoch=initial_epoch,
            run_id=run_id,
            control=control,
            listeners=listeners,
            is_watched=is_watched,
            advice=advice_on(self._model_graph, self._compile_loss),
        )

    @accepts_queue_options
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
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics on data, without training.

        Dropout does not drop, and BatchNormalization uses its moving averages.

        Args:
            x, y: inputs and targets, or a source of batches, as for `fit`.
            batch_size: samples a step; None is 32. More is faster and needs more
                memory; the result is the same but for rounding.
            verbose: "auto" or 1 a bar, 2 one line, 0 silent.
            sample_weight: weights of the samples; None weighs all alike.
            steps: batches to take; None is all.
            callbacks: a Callback or a list of them; None for none.
            return_dict: True gives label -> number.
        Returns: a number for a loss without metrics, else a list in the order of
            `metrics_names`; with `return_dict` a dict.
        Raises: NotCompiledError, DataError, ShapeError, InvalidArgumentError for
            unknown keywords.

        Example:
            >>> import layerlab as keras
            >>> import numpy as np
            >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
            >>> model.set_weights([[[1.0]], [0.0]])
            >>> model.compile(loss="mse", metrics=["mae"])
            >>> x = np.array([[1.0], [2.0]])
            >>> model.evaluate(x, x + 2, verbose=0)
            [4.0, 2.0]
        """
        if kwargs:
            raise InvalidArgumentError(
                explain("evaluate got unknown arguments.", got=", ".join(sorted(kwargs)))
            )
        self._check_compiled("evaluate")
        source = self._source(x, y, sample_weight, batch_size=batch_size, steps=steps)
        with self._alone_in("evaluate"), watched_interrupts(), contextlib.closing(source):
            check_stateful(self, source)
            self._prepare_for(source.peek(), source.whole)
            logs = to_floats(self._evaluate_on(source, self._callback_list(callbacks, verbose, source)) or {})
        return logs if return_dict else _in_order(logs, self.metrics_names)

    def _evaluate_on(
        self, source: BatchSource, callbacks: CallbackList, control: RunControl | None = None
    ) -> Mapping[str, Any] | None:
        """The logs of the last batch; None if a stop was requested between two batches."""
        steps = StepPass(self._stepper, source, "test", callbacks)
        callbacks.on_test_begin()
        self._stepper.reset_metrics()
        source.rewind()  # every validation sees the same samples
        logs: Mapping[str, Any] = {}
        step = 0
        with steps:
            while (group := steps.next_group()) is not None:
                callbacks.on_test_batch_begin(step)
                logs = steps.run(group)
                step += len(group)
                callbacks.on_test_batch_end(step - 1, logs)
                if control is not None and control.stop_requested:
                    return None
        callbacks.on_test_end(logs)
        return logs

    @accepts_queue_options
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for data, as NumPy arrays. The model need not be compiled.

        For a single small batch `model(x)` is faster and can be differentiated.

        Args:
            x: inputs, or a source of batches, as for `fit`; targets in it are left
                aside.
            batch_size: samples a step; None is 32. The result is the same but for
                rounding.
            verbose: "auto" or 1 a bar, 2 one line, 0 silent.
            steps: batches to take; None is all.
            callbacks: a Callback or a list of them; None for none.
        Returns: arrays (samples, ...) in the structure of the model's outputs.
        Raises: DataError, ShapeError.

        Example:
            >>> import layerlab as keras
            >>> import numpy as np
            >>> layer = keras.layers.Dense(1, kernel_initializer="ones")
            >>> model = keras.Sequential([keras.Input((2,)), layer])
            >>> model.predict(np.array([[1.0, 2.0]]), verbose=0)
            array([[3.]], dtype=float32)
        """
        source = self._source(x, batch_size=batch_size, steps=steps)
        with self._alone_in("predict"), watched_interrupts(), contextlib.closing(source):
            check_stateful(self, source)
            self._prepare_for(source.peek(), source.whole, is_compiled=False)
            predictions = self._predictions_for(source, self._callback_list(callbacks, verbose, source))
        return predictions.joined()

    def _predictions_for(self, source: BatchSource, callbacks: CallbackList) -> Predictions:
        predictions, step = Predictions(), 0
        with StepPass(self._stepper, source, "predict", callbacks) as steps:
            callbacks.on_predict_begin()
            while (group := steps.next_group()) is not None:
                callbacks.on_predict_batch_begin(step)
                outputs = steps.run(group)
                predictions.add(group.ran)
                step += len(group)
                callbacks.on_predict_batch_end(step - 1, {"outputs": outputs})
            callbacks.on_predict_end()
        return predictions

    # -- one batch ------------------------------------------------------------------------------------------

    @accepts_reset_metrics
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Make one training step, for a training loop of your own.

        Args:
            x, y: inputs and targets of the batch, or arrays by name.
            sample_weight: weights of the samples in the loss; None weighs all alike.
            class_weight: class number -> weight of its samples; None weighs all alike.
            return_dict: True gives label -> number.
        Returns: the numbers of this batch alone, before the step: as `evaluate` gives
            them.
        Raises: NotCompiledError, DataError, ShapeError; the model stays as it was.

        Example:
            >>> import layerlab as keras
            >>> import numpy as np
            >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
            >>> model.set_weights([[[0.0]], [0.0]])
            >>> model.compile(keras.optimizers.SGD(0.1), loss="mse")
            >>> x = np.array([[1.0], [2.0]])
            >>> [round(float(model.train_on_batch(x, 2 * x)), 3) for _ in range(2)]
            [10.0, 1.06]
        """
        return self._run_one_batch("train", x, y, sample_weight, class_weight, return_dict)

    @accepts_reset_metrics
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """The loss and the metrics of one batch, without training.

        Args:
            x, y: inputs and targets of the batch, or arrays by name.
            sample_weight: weights of the samples; None weighs all alike.
            return_dict: True gives label -> number.
        Returns: the numbers of this batch alone, as `evaluate` gives them.
        Raises: NotCompiledError, DataError, ShapeError.
        """
        return self._run_one_batch("test", x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as NumPy arrays.

        Args:
            x: the inputs: an array, or a list or dict of arrays.
        Returns: arrays in the structure of the model's outputs.
        Raises: DataError, ShapeError.
        """
        batch = one_batch(x, needs=needs_of(self))
        with self._alone_in("predict_on_batch"):
            with self._stepper.look_before("predict"):
                self._prepare_for(batch, is_compiled=False)
                function, _ = self._stepper.ready("predict")
            outputs = self._stepper.run_one("predict", function, batch)
            return tree.map_structure(backend().to_numpy, outputs)

    def _run_one_batch(
        self, kind: str, x: object, y: object, sample_weight: object, class_weight: Any, return_dict: bool
    ) -> Any:
        method = f"{kind}_on_batch"
        self._check_compiled(method)
        batch = one_batch(x, y, sample_weight, class_weight=class_weight, needs=needs_of(self))
        with self._alone_in(method):
            with self._stepper.look_before(kind):
                self._prepare_for(batch)
                if not self._gathers_metrics:
                    self._stepper.reset_metrics()
                function, _ = self._stepper.ready(kind)
            logs = to_floats(self._stepper.run_one(kind, function, batch))
            with self._stepper.look_before(kind):
                return logs if return_dict else _in_order(logs, self.metrics_names)

    # -- inside -----------------------------------------------------------------------------------------

    def _source(self, *data: object, **options: Any) -> BatchSource:
        """`make_source` for this model: its own batch size is the default, its inputs are needed."""
        if "default_batch_size" not in options:
            with self._stepper.look_before("predict"):
                options["default_batch_size"] = own_batch_size(self)
        return make_source(*data, needs=needs_of(self), **options)

    def _callback_list(self, callbacks: Any, verbose: int | str, source: BatchSource) -> CallbackList:
        level = verbosity(verbose)
        return CallbackList(
            callbacks, add_progbar=level != 0, model=self, verbose=level, epochs=1, steps=source.steps
        )

    def _alone_in(self, method: str) -> AbstractContextManager[None]:
        """Only one thread at a time."""
        return self._sole_user.only(method, self.name)

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise NotCompiledError(
                explain(
                    f"'{self.name}' must be compiled before {method}.",
                    fix='model.compile(optimizer="adam", loss="mse", metrics=["mae"])',
                )
            )


def _in_order(logs: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The values in the order of the names, then any others; a single one alone."""
    order = [name for name in names if name in logs] + [name for name in logs if name not in names]
    values = [logs[name] for name in order]
    return values[0] if len(values) == 1 else values


class _Trainee:
    """A model that is trained on some data, as a run sees it."""

    def __init__(
        self,
        model: Trainer,
        source: BatchSource,
        validation: BatchSource | None,
        validates_after: Callable[[int], bool],
    ) -> None:
        self._model, self.source = model, source
        self._validation, self._rule = validation, validates_after

    @property
    def has_validation(self) -> bool:
        return self._validation is not None

    def validates_after(self, epoch: int) -> bool:
        return self.has_validation and self._rule(epoch)

    @property
    def is_stopped(self) -> bool:
        return self._model.stop_training

    @property
    def learning_rate(self) -> float | None:
        optimizer = self._model.optimizer
        if optimizer is None or not optimizer.built:
            return None
        return float(optimizer.learning_rate)  # not by way of an array: asked twice an epoch

    @learning_rate.setter
    def learning_rate(self, value: float | None) -> None:
        self._model.optimizer.learning_rate = value

    def reset_metrics(self) -> None:
        self._model._stepper.reset_metrics()

    def steps(self, callbacks: CallbackList, control: RunControl) -> StepPass:
        return StepPass(self._model._stepper, self.source, "train", callbacks, control)

    def validate(self, callbacks: CallbackList, control: RunControl) -> Mapping[str, Any] | None:
        assert self._validation is not None
        return self._model._evaluate_on(self._validation, callbacks, control)

    def save(self, path: str | None, run_id: str, step: int) -> tuple[str, str]:
        return save_snapshot(self._model, path, run_id, step)
