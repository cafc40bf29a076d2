"""The declaration of weights: what users see of it, and that no layer goes around it."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import layerlab
from layerlab.core.layer import Layer
from layerlab.layers.weights import Weight, Weights, make_weight, make_weights, said_of_weights
from tests.oracle import agree

SOURCES = Path(layerlab.layers.__file__).parent
KINDS = ("initializer", "regularizer", "constraint")
OURS_ALONE = {"AdditiveAttention": {"seed"}, "Conv": {"lora_rank", "lora_alpha"}}  # what Keras has in kwargs

OTHER_ORDER = {
    "Conv3DTranspose",
    "Convolution3DTranspose",
}  # Keras has data_format before output_padding here


def with_weights() -> list[str]:
    """The public layers that take an argument about a weight, or declare one."""
    found = {name: value for name, value in vars(layerlab.layers).items() if inspect.isclass(value)}
    return sorted(
        name
        for name, value in found.items()
        if issubclass(value, Layer)
        and (
            hasattr(value, "_declared_weights")
            or any(p.rpartition("_")[2] in KINDS[:1] for p in inspect.signature(value).parameters)
        )
    )


def test_all_families_with_weights_are_looked_at() -> None:
    assert {"Dense", "EinsumDense", "Conv2D", "DepthwiseConv1D", "SeparableConv2D", "Conv3DTranspose"} | {
        "LSTM", "GRU", "SimpleRNN", "LSTMCell", "Embedding", "PReLU", "MultiHeadAttention", "Attention",
        "BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization",
    } <= set(with_weights())  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", with_weights())
def test_the_arguments_are_those_of_keras_in_its_order_with_its_defaults(name: str) -> None:
    def arguments(constructor: Any) -> list[tuple[str, Any]]:
        given = [p for p in inspect.signature(constructor).parameters.values() if p.name != "self"]
        # Keras has (1, 1) where an integer stands for all axes.
        return [(p.name, p.default[0] if isinstance(p.default, tuple) else p.default) for p in given]

    alone = set().union(*(names for prefix, names in OURS_ALONE.items() if name.startswith(prefix)))
    ours = [pair for pair in arguments(getattr(layerlab.layers, name)) if pair[0] not in alone]
    theirs = [pair for pair in arguments(getattr(keras.layers, name).__init__) if pair[0] not in alone]
    if name in OTHER_ORDER:
        ours, theirs = sorted(ours, key=str), sorted(theirs, key=str)
    assert ours == theirs


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["LSTM", "GRU", "Dense", "BatchNormalization", "PReLU"])
def test_arguments_by_position_mean_what_they_mean_in_keras(name: str) -> None:
    """A value of its own for each: the config tells where it went."""

    def scenario(k: Any) -> Any:
        constructor = getattr(k.layers, name)
        given = []
        for parameter in list(inspect.signature(constructor.__init__).parameters.values())[1:-1]:
            kind = parameter.name.rpartition("_")[2]
            if parameter.name.startswith(("lora", "quantization", "renorm", "synchronized", "use_cudnn")):
                break
            values = {
                "initializer": k.initializers.Constant(len(given)),
                "regularizer": k.regularizers.L2(0.25 + len(given)),
                "constraint": k.constraints.MaxNorm(1 + len(given)),
                "units": 3,
                "axes": [1],
                "axis": 1,
                "seed": 7,
            }
            flipped = not parameter.default if isinstance(parameter.default, bool) else parameter.default
            given.append(values.get(kind, flipped))
        config = constructor(*given, name="layer").get_config()
        return {key: value for key, value in config.items() if key != "dtype"}

    config = agree(scenario)
    assert len(config) > 4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda k: k.layers.Dense(), "Dense.*missing.*'units'"),
        (lambda k: k.layers.LSTM(), "LSTM.*missing.*'units'"),
        (
            lambda k: k.layers.Dense(3, None, True, "ones", kernel_initializer="ones"),
            "multiple values.*kernel_i",
        ),
        (lambda k: k.layers.GRU(3, *range(40)), "GRU.*too many positional"),
        (lambda k: k.layers.Conv2D(3, 2, kernel_initialiser="ones"), "Did you mean 'kernel_initializer'"),
        (lambda k: k.layers.LSTM(3, recurent_constraint=None), "Did you mean 'recurrent_constraint'"),
    ],
)
def test_a_wrong_call_of_a_constructor_is_named(call: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        call(layerlab)


@pytest.mark.oracle
def test_a_subclass_with_build_and_config_of_its_own_works_as_in_keras() -> None:
    def scenario(k: Any) -> Any:
        class Scaled(k.layers.Dense):
            def __init__(self, *args: Any, factor: float = 2.0, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.factor = factor

            def build(self, input_shape: Any) -> None:
                super().build(input_shape)
                self.gain = self.add_weight(shape=(self.units,), initializer="ones", name="gain")

            def call(self, inputs: Any) -> Any:
                return super().call(inputs) * self.factor * self.gain

            def get_config(self) -> dict[str, Any]:
                return {**super().get_config(), "factor": self.factor}

        layer = Scaled(2, "relu", bias_initializer="ones", kernel_initializer="ones", factor=3.0, name="s")
        again = Scaled.from_config(layer.get_config())
        outputs = np.asarray(again(np.ones((1, 3), "float32"))).tolist()
        return outputs, [(w.path, w.shape) for w in again.weights], again.factor, again.use_bias

    assert agree(scenario)[0] == [[12.0, 12.0]]


def test_a_subclass_may_make_a_declared_weight_in_its_own_way(backend: str) -> None:
    class Positive(layerlab.layers.Dense):
        def build(self, input_shape: Any) -> None:
            shape = (input_shape[-1], self.units)
            self.kernel = self.add_weight(shape=shape, initializer="ones", name="own")
            self.bias = None

    layer = Positive(2)
    assert layer(np.ones((1, 3))).tolist() == [[3.0, 3.0]]
    assert [w.name for w in layer.weights] == ["own"]


def test_a_declared_weight_is_a_plain_attribute() -> None:
    """Reading it costs no more than any attribute: the class has nothing of its name."""
    layer = layerlab.layers.Dense(2)
    assert not hasattr(layer, "kernel")
    layer.build((None, 3))
    assert vars(layer)["kernel"] is layer.kernel is layer.weights[0]
    assert inspect.getattr_static(type(layer), "kernel", None) is None


def test_a_declaration_says_order_shape_and_what_is_left_out() -> None:
    class Own(Layer):
        _declared_weights = Weights(
            b=Weight("zeros", switch="shifts"),
            a=Weight("ones", prefix="main", takes=("initializer", "constraint")),
            state=Weight("ones", takes=(), trainable=False, autocast=False),
        )

        @_declared_weights.arguments(after="self", regularizers_after="depth", constraints_after="wide")
        def __init__(self, depth: int = 1, wide: int = 2, **kwargs: Any) -> None:
            self.seen = dict(vars(self))
            super().__init__(**kwargs)

        def build(self, input_shape: Any) -> None:
            make_weights(self, a=(2,), state=())
            make_weight(self, "b", (3,), layerlab.initializers.Constant(4.0))

    assert str(inspect.signature(Own)).replace("'", "") == (
        "(shifts: bool = True, b_initializer: InitializerLike = zeros, "
        "main_initializer: InitializerLike = ones, depth: int = 1, "
        "b_regularizer: RegularizerLike = None, wide: int = 2, b_constraint: ConstraintLike = None, "
        "main_constraint: ConstraintLike = None, "
        "**kwargs: Any)"
    )
    layer = Own(main_constraint="non_neg", dtype="mixed_bfloat16")
    assert layer.seen["shifts"] is True  # there before the constructor runs
    layer.build((None,))
    rows = [(w.name, w.shape, w.trainable, w.autocast) for w in layer.weights]
    assert rows == [("a", (2,), True, True), ("b", (3,), True, True), ("state", (), False, False)]
    assert layer.b.numpy().tolist() == [4.0] * 3 and layer.a.constraint is layer.main_constraint  # type: ignore[attr-defined]
    assert list(said_of_weights(layer)) == [
        *("b_initializer", "main_initializer", "b_regularizer", "b_constraint", "main_constraint")
    ]
    without = Own(shifts=False)
    without.build((None,))
    assert without.b is None and [w.name for w in without.weights] == ["a", "state"]  # type: ignore[attr-defined]


def test_no_layer_spells_the_arguments_of_a_weight() -> None:
    spelled = [
        f"{path.name}: {function.name}({argument.arg})"
        for path in sorted(SOURCES.glob("*.py"))
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for argument in [*function.args.args, *function.args.kwonlyargs]
        if argument.arg.rpartition("_")[2] in KINDS and argument.arg not in (*KINDS, "activity_regularizer")
    ]
    assert not spelled, "declare it in `_declared_weights`: layers/weights.py"
