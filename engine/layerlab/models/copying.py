"""What a copy of a model, by pickle or `copy.deepcopy`, does not take along: how its steps are run here.

The copy has the weights, the optimizer's state, the metrics and random seeds, and what it was compiled with;
it makes its functions anew when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from layerlab.backend.active import backend
from layerlab.core.layer import Layer
from layerlab.core.pickling import nothing

__all__ = ["Copying"]


def _nothing_to_undo() -> Callable[[], None]:
    return nothing


class Copying(Layer):
    """Says what is not copied. Mixed into Model."""

    registry_kind = ""  # no layer that a config could name
    config_base = True
    _compile_arguments: dict[str, Any]
    _jit_compile: bool

    _not_copied: ClassVar[dict[str, Callable[[], Any]]] = {
        "train_function": nothing,
        "test_function": nothing,
        "predict_function": nothing,
        "_step_runners": dict,
        "_steps_ran": list,
        "_steps_ran_early": dict,
        "_undo_reset": _nothing_to_undo,
        "_state_owner": nothing,
        "_step_loss": nothing,
    }

    def __getstate__(self) -> dict[str, Any]:
        chooses = self._compile_arguments.get("jit_compile") == "auto"
        can_jit = all(layer.supports_jit for layer in self._flatten_layers()) if chooses else None
        return {**super().__getstate__(), "can_jit": can_jit}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        can_jit = state.pop("can_jit", None)
        super().__setstate__(state)
        if can_jit is not None:  # the copy may have come to another back end
            self._jit_compile = backend().jit_by_default and can_jit
