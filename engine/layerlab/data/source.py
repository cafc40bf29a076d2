"""BatchSource: the one shape that all kinds of data take before training sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from layerlab.typing import Batch

__all__ = ["BatchSource"]


class BatchSource(Protocol):
    """Epochs of batches.

    A batch is a tuple `(x,)`, `(x, y)` or `(x, y, sample_weight)` of (structures of) arrays of NumPy or of
    the back end, with the batch as first axis.
    """

    @property
    def batch_size(self) -> int | None:
        """Samples in a full batch; None where each batch decides."""
        ...

    @property
    def steps(self) -> int | None:
        """Batches in an epoch; None while unknown, or if it never ends (`steps_per_epoch=-1`)."""
        ...

    @property
    def whole(self) -> Any:
        """All the data as one batch, where they are in memory; else None."""
        ...

    def peek(self) -> Batch:
        """A batch like those to come, without taking it away from the epoch."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether the next batch of the epoch can be had at once, before the step on the last one."""
        ...

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch."""
        ...

    def rewind(self) -> None:
        """Begin the next epoch at the first batch, where `steps` would let it go on, and the data can."""
        ...

    def place(self) -> dict[str, Any]:
        """How far training has come in the data, as JSON; what was only loaded ahead does not count."""
        ...

    def go_on_at(self, place: dict[str, Any], given: int) -> None:
        """Let the next epoch begin at a place of an earlier run, after `given` batches of that epoch.

        Called before the first epoch. Raises: DataError where the data differ, or have no such place.
        """
        ...

    def close(self) -> None:
        """Stop workers, if there are any; called once, also after an error."""
        ...
