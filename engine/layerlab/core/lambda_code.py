"""The bytecode of a Lambda layer's function, as Keras stores it. Running it can do anything.

Only `deserialization` comes here, and only if the user said safe_mode=False.
"""

from __future__ import annotations

import builtins
import codecs
import marshal
import types
from typing import Any

from layerlab.errors import ConfigError, explain

__all__ = ["load_lambda"]


def load_lambda(stored: Any) -> types.FunctionType:
    """The function of `[code in base64, defaults, closure]`.

    It sees Python's builtins and no module that it does not import itself, as in Keras. Raises: ConfigError
    for what is no code of this version of Python.
    """
    code, defaults, closure = stored if isinstance(stored, list | tuple) else (stored, None, None)
    try:
        loaded = marshal.loads(codecs.decode(code.encode("ascii"), "base64"))
    except (AttributeError, ValueError, EOFError, TypeError) as error:
        raise _not_code(error) from error
    if not isinstance(loaded, types.CodeType):
        raise _not_code(type(loaded).__name__)
    cells = tuple(types.CellType(value) for value in closure or ())
    scope = {"__builtins__": builtins}
    return types.FunctionType(loaded, scope, loaded.co_name, tuple(defaults or ()), cells)


def _not_code(got: object) -> ConfigError:
    return ConfigError(
        explain(
            "A lambda of the config cannot be loaded.",
            expected="bytecode of this version of Python",
            got=str(got)[:100],
            fix="make the layer anew with a named function",
        )
    )
