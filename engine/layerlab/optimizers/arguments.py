"""The arguments that all optimizers share: meaning, type, checks, and how they show in signatures."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any, TypedDict

from layerlab.core.arguments import RANGES
from layerlab.core.registry import share_arguments
from layerlab.errors import InvalidArgumentError, did_you_mean, explain

__all__ = [
    "COMMON",
    "CommonArguments",
    "CommonButDecay",
    "check_arguments",
    "check_unknown",
    "show_common_arguments",
]

share_arguments(
    "optimizers",
    {
        "learning_rate": "η, how far a step goes: a number, a LearningRateSchedule, or a\n"
        "        function without arguments. A number can be set later:\n"
        "        `optimizer.learning_rate = 0.1`.",
        "epsilon": "ε, small and positive: keeps a division by 0 from happening.",
        "weight_decay": "each update also shrinks variables by this rate times η; None for\n        not.",
        "clipnorm": "largest L2 norm of the gradient of one variable; a longer one is\n"
        "        scaled down. Of the three ways to clip only one can be used; None for not.",
        "clipvalue": "largest absolute value of an element of a gradient; None for any.",
        "global_clipnorm": "largest L2 norm of all gradients together; None for any.",
        "use_ema": "True keeps moving averages of the variables, which fit copies into them\n"
        "        at its end.",
        "ema_momentum": "weight of the previous average, in [0, 1].",
        "ema_overwrite_frequency": "copies the averages into the variables every so many\n"
        "        steps; None at the end only.",
        "loss_scale_factor": "the loss is multiplied by it and the gradients are divided by\n"
        "        it, which saves small ones in float16; None for 1.",
        "gradient_accumulation_steps": "update once every so many batches (2 or more), with\n"
        "        the mean of their gradients, as of one large batch; None after each.",
        "name": "first part of the paths of the optimizer's variables. None makes one from\n"
        "        the name of the class.",
    },
)


class CommonButDecay(TypedDict, total=False):
    """For optimizers that have a default of their own for `weight_decay`."""

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class CommonArguments(CommonButDecay, total=False):
    """Keyword arguments of every optimizer; the table above says what they mean."""

    weight_decay: float | None


COMMON = tuple(CommonArguments.__annotations__)


def show_common_arguments(cls: type, base: type) -> None:
    """Let `inspect.signature(cls)`, and so the help of notebooks, list what `**common` stands for."""
    own = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    if not own or own[-1].name != "common":
        if "__init__" in vars(cls):  # else that of the class above would be inherited
            cls.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
        return
    names = {parameter.name for parameter in own}
    shared = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(base).parameters.values()
        if parameter.name not in names and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    cls.__signature__ = inspect.Signature([*own[:-1], *shared])  # type: ignore[attr-defined]


def check_arguments(optimizer: str, arguments: Mapping[str, Any]) -> None:
    """Raise InvalidArgumentError for values that cannot be meant."""
    for name in COMMON:
        if (found := RANGES.get(name)) is not None:
            found.check(optimizer, name, arguments[name])
    ways = {name: arguments[name] for name in ("clipnorm", "clipvalue", "global_clipnorm")}
    given = [f"{name}={value}" for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise InvalidArgumentError(
            explain(
                f"{optimizer} can clip gradients in one way only.",
                expected="one of clipnorm, clipvalue and global_clipnorm",
                got=", ".join(given),
            )
        )


def check_unknown(optimizer: str, arguments: Mapping[str, Any]) -> None:
    """Raise InvalidArgumentError for arguments that no optimizer has; Keras 2's `decay` gets a warning."""
    unknown = [name for name in arguments if name != "decay"]
    if unknown:
        hint = " Did you mean 'learning_rate'?" if unknown[0] == "lr" else did_you_mean(unknown[0], COMMON)
        raise InvalidArgumentError(
            explain(f"{optimizer} got unknown arguments.{hint}", got=", ".join(unknown))
        )
    if arguments.get("decay") is not None:
        warnings.warn("Argument `decay` does nothing. Pass a schedule as learning_rate.", stacklevel=4)
