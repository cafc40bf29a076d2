"""What a model minimizes and measures: its losses and metrics, and the methods one may override."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.state import StateScope, given_values
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.errors import NotCompiledError, explain
from layerlab.metrics import Mean
from layerlab.training.compiled import CompileLoss, CompileMetrics

__all__ = ["Objective"]

State = tuple[list[Array], list[Array], list[Array]]


class Objective:
    """Losses and metrics of a model. Mixed into Trainer."""

    # Provided by Layer.
    name: str
    variables: list[Variable]
    trainable_variables: list[Variable]
    non_trainable_variables: list[Variable]
    metrics_variables: list[Variable]
    losses: list[Array]

    def __init__(self) -> None:
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._loss_tracker: Mean | None = None
        self._output_spec: Any = None  # symbolic outputs, once data were seen

    # -- loss -----------------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> Any:
        """The total: compile's loss plus `self.losses`; None if there is neither.

        Override it to train on something else; train_step and test_step call it with these four keywords.
        """
        return _total([self._loss_of_compile(y, y_pred, sample_weight), *self.losses])

    def loss(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Compile's loss alone, without regularization and `add_loss`. Raises: NotCompiledError."""
        if self._compile_loss is None:
            raise NotCompiledError(
                explain(f"'{self.name}' was compiled without a loss.", fix='compile(loss="mse")')
            )
        return self._loss_of_compile(y, y_pred, sample_weight)

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Any:
        """Compile's loss plus `regularization_losses`. Deprecated: use `compute_loss`."""
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
        """`compute_loss` with these values instead of the variables' own.

        Returns: (loss, (trainable, non-trainable, metrics values after it)); the model stays as it is.
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

    @property
    def metrics(self) -> list[Any]:
        """The loss, the losses of outputs, compile's metrics, and those in attributes of model and layers."""
        # What an inner model was compiled with is its own affair.
        layers = [
            layer
            for layer in self._flatten_layers()  # type: ignore[attr-defined]
            if layer is self or not isinstance(layer, Objective)
        ]
        return unique(
            [
                *self._metrics_of_compile(),
                *(metric for layer in layers for metric in tracked(layer, "metric")),
            ]
        )

    @property
    def compiled_metrics(self) -> CompileMetrics | None:
        """Compile's metrics, with `update_state(y, y_pred, sample_weight=None)`; None if there are none.
        Deprecated: use `compute_metrics`."""
        return self._compile_metrics

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
