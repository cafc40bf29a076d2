"""The models as functions over a dict of weights, in the forms that are fast on a CPU.

Each takes `(weights, x, key, dropout=, conv=)` and returns logits and the moving statistics that changed.
`key` is None when nothing is trained; `conv` is one of the two convolutions below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tests.benchmarks.cases import HEADS, STAGES

__all__ = ["MODELS", "conv_alone", "conv_in_loop"]

Model = Callable[..., tuple[Any, dict[str, Any]]]
Conv = Callable[..., Any]  # (kernel, x, strides=1, *, same=False); x: (batch, height, width, channels)
_FEW_CHANNELS = 4


def _mlp(w: Any, x: Any, key: Any, *, dropout: float, conv: Conv) -> Any:
    x = jax.nn.relu(_dense(w, "hidden", x))
    if key is not None and dropout:
        x = jnp.where(jax.random.bernoulli(key, 1 - dropout, x.shape), x / (1 - dropout), 0.0)
    return _dense(w, "logits", x), {}


def _cnn(w: Any, x: Any, key: Any, *, dropout: float, conv: Conv) -> Any:
    for name in ("conv_1", "conv_2"):
        x = jax.nn.relu(conv(w[f"{name}/kernel"], x) + w[f"{name}/bias"])
        x = _max_pool(x)
    return _dense(w, "logits", x.reshape(len(x), -1)), {}


def _resnet(w: Any, x: Any, key: Any, *, dropout: float, conv: Conv) -> Any:
    changed: dict[str, Any] = {}

    def convolved(x: Any, name: str, strides: int = 1) -> Any:
        y = conv(w[f"{name}_conv/kernel"], x, strides, same=True)
        y, statistics = _batch_norm(w, f"{name}_norm", y, is_training=key is not None)
        changed.update(statistics)
        return y

    x = jax.nn.relu(convolved(x, "stem"))
    for stage in range(len(STAGES)):
        for block in range(2):
            name, strides = f"{stage}{block}", 2 if stage and not block else 1
            y = jax.nn.relu(convolved(x, f"{name}a", strides))
            y = convolved(y, f"{name}b")
            x = x if strides == 1 else convolved(x, f"{name}c", strides)
            x = jax.nn.relu(x + y)
    return _dense(w, "logits", x.mean((1, 2))), changed


def _lstm(w: Any, x: Any, key: Any, *, dropout: float, conv: Conv) -> Any:
    kernel, recurrent, bias = (w[f"lstm/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))

    # One product of all inputs before the loop was measured to take 1.7 times as long.
    def turn(carry: Any, x: Any) -> Any:
        h, c = carry
        i, f, g, o = jnp.split(x @ kernel + h @ recurrent + bias, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), len(recurrent)), x.dtype)
    (h, _), _ = lax.scan(turn, (zeros, zeros), x.swapaxes(0, 1))
    return _dense(w, "logits", h), {}


def _transformer(w: Any, x: Any, key: Any, *, dropout: float, conv: Conv) -> Any:
    for block in "01":
        x = _layer_norm(w, f"norm_a{block}", x + _attention(w, f"attention_{block}", x))
        hidden = jax.nn.gelu(_dense(w, f"wide_{block}", x), approximate=False)
        x = _layer_norm(w, f"norm_b{block}", x + _dense(w, f"narrow_{block}", hidden))
    return _dense(w, "logits", x.mean(1)), {}


def _bag(w: Any, x: Any, key: Any, *, dropout: float, conv: Conv) -> Any:
    words = w["words/embeddings"].at[x].get(mode="promise_in_bounds")
    return _dense(w, "logits", words.mean(1)), {}


MODELS: dict[str, Model] = {
    "mlp": _mlp,
    "cnn": _cnn,
    "resnet": _resnet,
    "lstm": _lstm,
    "transformer": _transformer,
    "bag": _bag,
}


# -- layers -----------------------------------------------------------------------------------


def _dense(w: Any, name: str, x: Any) -> Any:
    kernel = w[f"{name}/kernel"]
    flat = x.reshape(-1, kernel.shape[0]) @ kernel + w[f"{name}/bias"]
    return flat.reshape(*x.shape[:-1], kernel.shape[1])


def conv_alone(kernel: Any, x: Any, strides: int = 1, *, same: bool = False) -> Any:
    """XLA's own, but for few channels and 1x1 kernels, where one product is faster."""
    if kernel.shape[0] == 1 or kernel.shape[2] <= _FEW_CHANNELS:
        return conv_in_loop(kernel, x, strides, same=same)
    padding, layout = "SAME" if same else "VALID", ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (strides, strides), padding, dimension_numbers=layout)


def conv_in_loop(kernel: Any, x: Any, strides: int = 1, *, same: bool = False) -> Any:
    """One product of the windows (im2col) with the kernel."""
    size, _, channels, filters = kernel.shape
    if same:
        x = jnp.pad(x, ((0, 0), *(_same_padding(length, size, strides) for length in x.shape[1:3]), (0, 0)))
    height, width = ((length - size) // strides + 1 for length in x.shape[1:3])
    columns = jnp.concatenate(
        [
            x[:, i : i + (height - 1) * strides + 1 : strides, j : j + (width - 1) * strides + 1 : strides]
            for i in range(size)
            for j in range(size)
        ],
        axis=-1,
    )
    flat = columns.reshape(-1, size * size * channels) @ kernel.reshape(-1, filters)
    return flat.reshape(len(x), height, width, filters)


def _same_padding(length: int, size: int, strides: int) -> tuple[int, int]:
    total = max((-(-length // strides) - 1) * strides + size - length, 0)
    return total // 2, total - total // 2


def _max_pool(x: Any) -> Any:
    """2x2; a last odd row or column is left out. The gradient of max() takes several times as long."""
    x = x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
    x = _larger(x[:, :, ::2], x[:, :, 1::2])
    return _larger(x[:, ::2], x[:, 1::2])


def _larger(first: Any, second: Any) -> Any:
    return jnp.where(second > first, second, first)


def _batch_norm(w: Any, name: str, x: Any, *, is_training: bool) -> tuple[Any, dict[str, Any]]:
    paths = f"{name}/moving_mean", f"{name}/moving_variance"
    moving = [w[path] for path in paths]
    if is_training:
        now = [x.mean((0, 1, 2)), x.var((0, 1, 2))]
        kept = [0.99 * old + 0.01 * lax.stop_gradient(new) for old, new in zip(moving, now, strict=True)]
    else:
        now = kept = moving
    mean, variance = now
    scale = w[f"{name}/gamma"] * lax.rsqrt(variance + 1e-3)
    return x * scale + (w[f"{name}/beta"] - mean * scale), dict(zip(paths, kept, strict=True))


def _layer_norm(w: Any, name: str, x: Any) -> Any:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-3) * w[f"{name}/gamma"] + w[f"{name}/beta"]


def _attention(w: Any, name: str, x: Any) -> Any:
    """x: (batch, time, width); queries, keys and values come from one product."""
    batch, time, width = x.shape
    parts = ("query", "key", "value")
    kernel = jnp.concatenate([w[f"{name}/{part}/kernel"].reshape(width, -1) for part in parts], axis=1)
    bias = jnp.concatenate([w[f"{name}/{part}/bias"].reshape(-1) for part in parts])
    joined = (x.reshape(-1, width) @ kernel + bias).reshape(batch, time, 3, HEADS, -1)
    q, k, v = joined.transpose(2, 0, 3, 1, 4)  # (batch, heads, time, size)
    scores = q @ k.swapaxes(-1, -2) * q.shape[-1] ** -0.5
    mixed = (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(-1, q.shape[-1] * HEADS)
    out = mixed @ w[f"{name}/attention_output/kernel"].reshape(-1, width)
    return out.reshape(x.shape) + w[f"{name}/attention_output/bias"]
