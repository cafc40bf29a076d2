"""What a model reads of the batches that a source gives it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

__all__ = ["EVERYTHING", "Needs"]


@dataclass(frozen=True)
class Needs:
    """What a source must give, and may leave out or let pass.

    Attributes:
        keys: the keys that are read of a dict of inputs, None for all. Others are left out if they are no
            numbers.
        even: whether all arrays of a batch must have the same number of samples. A step of a user's may take
            others: unlabeled beside labeled samples, say.
    """

    keys: Collection[Any] | None = None
    even: bool = True


EVERYTHING = Needs()
