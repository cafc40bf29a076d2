"""InputSpec: what a layer expects of its inputs, and the check of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layerlab import dtypes, tree
from layerlab.core.symbolic import Operation
from layerlab.errors import DTypeError, InvalidArgumentError, ShapeError, explain

__all__ = ["InputSpec", "adjusted_rank", "check_input_spec", "check_tensors"]


class InputSpec:
    """What a layer asks of one input: rank, sizes and dtype; None leaves a thing open.

    A layer assigns it to `self.input_spec`; each call is checked before anything is
    computed, and the error names the layer.

    Args:
        dtype: dtype name.
        shape: full shape with the batch axis, None for any size; `ndim` follows.
        ndim, max_ndim, min_ndim: number of axes, or its bounds.
        axes: axis -> size, for some of the axes: `{-1: 64}`.
        allow_last_axis_squeeze: also accept a last axis of size 1 more or less than
            `shape`.
        name: the key when inputs come as a dict.
        optional: whether None is accepted.

    Example:
        >>> import layerlab as keras
        >>> layer = keras.layers.Layer()
        >>> layer.input_spec = InputSpec(min_ndim=2, axes={-1: 3})
        >>> try:
        ...     layer(keras.ops.ones((4, 5)))
        ... except ValueError as error:
        ...     print(type(error).__name__)
        ShapeError
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """A new spec like the one whose `get_config` this is.

        Args:
            config: the constructor's arguments.
        """
        return cls(**config)

    def __repr__(self) -> str:
        given = {key: value for key, value in vars(self).items() if value not in (None, False, {})}
        return f"InputSpec({', '.join(f'{key}={value}' for key, value in given.items())})"


def adjusted_rank(shape: Sequence[int | None], expected: Sequence[int | None]) -> tuple[int | None, ...]:
    """The shape with a last axis of size 1 more or less, where that gives it the rank that is expected."""
    if len(shape) == len(expected) + 1 and shape[-1] == 1:
        return tuple(shape[:-1])
    if len(shape) == len(expected) - 1 and expected[-1] == 1:
        return (*shape, 1)
    return tuple(shape)


def check_input_spec(spec: object, inputs: object, layer_name: str) -> None:
    """Check `inputs` against the spec, or one spec for each input; those of a dict go by the specs' names.

    Raises: ShapeError, DTypeError, or InvalidArgumentError for None.
    """
    specs = tree.flatten(spec)
    if isinstance(spec, InputSpec) and isinstance(inputs, list | tuple) and len(inputs) == 1:
        # To be stacked to an array of one axis more, as NumPy does, is not what anybody means.
        raise ShapeError(
            explain(
                f"{layer_name} got a list of one tensor.",
                expected="a tensor",
                got=f"[{_shapes(list(inputs))}]",
                fix="pass the tensor itself, without the list",
            )
        )
    if isinstance(inputs, dict) and all(s is not None and s.name in inputs for s in specs):
        values = [inputs[s.name] for s in specs]
    else:
        values = tree.flatten(inputs)
    if len(values) != len(specs):
        raise ShapeError(
            explain(
                f"{layer_name} got {len(values)} inputs.",
                expected=f"{len(specs)} inputs",
                got=_shapes(values),
            )
        )
    for index, (one, value) in enumerate(zip(specs, values, strict=True)):
        _check_one(one, value, layer_name if len(specs) == 1 else f"{layer_name}, input {index},")


def check_tensors(args: tuple[Any, ...], layer_name: str) -> None:
    """Raise InvalidArgumentError if a positional argument of a call holds what is no tensor.

    None is let through (an optional input), and after the first argument also plain values such as True.
    """
    for index, argument in enumerate(args):
        for leaf in tree.flatten(argument):
            is_tensor = leaf is None or hasattr(leaf, "shape")
            if isinstance(leaf, type | Operation) or (index == 0 and not is_tensor):
                what, fix = _stranger(leaf)
                raise InvalidArgumentError(
                    explain(f"{layer_name} got {what} as its input.", expected="a tensor", fix=fix)
                )


def _stranger(value: object) -> tuple[str, str]:
    """What a value that is no tensor is, and what to do about it."""
    if isinstance(value, type):
        return f"the class {value.__name__}", f"make one and call it: {value.__name__}(...)(x)"
    if isinstance(value, Operation):
        return (
            f'the {type(value).__name__} "{value.name}" itself',
            "call that on a tensor first, and pass the result",
        )
    if isinstance(value, int | float):
        return "plain numbers", "make an array of them: np.array([...])"
    if isinstance(value, str):
        return "text", "turn it into integers first"
    return f"a {type(value).__name__}", "make it an array first, or pass it by its keyword if it is no input"


def _check_one(spec: InputSpec | None, value: Any, where: str) -> None:
    if spec is None or (value is None and spec.optional):
        return
    if value is None:
        fix = "the function or layer that was to make it may lack its `return`"
        raise InvalidArgumentError(explain(f"{where} got None.", expected="a tensor", fix=fix))
    shape = tuple(value.shape)
    if spec.allow_last_axis_squeeze and spec.shape is not None:
        shape = adjusted_rank(shape, spec.shape)
    problem = _rank_problem(spec, len(shape)) or _size_problem(spec, shape)
    if problem:
        raise ShapeError(
            explain(
                f"{where} got an input of shape {tuple(value.shape)}.",
                expected=problem,
                fix=_advice(spec, shape),
            )
        )
    if spec.dtype is not None and dtypes.standardize_dtype(value.dtype) != spec.dtype:
        raise DTypeError(explain(f"{where} got an input of dtype {value.dtype}.", expected=spec.dtype))


def _rank_problem(spec: InputSpec, rank: int) -> str:
    if spec.ndim is not None and rank != spec.ndim:
        return f"{spec.ndim} axes, got {rank}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"at most {spec.max_ndim} axes, got {rank}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"at least {spec.min_ndim} axes, got {rank}"
    return ""


def _size_problem(spec: InputSpec, shape: tuple[int | None, ...]) -> str:
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            which = "last axis" if axis in (-1, len(shape) - 1) else f"axis {axis}"
            return f"{which} of size {size}: it was built on that"
    for expected, got in zip(spec.shape or (), shape, strict=False):
        if None not in (expected, got) and expected != got:
            return f"shape {spec.shape}"
    return ""


def _advice(spec: InputSpec, shape: tuple[int | None, ...]) -> str:
    wanted = spec.ndim if spec.ndim is not None else spec.min_ndim
    if wanted is not None and len(shape) == wanted - 1:
        return "add the missing axis: x[..., None] for a channel, x[None] for a single sample"
    if wanted is not None and len(shape) > wanted:
        return "flatten the input first, e.g. with a Flatten or global pooling layer"
    return "check the output of the layer before it, or make a new layer for this shape"


def _shapes(values: list[Any]) -> str:
    return ", ".join(
        str(tuple(value.shape)) if hasattr(value, "shape") else type(value).__name__ for value in values
    )
