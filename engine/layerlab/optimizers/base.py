"""Optimizer: what all optimizers do around their one formula.

A built-in optimizer declares slots (`slot_groups`) and writes `update`: a pure function from a value, its
gradient and its slots to new ones. Everything else is here, once, and is made of assignments to Variables:
inside a StateScope the whole of `apply` is a pure function, which a training step compiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.context import name_scope
from layerlab.core.naming import auto_name, check_name
from layerlab.core.state import StateScope, given_values
from layerlab.core.variable import Variable
from layerlab.core.variable_values import check_count
from layerlab.errors import InvalidArgumentError, NotBuiltError, UnsupportedError, explain
from layerlab.optimizers.arguments import COMMON, check_arguments, check_unknown, show_common_arguments
from layerlab.optimizers.clipping import clip
from layerlab.optimizers.conditional_assignment import assign_either
from layerlab.optimizers.gradients import Pairs, present_pairs
from layerlab.optimizers.learning_rate import RateHolder, as_array
from layerlab.optimizers.moving_averages import overwrite_where, update_average
from layerlab.optimizers.weight_decay import Exclusions, decay
from layerlab.typing import LearningRateLike, TensorLike

__all__ = ["Optimizer"]

Slots = dict[str, Array]


class Optimizer(RateHolder):
    """Base of all optimizers: the rule by which variables follow their gradients.

    In one step it divides gradients by the loss scale, sums them up if it is to
    accumulate, clips them, decays weights, calls the rule of the subclass for each
    variable, keeps moving averages, and applies constraints. Subclass it and write
    either `update` (pure, preferred) or, as in Keras, `update_step` with `self.assign`.

    Args:
        **kwargs: no others exist: `decay` of Keras 2 warns, all else raises.
    Raises: InvalidArgumentError for values outside of the ranges above, more than one
    way to clip, or unknown arguments.
    Source: the meaning and order of all steps are Keras 3's on JAX.

    Example:
        >>> class Descent(Optimizer):
        ...     def update(self, value, gradient, slots, learning_rate, step):
        ...         return value - learning_rate * gradient, {}
        >>> w = Variable([1.0, 2.0], name="w")
        >>> Descent(0.5).apply([[1.0, 1.0]], [w])
        >>> w.numpy()
        array([0.5, 1.5], dtype=float32)
        >>> Descent(0.5, clipvalue=0.2).apply([[1.0, 1.0]], [w])  # 0.5 * 0.2 each
        >>> w.numpy()
        array([0.4, 1.4], dtype=float32)
    """

    registry_kind = "optimizers"
    tracked_as = "optimizer"
    not_in_config = ("learning_rate",)
    _not_copied: ClassVar[dict[str, Any]] = {"_variable_places": dict}

    def __init_subclass__(cls, **kwargs: object) -> None:
        show_common_arguments(cls, Optimizer)
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        learning_rate: LearningRateLike,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: object,
    ) -> None:
        check_unknown(type(self).__name__, kwargs)
        self._variables: list[Variable] = []
        self.name = check_name(name or auto_name(type(self).__name__), "An optimizer")
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        check_arguments(type(self).__name__, vars(self))
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._variable_places: dict[int, int] = {}  # id of a trainable variable -> its place
        self._slot_variables: dict[str, list[Variable | None]] = {}
        self._average_variables: list[Variable | None] = []
        self._gradient_sums: list[Variable] = []
        self._not_decaying = Exclusions()
        self._iterations = self._scalar_variable("iteration", 0, "int32")
        self._learning_rate = learning_rate if callable(learning_rate) else self._make_rate(learning_rate)

    # -- what a subclass writes -------------------------------------------------------------------

    def slot_groups(self) -> list[dict[str, Any]]:
        """The names of the slots with their initializers, in groups.

        Files number slots group by group, and within a group variable by variable.
        """
        return []

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """The formula of one step for one variable, a pure function; to be overridden.

        Args:
            value, gradient: the variable's value and its gradient, arrays of its shape
                and dtype.
            slots: name -> array of the same shape and dtype, as `slot_groups` names
                them.
            learning_rate: of this step, a scalar of the same dtype.
            step: its number, from 1, a scalar of the same dtype.
        Returns: (new value, name -> new slot), with the slots that change.
        """
        raise UnsupportedError(
            explain(f"{type(self).__name__} has no formula.", fix="override update or update_step")
        )

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        """One step for one variable by `self.assign`, as in Keras; may be overridden.

        By default it calls `update`.

        Args:
            gradient: an array of the variable's shape.
            variable: the Variable to change.
            learning_rate: of this step, a scalar.
        """
        index = self._get_variable_index(variable)
        slots = {name: made[index] for name, made in self._slot_variables.items()}
        held = {name: slot for name, slot in slots.items() if slot is not None}
        dtype = variable.dtype
        value, changed = self.update(
            variable.value,
            backend().asarray(gradient, dtype),
            {name: slot.value for name, slot in held.items()},
            backend().asarray(as_array(learning_rate), dtype),
            backend().cast(self._step_number(), dtype),
        )
        self.assign(variable, value)
        for name, array in changed.items():
            self.assign(held[name], array)

    def before_updates(self) -> None:
        """Called once before the variables of a step are updated: the place to advance shared state."""

    # -- state ----------------------------------------------------------------------------------------

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots for some variables; a second call does nothing.

        `apply` and `fit` call it.

        Args:
            variables: the Variables to be trained.
        """
        if self.built:
            return
        self._trainable_variables = list(variables)
        self._number_variables()
        if self.use_ema:
            self._average_variables = self.add_optimizer_variables(self._trainable_variables, "average")
        if self.gradient_accumulation_steps:
            self._gradient_sums = [
                self.add_variable_from_reference(variable, "gradient_accumulator")
                for variable in self._trainable_variables
            ]
        for group in self.slot_groups():
            made = self.add_optimizer_variables(self._trainable_variables, list(group), list(group.values()))
            self._slot_variables.update(zip(group, made, strict=True))
        self.built = True

    def _number_variables(self) -> None:
        self._variable_places = {
            id(variable): index for index, variable in enumerate(self._trainable_variables)
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._number_variables()  # the copies have other ids

    # -- one step -------------------------------------------------------------------------------------

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Variable] | None = None) -> None:
        """Make one step: change each variable along its gradient.

        Args:
            grads: one gradient for each variable; None skips a variable, with a
                warning.
            trainable_variables: the Variables; None: those that the optimizer was built
                with.
        Raises: InvalidArgumentError, ShapeError, NotBuiltError.

        Example:
            >>> import layerlab as keras
            >>> weight = keras.Variable([1.0, 2.0])
            >>> keras.optimizers.SGD(0.5).apply([[1.0, 1.0]], [weight])
            >>> weight.numpy()
            array([0.5, 1.5], dtype=float32)
        """
        gradients = list(grads)
        if not gradients:
            return
        variables = self._variables_for(gradients, trainable_variables)
        with backend().inference(), name_scope(self.name, caller=self):
            pairs = self._overwrite_with_gradients(present_pairs(gradients, variables))
            if pairs:
                self._apply_pairs(pairs)
            self._iterations.assign_add(1)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Make one step, as `apply`, with gradients and variables in pairs.

        Args:
            grads_and_vars: pairs (gradient, Variable), as `zip` makes them.
        Returns: the step counter.
        Raises: InvalidArgumentError, ShapeError.
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Array], list[Array]]:
        """`apply` as a pure function of the variables' values.

        For `jax.jit` and training loops of your own; the variables stay as they are.

        Args:
            optimizer_variables: values in the order of `self.variables`: arrays, or
                Variables for their values.
            grads: gradients, one for each of `trainable_variables`.
            trainable_variables: values of the variables that the optimizer was built
                with.
        Returns: (new trainable values, new optimizer values).
        Raises: NotBuiltError; InvalidArgumentError, ShapeError for values that do not
            fit.
        """
        if not self.built:
            raise self._not_built()
        own, trained = self.variables, self._trainable_variables
        values = given_values("stateless_apply trainable_variables", trained, trainable_variables)
        values += given_values("stateless_apply optimizer_variables", own, optimizer_variables)
        with StateScope(values) as scope:
            self.apply(grads)
            return [scope.read(variable) for variable in trained], [scope.read(variable) for variable in own]

    def scale_loss(self, loss: Array) -> Array:
        """The loss to differentiate: multiplied by `loss_scale_factor`, if any.

        Args:
            loss: a scalar.
        """
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Copy the moving averages into the variables; `fit` calls it at its end.

        Without `use_ema` it does nothing.

        Args:
            var_list: the Variables, in the order in which the optimizer was built with
                them.
        Raises: InvalidArgumentError for another number of variables.
        """
        if self.use_ema:
            variables = list(var_list)
            check_count("finalize_variable_values", self._average_variables, variables)
            for variable, average in zip(variables, self._average_variables, strict=True):
                if average is not None:
                    variable.assign(average.value)

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave some variables out of weight decay, mostly biases and scales.

        To be called before training; a second call replaces the first.

        Args:
            var_list: Variables; None for none.
            var_names: regular expressions: a variable whose name has a match is left
                out ("bias"); None for none.
        """
        self._not_decaying = Exclusions(var_list or (), var_names or ())

    def assign(self, variable: Variable, value: TensorLike) -> None:
        """Set a variable's value; for `update_step`.

        Args:
            variable: the model's, or a slot.
            value: array of its shape.
        """
        variable.assign(value)

    def assign_add(self, variable: Variable, value: TensorLike) -> None:
        """Add to a variable; for `update_step`.

        Args:
            variable: the model's, or a slot.
            value: array of its shape.
        """
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: TensorLike) -> None:
        """Subtract from a variable; for `update_step`.

        Args:
            variable: the model's, or a slot.
            value: array of its shape.
        """
        variable.assign_sub(value)

    # -- config ---------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the common ones included."""
        rate = self._learning_rate
        common = {name: getattr(self, name) for name in COMMON}
        common["learning_rate"] = float(rate) if isinstance(rate, Variable) else serialize_keras_object(rate)
        return {**common, **super().get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        """A new optimizer like the one whose `get_config` this is, without its state.

        Args:
            config: the constructor's arguments, by name; a schedule as its config.
            custom_objects: name -> class, for schedules that are not registered; None
                for none.
        Raises: ConfigError, UnknownNameError.
        """
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_keras_object(config["learning_rate"], custom_objects)
        return super().from_config(config)

    # -- the parts of a step --------------------------------------------------------------------------

    def _variables_for(self, gradients: list[Any], variables: Iterable[Variable] | None) -> list[Variable]:
        if variables is None and not self.built:
            raise self._not_built()
        chosen = self._trainable_variables if variables is None else list(variables)
        if not self.built:
            self.build(chosen)
        check_count(f"Gradients for optimizer '{self.name}'", chosen, gradients)
        for variable in chosen:
            self._get_variable_index(variable)
        return chosen

    def _overwrite_with_gradients(self, pairs: Pairs) -> Pairs:
        """Variables whose gradient is their new value (scales of float8) take it, and leave the list."""
        for gradient, variable in pairs:
            if not variable.overwrite_with_gradient:
                continue
            if self.gradient_accumulation_steps:
                accumulator = self._gradient_sums[self._get_variable_index(variable)]
                largest = backend().xp.maximum(backend().asarray(gradient, variable.dtype), accumulator.value)
                last, choose = self._is_last_accumulation(), backend().xp.where
                accumulator.assign(choose(last, backend().xp.zeros_like(largest), largest))
                gradient = choose(last, largest, variable.value)
            variable.assign(gradient)
        return [pair for pair in pairs if not pair[1].overwrite_with_gradient]

    def _apply_pairs(self, pairs: Pairs) -> None:
        gradients, variables = [gradient for gradient, _ in pairs], [variable for _, variable in pairs]
        if self.loss_scale_factor is not None:
            gradients = [gradient / self.loss_scale_factor for gradient in gradients]
        if self.gradient_accumulation_steps:
            self._accumulate_gradients(gradients, variables, self.gradient_accumulation_steps)
        else:
            self._update_variables(gradients, variables)
        if self.use_ema:
            self._update_averages()
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))

    def _update_variables(self, gradients: list[Array], variables: list[Variable]) -> None:
        gradients = clip(gradients, self.clipnorm, self.global_clipnorm, self.clipvalue)
        learning_rate = self.learning_rate
        for variable in variables:
            rate = self._decay_rate(variable)
            if rate is not None and variable not in self._not_decaying:
                decay(variable, rate, as_array(learning_rate))
        self.before_updates()
        for gradient, variable in zip(gradients, variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def _decay_rate(self, variable: Variable) -> float | None:
        return self.weight_decay

    def _accumulate_gradients(self, gradients: list[Array], variables: list[Variable], steps: int) -> None:
        accumulators = [self._gradient_sums[self._get_variable_index(variable)] for variable in variables]
        sums = [held.value + gradient for held, gradient in zip(accumulators, gradients, strict=True)]

        def update() -> None:
            self._update_variables([total / steps for total in sums], variables)
            for accumulator in accumulators:
                accumulator.assign(backend().xp.zeros_like(accumulator.value))

        def wait() -> None:
            for accumulator, total in zip(accumulators, sums, strict=True):
                accumulator.assign(total)

        assign_either(self._is_last_accumulation(), update, wait, [*variables, *self._variables])

    def _is_last_accumulation(self) -> Array:
        return (self._iterations.value + 1) % self.gradient_accumulation_steps == 0

    def _update_averages(self) -> None:
        pairs = [
            (variable, average)
            for variable, average in zip(self._trainable_variables, self._average_variables, strict=True)
            if average is not None
        ]
        iterations = as_array(self.iterations)
        for variable, average in pairs:
            update_average(average, variable, self.ema_momentum, iterations)
        if self.ema_overwrite_frequency:
            overwrite_where((iterations + 1) % self.ema_overwrite_frequency == 0, pairs)

    def _get_variable_index(self, variable: Variable) -> int:
        """The place of a trainable variable among those the optimizer was built with."""
        index = self._variable_places.get(id(variable))
        if index is None:
            raise InvalidArgumentError(
                explain(
                    f"Optimizer '{self.name}' does not know variable '{variable.path}'.",
                    expected=f"one of the {len(self._variable_places)} variables it was built with",
                    fix="make a new optimizer for a new set of variables",
                )
            )
        return index

    def _not_built(self) -> NotBuiltError:
        return NotBuiltError(
            explain(
                f"Optimizer '{self.name}' does not know its variables yet.",
                fix="pass trainable_variables, or call optimizer.build(variables) first",
            )
        )
