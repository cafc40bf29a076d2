"""What a model does with one batch: the methods one may override.

They are written over variables; `stepping` makes functions of state of them, which the back end runs.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import Any

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.context import context
from layerlab.core.state import StateScope
from layerlab.core.symbolic import infer_spec
from layerlab.core.variable import Variable
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import NotCompiledError, explain
from layerlab.training.checks import check_inputs, check_labels, own_batch_size, rows, symbolic_like
from layerlab.training.interrupts import deferred_interrupts
from layerlab.training.lookups import Lookups, lookups_of
from layerlab.training.objective import Objective

__all__ = ["Steps", "WatchedLoss"]


class _Watched(threading.local):
    loss: WatchedLoss | None = None


_watched = _Watched()


class WatchedLoss:
    """A `with` block; `loss` becomes what a step of the model tracks as its loss inside, None if it does not.

    Args:
        model: steps of other models, which one of its own may run, do not count.
    """

    def __init__(self, model: Steps) -> None:
        self.model = model
        self.loss: Any = None

    def __enter__(self) -> WatchedLoss:
        self._outer, _watched.loss = _watched.loss, self
        return self

    def __exit__(self, *exception: object) -> None:
        _watched.loss = self._outer


class Steps(Objective):
    """The steps of a model, and what makes it ready for data. Mixed into Trainer."""

    # Provided by Layer.
    built: bool
    build: Callable[..., None]
    __call__: Callable[..., Any]

    def __init__(self) -> None:
        super().__init__()
        self.optimizer: Any = None
        self._forget_data()

    def _forget_data(self) -> None:
        self._output_spec = None
        self._lookups: Lookups | None = None

    # -- to override ----------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step: forward pass, loss, gradients, update, metrics.

        Override it for training of another kind, such as a GAN. It runs inside a state
        scope: assignments to variables are recorded, not done in place. A compiled step
        sees changes of variables, whoever holds them; Python numbers are constants of
        it: what a callback is to change (the weight of a second loss, say) must be a
        `keras.Variable`. An override may also be written as for Keras on JAX,
        `train_step(self, state, data)` giving `(logs, state)`, or as for Keras on
        PyTorch, with `loss.backward()`.

        Args:
            data: a batch as the source gives it: x, (x, y) or (x, y, sample_weight).
        Returns: the logs: label -> scalar.
        Raises: NotCompiledError if there is no loss.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        variables = self.trainable_variables
        assigned: list[Variable] = []

        def objective(values: list[Array]) -> tuple[Array, Any]:
            with StateScope(zip(variables, values, strict=True)) as scope:
                y_pred = self._forward_pass(x, training=True)
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
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation: forward pass, loss, metrics.

        It is overridden like `train_step`.

        Args:
            data: a batch as the source gives it: x, (x, y) or (x, y, sample_weight).
        Returns: the logs: label -> scalar.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._forward_pass(x, training=False)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        if loss is not None:
            self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """One step of prediction: the forward pass.

        It is overridden like `train_step`.

        Args:
            data: a batch as the source gives it: x, (x, y) or (x, y, sample_weight).
        Returns: the outputs of the batch.
        """
        x, _, _ = unpack_x_y_sample_weight(data)
        return self._forward_pass(x, training=False)

    def zero_grad(self) -> None:
        """Forget the gradients that `loss.backward()` left on the weights, on PyTorch.

        Other back ends have none, and nothing happens.
        """
        variables: Iterable[Variable] = self.variables
        for value in (variable.own_value for variable in variables):
            if getattr(value, "grad", None) is not None:
                value.grad = None

    # -- inside -------------------------------------------------------------------------------------------

    def _forward_pass(self, x: Any, training: bool) -> Any:
        # A model without a training argument passes it on.
        previous, context.training = context.training, training
        try:
            return self(x)
        finally:
            context.training = previous

    def _track_loss(self, loss: Array, x: Any) -> None:
        if _watched.loss is not None and _watched.loss.model is self:
            _watched.loss.loss = loss
        if self._loss_tracker is not None:
            samples = next(leaf.shape[0] for leaf in tree.flatten(x) if leaf is not None)
            self._loss_tracker.update_state(loss, sample_weight=float(samples))

    def _prepare_for(self, batch: Any, whole: Any = None, is_compiled: bool = True) -> None:
        """Check that data fit; build what is not built on the shapes of `batch`. No value moves.

        Args:
            whole: all the data as one batch, if they are in memory: their labels and indices are checked.
            is_compiled: False for predict, which needs neither loss nor metrics.
        """
        check_inputs(self, batch)
        if not self.built or (is_compiled and not self._stepper.has_stepped):
            with deferred_interrupts():  # half a layer would be built again, beside its first half
                self._build_on(batch, is_compiled)
        if self._lookups is None:
            self._lookups = self._find_lookups(batch)
        self._lookups.check(unpack_x_y_sample_weight(batch if whole is None else whole)[0])
        if is_compiled:
            self._check_labels(batch if whole is None else whole)
            if not self._stepper.has_stepped:
                self._build_metrics(batch)

    def _build_on(self, batch: Any, is_compiled: bool) -> None:
        x, y, _ = unpack_x_y_sample_weight(batch)
        if not self._has_forward_pass():  # what its steps use is built in them
            if not self.built:
                self.build(tree.map_structure(_shape_of, x))
            return
        outputs, batch_size = self._outputs_like(x)
        if not self.output_names:
            names = [f"output_{i + 1}" for i in range(len(tree.flatten(outputs)))]
            self.__dict__["_output_names"] = names
        if is_compiled:
            self._output_spec = outputs
            if self._compile_loss is not None:
                self._compile_loss.build(symbolic_like(y, batch_size), outputs)

    def _outputs_like(self, x: Any) -> tuple[Any, int | None]:
        """Symbolic outputs for a batch like `x`, and the batch size that they are for; builds the model.

        The batch size is open, unless the model has one of its own or can only be evaluated on that of `x`.
        What needs values, code with NumPy for example, runs on `x` itself if it may do so in the steps too.
        """
        size = self._batch_size_for(x)
        try:
            return self._infer_outputs(symbolic_like(x, size)), size
        except Exception:
            with contextlib.suppress(Exception):
                return self._infer_outputs(symbolic_like(x, rows(x))), rows(x)
            if not self._stepper.is_traced:
                with contextlib.suppress(Exception):
                    return self._run_outputs(x), None
            raise

    def _find_lookups(self, batch: Any) -> Lookups:
        x, _, _ = unpack_x_y_sample_weight(batch)
        among = self._flatten_layers()
        symbolic = symbolic_like(x, self._batch_size_for(x))
        return lookups_of(lambda values: self._forward_pass(values, False), among, symbolic)

    def _batch_size_for(self, x: Any) -> int | None:
        size = own_batch_size(self)
        return rows(x) if size is None and self._keeps_states() else size

    def _run_outputs(self, x: Any) -> Any:
        values = tree.map_structure(lambda leaf: None if leaf is None else backend().asarray(leaf), x)
        with StateScope():
            outputs = self._forward_pass(values, False)
        return symbolic_like(outputs)

    def _keeps_states(self) -> bool:
        with self._stepper.look_before("predict"):
            return any(layer.stateful for layer in self._flatten_layers())

    def _infer_outputs(self, symbolic: Any) -> Any:
        if not self.built:
            self(symbolic)
        return infer_spec(lambda values: self._forward_pass(values, False), symbolic)

    def _build_metrics(self, batch: Any) -> None:
        _, y, _ = unpack_x_y_sample_weight(batch)
        if self._compile_metrics is not None and self._output_spec is not None:
            self._compile_metrics.build(symbolic_like(y), self._output_spec)
        if self.optimizer is not None and not self.optimizer.built and self._knows_its_weights():
            self.optimizer.build(self.trainable_variables)

    def _check_one_batch(self, batch: Any, has_targets: bool = True) -> None:
        """The checks for a batch of data that are not in memory as a whole."""
        check_inputs(self, batch)
        if self._lookups is not None:
            self._lookups.check(unpack_x_y_sample_weight(batch)[0])
        if has_targets:
            self._check_labels(batch)

    def _check_labels(self, batch: Any) -> None:
        if self._output_spec is not None:  # else there are no outputs for them
            check_labels(self._compile_loss, unpack_x_y_sample_weight(batch)[1], self._output_spec)

    def _has_forward_pass(self) -> bool:
        """Whether the model can be called; a GAN, say, has only steps of its own."""
        return True

    def _knows_its_weights(self) -> bool:
        """False if layers are built in the first step; then the optimizer is, too."""
        layers = self._flatten_layers()
        return self._has_forward_pass() or all(layer.built for layer in layers)


def _shape_of(leaf: Any) -> Any:
    return None if leaf is None else (None, *leaf.shape[1:])
