"""A callback that keeps the events of a run."""

from __future__ import annotations

from typing import Any

import layerlab as keras


class Listener(keras.callbacks.Callback):
    """Keeps all events."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def on_event(self, event: Any) -> None:
        self.events.append(event)

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]
