"""What a model minimizes and measures: its losses and metrics, and the methods one may override."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.state import StateScope, given_values
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.errors import NotCompiledError, explain
from layerlab.metrics import Mean
from layerlab.training.compiled_loss import CompileLoss
from layerlab.training.compiled_metrics import CompileMetrics

__all__ = ["Objective"]

State = tuple[list[Array], list[Array], list[Array]]


class Objective:
    """Losses and metrics of a model. Mixed into Trainer."""

    # Provided by Layer.
    name: str
    output_names: list[str]
    variables: list[Variable]
    trainable_variables: list[Variable]
    non_trainable_variables: list[Variable]
    metrics_variables: list[Variable]
    losses: list[Array]
    _flatten_layers: Callable[..., list[Any]]

    # Provided by Trainer.
    _stepper: Any

    _not_saved = frozenset(("_compile_loss", "_compile_metrics", "_loss_tracker"))

    def __init__(self) -> None:
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._loss_tracker: Mean | None = None
        self._output_spec: Any = None  # symbolic outputs, once data were seen

    def _set_objective(self, loss: Any, loss_weights: Any, metrics: Any, weighted_metrics: Any) -> None:
        """As for `compile`; what was set before stays if one of them is wrong."""
        names = self.output_names or None
        compile_loss = None if loss is None else CompileLoss(loss, loss_weights, output_names=names)
        has_metrics = metrics is not None or weighted_metrics is not None
        compile_metrics = CompileMetrics(metrics, weighted_metrics, names) if has_metrics else None
        self._compile_loss, self._compile_metrics = compile_loss, compile_metrics
        self._loss_tracker = Mean(name="loss")

    # -- loss -----------------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> Any:
        """The total that training minimizes: the loss of `compile` plus `self.losses`.

        Override it to train on something else; `train_step` and `test_step` call it
        with these four keywords.

        Args:
            x, y: inputs and targets of the batch.
            y_pred: the model's outputs.
            sample_weight: of the batch; None weighs all alike.
        Returns: a scalar; None if there is no loss at all.
        """
        return _total([self._loss_of_compile(y, y_pred, sample_weight), *self.losses])

    def loss(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of `compile` alone, without regularization and `add_loss`.

        Args:
            y: targets of the batch.
            y_pred: the model's outputs.
            sample_weight: of the batch; None weighs all alike.
        Returns: a scalar.
        Raises: NotCompiledError if there is none.
        """
        if self._compile_loss is None:
            raise NotCompiledError(
                explain(f"'{self.name}' was compiled without a loss.", fix='compile(loss="mse")')
            )
        return self._loss_of_compile(y, y_pred, sample_weight)

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        """The loss of `compile` plus penalties. Deprecated: use `compute_loss`.

        Args:
            y: targets of the batch.
            y_pred: the model's outputs.
            sample_weight: of the batch; None weighs all alike.
            regularization_losses: scalars to be added; None for none.
        Returns: a scalar.
        Raises: NotCompiledError if there is no loss.
        """
        warnings.warn("compiled_loss is deprecated: use compute_loss.", DeprecationWarning, stacklevel=2)
        return _total([self.loss(y, y_pred, sample_weight), *tree.flatten(regularization_losses or [])])

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
    ) -> tuple[Any, State]:
        """`compute_loss` as a pure function of the variables' values.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: values in
                the order of the model's lists of these names: arrays, or Variables for
                their values.
            x, y, y_pred, sample_weight: as for `compute_loss`.
        Returns: (loss, (trainable, non-trainable, metrics values after it)); the model
            stays as it is.
        Raises: InvalidArgumentError or ShapeError for values that do not fit the
            variables.
        """
        groups = (
            ("trainable_variables", self.trainable_variables, trainable_variables),
            ("non_trainable_variables", self.non_trainable_variables, non_trainable_variables),
            ("metrics_variables", self.metrics_variables, metrics_variables),
        )
        pairs: list[tuple[Variable, Any]] = []
        for what, variables, values in groups:
            pairs += given_values(f"stateless_compute_loss({what}=...) of '{self.name}'", variables, values)
        with StateScope(pairs) as scope:
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            trainable, others, metrics = (
                [scope.read(variable) for variable in variables] for _, variables, _ in groups
            )
            scope.hand_on(apart_from=(variable for _, variables, _ in groups for variable in variables))
        return loss, (trainable, others, metrics)

    # -- metrics --------------------------------------------------------------------------------------

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into the metrics of `compile`, and give all results.

        Override it to measure something else; `train_step` and `test_step` call it.

        Args:
            x, y: inputs and targets of the batch.
            y_pred: the model's outputs.
            sample_weight: of the batch, for `weighted_metrics`; None weighs all alike.
        Returns: label -> value, as `get_metrics_result`.
        """
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Label -> value of all `metrics` since their last reset.

        A metric whose result is a dict brings its entries.
        """
        results: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            results.update(result if isinstance(result, dict) else {metric.name: result})
        return results

    @property
    def metrics(self) -> list[Any]:
        """All that is measured: losses, metrics of `compile`, metrics in attributes."""
        # What an inner model was compiled with is its own affair.
        layers = [
            layer for layer in self._flatten_layers() if layer is self or not isinstance(layer, Objective)
        ]
        return unique(
            [
                *self._metrics_of_compile(),
                *(metric for layer in layers for metric in tracked(layer, "metric")),
            ]
        )

    @property
    def compiled_metrics(self) -> CompileMetrics | None:
        """The metrics of `compile` as one object; None if there are none. Deprecated.

        It has `update_state(y, y_pred, sample_weight=None)`; `compute_metrics` takes
        its place.
        """
        return self._compile_metrics

    @property
    def metrics_names(self) -> list[str]:
        """The labels of what `evaluate` and `train_on_batch` return.

        Empty before any data were seen.
        """
        if self._output_spec is None:
            return []
        names: list[str] = []
        for metric in self.metrics:
            names += metric.result_names() if isinstance(metric, CompileMetrics) else [metric.name]
        return names

    def reset_metrics(self) -> None:
        """Make all metrics forget what they have seen; each epoch begins with it."""
        with self._stepper.look_before("test"):
            metrics = self.metrics
        for metric in metrics:
            metric.reset_state()

    # -- inside -----------------------------------------------------------------------------------------

    def _metrics_of_compile(self) -> list[Any]:
        """What compile made; updated also where an override of `metrics` leaves it out."""
        made: list[Any] = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._compile_loss is not None:
            made += self._compile_loss.metrics
        if self._compile_metrics is not None:
            made.append(self._compile_metrics)
        return made

    def _loss_of_compile(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        return None if self._compile_loss is None else self._compile_loss(y, y_pred, sample_weight)


def _total(parts: Sequence[Any]) -> Any:
    """The sum of the parts in floatx; None if there is none."""
    total: Any = None
    for part in parts:
        if part is not None:
            part = backend().cast(backend().asarray(part), dtypes.standardize_dtype(None))
            total = part if total is None else total + part
    return total
