"""A step as the flat list of torch's operations that it makes, recorded once and then played.

Written over layers, a step spends most of its time in Python, and as much again in autograd's bookkeeping.
Recorded, what is left are the calls of the kernels, forward, backward and update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor as Array
from torch.fx.experimental.proxy_tensor import make_fx

from layerlab import tree
from layerlab.backend.protocol import StateGrew
from layerlab.backend.torch import transforms
from layerlab.backend.torch.arrays import asarray, default_device, is_array
from layerlab.backend.torch.operator_bindings import ONLY_DIRECT
from layerlab.backend.torch.optimizer_kernels import FORMULAS
from layerlab.backend.torch.recorded_graph import simplify
from layerlab.typing import State

__all__ = ["Program", "Recorded", "as_tensor", "record", "recorded"]

Step = Callable[[Any, Any], tuple[Any, Any]]

# Steps of a shape that are run as written before one is recorded, which takes as long as twenty of them.
_WRITTEN_STEPS = 8
_SHARED = frozenset(map(np.dtype, ("float32", "int32", "uint8", "bool")))


class Recorded:
    """Plays `step`; one program for each combination of shapes and dtypes of the batch.

    Args:
        step: `(state, batch) -> (state, outputs)`, which makes the same operations each time.
        donate: new values are written over the old state.
        jit: programs are compiled by torch.compile.
    """

    def __init__(self, step: Step, donate: bool, jit: bool = False) -> None:
        self._step, self._donate, self._jit = step, donate, jit
        self._programs: dict[Any, Program | None] = {}
        self._seen: dict[Any, int] = {}

    def __call__(self, state: State, batch: object) -> tuple[Any, Any]:
        state, series = self.play(state, [batch])
        return state, series[0]

    def play(self, state: State, batches: Sequence[Any]) -> tuple[Any, list[Any]]:
        """The state after a step on each batch, and what each step gave. The batches have equal shapes."""
        shapes = [None if x is None else (x.shape, x.dtype) for x in tree.flatten(batches[0])]
        given: list[Any] = []
        for place, batch in enumerate(batches):
            # The state grows when a step meets a variable of others for the first time.
            program = self._program((*shapes, sum(map(len, state.values()))), state, batch)
            if program is not None:
                state, rest = program.play(state, batches[place:])
                return state, given + rest
            state, outputs = self._step(state, batch)
            given.append(outputs)
        return state, given

    def _program(self, key: object, state: State, batch: object) -> Program | None:
        """None for batches of a shape that was seen less often than recording is worth."""
        seen = self._seen[key] = self._seen.get(key, 0) + 1
        if (self._jit or seen > _WRITTEN_STEPS) and key not in self._programs:
            self._programs[key] = record(self._step, state, batch, self._donate, self._jit)
        return self._programs.get(key)


def recorded(step: Step, donate: bool, jit: bool) -> Recorded:
    """The one recording of a step, kept on the function itself, with which it goes."""
    if "recording" not in vars(step):
        vars(step)["recording"] = Recorded(step, donate, jit)
    return vars(step)["recording"]


class Program:
    """The operations, and where in the state and the outputs their results belong."""

    def __init__(
        self, run: Callable[..., Any], state: dict[str, list[str]], outputs: object, places: list[int | None]
    ) -> None:
        self._run, self._state, self._outputs, self._places = run, state, outputs, places
        self._fixed = tree.flatten(outputs)  # outputs that are no arrays: the same for every batch

    def play(self, state: State, batches: Sequence[Any]) -> tuple[Any, list[Any]]:
        values, given = _arrays(state), []
        count = len(values)
        with torch.no_grad():
            for batch in batches:
                results = self._run(*values, *map(as_tensor, _present(batch)))
                values, outputs = results[:count], results[count:]
                leaves = [
                    fixed if place is None else outputs[place]
                    for fixed, place in zip(self._fixed, self._places, strict=True)
                ]
                given.append(tree.pack(self._outputs, leaves))
        remaining = iter(values)
        return {
            group: {name: next(remaining) for name in named} for group, named in self._state.items()
        }, given


def record(step: Step, state: State, batch: object, donate: bool, jit: bool = False) -> Program | None:
    """The program of a step for batches like this one.

    None if the operations depend on more than shapes, or the step cannot be run on these data at all.
    """
    given: list[Any] = []

    def flat(*leaves: Array) -> list[Array]:
        remaining = iter(leaves)
        own = {group: {name: next(remaining) for name in named} for group, named in state.items()}
        data = tree.pack(batch, [None if leaf is None else next(remaining) for leaf in tree.flatten(batch)])
        new_state, outputs = step(own, data)
        given.append(outputs)
        results = [new_state[group][name] for group, named in state.items() for name in named]
        return results + [leaf for leaf in tree.flatten(outputs) if is_array(leaf)]

    inputs = [x.detach() for x in [*_arrays(state), *map(as_tensor, _present(batch))]]
    try:
        formulas = FORMULAS if jit else None
        graph = make_fx(flat, formulas, tracing_mode="fake", _allow_non_fake_inputs=True)(*inputs)
        # oneDNN's LSTM keeps what its gradient needs only in `lstm_layer`, which a compiler cannot look into.
        jit = jit and not any(node.target in ONLY_DIRECT for node in graph.graph.nodes)
        run = simplify(graph, len(_arrays(state)), donate, directly=not jit)
    except StateGrew:
        raise
    except Exception:  # run as it is written, the step raises what there is to raise
        return None
    if jit:
        run = transforms.jit(run)
    outputs, places, count = given[0], [], 0
    for leaf in tree.flatten(outputs):
        places.append(count if is_array(leaf) else None)
        count += is_array(leaf)
    skeleton = tree.pack(outputs, [None if is_array(leaf) else leaf for leaf in tree.flatten(outputs)])
    return Program(run, {group: list(named) for group, named in state.items()}, skeleton, places)


def _arrays(state: State) -> list[Array]:
    return [value for named in state.values() for value in named.values()]


def _present(batch: object) -> list[Any]:
    return [leaf for leaf in tree.flatten(batch) if leaf is not None]


def as_tensor(leaf: object) -> Array:
    """A leaf of a batch for a step that reads it before it returns."""
    if leaf is None or is_array(leaf):
        return leaf
    if isinstance(leaf, np.ndarray) and leaf.dtype in _SHARED and leaf.flags.carray:
        # Its memory as it is: a program reads a batch, and is done with it when the call returns.
        return torch.from_numpy(leaf).to(default_device())
    return asarray(leaf)
