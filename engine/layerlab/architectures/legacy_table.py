"""What older Keras wrote, and what it is called today: the one table of all changes.

Only data, and the few functions that no table can replace; `legacy_config` applies it. Decision 025 tells the
same for readers, with what cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from layerlab.numeric import is_number

__all__ = [
    "ACTIVATIONS",
    "ACTIVATION_ARGUMENTS",
    "CHANGED_IN_3",
    "CHANGES",
    "COMPILE_GONE",
    "KERAS_1_ARGUMENTS",
    "KERAS_1_CLASSES",
    "LOSSES",
    "NOT_HERE",
    "OF_TENSORFLOW",
    "SLOTS",
    "Change",
]

Config = dict[str, Any]


class _Anything:
    """Stands for all values: an argument that never changed a number."""

    def __contains__(self, value: object) -> bool:
        return True


_ANYTHING = _Anything()
_OFF = (None, False)
_ONE = (None, 1)


@dataclass(frozen=True)
class Change:
    """What a config of one class says in another way than today.

    Args:
        name: today's class, if it is another.
        renamed: old argument -> today's.
        gone: old argument -> the values with which it says nothing; another one cannot be honoured.
        added: argument -> what it was, where the config does not have it.
        added_before: the same for files of Keras older than a release.
        warned_before: argument -> (values, release, what to know) of numbers that differ in older files.
        adapt: changes the arguments, where all that is not enough.
    """

    name: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, Any] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)
    added_before: tuple[tuple[int, int], Mapping[str, Any]] = ((0, 0), {})
    warned_before: Mapping[str, tuple[Any, tuple[int, int], str]] = field(default_factory=dict)
    adapt: Callable[[Config], None] | None = None


# -- names ----------------------------------------------------------------------------------------------

ACTIVATION_ARGUMENTS = ("activation", "recurrent_activation")
ACTIVATIONS = {
    "hard_sigmoid": "legacy_hard_sigmoid",  # x / 5 + 1/2 up to 2.15, x / 6 + 1/2 today
    "softmax_v2": "softmax",  # tf.nn.softmax and so on, by the names they have inside TensorFlow
    "log_softmax_v2": "log_softmax",
    "relu_layer": "relu",
}
LOSSES = {
    "cosine": "cosine_similarity",
    "cosine_proximity": "cosine_similarity",
    "huber_loss": "huber",
}

COMPILE_GONE = ("jit_compile", "pss_evaluation_shards")  # how TensorFlow ran it; no number follows from them

# -- what there is no way to read ---------------------------------------------------------------------------

OF_TENSORFLOW = (
    "ClassMethod",
    "InstanceMethod",
    "InstanceProperty",
    "SlicingOpLambda",
    "TFOpLambda",
    "TensorFlowOpLayer",
)
NOT_HERE = {
    "LocallyConnected1D": "it was taken out of Keras 3; use Conv1D, or a Layer of your own in custom_objects",
    "LocallyConnected2D": "it was taken out of Keras 3; use Conv2D, or a Layer of your own in custom_objects",
    "DenseFeatures": "it was taken out of Keras 3; prepare the columns before the model",
    "TFOptimizer": "it is an optimizer of TensorFlow 1: load_model(path, compile=False), then compile",
}
KERAS_1_CLASSES = (
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "Deconvolution2D",
    "Highway",
    "MaxoutDense",
    "Merge",
    "SeparableConvolution2D",
    "TimeDistributedDense",
)
KERAS_1_ARGUMENTS = frozenset(
    [
        "W_constraint",
        "W_regularizer",
        "b_constraint",
        "b_regularizer",
        "beta_init",
        "border_mode",
        "consume_less",
        "dim_ordering",
        "dropout_U",
        "dropout_W",
        "gamma_init",
        "init",
        "inner_activation",
        "inner_init",
        "nb_col",
        "nb_filter",
        "nb_row",
        "subsample",
    ]
)

# -- layers ----------------------------------------------------------------------------------------------

_HARD_GATES = {"recurrent_activation": ACTIVATIONS["hard_sigmoid"]}  # the default up to 2.2
_LOOP = {"implementation": _ANYTHING, "time_major": _OFF, "num_constants": (None, 0)}
_NO_GROUPS = {"groups": _ONE}
_PLAIN_KERNEL = dict.fromkeys(("kernel_initializer", "kernel_regularizer", "kernel_constraint"), _ANYTHING)
_SPATIAL_DROPOUT = Change(gone={"noise_shape": _OFF, "trainable": _ANYTHING})
_BUILT_ON = {"query_shape": _ANYTHING, "key_shape": _ANYTHING, "value_shape": _ANYTHING}
_NORM = Change(gone={"fused": _ANYTHING, "virtual_batch_size": _OFF, "adjustment": _OFF})


def _lambda(config: Config) -> None:
    """The code of a lambda, or the name of a function, in today's form."""
    function, kind = config.get("function"), config.pop("function_type", None)
    if isinstance(function, str) and kind != "lambda":
        config["function"] = {"class_name": "function", "config": function}
    elif not isinstance(function, dict):
        config["function"] = {"class_name": "__lambda__", "config": {"value": function}}


_LAYERS = {
    "AdditiveAttention": Change(gone={"causal": _OFF}),
    "Attention": Change(gone={"causal": _OFF}),
    "BatchNormalization": _NORM,
    "SyncBatchNormalization": Change("BatchNormalization", gone=_NORM.gone),
    "Bidirectional": Change(gone={"time_major": _OFF, "num_constants": (None, 0)}),
    "Conv1DTranspose": Change(gone=_NO_GROUPS),
    "Conv2DTranspose": Change(gone=_NO_GROUPS),
    "Conv3DTranspose": Change(gone=_NO_GROUPS),
    "CuDNNGRU": Change("GRU", added={"reset_after": True}),
    "CuDNNLSTM": Change("LSTM"),
    "DepthwiseConv1D": Change(gone=_NO_GROUPS | _PLAIN_KERNEL),
    "DepthwiseConv2D": Change(gone=_NO_GROUPS | _PLAIN_KERNEL),
    "Embedding": Change(gone={"input_length": _ANYTHING, "sparse": _OFF}),
    "GRU": Change(gone=_LOOP, added={"reset_after": False}, added_before=((2, 3), _HARD_GATES)),
    "GRUCell": Change(gone=_LOOP, added={"reset_after": False}, added_before=((2, 3), _HARD_GATES)),
    "InputLayer": Change(renamed={"batch_input_shape": "batch_shape"}, gone={"type_spec": _OFF}),
    "Lambda": Change(
        gone=dict.fromkeys(("module", "output_shape_type", "output_shape_module"), _ANYTHING), adapt=_lambda
    ),
    "LSTM": Change(gone=_LOOP, added_before=((2, 3), _HARD_GATES)),
    "LSTMCell": Change(gone=_LOOP, added_before=((2, 3), _HARD_GATES)),
    "LeakyReLU": Change(renamed={"alpha": "negative_slope"}),
    "MultiHeadAttention": Change(gone=_BUILT_ON),
    "RNN": Change(gone=_LOOP),
    "SeparableConv1D": Change(gone=_NO_GROUPS | _PLAIN_KERNEL),
    "SeparableConv2D": Change(gone=_NO_GROUPS | _PLAIN_KERNEL),
    "SimpleRNN": Change(gone=_LOOP),
    "SimpleRNNCell": Change(gone=_LOOP),
    "SpatialDropout1D": _SPATIAL_DROPOUT,
    "SpatialDropout2D": _SPATIAL_DROPOUT,
    "SpatialDropout3D": _SPATIAL_DROPOUT,
    "StackedRNNCells": Change(gone={"reverse_state_order": _OFF}),
    "ThresholdedReLU": Change("ReLU", renamed={"theta": "threshold"}),
    "UpSampling2D": Change(
        warned_before={
            "interpolation": (
                ("bilinear",),
                (2, 3),
                "it took its pixels at other places before Keras 2.3: outputs differ by a part of a pixel",
            )
        }
    ),
}

CHANGED_IN_3 = ("Embedding", "MultiHeadAttention")  # the first releases still wrote the arguments of Keras 2

# -- initializers ------------------------------------------------------------------------------------------


def _variance_scaling(config: Config) -> None:
    if config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"


_NO_DTYPE = {"dtype": _ANYTHING}
_INITIALIZERS = dict.fromkeys(
    [
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "Identity",
        "LecunNormal",
        "LecunUniform",
        "Ones",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "Zeros",
    ],
    Change(gone=_NO_DTYPE),
) | {"VarianceScaling": Change(gone=_NO_DTYPE, adapt=_variance_scaling)}

# -- optimizers ------------------------------------------------------------------------------------------


def _optimizer(config: Config) -> None:
    """A rate that decays by itself is today a schedule of the same numbers; None means the default."""
    decay, rate = config.pop("decay", 0.0), config.get("learning_rate")
    if decay and is_number(rate):
        schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {"class_name": "InverseTimeDecay", "config": schedule}
    if "epsilon" in config and config["epsilon"] is None:
        del config["epsilon"]


def _nadam(config: Config) -> None:
    """Nadam's `decay` is the schedule_decay of its momentum, under another name."""
    for name in ("decay", "schedule_decay"):
        if config.get(name) in (0.0, 0.004):
            del config[name]
    _optimizer(config)


def _optimizers(*names: str, adapt: Callable[[Config], None]) -> dict[str, Change]:
    gone = {"is_legacy_optimizer": _ANYTHING, "jit_compile": _ANYTHING}
    return dict.fromkeys(names, Change(renamed={"lr": "learning_rate"}, gone=gone, adapt=adapt))


_USUAL = ("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "RMSprop", "SGD")
_NADAM = _optimizers("Nadam", adapt=_nadam)["Nadam"]
_NADAMS_MOMENTUM = "its momentum warmed up more slowly before 2.11: training goes on by today's formula"
_OPTIMIZERS = _optimizers(*_USUAL, adapt=_optimizer) | {
    "LossScaleOptimizer": Change(renamed={"optimizer": "inner_optimizer"}, gone={"dynamic": (None, True)}),
    "Nadam": replace(_NADAM, warned_before={"beta_1": (_ANYTHING, (2, 11), _NADAMS_MOMENTUM)}),
}

# -- losses and metrics ----------------------------------------------------------------------------------


def _loss(config: Config) -> None:
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"


_LOSS_CLASSES = dict.fromkeys(
    [
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalHinge",
        "CosineSimilarity",
        "Hinge",
        "Huber",
        "KLDivergence",
        "LogCosh",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredError",
        "MeanSquaredLogarithmicError",
        "Poisson",
        "SparseCategoricalCrossentropy",
        "SquaredHinge",
    ],
    Change(gone={"fn": _ANYTHING}, adapt=_loss),  # 2.11 to 2.15 name the function beside its arguments
)

# Today's slot -> its names in older files, in the order in which they follow each other there.
SLOTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Adadelta": {
        "accumulated_grad": ("accum_grad", "accumulated_grad", "accumulator"),
        "accumulated_delta_var": ("accum_var", "accumulated_delta_var", "delta_accumulator"),
    },
    "Adagrad": {"accumulator": ("accumulator",)},
    "Adam": {"momentum": ("m",), "velocity": ("v",), "velocity_hat": ("vhat",)},
    "AdamW": {"momentum": ("m",), "velocity": ("v",), "velocity_hat": ("vhat",)},
    "Adamax": {"momentum": ("m",), "norm": ("v", "u")},
    "Ftrl": {"accumulator": ("accumulator",), "linear": ("linear",)},
    "Lion": {"momentum": ("m",)},
    "Nadam": {"momentum": ("m",), "velocity": ("v",)},
    "RMSprop": {
        "velocity": ("rms", "velocity", "accumulator"),
        "momentum": ("momentum",),
        "average_gradient": ("mg", "average_gradient"),
    },
    "SGD": {"momentum": ("momentum", "m", "moment")},
}

CHANGES: Mapping[str, Change] = _LAYERS | _INITIALIZERS | _OPTIMIZERS | _LOSS_CLASSES
