"""The metrics that `model.compile` makes of its metrics and weighted_metrics.

Names are looked up at once, so that a typing error shows in `compile`; which output has which metrics, and
what 'accuracy' means, is settled by the first data (`build`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab.backend.active import backend
from layerlab.core.foreign_errors import raise_told, value_needed
from layerlab.core.registry import lookup
from layerlab.core.variable import Variable
from layerlab.errors import DataError, InvalidArgumentError, LayerlabError, explain
from layerlab.losses.loss_arrays import as_array
from layerlab.metrics import MeanMetricWrapper, Metric, resolve_by_shape
from layerlab.metrics import get as get_metric
from layerlab.metrics.identifiers import is_resolved_by_shape
from layerlab.metrics.stateless_metric import Stateless
from layerlab.training.outputs import Outputs, align_weights, flat_entries, is_config, label_of, map_entries
from layerlab.typing import Tensor, Tree

__all__ = ["CompileMetrics"]


class CompileMetrics(Stateless):
    """The metrics of a model, by output.

    Args:
        metrics: a flat list goes to every output; a list with a list (or None) in it has one entry per
            output; a dict goes by output name. Entries are names, functions and Metrics.
        weighted_metrics: the same; these get sample weights.
        output_names: the names, if the predictions are no dict.
    Raises: UnknownNameError, InvalidArgumentError at once; structural errors in `build`.
    """

    name = "compile_metrics"

    def __init__(
        self,
        metrics: object = None,
        weighted_metrics: object = None,
        output_names: Sequence[str] | None = None,
    ) -> None:
        self._given = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        for what, value in self._given.items():
            if value is not None and (not isinstance(value, list | tuple | dict) or is_config(value)):
                raise InvalidArgumentError(
                    explain(
                        f"{what} of compile",
                        expected="a list, or a dict by output name",
                        got=_shown(value),
                        fix=f"{what}=[{value!r}]"[:60] if isinstance(value, str) else "",
                    )
                )
            map_entries(_check, value)
        self._output_names = output_names
        self.built = False
        self._labelled: dict[str, Metric] = {}  # in the order of reports
        self._plain: list[list[Metric]] = []  # by output
        self._weighted: list[list[Metric]] = []

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, output by output, weighted ones after the others; empty before `build`."""
        return list(self._labelled.values())

    @property
    def variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true: Tree[Tensor | None], y_pred: Tree[Tensor | None]) -> None:
        """Make the metrics and their variables; the arguments may be arrays or anything else with a shape."""
        self._outputs = outputs = Outputs.of(y_pred, self._output_names)
        targets, predictions = outputs.align(y_true, "y"), outputs.predictions(y_pred)
        plain, weighted = (_by_output(value, outputs, what) for what, value in self._given.items())
        self._labelled, self._plain, self._weighted = {}, [], []
        used: set[int] = set()
        for index, (target, prediction) in enumerate(zip(targets, predictions, strict=True)):
            for entries, made, is_weighted in ((plain, self._plain, False), (weighted, self._weighted, True)):
                made.append([])
                for entry in entries[index]:
                    metric = _make(entry, target, prediction, used)
                    made[-1].append(metric)
                    self._labelled[self._label(metric.name, index, is_weighted)] = metric
        self.built = True

    def update_state(
        self,
        y_true: Tree[Tensor | None],
        y_pred: Tree[Tensor | None],
        sample_weight: Tree[Tensor | None] | None = None,
    ) -> None:
        """Take in one batch, in any of the forms of `fit`; weights reach the weighted metrics only."""
        if not self.built:
            self.build(y_true, y_pred)
        outputs = self._outputs
        targets = [None if target is None else as_array(target) for target in outputs.align(y_true, "y")]
        weights = align_weights(outputs, sample_weight)
        with backend().inference():
            for index, prediction in enumerate(outputs.predictions(y_pred)):
                for metric in self._plain[index]:
                    self._update(metric, index, y_true, targets[index], prediction)
                for metric in self._weighted[index]:
                    self._update(metric, index, y_true, targets[index], prediction, weights[index])

    def result(self) -> dict[str, Any]:
        """Label -> value. The dict of a metric that gives one is spread."""
        results: dict[str, Any] = {}
        for label, metric in self._labelled.items():
            value = metric.result()
            results |= value if isinstance(value, dict) else {label: value}
        return results

    def result_names(self) -> list[str]:
        """The labels, in the order of `result`."""
        return list(self._labelled)

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()

    def _label(self, name: str, index: int, is_weighted: bool) -> str:
        prefix = f"{self._outputs.names[index]}_" if len(self._outputs) > 1 else ""
        label = prefix + name
        if label in self._labelled and is_weighted:
            label = f"{prefix}weighted_{name}"
        base, count = label, 0
        while label in self._labelled:
            count += 1
            label = f"{base}_{count}"
        return label

    def _update(
        self, metric: Metric, index: int, y: Any, target: object, prediction: object, *weight: object
    ) -> None:
        output = f" of output '{self._outputs.names[index]}'" if len(self._outputs) > 1 else ""
        if target is None and y is not None:
            raise DataError(explain(f"Metric '{metric.name}'{output} has no targets.", fix="add them to y"))
        try:
            metric.update_state(target, prediction, *weight)
        except LayerlabError as error:
            raise type(error)(f"Metric '{metric.name}'{output}: {error}") from error
        except Exception as error:  # of a metric that somebody wrote
            raise_told(value_needed(error, f"Metric '{metric.name}'{output}"), error)
            raise


def _check(entry: object) -> None:
    """Raise for what cannot become a metric; makes nothing yet, because every output needs its own."""
    if entry is None or isinstance(entry, Metric) or is_resolved_by_shape(entry) or is_config(entry):
        return
    if isinstance(entry, str):
        lookup("metrics", entry)
    elif not callable(entry):
        raise InvalidArgumentError(
            explain("metrics of compile", expected="names, functions and Metrics", got=_shown(entry))
        )


def _by_output(given: Any, outputs: Outputs, what: str) -> list[list[Any]]:
    if given is None or len(given) == 0:
        return [[] for _ in range(len(outputs))]
    if isinstance(given, dict):
        return [flat_entries(entry) for entry in outputs.spread(given, what)]
    if len(outputs) == 1 or not any(entry is None or _is_structure(entry) for entry in given):
        return [flat_entries(given) for _ in range(len(outputs))]
    return [flat_entries(entry) for entry in outputs.spread(given, what)]


def _is_structure(entry: object) -> bool:
    return isinstance(entry, list | tuple | dict) and not is_config(entry)


def _make(entry: Any, target: Any, prediction: Any, used: set[int]) -> Metric:
    """The metric of one output, named after its label. An instance given once for all outputs is copied."""
    if is_resolved_by_shape(entry):
        if target is None:
            raise DataError(
                explain(f"Metric '{entry}' depends on the shape of y, but there is no y.", fix="pass y")
            )
        found: Any = resolve_by_shape(entry, target.shape, prediction.shape)
    else:
        found = get_metric(entry)
    if isinstance(found, Metric):
        if id(found) in used:
            found = type(found).from_config(found.get_config())
        used.add(id(found))
    else:
        found = MeanMetricWrapper(found, name=label_of(entry))
    found.build_from_shapes(() if target is None else target.shape, prediction.shape)
    if isinstance(entry, str):  # only now: variables keep the name of the class in their paths
        found.name = entry
    return found


def _shown(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"
