"""Every layer against the installed Keras: one row for each way to make it, one test for each check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.layers.checks import CHECKS, Case

pytestmark = pytest.mark.oracle

MASK = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], dtype=bool)  # (2, 5)


def maker(name: str, *args: Any, **kwargs: Any) -> Any:
    """From a namespace to its layer of this name."""
    return lambda namespace: getattr(namespace.layers, name)(*args, **kwargs)


def dense() -> list[Case]:
    return [
        Case("dense", lambda k: k.layers.Dense(3), ((2, 4),)),
        Case("dense relu, 3 axes", lambda k: k.layers.Dense(3, activation="relu"), ((2, 5, 4),)),
        Case("dense without bias", lambda k: k.layers.Dense(3, use_bias=False, name="d"), ((2, 4),)),
        Case(
            "dense with regularizers",
            lambda k: k.layers.Dense(
                3,
                activation="tanh",
                kernel_initializer="he_normal",
                bias_initializer=k.initializers.Constant(0.1),
                kernel_regularizer="l2",
                bias_regularizer=k.regularizers.L1(0.1),
                activity_regularizer="l1",
                kernel_constraint="max_norm",
                bias_constraint="non_neg",
            ),
            ((2, 4),),
        ),
        Case("einsum", lambda k: k.layers.EinsumDense("ab,bc->ac", 5, bias_axes="c"), ((2, 4),)),
        Case(
            "einsum 3 axes",
            lambda k: k.layers.EinsumDense("abc,cd->abd", (None, 5), "relu", "d"),
            ((2, 3, 4),),
        ),
        Case(
            "einsum heads",
            lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 2, 5), bias_axes="de"),
            ((2, 3, 4),),
        ),
        Case(
            "einsum two sums",
            lambda k: k.layers.EinsumDense("abcd,cde->abe", (None, 5), bias_axes="e"),
            ((2, 3, 4, 2),),
        ),
        Case("einsum left", lambda k: k.layers.EinsumDense("...x,xy->...y", 5, bias_axes="y"), ((2, 3, 4),)),
        Case(
            "einsum right", lambda k: k.layers.EinsumDense("ab...,bc->ac...", 5, bias_axes="c"), ((2, 3, 4),)
        ),
        Case("embedding", lambda k: k.layers.Embedding(7, 3), ((2, 5),), integers=7),
        Case("embedding masked", lambda k: k.layers.Embedding(7, 3, mask_zero=True), ((2, 5),), integers=7),
        Case(
            "embedding regularized",
            lambda k: k.layers.Embedding(7, 3, "normal", "l2", "unit_norm"),
            ((5,),),
            integers=7,
        ),
        Case("reversible", lambda k: k.layers.ReversibleEmbedding(7, 3), ((2, 5),), integers=7),
        Case(
            "reversible back",
            lambda k: k.layers.ReversibleEmbedding(7, 3),
            ((2, 5, 3),),
            call={"reverse": True},
            mixed=False,
        ),
        Case(
            "reversible untied",
            lambda k: k.layers.ReversibleEmbedding(7, 3, tie_weights=False, logit_soft_cap=2.0),
            ((2, 5, 3),),
            call={"reverse": True},
            mixed=False,
        ),
    ]


def conv() -> list[Case]:
    image, volume, steps = (2, 7, 6, 4), (2, 5, 4, 4, 2), (2, 9, 4)
    cases = []
    for dim, shape in ((1, steps), (2, image), (3, volume)):
        for kind in ("Conv{}D", "Conv{}DTranspose"):
            name = kind.format(dim)
            for what, kwargs in {
                "valid": {},
                "same, strides": {"padding": "same", "strides": 2, "activation": "relu"},
                "dilated": {"padding": "same", "dilation_rate": 2, "use_bias": False},
            }.items():
                if dim == 3 and what == "dilated":
                    continue
                make = maker(name, 4, 3, **kwargs)
                cases.append(Case(f"{name} {what}", make, (shape,)))
    return [
        *cases,
        Case("Conv1D causal", lambda k: k.layers.Conv1D(3, 2, padding="causal", dilation_rate=2), (steps,)),
        Case("Conv2D groups", lambda k: k.layers.Conv2D(4, (3, 2), groups=2), (image,)),
        Case("Conv2D strides", lambda k: k.layers.Conv2D(4, (3, 2), strides=(2, 1)), (image,)),
        Case(
            "Conv2D same even", lambda k: k.layers.Conv2D(4, (2, 4), strides=(3, 2), padding="same"), (image,)
        ),
        Case("Conv2D first", lambda k: k.layers.Conv2D(4, 3, data_format="channels_first"), ((2, 4, 7, 6),)),
        Case(
            "Conv2DTranspose first",
            lambda k: k.layers.Conv2DTranspose(4, 3, 2, data_format="channels_first"),
            ((2, 4, 5, 6),),
        ),
        Case(
            "Conv2DTranspose output padding",
            lambda k: k.layers.Conv2DTranspose(3, 3, 2, "same", output_padding=1),
            (image,),
        ),
        Case(
            "Conv2DTranspose valid padding",
            lambda k: k.layers.Conv2DTranspose(3, (2, 4), 3, output_padding=(1, 2)),
            (image,),
        ),
        Case("DepthwiseConv1D", lambda k: k.layers.DepthwiseConv1D(3, depth_multiplier=2), (steps,)),
        Case(
            "DepthwiseConv2D",
            lambda k: k.layers.DepthwiseConv2D(3, padding="same", strides=2, depth_multiplier=2),
            (image,),
        ),
        Case(
            "DepthwiseConv2D first",
            lambda k: k.layers.DepthwiseConv2D(3, data_format="channels_first"),
            ((2, 4, 7, 6),),
        ),
        Case("SeparableConv1D", lambda k: k.layers.SeparableConv1D(3, 3, depth_multiplier=2), (steps,)),
        Case(
            "SeparableConv2D",
            lambda k: k.layers.SeparableConv2D(3, 3, padding="same", activation="relu"),
            (image,),
        ),
        Case(
            "SeparableConv2D strides",
            lambda k: k.layers.SeparableConv2D(3, 3, strides=2, depth_multiplier=2),
            (image,),
        ),
    ]


def pool() -> list[Case]:
    cases = []
    for dim, shape in ((1, (2, 7, 3)), (2, (2, 7, 6, 3)), (3, (2, 5, 6, 4, 2))):
        for kind in ("MaxPooling", "AveragePooling"):
            name = f"{kind}{dim}D"
            for what, kwargs in {
                "valid": {},
                "same": {"padding": "same", "strides": 1},
                "overlapping": {"strides": 1},
                "first": {"data_format": "channels_first"},
            }.items():
                size = 3 if what == "same" else 2
                make = maker(name, size, **kwargs)
                cases.append(Case(f"{name} {what}", make, (shape,)))
            for options in ({}, {"keepdims": True}, {"data_format": "channels_first"}):
                make = maker(f"Global{name}", **options)
                cases.append(Case(f"Global{name} {''.join(options)}", make, (shape,)))
            make = maker(f"Adaptive{name}", 2)
            cases.append(Case(f"Adaptive{name}", make, (shape,)))
    return [
        *cases,
        Case(
            "GlobalAveragePooling1D mask",
            lambda k: k.layers.GlobalAveragePooling1D(),
            ((2, 5, 3),),
            call={"mask": MASK},
        ),
        Case("MaxPooling2D uneven", lambda k: k.layers.MaxPooling2D((2, 3), (3, 2), "same"), ((2, 7, 6, 3),)),
        Case(
            "AveragePooling2D uneven",
            lambda k: k.layers.AveragePooling2D((2, 3), (3, 2), "same"),
            ((2, 7, 6, 3),),
        ),
    ]


def norm() -> list[Case]:
    image = (2, 4, 5, 6)
    return [
        Case("batch norm", lambda k: k.layers.BatchNormalization(), (image,)),
        Case(
            "batch norm, features",
            lambda k: k.layers.BatchNormalization(momentum=0.5, epsilon=1e-5),
            ((5, 4),),
        ),
        Case("batch norm, axis 1", lambda k: k.layers.BatchNormalization(axis=1), (image,)),
        Case("batch norm, bare", lambda k: k.layers.BatchNormalization(center=False, scale=False), ((5, 4),)),
        Case("batch norm, mask", lambda k: k.layers.BatchNormalization(), ((2, 5, 3),), call={"mask": MASK}),
        Case("batch norm, frozen", lambda k: k.layers.BatchNormalization(trainable=False), ((5, 4),)),
        Case("layer norm", lambda k: k.layers.LayerNormalization(), ((2, 3, 4),)),
        Case(
            "layer norm, axes",
            lambda k: k.layers.LayerNormalization(axis=(1, 2), epsilon=1e-5),
            ((2, 3, 4, 2),),
        ),
        Case("layer norm, axis 1", lambda k: k.layers.LayerNormalization(axis=1), ((2, 3, 4),)),
        Case("layer norm, bare", lambda k: k.layers.LayerNormalization(center=False, scale=False), ((2, 4),)),
        Case("group norm", lambda k: k.layers.GroupNormalization(3), (image,)),
        Case("group norm, axis 1", lambda k: k.layers.GroupNormalization(2, axis=1), (image,)),
        Case("instance norm", lambda k: k.layers.GroupNormalization(-1, scale=False), (image,)),
        Case("rms norm", lambda k: k.layers.RMSNormalization(), ((2, 3, 4),)),
        Case("unit norm", lambda k: k.layers.UnitNormalization(), ((2, 3, 4),)),
        Case("unit norm, axes", lambda k: k.layers.UnitNormalization(axis=[1, 2]), ((2, 3, 4),)),
        Case("spectral norm", lambda k: k.layers.SpectralNormalization(k.layers.Dense(3), 2), ((2, 4),)),
        Case(
            "spectral norm conv",
            lambda k: k.layers.SpectralNormalization(k.layers.Conv2D(3, 2)),
            ((2, 4, 4, 2),),
        ),
    ]


def merge() -> list[Case]:
    pair, broadcast = [(2, 5, 3), (2, 5, 3)], [(2, 5, 3), (2, 1, 3)]
    names = ("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")
    return [
        *(Case(name, lambda k, name=name: getattr(k.layers, name)(), (pair,)) for name in names),
        *(
            Case(f"{name} broadcast", lambda k, name=name: getattr(k.layers, name)(), (broadcast,))
            for name in names
        ),
        Case("Add of three, lower rank", lambda k: k.layers.Add(), ([(2, 5, 3), (2, 3), (2, 5, 3)],)),
        Case("Concatenate", lambda k: k.layers.Concatenate(), ([(2, 5, 3), (2, 5, 1), (2, 5, 2)],)),
        Case("Concatenate axis 1", lambda k: k.layers.Concatenate(axis=1), ([(2, 5, 3), (2, 2, 3)],)),
        Case("Dot vectors", lambda k: k.layers.Dot(axes=1), ([(2, 5), (2, 5)],)),
        Case("Dot normalized", lambda k: k.layers.Dot(axes=-1, normalize=True), ([(2, 5), (2, 5)],)),
        Case("Dot matrices", lambda k: k.layers.Dot(axes=(2, 1)), ([(2, 5, 3), (2, 3, 4)],)),
        Case("Dot mixed", lambda k: k.layers.Dot(axes=(1, 2)), ([(2, 5, 3), (2, 3, 5)],)),
    ]


def reshape() -> list[Case]:
    steps, image, volume = (2, 5, 3), (2, 5, 4, 3), (2, 4, 5, 3, 2)
    first = {"data_format": "channels_first"}
    return [
        Case("Flatten", lambda k: k.layers.Flatten(), (image,)),
        Case("Flatten vector", lambda k: k.layers.Flatten(), ((4,),)),
        Case("Flatten first", lambda k: k.layers.Flatten(**first), (image,)),
        Case("Reshape", lambda k: k.layers.Reshape((4, 15)), (image,)),
        Case("Reshape -1", lambda k: k.layers.Reshape((-1, 6)), (image,)),
        Case("Permute", lambda k: k.layers.Permute((3, 1, 2)), (image,)),
        Case("RepeatVector", lambda k: k.layers.RepeatVector(4), ((2, 3),)),
        Case("Cropping1D", lambda k: k.layers.Cropping1D((1, 2)), (steps,)),
        Case("Cropping2D", lambda k: k.layers.Cropping2D(((1, 0), (2, 1))), (image,)),
        Case("Cropping2D int", lambda k: k.layers.Cropping2D(1), (image,)),
        Case("Cropping2D first", lambda k: k.layers.Cropping2D((1, 1), **first), (image,)),
        Case("Cropping3D", lambda k: k.layers.Cropping3D(), (volume,)),
        Case("ZeroPadding1D", lambda k: k.layers.ZeroPadding1D((1, 2)), (steps,)),
        Case("ZeroPadding1D int", lambda k: k.layers.ZeroPadding1D(2), (steps,)),
        Case("ZeroPadding2D", lambda k: k.layers.ZeroPadding2D(((1, 0), (2, 1))), (image,)),
        Case("ZeroPadding2D first", lambda k: k.layers.ZeroPadding2D((1, 2), **first), (image,)),
        Case("ZeroPadding3D", lambda k: k.layers.ZeroPadding3D(1), (volume,)),
        Case("UpSampling1D", lambda k: k.layers.UpSampling1D(3), (steps,)),
        Case("UpSampling2D", lambda k: k.layers.UpSampling2D((2, 3)), (image,)),
        Case("UpSampling2D first", lambda k: k.layers.UpSampling2D(2, **first), (image,)),
        Case("UpSampling2D smooth", lambda k: k.layers.UpSampling2D((2, 3), None, "bilinear"), (image,)),
        Case(
            "UpSampling2D cubic",
            lambda k: k.layers.UpSampling2D(2, **first, interpolation="bicubic"),
            (image,),
        ),
        Case("UpSampling3D", lambda k: k.layers.UpSampling3D((2, 1, 2)), (volume,)),
    ]


def activation() -> list[Case]:
    return [
        *(
            Case(f"Activation {name}", lambda k, name=name: k.layers.Activation(name), ((2, 5),))
            for name in ("relu", "softmax", "gelu", "silu", "sigmoid")
        ),
        Case("ReLU", lambda k: k.layers.ReLU(), ((2, 5),)),
        Case("ReLU all", lambda k: k.layers.ReLU(1.0, 0.1, 0.2), ((2, 5),)),
        Case("LeakyReLU", lambda k: k.layers.LeakyReLU(), ((2, 5),)),
        Case("PReLU", lambda k: k.layers.PReLU(), ((2, 5, 3),)),
        Case("PReLU shared", lambda k: k.layers.PReLU("ones", "l2", shared_axes=[1]), ((2, 5, 3),)),
        Case("ELU", lambda k: k.layers.ELU(0.5), ((2, 5),)),
        Case("Softmax", lambda k: k.layers.Softmax(), ((2, 5),)),
        Case("Softmax axes", lambda k: k.layers.Softmax(axis=[1, 2]), ((2, 5, 3),)),
        Case("Softmax mask", lambda k: k.layers.Softmax(), ((2, 5),), call={"mask": MASK}),
        Case("Identity", lambda k: k.layers.Identity(), ((2, 5),)),
        Case("Masking", lambda k: k.layers.Masking(0.5), ((2, 5, 3),)),
        Case("Lambda", lambda k: k.layers.Lambda(k.ops.tanh), ((2, 5),), config=False),
    ]


def noise() -> list[Case]:
    return [
        Case("Dropout", lambda k: k.layers.Dropout(0.4, seed=3), ((2, 5),), random=True),
        Case(
            "Dropout noise shape",
            lambda k: k.layers.Dropout(0.4, noise_shape=(None, 1)),
            ((2, 5),),
            random=True,
        ),
        Case("Dropout 0", lambda k: k.layers.Dropout(0), ((2, 5),)),
        Case("SpatialDropout1D", lambda k: k.layers.SpatialDropout1D(0.4), ((2, 5, 3),), random=True),
        Case("SpatialDropout2D", lambda k: k.layers.SpatialDropout2D(0.4), ((2, 5, 4, 3),), random=True),
        Case("SpatialDropout3D", lambda k: k.layers.SpatialDropout3D(0.4), ((2, 2, 5, 4, 3),), random=True),
        Case("GaussianNoise", lambda k: k.layers.GaussianNoise(0.4), ((2, 5),), random=True),
        Case("GaussianDropout", lambda k: k.layers.GaussianDropout(0.4), ((2, 5),), random=True),
        Case("AlphaDropout", lambda k: k.layers.AlphaDropout(0.4), ((2, 5),), random=True),
        Case("ActivityRegularization", lambda k: k.layers.ActivityRegularization(0.1, 0.2), ((2, 5),)),
    ]


def recurrent() -> list[Case]:
    sequence = ((2, 5, 3),)
    everything: dict[str, Any] = {"return_sequences": True, "return_state": True}
    options: dict[str, dict[str, Any]] = {
        "SimpleRNN": {"use_bias": False, "activation": "relu"},
        "SimpleRNN backwards": {**everything, "go_backwards": True},
        "LSTM": {},
        "LSTM backwards": {**everything, "go_backwards": True},
        "LSTM unrolled": {"unroll": True, "return_state": True},
        "LSTM bare": {"use_bias": False, "unit_forget_bias": False},
        "GRU": {},
        "GRU reset before": {**everything, "reset_after": False},
        "GRU bare": {"use_bias": False, "recurrent_activation": "hard_sigmoid"},
    }
    cases = []
    for what, kwargs in options.items():
        make = maker(what.split()[0], 4, **kwargs)
        cases.append(Case(what, make, sequence))
    for name in ("SimpleRNN", "LSTM", "GRU"):
        make = maker(name, 4, **everything)
        cases.append(Case(f"{name} mask", make, sequence, call={"mask": MASK}))
        state = [np.full((2, 4), 0.3, "float32")] * (2 if name == "LSTM" else 1)
        cases.append(Case(f"{name} initial state", make, sequence, call={"initial_state": state}))
        make = maker(name, 4, dropout=0.3, recurrent_dropout=0.2, unroll=True)
        cases.append(Case(f"{name} dropout", make, ((2, 2, 3),), random=True))
    stateful = maker("LSTM", 4, stateful=True)
    cases.append(Case("LSTM stateful", stateful, sequence, static=True))
    return cases


def recurrent_wrappers() -> list[Case]:
    sequence = ((2, 5, 3),)
    make_modes = {
        "sum": lambda k: k.layers.Bidirectional(k.layers.GRU(4), merge_mode="sum"),
        "mul": lambda k: k.layers.Bidirectional(k.layers.GRU(4), merge_mode="mul"),
        "ave": lambda k: k.layers.Bidirectional(k.layers.GRU(4, return_sequences=True), merge_mode="ave"),
        "none": lambda k: k.layers.Bidirectional(k.layers.GRU(4, return_sequences=True), merge_mode=None),
        "states": lambda k: k.layers.Bidirectional(k.layers.LSTM(4, return_state=True)),
        "other layer": lambda k: k.layers.Bidirectional(
            k.layers.GRU(4), backward_layer=k.layers.LSTM(4, go_backwards=True)
        ),
    }
    bidirectional = [Case(f"Bidirectional {mode}", make, sequence) for mode, make in make_modes.items()]
    return [
        *bidirectional,
        Case(
            "Bidirectional mask",
            lambda k: k.layers.Bidirectional(k.layers.LSTM(4, return_sequences=True)),
            sequence,
            call={"mask": MASK},
        ),
        Case("RNN of a cell", lambda k: k.layers.RNN(k.layers.LSTMCell(4), return_sequences=True), sequence),
        Case(
            "RNN zero output for mask",
            lambda k: k.layers.RNN(k.layers.GRUCell(4), return_sequences=True, zero_output_for_mask=True),
            sequence,
            call={"mask": MASK},
        ),
        Case(
            "RNN of stacked cells",
            lambda k: k.layers.RNN(
                [k.layers.LSTMCell(4), k.layers.LSTMCell(3)], return_sequences=True, return_state=True
            ),
            sequence,
        ),
        Case(
            "RNN of stacked cells, mask",
            lambda k: k.layers.RNN([k.layers.LSTMCell(4), k.layers.LSTMCell(3)], return_sequences=True),
            sequence,
            call={"mask": MASK},
        ),
        Case(
            "RNN of mixed cells",
            lambda k: k.layers.RNN([k.layers.GRUCell(4), k.layers.SimpleRNNCell(3)]),
            sequence,
        ),
        Case("TimeDistributed dense", lambda k: k.layers.TimeDistributed(k.layers.Dense(4)), sequence),
        Case(
            "TimeDistributed conv",
            lambda k: k.layers.TimeDistributed(k.layers.Conv2D(2, 3)),
            ((2, 3, 5, 4, 2),),
        ),
        Case(
            "TimeDistributed batch norm",
            lambda k: k.layers.TimeDistributed(k.layers.BatchNormalization()),
            sequence,
        ),
    ]


def attention() -> list[Case]:
    pair, triple = [(2, 4, 3), (2, 5, 3)], [(2, 4, 3), (2, 5, 2), (2, 5, 3)]
    masks = {"mask": [MASK[:, :4], MASK]}
    cross, whole = ((2, 4, 6), (2, 5, 6)), ((2, 5, 6), (2, 5, 6))
    allowed = np.array([[[1, 1, 0, 1, 0]] * 5, [[1, 0, 1, 1, 1]] * 5], dtype=bool)
    heads: dict[str, dict[str, Any]] = {
        "plain": {},
        "bare": {"use_bias": False},
        "output shape": {"output_shape": 7},
        "gate": {"use_gate": True},
        "window": {"sliding_window": 2},
        "regularized": {"kernel_regularizer": "l2", "bias_initializer": "ones", "activity_regularizer": "l2"},
    }
    calls: dict[str, dict[str, Any]] = {
        "scores": {"return_attention_scores": True},
        "causal": {"use_causal_mask": True},
        "causal scores": {"use_causal_mask": True, "return_attention_scores": True},
        "mask": {"attention_mask": allowed},
        "value mask": {"value_mask": MASK, "use_causal_mask": True},
    }
    make = maker("MultiHeadAttention", 2, 3)
    grouped = maker("GroupQueryAttention", 3, 4, 2)
    return [
        Case("Attention", lambda k: k.layers.Attention(), (pair,)),
        Case("Attention with key", lambda k: k.layers.Attention(use_scale=True), (triple,)),
        Case("Attention concat", lambda k: k.layers.Attention(use_scale=True, score_mode="concat"), (pair,)),
        Case("Attention masks", lambda k: k.layers.Attention(), (pair,), call=masks),
        Case("Attention causal", lambda k: k.layers.Attention(), (pair,), call={"use_causal_mask": True}),
        Case(
            "Attention scores",
            lambda k: k.layers.Attention(),
            (pair,),
            call={"return_attention_scores": True},
        ),
        Case("Attention dropout", lambda k: k.layers.Attention(dropout=0.3), (pair,), random=True),
        Case("AdditiveAttention", lambda k: k.layers.AdditiveAttention(), (pair,)),
        Case(
            "AdditiveAttention masks",
            lambda k: k.layers.AdditiveAttention(use_scale=False),
            (pair,),
            call=masks,
        ),
        *(
            Case(
                f"MultiHead {what}",
                lambda k, kwargs=kwargs: k.layers.MultiHeadAttention(2, 3, **kwargs),
                cross,
            )
            for what, kwargs in heads.items()
        ),
        *(Case(f"MultiHead call {what}", make, whole, call=call) for what, call in calls.items()),
        Case("MultiHead key", make, ((2, 4, 6), (2, 5, 4), (2, 5, 3))),
        # With the weights and as many values as queries: Keras fails on, or infers wrongly, the other ways.
        Case(
            "MultiHead value dim",
            lambda k: k.layers.MultiHeadAttention(2, 3, value_dim=4),
            ((2, 4, 6), (2, 4, 6)),
            call={"return_attention_scores": True},
        ),
        Case(
            "MultiHead dropout", lambda k: k.layers.MultiHeadAttention(2, 3, dropout=0.3), cross, random=True
        ),
        Case("MultiHead image", make, ((2, 3, 2, 6), (2, 2, 4, 6))),
        Case(
            "MultiHead axis",
            lambda k: k.layers.MultiHeadAttention(2, 3, attention_axes=2),
            ((2, 3, 2, 6), (2, 3, 4, 6)),
        ),
        Case("GroupQuery", grouped, cross),
        Case(
            "GroupQuery gate",
            lambda k: k.layers.GroupQueryAttention(3, 4, 2, use_gate=True, use_bias=False),
            cross,
        ),
        *(Case(f"GroupQuery call {what}", grouped, whole, call=call) for what, call in calls.items()),
    ]


def preprocess() -> list[Case]:
    return [
        Case("Rescaling", lambda k: k.layers.Rescaling(0.5, offset=-1.0), ((2, 3, 4),)),
        Case("Rescaling integers", lambda k: k.layers.Rescaling(1 / 255), ((2, 3, 4),), integers=256),
        Case("Rescaling channels", lambda k: k.layers.Rescaling([0.5, 1.0], [0.0, 2.0]), ((2, 3, 2),)),
        Case("Normalization", lambda k: k.layers.Normalization(), ((4, 3),)),
        Case(
            "Normalization given",
            lambda k: k.layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]),
            ((4, 2),),
        ),
        Case(
            "Normalization inverse", lambda k: k.layers.Normalization(None, 1.0, 4.0, invert=True), ((4, 2),)
        ),
    ]


FAMILIES = (
    dense,
    conv,
    pool,
    norm,
    merge,
    reshape,
    activation,
    noise,
    recurrent,
    recurrent_wrappers,
    attention,
    preprocess,
)
CASES = [case for family in FAMILIES for case in family()]
SLOW = [case.name for case in recurrent_wrappers()]  # Keras traces each step of each direction


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
# Between the two, so that one worker does a case on both back ends and asks Keras once.
@pytest.mark.parametrize("backend", ["jax", "torch"], indirect=True)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.slow] if case.name in SLOW else [], id=case.name)
        for case in CASES
    ],
)
def test_layer_is_as_in_keras(case: Case, check: Any, backend: str) -> None:
    check(case)
