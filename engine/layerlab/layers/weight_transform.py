"""A declared weight as a function of several variables: a low-rank addition, a quantized table.

`transform_weight(layer, "kernel", transform)` puts a TransformedWeight where the layer has its variable. To
formulas it is a variable like any other, whose value is computed where it is read: no layer knows of it, and
a layer without one has nothing to ask. `restore_weight` gives the layer its variable back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ClassVar

from layerlab import dtypes, ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.context import autocast, context, name_scope, naming_path
from layerlab.core.layer import Layer
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, NotBuiltError, UnsupportedError, explain
from layerlab.layers.weights import Weights, make_weight

__all__ = [
    "TransformedWeight",
    "WeightTransform",
    "computed_once",
    "restore_weight",
    "take_rows",
    "transform_weight",
]


class WeightTransform(Layer):
    """What is read in place of a declared weight, a function of it and of own variables; abstract.

    A subclass makes its variables in `build(base_shape)`, and says in `call(base)` what the weight is. Being
    a layer inside the other one, it is trained, frozen, counted and saved with it. It serves one weight.
    """

    keeps_base: ClassVar[bool] = True
    """Whether the layer keeps its variable, frozen. If not, `call` gets None: its own variables are all."""

    def begin(self, base: Array) -> None:
        """Take the first values of the own variables from the weight's value; by default they stay.

        Args:
            base: what the weight is when the transform is put in its place.
        """

    def call(self, base: Array | None) -> Array:
        """The weight, of the shape of the base.

        Args:
            base: value of the layer's own variable, in the dtype of the computation.
        """
        raise NotImplementedError

    def rows(self, base: Array | None, indices: Array) -> Array:
        """Rows of the weight, for embeddings. Override it where a few can be had without the whole table.

        Args:
            base: as in `call`.
            indices: integers of any shape, which index the first axis.
        """
        return ops.take(self.call(base), indices, axis=0)


class TransformedWeight(Variable):
    """Stands in a layer's attribute for its variable: its value is what the transform says.

    Args:
        variable: the layer's own, the base.
        transform: built for it.
    """

    tracked_as: ClassVar[str | None] = None  # the base and the transform are the layer's

    def __init__(self, variable: Variable, transform: WeightTransform) -> None:
        self.base: Variable | None = variable if transform.keeps_base else None
        self.transform = transform
        self.name, self.path, self.shape = variable.name, variable.path, variable.shape
        self.dtype, self.autocast, self.serial = variable.dtype, variable.autocast, variable.serial
        self.aggregation, self.synchronization = variable.aggregation, variable.synchronization
        self.regularizer = self.constraint = None
        self.overwrite_with_gradient = self.designed_trainable = self._trainable = False
        self.was_trainable = variable.trainable

    @property
    def value(self) -> Array:
        """What the transform gives now, in the dtype that the variable would have here."""
        wanted = context.autocast_dtype if self.autocast and dtypes.is_float(self.dtype) else None
        computed = context.computed.get((id(self), wanted))
        return self._compute(wanted) if computed is None else computed

    def present_value(self) -> Array:
        return self._compute(None)

    settled_value = present_value

    def rows(self, indices: Array) -> Array:
        """Rows of the value, of which the transform may compute only these.

        Args:
            indices: integers of any shape.
        """
        return self.transform.rows(None if self.base is None else self.base.value, indices)

    def _compute(self, dtype: str | None) -> Array:
        with autocast(dtype):
            value = self.transform.call(None if self.base is None else self.base.value)
        return backend().cast(value, self.dtype if dtype is None else dtype)

    @property
    def trainable(self) -> bool:
        """False: what is trained are the transform's variables."""
        return False

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if value:
            raise self._has_no_value_of_its_own("trained")

    def assign(self, value: Any) -> Variable:
        raise self._has_no_value_of_its_own("assigned")

    def _has_no_value_of_its_own(self, verb: str) -> UnsupportedError:
        return UnsupportedError(
            explain(
                f"'{self.path}' cannot be {verb}: {self.transform.describe()} computes it.",
                fix="change the variables of the transform, or call restore_weight on the layer first",
            )
        )

    def __getstate__(self) -> dict[str, Any]:
        return dict(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def transform_weight(layer: Layer, name: str, transform: WeightTransform) -> None:
    """Put a transform in the place of a declared weight.

    The layer's own variable is frozen until `restore_weight`; the transform's variables join the weights of
    the layer, behind its own. A model that was compiled before is to be compiled again.

    Args:
        layer: a built layer; of a recurrent one the cell.
        name: the attribute, such as 'kernel'.
        transform: not built yet; `layer.kernel_transform` from now on.
    Raises: InvalidArgumentError for a weight that is not declared, left out, or transformed already, and for
        a transform that serves another, or has no variables; NotBuiltError.
    """
    variable = _variable(layer, name)
    if transform.built:
        raise _refused(layer, name, f"{transform.describe()} is in use already", "make one for each weight")
    with _scope_of(layer):
        transform.build(variable.shape)
    if not transform.variables:  # by new variables a model sees that its compiled steps are outdated
        raise _refused(layer, name, f"{transform.describe()} has no variables", "make them in its `build`")
    transform.begin(variable.value)
    weight = TransformedWeight(variable, transform)
    if transform.keeps_base:
        variable.held = True
        variable.trainable = False
    else:
        _forget(layer, variable)
    setattr(layer, name, weight)
    setattr(layer, f"{name}_transform", transform)


def restore_weight(layer: Layer, name: str, *, merge: bool = False) -> None:
    """Give a layer the variable back that a transform has replaced.

    Args:
        layer: the layer.
        name: the attribute.
        merge: whether the variable gets the value that the transform gives now, instead of the one that it
            had; always, where the transform has not kept it.
    Raises: InvalidArgumentError if no transform is there.
    """
    weight = vars(layer).get(name)
    if not isinstance(weight, TransformedWeight):
        raise _refused(layer, name, "no transform is in its place")
    variable, value = weight.base, weight.present_value() if merge or weight.base is None else None
    if variable is None:
        variable = _made_again(layer, name, weight)
    if value is not None:
        variable.assign(value)
    variable.held = False
    variable.trainable = weight.was_trainable and layer.trainable
    setattr(layer, name, variable)
    delattr(layer, f"{name}_transform")


def take_rows(weight: Variable, indices: Array) -> Array:
    """Rows of a weight: of a transformed one only these are computed, where the transform can.

    Args:
        weight: of a layer.
        indices: integers of any shape.
    """
    if isinstance(weight, TransformedWeight):
        return weight.rows(indices)
    return ops.take(weight, indices, axis=0)


@contextmanager
def computed_once(layers: Sequence[Any]) -> Iterator[None]:
    """While open, the transformed weights of these layers keep the value of now: for loops over steps.

    Args:
        layers: layers, or other objects, which have none.
    """
    weights = [
        vars(layer)[name]
        for layer in layers
        for name in getattr(layer, "_declared_weights", ())
        if isinstance(vars(layer).get(name), TransformedWeight)
    ]
    if not weights:
        yield
        return
    previous = context.computed
    dtype = context.autocast_dtype
    context.computed = {**previous, **{(id(w), dtype if w.autocast else None): w.value for w in weights}}
    try:
        yield
    finally:
        context.computed = previous


def _variable(layer: Layer, name: str) -> Variable:
    declared: Weights | dict[str, Any] = getattr(layer, "_declared_weights", {})
    if name not in declared:
        names = ", ".join(declared) or "none; the layers inside may have some"
        raise _refused(layer, name, f"the weights that it declares are: {names}")
    if name not in vars(layer):
        if layer.built:
            raise _refused(layer, name, "its weights are those of the layers inside")
        raise NotBuiltError(explain(f"{layer.describe()} has no weights yet.", fix="build it first"))
    variable = vars(layer)[name]
    if not isinstance(variable, Variable):
        raise _refused(layer, name, "it was made without this weight")
    if isinstance(variable, TransformedWeight):
        raise _refused(layer, name, "it has a transform already", "call restore_weight first")
    return variable


def _refused(layer: Layer, name: str, why: str, fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(explain(f"The weight '{name}' of {layer.describe()}: {why}.", fix=fix))


def _scope_of(layer: Layer) -> AbstractContextManager[None]:
    """Paths of new variables begin with the layer's: also when its own build makes them."""
    return nullcontext() if naming_path() == layer.path else name_scope(layer.path)


def _forget(layer: Layer, variable: Variable) -> None:
    made = layer._own_variables()
    made[:] = [other for other in made if other is not variable]


def _made_again(layer: Layer, name: str, weight: TransformedWeight) -> Variable:
    """The variable as `build` had made it, in its place among the others."""
    make_weight(layer, name, weight.shape, lambda shape, dtype=None: ops.zeros(shape, dtype))
    variable: Variable = vars(layer)[name]
    variable.path, variable.serial = weight.path, weight.serial
    return variable
