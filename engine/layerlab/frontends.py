"""How a front end (a notebook, a dashboard) takes part without the engine knowing it.

A package offers an object with the methods of `Frontend` under the entry-point group
`layerlab.frontends`; it is looked up when the first model is trained or displayed, and at import only
where a person types the commands. A front end that fails is left out with one warning: it must never
cost a training run.
Imports L0 only.
"""

from __future__ import annotations

import functools
import importlib.metadata
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from layerlab.events import Event, Listener

__all__ = ["Frontend", "Watch", "Watcher", "begin", "discover", "display_bundle", "draws_over", "watchers"]

GROUP = "layerlab.frontends"

Watch = Callable[[str, Any, Any], Listener | None]
"""A function (run id, model, control) -> listener or None, like `Frontend.watch`."""


class Frontend(Protocol):
    """What an entry point of the group must offer."""

    def begin(self) -> None:
        """Called once, when layerlab is imported in an interactive session."""
        ...

    def watch(self, run_id: str, model: object, control: object) -> Listener | None:
        """Called when fit starts with verbose='auto' or 1. A listener that will get each event of the
        run (from the training thread: it must return at once), or None where there is nobody to
        show it to; one that only records it has an attribute `shows`, which is False, and fit writes
        its usual text. `control` is the run's `training.RunControl`."""
        ...

    def display(self, model: object) -> dict[str, Any] | None:
        """A MIME bundle for `model` as the last expression of a cell, or None."""
        ...

    def draws_over(self, stream: object) -> bool:
        """Whether text in `stream`, a standard output that is no terminal, can be drawn over after a carriage
        return, as a notebook does. May be missing: then it cannot."""
        ...


class Watcher:
    """The listener that a front end gave for one run; after it has failed once it gets no further events.

    `shows` tells whether a person sees the run there.
    """

    def __init__(self, listener: Listener) -> None:
        self.shows = bool(getattr(listener, "shows", True))
        self._listener = listener
        self._has_failed = False

    def __call__(self, event: Event) -> None:
        if self._has_failed:
            return
        try:
            self._listener(event)
        except Exception as error:
            self._has_failed = True
            warnings.warn(f"showing the run failed: {type(error).__name__}: {error}", stacklevel=2)


@functools.cache
def discover() -> tuple[Frontend, ...]:
    """Load the front ends that are installed, once per process."""
    found = []
    for entry_point in importlib.metadata.entry_points(group=GROUP):
        frontend = _guarded(entry_point.load, f"loading the front end '{entry_point.name}'")
        if frontend is not None:
            found.append(frontend)
    return tuple(found)


def begin() -> None:
    """Tell the front ends that layerlab was imported, if the session is interactive, as notebooks are."""
    if hasattr(sys, "ps1"):
        for frontend in discover():
            _guarded(frontend.begin, "preparing the front end")


def watchers(run_id: str, model: object, control: object, instead: Sequence[Watch] = ()) -> list[Watcher]:
    """The listeners of all front ends that want this run; one that raises gets no further events.

    Args:
        instead: asked in the place of the installed front ends, if not empty: those of callbacks.
    """
    asked = instead or [frontend.watch for frontend in discover()]
    listeners = (
        _guarded(functools.partial(watch, run_id, model, control), "showing the run") for watch in asked
    )
    return [Watcher(listener) for listener in listeners if listener is not None]


def display_bundle(model: object) -> dict[str, Any] | None:
    """The first front end's MIME bundle for a model, None where none has one."""
    for frontend in discover():
        bundle = _guarded(functools.partial(frontend.display, model), "displaying the model")
        if bundle is not None:
            return bundle
    return None


def draws_over(stream: object) -> bool:
    """Whether a front end shows text of `stream` so that a line can be drawn over."""
    asked = [method for frontend in discover() if (method := getattr(frontend, "draws_over", None))]
    return any(_guarded(functools.partial(method, stream), "asking about text") for method in asked)


def _guarded(call: Callable[[], Any], doing: str) -> Any:
    try:
        return call()
    except Exception as error:  # a broken front end must not end a training run
        warnings.warn(f"{doing} failed: {type(error).__name__}: {error}", stacklevel=3)
        return None
