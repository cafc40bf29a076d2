"""Input: where a graph begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import dtypes
from layerlab.core.layer import Layer
from layerlab.core.symbolic import KerasTensor, Node
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import refuse
from layerlab.numeric import is_integer
from layerlab.typing import DTypeLike, OpenShape

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """The beginning of a graph: one tensor that is fed from outside.

    `Input` makes one and gives its tensor; a model lists it among its layers.

    Args:
        shape: of one sample, None where unknown. Either this or `batch_shape`.
        batch_size: size of the batch axis; None leaves it open.
        dtype: dtype name; None is floatx.
        sparse, ragged: for calls written for Keras; True raises UnsupportedError.
        batch_shape: shape with the batch axis first.
        input_tensor: a KerasTensor to use instead of a new one.
        optional: whether None may be fed.
        name: of the layer, and the key by which a dict of inputs names it; automatic
            when None.
        **kwargs: `input_shape` and `batch_input_shape`, older names of the shapes.
    Output shape: (batch, *shape)
    Raises: InvalidArgumentError for no shape, two of them, or sizes that are none.

    Example:
        >>> InputLayer((8,), name="features").output.shape
        (None, 8)
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: DTypeLike = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Sequence[int | None] | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse("Input", sparse=sparse, ragged=ragged)
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name, dtype=None, **kwargs)
        if input_tensor is None:
            full_shape = _batch_shape(shape, batch_size, batch_shape)
            input_tensor = KerasTensor(full_shape, dtypes.standardize_dtype(dtype), name=self.name)
        elif not isinstance(input_tensor, KerasTensor):
            raise InvalidArgumentError(
                explain(
                    "Input got a bad `tensor`.", expected="a KerasTensor", got=type(input_tensor).__name__
                )
            )
        else:
            _check_agreement(input_tensor, dtype, batch_shape)
        self.batch_shape: OpenShape = input_tensor.shape
        self.sparse = False
        self.ragged = False
        self.optional = optional
        self._dtype = input_tensor.dtype
        Node(self, (), {}, input_tensor)
        self.built = True

    def call(self) -> None:
        """An input computes nothing."""

    @property
    def dtype(self) -> str:
        """Dtype of the tensor."""
        return self._dtype

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: DTypeLike = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor to begin a model with: it has a shape and a dtype, no values.

    Calling layers on it records a graph, and `Model(inputs, outputs)` makes a model of
    the graph. As first item of a Sequential it says what the model is fed.

    Args:
        shape: of one sample, None where unknown: `(28, 28, 1)`. Either this or
            `batch_shape`.
        batch_size: size of the batch axis; None leaves it open.
        dtype: dtype name, such as "int32" for word numbers; None is floatx.
        sparse, ragged: for calls written for Keras; True raises UnsupportedError.
        batch_shape: shape with the batch axis first: `(None, 28, 28, 1)`.
        name: the key by which a dict of inputs names it; automatic when None.
        tensor: a KerasTensor of another graph to begin with, instead of a new one.
        optional: whether None may be fed.
    Returns: a KerasTensor of shape (batch, *shape).
    Raises: InvalidArgumentError for no shape, two of them, or sizes that are none;
        UnsupportedError for `sparse` or `ragged`.

    Example:
        >>> import layerlab as keras
        >>> image = Input((28, 28, 1), name="image")
        >>> image.shape, keras.layers.Flatten()(image).shape
        ((None, 28, 28, 1), (None, 784))
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output


def _batch_shape(shape: Any, batch_size: int | None, batch_shape: Sequence[int | None] | None) -> OpenShape:
    if (shape is None) == (batch_shape is None):
        given = "neither" if shape is None else "both"
        raise InvalidArgumentError(
            explain("Input takes either `shape` or `batch_shape`.", got=given, fix="Input(shape=(8,))")
        )
    if batch_size is not None and batch_shape is not None:
        raise InvalidArgumentError(
            explain("Input got `batch_size` and `batch_shape`.", fix="give one of them")
        )
    full = (batch_size, *_sizes(shape)) if batch_shape is None else _sizes(batch_shape)
    return full


def _sizes(shape: Sequence[int | None]) -> OpenShape:
    if not isinstance(shape, list | tuple):
        fix = f"shape=({shape},)" if is_integer(shape) else ""
        raise InvalidArgumentError(
            explain("Input got a bad shape.", expected="a tuple of sizes", got=repr(shape), fix=fix)
        )
    for size in shape:
        if size is not None and (isinstance(size, bool) or not hasattr(size, "__index__") or size < 0):
            raise InvalidArgumentError(
                explain("Input got a bad shape.", expected="sizes that are integers or None", got=str(shape))
            )
    return tuple(None if size is None else int(size) for size in shape)


def _check_agreement(tensor: KerasTensor, dtype: DTypeLike, batch_shape: Sequence[int | None] | None) -> None:
    if dtype is not None and dtypes.standardize_dtype(dtype) != tensor.dtype:
        raise InvalidArgumentError(
            explain("Input's `tensor` has another dtype.", expected=str(dtype), got=tensor.dtype)
        )
    if batch_shape is not None and tuple(batch_shape) != tensor.shape:
        raise InvalidArgumentError(
            explain(
                "Input's `tensor` has another shape.", expected=str(tuple(batch_shape)), got=str(tensor.shape)
            )
        )
