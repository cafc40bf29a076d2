"""The layers of tf.keras 2.10 with every argument that it wrote for them: (class, arguments, shape)."""

from __future__ import annotations

from typing import Any

from tests.saving.old_files import layer

_GLOROT = {"class_name": "GlorotUniform", "config": {"seed": None}}
_ZEROS, _ONES = {"class_name": "Zeros", "config": {}}, {"class_name": "Ones", "config": {}}
_UNIFORM = {"class_name": "RandomUniform", "config": {"minval": -0.05, "maxval": 0.05, "seed": None}}


def _none(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names)


_KERNEL = {"use_bias": True, "kernel_initializer": _GLOROT, "bias_initializer": _ZEROS} | _none(
    "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"
)
_FORMAT = {"data_format": "channels_last"}
_CONV = {"filters": 4, "padding": "same", "groups": 1, "activation": "relu", **_FORMAT, **_KERNEL}
_DEPTHWISE = {"depthwise_initializer": _GLOROT} | _none("depthwise_regularizer", "depthwise_constraint")
_POINTWISE = {"pointwise_initializer": _GLOROT} | _none("pointwise_regularizer", "pointwise_constraint")
_NORM = {"epsilon": 0.001, "center": True, "scale": True} | {
    "gamma_initializer": _ONES,
    "beta_initializer": _ZEROS,
    **_none("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"),
}
_BATCH = {"momentum": 0.99, "moving_mean_initializer": _ZEROS, "moving_variance_initializer": _ONES, **_NORM}
_CELL = {
    "units": 3,
    "activation": "tanh",
    "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": None}},
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    **_none("recurrent_regularizer", "recurrent_constraint"),
    **{key: value for key, value in _KERNEL.items() if key != "activity_regularizer"},
}
_LOOP = {"return_sequences": True, "return_state": False, "go_backwards": False, "stateful": False}
_LOOP |= {"unroll": False, "time_major": False, "activity_regularizer": None}
_GATES = {"recurrent_activation": "sigmoid", "implementation": 2}
_LSTM = {**_CELL, **_LOOP, **_GATES, "unit_forget_bias": True}
_GRU_CELL = {**_CELL, **_GATES, "reset_after": True}
_SIMPLE = {key: value for key, value in {**_CELL, **_LOOP}.items() if key != "time_major"}


def _window(rank: int, stride: int = 1) -> dict[str, Any]:
    return {"kernel_size": [3] * rank, "strides": [stride] * rank, "dilation_rate": [1] * rank}


def _pool(rank: int) -> dict[str, Any]:
    return {"pool_size": [2] * rank, "strides": [2] * rank, "padding": "valid", **_FORMAT}


def _inner(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return layer(class_name, name, dtype="float32", **config)


_STEPS, _IMAGE, _CUBE = [5, 2], [4, 4, 2], [4, 4, 4, 2]

LAYERS: list[tuple[str, dict[str, Any], list[int]]] = [
    ("Activation", {"activation": "softmax_v2"}, [3]),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.0}, [3]),
    ("AlphaDropout", {"rate": 0.1}, [3]),
    ("AveragePooling3D", _pool(3), _CUBE),
    ("BatchNormalization", {"axis": [3], **_BATCH}, _IMAGE),
    ("Bidirectional", {"layer": _inner("LSTM", "l", **_LSTM), "merge_mode": "concat"}, _STEPS),
    ("Conv1D", {**_window(1), **_CONV}, _STEPS),
    ("Conv1DTranspose", {**_window(1), "output_padding": None, **_CONV}, _STEPS),
    ("Conv2D", {**_window(2), **_CONV}, _IMAGE),
    ("Conv2DTranspose", {**_window(2, 2), "output_padding": None, **_CONV}, _IMAGE),
    ("Conv3D", {**_window(3), **_CONV}, _CUBE),
    ("Conv3DTranspose", {**_window(3), "output_padding": None, **_CONV}, _CUBE),
    ("Cropping2D", {"cropping": [[1, 1], [1, 1]], **_FORMAT}, _IMAGE),
    ("Dense", {"units": 3, "activation": "linear", **_KERNEL}, [3]),
    (
        "DepthwiseConv2D",
        {**_window(2), "padding": "same", "groups": 1, "depth_multiplier": 1, **_DEPTHWISE},
        _IMAGE,
    ),
    ("Dropout", {"rate": 0.5, "noise_shape": None, "seed": None}, [3]),
    (
        "EinsumDense",
        {
            "output_shape": [None, 4],
            "equation": "abc,cd->abd",
            "activation": "linear",
            "bias_axes": "d",
            **{k: v for k, v in _KERNEL.items() if k != "use_bias"},
        },
        _STEPS,
    ),
    ("ELU", {"alpha": 1.0}, [3]),
    (
        "Embedding",
        {
            "input_dim": 5,
            "output_dim": 2,
            "embeddings_initializer": _UNIFORM,
            "mask_zero": True,
            "input_length": 5,
            **_none("embeddings_regularizer", "activity_regularizer", "embeddings_constraint"),
        },
        [5],
    ),
    ("Flatten", _FORMAT, _IMAGE),
    ("GaussianDropout", {"rate": 0.1, "seed": None}, [3]),
    ("GaussianNoise", {"stddev": 0.1, "seed": None}, [3]),
    ("GlobalAveragePooling1D", {"keepdims": False, **_FORMAT}, _STEPS),
    ("GlobalMaxPooling2D", {"keepdims": False, **_FORMAT}, _IMAGE),
    ("GroupNormalization", {"groups": 2, "axis": -1, **_NORM}, _IMAGE),
    ("GRU", {**_GRU_CELL, **_LOOP}, _STEPS),
    ("LayerNormalization", {"axis": [2], **_NORM}, _STEPS),
    ("LeakyReLU", {"alpha": 0.3}, [3]),
    ("LSTM", _LSTM, _STEPS),
    ("Masking", {"mask_value": 0.0}, _STEPS),
    ("MaxPooling1D", _pool(1), _STEPS),
    ("MaxPooling2D", _pool(2), _IMAGE),
    ("Normalization", {"axis": [-1], "invert": False, "mean": None, "variance": None}, [3]),
    ("Permute", {"dims": [2, 1]}, _STEPS),
    (
        "PReLU",
        {"alpha_initializer": _ZEROS, "shared_axes": [1], **_none("alpha_regularizer", "alpha_constraint")},
        _STEPS,
    ),
    ("ReLU", {"max_value": 6.0, "negative_slope": 0.0, "threshold": 0.0}, [3]),
    ("RepeatVector", {"n": 3}, [3]),
    ("Rescaling", {"scale": 0.1, "offset": 0.0}, _IMAGE),
    ("Reshape", {"target_shape": [10]}, _STEPS),
    (
        "RNN",
        {"cell": _inner("StackedRNNCells", "s", cells=[_inner("GRUCell", "c", **_GRU_CELL)]), **_LOOP},
        _STEPS,
    ),
    ("SeparableConv2D", {**_window(2), **_CONV, "depth_multiplier": 1, **_DEPTHWISE, **_POINTWISE}, _IMAGE),
    ("SimpleRNN", _SIMPLE, _STEPS),
    ("Softmax", {"axis": -1}, [3]),
    ("SpatialDropout1D", {"rate": 0.5, "noise_shape": None, "seed": None}, _STEPS),
    ("SpatialDropout3D", {"rate": 0.5, "noise_shape": None, "seed": None, **_FORMAT}, _CUBE),
    ("ThresholdedReLU", {"theta": 1.0}, [3]),
    ("TimeDistributed", {"layer": _inner("Dense", "d", units=3, activation="linear", **_KERNEL)}, _STEPS),
    ("UnitNormalization", {"axis": [-1]}, _STEPS),
    ("UpSampling1D", {"size": 2}, _STEPS),
    ("UpSampling2D", {"size": [2, 2], "interpolation": "bilinear", **_FORMAT}, _IMAGE),
    ("UpSampling3D", {"size": [2, 2, 2], **_FORMAT}, _CUBE),
    ("ZeroPadding1D", {"padding": [1, 1]}, _STEPS),
    ("ZeroPadding2D", {"padding": [[1, 1], [1, 1]], **_FORMAT}, _IMAGE),
]
