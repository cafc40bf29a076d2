"""Loops over PyTorch by hand: eager, modules of torch.nn, the fused Adam, nothing read before the end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from tests.benchmarks.cases import BATCH, Case
from tests.benchmarks.hand_torch_models import MODELS, channels_first

__all__ = ["FORMS"]


class Eager:
    """One of the cases; `fit` trains on the first steps of its data, `predict` gives the logits of any.

    Args:
        weights: by path, those that are trained and those that are not.
    """

    def __init__(self, name: str, case: Case, weights: Mapping[str, np.ndarray]) -> None:
        x, y = case.data()
        self._x, self._y = torch.from_numpy(channels_first(x)), torch.from_numpy(y).long()
        self._module = MODELS[name]({path: torch.from_numpy(value) for path, value in weights.items()}, case)
        self._trained = [p for p in self._module.parameters() if p.requires_grad]
        self._adam = torch.optim.Adam(self._trained, lr=1e-3, eps=1e-7, fused=True)

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(p.numel() for p in self._trained)

    def fit(self, steps: int, *, shuffle: bool) -> tuple[float, float]:
        """One epoch; the mean loss and accuracy."""
        count = steps * BATCH
        order = torch.randperm(count) if shuffle else torch.arange(count)
        loss_sum, hits = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        self._module.train()
        for rows in order.split(BATCH):
            x, y = self._x[rows], self._y[rows]
            self._adam.zero_grad(set_to_none=True)
            logits = self._module(x)
            loss = functional.cross_entropy(logits, y)
            loss.backward()
            self._adam.step()
            loss_sum += loss.detach()
            hits += (logits.detach().argmax(1) == y).sum()
        return loss_sum.item() / steps, hits.item() / count

    def predict(self, x: np.ndarray) -> np.ndarray:
        self._module.eval()
        with torch.inference_mode():
            batches = torch.from_numpy(channels_first(x)).split(BATCH)
            return torch.cat([self._module(batch) for batch in batches]).numpy()


FORMS = {"eager": Eager}
