"""Layer: an operation with variables.

`__call__` is the whole life of a call: convert, build, context, call or record a node, masks.
Imports the rest of core and, for arithmetic on variables, nothing else: a layer's own formula imports ops.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.call_spec import CallSpec, build_arguments, call_spec, is_shape, tensor_arguments
from layerlab.core.config import Configurable, resolve, serialize_keras_object
from layerlab.core.context import autocast, call_scope, context, name_scope, naming_path
from layerlab.core.foreign_errors import retold, shown
from layerlab.core.gates import between_steps, building, must_wait
from layerlab.core.input_spec import check_input_spec, check_tensors
from layerlab.core.keras_names import KerasNames
from layerlab.core.masking import get_mask, set_mask
from layerlab.core.state import StateScope, given_values
from layerlab.core.symbolic import KerasTensor, Operation, any_symbolic, infer_spec
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.errors import (
    InvalidArgumentError,
    LayerlabError,
    NotBuiltError,
    ShapeError,
    UnsupportedError,
    did_you_mean,
    explain,
)

__all__ = ["Layer"]


class Layer(KerasNames, Operation, Configurable):
    """A callable with state: subclass it, make weights in `build`, compute in `call`.

    Args:
        activity_regularizer: regularizer of the outputs.
        trainable: whether the weights are trained.
        dtype: dtype name or DTypePolicy; None is the global policy.
        autocast: whether floating inputs are cast to the compute dtype.
        name: unique within its model, no '/'; automatic when None.

    Example:
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
    """

    registry_kind = "layers"
    tracked_as = "layer"
    config_base = True
    _not_copied: ClassVar[dict[str, Any]] = {"_losses": list}  # of the call before
    _losses: list[Array]
    _trainable: bool
    _build_arguments: dict[str, Any] | None
    _path: str | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = _in_build_scope(cls.build)  # type: ignore[method-assign]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
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
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
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
            told = retold(error, self.describe(), args, is_ours=type(self).__module__.startswith("layerlab."))
            if told is not None:
                raise told from error
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

        def convert(leaf: Any) -> Any:
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

    def _inputs_to_check(self, inputs: Any) -> Any:
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

    def _pass_mask_on(self, tensors: dict[str, Any], given: Any, outputs: Any) -> None:
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

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs; by default that of the inputs."""
        return previous_mask

    # -- to override --------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights; by default there are none. `input_shape` is a tuple with None for the batch."""
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
        """The shape, or structure of shapes, that inputs of these shapes give."""

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
        """KerasTensors like the outputs; from `compute_output_shape` where a subclass defines that, else by
        abstract evaluation of `call`."""
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

    def __setattr__(self, name: str, value: Any) -> None:
        # A layer in place of another counts as new: it goes to the end of the order, as in Keras.
        if isinstance(value, Layer) and self.__dict__.get(name, value) is not value:
            del self.__dict__[name]
        super().__setattr__(name, value)

    # -- weights --------------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int] | int | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a Variable of this layer; by default floats are 'glorot_uniform', others zeros."""
        self._check_initialised()
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        unknown = [axis for axis, size in enumerate(shape) if size is None]
        if unknown:
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
        with name_scope(self.name, caller=self), self._explained_memory_errors(name, shape):
            variable = Variable(
                resolve("initializers", initializer)
                if isinstance(initializer, str | dict | type)
                else initializer,
                shape=shape,
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
    def _explained_memory_errors(self, name: str | None, shape: Sequence[int | None]) -> Iterator[None]:
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
        found: list[Layer] = [self] if include_self else []
        for layer in self._inner_layers:
            found += layer._flatten_layers() if recursive else [layer]
        return unique(found)

    def _weights_here(self) -> list[Variable]:
        mine = sorted(unique([*self._own_variables(), *tracked(self, "variable")]), key=lambda v: v.serial)
        return [v for v in mine if v.designed_trainable] + [v for v in mine if not v.designed_trainable]

    @property
    def weights(self) -> list[Variable]:
        """All variables but those of metrics and seeds; a layer's own before those of layers inside."""
        return unique(v for layer in self._flatten_layers() for v in layer._weights_here())

    @property
    def variables(self) -> list[Variable]:
        """The weights and the states of random generators."""
        return unique(
            v for layer in self._flatten_layers() for v in [*layer._weights_here(), *layer._seed_states()]
        )

    def _seed_states(self) -> list[Variable]:
        return [generator.state for generator in tracked(self, "seed")]

    @property
    def trainable_variables(self) -> list[Variable]:
        """Those that optimizers change; none if the layer is frozen."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """All others, the states of random generators included."""
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        """The trainable among the weights."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The others among the weights."""
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def metrics(self) -> list[Any]:
        """Metrics in the attributes of this layer and of those inside it."""
        return unique(m for layer in self._flatten_layers() for m in tracked(layer, "metric"))

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained; setting it sets it for the layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for variable in layer._weights_here():
                if variable.designed_trainable:
                    variable.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """The weights as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign arrays in the order of `weights`; nothing changes unless all of them fit."""
        mine = self.weights
        shapes = [tuple(np.shape(value)) for value in weights]
        if [v.shape for v in mine] != shapes:
            raise ShapeError(
                explain(
                    f"set_weights on {self.describe()} got {len(shapes)} arrays that do not fit.",
                    expected=", ".join(f"{v.path} {v.shape}" for v in mine) or "none: it has no weights",
                    got=", ".join(map(str, shapes)) or "none",
                    fix="" if self.built else "build the layer first, e.g. by calling it on data",
                )
            )
        for variable, value in zip(mine, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """Number of weights' elements. Raises NotBuiltError before the layer is built."""
        if not self.built:
            raise NotBuiltError(
                explain(f"{self.describe()} has no weights yet.", fix="build it, or call it on data")
            )
        return sum(variable.size for variable in self.weights)

    # -- losses -------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add scalar(s) to what training minimizes; counts for the current call."""
        scope = context.state_scope
        for value in tree.flatten(loss):
            if scope is not None:
                scope.losses.append((self, value))
            else:
                self._losses.append(value)

    @property
    def losses(self) -> list[Array]:
        """What `add_loss` and the regularizers of this layer and those inside it give now."""
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
        """Call with these values (arrays, or Variables for theirs) instead of the variables' own.

        Returns: (outputs, new values of non_trainable_variables), and the losses as third if asked for.
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
        """Dtype of the variables."""
        return self.dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        """Dtype of the computation, and of floating inputs if `autocast`."""
        return self.dtype_policy.compute_dtype

    input_dtype = compute_dtype

    def _autocast_dtype(self) -> str | None:
        return self.compute_dtype if self.autocast and self.compute_dtype != self.variable_dtype else None

    @property
    def path(self) -> str:
        """The names of the layers around it and its own, once it is built."""
        return self._path or self.name

    def describe(self) -> str:
        """Class and path, for messages: `Dense "encoder/dense_2"`."""
        return f'{type(self).__name__} "{self.path}"'

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-like values."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = serialize_keras_object(self.activity_regularizer)
        return {**config, **Configurable.get_config(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The inverse of `get_config`."""
        return super(Operation, cls).from_config(config)

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes it was built on, or None."""
        shapes = self._build_arguments
        if not shapes:
            return None
        return (
            {"input_shape": next(iter(shapes.values()))}
            if len(shapes) == 1
            else {"shapes_dict": dict(shapes)}
        )

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build on the shapes of `get_build_config`."""
        shapes = config.get("shapes_dict")
        if shapes is not None:
            self.build(**{key: _as_shape(value) for key, value in shapes.items()})
        elif config.get("input_shape") is not None:
            self.build(_as_shape(config["input_shape"]))

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Put this layer's own weights into `store` under '0', '1' ..."""
        for index, variable in enumerate(self._weights_here()):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Assign from what `save_own_variables` stored; nothing changes unless all fit."""
        mine = self._weights_here()
        found = [np.asarray(store[key]) for key in sorted(store.keys(), key=int)]
        if [v.shape for v in mine] != [value.shape for value in found]:
            raise ShapeError(
                explain(
                    f"The stored weights do not fit {self.describe()}.",
                    expected=", ".join(str(v.shape) for v in mine) or "no weights",
                    got=", ".join(str(value.shape) for value in found) or "none",
                    fix="" if self.built else "build the layer before loading",
                )
            )
        for variable, value in zip(mine, found, strict=True):
            variable.assign(value)

    def quantize(self, mode: Any = None, **kwargs: Any) -> None:
        """Not in this version: raises UnsupportedError."""
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
