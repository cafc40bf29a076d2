"""The symbolic graph: KerasTensor, Node, and Operation, which records one node per symbolic call.

A KerasTensor has a shape (None where unknown) and a dtype, no values. Calling an operation on
one yields others and leaves a Node that knows what was called on what.
"""

from __future__ import annotations

import bisect
import contextlib
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Self

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import ArraySpec
from layerlab.core.context import context
from layerlab.core.foreign_errors import raise_told, retold
from layerlab.core.inferred_sizes import (
    STAND_INS,
    fitting_sizes,
    mentions_made_up,
    with_sizes,
    without_made_up,
)
from layerlab.core.naming import auto_name, check_name
from layerlab.core.pickling import Portable, Serials, nothing
from layerlab.core.state import StateScope
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, LayerlabError, UnsupportedError, explain
from layerlab.typing import Array, DTypeLike, OpenShape
from layerlab.typing import Operators as ArrayOperators

__all__ = [
    "History",
    "KerasTensor",
    "Node",
    "Operation",
    "any_symbolic",
    "infer_spec",
    "is_symbolic",
    "symbolic_tensors",
]

if TYPE_CHECKING:

    class Operators(ArrayOperators):
        """What `ops.operators` gives the class."""

        def __round__(self, ndigits: int | None = None) -> Array: ...
        def reshape(self, newshape: int | Sequence[int | None]) -> Array: ...
        def squeeze(self, axis: int | Sequence[int] | None = None) -> Array: ...
else:
    Operators = object

_serials = Serials()  # of nodes: copies of an operation's calls keep their order
_by_serial = operator.attrgetter("serial")


class History(NamedTuple):
    """Which call of which operation made a tensor, and the place of the tensor in its outputs."""

    operation: Operation
    node_index: int
    tensor_index: int


class KerasTensor(Portable, Operators):
    """A tensor of a model's graph: a shape and a dtype without values.

    `Input` makes one; calling layers and ops on it makes others and records how. It has
    the operators of an array: `x + 1`, `x @ w`, `x[:, 0]`.

    Args:
        shape: ints, and None where the size is open, mostly the batch's.
        dtype: dtype name.
        sparse, ragged: for calls written for Keras; True raises UnsupportedError.
        record_history: whether calls on this tensor leave nodes in the graph.
        name: automatic when None.
    Raises: UnsupportedError; InvalidArgumentError for unknown arguments.

    Example:
        >>> import layerlab as keras
        >>> x = keras.KerasTensor((None, 4), name="x")
        >>> x.shape, x.dtype, (x[:, :2] + 1).shape
        ((None, 4), 'float32', (None, 2))
    """

    # The copy of its node sets the one; the other may come from a node that is not copied.
    _not_copied: ClassVar[Mapping[str, Callable[[], Any]]] = {
        "_keras_history": nothing,
        "_keras_mask": nothing,
    }

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: DTypeLike = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: object,
    ) -> None:
        if kwargs:
            raise InvalidArgumentError(explain("KerasTensor got unknown arguments.", got=", ".join(kwargs)))
        if sparse or ragged:
            raise UnsupportedError(
                explain("Sparse and ragged tensors are not supported.", fix="use a dense tensor")
            )
        self.shape = tuple(None if size is None else int(size) for size in shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.sparse = False
        self.ragged = False
        self.ragged_rank = self.row_splits_dtype = None
        self.record_history = record_history
        self.name = name or auto_name(type(self).__name__)
        self._keras_history: History | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def history(self) -> History:
        """The call that made this tensor; raises for a tensor that no call made."""
        if self._keras_history is None:
            raise InvalidArgumentError(f"KerasTensor '{self.name}' was not made by a layer or op.")
        return self._keras_history

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"KerasTensor '{self.name}' has no known length: its shape is {self.shape}")
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError(
            explain(
                f"A symbolic tensor ('{self.name}') has no truth value.",
                fix="use ops.where or ops.cond instead of a Python 'if', or put the 'if' into a layer",
            )
        )

    def __array__(self, dtype: DTypeLike = None, copy: bool | None = None) -> NoReturn:
        raise UnsupportedError(
            explain(
                f"A symbolic tensor ('{self.name}') holds no values and cannot become a NumPy array.",
                fix="use functions of layerlab.ops, or wrap the code in a Layer",
            )
        )

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def is_symbolic(value: object) -> bool:
    """True for a KerasTensor."""
    return isinstance(value, KerasTensor)


def any_symbolic(args: Any, kwargs: Any) -> bool:
    """True if a KerasTensor is among the arguments, nested ones included."""
    for value in args:
        if isinstance(value, KerasTensor) or (tree.is_nested(value) and symbolic_tensors(value)):
            return True
    return bool(kwargs) and any_symbolic(tuple(kwargs.values()), None)


def symbolic_tensors(structure: object) -> list[KerasTensor]:
    """The KerasTensors in a structure, in order."""
    return [leaf for leaf in tree.flatten(structure) if isinstance(leaf, KerasTensor)]


class Node:
    """One symbolic call: operation, arguments, outputs.

    `parents` are the nodes that made the input tensors. A copy enters itself at its operation and tensors,
    which are copied without their nodes: graphs of any depth are copied in a row, not one node in the next.
    """

    def __init__(
        self, operation: Operation, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: object
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        self.input_tensors = symbolic_tensors((args, kwargs))
        self.output_tensors = [leaf for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)]
        self.serial = _serials.new()
        operation._inbound_nodes.append(self)
        self._take_place(len(operation._inbound_nodes) - 1)
        for parent in self.parents:
            parent.operation._outbound_nodes.append(self)

    def _take_place(self, index: int) -> None:
        self.index = index
        for place, tensor in enumerate(self.output_tensors):
            tensor._keras_history = History(self.operation, index, place)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        _serials.keep(self.serial)
        # The operation may be waiting for its own state, if this graph is part of it.
        nodes: list[Node] = vars(self.operation).setdefault("_inbound_nodes", [])
        bisect.insort(nodes, self, key=_by_serial)
        for index, node in enumerate(nodes):
            node._take_place(index)
        for parent in self.parents:
            vars(parent.operation).setdefault("_outbound_nodes", []).append(self)

    @property
    def is_input(self) -> bool:
        """True for the node of an Input."""
        return not self.input_tensors

    @property
    def parents(self) -> list[Node]:
        """The nodes that made the input tensors, without those made outside of any call."""
        histories = [tensor._keras_history for tensor in self.input_tensors]
        return [history.operation._inbound_nodes[history.node_index] for history in histories if history]

    def fill(self, values: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with each symbolic tensor replaced by `values[id(tensor)]`."""

        def replace(leaf: object) -> Any:
            return values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

        if len(self.args) == 1 and isinstance(self.args[0], KerasTensor) and not self.kwargs:
            return (values[id(self.args[0])],), {}
        return tree.map_structure(replace, self.args), tree.map_structure(replace, self.kwargs)

    def __repr__(self) -> str:
        return f"<Node {self.operation.name}#{self.index}>"


class Operation(Portable):
    """Something to be called on tensors or symbolic tensors: a layer, a model, an op.

    A subclass implements `call`; the shape and dtype of its outputs follow by abstract
    evaluation. On a KerasTensor a call records a node of the graph, on arrays it
    computes.

    Args:
        name: no '/'; automatic when None.
    Raises: InvalidArgumentError for a name that is no text, or has a '/'.

    Example:
        >>> class Twice(Operation):
        ...     def call(self, x):
        ...         return x * 2
        >>> Twice()(KerasTensor((None, 3))).shape
        (None, 3)
    """

    name: str
    _bookkeeping = frozenset(("_inbound_nodes", "_outbound_nodes"))
    _inbound_nodes: list[Node]
    _outbound_nodes: list[Node]
    _not_copied: ClassVar[Mapping[str, Callable[[], Any]]] = {"_inbound_nodes": list, "_outbound_nodes": list}

    def __init__(self, name: str | None = None) -> None:
        self.name = check_name(name or auto_name(type(self).__name__), f"A {type(self).__name__}")
        self._inbound_nodes = []
        self._outbound_nodes = []

    def __call__(self, *args: object, **kwargs: object) -> Any:
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation on tensors; to be overridden.

        Args:
            *args, **kwargs: tensors and plain values. A layer's `call` may also take
                `training` and `mask`, and is given them.
        Returns: a tensor or a structure of tensors.
        Raises: UnsupportedError where no subclass defines it.
        """
        raise UnsupportedError(
            explain(f"{type(self).__name__} has no call method.", fix="define call(self, inputs)")
        )

    def symbolic_call(self, *args: object, **kwargs: object) -> Any:
        """Infer the outputs for symbolic inputs, and record a node of the graph.

        Args:
            *args, **kwargs: as of `call`.
        Returns: KerasTensors.
        """
        outputs = self.compute_output_spec(*args, **kwargs)
        return self.record_call(args, kwargs, outputs)

    def record_call(self, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: object) -> Any:
        """Leave a node in the graph that says what was called on what, and gave what.

        Args:
            args: positional arguments of the call, KerasTensors among them.
            kwargs: arguments by name.
            outputs: KerasTensors that the call gave; one that is an input as well is
                copied.
        Returns: the outputs.
        """
        tensors = symbolic_tensors((args, kwargs))
        if all(tensor.record_history for tensor in tensors):
            # An operation may hand an input through; as an output it is a tensor of its own.
            known = {id(tensor) for tensor in tensors}
            outputs = tree.map_structure(lambda leaf: _copy(leaf) if id(leaf) in known else leaf, outputs)
            Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: object, **kwargs: object) -> Any:
        """KerasTensors like the outputs: their shapes and dtypes.

        Args:
            *args, **kwargs: as of `call`, with KerasTensors in place of arrays.
        """
        return infer_spec(self.call, *args, **kwargs)

    @property
    def input(self) -> Any:
        """The symbolic tensor, or structure of tensors, that it was first called on."""
        node = self._first_node("input")
        tensors = node.args[0] if len(node.args) == 1 else list(node.args)
        return node.outputs if node.is_input else tensors

    @property
    def output(self) -> Any:
        """The symbolic tensor, or structure of tensors, that its first call gave."""
        return self._first_node("output").outputs

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise AttributeError(f"'{self.name}' has no {what}: it was never called on a symbolic tensor")
        return self._inbound_nodes[0]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal operation, as JSON-like values."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new operation like the one whose `get_config` this is.

        Args:
            config: the constructor's arguments.
        """
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def infer_spec(function: Callable[..., Any], *args: object, **kwargs: object) -> Any:
    """KerasTensors with the shapes and dtypes that `function` gives for arguments like these.

    Evaluates abstractly, with several stand-ins for unknown sizes; where the results differ the size is
    unknown. Where made-up sizes do not fit, those are taken that do (`inferred_sizes`). Nothing that
    is assigned inside takes effect.
    """
    shapes = [tensor.shape for tensor in symbolic_tensors((args, kwargs))]

    def infer(shapes: Sequence[OpenShape], stand_ins: Sequence[int]) -> Any:
        def evaluate(stand_in: int | None) -> Any:
            return _evaluate(
                function, args, kwargs, [with_sizes(shape, stand_in) for shape in shapes], stand_in
            )

        return _agreed(evaluate, stand_ins if _has_unknown(shapes) else (None,))

    try:
        return infer(shapes, STAND_INS)
    except Exception as error:
        told = retold(error, _described(function), args if not kwargs else (*args, *kwargs.values()))
        is_of_user = told is None and not isinstance(error, LayerlabError)
        if _has_unknown(shapes) and (is_of_user or mentions_made_up(str(error))):
            for fitting, stand_ins in fitting_sizes(shapes, str(error)):
                with contextlib.suppress(Exception):
                    return infer(fitting, stand_ins)
        _hide_made_up(told or error)
        raise_told(told, error)
        raise


def _has_unknown(shapes: Sequence[OpenShape]) -> bool:
    return any(None in shape for shape in shapes)


def _agreed(evaluate: Callable[[int | None], Any], stand_ins: Sequence[int | None]) -> Any:
    """What is equal in the results for the first stand-in and for the first other that can be evaluated."""
    first = evaluate(stand_ins[0])
    if len(stand_ins) == 1:
        return tree.map_structure(_to_symbolic, first)
    for stand_in in stand_ins[1:-1]:
        with contextlib.suppress(Exception):
            return tree.map_structure(_merge, first, evaluate(stand_in))
    return tree.map_structure(_merge, first, evaluate(stand_ins[-1]))


def _evaluate(
    function: Callable[..., Any],
    args: object,
    kwargs: object,
    sizes: Sequence[tuple[int, ...]],
    stand_in: int | None,
) -> Any:
    remaining = iter(sizes)
    leaves = [
        ArraySpec(next(remaining), leaf.dtype) if isinstance(leaf, KerasTensor) else leaf
        for leaf in tree.flatten((args, kwargs))
    ]

    def call(specs: tuple[Any, dict[str, Any]]) -> Any:
        with StateScope():
            result = function(*specs[0], **specs[1])
        return tree.map_structure(lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, result)

    # Inside another inference its stand-in goes on: the sizes of these arguments come from it.
    previous, context.stand_in = context.stand_in, stand_in or context.stand_in
    try:
        return backend().eval_shape(call, tree.pack((args, kwargs), leaves))
    finally:
        context.stand_in = previous


def _hide_made_up(error: Exception) -> None:
    if isinstance(error, LayerlabError):
        error.args = tuple(without_made_up(arg) if isinstance(arg, str) else arg for arg in error.args)


def _described(function: Callable[..., Any]) -> str:
    owner = getattr(function, "__self__", None)
    if isinstance(owner, Operation):
        return f'{type(owner).__name__} "{owner.name}"'
    return _function_name(function)


def _function_name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", str(function))


def _merge(first: Any, second: Any) -> Any:
    if not isinstance(first, ArraySpec):
        return first
    shape = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
    return KerasTensor(shape, first.dtype)


def _to_symbolic(leaf: object) -> Any:
    return KerasTensor(leaf.shape, leaf.dtype) if isinstance(leaf, ArraySpec) else leaf


def _copy(tensor: KerasTensor) -> KerasTensor:
    return KerasTensor(tensor.shape, tensor.dtype)
