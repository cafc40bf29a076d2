"""Every error class of the engine.

An error says where, what was expected, what came, and how to fix it. Each class
subclasses the builtin that a Keras user already catches. Imports nothing of ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BackendError",
    "BusyError",
    "ConfigError",
    "DTypeError",
    "DataError",
    "DownloadError",
    "EmptyDataError",
    "GraphError",
    "InvalidArgumentError",
    "LayerlabError",
    "MissingFileError",
    "NotAdaptedError",
    "NotBuiltError",
    "NotCompiledError",
    "ShapeError",
    "UnknownNameError",
    "UnreadableFileError",
    "UnsupportedError",
    "ValueNeededError",
    "did_you_mean",
    "explain",
]

_LONGEST_MESSAGE = 600  # characters; past that nobody reads


class LayerlabError(Exception):
    """Base of all errors that layerlab raises on purpose."""


class ShapeError(LayerlabError, ValueError):
    """An array has a shape that the operation cannot take."""


class DTypeError(LayerlabError, TypeError, ValueError):
    """An array or argument has a dtype that the operation cannot take."""


class DataError(LayerlabError, ValueError):
    """Training or inference data do not fit the model, or each other."""


class EmptyDataError(DataError):
    """There are data of the right kind, but not one sample or batch of them."""


class UnreadableFileError(DataError, OSError):
    """A file of data is there, but damaged, or not what it should be."""


class DownloadError(LayerlabError, OSError):
    """A file cannot be fetched from the network."""


class MissingFileError(LayerlabError, FileNotFoundError, ValueError):
    """There is no such file. Keras raises ValueError for some, FileNotFoundError for others."""


class InvalidArgumentError(LayerlabError, ValueError):
    """An argument is outside the values it may take."""


class UnknownNameError(LayerlabError, ValueError):
    """A string names nothing that is registered."""


class ConfigError(LayerlabError, ValueError):
    """A configuration cannot be turned back into an object."""


class GraphError(LayerlabError, ValueError):
    """Inputs and outputs of a model do not form one connected graph."""


class NotAdaptedError(LayerlabError, RuntimeError, ValueError):
    """A layer has not learned from data yet what it needs for a call, such as its vocabulary."""


class NotBuiltError(LayerlabError, ValueError):
    """A layer or model has no variables yet."""


class NotCompiledError(LayerlabError, RuntimeError, ValueError):
    """fit, evaluate and the like before compile. Old Keras raised RuntimeError, new Keras ValueError."""


class UnsupportedError(LayerlabError, NotImplementedError):
    """layerlab, or the active back end, cannot do this; the message says what to do instead."""


class ValueNeededError(LayerlabError, TypeError):
    """Python code asked for the values of a tensor where it has none: while a graph or a step is made."""


class BusyError(LayerlabError, RuntimeError):
    """What was asked for cannot be read at this moment; asking again helps."""


class BackendError(LayerlabError, RuntimeError):
    """A back end is missing or unknown."""


def explain(where: str, *, expected: str = "", got: str = "", fix: str = "") -> str:
    """Join the parts of an error message, one line each, leaving out what is empty.

    Example:
        >>> print(explain("Dense 'd' got a bad shape.", expected="(None, 4)", got="(8, 3)"))
        Dense 'd' got a bad shape.
          Expected: (None, 4)
          Got: (8, 3)
    """
    lines = [where]
    for label, text in (("Expected", expected), ("Got", got), ("Fix", fix)):
        if text:
            lines.append(f"  {label}: {text}")
    return "\n".join(_shorten(_printable(line)) for line in lines)


def did_you_mean(name: object, candidates: Iterable[str]) -> str:
    """' Did you mean 'mse'?' for the nearest candidate, or '' when none is near."""
    near = difflib.get_close_matches(str(name), list(candidates), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""


def _printable(line: str) -> str:
    """Names may come from a stranger's file: no character steers the terminal or turns the text around."""
    plain = line.replace("\n", "").replace("\t", "")
    if plain.isprintable():
        return line
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in line)


def _shorten(line: str) -> str:
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
