"""Model: a layer that can be trained, saved and looked at.

Three ways to make one: `Model(inputs, outputs)` from a graph, a subclass with `call`, `Sequential`. A
subclass may be given (inputs, outputs) as well: it then has the graph and its own methods.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
from layerlab.models.architecture import Architecture
from layerlab.models.attributes import Attributes
from layerlab.models.compile_config import CompileConfig
from layerlab.models.copying import Copying
from layerlab.models.ends import arranged, input_specs, run_graph, unpack_single, with_own_inputs
from layerlab.models.keras_steps import KerasSteps
from layerlab.models.state_tree import StateTree
from layerlab.models.symbolic_loss import GraphWithLosses
from layerlab.models.text import Text
from layerlab.saving import weights_api
from layerlab.saving.model_file import accepts_older_positions, save_model

__all__ = ["Model"]


class Model(CompileConfig, KerasSteps, StateTree, Text, Attributes, Copying, Architecture):
    """Layers with training, evaluation and inference.

    Args:
        inputs, outputs: KerasTensors or structures of them, for a functional model; inputs may be any tensors
            of a graph, not only those of `Input`.
        name, trainable, dtype: as for a Layer.

    Example:
        >>> import layerlab as keras
        >>> inputs = keras.Input(shape=(4,))
        >>> model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
        >>> model.count_params()
        10
    """

    registry_kind = "models"
    config_base = True
    _model_graph: Function | None
    _when_built: Callable[[], None] | None = None  # loads the weights that are waiting for theirs

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _gives_graph(args, kwargs):
            functional = find("models", "Functional")
            return functional.__new__(functional, *args, **kwargs)
        model = super().__new__(cls, *args, **kwargs)
        model._model_graph = None
        return model

    def __init__(self, *args: Any, **kwargs: Any) -> None:
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
        CompileConfig.__init__(self)

    def _set_graph(self, graph: Function) -> None:
        graph.name = self.name
        self._model_graph = graph
        self.built = True
        self._path = self.name
        self._output_names = _output_names(graph)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The forward pass. A functional model runs its graph; a subclass overrides this."""
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

    def add_loss(self, loss: Any) -> None:
        """Add scalar(s) to what training minimizes.

        Args:
            loss: inside `call`, values for the current call; on a finished functional model, symbolic tensors
                made from those of its graph, which every batch computes anew.
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

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the outputs; a single one in a list stays there, unlike arrays, as in Keras."""
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

    def build(self, input_shape: Any) -> None:
        """Make the variables by tracing `call` on inputs of this shape (or structure of shapes)."""
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
        """The layers of the graph (for Sequential, its stack) or of the attributes, outermost only."""
        return self._listed_layers()

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(
            "`layers` is computed from the graph and the attributes; pick another attribute name"
        )

    def _listed_layers(self) -> list[Layer]:
        if self._model_graph is None:
            return self._inner_layers
        return [operation for operation in self._model_graph.operations if isinstance(operation, Layer)]

    @property
    def operations(self) -> list[Any]:
        """Layers and ops of the graph, from inputs to outputs; for a model without a graph, its layers."""
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
        """Shapes of `input`."""
        return unpack_single(tree.map_structure(lambda tensor: tensor.shape, self.input))

    @property
    def output_shape(self) -> Any:
        """Shapes of `output`."""
        return unpack_single(tree.map_structure(lambda tensor: tensor.shape, self.output))

    @property
    def output_names(self) -> list[str]:  # type: ignore[override]
        """A name for each output: its layer's, with _1, _2 for further outputs of the same layer."""
        return list(self.__dict__.get("_output_names", ()))

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return [] if self._model_graph is None else [tensor.name for tensor in self._model_graph.inputs]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by index (which wins) or by name. Raises: ValueError for neither, or none such."""
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
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list[str] | tuple[str, str] | None = None,
    ) -> None:
        """Print the layers, their output shapes and numbers of parameters.

        Args:
            line_length: total width in characters.
            positions: column ends, as fractions of the width or in characters.
            print_fn: called with each line; prints by default.
            expand_nested: show the layers of inner models.
            show_trainable: add a column for it.
            layer_range: names (or regular expressions) of the first and last layer to show.
        Raises: NotBuiltError before the model is built.
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

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any] | None:
        return display_bundle(self)

    # -- saving -------------------------------------------------------------------------------------------

    @accepts_older_positions
    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write architecture, weights, compile arguments and optimizer state to one file, `name.keras`, which
        Keras reads as well. `saving.load_model` reads it.

        Args:
            filepath: str or Path.
            overwrite: False asks whether a file that is there is to be replaced.
            **kwargs: include_optimizer, and those of older Keras: see `saving.save_model`.
        Raises: UnsupportedError, ConfigError for a model with a part that has no config; OSError. A file that
            is there is never damaged.
        """
        save_model(self, filepath, overwrite, **kwargs)

    def export(self, filepath: Any, format: str = "tf_saved_model", **kwargs: Any) -> None:
        """Models cannot be exported yet: raises UnsupportedError."""
        raise UnsupportedError(
            explain(
                "layerlab cannot export models yet.",
                fix="save('name.keras'), which Keras opens and can export",
            )
        )

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
    ) -> None:
        """`saving.save_weights` of this model: the weights, in a format that the suffix of the path says."""
        weights_api.save_weights(self, filepath, overwrite, max_shard_size, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> Any:
        """`saving.load_weights` into this model: what `save_weights`, here or of Keras, wrote.

        Nothing changes unless everything fits; `skip_mismatch` leaves out layers that do not. Returns None;
        for a checkpoint of TensorFlow, a CheckpointStatus.
        """
        return weights_api.load_weights(self, filepath, skip_mismatch, **kwargs)


def _is_abstract(leaf: Any) -> bool:
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
