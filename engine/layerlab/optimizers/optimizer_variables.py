"""The variables of an optimizer: made, tracked, saved and set in one place and one order."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from layerlab import initializers
from layerlab.backend.protocol import Shape
from layerlab.core.config import Configurable
from layerlab.core.context import name_scope
from layerlab.core.pickling import Portable
from layerlab.core.variable import Variable
from layerlab.core.variable_values import assign_all
from layerlab.errors import InvalidArgumentError, NotBuiltError, UnsupportedError, explain
from layerlab.typing import DTypeLike, InitializerLike

__all__ = ["VariableOwner"]


class VariableOwner(Portable, Configurable):
    """Abstract: an optimizer as a list of variables, numbered in the order in which they were made.

    A Variable that is assigned to an attribute joins the list. Their paths begin with the optimizer's name.
    """

    name: str
    built: bool
    _variables: list[Variable]

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, Variable):
            self._track_variable(value)
        super().__setattr__(name, value)

    @property
    def variables(self) -> list[Variable]:
        """All variables: the step counter, the learning rate if it is a number, and the slots."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Shape,
        initializer: InitializerLike = "zeros",
        dtype: DTypeLike = None,
        aggregation: str = "none",
        layout: object = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer's own, which nothing trains.

        Args:
            shape: tuple of ints.
            initializer: name, Initializer or function of the first value.
            dtype: dtype name; None is floatx.
            aggregation: how replicas would be combined; unused on one device.
            layout: for calls written for Keras; must be None.
            name: last part of its path; automatic when None.
        Returns: the Variable, which is saved with the optimizer.
        Raises: UnsupportedError for a layout.
        """
        if layout is not None:
            raise UnsupportedError(explain("add_variable(layout=...) is not supported.", fix="leave it out"))
        with name_scope(self.name, caller=self):
            variable = Variable(
                initializers.get(initializer),
                shape=shape,
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                name=name,
            )
        self._track_variable(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: InitializerLike = "zeros"
    ) -> Variable:
        """Make a slot for a model's variable: of its shape and dtype.

        Args:
            reference_variable: the model's.
            name: the slot's: the path ends with `<path of the variable>_<name>`; None
                is 'var'.
            initializer: name, Initializer or function of the first value.
        Returns: the Variable.
        """
        return self.add_variable(
            shape=reference_variable.shape,
            initializer=initializer,
            dtype=reference_variable.dtype,
            name=f"{reference_variable.path.replace('/', '_')}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self,
        trainable_variables: Iterable[Variable],
        name: str | Sequence[str],
        initializer: InitializerLike | Sequence[InitializerLike] = "zeros",
    ) -> Any:
        """Make a slot for each of a model's variables.

        A variable without the slot (`has_slot`) has None in its place.

        Args:
            trainable_variables: the model's.
            name: of the slot, or a list of names.
            initializer: one for all names, or a list with one for each.
        Returns: a list of slots; for several names, a tuple of such lists.
        Raises: InvalidArgumentError for another number of initializers than of names.
        """
        names = [name] if isinstance(name, str) else list(name)
        starts: list[Any] = (
            list(initializer) if isinstance(initializer, list | tuple) else [initializer] * len(names)
        )
        if len(starts) != len(names):
            raise InvalidArgumentError(
                explain(
                    "add_optimizer_variables", expected=f"{len(names)} initializers", got=str(len(starts))
                )
            )
        slots: tuple[list[Variable | None], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for made, slot_name, start in zip(slots, names, starts, strict=True):
                wanted = self.has_slot(variable, slot_name)
                made.append(self.add_variable_from_reference(variable, slot_name, start) if wanted else None)
        return slots[0] if isinstance(name, str) else slots

    def has_slot(self, variable: Variable, name: str) -> bool:
        """Whether a variable needs a slot.

        Args:
            variable: the model's.
            name: of the slot.
        """
        return not variable.overwrite_with_gradient

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign values to all of the optimizer's variables.

        Args:
            weights: arrays in the order of `variables`.
        Raises: NotBuiltError; ShapeError if number or shapes differ; nothing changes
            then.
        """
        if not self.built:
            raise NotBuiltError(
                explain(
                    f"Optimizer '{self.name}' has no slots yet.", fix="call optimizer.build(variables) first"
                )
            )
        problem = f"set_weights on optimizer '{self.name}' got {len(weights)} arrays that do not fit."
        assign_all(self.variables, weights, problem)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put the optimizer's state into a store; saving calls it.

        Args:
            store: a mapping (or HDF5 group) that gets arrays under '0', '1' ...
        """
        for number, variable in enumerate(self.variables):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take the optimizer's state from a store; loading calls it.

        It warns and loads nothing if the number of variables differs. Files of tf.keras
        may lack the learning rate: it is in the config.

        Args:
            store: a mapping as `save_own_variables` filled it.
        Raises: ShapeError if shapes differ; nothing changes then.
        """
        variables = self.variables
        if len(store) == len(variables) - 1:
            rate = getattr(self, "_learning_rate", None)
            variables = [variable for variable in variables if variable is not rate]
        if len(store) != len(variables):
            warnings.warn(
                f"Optimizer '{self.name}' keeps its state: it has {len(self.variables)} variables, the file "
                f"has {len(store)}." + ("" if self.built else " It is not built yet."),
                stacklevel=2,
            )
            return
        found = [np.asarray(store[str(number)]) for number in range(len(variables))]
        assign_all(variables, found, f"The stored state does not fit optimizer '{self.name}'.")

    def _track_variable(self, variable: Variable) -> None:
        tracked = self.__dict__.get("_variables")
        if tracked is None:
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} was given a variable too early.",
                    fix="call super().__init__(...) first in __init__",
                )
            )
        if all(variable is not other for other in tracked):
            tracked.append(variable)

    def _untrack_variable(self, variable: Variable) -> None:
        self._variables[:] = [other for other in self._variables if other is not variable]
