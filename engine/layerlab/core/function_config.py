"""The config of a function, with the function itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["FunctionConfig", "function_configs"]


class FunctionConfig(dict[str, Any]):
    """A config as Keras writes it, which within this process still knows its function.

    A lambda, or a function that is not registered, cannot be found by what a file says of it. A config that
    never was in a file, as when a model is cloned, gives the function back; as JSON, or in a pickle, it is
    the plain dict, which is all that a file can ever hold.
    """

    function: Callable[..., Any]

    def __init__(self, config: dict[str, Any], function: Callable[..., Any]) -> None:
        super().__init__(config)
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> FunctionConfig:
        return FunctionConfig(dict(self), self.function)


def function_configs(config: object) -> Iterator[FunctionConfig]:
    """All FunctionConfigs in a config, of lambdas as well."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, FunctionConfig):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
