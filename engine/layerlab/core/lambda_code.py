"""The bytecode of a Python lambda, as Keras stores it. Running what was stored can do anything.

Only `deserialization` loads it, and only if the user said safe_mode=False.
"""

from __future__ import annotations

import builtins
import codecs
import dis
import marshal
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from layerlab.errors import ConfigError, explain

__all__ = ["dump_lambda", "is_lambda", "load_lambda"]

# A file says of a global variable no more than its name. What these names mean in nearly all code with layers
# is given to a lambda, if this process has it already; nothing is imported.
_USUAL = {
    "keras": "layerlab",
    "layerlab": "layerlab",
    "ops": "layerlab.ops",
    "np": "numpy",
    "numpy": "numpy",
}


def is_lambda(function: object) -> bool:
    """True for what Keras stores as bytecode rather than by name."""
    return isinstance(function, types.FunctionType) and function.__name__ == "<lambda>"


def dump_lambda(function: types.FunctionType) -> tuple[str, Any, Any]:
    """(code in base64, defaults, values of the variables of the functions around it)."""
    code = codecs.encode(marshal.dumps(function.__code__), "base64").decode("ascii")
    cells = function.__closure__
    return code, function.__defaults__, None if not cells else tuple(cell.cell_contents for cell in cells)


def load_lambda(code: Any, defaults: Any, closure: Any, known: Mapping[str, Any]) -> types.FunctionType:
    """The function of what `dump_lambda`, here or in Keras, gave.

    Args:
        known: global names that it may use beside Python's and what `keras`, `ops` and `np` stand for.
    Raises: ConfigError for what is no code of this version of Python, or uses names that are not known.
    """
    try:
        loaded = marshal.loads(codecs.decode(code.encode("ascii"), "base64"))
    except (AttributeError, ValueError, EOFError, TypeError) as error:
        raise _not_code(error) from error
    if not isinstance(loaded, types.CodeType):
        raise _not_code(type(loaded).__name__)
    scope = {name: sys.modules[module] for name, module in _USUAL.items() if module in sys.modules}
    scope |= {"__builtins__": builtins, **known}
    missing = sorted({name for name in _globals(loaded) if name not in scope and not hasattr(builtins, name)})
    if missing:
        raise ConfigError(
            explain(
                f"A lambda of the config uses names that no file holds: {', '.join(missing)[:200]}.",
                fix=f"load_model(path, custom_objects={{'{missing[0][:80]}': ...}}, safe_mode=False)",
            )
        )
    cells = tuple(types.CellType(value) for value in closure or ())
    return types.FunctionType(loaded, scope, loaded.co_name, tuple(defaults or ()), cells)


def _globals(code: types.CodeType) -> Iterator[str]:
    """The global names that code, and functions within it, read."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals(constant)


def _not_code(got: object) -> ConfigError:
    return ConfigError(
        explain(
            "A lambda of the config cannot be loaded.",
            expected="bytecode of this version of Python",
            got=str(got)[:100],
            fix="make the layer anew with a named function",
        )
    )
