"""Reads the weights of layers for the page, without holding up other questions.

A value may be the result of a step that is still being computed. So a thread of its own reads it, and
the handler waits for a fifth of a second: then the page is told to ask again, and gets what is ready by then.
The thread lives only as long as it reads.
"""

from __future__ import annotations

import threading
import time
import weakref
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotReady
from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import BusyError
from layerlab.inspect import LayerDetails, describe_layer, operations_of
from layerlab_jupyter.commands.command import Refusal
from layerlab_jupyter.protocol import ReplyError

__all__ = ["LayerReader", "layer_reader"]

_PATIENCE = 0.2  # seconds; other questions wait behind this one
_FRESH = 5.0  # seconds after which what was read for somebody who did not wait is no more of interest


class _Reading(Future[LayerDetails]):
    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    @property
    def is_old(self) -> bool:
        return self.done() and time.monotonic() - self._began > _FRESH


class LayerReader:
    """One reading at a time per layer; who asks meanwhile waits for the same one."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._reading: weakref.WeakKeyDictionary[Any, dict[str, _Reading]] = weakref.WeakKeyDictionary()
        self._layers: weakref.WeakKeyDictionary[Any, dict[str, weakref.ref[Any]]] = (
            weakref.WeakKeyDictionary()
        )

    def read(self, model: ModelLike, node_id: str) -> LayerDetails:
        """Details of the layer behind a node of the model's graph. Raises: Refusal."""
        with self._lock:
            readings = self._reading.setdefault(model, {})
            reading = readings.get(node_id)
            if reading is None or reading.is_old:
                reading = readings[node_id] = _Reading()
                thread = threading.Thread(
                    target=self._run, args=(reading, model, node_id), name="layerlab-weights", daemon=True
                )
                thread.start()
        try:
            details = reading.result(self._patience)
        except NotReady:
            raise _busy("The weights are not ready: a step is being computed.") from None
        except BusyError as error:
            raise _busy(str(error)) from error
        finally:
            with self._lock:
                if reading.done():
                    readings.pop(node_id, None)
        return details

    def _run(self, reading: _Reading, model: ModelLike, node_id: str) -> None:
        try:
            reading.set_result(describe_layer(self._layer(model, node_id), node_id))
        except BaseException as error:  # told to whoever waits
            reading.set_exception(error)

    def _layer(self, model: ModelLike, node_id: str) -> Any:
        """The layer, looked up in the graph once, as long as it is a part of the model."""
        known = self._layers.get(model, {}).get(node_id)
        layer = None if known is None else known()
        if layer is None or not any(layer is mine for mine in model._flatten_layers()):
            operations = operations_of(model)
            self._layers[model] = {id: weakref.ref(operation) for id, operation in operations.items()}
            layer = operations.get(node_id)
        if layer is None:
            raise Refusal(
                ReplyError(
                    code="unknown_layer",
                    message="The model has no such layer; it was changed since it was drawn.",
                    fix="Show the model again.",
                )
            )
        return layer


def _busy(message: str) -> Refusal:
    return Refusal(ReplyError(code="busy", message=message, fix="Ask again in a moment."))


layer_reader = LayerReader()
"""The one of this process."""
