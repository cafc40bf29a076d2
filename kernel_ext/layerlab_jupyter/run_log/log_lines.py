"""A run as lines of text and back: one JSON object per event, steps as blocks of columns.

The first line is the run's `fit_started` with the version of the format and the process that wrote it; the
last is `fit_finished` or `fit_failed`, unless the process was killed. A log is a file, hence hostile: what is
read is checked against the dataclasses of `layerlab.events`, and whatever does not fit is left out.
"""

from __future__ import annotations

import dataclasses
import json
import types
from array import array
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from layerlab.events import Event, StepsFinished, event_types
from layerlab_jupyter.json_safe import json_safe
from layerlab_jupyter.recording.thinning import Part, StepBlock

__all__ = ["FORMAT_VERSION", "MOST_LINE_BYTES", "decode_line", "lines"]

FORMAT_VERSION = 1
MOST_LINE_BYTES = 4 * 2**20

_MOST_VALUES = 50_000  # of a line: below a megabyte
_LONGEST_TEXT = 10_000
_SHAPES = {event.type: event for event in event_types()}


def lines(run_id: str, parts: list[Part], first: dict[str, Any], last: dict[str, Any]) -> Iterator[str]:
    """Each part as a line that begins with its type, or as several where a block is long.

    Args:
        first, last: what the lines of the run's start and end say beside the event.
    """
    for part in parts:
        if isinstance(part, StepBlock):
            yield from _lines_of_steps(run_id, part)
            continue
        more = first if part["type"] == "fit_started" else {}
        more = last if part["type"] in ("fit_finished", "fit_failed") else more
        yield json.dumps({**part, **more}, allow_nan=False) + "\n"


def _lines_of_steps(run_id: str, block: StepBlock) -> Iterator[str]:
    rows = max(1, _MOST_VALUES // (1 + len(block.columns)))
    for start in range(0, len(block.steps), rows):
        steps = block.steps[start : start + rows]
        # Only the last piece ends where the block does.
        epoch_step = max(0, block.epoch_step - (len(block.steps) - start - len(steps)))
        head = {"type": StepsFinished.type, "run_id": run_id, "time": block.time, "epoch": block.epoch}
        columns = (
            f"{json.dumps(json_safe(label))}: {_numbers(column[start : start + rows])}"
            for label, column in block.columns.items()
        )
        yield (
            f'{json.dumps(head)[:-1]}, "epoch_step": {epoch_step}, "steps": {steps.tolist()}, '
            f'"logs": {{{", ".join(columns)}}}}}\n'
        )


def _numbers(column: array[float]) -> str:
    """Nine digits tell each float32 from all others, in half the room that a float64 takes."""
    texts = [f"{value:.9g}" for value in column]
    texts = [text if text[-1].isdigit() else f'"{text}"' for text in texts]  # nan, inf
    return f"[{', '.join(texts)}]"


def decode_line(line: bytes) -> Event:
    """The event in a line; what the line says beside it is left out. Raises ValueError, TypeError."""
    if len(line) > MOST_LINE_BYTES:
        raise ValueError(f"a line of more than {MOST_LINE_BYTES:,} bytes")
    try:
        record = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    kind = record.get("type") if isinstance(record, dict) else None
    event = _SHAPES.get(kind) if isinstance(kind, str) else None
    if event is None:
        raise ValueError("no event")
    hints = _hints(event.type)
    fields = {
        field.name: _conform(hints[field.name], record[field.name], field.name)
        for field in dataclasses.fields(event)
        if field.name in record or not _has_default(field)
    }
    decoded = event(**fields)
    if isinstance(decoded, StepsFinished) and {len(decoded.steps)} != set(map(len, decoded.logs.values())):
        raise ValueError("columns of different lengths")
    return decoded


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


@cache
def _hints(event_type: str) -> dict[str, Any]:
    return get_type_hints(_SHAPES[event_type])


def _conform(hint: object, value: object, name: str) -> Any:
    """`value` as the type says, numbers from text included."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal and value in arguments:
        return value
    if origin is types.UnionType:
        return None if value is None else _conform(arguments[0], value, name)
    if origin is list and isinstance(value, list):
        return _conform_list(arguments[0], value, name)
    if origin is dict and isinstance(value, dict):
        return {key[:200]: _conform(arguments[1], entry, name) for key, entry in value.items()}
    if hint is str and isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if hint is bool and isinstance(value, bool):
        return value
    if hint is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53:
        return value
    if hint is float:
        return _real(value, name)
    raise ValueError(f"'{name}' is of the wrong type")


def _conform_list(hint: object, value: list[Any], name: str) -> list[Any]:
    try:  # the many numbers of a block, checked at the speed of C
        return array("q" if hint is int else "d", value).tolist()
    except (TypeError, OverflowError):
        return [_conform(hint, entry, name) for entry in value]


def _real(value: Any, name: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number and value not in ("nan", "inf", "-inf"):
        raise ValueError(f"'{name}' is no number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"'{name}' is out of range") from None
