"""LossScaleOptimizer: keeps float16 gradients from vanishing, by a factor that adapts itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.initializers import Constant
from layerlab.optimizers.base import Optimizer
from layerlab.optimizers.conditional_assignment import assign_either
from layerlab.typing import Tensor

__all__ = ["LossScaleOptimizer"]


class LossScaleOptimizer(Optimizer):
    """An optimizer around another one, which keeps float16 gradients from becoming 0.

    It multiplies the loss by a scale and divides the gradients by it. A step with an
    infinite or nan gradient is left out and halves the scale; a run of
    `dynamic_growth_steps` finite ones doubles it. `compile` makes one of itself under
    the policy "mixed_float16".

    Args:
        inner_optimizer: the optimizer that makes the steps; its own `loss_scale_factor`
            is turned off.
        initial_scale: the first scale; too large a one costs a few left out steps.
        dynamic_growth_steps: how many finite steps in a row double the scale.
    Raises: InvalidArgumentError if `inner_optimizer` is no Optimizer.
    Source: Micikevicius et al. 2018, arXiv:1710.03740.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0])
        >>> optimizer = LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=8.0)
        >>> float(optimizer.scale_loss(2.0))
        16.0
        >>> optimizer.apply([[float("inf")]], [w])  # left out; the scale is now 4
        >>> optimizer.apply([[4.0]], [w])  # a gradient of 4 / 4
        >>> w.numpy().tolist()
        [0.5]
    """

    aliases = ("lossscaleoptimizer",)

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise InvalidArgumentError(
                explain("LossScaleOptimizer", expected="an Optimizer", got=repr(inner_optimizer)[:80])
            )
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables, then the inner optimizer's."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the inner optimizer; setting it sets it there."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float | Tensor | Callable[..., Any]) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def schedule_name(self) -> str:
        """The class of the inner optimizer's schedule; '' if it has a number."""
        return self.inner_optimizer.schedule_name

    @property
    def iterations(self) -> Any:
        """Steps that the inner optimizer made."""
        return self.inner_optimizer.iterations

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        variables = list(variables)
        self.step_counter = self.add_variable((), "zeros", "int32", name="step_counter")
        self.dynamic_scale = self.add_variable(
            (), Constant(self.initial_scale), "float32", name="dynamic_scale"
        )
        self.inner_optimizer.build(variables)
        super().build(variables)

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Variable] | None = None) -> None:
        gradients = list(grads)
        if not gradients:
            return
        variables = self._variables_for(gradients, trainable_variables)
        gradients = [None if gradient is None else backend().asarray(gradient) for gradient in gradients]
        with backend().inference():
            assign_either(
                _all_finite([gradient for gradient in gradients if gradient is not None]),
                lambda: self._step(gradients, variables),
                self._shrink,
                [*variables, *self.variables],
            )

    def check_finite(self, grads: Iterable[Any]) -> Array:
        """Whether all gradients that are there are finite."""
        return _all_finite([backend().asarray(gradient) for gradient in grads if gradient is not None])

    def _step(self, gradients: list[Any], variables: list[Variable]) -> None:
        scale = self.dynamic_scale.value
        self.inner_optimizer.apply(
            [
                gradient if gradient is None or variable.overwrite_with_gradient else _divide(gradient, scale)
                for gradient, variable in zip(gradients, variables, strict=True)
            ],
            variables,
        )
        xp, count = backend().xp, self.step_counter.value + 1
        grows = count == self.dynamic_growth_steps
        self.step_counter.assign(xp.where(grows, 0, count))
        self.dynamic_scale.assign(xp.where(grows, scale * 2.0, scale))

    def _shrink(self) -> None:
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.dynamic_scale.value * 0.5)

    def scale_loss(self, loss: Array) -> Array:
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})


def _all_finite(gradients: list[Array]) -> Array:
    xp = backend().xp
    finite = xp.all(xp.isfinite(gradients[0]))
    for gradient in gradients[1:]:
        finite = finite & xp.all(xp.isfinite(gradient))
    return finite


def _divide(gradient: Array, scale: Array) -> Array:
    return gradient / backend().cast(scale, backend().dtype_name(gradient))
