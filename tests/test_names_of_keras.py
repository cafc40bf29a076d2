"""Public attributes and methods: what an object of Keras has, ours has too, but for a list with reasons."""

from __future__ import annotations

import warnings
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import UnsupportedError

X = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")

# Arguments for the classes that need some.
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "Activation": ("relu",),
    "CategoryEncoding": (2,),
    "CenterCrop": (1, 1),
    "CosineDecay": (1.0, 1),
    "CosineDecayRestarts": (1.0, 1),
    "CSVLogger": ("x.csv",),
    "Dense": (2,),
    "Discretization": ([1.0],),
    "Dot": (1,),
    "EinsumDense": ("ab,bc->ac", 2),
    "Embedding": (3, 2),
    "ExponentialDecay": (1.0, 1, 0.5),
    "GaussianNoise": (0.5,),
    "GroupQueryAttention": (2, 2, 1),
    "HashedCrossing": (5,),
    "Hashing": (5,),
    "IoU": (2, [0]),
    "InputLayer": ((2,),),
    "InverseTimeDecay": (1.0, 1, 0.5),
    "LearningRateScheduler": (lambda epoch: 0.1,),
    "MeanIoU": (2,),
    "MeanMetricWrapper": (lambda y, p: p,),
    "ModelCheckpoint": ("x.keras",),
    "BackupAndRestore": ("backup",),
    "MultiHeadAttention": (1, 2),
    "OneHotIoU": (2, [0]),
    "OneHotMeanIoU": (2,),
    "Optimizer": (0.1,),
    "Permute": ((1,),),
    "PiecewiseConstantDecay": ([1], [1.0, 2.0]),
    "PolynomialDecay": (1.0, 1),
    "RandomCrop": (1, 1),
    "RandomBrightness": (0.1,),
    "RandomContrast": (0.1,),
    "RandomHue": (0.1,),
    "RandomRotation": (0.1,),
    "RandomSaturation": (0.1,),
    "RandomTranslation": (0.1, 0.1),
    "RandomZoom": (0.1,),
    "RepeatVector": (2,),
    "Rescaling": (1.0,),
    "Reshape": ((1,),),
    "Resizing": (1, 1),
    "ReversibleEmbedding": (3, 2),
}
ENDINGS: dict[str, tuple[Any, ...]] = {  # and by the ends of their names
    "Dropout": (0.5,),
    "Dropout1D": (0.5,),
    "Dropout2D": (0.5,),
    "Dropout3D": (0.5,),
    "LSTM": (2,),
    "GRU": (2,),
    "SimpleRNN": (2,),
    "LSTMCell": (2,),
    "GRUCell": (2,),
    "SimpleRNNCell": (2,),
    "Specificity": (0.5,),
    "Sensitivity": (0.5,),
    "AtRecall": (0.5,),
    "AtPrecision": (0.5,),
}

# Of these Keras makes no objects without TensorFlow: their classes are compared.
NEEDS_TENSORFLOW = ("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization")

# What cannot exist, or not yet, by attribute.
UNBUILT = "weights of a layer that is not built; Keras raises AttributeError on them"
LORA, QUANTIZED = "there is no LoRA in this version", "there is no quantization in this version"
STEP = "a step inside the formula of Keras' class, not meant to be called"
OF_DATA = "for use inside tf.data with another back end: layers compute on the active one"
CELL_MASKS = "cells get their dropout masks from the layer that runs them, and keep none"
LEARNING = "a step of `adapt`, which learns all or nothing"
OPEN_FILE = "the file that is being written"
BAR = "how far the bar is"
ABSENT = {
    **dict.fromkeys(["kernel", "embeddings", "moving_mean", "moving_variance"], UNBUILT),
    **dict.fromkeys(["key_dense", "query_dense", "value_dense", "output_dense"], UNBUILT),
    **dict.fromkeys(["enable_lora", "lora_alpha", "lora_enabled", "lora_rank"], LORA),
    **dict.fromkeys(
        ["quantization_config", "variable_serialization_spec", "gptq_unpacked_column_size"], QUANTIZED
    ),
    **dict.fromkeys(["interpolate_pr_auc", "lr_adjust", "transpose_last_axis"], STEP),
    **dict.fromkeys(["zeropower_via_newtonschulz5", "single_state", "pool_mode", "noise_shape"], STEP),
    **dict.fromkeys(["axis", "score_mode"], STEP),
    **dict.fromkeys(["update_state", "reset_state", "summary", "output_dtype"], LEARNING),
    **dict.fromkeys(["get_clipped_bbox", "get_shifted_bbox", "get_transformed_x_y"], STEP),
    **dict.fromkeys(["backend", "convert_weight", "finalize_state", "convert_input"], OF_DATA),
    **dict.fromkeys(["get_dropout_mask", "get_recurrent_dropout_mask"], CELL_MASKS),
    **dict.fromkeys(["reset_dropout_mask", "reset_recurrent_dropout_mask", "implementation"], CELL_MASKS),
    **dict.fromkeys(["append_header", "csv_file", "keys", "sep", "writer"], OPEN_FILE),
    **dict.fromkeys(["epochs", "progbar", "seen", "target", "verbose"], BAR),
    **dict.fromkeys(["renorm", "renorm_clipping", "renorm_momentum", "synchronized"], "we refuse it"),
    "rms_scaling": "an argument that Keras refuses; RMSNormalization is a layer of its own",
    "factor": "an argument of layers that have none; Keras keeps it all the same",
}
# For these no exceptions: what users subclass, and hold in their hands.
STRICT = [
    "Layer",
    "Metric",
    "Loss",
    "Optimizer",
    "Callback",
    "Initializer",
    "Regularizer",
    "Constraint",
    "Model",
    "Sequential",
    "Functional",
    "Subclass",
    "Variable",
    "KerasTensor",
    "Input",
    "Adam",
    "Mean",
    "MeanSquaredError",
    "EarlyStopping",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "History",
    "CallbackList",
    "LearningRateScheduler",
]
FAMILIES = [
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "initializers",
    "regularizers",
    "constraints",
    "callbacks",
]


def made(k: Any, family: str, name: str) -> Any:
    """An object of the class."""
    cls = getattr(getattr(k, family), name)
    if k is oracle and name in NEEDS_TENSORFLOW:
        return cls
    if name in ("Wrapper", "TimeDistributed", "SpectralNormalization", "Bidirectional"):
        return cls(k.layers.LSTM(2))
    if name in ("RNN", "StackedRNNCells"):
        return cls([k.layers.LSTMCell(2)])
    if name == "LossScaleOptimizer":
        return cls(k.optimizers.SGD())
    if name == "Lambda":
        return cls(k.ops.abs)
    if "Conv" in name:
        return cls(*((1,) if "Depthwise" in name else (2, 1)))
    if "Pool" in name:
        return cls(*((2,) if "Adaptive" in name or "Global" not in name else ()))
    ending = next((ENDINGS[end] for end in ENDINGS if name.endswith(end)), ())
    return cls(*ARGUMENTS.get(name, ending))


def public(value: Any) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name for name in dir(value) if not name.startswith("_")}


def missing(theirs: Any, ours: Any, name: str) -> list[str]:
    allowed = set() if name in STRICT else ABSENT.keys()
    return sorted(public(theirs) - public(ours) - allowed)


@pytest.mark.oracle
@pytest.mark.parametrize("family", FAMILIES)
def test_objects_have_what_those_of_keras_have(family: str) -> None:
    ours, theirs = getattr(keras, family), getattr(oracle, family)
    names = [name for name in dir(ours) if isinstance(getattr(ours, name), type) and hasattr(theirs, name)]
    assert len(names) > 2
    lacking = {
        name: lacks
        for name in names
        if (lacks := missing(made(oracle, family, name), made(keras, family, name), name))
    }
    assert lacking == {}


def models(k: Any) -> dict[str, Any]:
    inputs = k.Input((2,))
    return {
        "Sequential": k.Sequential([k.Input((2,)), k.layers.Dense(1)]),
        "Functional": k.Model(inputs, k.layers.Dense(1)(inputs)),
        "Subclass": type("Mine", (k.Model,), {})(),
        "Variable": k.Variable([1.0]),
        "KerasTensor": k.KerasTensor((2,)),
        "Input": inputs,
        "SeedGenerator": k.random.SeedGenerator(1),
        "DTypePolicy": k.dtype_policies.DTypePolicy("float32"),
        "InputSpec": k.layers.InputSpec(),
        "schedule": k.optimizers.schedules.ExponentialDecay(1.0, 1, 1.0),
    }


@pytest.mark.oracle
def test_models_variables_and_tensors_have_what_those_of_keras_have() -> None:
    ours, theirs = models(keras), models(oracle)
    for name in ("Sequential", "Functional", "Subclass"):
        ours[name].compile("sgd", "mse")
        theirs[name].compile("sgd", "mse")
    assert {name: missing(theirs[name], ours[name], name) for name in ours} == {name: [] for name in ours}


@pytest.mark.oracle
def test_no_exception_outlives_its_reason() -> None:
    """A name in the list that ours has by now, or Keras no more, is to be taken off."""
    needed: set[str] = set()
    for family in FAMILIES:
        ours, theirs = getattr(keras, family), getattr(oracle, family)
        for name in dir(ours):
            if isinstance(getattr(ours, name), type) and hasattr(theirs, name):
                needed |= public(made(oracle, family, name)) - public(made(keras, family, name))
    for name, theirs_ in models(oracle).items():
        needed |= public(theirs_) - public(models(keras)[name])
    assert ABSENT.keys() - needed == set()


# -- what they do ------------------------------------------------------------------------------------------


def test_older_ways_of_a_layer_work_or_say_what_to_write(backend: str) -> None:
    class Mine(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.w = self.add_variable((2,), "ones", name="w")

        def call(self, inputs: Any, training: bool = False) -> Any:
            return inputs * self.w

    layer = Mine()
    assert ops.convert_to_numpy(layer(X)).tolist() == X.tolist()
    assert [v.name for v in layer.weights] == ["w"]
    assert layer.call_signature_parameters == ["inputs", "training"] and layer.quantization_mode is None
    assert layer.rematerialized_call(layer.call)(X) is not None
    with pytest.raises(UnsupportedError, match=r"self\.seen = Mean\(\)"):
        layer.add_metric(1.0, name="m")
    with pytest.raises(UnsupportedError, match="quantize"):
        layer.quantized_call(X)


def test_compute_loss_and_updates_is_the_loss_of_given_values(backend: str) -> None:
    model = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(1, use_bias=False, kernel_initializer="ones"),
            layers.BatchNormalization(),
        ]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    y = np.array([[1.0], [5.0]], "float32")
    kernel, gamma, beta = np.array([[2.0], [0.0]], "float32"), np.ones(1), np.zeros(1)
    others, metrics = model.non_trainable_variables, model.metrics_variables
    loss, (unscaled, y_pred, new, _) = model.compute_loss_and_updates(
        [kernel, gamma, beta],
        others,
        metrics,
        X,
        y,
        None,
        training=True,
        optimizer_variables=model.optimizer.variables,
    )
    hidden = X @ kernel  # [[2], [6]]: mean 4, variance 4
    expected = (hidden - 4) / np.sqrt(4 + 1e-3)
    np.testing.assert_allclose(ops.convert_to_numpy(y_pred), expected, rtol=1e-5)
    assert float(ops.convert_to_numpy(loss)) == pytest.approx(((expected - y) ** 2).mean(), rel=1e-5)
    assert float(ops.convert_to_numpy(unscaled)) == float(ops.convert_to_numpy(loss))
    assert ops.convert_to_numpy(new[0]).tolist() == pytest.approx([0.04])  # 0.99 * 0 + 0.01 * 4
    assert model.get_weights()[0].tolist() == [[1.0], [1.0]] and others[0].numpy().tolist() == [0.0]


def test_steps_per_execution_can_be_set(backend: str) -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=2)
    assert model.steps_per_execution == 2
    model.steps_per_execution = 3
    assert model.steps_per_execution == 3
    with pytest.raises(ValueError, match="positive integer"):
        model.steps_per_execution = 0
    model.jax_state_sync()


def test_callbacks_compare_by_monitor_op() -> None:
    stopping = keras.callbacks.EarlyStopping(monitor="gain", mode="auto", patience=0)
    assert stopping.monitor_op is None
    stopping.monitor_op = np.greater
    stopping.set_model(keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
    stopping.on_train_begin()
    assert bool(stopping.monitor_op(2.0, 1.0)) and not bool(stopping.monitor_op(1.0, 2.0))
    stopping.on_epoch_end(0, {"gain": 1.0})
    stopping.on_epoch_end(1, {"gain": 3.0})
    assert stopping.best == 3.0 and stopping.best_epoch == 1
    assert bool(keras.callbacks.ModelCheckpoint("x.keras", mode="min").monitor_op(1.0, 2.0))
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", cooldown=2)
    assert not plateau.in_cooldown()
    plateau.cooldown_counter = 1
    assert plateau.in_cooldown()


def test_early_stopping_watches_what_get_monitor_value_gives() -> None:
    class OfTwo(keras.callbacks.EarlyStopping):
        def get_monitor_value(self, logs: Any) -> float:
            return logs["a"] + logs["b"]

    stopping = OfTwo(mode="min")
    stopping.on_train_begin()
    stopping.on_epoch_end(0, {"a": 1.0, "b": 2.0})
    assert stopping.best == 3.0


def test_a_loss_scale_optimizer_looks_for_what_is_not_finite(backend: str) -> None:
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    assert bool(optimizer.check_finite([ops.ones(2), None, np.ones(1)]))
    assert not bool(optimizer.check_finite([ops.ones(2), np.array([np.nan])]))
