"""From whatever a page sent to a checked `Command`, or a `Refusal` that says what is wrong with it.

The checks follow the fields of the command's dataclass, so a new command needs nothing here.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, get_args, get_origin, get_type_hints

from layerlab.errors import did_you_mean
from layerlab_jupyter.commands.command import COMMANDS, Command, Refusal
from layerlab_jupyter.protocol import GREATEST_FLOAT, VERSION, ReplyError

__all__ = ["decode_command", "message_id"]

_LONGEST_TEXT = 200
_GREATEST_INTEGER = 2**53  # the greatest that JavaScript counts exactly


def message_id(content: object) -> str:
    """The id to answer to; '' when the message has no usable one."""
    id = content.get("id") if isinstance(content, dict) else None
    return id if isinstance(id, str) and len(id) <= _LONGEST_TEXT else ""


def decode_command(content: object) -> Command:
    """The command in an envelope. Raises: Refusal."""
    if not isinstance(content, dict):
        raise _invalid("The message is not an object.")
    if content.get("version") != VERSION:
        raise _invalid(
            f"The page speaks another version of the protocol; this kernel speaks {VERSION}.",
            "Restart the kernel and reload the page after an upgrade of layerlab.",
        )
    body = content.get("body")
    if content.get("kind") != "command" or not isinstance(body, dict):
        raise _invalid("The message is not a command with a body.")
    command = _command_class(body.get("method"))
    return command(**_checked_fields(command, {key: value for key, value in body.items() if key != "method"}))


def _command_class(method: object) -> type[Command]:
    if isinstance(method, str) and method in COMMANDS:
        return COMMANDS[method]
    hint = did_you_mean(method, COMMANDS) if isinstance(method, str) and len(method) <= _LONGEST_TEXT else ""
    message = f"Unknown method {_short(method)}.{hint}"
    raise Refusal(ReplyError(code="unknown_method", message=message, fix=f"One of: {', '.join(COMMANDS)}."))


def _checked_fields(command: type[Command], given: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(command)
    fields = {field.name: field for field in dataclasses.fields(command)}
    for name in given:
        if name not in fields:
            raise _invalid(f"'{command.method}' has no field {_short(name)}.")
    for name, field in fields.items():
        if name not in given and field.default is dataclasses.MISSING:
            raise _invalid(f"'{command.method}' needs the field '{name}'.")
    for name, value in given.items():
        expected = _mismatch(hints[name], value)
        if expected:
            raise _invalid(f"'{command.method}': '{name}' must be {expected}, not {_short(value)}.")
    return given


def _mismatch(hint: object, value: object) -> str:
    """'' when `value` is of the type, else what the type wants."""
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        return "" if isinstance(value, str) and value in choices else " or ".join(map(repr, choices))
    if hint is str:
        fits = isinstance(value, str) and len(value) <= _LONGEST_TEXT
        return "" if fits else f"text of at most {_LONGEST_TEXT} characters"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "a number"
    if hint is int:
        is_count = isinstance(value, int) and 0 <= value <= _GREATEST_INTEGER
        return "" if is_count else "an integer of at least 0"
    is_float32 = abs(value) <= GREATEST_FLOAT  # False for nan, and exact for integers of any length
    return "" if is_float32 else "a finite number in the range of float32"


def _invalid(message: str, fix: str = "") -> Refusal:
    return Refusal(ReplyError(code="invalid", message=message, fix=fix))


def _short(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    if value is None or isinstance(value, bool | float):
        return repr(value)
    return f"a value of type {type(value).__name__}"
