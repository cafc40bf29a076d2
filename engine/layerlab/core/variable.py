"""Variable: a value with a path, a dtype, and a flag for training."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.context import context, naming_path
from layerlab.core.first_values import postpones
from layerlab.core.naming import auto_name, check_name
from layerlab.core.pending import finish_pending, pending
from layerlab.core.pickling import Serials
from layerlab.core.registry import lookup
from layerlab.core.weight_limit import claim
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.typing import Constraint, DTypeLike, InitializerLike, Regularizer, TensorLike

__all__ = ["Variable", "next_serial"]

if TYPE_CHECKING:
    from layerlab.typing import Operators
else:
    Operators = object  # `ops.operators` gives the class its operators

_serials = Serials()
_local = ("own_value", "_draw")  # what a copy makes anew, of the value as NumPy has it


def next_serial() -> int:
    """A number above those of all variables that were made so far."""
    return _serials.new()


class Variable(Operators):
    """A tensor whose value can be assigned: a weight, a counter, a random seed.

    It computes like an array. A layer that keeps one in an attribute trains and saves
    it; a compiled step sees each assignment, while Python numbers are constants of it.

    Args:
        initializer: an array-like; or a callable `(shape, dtype=...) -> array` or the
            name of an initializer, which need `shape`.
        shape: tuple of ints; needed with a callable. With an array None is the array's.
        dtype: a dtype name; None keeps an array's, and is floatx for a callable.
        trainable: whether optimizers change it; settable later.
        autocast: whether a floating value is cast when a mixed-precision layer reads
            it.
        aggregation, synchronization: how replicas are combined; kept for saving, unused
            on one device.
        name: the last part of the path; the open name scopes come before it.
    Raises: InvalidArgumentError for a callable without shape, or a name with '/';
        ShapeError for an array that does not broadcast to `shape`.

    Example:
        >>> import layerlab as keras
        >>> v = keras.Variable([1.0, 2.0], name="v")
        >>> v.assign_add([1.0, 1.0]).numpy()
        array([2., 3.], dtype=float32)
        >>> (v * 2).tolist()
        [4.0, 6.0]
    """

    tracked_as: ClassVar[str | None] = "variable"
    may_be_carried = False
    """Whether a step may assign it though the model does not hold it."""
    held = False
    """Whether it stays as it is though its layer is trained: something else is trained in its place."""
    rest: Variable | None = None  # of a sum: what its value has no room for (metrics.accumulators)

    def __init__(
        self,
        initializer: InitializerLike | TensorLike,
        shape: Shape | None = None,
        dtype: DTypeLike = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
    ) -> None:
        self.name = check_name(name or auto_name(type(self).__name__), "A variable")
        scope = naming_path()
        self.path = f"{scope}/{self.name}" if scope else self.name
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.overwrite_with_gradient = False
        self.regularizer: Regularizer | None = None
        self.constraint: Constraint | None = None
        self._trainable = bool(trainable)
        self.designed_trainable = self._trainable  # what freezing and unfreezing its layer goes back to
        self._draw: Callable[[], Array] | None = None  # the first value, as long as it is postponed
        self.serial = _serials.new()  # layers list their own variables in the order in which they were made
        # A layer may be built while its call is being traced; its weights are real all the same.
        with backend().concrete():
            value = self._initial_value(initializer, shape, dtype)
            self.dtype = backend().dtype_name(value)
            # Any: only the back end knows it, on PyTorch it may have a gradient.
            self.own_value: Any = backend().leaf(value, self._trainable)
        self.shape: Shape = tuple(int(size) for size in value.shape)

    def _initial_value(
        self, initializer: InitializerLike | TensorLike, shape: Shape | None, dtype: DTypeLike
    ) -> Array:
        if isinstance(initializer, str):
            found = lookup("initializers", initializer)
            initializer = found() if isinstance(found, type) else found
        if not callable(initializer):
            wanted = None if dtype is None else dtypes.standardize_dtype(dtype)
            if wanted is None and not hasattr(initializer, "dtype"):
                kind = np.asarray(initializer).dtype.kind
                wanted = {"f": dtypes.standardize_dtype(None), "i": "int32", "b": "bool"}.get(kind)
            value = backend().asarray(initializer, wanted)
            if shape is not None and tuple(value.shape) != tuple(shape):
                claim(self.path, shape, backend().dtype_name(value))
                value = self._broadcast(value, tuple(shape))
            return value
        if shape is None:
            raise InvalidArgumentError(
                explain(
                    f"Variable '{self.path}' has a callable initializer but no shape.", fix="pass shape=(...)"
                )
            )
        wanted = dtypes.standardize_dtype(dtype)
        claim(self.path, shape, wanted)
        draw = functools.partial(initializer, tuple(shape), dtype=wanted)
        if postpones(initializer, self._draw_first_value):
            self._draw = draw
            return backend().asarray(np.zeros(shape, dtypes.numpy_dtype(wanted)), wanted)
        return backend().asarray(draw(), wanted)

    def _draw_first_value(self) -> None:
        """Take the postponed first value, unless another one was assigned."""
        if self._draw is not None:
            self.assign(self._draw())

    def _broadcast(self, value: Array, shape: Shape) -> Array:
        try:
            return backend().xp.broadcast_to(value, shape)
        except (ValueError, RuntimeError) as error:
            raise ShapeError(
                explain(
                    f"Variable '{self.path}' cannot begin with a value of another shape.",
                    expected=str(shape),
                    got=str(tuple(value.shape)),
                )
            ) from error

    @property
    def value(self) -> Array:
        """The array that holds now, cast where autocast says so.

        Inside a compiled step it is the value after the assignments so far.
        """
        value = self.present_value()
        wanted = context.autocast_dtype
        if wanted is not None and self.autocast and wanted != self.dtype and dtypes.is_float(self.dtype):
            return backend().cast(value, wanted)
        return value

    @property
    def value_dtype(self) -> str:
        """The dtype that `value` has here, without reading it."""
        wanted = context.autocast_dtype
        if wanted is None or not self.autocast or not dtypes.is_float(self.dtype):
            return self.dtype
        return wanted

    def settled_value(self) -> Array:
        """The own value, when nothing is under way that replaces it."""
        if pending.works:
            finish_pending()
        return self.own_value

    def present_value(self) -> Array:
        """The value in the variable's own dtype, without autocast."""
        scope = context.state_scope
        return self.settled_value() if scope is None else scope.read(self)

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the variable."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value) and not self.held
        self.own_value = backend().leaf(self.own_value, self._trainable)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def assign(self, value: TensorLike) -> Variable:
        """Replace the value.

        Inside a compiled step the assignment is recorded, and takes place when the step
        is done.

        Args:
            value: array-like of the variable's shape; it is cast to its dtype.
        Returns: the variable.
        Raises: ShapeError for another shape.

        Example:
            >>> import layerlab as keras
            >>> v = keras.Variable([1.0, 2.0])
            >>> v.assign([3.0, 4.0]).numpy()
            array([3., 4.], dtype=float32)
        """
        value = value.value if isinstance(value, Variable) else value
        array = backend().asarray(value, self.dtype)
        if tuple(array.shape) != self.shape:
            raise ShapeError(
                explain(
                    f"Variable '{self.path}' cannot be assigned a value of another shape.",
                    expected=str(self.shape),
                    got=str(tuple(array.shape)),
                )
            )
        scope = context.state_scope
        if scope is not None:
            scope.write(self, array)
        else:
            finish_pending()
            # A copy: a training step gives the memory of its old state away, this must not be anyone else's.
            array = backend().copy(array) if array is value else array
            self.own_value = backend().write(self.own_value, array)
            self._draw = None
        return self

    def assign_add(self, value: TensorLike) -> Variable:
        """Add to the value.

        Args:
            value: array-like of the variable's shape.
        Returns: the variable.
        """
        return self._assign_with(lambda mine, other: mine + other, value)

    def assign_sub(self, value: TensorLike) -> Variable:
        """Subtract from the value.

        Args:
            value: array-like of the variable's shape.
        Returns: the variable.
        """
        return self._assign_with(lambda mine, other: mine - other, value)

    def _assign_with(self, combine: Callable[[Array, Array], Array], value: TensorLike) -> Variable:
        mine = self.present_value()
        other = backend().asarray(value.value if isinstance(value, Variable) else value, self.dtype)
        with backend().inference():
            return self.assign(combine(mine, other))

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        return backend().to_numpy(self.value)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __jax_array__(self) -> Array:
        return self.value

    @classmethod
    def __torch_function__(cls, function: Any, types: object, args: Any = (), kwargs: Any = None) -> Any:
        def unwrap(x: object) -> Any:
            return x.value if isinstance(x, Variable) else x

        unwrapped = [[unwrap(y) for y in x] if isinstance(x, list) else unwrap(x) for x in args]
        return function(*unwrapped, **{key: unwrap(x) for key, x in (kwargs or {}).items()})

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"Variable '{self.path}' is a scalar and has no length")
        return self.shape[0]

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name not in _local}
        return {**state, "value": backend().to_numpy(self.settled_value())}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        value = state.pop("value")
        vars(self).update(state, _draw=None)
        _serials.keep(self.serial)
        with backend().concrete():
            self.own_value = backend().leaf(backend().asarray(value, self.dtype), self._trainable)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"
