"""What a back end offers: the Array API namespace `xp`, and the primitives it does not cover.

Each back end is a package (`backend/jax`, `backend/torch`, `backend/numpy`) whose module-level names
satisfy `Backend`. Callers have promoted dtypes by our table (`layerlab.dtypes`) before they call;
layouts are channels-last; padding is explicit. A back end that cannot do something raises
UnsupportedError. Dtypes are passed as standard names ('float32', 'bfloat16', 'bool' ...).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeGuard

import numpy as np

from layerlab.typing import Array, Shape, State

__all__ = ["BORROWED", "Array", "ArraySpec", "Backend", "Loop", "Padding", "Shape", "StateGrew"]

Padding = Sequence[tuple[int, int]]  # (before, after) per spatial axis

BORROWED = "borrowed"
"""The group of a step's state that others hold as well: its memory is never given away."""


class StateGrew(Exception):
    """Raised by a step while it is traced: it uses a variable that its state lacked. The state has it now."""


@dataclass(frozen=True)
class ArraySpec:
    """Shape and dtype of an array that does not exist: input and output of `eval_shape`."""

    shape: Shape
    dtype: str


class Loop(Protocol):
    """Many steps as one program."""

    few: int
    """For so few batches a call takes longer than steps one by one."""

    def __call__(self, state: State, batches: list[Any]) -> tuple[Any, Any, Any] | None:
        """A step on each batch, which are arrays of equal shapes on the host.

        Returns: (state, outputs of the last step, outputs of all steps stacked along a new first axis, which
        may be longer); None, with nothing done, if such a step is slower in a loop than alone.
        """

    def rest(self) -> None:
        """Give back the memory that is held between two calls."""


class Backend(Protocol):
    """All functions are pure unless they say otherwise."""

    @property
    def name(self) -> str: ...

    @property
    def can_train(self) -> bool: ...

    @property
    def jit_by_default(self) -> bool:
        """Whether `jit_compile="auto"` compiles steps."""

    @property
    def projects_ahead(self) -> bool:
        """Whether a recurrent layer is faster if it computes the inputs' part of all steps before its loop.
        XLA's loops on a CPU are slower to read such a part than to compute it."""

    @property
    def xp(self) -> Any:
        """Array API namespace (2024.12) plus what jax.numpy, numpy and our torch namespace share; index
        results are int32; take_along_axis, mean(int) and flips behave as in NumPy."""

    # -- arrays -------------------------------------------------------------------------------

    def is_array(self, x: object) -> TypeGuard[Array]:
        """True for an array (or tracer) of this back end; False for NumPy arrays elsewhere."""

    def asarray(self, x: object, dtype: str | None = None) -> Array:
        """Convert Python scalars, nested lists, NumPy arrays, arrays of other back ends. With
        dtype None, an array keeps its own; float64 is kept only if asked for."""

    def to_numpy(self, x: Array) -> np.ndarray:
        """A NumPy array (bfloat16 as ml_dtypes.bfloat16); detached, copied from the device."""

    def is_on_host(self, x: Array) -> bool:
        """Whether NumPy can read the array where it is, without a transfer from a device."""

    def copy(self, x: Array) -> Array:
        """An array of the same values, in memory of its own."""

    def cast(self, x: Array, dtype: str) -> Array: ...

    def dtype_name(self, x: Array) -> str:
        """The standard dtype name of an array."""

    def set_at(
        self, x: Array, index: object, values: Array, mode: Literal["set", "add", "max", "min"]
    ) -> Array:
        """A new array with x[index] replaced or accumulated; duplicate indices accumulate."""

    def leaf(self, value: Array, trainable: bool) -> Array:
        """The array that a Variable holds (torch: an nn.Parameter)."""

    def write(self, current: Array, value: Array) -> Array:
        """The array a Variable holds after an assignment. torch: in place in `current`, which is returned."""

    def block_until_ready(self, x: object) -> None:
        """Wait for the computation of the arrays in a tree."""

    def inference(self) -> AbstractContextManager[Any]:
        """A context without gradient bookkeeping (torch: no_grad)."""

    def taped(self) -> AbstractContextManager[Any]:
        """A context in which users may differentiate as the back end does (torch: enable_grad)."""

    def concrete(self) -> AbstractContextManager[Any]:
        """A context in which arrays are real even while `eval_shape` or `jit` traces: a layer that is built
        inside an abstract evaluation makes its variables here."""

    def is_abstract(self, x: Array) -> bool:
        """True while `x` has no values yet: a tracer under jit, grad or eval_shape; a fake tensor."""

    def needed(self, error: BaseException) -> Literal["value", "array", "mask", "assignment"] | None:
        """What code wanted that an array cannot give, if that is what the error says. Of an abstract one: its
        value (a Python `if`), itself as a NumPy array, the elements that a condition picks. Of one that
        never changes: an assignment to elements."""

    # -- random numbers: `key` is uint32 of shape (2,), (seed, counter) --------------------------

    def random_uniform(self, key: Array, shape: Shape, dtype: str, low: float, high: float) -> Array: ...

    def random_normal(self, key: Array, shape: Shape, dtype: str) -> Array:
        """Standard normal values."""

    def random_truncated_normal(self, key: Array, shape: Shape, dtype: str) -> Array:
        """Standard normal values within two standard deviations."""

    def random_integers(self, key: Array, shape: Shape, dtype: str, low: int, high: int) -> Array:
        """Integers in [low, high)."""

    def random_categorical(self, key: Array, logits: Array, samples: int, dtype: str) -> Array:
        """(batch, samples) class indices drawn from (batch, classes) logits."""

    def random_permutation(self, key: Array, x: Array, axis: int) -> Array: ...

    def random_gamma(self, key: Array, shape: Shape, alpha: Array, dtype: str) -> Array: ...

    # -- neural network primitives ----------------------------------------------------------------

    def conv(
        self,
        x: Array,  # (batch, *spatial, channels)
        kernel: Array,  # (*window, channels // groups, filters)
        strides: Sequence[int],
        padding: Padding,
        dilation: Sequence[int],
        groups: int,
    ) -> Array:
        """Cross-correlation, (batch, *spatial_out, filters)."""

    def conv_transpose(
        self,
        x: Array,  # (batch, *spatial, channels)
        kernel: Array,  # (*window, filters, channels)
        strides: Sequence[int],
        crop: Padding,
        dilation: Sequence[int],
    ) -> Array:
        """The gradient of `conv` towards its input, of full size
        (n - 1) * stride + dilation * (window - 1) + 1 per axis, then cropped (negative: zero-padded)."""

    def max_pool(self, x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
        """Padded with the lowest value; (batch, *spatial, channels)."""

    def sum_pool(self, x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
        """Sums over windows, padded with zeros (average pooling divides by the counts)."""

    def relu(self, x: Array) -> Array:
        """x where positive, else 0; the gradient at 0 is 0."""

    def sigmoid(self, x: Array) -> Array:
        """1 / (1 + exp(-x)), and its gradient, without overflow."""

    def softmax(self, x: Array, axis: int) -> Array: ...

    def log_softmax(self, x: Array, axis: int) -> Array: ...

    def erf(self, x: Array) -> Array: ...

    def erfinv(self, x: Array) -> Array: ...

    def lgamma(self, x: Array) -> Array: ...

    def digamma(self, x: Array) -> Array: ...

    @property
    def attention(self) -> Callable[..., Array] | None:
        """`attention(query, key, value, allowed, is_causal, scale)`: softmax(query . key * scale) . value
        by one kernel, for (batch, time, heads, depth) with equal numbers of heads; `allowed` is bool and
        broadcasts to (batch, heads, time, source), or None. Where nothing is allowed, weights are equal.
        None where formulas are compiled anyway."""

    @property
    def batch_norm(self) -> Callable[..., tuple[Array, Array, Array]] | None:
        """`batch_norm(x, gamma, beta, epsilon)`: x (..., features) with mean 0 and variance 1 over all axes
        but the last, times gamma, plus beta (features,) or None, all of one dtype; gives the result, and
        the mean and variance that x had, which have no gradients. None where formulas are compiled
        anyway."""

    @property
    def gelu(self) -> Callable[[Array, bool], Array] | None:
        """`gelu(x, approximate)` by one kernel; None where formulas are compiled anyway."""

    @property
    def layer_norm(self) -> Callable[..., Array] | None:
        """`layer_norm(x, gamma, beta, axes, epsilon)` over the last `axes` axes, gamma and beta of their
        sizes or None, all of one dtype; None where formulas are compiled anyway."""

    def einsum(self, subscripts: str, *operands: Array) -> Array: ...

    def top_k(self, x: Array, k: int) -> tuple[Array, Array]:
        """The k largest along the last axis, largest first, lowest index first at ties: (values, indices)."""

    def segment_sum(self, data: Array, segment_ids: Array, num_segments: int) -> Array: ...

    def segment_max(self, data: Array, segment_ids: Array, num_segments: int) -> Array: ...

    # -- control flow -------------------------------------------------------------------------------

    def scan(
        self,
        step: Callable[[Any, Any], tuple[Any, Any]],
        carry: Any,
        xs: Any,
        length: int | None,
        reverse: bool,
    ) -> tuple[Any, Any]:
        """`lax.scan`: step(carry, x) -> (carry, y) over the first axis of the arrays in tree xs."""

    def cond(
        self, predicate: Array, if_true: Callable[..., Any], if_false: Callable[..., Any], *operands: Any
    ) -> Any: ...

    def while_loop(
        self, condition: Callable[[Any], Array], body: Callable[[Any], Any], state: object
    ) -> Any: ...

    # -- transforms -----------------------------------------------------------------------------------

    def value_and_grad(self, function: Callable[..., Any], has_aux: bool = False) -> Callable[..., Any]:
        """Differentiates a scalar function towards its first argument, a dict (or tree) of arrays; an array
        that the result does not depend on has gradient zero. Returns ((value, aux) or value, gradients);
        all of them are free of gradient bookkeeping."""

    def stop_gradient(self, x: Array) -> Array: ...

    def custom_gradient(self, function: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
        """`function(*args) -> (output, gradient_function)`, where gradient_function(upstream) gives the
        gradients of args."""

    def checkpoint(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Recompute intermediate values in the backward pass."""

    def jit(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile a function of trees of arrays; identity where there is no compiler."""

    def vmap(
        self, function: Callable[..., Any], in_axes: int | Sequence[int | None] = 0
    ) -> Callable[..., Any]: ...

    def eval_shape(self, function: Callable[..., Any], *args: object) -> Any:
        """Abstract evaluation: `args` is a tree with ArraySpec leaves (other leaves are passed as they
        are); returns the tree of results with each array replaced by its ArraySpec."""

    # -- execution of a training step -------------------------------------------------------------------

    def compile_step(
        self, step: Callable[[Any, Any], tuple[Any, Any]], *, jit: bool, donate: bool, repeats: bool
    ) -> Callable[..., Any]:
        """The way to run `step(state, batch) -> (state, outputs)`; the state is a dict of dicts of arrays.
        `donate` allows the memory of the old state to be reused: it must not be read again. That of the group
        `BORROWED` is not. A step that is traced may raise StateGrew, which is passed on. `repeats` says
        that the step does the same operations for all batches of a shape, so that Python need not run it
        each time. What is returned may have a method `prepare(state, batch)`, which gets ready for batches
        like this one in the background."""

    @property
    def fused_adam(self) -> Callable[..., tuple[Array, Array, Array]] | None:
        """`fused_adam(value, gradient, momentum, velocity, alpha, beta_1, beta_2, epsilon)` gives the new
        value, momentum and velocity by one kernel; None where formulas are compiled anyway. Floating arrays
        of one dtype; `alpha`, a scalar array, holds the bias correction."""

    @property
    def lstm(self) -> Callable[..., tuple[Array, Array, Array]] | None:
        """`lstm(x, h, c, kernel, recurrent, bias)`: x (batch, time, features), weights as in LSTMCell;
        gives the outputs of all steps, (batch, time, units), and the last h and c; None where `scan` is as
        fast."""

    @property
    def compile_loop(self) -> Callable[..., Loop | None] | None:
        """`compile_loop(step, *, jit, repeats, capacity, donate, keep_all)` gives the Loop for up to
        `capacity` batches a call; None where many steps in one call are no faster than one by one. Outputs
        that are no scalars are stacked if `keep_all`, else None."""
