"""Data sets that worker processes can import."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np

import layerlab as keras


class Numbered(keras.utils.PyDataset):
    """Batch i holds i; y says which process made it."""

    def __init__(self, count: int | None = 6, offset: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.count = count
        self.offset = offset

    @property
    def num_batches(self) -> int | None:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return np.full((1, 1), index + self.offset), np.full((1, 1), os.getpid())


class Growing(Numbered):
    """Changes at each end of an epoch."""

    def on_epoch_end(self) -> None:
        self.offset += 10


class Drawing(Numbered):
    """Random batches."""

    def __getitem__(self, index: int) -> Any:
        return np.array([[np.random.rand(), random.random()]]), np.full((1, 1), index)


class TroubleError(Exception):
    """With an argument that must be given, as users write them."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(index, reason)


class UnpicklableError(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"{index} {reason}")


class Failing(Numbered):
    """Batch 3 does what `how` says."""

    def __init__(self, how: str, **options: Any) -> None:
        super().__init__(**options)
        self.how = how

    def __getitem__(self, index: int) -> Any:
        if index == 3:
            if self.how == "raise":
                raise TroubleError(index, "on purpose")
            if self.how == "raise what cannot be pickled":
                raise UnpicklableError(index, "on purpose")
            if self.how == "return what cannot be pickled":
                return lambda: index
            if self.how == "die":
                os._exit(7)
        return super().__getitem__(index)
