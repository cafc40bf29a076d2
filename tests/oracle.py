"""The installed Keras as a witness: one scenario, run with `keras` and with `layerlab`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

import layerlab

__all__ = ["agree"]


def agree(scenario: Callable[[Any], Any]) -> Any:
    """Run `scenario(namespace)` with both from fresh automatic names; return the result, if it is the same.

    A scenario returns names, shapes, paths and Python numbers: things that are equal or not.
    """
    results = []
    for namespace in (keras, layerlab):
        namespace.utils.clear_session(free_memory=False)
        results.append(scenario(namespace))
    theirs, ours = results
    assert ours == theirs
    return ours
