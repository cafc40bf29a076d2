"""Commands from the page, answered on the kernel's control channel, which is free while a cell runs.

What a command is and answers stands in its class. Those that steer a run return at once and run on the
control thread; the others have a thread of their own, so that Stop waits behind nothing. Nothing here can
end a run by failing.
"""

from __future__ import annotations

from logging import Logger
from typing import Any

from layerlab.errors import LayerlabError
from layerlab_jupyter.commands.answer_thread import background
from layerlab_jupyter.commands.command import COMMANDS, Refusal
from layerlab_jupyter.commands.decode_command import decode_command, message_id
from layerlab_jupyter.json_safe import json_safe
from layerlab_jupyter.protocol import REPLY, REQUEST, VERSION, ReplyError
from layerlab_jupyter.registry import Registry, registry

__all__ = ["answer", "install"]


def install(kernel: Any) -> None:
    """Answer `layerlab_request` on the kernel's control channel; doing so twice changes nothing."""

    def handle(stream: Any, ident: Any, parent: Any) -> None:
        content = parent.get("content")

        def make() -> dict[str, Any]:
            return answer(content, registry, kernel.log)

        def send(reply: dict[str, Any]) -> None:
            kernel.session.send(stream, REPLY, reply, parent, ident=ident)

        if _may_take_long(content):
            background.answer(make, send)
        else:
            send(make())

    kernel.control_handlers[REQUEST] = handle


def _may_take_long(content: object) -> bool:
    body = content.get("body") if isinstance(content, dict) else None
    method = body.get("method") if isinstance(body, dict) else None
    return isinstance(method, str) and method in COMMANDS and not COMMANDS[method].at_once


def answer(content: object, known: Registry, log: Logger) -> dict[str, Any]:
    """The reply envelope to one message; never raises, and logs one line for a message it refuses."""
    try:
        result = decode_command(content).answer(known)
        body = {"result": {} if result is None else json_safe(result)}
    except Refusal as refusal:
        body = {"error": json_safe(refusal.error)}
    except LayerlabError as error:
        body = {"error": json_safe(ReplyError(code="invalid", message=str(error)))}
    except Exception as error:  # whatever it is, the page must get an answer and the kernel must go on
        message = f"{type(error).__name__}: {error}"
        body = {"error": json_safe(ReplyError(code="internal", message=message))}
    if "error" in body:
        log.warning("layerlab refused a message: %s", ascii(body["error"]["message"])[:300])
    return {"version": VERSION, "id": message_id(content), "kind": "reply", "body": body}
