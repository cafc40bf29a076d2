"""Small named checks that a layer must pass, each against the installed Keras with the same weights.

A `Case` makes the layer twice, from `layerlab` and from `keras`. Each is run once, in one compiled function
where the back end compiles, and the checks compare what came out, field by field.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import keras
import numpy as np

import layerlab
from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.torch.step_recording import record
from layerlab.core.naming import reset_names
from layerlab.core.state import StateScope

__all__ = ["CHECKS", "Case", "ours", "theirs"]

Shapes = Any  # a shape, or a list of shapes


@dataclass(frozen=True, eq=False)
class Case:
    """One way to make and call a layer.

    Args:
        name: what the test is called.
        make: from the namespace `layerlab` or `keras` to a layer.
        args: the shape of each tensor argument, or a list of shapes where the layer takes a list.
        integers: inputs are integers below this instead of normal numbers.
        call: further keyword arguments of the call.
        random: whether outputs in training are random.
        static: whether the layer needs to know the batch size.
        config: whether Keras' config is the same (not for functions, which have other modules).
        mixed: whether what Keras infers under a mixed policy is what it computes.
        tolerance: of outputs, absolute and relative.
    """

    name: str
    make: Callable[[Any], Any]
    args: tuple[Shapes, ...]
    integers: int = 0
    call: dict[str, Any] = field(default_factory=dict)
    random: bool = False
    static: bool = False
    config: bool = True
    mixed: bool = True
    tolerance: float = 1e-5

    def inputs(self) -> tuple[Any, ...]:
        """NumPy arrays, the same on every call."""
        rng = np.random.default_rng(7)

        def one(shape: tuple[int, ...]) -> np.ndarray:
            if self.integers:
                return rng.integers(0, self.integers, shape).astype("int32")
            return rng.normal(size=shape).astype("float32")

        return self._each(one)

    def symbolic(self, namespace: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments of a symbolic call, the batch size unknown."""

        def tensor(shape: Any, dtype: str) -> Any:
            return namespace.KerasTensor(tuple(shape) if self.static else (None, *shape[1:]), dtype)

        call = tree.map_structure(
            lambda v: tensor(v.shape, str(v.dtype)) if hasattr(v, "shape") else v, self.call
        )
        return self._each(lambda shape: tensor(shape, "int32" if self.integers else "float32")), call

    def _each(self, make: Callable[[tuple[int, ...]], Any]) -> tuple[Any, ...]:
        return tuple(
            [make(shape) for shape in arg] if isinstance(arg, list) else make(arg) for arg in self.args
        )

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Run:
    """What one library makes of a case."""

    layer: Any
    specs: list[Any]  # (shape, dtype) of the outputs of a symbolic call
    mixed_specs: list[Any]  # the same under mixed_bfloat16
    config: Any
    rows: list[Any]  # path, name, shape, dtype of each weight
    trainable_rows: list[Any]
    stored: dict[str, Any]  # key in a file -> shape
    output: list[np.ndarray]
    training_output: list[np.ndarray]
    assigned: list[np.ndarray]  # non-trainable weights after the training call
    gradients: list[np.ndarray]


def check_weights(case: Case) -> None:
    """Names, paths, shapes, dtypes and order of the weights."""
    assert ours(case).rows == theirs(case).rows
    assert ours(case).trainable_rows == theirs(case).trainable_rows
    assert ours(case).stored == theirs(case).stored


def check_output(case: Case) -> None:
    """Values and dtypes in inference."""
    _assert_close(ours(case).output, theirs(case).output, case.tolerance)


def check_training(case: Case) -> None:
    """Values and dtypes in training, and what it assigns to the non-trainable weights."""
    if case.random:
        shapes = [x.shape for x in ours(case).training_output]
        assert shapes == [x.shape for x in theirs(case).training_output]
        return
    _assert_close(ours(case).training_output, theirs(case).training_output, case.tolerance)
    _assert_close(ours(case).assigned, theirs(case).assigned, 1e-5)


def check_shape_inference(case: Case) -> None:
    """Shapes and dtypes of a symbolic call are Keras', in mixed precision too, and agree with the values."""
    run = ours(case)
    _assert_specs(run.specs, theirs(case).specs)
    if case.mixed:
        _assert_specs(run.mixed_specs, theirs(case).mixed_specs)
    for (shape, dtype), value in zip(run.specs, run.output, strict=True):
        assert all(a in (None, b) for a, b in zip(shape, value.shape, strict=True))
        assert dtype == str(value.dtype)


def check_config(case: Case) -> None:
    """The config is Keras', and makes an equal layer again, here and in Keras, through JSON."""
    if not case.config:
        return
    layer, config = ours(case).layer, ours(case).config
    assert _as_far_as(theirs(case).config, config) == theirs(case).config
    again = type(layer).from_config(json.loads(json.dumps(config)))
    assert _config(again) == config
    stored = json.loads(json.dumps(layerlab.layers.serialize(layer)))
    assert [v.shape for v in layerlab.layers.deserialize(stored).weights] == [v.shape for v in layer.weights]
    assert [v.shape for v in keras.layers.deserialize(stored).weights] == [v.shape for v in layer.weights]


def check_gradients(case: Case) -> None:
    """Gradients towards the trainable weights, in inference."""
    for (path, *_), mine, expected in zip(
        ours(case).trainable_rows, ours(case).gradients, theirs(case).gradients, strict=True
    ):
        scale = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(mine / scale, expected / scale, rtol=1e-4, atol=2e-5, err_msg=path)


CHECKS = (check_weights, check_output, check_training, check_shape_inference, check_config, check_gradients)


def ours(case: Case) -> Run:
    """What layerlab makes of a case on the active back end."""
    return _ours(case, backend().name)


@functools.cache
def _ours(case: Case, back_end: str) -> Run:
    reset_names()
    layer, specs = _build(case, layerlab)
    reset_names()
    _, mixed_specs = _build(case, layerlab, "mixed_bfloat16")
    variables = layer.variables

    def compute(values: dict[str, Any], args: Any) -> Any:
        state = list(zip(variables, values.values(), strict=True))
        with StateScope(state):
            output = layer(*args, **case.call)
        with StateScope(state) as scope:
            training_output = _training(layer, args, case.call)
            assigned = [scope.read(v) for v in layer.non_trainable_weights]
        trainable = {key: values[key] for key in chosen}
        gradients = (
            backend().value_and_grad(lambda t: loss({**values, **t}, args))(trainable)[1] if chosen else {}
        )
        return tree.flatten(output), tree.flatten(training_output), assigned, list(gradients.values())

    def loss(values: dict[str, Any], args: Any) -> Any:
        with StateScope(zip(variables, values.values(), strict=True)):
            return _score(layer(*args, **case.call), layerlab)

    # torch.compile takes seconds a case; jax.jit is the stricter of the two, and quicker than its eager mode.
    compiled = backend().jit(compute) if back_end == "jax" else compute
    values = {str(index): variable.value for index, variable in enumerate(variables)}
    chosen = [str(index) for index, v in enumerate(variables) if any(v is t for t in layer.trainable_weights)]
    args = tree.map_structure(backend().asarray, case.inputs())

    def train(state: Any, args: Any) -> Any:
        def score(trainable: dict[str, Any]) -> Any:
            with StateScope(zip(variables, {**state["values"], **trainable}.values(), strict=True)):
                return _score(_training(layer, args, case.call), layerlab)

        return state, backend().value_and_grad(score)({key: state["values"][key] for key in chosen})

    if back_end == "torch":
        _assert_records(train, {"values": values}, args)
    return _run(layer, specs, mixed_specs, *compiled(values, args))


def _assert_records(step: Any, state: Any, args: Any) -> None:
    """The step can be recorded, and gives the same when it is played."""
    program = record(step, state, args, donate=False)
    assert program is not None
    (_, expected), (_, (played,)) = step(state, args), program.play(state, [args])
    for mine, wanted in zip(tree.flatten(played), tree.flatten(expected), strict=True):
        if backend().is_array(wanted):
            assert mine.dtype == wanted.dtype
            # A gradient that is zero but for rounding, as that of the keys' bias in attention, differs.
            np.testing.assert_allclose(mine.detach(), wanted.detach(), rtol=1e-5, atol=5e-6)  # type: ignore[attr-defined]


@functools.cache
def theirs(case: Case) -> Run:
    """What Keras makes of a case."""
    keras.utils.clear_session(free_memory=False)
    layer, specs = _build(case, keras)
    keras.utils.clear_session(free_memory=False)
    _, mixed_specs = _build(case, keras, "mixed_bfloat16")
    others = layer.non_trainable_variables
    kept = [index for index, v in enumerate(others) if any(v is w for w in layer.weights)]

    def compute(trainable: list[Any], fixed: list[Any], args: Any) -> Any:
        output, _ = layer.stateless_call(trainable, fixed, *args, **case.call)
        training_output, updated = _training(layer, args, case.call, trainable, fixed)
        gradients = jax.grad(loss)(trainable, fixed, args) if trainable else []
        return (
            tree.flatten(output),
            tree.flatten(training_output),
            [updated[index] for index in kept],
            gradients,
        )

    def loss(trainable: list[Any], fixed: list[Any], args: Any) -> Any:
        return _score(layer.stateless_call(trainable, fixed, *args, **case.call)[0], keras)

    values = [v.value for v in layer.trainable_variables], [v.value for v in others], case.inputs()
    return _run(layer, specs, mixed_specs, *jax.jit(compute)(*values))


def _build(case: Case, namespace: Any, policy: str = "float32") -> tuple[Any, list[Any]]:
    """A layer with known weights, and what a symbolic call of it gives."""
    namespace.config.set_dtype_policy(policy)
    try:
        layer = case.make(namespace)
        args, call = case.symbolic(namespace)
        outputs = layer(*args, **call)
    finally:
        namespace.config.set_dtype_policy("float32")
    rng = np.random.default_rng(3)
    values = [rng.normal(size=weight.shape) * 0.5 for weight in layer.weights]
    layer.set_weights(
        [
            (np.abs(value) + 0.5 if "variance" in weight.name else value).astype("float32")
            for weight, value in zip(layer.weights, values, strict=True)
        ]
    )
    getattr(layer, "finalize_state", lambda: None)()  # Keras' Normalization works on copies of its weights
    return layer, [(tuple(o.shape), o.dtype) for o in tree.flatten(outputs)]


def _run(
    layer: Any, specs: Any, mixed_specs: Any, output: Any, training_output: Any, assigned: Any, gradients: Any
) -> Run:
    stored: dict[str, Any] = {}
    layer.save_own_variables(stored)
    return Run(
        layer=layer,
        specs=specs,
        mixed_specs=mixed_specs,
        config=_config(layer),
        rows=[_row(w) for w in layer.weights],
        trainable_rows=[_row(w) for w in layer.trainable_weights],
        stored={key: tuple(np.shape(value)) for key, value in stored.items()},
        output=_arrays(output),
        training_output=_arrays(training_output),
        assigned=_arrays(assigned),
        gradients=_arrays(gradients),
    )


def _training(layer: Any, args: Any, call: dict[str, Any], *values: Any) -> Any:
    """The outputs in training. Keras' stateless_call takes the argument only where `call` does."""
    if not values:
        return layer(*args, **call, training=True)
    takes = "training" in inspect.signature(layer.call).parameters
    return layer.stateless_call(*values, *args, **call, **({"training": True} if takes else {}))


def _score(outputs: Any, namespace: Any) -> Any:
    """A number that depends on each entry of each output in its own way."""
    total = 0.0
    for leaf in tree.flatten(outputs):
        weights = np.linspace(0.5, 1.5, int(np.prod(leaf.shape)), dtype="float32").reshape(leaf.shape)
        total = total + namespace.ops.sum(namespace.ops.sin(leaf) * namespace.ops.convert_to_tensor(weights))
    return total


def _row(weight: Any) -> tuple[Any, ...]:
    return weight.path, weight.name, tuple(weight.shape), str(weight.dtype)


def _config(layer: Any) -> Any:
    try:
        return _plain(json.loads(json.dumps(layer.get_config())))
    except (TypeError, NotImplementedError):  # a function without a name
        return None


def _plain(config: Any) -> Any:
    """Without shapes that nested layers were built on (other form); floats as float32: Keras rounds some."""
    if isinstance(config, dict):
        return {
            key: _plain(value)
            for key, value in config.items()
            if key not in ("build_config", "shared_object_id")
        }
    if isinstance(config, float):
        return float(np.float32(config))
    return [_plain(value) for value in config] if isinstance(config, list) else config


def _as_far_as(expected: Any, config: Any) -> Any:
    """`config` without what `expected` lacks: Keras forgets some arguments, e.g. the seed of SimpleRNN."""
    if not isinstance(expected, dict) or not isinstance(config, dict):
        return config
    return {key: _as_far_as(expected[key], value) for key, value in config.items() if key in expected}


def _arrays(leaves: Any) -> list[np.ndarray]:
    return [backend().to_numpy(leaf) if backend().is_array(leaf) else np.asarray(leaf) for leaf in leaves]


def _assert_specs(mine: list[Any], expected: list[Any]) -> None:
    """Equal, but that ours may know a size that Keras leaves open."""
    assert [dtype for _, dtype in mine] == [dtype for _, dtype in expected]
    assert [len(shape) for shape, _ in mine] == [len(shape) for shape, _ in expected]
    for (one, _), (other, _) in zip(mine, expected, strict=True):
        assert all(b in (None, a) for a, b in zip(one, other, strict=True)), f"{one} is not {other}"


def _assert_close(mine: list[np.ndarray], expected: list[np.ndarray], tolerance: float) -> None:
    assert [(x.shape, x.dtype) for x in mine] == [(x.shape, x.dtype) for x in expected]
    for one, other in zip(mine, expected, strict=True):
        np.testing.assert_allclose(
            one.astype("float64"), other.astype("float64"), rtol=tolerance, atol=tolerance
        )
