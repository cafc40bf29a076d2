"""The same architectures by Keras and by layerlab: one for each thing that a config has to say."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["ARCHITECTURES", "inputs_for"]


def shared_layer(k: Any) -> Any:
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    dense = k.layers.Dense(4, activation="relu", name="shared")
    return k.Model([a, b], k.layers.Dense(2)(k.layers.Subtract()([dense(a), dense(b)])))


def ops_with_constants(k: Any) -> Any:
    x = k.Input((4,))
    h = (1 - x * 2.0) / 4 + k.ops.convert_to_tensor(np.arange(4, dtype="float32"))
    h = k.ops.concatenate([h, -x], axis=-1)[:, 1:7]
    h = k.ops.matmul(k.ops.reshape(h, (-1, 2, 3)), np.ones((3, 2), "float32"))
    return k.Model(x, [k.ops.sum(h, axis=-1, keepdims=True), k.ops.where(x > 0, x, 0.5), x[..., None]])


def many_ops(k: Any) -> Any:
    x, o = k.Input((4,)), k.ops
    integers = o.cast(o.clip(x, 0, 2), "int32")
    return k.Model(
        x,
        [
            o.top_k(x, 2)[0],
            o.split(x, 2, axis=-1)[1],
            o.stack([x, o.maximum(x, 0.5)], axis=1),
            o.einsum("bi,bj->bij", x, x),
            o.one_hot(integers, 3),
            o.pad(o.expand_dims(x, -1), [[0, 0], [1, 1], [0, 0]]),
            o.tile(o.softmax(x), [1, 2]),
            o.leaky_relu(o.mean(x, axis=1)),
            k.activations.relu(x, max_value=6.0),
            k.activations.gelu(x),
            x**2,
        ],
    )


def nested(k: Any) -> Any:
    stack = k.Sequential([k.Input((3,)), k.layers.Dense(4, "tanh"), k.layers.Dense(3)], name="stack")
    inner = k.Input((3,))
    block = k.Model(inner, k.layers.Dense(3, name="deep")(stack(inner)), name="block")
    x = k.Input((3,))
    return k.Model(x, block(block(x)), name="outer")


def structures(k: Any) -> Any:
    a, b = k.Input((3,), name="a"), k.Input((2,), name="b")
    first, second = k.layers.Dense(2, name="first")(a), k.layers.Dense(2, name="second")(b)
    return k.Model({"a": a, "b": b}, {"sum": first + second, "parts": (first, [second, a])})


def tensors_as_keywords(k: Any) -> Any:
    x, state = k.Input((4, 2), name="x"), k.Input((3,), name="state")
    return k.Model([x, state], k.layers.GRU(3)(x, initial_state=state))


def masks(k: Any) -> Any:
    x = k.Input((4,), dtype="int32", name="tokens")
    h = k.layers.LSTM(2, return_sequences=True)(k.layers.Embedding(5, 3, mask_zero=True)(x))
    return k.Model(x, k.layers.Bidirectional(k.layers.GRU(2))(k.layers.MultiHeadAttention(2, 3)(h, h)))


def image(k: Any) -> Any:
    x = k.Input((8, 8, 3), name="image")
    h = k.layers.BatchNormalization()(k.layers.Conv2D(4, 3, padding="same", use_bias=False)(x))
    h = k.layers.Add()([k.layers.ReLU()(h), k.layers.Conv2D(4, 1)(x)])
    h = k.layers.Dropout(0.3)(k.layers.Flatten()(k.layers.MaxPooling2D()(h)))
    return k.Model(x, k.layers.Dense(2, activation=k.activations.softmax)(h))


def policies_and_penalties(k: Any) -> Any:
    x = k.Input((3,), batch_size=2, dtype="float32", name="fixed")
    layer = k.layers.Dense(
        2,
        dtype="mixed_bfloat16",
        kernel_regularizer=k.regularizers.L1L2(0.1, 0.2),
        kernel_constraint=k.constraints.MaxNorm(2),
        kernel_initializer=k.initializers.VarianceScaling(2.0, mode="fan_out"),
        activity_regularizer="l2",
    )
    return k.Model(x, layer(x))


def cut_out(k: Any) -> Any:
    x = k.Input((3,))
    low = k.layers.Dense(4)(x)
    middle = k.layers.Dense(4, name="middle")(low)
    k.Model(x, middle)
    return k.Model(low, k.layers.Dense(2, name="high")(middle))


def unused_input(k: Any) -> Any:
    x, other = k.Input((3,), name="used"), k.Input((2,), name="unused")
    return k.Model([x, other], k.layers.Dense(2)(x))


def input_as_output(k: Any) -> Any:
    x = k.Input((3,), name="x")
    return k.Model(x, [x, k.layers.Dense(2)(x), x])


def wrapped(k: Any) -> Any:
    x = k.Input((4, 3))
    h = k.layers.TimeDistributed(k.layers.Dense(2, activation="relu"))(x)
    return k.Model(x, k.layers.RNN([k.layers.LSTMCell(3), k.layers.LSTMCell(2)])(h))


def frozen(k: Any) -> Any:
    model = k.Sequential(
        [k.Input((3,)), k.layers.Dense(2), k.layers.Dense(1, trainable=False)], name="frozen"
    )
    return model


def sequential_of_models(k: Any) -> Any:
    inner = k.Sequential([k.Input((3,)), k.layers.Dense(3, name="within")], name="inner")
    x = k.Input((3,))
    return k.Sequential(
        [k.Input((3,)), inner, k.Model(x, k.layers.Dense(3)(x), name="graph"), k.layers.Dense(2)],
        name="outer",
    )


def built_later(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(4, "relu"), k.layers.Dense(1)], name="late")
    model.build((None, 3))
    return model


ARCHITECTURES = {
    make.__name__: make
    for make in (
        shared_layer,
        ops_with_constants,
        many_ops,
        nested,
        structures,
        tensors_as_keywords,
        masks,
        image,
        policies_and_penalties,
        cut_out,
        unused_input,
        input_as_output,
        wrapped,
        frozen,
        sequential_of_models,
        built_later,
    )
}


def inputs_for(model: Any) -> Any:
    """Data for a model of layerlab, in the structure of its inputs."""
    rng = np.random.default_rng(0)

    def data(tensor: Any) -> np.ndarray:
        shape = (2, *tensor.shape[1:])
        if "int" in tensor.dtype:
            return rng.integers(1, 5, shape).astype(tensor.dtype)
        return rng.normal(size=shape).astype(tensor.dtype)

    if isinstance(model.input, dict):
        return {key: data(tensor) for key, tensor in model.input.items()}
    values = [data(tensor) for tensor in model.inputs]
    return values[0] if len(values) == 1 else values
