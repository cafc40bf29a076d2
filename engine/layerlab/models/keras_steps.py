"""What Keras' Model has for training loops of one's own on JAX: methods of Model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from layerlab.core.state import StateScope, given_values

if TYPE_CHECKING:
    from layerlab.models.model import Model

__all__ = ["compute_loss_and_updates", "jax_state_sync"]


def jax_state_sync(self: Model) -> None:
    """Nothing to do: variables have their values after each step, also while fit runs."""


def compute_loss_and_updates(
    self: Model,
    trainable_variables: Sequence[Any],
    non_trainable_variables: Sequence[Any],
    metrics_variables: Sequence[Any],
    x: Any,
    y: Any,
    sample_weight: Any = None,
    training: bool = False,
    optimizer_variables: Sequence[Any] | None = None,
) -> tuple[Any, tuple[Any, Any, list[Any], list[Any]]]:
    """Forward pass and loss as a pure function of the variables, for `jax.grad`.

    Args:
        trainable_variables: values in the order of `self.trainable_variables`; the
            gradient is taken in these.
        non_trainable_variables, metrics_variables: values in the order of `self`'s
            lists of these names.
        x, y: inputs and targets of a batch.
        sample_weight: of the batch; None weighs all alike.
        training: True for a training step: Dropout drops, and the loss is scaled.
        optimizer_variables: in training, for the scale of the loss; None for the
            values of now.
    Returns: (loss, scaled by the optimizer in training; (unscaled loss, outputs,
        and the new values of non_trainable_variables and metrics_variables)). The
        model stays as it is.
    """
    others, metrics = self.non_trainable_variables, self.metrics_variables
    where = f"compute_loss_and_updates of '{self.name}': "
    pairs = given_values(f"{where}trainable_variables", self.trainable_variables, trainable_variables)
    pairs += given_values(f"{where}non_trainable_variables", others, non_trainable_variables)
    pairs += given_values(f"{where}metrics_variables", metrics, metrics_variables)
    if optimizer_variables is not None and self.optimizer is not None:
        own = self.optimizer.variables
        pairs += given_values(f"{where}optimizer_variables", own, optimizer_variables)
    with StateScope(pairs) as scope:
        y_pred = self._forward_pass(x, training=training)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        scales = training and self.optimizer is not None
        scaled = self.optimizer.scale_loss(loss) if scales else loss
        values = [[scope.read(variable) for variable in group] for group in (others, metrics)]
    return scaled, (loss, y_pred, values[0], values[1])
