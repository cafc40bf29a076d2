"""The base of all that the page may ask, and how a question is refused."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import NoneType
from typing import Any, ClassVar, get_type_hints

from layerlab_jupyter.protocol import ReplyError
from layerlab_jupyter.registry import Registry

__all__ = ["COMMANDS", "Command", "Refusal"]

COMMANDS: dict[str, type[Command]] = {}
"""All commands by their `method`: a class is one from its definition on."""


class Refusal(Exception):
    """A message that is answered with an error and changes nothing."""

    def __init__(self, error: ReplyError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """One question of the page: the fields are what it sends, checked before `answer` is called.

    A subclass with a `method` is a command. Fields may be texts, numbers and literals, with defaults or not.
    """

    method: ClassVar[str] = ""
    """The name by which the page asks; none for a base of commands."""
    at_once: ClassVar[bool] = False
    """Answered before all that waits, on the control thread: only for what takes no time."""

    def __init_subclass__(cls) -> None:
        if cls.method:
            if cls.method in COMMANDS:
                raise TypeError(f"Two commands have the method {cls.method!r}. Fix: rename one of them.")
            COMMANDS[cls.method] = cls

    @abstractmethod
    def answer(self, known: Registry) -> Any:
        """The result: a dataclass, or None for a command that only does something. Raises: Refusal.

        A subclass declares which one by its annotation; the page's types are made from that.
        """

    @classmethod
    def result_type(cls) -> type | None:
        """The dataclass that `answer` returns, or None. Raises: TypeError if it declares neither."""
        declared = get_type_hints(cls.answer).get("return")
        if declared is NoneType:
            return None
        if isinstance(declared, type) and dataclasses.is_dataclass(declared):
            return declared
        raise TypeError(
            f"{cls.__name__}.answer is declared to return {declared!r}; expected a dataclass or None.\n"
            "  Fix: put what it returns into a dataclass, and annotate `answer` with it."
        )
