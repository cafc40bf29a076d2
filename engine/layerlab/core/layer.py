"""Layer: an operation with variables.

`__call__` is the whole life of a call: convert, build, context, call or record a node, masks.
Imports the rest of core and, for arithmetic on variables, nothing else: a layer's own formula imports ops.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core import keras_names
from layerlab.core.call_spec import CallSpec, build_arguments, call_spec, is_shape, tensor_arguments
from layerlab.core.config import Configurable, resolve, serialize_keras_object
from layerlab.core.context import autocast, call_scope, context, name_scope, naming_path
from layerlab.core.foreign_errors import raise_told, retold, shown
from layerlab.core.input_spec import check_input_spec, check_tensors
from layerlab.core.masking import get_mask, set_mask
from layerlab.core.state import StateScope, given_values
from layerlab.core.symbolic import KerasTensor, Operation, any_symbolic, infer_spec
from layerlab.core.thread_gates import between_steps, building, must_wait
from layerlab.core.tracking import remembered, tracked, unique
from layerlab.core.variable import Variable
from layerlab.core.variable_values import assign_all
from layerlab.dtypes import PolicyLike
from layerlab.errors import (
    InvalidArgumentError,
    LayerlabError,
    NotBuiltError,
    ShapeError,
    UnsupportedError,
    did_you_mean,
    explain,
)
from layerlab.numeric import is_integer
from layerlab.typing import ConstraintLike, DTypeLike, InitializerLike, RegularizerLike, overridable

__all__ = ["Layer"]


class Layer(Operation, Configurable):
    """A building block of models: a computation with weights of its own.

    Subclass it: keep the arguments in `__init__`, make the weights in `build`, compute
    in `call`. The first call builds the layer on the shape of its input; what `call`
    does with arrays is differentiated by itself. Layers in attributes, and in lists and
    dicts there, belong to it: their weights are trained, counted and saved with its
    own.

    Args:
        activity_regularizer: penalty on the outputs, added to the loss: a name, a
            Regularizer or a function; None for none.
        trainable: False freezes the weights: optimizers leave them alone.
        dtype: dtype name or DTypePolicy of computation and weights; None is the global
            policy.
        autocast: whether floating inputs are cast to the dtype of the computation.
        name: unique within its model, no '/'; automatic when None.
        **kwargs: `input_shape`, `input_dim` or `batch_input_shape`, of a first layer.
    Raises: InvalidArgumentError for other arguments, or a name with '/'.

    Example:
        >>> import layerlab as keras
        >>> class Scale(keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(input_shape[1:], initializer="ones")
        ...     def call(self, inputs):
        ...         return 3 * inputs * self.factor
        >>> Scale()(keras.ops.ones((1, 2))).tolist()
        [[3.0, 3.0]]
    """

    registry_kind = "layers"
    tracked_as = "layer"
    config_base = True
    _not_copied: ClassVar[Mapping[str, Callable[[], Any]]] = {"_losses": list}  # of the call before
    _bookkeeping = frozenset(("_losses", "_build_arguments"))
    _losses: list[Array]
    _trainable: bool
    _build_arguments: dict[str, Any] | None
    _path: str | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _in_build_scope(cls.build)  # type: ignore[method-assign]

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        layer = super().__new__(cls, *args, **kwargs)
        # Attributes may be assigned before super().__init__(); what tracking reads must exist.
        layer.built = False
        layer._losses = []
        layer._trainable = True
        layer._build_arguments = None
        layer._path = None
        return layer

    def __init__(
        self,
        *,
        activity_regularizer: RegularizerLike = None,
        trainable: bool = True,
        dtype: PolicyLike = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        shape = _legacy_input_shape(kwargs)
        if kwargs:
            hint = did_you_mean(min(kwargs), [*inspect.signature(type(self)).parameters, "name", "dtype"])
            raise InvalidArgumentError(
                explain(f"{type(self).__name__} got unknown arguments.{hint}", got=", ".join(sorted(kwargs)))
            )
        self.activity_regularizer = resolve("regularizers", activity_regularizer)
        self.dtype_policy = dtypes.as_policy(dtype)
        self.autocast = autocast
        # As in Keras: who says what becomes of masks need not say so twice.
        self.supports_masking = type(self).compute_mask is not Layer.compute_mask
        self.stateful = False
        self.supports_jit = True
        self.input_spec: Any = None
        self._trainable = bool(trainable)
        self._input_shape_arg = shape

    add_metric = keras_names.add_metric
    add_variable = keras_names.add_variable
    call_signature_parameters = property(keras_names.call_signature_parameters)
    quantization_mode = property(keras_names.quantization_mode)
    quantized_build = keras_names.quantized_build
    quantized_call = keras_names.quantized_call
    rematerialized_call = keras_names.rematerialized_call

    # -- the call ---------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (
            must_wait()
            and not context.calls
            and context.state_scope is None
            and not any_symbolic(args, kwargs)
        ):
            with between_steps():
                return Layer.__call__(self, *args, **kwargs)
        self._check_initialised()
        spec = call_spec(type(self))
        args, kwargs = self._convert_inputs(args, kwargs)
        if not all(backend().is_array(arg) or isinstance(arg, KerasTensor) for arg in args):
            check_tensors(args, self.describe())
        given = kwargs.pop("training", None)
        training = self._resolve_training(spec, given, args)
        if not context.calls and context.state_scope is None:
            self._clear_losses()
        try:
            with name_scope(self.name, caller=self):
                tensors = tensor_arguments(spec, args, kwargs)
                self._check_spec(tensors)
                if not self.built or "_building" in self.__dict__:
                    with building():  # by one thread; others go on when all of it is there
                        if not self.built:
                            self._build_for(tensors, args, kwargs)
                            self._check_spec(tensors)
                kwargs = self._with_masks(spec, tensors, kwargs)
                with call_scope(self, training), autocast(self._autocast_dtype()):
                    outputs = self._run_or_record(spec, given, training, args, kwargs)
            self._pass_mask_on(tensors, kwargs.get("mask"), outputs)
        except Exception as error:
            is_ours = type(self).__module__.startswith("layerlab.")
            raise_told(retold(error, self.describe(), args, is_ours=is_ours), error)
            _add_place(error, self, args)
            raise
        return outputs

    def _check_spec(self, tensors: dict[str, Any]) -> None:
        if self.input_spec is not None and tensors:
            inputs = self._inputs_to_check(next(iter(tensors.values())))
            check_input_spec(self.input_spec, inputs, self.describe())

    def _run_or_record(
        self,
        spec: CallSpec,
        given: bool | None,
        training: bool | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        passed = kwargs
        if spec.has_training and (spec.training_position or 0) >= len(args):
            passed = {**kwargs, "training": False if training is None else training}
        if any_symbolic(args, kwargs):
            outputs = self.compute_output_spec(*args, **passed)
            if outputs is None:
                raise self._gave_none()
            return self.record_call(args, kwargs if given is None else {**kwargs, "training": given}, outputs)
        outputs = self.call(*args, **passed)
        if self.activity_regularizer is not None:
            for output in tree.flatten(outputs):
                # Per sample, as in Keras: the weight of the penalty must not depend on the batch size.
                self.add_loss(self.activity_regularizer(output) / max(1, *output.shape[:1]))
        return outputs

    def _gave_none(self) -> InvalidArgumentError:
        fix = "end its `call` with a `return`"
        return InvalidArgumentError(explain(f"{self.describe()} gave None.", expected="a tensor", fix=fix))

    def _convert_inputs(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        module = backend()
        wanted = self._inputs_dtype()

        def convert(leaf: object) -> Any:
            if isinstance(leaf, KerasTensor):
                return leaf
            if isinstance(leaf, Variable):
                leaf = leaf.value
            if not module.is_array(leaf):
                if not hasattr(leaf, "__array__") or isinstance(leaf, Operation):
                    return leaf
                leaf = module.asarray(leaf)
            name = module.dtype_name(leaf)
            if wanted and name != wanted and dtypes.is_float(name):
                mask = get_mask(leaf)
                leaf = module.cast(leaf, wanted)
                set_mask(leaf, mask)
            return leaf

        return tuple(tree.map_structure(convert, arg) for arg in args), {
            key: tree.map_structure(convert, value) for key, value in kwargs.items()
        }

    def _inputs_to_check(self, inputs: object) -> Any:
        """The inputs in an order, or with names, that `input_spec` goes by."""
        return inputs

    def _inputs_dtype(self) -> str | None:
        """What floating inputs are cast to, None for no cast."""
        return self.compute_dtype if self.autocast else None

    def _resolve_training(self, spec: CallSpec, given: bool | None, args: tuple[Any, ...]) -> bool | None:
        if given is None and spec.training_position is not None and spec.training_position < len(args):
            given = args[spec.training_position]
        for candidate in (given, context.training, spec.training_default):
            if candidate is not None:
                return bool(candidate)
        return None

    def _with_masks(self, spec: CallSpec, tensors: dict[str, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        if not spec.masks or not tensors:
            return kwargs
        wanted = {"mask": next(iter(tensors.values()))} if len(tensors) == 1 else {}
        wanted |= {f"{name}_mask": value for name, value in tensors.items()}
        for name, value in wanted.items():
            if name in spec.masks and kwargs.get(name) is None:
                masks = tree.map_structure(get_mask, value)
                if any(mask is not None for mask in tree.flatten(masks)):
                    kwargs = {**kwargs, name: masks}
        return kwargs

    def _pass_mask_on(self, tensors: dict[str, Any], given: object, outputs: object) -> None:
        inputs = next(iter(tensors.values()), None)
        previous = given if given is not None else tree.map_structure(get_mask, inputs)
        if (
            all(mask is None for mask in tree.flatten(previous))
            and type(self).compute_mask is Layer.compute_mask
        ):
            return
        if not self.supports_masking:
            if any(mask is not None for mask in tree.flatten(previous)):
                warnings.warn(
                    f"{self.describe()} does not support masking and drops the mask of its input.",
                    stacklevel=4,
                )
            return
        masks = tree.flatten(self.compute_mask(inputs, previous))
        for output, mask in zip(tree.flatten(outputs), masks, strict=False):
            if get_mask(output) is None:
                set_mask(output, mask)

    def compute_mask(self, inputs: object, previous_mask: Any) -> Any:
        """The mask of the outputs: which time steps the layers behind shall skip.

        Override it in a layer that makes a mask, or changes the number of steps.

        Args:
            inputs: the tensors of the call.
            previous_mask: their mask, (batch, steps), True for steps that count; None
                if there is none; for several inputs a structure of masks.
        Returns: the mask of the outputs; by default `previous_mask`.
        """
        return previous_mask

    # -- to override --------------------------------------------------------------------------------

    @overridable
    def build(self, input_shape: Any) -> None:
        """Make the weights, for inputs of a shape; a layer that has some overrides it.

        Called once, by the first call; call it yourself to have weights before. A layer
        whose `call` has several tensors takes a shape for each: `build(self,
        query_shape, value_shape)`.

        Args:
            input_shape: tuple with None where a size is open, as the batch's: `(None,
                10)`; for a list or dict of inputs a list or dict of shapes.
        Raises: ShapeError for a weight whose shape would have a None.

        Example:
            >>> import layerlab as keras
            >>> layer = keras.layers.Dense(3)
            >>> layer.build((None, 2))
            >>> [tuple(weight.shape) for weight in layer.weights]
            [(2, 3), (3,)]
        """
        self.built = True

    def _build_by(
        self, build: Callable[..., None], shapes: tuple[Any, ...], named_shapes: dict[str, Any]
    ) -> None:
        """What is around every `build`: scopes, then the note on what shapes it was built."""
        self.__dict__["_building"] = True
        before = len(self._own_variables())
        try:
            # Variables may be made of arrays that are computed here, from shapes: of real ones.
            with name_scope(self.name, caller=self), autocast(None), backend().concrete():
                self._path = naming_path()
                build(self, *shapes, **named_shapes)
        except BaseException:
            del self._own_variables()[before:]  # it may be built again, on other shapes
            raise
        finally:
            del self.__dict__["_building"]
        names = build.__code__.co_varnames[1 : build.__code__.co_argcount]
        self._build_arguments = {**dict(zip(names, shapes, strict=False)), **named_shapes}
        self.built = True
        self._after_build()

    def _build_for(self, tensors: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Build before the first call, on these arguments; `tensors` are those that shapes are taken from."""
        self.build(**build_arguments(self.build, tensors))

    def _after_build(self) -> None:
        """What else is to happen once there are weights."""

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape that the outputs have for inputs of these shapes.

        By default it follows from `call` by abstract evaluation, without computing
        anything; the layer is built by it.

        Args:
            *args, **kwargs: a shape for each tensor argument of `call`; a list or dict
                of shapes for a list or dict of tensors.
        Returns: a tuple, None where a size is open; for several outputs a structure of
            tuples.

        Example:
            >>> import layerlab as keras
            >>> keras.layers.Conv1D(8, 3).compute_output_shape((None, 20, 4))
            (None, 18, 8)
        """

        def symbolic(shapes: Any) -> Any:
            if is_shape(shapes):
                return KerasTensor(shapes, self.compute_dtype, record_history=False)
            if isinstance(shapes, dict):
                return {key: symbolic(value) for key, value in shapes.items()}
            return [symbolic(value) for value in shapes]

        names = call_spec(type(self)).names
        by_position = [symbolic(shape) for shape in args]
        by_name = {
            (k.removesuffix("_shape") if k.removesuffix("_shape") in names else names[0]): symbolic(v)
            for k, v in kwargs.items()
        }
        outputs = self(*by_position, **by_name)
        return tree.map_structure(lambda tensor: tensor.shape, outputs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the outputs: their shapes and dtypes.

        They follow from `compute_output_shape` where a subclass defines it, else from
        `call` by abstract evaluation.

        Args:
            *args, **kwargs: as of `call`, with KerasTensors in place of arrays.
        Returns: a KerasTensor, or a structure of them.
        """
        if type(self).compute_output_shape is Layer.compute_output_shape:
            # Through _convert_inputs: floating inputs are cast to the compute dtype, as in a real call.
            return infer_spec(self._convert_and_call, *args, **kwargs)
        if type(self).build is Layer.build and any(not layer.built for layer in self._inner_layers):
            infer_spec(self._convert_and_call, *args, **kwargs)  # builds the layers inside
        tensors = tensor_arguments(call_spec(type(self)), args, kwargs)
        shapes = self.compute_output_shape(**build_arguments(self.compute_output_shape, tensors))
        return _specs(shapes, self.compute_dtype)

    def _convert_and_call(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self._convert_inputs(args, kwargs)
        return self.call(*args, **kwargs)

    def __setattr__(self, name: str, value: object) -> None:
        # A layer in place of another counts as new: it goes to the end of the order, as in Keras.
        if isinstance(value, Layer) and self.__dict__.get(name, value) is not value:
            del self.__dict__[name]
        super().__setattr__(name, value)

    # -- weights --------------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int | None] | int | None = None,
        initializer: InitializerLike = None,
        dtype: DTypeLike = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: RegularizerLike = None,
        constraint: ConstraintLike = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a Variable of this layer, which is trained, counted and saved with it.

        To be called in `build`, where the input's shape is known, or in `__init__`.

        Args:
            shape: tuple of ints; an int n is (n,); None is a scalar, ().
            initializer: name, Initializer or function `(shape, dtype=...) -> array`;
                None is 'glorot_uniform' for floats, else 'zeros'.
            dtype: dtype name; None is the layer's `variable_dtype`.
            trainable: False for a state that no optimizer changes, as a moving mean.
            autocast: whether it is read in the dtype of the computation under mixed
                precision; False keeps it as it is.
            regularizer: penalty on it, added to the loss: name, Regularizer or
                function; None for none.
            constraint: applied to it after each update: name, Constraint or function;
                None for none.
            aggregation: how replicas would be combined; kept for saving, unused on one
                device.
            overwrite_with_gradient: whether the optimizer assigns the gradient to it,
                instead of making a step; for scales of quantization.
            name: last part of its path; automatic when None.
        Returns: the Variable.
        Raises: ShapeError for a None in `shape`; MemoryError where there is no room;
            UnknownNameError.

        Example:
            >>> import layerlab as keras
            >>> layer = keras.layers.Layer()
            >>> layer.add_weight((2,), initializer="ones", name="scale").numpy()
            array([1., 1.], dtype=float32)
        """
        self._check_initialised()
        shape = () if shape is None else (shape,) if is_integer(shape) else tuple(shape)
        sizes = tuple(size for size in shape if size is not None)
        if len(sizes) < len(shape):
            raise ShapeError(
                explain(
                    f'{self.describe()} cannot make the weight "{name}" of shape {shape}.',
                    expected="known sizes",
                    fix="give Input a shape in which the sizes that weights depend on are not None",
                )
            )
        dtype = self.variable_dtype if dtype is None else dtypes.standardize_dtype(dtype)
        initializer = (
            initializer
            if initializer is not None
            else "glorot_uniform"
            if dtypes.is_float(dtype)
            else "zeros"
        )
        with name_scope(self.name, caller=self), self._explained_memory_errors(name, sizes):
            variable = Variable(
                resolve("initializers", initializer)
                if isinstance(initializer, str | dict | type)
                else initializer,
                shape=sizes,
                dtype=dtype,
                trainable=trainable and self._trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.designed_trainable = trainable
        variable.regularizer = resolve("regularizers", regularizer)
        variable.constraint = resolve("constraints", constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._own_variables().append(variable)
        return variable

    @contextlib.contextmanager
    def _explained_memory_errors(self, name: str | None, shape: Sequence[int]) -> Iterator[None]:
        try:
            yield
        except MemoryError as error:
            raise MemoryError(
                explain(
                    f'{self.describe()} has no room for the weight "{name}" of shape {tuple(shape)}.',
                    fix="use fewer units, or make the input smaller first, e.g. by pooling",
                )
            ) from error

    def _own_variables(self) -> list[Variable]:
        return self.__dict__.setdefault("_made_weights", [])

    @property
    def _inner_layers(self) -> list[Layer]:
        """The layers directly inside this one."""
        return tracked(self, "layer")

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Layer]:
        """This layer and those inside, each once, outermost first."""
        if include_self and recursive:
            return remembered(self, "layers", self._walk_layers)
        found = self._walk_layers() if recursive else self._inner_layers
        return [layer for layer in found if layer is not self]

    def _walk_layers(self) -> list[Layer]:
        inside = (found for layer in self._inner_layers for found in layer._flatten_layers())
        return unique([self, *inside])

    def _weights_here(self) -> list[Variable]:
        mine = sorted(unique([*self._own_variables(), *tracked(self, "variable")]), key=lambda v: v.serial)
        return [v for v in mine if v.designed_trainable] + [v for v in mine if not v.designed_trainable]

    @property
    def weights(self) -> list[Variable]:
        """The variables without the states of metrics and random generators.

        A layer's own come before the weights of the layers inside, trainable before
        others; `get_weights` and files have this order.
        """
        return unique(v for layer in self._flatten_layers() for v in layer._weights_here())

    @property
    def variables(self) -> list[Variable]:
        """The weights and the states of random generators."""
        return remembered(self, "variables", self._walk_variables)

    def _walk_variables(self) -> list[Variable]:
        return unique(
            v for layer in self._flatten_layers() for v in [*layer._weights_here(), *layer._seed_states()]
        )

    def _seed_states(self) -> list[Variable]:
        return [generator.state for generator in tracked(self, "seed")]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that optimizers change; none if the layer is frozen."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that no optimizer changes, with random generators' states."""
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change; none if the layer is frozen."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that no optimizer changes, as moving means; all if frozen."""
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def metrics(self) -> list[Any]:
        """The metrics in the attributes of this layer and of the layers inside it."""
        return unique(m for layer in self._flatten_layers() for m in tracked(layer, "metric"))

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained; settable.

        The layers inside are set with it. Freezing counts from the next step on; to
        thaw weights that were frozen when training began, call `compile` again: its
        optimizer knows only what it was built with.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for variable in layer._weights_here():
                if variable.designed_trainable:
                    variable.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """The values of `weights`, in their order, as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign values to all weights.

        Args:
            weights: arrays, in the order of `weights`; what `get_weights` gave, of
                another layer as well.
        Raises: ShapeError if number or shapes differ; nothing changes then.

        Example:
            >>> import layerlab as keras
            >>> layer = keras.layers.Dense(1)
            >>> layer.build((None, 2))
            >>> layer.set_weights([[[1.0], [2.0]], [0.5]])
            >>> layer(keras.ops.ones((1, 2))).tolist()
            [[3.5]]
        """
        problem = f"set_weights on {self.describe()} got {len(weights)} arrays that do not fit."
        fix = "" if self.built else "build the layer first, e.g. by calling it on data"
        assign_all(self.weights, weights, problem, fix)

    def count_params(self) -> int:
        """The number of numbers in the weights, trainable or not.

        Raises: NotBuiltError before the layer is built.

        Example:
            >>> import layerlab as keras
            >>> layer = keras.layers.Dense(3)
            >>> layer.build((None, 2))
            >>> layer.count_params()
            9
        """
        if not self.built:
            raise NotBuiltError(
                explain(f"{self.describe()} has no weights yet.", fix="build it, or call it on data")
            )
        return sum(variable.size for variable in self.weights)

    # -- losses -------------------------------------------------------------------------------------------

    def add_loss(self, loss: Array | Callable[[], Array] | Sequence[Array | Callable[[], Array]]) -> None:
        """Add a penalty of this call to what training minimizes.

        To be called in `call`. Each call begins anew: the loss of a step has the
        penalties of that step.

        Args:
            loss: a scalar of the computation, or a list of scalars.

        Example:
            >>> import layerlab as keras
            >>> class Small(keras.layers.Layer):
            ...     def call(self, inputs):
            ...         self.add_loss(0.1 * keras.ops.sum(inputs**2))
            ...         return inputs
            >>> layer = Small()
            >>> _ = layer(keras.ops.ones((1, 2)))
            >>> round(float(layer.losses[0]), 4)
            0.2
        """
        scope = context.state_scope
        for value in tree.flatten(loss):
            if scope is not None:
                scope.losses.append((self, value))
            else:
                self._losses.append(value)

    @property
    def losses(self) -> list[Array]:
        """The penalties of the latest call's `add_loss`, and of the regularizers now.

        Penalties of the layers inside are among them.
        """
        scope, layers = context.state_scope, self._flatten_layers()
        members = {id(layer) for layer in layers}
        if scope is not None:  # what earlier calls left on the layers does not belong to it
            added = [loss for layer, loss in scope.losses if id(layer) in members]
        else:
            added = [loss for layer in layers for loss in layer._losses]
        return added + [v.regularizer(v.value) for v in self.trainable_weights if v.regularizer is not None]

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()

    # -- stateless use --------------------------------------------------------------------------------------

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The call as a pure function of the variables' values, which gives new ones.

        For `jax.grad`, `jax.jit` and training loops of your own. The layer's own values
        stay as they are.

        Args:
            trainable_variables: values in the order of `self.trainable_variables`:
                arrays, or Variables for their values.
            non_trainable_variables: values in the order of
                `self.non_trainable_variables`.
            *args, **kwargs: as of a call: the inputs, `training`, `mask`.
            return_losses: True also gives the list of losses of the call.
        Returns: (outputs, new values of non_trainable_variables), and the losses as
            third if asked for.
        Raises: NotBuiltError; InvalidArgumentError or ShapeError for values that do not
            fit the variables.

        Example:
            >>> import layerlab as keras
            >>> layer = keras.layers.Dense(1)
            >>> layer.build((None, 2))
            >>> values = [keras.ops.ones((2, 1)), keras.ops.zeros((1,))]
            >>> outputs, state = layer.stateless_call(values, [], keras.ops.ones((1, 2)))
            >>> outputs.tolist(), state
            ([[2.0]], [])
        """
        if not self.built:
            raise NotBuiltError(
                explain(f"{self.describe()} must be built before stateless_call.", fix="call it on data once")
            )
        trainable, others = self.trainable_variables, self.non_trainable_variables
        where = f"stateless_call on {self.describe()}"
        pairs = given_values(f"{where}: trainable_variables", trainable, trainable_variables)
        pairs += given_values(f"{where}: non_trainable_variables", others, non_trainable_variables)
        with StateScope(pairs) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else []
            updated = [scope.read(variable) for variable in others]
            scope.hand_on(apart_from=others)
        return (outputs, updated, losses) if return_losses else (outputs, updated)

    # -- dtype, names, config -----------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """The dtype of the variables."""
        return self.dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation, and of floating inputs if `autocast`."""
        return self.dtype_policy.compute_dtype

    input_dtype = compute_dtype

    def _autocast_dtype(self) -> str | None:
        return self.compute_dtype if self.autocast and self.compute_dtype != self.variable_dtype else None

    @property
    def path(self) -> str:
        """The names of the layers around it and its own, joined by '/'.

        Before it is built, its own.
        """
        return self._path or self.name

    def describe(self) -> str:
        """Class and path, for messages: `Dense "encoder/dense_2"`."""
        return f'{type(self).__name__} "{self.path}"'

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values, for copies and files.

        Override it in a layer with arguments that are no plain values: take
        `super().get_config()` and add yours.
        """
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = serialize_keras_object(self.activity_regularizer)
        return {**config, **Configurable.get_config(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A new layer like the one whose `get_config` this is; its weights are new.

        Args:
            config: the constructor's arguments, as `get_config` gives them.
        """
        return super(Operation, cls).from_config(config)

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that it was built on, for `build_from_config`; None before."""
        shapes = self._build_arguments
        if not shapes:
            return None
        return (
            {"input_shape": next(iter(shapes.values()))}
            if len(shapes) == 1
            else {"shapes_dict": dict(shapes)}
        )

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build on the shapes of a `get_build_config`; loading a file calls it.

        Args:
            config: {"input_shape": ...}, or {"shapes_dict": name -> shape} for several
                inputs.
        """
        shapes = config.get("shapes_dict")
        if shapes is not None:
            self.build(**{key: _as_shape(value) for key, value in shapes.items()})
        elif config.get("input_shape") is not None:
            self.build(_as_shape(config["input_shape"]))

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Put this layer's own weights into a store; saving calls it.

        Override it, with `load_own_variables`, for a layer that keeps more than
        weights.

        Args:
            store: a mapping (or HDF5 group) that gets arrays under '0', '1' ...
        """
        for index, variable in enumerate(self._weights_here()):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take this layer's own weights from a store; loading calls it.

        Args:
            store: a mapping as `save_own_variables` filled it.
        Raises: ShapeError if number or shapes differ; nothing changes then.
        """
        found = [np.asarray(store[key]) for key in sorted(store.keys(), key=int)]
        fix = "" if self.built else "build the layer before loading"
        assign_all(self._weights_here(), found, f"The stored weights do not fit {self.describe()}.", fix)

    def quantize(self, mode: object = None, **kwargs: Any) -> None:
        """Not in this version: raises UnsupportedError.

        Args:
            mode: as in Keras: 'int8', 'float8' ...
        """
        raise UnsupportedError(
            explain(
                "layerlab cannot quantize yet.", fix="use a mixed dtype policy, e.g. dtype='mixed_bfloat16'"
            )
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _check_initialised(self) -> None:
        if "_input_shape_arg" not in self.__dict__:
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} was not initialised.",
                    fix="call super().__init__() first in its __init__",
                )
            )


def _in_build_scope(build: Callable[..., None]) -> Callable[..., None]:
    """Around every `build`: name scope, no autocast, then note the shapes and that it is built."""

    @functools.wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        with building():
            if self.__dict__.get("_building"):  # super().build(...)
                build(self, *args, **kwargs)
                return
            self._check_initialised()
            self._build_by(build, args, kwargs)

    return wrapper


# For layers without a build of their own as well: that they are built, on what, and where they are.
Layer.build = _in_build_scope(Layer.build)  # type: ignore[method-assign]


def _specs(shapes: Any, dtype: str) -> Any:
    if is_shape(shapes):
        return KerasTensor(shapes, dtype)
    if isinstance(shapes, dict):
        return {key: _specs(value, dtype) for key, value in shapes.items()}
    return type(shapes)(_specs(value, dtype) for value in shapes)


def _as_shape(value: Any) -> Any:
    return tuple(value) if is_shape(value) else value


def _legacy_input_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """The batch shape of a first layer given as `input_shape=`, `input_dim=` or `batch_input_shape=`."""
    batch_shape = kwargs.pop("batch_input_shape", None) or kwargs.pop("batch_shape", None)
    input_shape = kwargs.pop("input_shape", None)
    input_dim = kwargs.pop("input_dim", None)
    if input_dim is not None:
        input_shape = (input_dim,)
    if batch_shape is not None:
        return tuple(batch_shape)
    return None if input_shape is None else (None, *input_shape)


def _add_place(error: BaseException, layer: Layer, args: tuple[Any, ...]) -> None:
    """Note once, on the innermost layer, where an error came from."""
    if isinstance(error, LayerlabError) and layer.name in str(error):
        return
    if not any(note.startswith("In layer ") for note in getattr(error, "__notes__", ())):
        error.add_note(f"In layer {layer.describe()}, called on {shown(args)}.")
