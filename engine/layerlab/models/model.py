"""Model: a layer that can be trained, saved and looked at.

Three ways to make one: `Model(inputs, outputs)` from a graph, a subclass with `call`, `Sequential`. A
subclass may be given (inputs, outputs) as well: it then has the graph and its own methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from layerlab import inspect as inspection
from layerlab import tree
from layerlab.backend.active import backend
from layerlab.core.call_spec import build_arguments
from layerlab.core.function import Function
from layerlab.core.layer import Layer
from layerlab.core.registry import find
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor, any_symbolic
from layerlab.core.tracking import unique
from layerlab.errors import (
    InvalidArgumentError,
    NotBuiltError,
    UnsupportedError,
    did_you_mean,
    explain,
)
from layerlab.frontends import display_bundle
from layerlab.models import attributes, compile_config, keras_steps, state_tree, text
from layerlab.models.architecture import Architecture
from layerlab.models.graph_ends import arranged, input_specs, run_graph, unpack_single, with_own_inputs
from layerlab.models.symbolic_loss import GraphWithLosses
from layerlab.saving import weights_api
from layerlab.saving.model_file import accepts_older_positions, save_model
from layerlab.training.trainer import Trainer
from layerlab.typing import Array, PathLike, overridable

__all__ = ["Model"]


class Model(Trainer, Architecture):
    """A layer that can be trained, evaluated, saved and looked at.

    There are three ways to make one: `Model(inputs, outputs)` from a graph of layers; a
    subclass with layers in its attributes and a `call` of its own; `Sequential` for a
    stack. Then `compile` says how to train, `fit` trains, `evaluate` measures,
    `predict` gives outputs, `save` writes a file.

    Args:
        inputs, outputs: KerasTensors, or lists, tuples or dicts of them, for a
            functional model; calls take and give these structures. Inputs may be any
            tensors of a graph, not only results of `Input`. A subclass needs none.
        name: no '/'; automatic when None.
        trainable: False freezes all weights.
        dtype: dtype name or DTypePolicy for a subclass; layers of a graph have their
            own.
    Raises: GraphError if an output cannot be computed from the inputs;
        InvalidArgumentError for arguments that are none.

    Example:
        >>> import layerlab as keras
        >>> inputs = keras.Input(shape=(2,))
        >>> outputs = keras.layers.Dense(1, kernel_initializer="ones")(inputs)
        >>> model = keras.Model(inputs, outputs)
        >>> model.count_params(), model(keras.ops.ones((1, 2))).tolist()
        (3, [[2.0]])
    """

    registry_kind = "models"
    config_base = True
    _not_saved = frozenset(("_model_graph",))
    _model_graph: Function | None
    _when_built: Callable[[], None] | None = None  # loads the weights that are waiting for theirs

    get_state_tree = state_tree.get_state_tree
    set_state_tree = state_tree.set_state_tree
    to_json = text.to_json
    to_yaml = text.to_yaml
    get_compile_config = compile_config.get_compile_config
    compile_from_config = compile_config.compile_from_config
    jax_state_sync = keras_steps.jax_state_sync
    compute_loss_and_updates = keras_steps.compute_loss_and_updates
    distribute_strategy = property(attributes.distribute_strategy)
    distribute_reduction_method = property(attributes.distribute_reduction_method)
    state_updates = property(attributes.state_updates)
    reset_states = attributes.reset_states
    get_quantization_layer_structure = attributes.get_quantization_layer_structure

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        if cls is Model and _gives_graph(args, kwargs):
            functional = find("models", "Functional")
            return functional.__new__(functional, *args, **kwargs)
        model = super().__new__(cls, *args, **kwargs)
        model._model_graph = None
        return model

    def __init__(self, *args: object, **kwargs: Any) -> None:
        if _gives_graph(args, kwargs):
            names = ("inputs", "outputs", "name")
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            graph = Function(*with_own_inputs(given.pop("inputs"), given.pop("outputs")))
            Layer.__init__(self, **given)
            self._set_graph(graph)
            self.input_spec = input_specs(graph)
        else:
            if args:
                raise InvalidArgumentError(
                    explain(
                        f"{type(self).__name__} got {len(args)} positional arguments.",
                        expected="(inputs, outputs) or none",
                    )
                )
            Layer.__init__(self, **kwargs)
        Trainer.__init__(self)

    def _set_graph(self, graph: Function) -> None:
        graph.name = self.name
        self._model_graph = graph
        self.built = True
        self._path = self.name
        self._output_names = _output_names(graph)

    @overridable
    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The forward pass; a subclass defines its own.

        Args:
            inputs: a tensor, or the list or dict of tensors that the model takes.
            training: True in `fit`, where Dropout drops and BatchNormalization uses the
                batch; None takes that of the call around it, else False.
            mask: for the inputs, in their structure; None takes the masks that they
                carry.
        Returns: a tensor or a structure of tensors.
        Raises: UnsupportedError for a subclass without `call`.
        """
        if self._model_graph is None:
            raise UnsupportedError(
                explain(
                    f"{type(self).__name__} has no forward pass: it does not define `call`.",
                    fix="define call(self, inputs), or pass (inputs, outputs)",
                )
            )
        return run_graph(self._model_graph, inputs, mask)

    def _has_forward_pass(self) -> bool:
        return self._model_graph is not None or type(self).call is not Model.call

    def add_loss(self, loss: Array | Callable[[], Array] | Sequence[Array | Callable[[], Array]]) -> None:
        """Add a penalty to what training minimizes.

        Args:
            loss: inside `call`, a scalar or list of scalars of this call; on a finished
                functional model, symbolic scalars made from tensors of its graph, which
                every batch computes anew.
        Raises: UnsupportedError for a symbolic scalar in a model without a graph.
        """
        tensors = [leaf for leaf in tree.flatten(loss) if isinstance(leaf, KerasTensor)]
        if not tensors:
            super().add_loss(loss)
        elif self._model_graph is None:
            raise UnsupportedError(
                explain(
                    f"'{self.name}' has no graph to which a symbolic loss could belong.",
                    fix="call self.add_loss(value) inside call",
                )
            )
        else:
            self._model_graph = GraphWithLosses(self._model_graph, tensors, self)
            self._forget_functions()

    def compute_output_spec(self, *args: object, **kwargs: Any) -> Any:
        """KerasTensors like the outputs: their shapes and dtypes.

        Args:
            *args, **kwargs: as of `call`, with KerasTensors in place of arrays.
        Returns: the structure of the outputs. Unlike with arrays a single output in a
            list stays in its list, as in Keras.
        """
        outputs = super().compute_output_spec(*args, **kwargs)
        structure = None if self._model_graph is None else self._model_graph.outputs_structure
        if isinstance(outputs, KerasTensor) and isinstance(structure, list | tuple):
            return tree.pack(structure, [outputs])
        return outputs

    def _convert_inputs(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if (
            self._model_graph is not None and self._runs_graph
        ):  # a call of one's own may use more than the graph
            if args:
                args = arranged(self._model_graph, args[0]), *args[1:]
            elif "inputs" in kwargs:
                kwargs = {**kwargs, "inputs": arranged(self._model_graph, kwargs["inputs"])}
        return super()._convert_inputs(args, kwargs)

    @property
    def _runs_graph(self) -> bool:
        """Whether a call is nothing but a run of the graph, if there is one."""
        return type(self).call is Model.call

    def _inputs_to_check(self, inputs: Any) -> Any:
        return inputs if self._model_graph is None else self._model_graph.flatten_inputs(inputs)

    def _inputs_dtype(self) -> str | None:
        return (
            None if self._model_graph is not None else super()._inputs_dtype()
        )  # a graph's inputs have their own dtypes

    @overridable
    def build(self, input_shape: Any) -> None:
        """Make the weights, by tracing `call` on inputs of a shape.

        A functional model has its weights already; a subclass gets them so without
        data.

        Args:
            input_shape: with the batch axis, None where a size is open: `(None, 10)`;
                for several inputs a list or dict of shapes.
        Raises: what `call` raises on inputs of this shape; the model is not built then.

        Example:
            >>> import layerlab as keras
            >>> class Line(keras.Model):
            ...     def __init__(self):
            ...         super().__init__()
            ...         self.dense = keras.layers.Dense(1)
            ...     def call(self, inputs):
            ...         return self.dense(inputs)
            >>> line = Line()
            >>> line.build((None, 4))
            >>> line.count_params()
            5
        """
        if self._model_graph is None and self._has_forward_pass():
            self.built = True  # so that __call__ traces instead of building
            try:
                self.compute_output_shape(input_shape)
            except BaseException:
                self.built = False
                raise

    def _build_for(self, tensors: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            super()._build_for(tensors, args, kwargs)
        except Exception:
            is_traced = any_symbolic(args, kwargs) or any(map(_is_abstract, tree.flatten((args, kwargs))))
            if is_traced or not type(self).build.__module__.startswith("layerlab."):
                raise
            # `call` needs values, code with NumPy for example: it makes the weights as it runs on them.
            self._build_by(
                lambda self, **shapes: self._run_for_weights(args, kwargs),
                (),
                build_arguments(self.build, tensors),
            )

    def _run_for_weights(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A call of which nothing is kept but the weights that it makes."""
        self.built = True
        try:
            with StateScope():
                if self(*args, **kwargs) is None:
                    raise self._gave_none()
        except BaseException:
            self.built = False
            raise

    def _after_build(self) -> None:
        """Load the weights that were to be loaded before there were any."""
        if self._when_built is None:
            return
        try:
            if any(not layer.built for layer in self._flatten_layers()):
                self.compute_output_shape(**(self._build_arguments or {}))
            self._when_built()
        except BaseException:
            self.built = False  # so that the next call fails as well, and does not go on without them
            raise
        self._when_built = None

    # -- structure ------------------------------------------------------------------------------------

    @property
    def _inner_layers(self) -> list[Layer]:
        attributes = super()._inner_layers
        if self._model_graph is None:
            return attributes
        return unique([*(op for op in self._model_graph.operations if isinstance(op, Layer)), *attributes])

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph, the stack or the attributes; outermost only."""
        return self._listed_layers()

    @layers.setter
    def layers(self, _: object) -> None:
        raise AttributeError(
            "`layers` is computed from the graph and the attributes; pick another attribute name"
        )

    def _listed_layers(self) -> list[Layer]:
        if self._model_graph is None:
            return self._inner_layers
        return [operation for operation in self._model_graph.operations if isinstance(operation, Layer)]

    @property
    def operations(self) -> list[Any]:
        """The layers and ops of the graph, from inputs to outputs.

        Without a graph, the layers.
        """
        return (
            list(self._model_graph.operations) if self._model_graph is not None else list(self._inner_layers)
        )

    @property
    def inputs(self) -> list[KerasTensor] | None:
        """The symbolic inputs as a flat list; None without a graph."""
        return self._model_graph.inputs if self._model_graph is not None else None

    @property
    def outputs(self) -> list[KerasTensor] | None:
        """The symbolic outputs as a flat list; None without a graph."""
        return self._model_graph.outputs if self._model_graph is not None else None

    @property
    def input(self) -> Any:
        """The symbolic inputs in the structure they were given in."""
        return self._model_graph.inputs_structure if self._model_graph is not None else super().input

    @property
    def output(self) -> Any:
        """The symbolic outputs in the structure they were given in."""
        return self._model_graph.outputs_structure if self._model_graph is not None else super().output

    @property
    def input_shape(self) -> Any:
        """The shape of the input, None for open sizes; a structure for several."""
        return unpack_single(tree.map_structure(lambda tensor: tensor.shape, self.input))

    @property
    def output_shape(self) -> Any:
        """The shape of the output, None for open sizes; a structure for several."""
        return unpack_single(tree.map_structure(lambda tensor: tensor.shape, self.output))

    @property
    def output_names(self) -> list[str]:  # type: ignore[override]
        """The names of the outputs, by which dicts of targets, losses and metrics go.

        An output has its layer's name, with _1, _2 for further outputs of the same
        layer.
        """
        return list(self.__dict__.get("_output_names", ()))

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, by which a dict of data goes."""
        return [] if self._model_graph is None else [tensor.name for tensor in self._model_graph.inputs]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """One of the model's layers, by its name or its place.

        Args:
            name: the layer's name.
            index: place in `layers`, from the end if negative; counts when both are
                given.
        Raises: ValueError for neither, or none such; it names the nearest.

        Example:
            >>> import layerlab as keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="head")])
            >>> model.get_layer("head") is model.get_layer(index=-1)
            True
        """
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise InvalidArgumentError(
                    explain(
                        f"'{self.name}' has no layer {index}.", expected=f"an index below {len(self.layers)}"
                    )
                )
            return self.layers[index]
        if name is None:
            raise InvalidArgumentError(explain("get_layer", expected="name= or index=", got="neither"))
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise InvalidArgumentError(f"'{self.name}' has no layer '{name}'.{did_you_mean(name, names)}")

    # -- looking at it ----------------------------------------------------------------------------------

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[..., Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list[str] | tuple[str, str] | None = None,
    ) -> None:
        """Print a table of the layers: names, output shapes, numbers of parameters.

        Args:
            line_length: total width in characters; None fits the table.
            positions: ends of the columns, as fractions of the width or in characters;
                None fits the table.
            print_fn: called with each line; None prints.
            expand_nested: show the layers of inner models.
            show_trainable: add a column that says whether a layer is trained.
            layer_range: names (or regular expressions) of the first and last layer to
                show; None shows all.
        Raises: NotBuiltError before the model is built; InvalidArgumentError for a
            range that matches no layer.
        """
        if not self.built:
            raise NotBuiltError(
                explain(
                    f"'{self.name}' has not been built, so it has no summary.",
                    fix="call it on data, fit it, or build(input_shape) it first",
                )
            )
        inspection.print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any] | None:
        return display_bundle(self)

    # -- saving -------------------------------------------------------------------------------------------

    @accepts_older_positions
    def save(self, filepath: PathLike, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the whole model to one file, `name.keras`, which Keras reads as well.

        It holds architecture, weights, the arguments of `compile` and the optimizer's
        state. `saving.load_model` reads it, and training goes on where it stopped.

        Args:
            filepath: str or Path.
            overwrite: False asks whether a file that is there is to be replaced.
            **kwargs: `include_optimizer=False` leaves the optimizer's state out;
                `zipped`, and those of older Keras: see `saving.save_model`.
        Raises: UnsupportedError, ConfigError for a model with a part that has no
            config; OSError. A file that is there is never damaged.

        Example:
            >>> import layerlab as keras, tempfile
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     model.save(f"{folder}/line.keras")
            ...     keras.models.load_model(f"{folder}/line.keras").count_params()
            3
        """
        save_model(self, filepath, overwrite, **kwargs)

    def export(self, filepath: PathLike, format: str = "tf_saved_model", **kwargs: Any) -> None:
        """Not in this version: raises UnsupportedError.

        `save` writes a file that Keras opens and can export.

        Args:
            filepath, format: as in Keras.
            **kwargs: as in Keras.
        """
        raise UnsupportedError(
            explain(
                "layerlab cannot export models yet.",
                fix="save('name.keras'), which Keras opens and can export",
            )
        )

    def save_weights(
        self, filepath: PathLike, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
    ) -> None:
        """Write the weights to a file, in the format that its suffix says.

        Args:
            filepath: str or Path: `*.weights.h5`, with the optimizer's state once there
                is any; `*.safetensors`, the weights alone.
            overwrite: False asks before a file is replaced.
            max_shard_size: GiB; a `*.weights.json` is written, and beside it files of
                at most this size. None writes one file.
            **kwargs: `objects_to_skip`, layers or the optimizer to leave out;
                `save_format`, of older Keras: see `saving.save_weights`.
        Raises: NotBuiltError, InvalidArgumentError, OSError. A file that is there is
            never damaged.

        Example:
            >>> import layerlab as keras, os, tempfile
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     model.save_weights(f"{folder}/line.weights.h5")
            ...     os.listdir(folder)
            ['line.weights.h5']
        """
        weights_api.save_weights(self, filepath, overwrite, max_shard_size, **kwargs)

    def load_weights(self, filepath: PathLike, skip_mismatch: bool = False, **kwargs: Any) -> Any:
        """Read weights that `save_weights`, here or of Keras, wrote, into this model.

        The model is built and has the architecture that was saved. Nothing changes
        unless everything fits.

        Args:
            filepath: str or Path; the format is seen from the content.
            skip_mismatch: True leaves out layers whose weights differ in number or
                shape, with a warning for each; False raises.
            **kwargs: `objects_to_skip`, layers or the optimizer that stay as they are;
                `by_name`, of older Keras: see `saving.load_weights`.
        Returns: None; for a checkpoint of TensorFlow a CheckpointStatus.
        Raises: FileNotFoundError; DataError for a damaged file; ShapeError, DTypeError,
            ConfigError where file and model differ.
        """
        return weights_api.load_weights(self, filepath, skip_mismatch, **kwargs)


def _is_abstract(leaf: object) -> bool:
    return backend().is_array(leaf) and backend().is_abstract(leaf)


def _gives_graph(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return (
        len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or {"inputs", "outputs"} <= kwargs.keys()
    )


def _output_names(graph: Function) -> list[str]:
    names: list[str] = []
    counts: dict[str, int] = {}
    for tensor in graph.outputs:
        name = tensor.history.operation.name
        count = counts.get(name, 0)
        counts[name] = count + 1
        names.append(f"{name}_{count}" if count else name)
    return names
