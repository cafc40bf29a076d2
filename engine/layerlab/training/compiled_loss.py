"""The total loss that `model.compile` makes of its loss and loss_weights.

Names are looked up at once, so that a typing error shows in `compile`; which output has which loss is settled
by the first data (`build`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from layerlab import losses, ops, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.foreign_errors import raise_told, value_needed
from layerlab.core.variable import Variable
from layerlab.dtypes import standardize_dtype
from layerlab.errors import DataError, InvalidArgumentError, LayerlabError, explain
from layerlab.losses.identifiers import task_by_shape
from layerlab.metrics import Mean
from layerlab.numeric import is_number
from layerlab.training.outputs import Outputs, align_weights, flat_entries, label_of, map_entries
from layerlab.typing import Tensor, Tree

__all__ = ["CompileLoss"]

_PASS_TARGETS = "pass y, in validation_data too: (x, y); or compile with loss=None and use add_loss"

_CROSSENTROPIES = {
    "binary": losses.binary_crossentropy,
    "sparse_categorical": losses.sparse_categorical_crossentropy,
    "categorical": losses.categorical_crossentropy,
}


@dataclass(frozen=True)
class _Term:
    """One loss of one output, with its weight in the total."""

    loss: losses.Loss
    weight: float


class CompileLoss:
    """The total loss of a model: the weighted sum over its outputs.

    Args:
        loss: a name, function or Loss for all outputs, or a list or dict of them by output; None is no loss.
            A list in place of one entry adds its losses up.
        loss_weights: a list or dict of numbers by output, or one number.
        output_names: the names, if the predictions are no dict.
    Raises: UnknownNameError, InvalidArgumentError at once; structural errors in `build`.
    """

    def __init__(
        self, loss: object, loss_weights: object = None, output_names: Sequence[str] | None = None
    ) -> None:
        self._loss = map_entries(_as_loss, loss)
        self._loss_weights = _checked_weights(loss_weights)
        self._output_names = output_names
        self.built = False
        self.metrics: list[Mean] = []  # '<output>_loss', if several outputs have one
        self._trackers: list[Mean | None] = []

    @property
    def variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true: Tree[Tensor | None], y_pred: Tree[Tensor | None]) -> None:
        """Settle which output has which loss; the arguments may be arrays or anything else with a shape."""
        self._outputs = outputs = Outputs.of(y_pred, self._output_names)
        targets, predictions = outputs.align(y_true, "y"), outputs.predictions(y_pred)
        entries = [flat_entries(entry) for entry in self._losses_by_output(outputs)]
        weights = self._weights_by_output(outputs, entries)
        self._terms = [
            [
                _Term(_fit_loss(loss, target, prediction, name), weight)
                for loss, weight in zip(losses_of, weights_of, strict=True)
            ]
            for losses_of, weights_of, target, prediction, name in zip(
                entries, weights, targets, predictions, outputs.names, strict=True
            )
        ]
        several = sum(map(bool, self._terms)) > 1
        self._trackers = [
            Mean(name=f"{name}_loss") if several and terms else None
            for name, terms in zip(outputs.names, self._terms, strict=True)
        ]
        self.metrics = [tracker for tracker in self._trackers if tracker is not None]
        self.built = True

    def __call__(
        self,
        y_true: Tree[Tensor | None],
        y_pred: Tree[Tensor | None],
        sample_weight: Tree[Tensor | None] | None = None,
    ) -> Array | None:
        """The total, a scalar; None without any loss. Updates `metrics` with the unweighted losses.

        Args:
            y_true, y_pred, sample_weight: arrays, lists, dicts by output name, or nested; one array of
                weights counts for all outputs.
        """
        if not self.built:
            self.build(y_true, y_pred)
        outputs = self._outputs
        targets, weights = outputs.align(y_true, "y"), align_weights(outputs, sample_weight)
        total = None
        for index, prediction in enumerate(outputs.predictions(y_pred)):
            for position, term in enumerate(self._terms[index]):
                where = f"Loss '{term.loss.name}'" + self._of_output(index)
                value = _evaluate(term.loss, targets[index], prediction, weights[index], where)
                self._track(index, value, prediction, is_first=position == 0)
                value = value if term.weight == 1.0 else value * term.weight
                total = value if total is None else total + value
        return total

    def by_output(
        self, y_true: Tree[Tensor | None], y_pred: Tree[Tensor | None]
    ) -> Iterator[tuple[str, Any, Any, list[losses.Loss]]]:
        """(name, targets, prediction, losses) of each output, in any of the forms of `fit`; once built."""
        targets, predictions = self._outputs.align(y_true, "y"), self._outputs.predictions(y_pred)
        for name, target, prediction, terms in zip(
            self._outputs.names, targets, predictions, self._terms, strict=True
        ):
            yield name, target, prediction, [term.loss for term in terms]

    def _losses_by_output(self, outputs: Outputs) -> list[Any]:
        loss = self._loss
        if not isinstance(loss, dict | list):
            return [loss] * len(outputs)
        if len(outputs) == 1 and isinstance(loss, list):
            return [loss]
        return outputs.spread(loss, "loss")

    def _weights_by_output(self, outputs: Outputs, entries: list[list[Any]]) -> list[list[float]]:
        given = self._loss_weights
        if given is None or is_number(given):
            by_output: list[Any] = [given] * len(outputs)
        elif len(outputs) == 1 and isinstance(given, list) and len(given) == len(entries[0]):
            by_output = [given]
        else:
            by_output = outputs.spread(given, "loss_weights")
        return [
            [float(w) for w in weight]
            if isinstance(weight, list)
            else [1.0 if weight is None else float(weight)] * len(of)
            for weight, of in zip(by_output, entries, strict=True)
        ]

    def _track(self, index: int, value: Array, prediction: Array, is_first: bool) -> None:
        tracker = self._trackers[index]
        if tracker is None:
            return
        samples = float(prediction.shape[0]) if prediction.shape else 1.0
        with backend().inference():
            tracker.total.assign_add(value * samples)
            if is_first:  # further losses of the same output add to the same mean
                tracker.count.assign_add(samples)

    def _of_output(self, index: int) -> str:
        return f" of output '{self._outputs.names[index]}'" if len(self._outputs) > 1 else ""


def _as_loss(identifier: Any) -> Any:
    """A Loss, or the name of a crossentropy whose kind follows from the shapes."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        return identifier
    found = losses.get(identifier)
    if isinstance(found, losses.Loss):
        return found
    if not callable(found):
        raise InvalidArgumentError(
            explain("loss of compile", expected="a name, a function or a Loss", got=type(found).__name__)
        )
    return losses.LossFunctionWrapper(found, name=label_of(identifier))


def _checked_weights(given: object) -> Any:
    def check(weight: object) -> Any:
        if weight is not None and not is_number(weight):
            raise InvalidArgumentError(
                explain(
                    "loss_weights of compile",
                    expected="a number, or a list or dict of numbers by output",
                    got=f"{type(weight).__name__} {str(weight)[:40]!r}",
                    fix="name the arguments: compile(optimizer=..., loss=..., metrics=[...])",
                )
            )
        return weight

    return map_entries(check, given)


def _fit_loss(loss: Any, target: Any, prediction: Any, output_name: str) -> losses.Loss:
    if not isinstance(loss, str):
        return loss
    if target is None:
        raise DataError(
            explain(
                f"loss='{loss}' depends on the shape of y, but output '{output_name}' has no y.", fix="pass y"
            )
        )
    return losses.LossFunctionWrapper(
        _CROSSENTROPIES[task_by_shape(target.shape, prediction.shape)], name=loss
    )


def _evaluate(loss: losses.Loss, target: Any, prediction: Array, weight: Any, where: str) -> Array:
    if target is None:
        raise DataError(explain(f"{where} has no targets.", fix=_PASS_TARGETS))
    try:
        value = loss(target, prediction, sample_weight=weight)
    except LayerlabError as error:
        function = getattr(getattr(loss, "fn", None), "__name__", "")
        raise type(error)(f"{where}: {str(error).removeprefix(f'{function}: ')}") from error
    except Exception as error:  # of a loss that somebody wrote
        raise_told(value_needed(error, where), error)
        error.add_note(f"In {where}, called on y {_shapes(target)} and predictions {_shapes(prediction)}.")
        raise
    # A loss with reduction "none", or a Loss that overrides __call__: what is minimized is one floatx number.
    value = ops.mean(value) if len(value.shape) else value
    return value if loss.dtype == standardize_dtype(None) else ops.cast(value, standardize_dtype(None))


def _shapes(value: object) -> str:
    found = tree.map_structure(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else leaf, value)
    return f"of shape {found}" if isinstance(found, tuple) else str(found)[:200]
