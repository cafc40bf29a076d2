"""What the weights of a layer look like now: moments, range, zeros, values that are no numbers, a histogram.

Safe in any thread, also while another one trains: a value that a step is just replacing is read again.
"""

from __future__ import annotations

import inspect
import time

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.variable import Variable
from layerlab.errors import BusyError, explain
from layerlab.inspect.layer_facts import class_name
from layerlab.inspect.records import LayerDetails, WeightStatistics
from layerlab.typing import Array

__all__ = ["describe_layer", "weight_statistics"]

BINS = 40
MOST_VALUES = 2_000_000  # of a weight; the statistics of a larger one are those of a random part
_MOST_WEIGHTS = 60
_MOST_LINES = 8  # of documentation
_SECONDS = 2.0  # how long a value may keep changing under our eyes


def describe_layer(layer: object, node_id: str = "") -> LayerDetails:
    """Statistics of the weights of a layer, and what its class says of itself.

    Raises: BusyError if training replaces a value faster than it can be read.
    """
    weights = [] if hasattr(layer, "operations") else list(getattr(layer, "weights", []))
    return LayerDetails(
        node_id=node_id,
        documentation=_documentation(layer),
        weights=[weight_statistics(variable) for variable in weights[:_MOST_WEIGHTS]],
        omitted_weights=max(0, len(weights) - _MOST_WEIGHTS),
    )


def weight_statistics(variable: Variable) -> WeightStatistics:
    """Mean, standard deviation, range and histogram of the finite values; how many are zero or not finite.

    Raises: BusyError.
    """
    values = _published(variable)
    finite = values[np.isfinite(values)]
    statistics = WeightStatistics(
        path=variable.path,
        shape=str(variable.shape),
        dtype=variable.dtype,
        trainable=variable.trainable,
        elements=variable.size,
        sampled=values.size,
        mean=None,
        std=None,
        minimum=None,
        maximum=None,
        zeros=float(np.mean(values == 0)) if values.size else 0.0,
        non_finite=int(values.size - finite.size),
        histogram=[],
    )
    if not finite.size:
        return statistics
    low, high = float(finite.min()), float(finite.max())
    with np.errstate(over="ignore", invalid="ignore"):  # sums of the largest float64 values
        moments = {"mean": float(finite.mean()), "std": float(finite.std()), "minimum": low, "maximum": high}
    return WeightStatistics(**{**vars(statistics), **moments, "histogram": _histogram(finite, low, high)})


def _histogram(values: np.ndarray, low: float, high: float) -> list[int]:
    """Counts in equal bins from `low` to `high`; one bin if all values are the same."""
    if low == high:
        return [values.size]
    try:
        return np.histogram(values, bins=BINS, range=(low, high))[0].tolist()
    except ValueError:  # too narrow a range for bins of different edges
        return [values.size]


def _published(variable: Variable) -> np.ndarray:
    """The values as flat float64; of a large variable a random part.

    Two equal copies in a row are what memory held at the moment between them. On JAX that is the value after
    a step; reading it fails if a step was just given its memory, and then the next value is soon there. Steps
    on PyTorch write in place: a moment in the middle of that has values of two steps in a row, never others.
    Source: Afek, Attiya, Dolev, Gafni, Merritt, Shavit 1993, "Atomic snapshots of shared memory".
    """
    limit = time.monotonic() + _SECONDS
    while True:
        array = variable.own_value  # of the variable itself, whatever this thread's scope holds
        try:
            first, second = _host(array), _host(array)
            if first.tobytes() == second.tobytes():
                return first.astype(np.float64)
        except RuntimeError:
            pass  # its memory was given to the next step
        if time.monotonic() > limit:
            raise BusyError(
                explain(
                    f"The value of '{variable.path}' changes while it is read: its model is training.",
                    fix="ask again in a moment, or pause the run",
                )
            )
        time.sleep(0.002)


def _host(array: Array) -> np.ndarray:
    flat = backend().to_numpy(array).reshape(-1)
    if flat.size <= MOST_VALUES:
        return flat
    # Not every k-th value: those may all come from the same column.
    return flat[np.random.default_rng(0).integers(0, flat.size, MOST_VALUES)]


def _documentation(layer: object) -> str:
    """The first paragraph of the docstring of the class; '' if it has none of its own."""
    cls = type(layer)
    text = inspect.cleandoc(cls.__doc__ or "") if class_name(layer) == cls.__name__ else ""
    return "\n".join(text.split("\n\n")[0].splitlines()[:_MOST_LINES])
