"""How a step is executed on JAX: as one compiled program. In training the old state is donated to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import jax

from layerlab.backend.jax.matrix_products import in_fast_forms
from layerlab.backend.jax.state_program import StateProgram
from layerlab.backend.jax.tracing_context import traced_as
from layerlab.backend.protocol import BORROWED
from layerlab.typing import State

__all__ = ["compile_step"]

Step = Callable[[Any, Any], tuple[Any, Any]]


def compile_step(step: Step, *, jit: bool, donate: bool, repeats: bool) -> Callable[..., Any]:
    return _CompiledStep(step, donate) if jit else step


def _traced(step: Step, trains: bool) -> Step:
    """The step with its operations in the forms that are fast outside of a loop."""

    def traced(state: State, batch: object) -> tuple[Any, Any]:
        with traced_as(trains=trains, in_loop=False):
            return step(state, batch)

    return in_fast_forms(traced)


class _CompiledStep:
    def __init__(self, step: Step, donate: bool) -> None:
        self._run = StateProgram(_traced(step, trains=donate), donate)
        self._compiling: dict[Any, Future[Any]] = {}

    def __call__(self, state: State, batch: object) -> tuple[Any, Any]:
        compiled = self._compiling.get(_key(state, batch)) if self._compiling else None
        if compiled is None:
            return self._run(state, batch)
        return self._run.called(compiled.result(), state, batch)

    def prepare(self, state: State, batch: object) -> None:
        """Compile for batches like this one in the background; it is traced here and now."""
        key = _key(state, batch)
        if key in self._compiling:
            return
        try:
            lowered = self._run.lower(state, batch)
        except Exception:  # the step itself raises what there is to raise
            return
        result = self._compiling[key] = Future()
        threading.Thread(target=_compile, args=(lowered, result), daemon=True).start()


def _compile(lowered: Any, result: Future[Any]) -> None:
    try:
        result.set_result(lowered.compile())
    except BaseException as error:
        result.set_exception(error)


def _key(state: State, batch: object) -> Any:
    leaves, structure = jax.tree.flatten(batch)
    return len(state.get(BORROWED, ())), structure, *((leaf.shape, str(leaf.dtype)) for leaf in leaves)
