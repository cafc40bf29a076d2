"""A stand-in for a model, and an epoch loop without training: both libraries' callbacks are driven alike."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["StandIn", "drive"]


class StandInOptimizer:
    """A learning rate in float32, as the real ones keep it."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    @property
    def learning_rate(self) -> Any:
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = np.float32(value)


class StandIn:
    """What callbacks touch of a model; its weight is the number of epochs it was trained for."""

    def __init__(self, learning_rate: float = 0.1, metrics: Any = ()) -> None:
        self.optimizer = StandInOptimizer(learning_rate)
        self.metrics = list(metrics)
        self.stop_training = False
        self.history: Any = None
        self.weight = 0.0
        self.saved: list[str] = []

    def get_weights(self) -> list[Any]:
        return [np.float32(self.weight)]

    def set_weights(self, weights: list[Any]) -> None:
        self.weight = float(weights[0])

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        self.saved.append(str(filepath))


def drive(
    callback: Any, logs: list[dict[str, float]], model: StandIn | None = None, batches: int = 0
) -> dict[str, Any]:
    """Run epochs with these logs; return what became of model and logs."""
    model = StandIn() if model is None else model
    callback.set_model(model)
    callback.set_params({"epochs": len(logs), "verbose": 0, "steps": batches})
    callback.on_train_begin()
    seen, rates = [], []
    for epoch, entry in enumerate(logs):
        callback.on_epoch_begin(epoch)
        for batch in range(batches):
            callback.on_train_batch_begin(batch)
            callback.on_train_batch_end(batch, dict(entry))
        model.weight = epoch + 1.0
        entry = dict(entry)
        callback.on_epoch_end(epoch, entry)
        seen.append(entry)
        rates.append(float(model.optimizer.learning_rate))
        if model.stop_training:
            break
    callback.on_train_end(seen[-1] if seen else None)
    return {"epochs": len(seen), "weight": model.weight, "rates": rates, "logs": seen, "saved": model.saved}
