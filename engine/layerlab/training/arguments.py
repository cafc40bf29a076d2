"""Arguments of fit and evaluate: checked, and turned into what the loop uses."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from layerlab.data.adapt import make_source, takes_batch_size
from layerlab.data.source import BatchSource
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import InvalidArgumentError, explain

__all__ = ["check_epochs", "validation_rule", "validation_source", "verbosity"]


def check_epochs(epochs: Any, initial_epoch: Any) -> None:
    """Raise InvalidArgumentError for anything but whole numbers."""
    for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise InvalidArgumentError(
                explain(f"fit({name}=...)", expected="an integer, 0 or more", got=repr(value)[:40])
            )


def verbosity(verbose: Any) -> int:
    """0 silent, 1 the progress as it goes on (a front end's view, else a bar), as for 'auto', 2 lines."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1
    if not isinstance(verbose, int | float | np.number) or verbose not in (0, 1, 2):
        raise InvalidArgumentError(explain("verbose", expected="'auto', 0, 1 or 2", got=repr(verbose)[:40]))
    return int(verbose)


def validation_rule(frequency: Any) -> Callable[[int], bool]:
    """Whether to validate after an epoch, counted from 0; `frequency` is fit's validation_freq."""
    is_number = isinstance(frequency, int | np.integer) and not isinstance(frequency, bool)
    if is_number and frequency > 0:
        return lambda epoch: (epoch + 1) % frequency == 0
    if isinstance(frequency, Container) and not isinstance(frequency, str | bytes):
        return lambda epoch: epoch + 1 in frequency
    raise InvalidArgumentError(
        explain(
            "validation_freq",
            expected="a positive integer, or a container of epochs counted from 1",
            got=repr(frequency)[:40],
        )
    )


def validation_source(data: Any, batch_size: int | None, steps: int | None) -> BatchSource:
    """The batches of `fit(validation_data=...)`; `batch_size` is for data that do not come in batches."""
    x, y, sample_weight = (
        unpack_x_y_sample_weight(tuple(data)) if isinstance(data, tuple | list) else (data, None, None)
    )
    size = batch_size if takes_batch_size(x) else None
    return make_source(x, y, sample_weight, batch_size=size, steps=steps)
