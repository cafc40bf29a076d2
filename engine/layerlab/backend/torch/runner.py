"""How steps are executed on torch: as they are written, recorded and played, or by torch.compile.

torch.compile gets the recorded operations where there are any: less to trace, and no layers to stumble on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from layerlab import tree
from layerlab.backend.protocol import Loop
from layerlab.backend.torch import transforms
from layerlab.backend.torch.arrays import is_array
from layerlab.backend.torch.step_recording import Recorded, as_tensor, recorded
from layerlab.typing import State

__all__ = ["compile_loop", "compile_step"]

Step = Callable[[Any, Any], tuple[Any, Any]]


def compile_step(step: Step, *, jit: bool, donate: bool, repeats: bool) -> Callable[..., Any]:
    if repeats:
        return recorded(step, donate, jit)
    if not jit:
        return step
    compiled = transforms.jit(step)
    # torch.compile would trace the conversion of NumPy arrays.
    return lambda state, batch: compiled(state, tree.map_structure(as_tensor, batch))


def compile_loop(
    step: Step, *, jit: bool, repeats: bool, capacity: int, donate: bool, keep_all: bool
) -> Loop | None:
    return _Loop(recorded(step, donate, jit), keep_all) if repeats else None


class _Loop:
    few = 0

    def __init__(self, recording: Recorded, keep_all: bool) -> None:
        self._recording, self._keep_all = recording, keep_all

    def __call__(self, state: State, batches: list[Any]) -> tuple[Any, Any, Any]:
        state, given = self._recording.play(state, batches)
        return state, given[-1], tree.map_structure(self._stacked, *given)

    def _stacked(self, *leaves: object) -> Any:
        wanted = is_array(leaves[0]) and (self._keep_all or leaves[0].ndim == 0)
        return torch.stack(leaves) if wanted else None

    def rest(self) -> None:
        """Nothing is held."""
