"""Layers as functions: training flag, masks, dtypes, losses, pure calls, and errors that say where."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import DTypeError, InvalidArgumentError, NotBuiltError, ShapeError, UnsupportedError
from tests.oracle import agree

X = np.ones((2, 4), "float32")
IDS = np.array([[1, 2, 0], [3, 0, 0]])


def number(array: Any) -> float:
    return float(ops.convert_to_numpy(array))


# -- training ----------------------------------------------------------------------------------------


class Flag(layers.Layer):
    """Says which `training` it got, as 1 or 0."""

    def __init__(self, default_name: str = "", **kwargs):
        super().__init__(**kwargs)
        self.seen: list[bool] = []

    def call(self, inputs, training=None):
        self.seen.append(training)
        return inputs * (1.0 if training else 0.0)


class TrueFlag(Flag):
    def call(self, inputs, training=True):
        return super().call(inputs, training)


def test_training_is_a_bool_false_where_nobody_says_otherwise(backend: str) -> None:
    flag, true_flag = Flag(), TrueFlag()
    for call in (flag, true_flag):
        call(X)
        call(X, training=True)
        call(X, training=False)
        call(X, True)
        call(X, training=None)
    assert flag.seen == [False, True, False, True, False]
    assert true_flag.seen == [True, True, False, True, True]


def test_an_inner_layer_inherits_training_unless_told(backend: str) -> None:
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.plain, self.default, self.told = Flag(), TrueFlag(), Flag()

        def call(self, x):
            return self.told(self.default(self.plain(x)), training=True)

    outer = Outer()
    outer(X)
    outer(X, training=True)
    outer(X, training=False)
    assert outer.plain.seen == [False, True, False]
    assert outer.default.seen == [True, True, False]
    assert outer.told.seen == [True, True, True]


@pytest.mark.oracle
def test_training_in_a_graph_is_that_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Flag(k.layers.Layer):
            def call(self, inputs, training=None):
                return inputs * (1.0 if training else 0.0)

        class Around(k.layers.Layer):
            def __init__(self):
                super().__init__()
                self.flag = Flag()

            def call(self, inputs):
                return self.flag(inputs)

        class Default(k.layers.Layer):
            def call(self, inputs, training=True):
                return inputs * (1.0 if training else 0.0)

        seen = []
        for cls in (Flag, Around, Default):
            for said in ({}, {"training": True}, {"training": False}):
                inputs = k.Input((4,))
                model = k.Model(inputs, cls()(inputs, **said))
                seen.append(
                    [float(model(X, **call)[0, 0]) for call in ({}, {"training": True}, {"training": False})]
                )
        return seen

    assert agree(scenario)[1] == [1.0, 1.0, 0.0]


def test_training_without_a_parameter_for_it_is_for_the_layers_inside(backend: str) -> None:
    model = keras.Sequential([layers.Dropout(0.999)])
    assert number(ops.sum(model(np.ones((1, 100))))) == 100.0
    assert number(ops.sum(model(np.ones((1, 100)), training=True))) != 100.0


# -- masks -------------------------------------------------------------------------------------------


class Seeing(layers.Layer):
    def __init__(self):
        super().__init__()
        self.supports_masking = True
        self.mask = None

    def call(self, inputs, mask=None):
        self.mask = None if mask is None else ops.convert_to_numpy(mask).tolist()
        return inputs * 1.0


def test_a_mask_travels_with_its_tensor_through_layers_that_support_it(backend: str) -> None:
    embedded = layers.Embedding(5, 2, mask_zero=True)(IDS)
    first, second, third = Seeing(), Seeing(), Seeing()
    third(layers.Dense(2)(second(first(embedded))))
    expected = [[True, True, False], [True, False, False]]
    assert (first.mask, second.mask, third.mask) == (expected, expected, expected)


def test_a_mask_that_is_passed_comes_before_that_of_the_tensor(backend: str) -> None:
    embedded = layers.Embedding(5, 2, mask_zero=True)(IDS)
    layer = Seeing()
    layer(embedded, mask=np.zeros((2, 3), bool))
    assert layer.mask == [[False] * 3] * 2


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:.* does not support masking")
def test_masks_in_models_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Apply(k.layers.Layer):
            def __init__(self):
                super().__init__()
                self.supports_masking = True

            def call(self, x, mask=None):
                return x * 100 if mask is None else x * k.ops.cast(mask, "float32")[..., None]

        def embedding() -> Any:
            return k.layers.Embedding(5, 2, mask_zero=True, embeddings_initializer="ones")

        class Sub(k.Model):
            def __init__(self):
                super().__init__()
                self.embedding, self.apply = embedding(), Apply()

            def call(self, x):
                return self.apply(self.embedding(x))

        ids = k.Input((3,), dtype="int32")
        functional = k.Model(ids, Apply()(Apply()(embedding()(ids))))
        inputs = k.Input((3, 2))
        inner = k.Model(inputs, Apply()(inputs))
        around = k.Model(ids, Apply()(inner(embedding()(ids))))
        models = [functional, around, k.Sequential([embedding(), Apply()]), Sub()]
        return [np.asarray(model(IDS)).tolist() for model in models]

    agree(scenario)


@pytest.mark.filterwarnings("ignore:.* does not support masking")
def test_each_tensor_brings_its_own_mask(backend: str) -> None:
    class Two(layers.Layer):
        def call(self, a, b, a_mask=None, b_mask=None):
            self.seen = a_mask is not None, b_mask is not None
            return a + b

    masked = layers.Embedding(5, 2, mask_zero=True)(IDS)
    plain = layers.Embedding(5, 2)(IDS)
    two = Two()
    two(masked, plain)
    assert two.seen == (True, False)
    two(plain, b=masked)
    assert two.seen == (False, True)


def test_a_layer_that_does_not_know_masks_drops_it_with_a_warning(backend: str) -> None:
    class Plain(layers.Layer):
        def call(self, inputs):
            return inputs * 1.0

    with pytest.warns(UserWarning, match='Plain "p" does not support masking'):
        output = Plain(name="p")(layers.Embedding(5, 2, mask_zero=True)(IDS))
    seeing = Seeing()
    seeing(output)
    assert seeing.mask is None


def test_a_mask_survives_a_cast_to_the_compute_dtype(backend: str) -> None:
    embedded = layers.Embedding(5, 2, mask_zero=True, dtype="float16")(IDS)
    layer = Seeing()
    layer(embedded)
    assert layer.mask is not None


# -- dtypes ------------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_dtypes_under_policies_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Look(k.layers.Layer):
            def build(self, input_shape):
                self.a = self.add_weight(shape=(4,))
                self.b = self.add_weight(shape=(4,), autocast=False)
                self.c = self.add_weight(shape=(), dtype="int32", trainable=False)

            def call(self, x):
                self.seen = [str(v.dtype) for v in (self.a + 0, self.b + 0, self.c + 0, self.a.value, x)]
                return x * self.a

        class Outer(k.layers.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.single, self.half = Look(dtype="float32"), Look()

            def call(self, x):
                return self.single(x) + k.ops.cast(self.half(x), "float32")

        alone = [Look(dtype=name) for name in ("mixed_bfloat16", "float16", "float32")]
        outputs = [str(layer(X).dtype) for layer in alone]
        outer = Outer(dtype="mixed_bfloat16")
        outputs.append(str(outer(X).dtype))
        return outputs, [layer.seen for layer in (*alone, outer.single, outer.half)]

    agree(scenario)


def test_integers_are_left_alone_and_wide_floats_are_cast(backend: str) -> None:
    class Look(layers.Layer):
        def call(self, inputs):
            return inputs

    look = Look()
    names = [
        str(look(X.astype(name)).dtype).removeprefix("torch.")
        for name in ("int32", "bool", "float64", "float16")
    ]
    assert names == ["int32", "bool", "float32", "float32"]
    assert "float16" in str(Look(autocast=False)(X.astype("float16")).dtype)


# -- losses ------------------------------------------------------------------------------------------


class Adding(layers.Layer):
    def call(self, inputs):
        self.add_loss(ops.sum(inputs))
        return inputs


def test_losses_are_those_of_the_last_call(backend: str) -> None:
    layer = Adding()
    layer(X)
    layer(2 * X)
    assert [number(loss) for loss in layer.losses] == [16.0]


@pytest.mark.oracle
def test_losses_and_their_order_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Adding(k.layers.Layer):
            def call(self, inputs):
                self.add_loss(k.ops.sum(inputs))
                return inputs

        dense = k.layers.Dense(
            2,
            kernel_initializer="ones",
            kernel_regularizer=k.regularizers.L2(0.5),
            activity_regularizer=k.regularizers.L1(1.0),
        )
        model = k.Sequential([Adding(), dense])
        model(X)
        model(X)
        seen = [[float(loss) for loss in model.losses]]
        dense.trainable = False
        seen.append([float(loss) for loss in model.losses])
        return seen

    assert agree(scenario)[0] == [8.0, 8.0, 4.0]  # the activity of 16 is per sample


def test_the_losses_of_a_pure_call_are_its_own(backend: str) -> None:
    layer = Adding()
    layer(X)
    _, _, losses = layer.stateless_call([], [], 3 * X, return_losses=True)
    assert [number(loss) for loss in losses] == [24.0]
    assert [number(loss) for loss in layer.losses] == [8.0]


# -- pure calls --------------------------------------------------------------------------------------


def made_model() -> Any:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dropout(0.5)]
    )


def test_a_pure_call_changes_nothing_and_returns_the_new_state(backend: str) -> None:
    model = made_model()
    before = [v.numpy().copy() for v in model.variables]
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    _, updated = model.stateless_call(trainable, others, X + np.arange(2)[:, None], training=True)
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, model.variables, strict=True))
    changed = [
        not np.array_equal(v.numpy(), ops.convert_to_numpy(new))
        for v, new in zip(model.non_trainable_variables, updated, strict=True)
    ]
    assert changed == [True, True, True]  # moving mean, moving variance, seed


def test_a_pure_call_can_be_compiled_and_differentiated() -> None:
    model = made_model()
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]

    def loss(trainable: Any, x: Any) -> Any:
        return (model.stateless_call(trainable, others, x)[0] ** 2).sum()

    compiled = jax.jit(jax.value_and_grad(loss))
    value, gradients = compiled(trainable, X)
    assert value == pytest.approx(number(ops.sum(model(X) ** 2)), rel=1e-5)
    assert [g.shape for g in gradients] == [v.shape for v in model.trainable_variables]


def test_a_pure_call_counts_its_arguments(backend: str) -> None:
    with pytest.raises(NotBuiltError, match="must be built"):
        layers.Dense(2).stateless_call([], [], X)
    with pytest.raises(InvalidArgumentError, match=r"(?s)trainable_variables.*each of 4 variables.*Got: 1"):
        made_model().stateless_call([X], [], X)


# -- errors ------------------------------------------------------------------------------------------


def test_a_wrong_shape_is_named_with_the_layer_the_expected_and_the_fix(backend: str) -> None:
    class Outer(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(2, name="inner")

        def call(self, x):
            return self.dense(x)

    outer = Outer(name="outer")
    outer(X)
    with pytest.raises(ShapeError) as caught:
        outer(np.ones((2, 5)))
    for word in ('Dense "outer/inner"', "(2, 5)", "last axis of size 4", "Fix:"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "shape", "words"),
    [
        (keras.InputSpec(ndim=3), (2, 4), ["3 axes, got 2", "x[..., None]"]),
        (keras.InputSpec(min_ndim=3), (2, 4), ["at least 3 axes"]),
        (keras.InputSpec(max_ndim=2), (2, 4, 1), ["at most 2 axes"]),
        (keras.InputSpec(ndim=2), (2, 4, 4), ["2 axes, got 3", "flatten"]),
        (keras.InputSpec(axes={1: 3}), (2, 4), ["axis"]),
        (keras.InputSpec(shape=(None, 3)), (2, 4), ["(None, 3)"]),
        ([keras.InputSpec(), keras.InputSpec()], (2, 4), ["got 1 inputs", "2 inputs"]),
    ],
)
def test_what_an_input_spec_asks_for_is_checked(spec: Any, shape: tuple[int, ...], words: list[str]) -> None:
    class Asking(layers.Layer):
        def __init__(self):
            super().__init__(name="asking")
            self.input_spec = spec

        def call(self, inputs):
            return inputs

    for inputs in (np.ones(shape, "float32"), keras.Input(shape[1:])):
        with pytest.raises(ShapeError) as caught:
            Asking()(inputs)
        for word in ('Asking "asking"', *words):
            assert word in str(caught.value)


def test_an_input_spec_with_a_dtype_refuses_others() -> None:
    layer = layers.Activation("linear")
    layer.input_spec = keras.InputSpec(dtype="int32")
    with pytest.raises(DTypeError, match="int32"):
        layer(X)


def test_an_error_of_the_user_keeps_its_type_and_says_where(backend: str) -> None:
    class Failing(layers.Layer):
        def call(self, inputs):
            raise KeyError("missing")

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.failing = Failing(name="failing")

        def call(self, x):
            return self.failing(x)

    for inputs, shape in ((X, "(2, 4)"), (keras.Input((4,)), "(None, 4)")):
        with pytest.raises(KeyError, match="missing") as caught:
            Outer()(inputs)
        notes = [note for note in caught.value.__notes__ if note.startswith("In layer")]
        assert notes == [f'In layer Failing "outer/failing", called on {shape} float32.']


def test_a_layer_without_call_or_with_unknown_arguments_says_so() -> None:
    with pytest.raises(UnsupportedError, match="define call"):
        layers.Layer()(X)
    with pytest.raises(InvalidArgumentError, match="unknown arguments"):
        layers.Layer(unit=3)
    with pytest.raises(TypeError, match="unexpected"):
        layers.Activation("relu")(X, nonsense=1)


def test_forgetting_super_init_is_explained() -> None:
    class Forgetful(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    with pytest.raises(InvalidArgumentError, match=r"super\(\).__init__\(\)"):
        Forgetful()(X)


def test_attributes_may_be_set_before_super_init(backend: str) -> None:
    class Early(layers.Layer):
        def __init__(self):
            self.units = 2
            self.dense = layers.Dense(self.units)
            super().__init__()

        def call(self, inputs):
            return self.dense(inputs)

    layer = Early()
    layer(X)
    assert len(layer.weights) == 2


def test_calling_in_a_loop_gives_no_warning(backend: str) -> None:
    layer = layers.Dense(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            layer(X)
