"""The states of random generators, dropout's for one, in a `.keras` file: what Keras does not keep.

They stand in metadata.json, which Keras does not read, so that training goes on with the same masks.
"""

from __future__ import annotations

import numpy as np

from layerlab.core.model_protocol import ModelLike
from layerlab.core.seed import SeedGenerator
from layerlab.core.tracking import tracked, unique
from layerlab.errors import DataError, explain

__all__ = ["read_seeds", "seed_states"]

_LARGEST = 2**32


def seed_states(model: ModelLike) -> list[list[int]]:
    """(seed, counter) of each generator of the model, in the order of its layers."""
    return [[int(part) for part in generator.state.numpy()] for generator in _generators(model)]


def read_seeds(model: ModelLike, states: object) -> None:
    """Assign what `seed_states` gave; None, as Keras' files have it, and another number change nothing.

    Raises: DataError for what are no states.
    """
    if states is None:
        return
    if not isinstance(states, list) or not all(_is_state(state) for state in states):
        raise DataError(explain("seed_states in metadata.json are damaged.", expected="pairs of integers"))
    generators = _generators(model)
    if len(generators) == len(states):
        for generator, state in zip(generators, states, strict=True):
            generator.state.assign(np.array(state, dtype="uint32"))


def _generators(model: ModelLike) -> list[SeedGenerator]:
    return unique(generator for layer in model._flatten_layers() for generator in tracked(layer, "seed"))


def _is_state(state: object) -> bool:
    return (
        isinstance(state, list)
        and len(state) == 2
        and all(type(part) is int and 0 <= part < _LARGEST for part in state)
    )
