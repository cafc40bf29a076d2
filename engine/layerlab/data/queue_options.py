"""How batches are loaded: how many workers, threads or processes, and how many batches ahead."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.errors import InvalidArgumentError, explain

__all__ = ["QueueOptions", "Queued", "unwrap"]


@dataclass(frozen=True)
class QueueOptions:
    """The three options of PyDataset, under Keras' names and with its defaults.

    Args:
        max_queue_size: batches loaded ahead, 1 or more.
        workers: 0 loads in the training thread; 1 goes on in one thread once batches are slow to come; more
            load in as many threads, or processes.
        use_multiprocessing: processes in place of threads.
    Raises: InvalidArgumentError.
    """

    max_queue_size: int = 10
    workers: int = 1
    use_multiprocessing: bool = False

    def __post_init__(self) -> None:
        for name, least in (("max_queue_size", 1), ("workers", 0)):
            object.__setattr__(self, name, whole_number(getattr(self, name), name, least))
        if not isinstance(self.use_multiprocessing, bool | np.bool_):
            raise InvalidArgumentError(
                explain(
                    "use_multiprocessing", expected="True or False", got=repr(self.use_multiprocessing)[:40]
                )
            )

    @property
    def prefetch_depth(self) -> int:
        """Batches that one thread loads ahead: few, unless the number was asked for."""
        return 2 if self.max_queue_size == QueueOptions.max_queue_size else self.max_queue_size

    def over(self, others: QueueOptions) -> QueueOptions:
        """These options where they differ from the defaults, else the others."""
        given = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        return replace(others, **given)


_DEFAULT = QueueOptions()


@dataclass(frozen=True)
class Queued:
    """Data together with options that were passed beside them."""

    data: Any
    options: QueueOptions


def unwrap(data: object) -> tuple[Any, QueueOptions]:
    """(the data, the options passed beside them)."""
    return (data.data, data.options) if isinstance(data, Queued) else (data, _DEFAULT)
