"""Loops over PyTorch by hand: eager, modules of torch.nn, the fused Adam, nothing read before the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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
        order = torch.randperm(steps * BATCH) if shuffle else torch.arange(steps * BATCH)
        return self.fit_on((self._x[rows], self._y[rows]) for rows in order.split(BATCH))

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.predict_on((batch,) for batch in torch.from_numpy(channels_first(x)).split(BATCH))

    def fit_on(self, batches: Iterable[Any]) -> tuple[float, float]:
        """A step on each batch `(x, y)`; the mean loss and accuracy."""
        told = _Told()
        self._module.train()
        for batch in batches:
            x, y = map(torch.as_tensor, batch)
            self._adam.zero_grad(set_to_none=True)
            logits = self._module(x)
            loss = functional.cross_entropy(logits, y.long())
            loss.backward()
            self._adam.step()
            told.add(loss.detach(), logits.detach(), y)
        return told.mean()

    def evaluate_on(self, batches: Iterable[Any]) -> tuple[float, float]:
        """The mean loss and accuracy."""
        told = _Told()
        self._module.eval()
        with torch.inference_mode():
            for batch in batches:
                x, y = map(torch.as_tensor, batch)
                logits = self._module(x)
                told.add(functional.cross_entropy(logits, y.long()), logits, y)
        return told.mean()

    def predict_on(self, batches: Iterable[Any]) -> np.ndarray:
        """The logits of batches `(x, ...)`."""
        self._module.eval()
        with torch.inference_mode():
            return torch.cat([self._module(torch.as_tensor(batch[0])) for batch in batches]).numpy()


class _Told:
    """Sums of losses and of right answers, read at the end only."""

    def __init__(self) -> None:
        self._loss, self._hits, self._steps = torch.zeros(()), torch.zeros((), dtype=torch.int64), 0

    def add(self, loss: torch.Tensor, logits: torch.Tensor, y: torch.Tensor) -> None:
        self._loss += loss
        self._hits += (logits.argmax(1) == y).sum()
        self._steps += 1

    def mean(self) -> tuple[float, float]:
        return self._loss.item() / self._steps, self._hits.item() / (self._steps * BATCH)


FORMS = {"eager": Eager}
