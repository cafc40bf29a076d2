"""Arguments of fit and evaluate: checked, and turned into what the loop uses."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.data.choose_source import make_source, takes_batch_size
from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.data.source import BatchSource
from layerlab.data.unpack import unpack_x_y_sample_weight
from layerlab.errors import EmptyDataError, InvalidArgumentError, explain

__all__ = ["epoch_numbers", "first_batch", "validation_rule", "validation_source", "verbosity"]


def epoch_numbers(epochs: object, initial_epoch: object) -> tuple[int, int]:
    """Both as ints. Raises: InvalidArgumentError for anything but whole numbers."""
    return (
        whole_number(epochs, "fit(epochs=...)", 0),
        whole_number(initial_epoch, "fit(initial_epoch=...)", 0),
    )


def verbosity(verbose: object) -> int:
    """0 silent, 1 the progress as it goes on (a front end's view, else a bar), as for 'auto', 2 lines."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1
    if not isinstance(verbose, int | float | np.number) or verbose not in (0, 1, 2):
        raise InvalidArgumentError(explain("verbose", expected="'auto', 0, 1 or 2", got=repr(verbose)[:40]))
    return int(verbose)


def validation_rule(frequency: object) -> Callable[[int], bool]:
    """Whether to validate after an epoch, counted from 0; `frequency` is fit's validation_freq."""
    if isinstance(frequency, Container) and not isinstance(frequency, str | bytes):
        return lambda epoch: epoch + 1 in frequency
    every = whole_number(frequency, "validation_freq", 1, or_what=", or a container of epochs counted from 1")
    return lambda epoch: (epoch + 1) % every == 0


def validation_source(
    data: object,
    batch_size: int | None,
    training_batch_size: int | None,
    steps: int | None,
    needs: Needs = EVERYTHING,
) -> BatchSource | None:
    """The batches of `fit(validation_data=...)`; None, with a warning, if there are no samples.

    Args:
        batch_size: as given for validation; None takes that of training, if the data are not in batches.
        needs: as for `make_source`.
    """
    try:
        x, y, sample_weight = _unpacked(data)
        if batch_size is None and takes_batch_size(x):
            batch_size = training_batch_size
        return make_source(x, y, sample_weight, batch_size=batch_size, steps=steps, needs=needs)
    except EmptyDataError as error:
        _warn_of_no_validation(error)
        return None


def first_batch(validation: BatchSource) -> Any:
    """All the data, or the first batch where they come in batches; None, with a warning, if there is none."""
    try:
        return validation.peek() if validation.whole is None else validation.whole
    except EmptyDataError as error:
        _warn_of_no_validation(error)
        return None


def _unpacked(data: object) -> tuple[Any, Any, Any]:
    if not isinstance(data, tuple | list):
        return data, None, None
    if not data:
        raise EmptyDataError(explain(f"It is an empty {type(data).__name__}.", expected="(x, y)"))
    return unpack_x_y_sample_weight(tuple(data))


def _warn_of_no_validation(error: EmptyDataError) -> None:
    warnings.warn(f"validation_data has no samples, so there is no validation. {error}", stacklevel=4)
