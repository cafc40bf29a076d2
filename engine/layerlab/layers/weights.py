"""The weights of a layer, declared once: constructor arguments, attributes, variables and config follow.

A layer names its weights in `_declared_weights`. `arguments` puts what users may say of them into its
constructor's signature (`kernel_initializer`, `use_bias` ...) and keeps what they say as attributes, from
where configs have it. `make_weights`, in `build`, makes the variables of given shapes, in that order.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from layerlab import constraints, initializers, regularizers
from layerlab.core.layer import Layer
from layerlab.typing import InitializerLike, OpenShape

__all__ = [
    "Weight",
    "Weights",
    "bound_arguments",
    "make_weight",
    "make_weights",
    "moved_argument",
    "said_of_weights",
    "with_signature",
]

Constructor = TypeVar("Constructor", bound=Callable[..., None])
_RESOLVE: dict[str, Callable[[Any], Any]] = {
    "initializer": initializers.get,
    "regularizer": regularizers.get,
    "constraint": constraints.get,
}
_KINDS = tuple(_RESOLVE)


@dataclass(frozen=True)
class Weight:
    """What is to be known of one weight, apart from its shape.

    Args:
        initializer: its first values, unless the user says other ones.
        prefix: what its constructor arguments begin with; empty is its name.
        takes: of which kinds there are constructor arguments.
        switch: the boolean argument without which there is no such weight; empty if there always is.
        trainable, autocast: as in `add_weight`.
    """

    initializer: str
    prefix: str = ""
    takes: tuple[str, ...] = _KINDS
    switch: str = ""
    trainable: bool = True
    autocast: bool = True


class Weights(Mapping[str, Weight]):
    """The weights that a layer may have, by the names of its attributes.

    Args:
        **weights: in the order that their constructor arguments have.

    Example:
        >>> class Scale(Layer):
        ...     _declared_weights = Weights(factor=Weight("ones"))
        ...     @_declared_weights.arguments(after="power")
        ...     def __init__(self, power=1, **kwargs):
        ...         super().__init__(**kwargs)
        ...         self.power = power
        ...     def build(self, input_shape):
        ...         make_weights(self, factor=input_shape[1:])
        >>> list(inspect.signature(Scale).parameters)[:3]
        ['power', 'factor_initializer', 'factor_regularizer']
        >>> layer = Scale(factor_initializer="zeros")
        >>> layer.build((None, 2))
        >>> layer.factor.numpy().tolist()
        [0.0, 0.0]
    """

    def __init__(self, **weights: Weight) -> None:
        self._weights = weights

    def __getitem__(self, name: str) -> Weight:
        return self._weights[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights)

    def __len__(self) -> int:
        return len(self._weights)

    def arguments(
        self, *, after: str, regularizers_after: str = "", constraints_after: str = ""
    ) -> Callable[[Constructor], Constructor]:
        """A decorator that adds the arguments of the weights to a constructor.

        Switches, initializers, regularizers and constraints follow each other. The constructor itself
        does not get them: they are attributes before it runs.

        Args:
            after: the constructor's own argument behind which they stand; 'self' for none.
            regularizers_after, constraints_after: the same of these; empty is behind the ones before.
        """

        def decorate(constructor: Constructor) -> Constructor:
            own = list(inspect.signature(constructor).parameters.values())
            blocks = (
                (after, [*self._switches(own), *self._of_kind("initializer")]),
                (regularizers_after, self._of_kind("regularizer")),
                (constraints_after, self._of_kind("constraint")),
            )
            parameters, place = own, 0
            for behind, block in blocks:
                place = [p.name for p in parameters].index(behind) + 1 if behind else place
                parameters = [*parameters[:place], *block, *parameters[place:]]
                place += len(block)
            added = [parameter for _, block in blocks for parameter in block]

            @functools.wraps(constructor)
            def __init__(layer: Layer, *args: Any, **kwargs: Any) -> None:
                given = bound_arguments(__init__, layer, args, kwargs)
                for parameter in added:
                    value = given.pop(parameter.name, parameter.default)
                    resolve = _RESOLVE.get(parameter.name.rpartition("_")[2])
                    setattr(layer, parameter.name, resolve(value) if resolve else value)
                constructor(layer, **given)

            return with_signature(__init__, parameters)  # type: ignore[return-value]

        return decorate

    def _switches(self, own: Sequence[inspect.Parameter]) -> list[inspect.Parameter]:
        """Those that the constructor does not have among its own arguments."""
        names = dict.fromkeys(weight.switch for weight in self.values() if weight.switch)
        return [_parameter(name, True, "bool") for name in names if name not in {p.name for p in own}]

    def _of_kind(self, kind: str) -> list[inspect.Parameter]:
        return [
            _parameter(
                _argument(name, weight, kind),
                weight.initializer if kind == "initializer" else None,
                f"{kind.capitalize()}Like",
            )
            for name, weight in self.items()
            if kind in weight.takes
        ]


def make_weights(layer: Layer, **shapes: OpenShape | None) -> None:
    """Make declared weights of a layer, in this order; for its `build`.

    Args:
        layer: one with `_declared_weights`.
        **shapes: of each weight, by its name. None, like a switch that is off, makes none: the attribute is
            None.
    """
    for name, shape in shapes.items():
        make_weight(layer, name, shape)


def make_weight(layer: Any, name: str, shape: OpenShape | None, initializer: InitializerLike = None) -> None:
    """Make one declared weight and keep it as the attribute of its name.

    Args:
        layer: one with `_declared_weights`.
        name: which.
        shape: tuple of ints, or None for no weight.
        initializer: in place of the layer's own; None takes that.
    """
    weight: Weight = layer._declared_weights[name]
    if shape is None or (weight.switch and not getattr(layer, weight.switch)):
        setattr(layer, name, None)
        return
    said = {kind: getattr(layer, _argument(name, weight, kind)) for kind in weight.takes}
    if initializer is not None:
        said["initializer"] = initializer
    options = {key: False for key in ("trainable", "autocast") if not getattr(weight, key)}
    made = layer.add_weight(name=name, shape=shape, **{"initializer": weight.initializer, **said, **options})
    setattr(layer, name, made)


def said_of_weights(layer: Any) -> dict[str, Any]:
    """What the user said of a layer's weights, by argument, to pass it on to a layer inside."""
    weights: Weights = layer._declared_weights
    parameters = [parameter for kind in _KINDS for parameter in weights._of_kind(kind)]
    return {parameter.name: getattr(layer, parameter.name) for parameter in parameters}


def bound_arguments(
    constructor: Callable[..., None], layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """What a constructor with a made signature was called with, by name, without the layer itself.

    Args:
        constructor: from `with_signature`.
        layer, args, kwargs: of the call.
    Raises: TypeError for a call that does not fit the signature.
    """
    try:
        bound = inspect.signature(constructor).bind(layer, *args, **kwargs)
    except TypeError as error:
        verb = "" if str(error).startswith("missing") else "got "
        raise TypeError(f"{constructor.__qualname__}() {verb}{error}") from None
    _, *named = bound.arguments.items()
    given = dict(named)
    return given.pop("kwargs", {}) | given


def with_signature(
    constructor: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """The constructor, shown with these parameters by `inspect.signature` and so by a notebook's help."""
    constructor.__signature__ = inspect.Signature(list(parameters), return_annotation="None")  # type: ignore[attr-defined]
    return constructor


def moved_argument(constructor: Callable[..., None], name: str, after: str) -> Callable[..., None]:
    """The constructor with one of its arguments at another place, for calls by position.

    Args:
        name: which argument.
        after: the argument behind which it stands.
    """
    parameters = dict(inspect.signature(constructor).parameters)
    moved = parameters.pop(name)
    place = list(parameters).index(after) + 1
    ordered = [*parameters.values()]

    @functools.wraps(constructor)
    def __init__(layer: Layer, *args: Any, **kwargs: Any) -> None:
        constructor(layer, **bound_arguments(__init__, layer, args, kwargs))

    return with_signature(__init__, [*ordered[:place], moved, *ordered[place:]])


def _parameter(name: str, default: object, annotation: str) -> inspect.Parameter:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _argument(name: str, weight: Weight, kind: str) -> str:
    return f"{weight.prefix or name}_{kind}"
