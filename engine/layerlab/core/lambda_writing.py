"""What is to be said of Python lambdas when a model is written to a file or a text."""

from __future__ import annotations

import warnings
from typing import Any

from layerlab.core.function_config import FunctionConfig, function_configs
from layerlab.core.lambda_code import is_lambda
from layerlab.errors import UnsupportedError, explain

__all__ = ["check_lambdas"]

_FORMS = ("__numpy__", "__tensor__", "__bytes__", "__slice__", "__ellipsis__", "__lambda__", "function")


def check_lambdas(config: object, what: str) -> None:
    """Warn if a config that is about to be written holds lambdas: who loads it must trust it.

    Args:
        what: what the config is of, for messages.
    Raises: UnsupportedError for a lambda that uses an object from around it which no file can hold.
    """
    lambdas = [found for found in function_configs(config) if is_lambda(found.function)]
    for found in lambdas:
        _check_values(found, what)
    if lambdas:
        places = sorted({_place(found) for found in lambdas})
        warnings.warn(
            f"{what} contains Python lambdas ({', '.join(places[:3])}), which are written as bytecode, "
            "without the global variables that they use. The same Python loads them, with load_model(path, "
            "safe_mode=False). A named function with register_keras_serializable has no such limits.",
            stacklevel=4,
        )


def _place(found: FunctionConfig) -> str:
    code = found.function.__code__
    return f"line {code.co_firstlineno} of {code.co_filename}"


def _check_values(found: FunctionConfig, what: str) -> None:
    function: Any = found.function
    inner = found["config"]
    _, defaults, closure = inner.get("value") or (inner["code"], inner["defaults"], inner["closure"])
    code = function.__code__
    arguments = code.co_varnames[: code.co_argcount]
    held = dict(zip(code.co_freevars, closure or (), strict=False))
    held |= dict(zip(arguments[len(arguments) - len(defaults or ()) :], defaults or (), strict=False))
    held |= (function.__kwdefaults__ and dict.fromkeys(function.__kwdefaults__, function)) or {}
    for name, value in held.items():
        if not _is_writable(value):
            raise UnsupportedError(
                explain(
                    f"{what} cannot be written to a file: the lambda in {_place(found)} uses '{name}'.",
                    expected="numbers, text and arrays, or positional arguments with such defaults",
                    got=type(value).__name__,
                    fix="write a Layer that has it in an attribute; save_weights works as it is",
                )
            )


def _is_writable(value: object) -> bool:
    if isinstance(value, dict):
        if value.get("class_name") in _FORMS:
            return True
        return all(isinstance(key, str) and _is_writable(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_writable, value))
    return value is None or isinstance(value, bool | int | float | str)
