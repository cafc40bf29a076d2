"""What a model was compiled with, as a config that files hold, and back.

Methods of Model.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from layerlab.core.deserialization import deserialize_keras_object
from layerlab.core.serialization import serialize_keras_object
from layerlab.errors import ConfigError, explain
from layerlab.optimizers import LossScaleOptimizer
from layerlab.training.trainer import Trainer

if TYPE_CHECKING:
    from layerlab.models.model import Model

__all__ = ["compile_from_config", "get_compile_config"]

_KEYS = (
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "run_eagerly",
    "steps_per_execution",
    "jit_compile",
)
# Some releases of Keras write null where the default is meant.
_WITH_DEFAULTS = ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss")


def get_compile_config(self: Model) -> dict[str, Any]:
    """The arguments of `compile` as JSON-like values; {} before it.

    The optimizer has its learning rate of now, not its state.
    """
    if not self.compiled:
        return {}
    arguments = {key: self._compile_arguments.get(key) for key in _KEYS}
    return serialize_keras_object({**arguments, "optimizer": _given_optimizer(self)})


def _given_optimizer(self: Model) -> Any:
    """The optimizer without the loss scaling that `compile` put around it."""
    given = self._compile_arguments["optimizer"]
    is_wrapped = isinstance(self.optimizer, LossScaleOptimizer) and given is not self.optimizer
    return self.optimizer.inner_optimizer if is_wrapped else self.optimizer


def compile_from_config(self: Model, config: dict[str, Any]) -> None:
    """Compile as another model was compiled; loading a file calls it.

    A built model gets the optimizer's variables as well.

    Args:
        config: a dict of `get_compile_config`.
    Raises: ConfigError; UnknownNameError for functions and classes that are not
        registered.
    """
    if type(self).compile is not Trainer.compile and type(self).compile_from_config is compile_from_config:
        warnings.warn(
            f"'{self.name}' was not compiled from its config, because {type(self).__name__} has a "
            "compile of its own. Call compile, or define get_compile_config and compile_from_config.",
            stacklevel=2,
        )
        return
    if not isinstance(config, dict):
        raise ConfigError(explain("compile_from_config", expected="a dict", got=type(config).__name__))
    unknown = sorted(map(str, config.keys() - {*_KEYS, "auto_scale_loss"}))
    if unknown:
        raise ConfigError(explain("compile_from_config got unknown keys.", got=", ".join(unknown)[:200]))
    said = {key: value for key, value in config.items() if value is not None or key not in _WITH_DEFAULTS}
    self.compile(**deserialize_keras_object(said))
    if self.optimizer is not None and self.built:
        self.optimizer.build(self.trainable_variables)
