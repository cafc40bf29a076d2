"""The models of the benchmarks as modules of torch.nn, with the weights that the Keras model has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tests.benchmarks.cases import HEADS, STAGES, Case

__all__ = ["MODELS", "channels_first"]

Weights = dict[str, torch.Tensor]


def channels_first(x: np.ndarray) -> np.ndarray:
    """Images in the order that torch.nn expects; anything else as it is."""
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if x.ndim == 4 else x


def _mlp(w: Weights, case: Case) -> nn.Module:
    return nn.Sequential(_linear(w, "hidden"), nn.ReLU(), nn.Dropout(case.dropout), _linear(w, "logits"))


def _cnn(w: Weights, case: Case) -> nn.Module:
    logits = _linear(w, "logits")
    # Flattened here in the order (channels, height, width), there in (height, width, channels).
    kernel = w["logits/kernel"].reshape(5, 5, 64, -1).permute(3, 2, 0, 1).flatten(1)
    logits.weight.data.copy_(kernel)
    return nn.Sequential(
        _conv(w, "conv_1"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        _conv(w, "conv_2"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        logits,
    )


class _ResidualBlock(nn.Module):
    def __init__(self, w: Weights, name: str, strides: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            *_conv_norm(w, f"{name}a", strides), nn.ReLU(inplace=True), *_conv_norm(w, f"{name}b")
        )
        self.short = nn.Identity() if strides == 1 else nn.Sequential(*_conv_norm(w, f"{name}c", strides))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.inner(x) + self.short(x), inplace=True)


def _resnet(w: Weights, case: Case) -> nn.Module:
    blocks = [
        _ResidualBlock(w, f"{stage}{block}", 2 if stage and not block else 1)
        for stage in range(len(STAGES))
        for block in range(2)
    ]
    ends = nn.AdaptiveAvgPool2d(1), nn.Flatten(), _linear(w, "logits")
    return nn.Sequential(*_conv_norm(w, "stem"), nn.ReLU(inplace=True), *blocks, *ends)


class _Lstm(nn.Module):
    def __init__(self, w: Weights) -> None:
        super().__init__()
        cell = "lstm/lstm_cell"
        kernel, recurrent = w[f"{cell}/kernel"], w[f"{cell}/recurrent_kernel"]
        self.lstm = nn.LSTM(*kernel.shape[:1], len(recurrent), batch_first=True)
        self.lstm.weight_ih_l0.data.copy_(kernel.T)
        self.lstm.weight_hh_l0.data.copy_(recurrent.T)
        self.lstm.bias_ih_l0.data.copy_(w[f"{cell}/bias"])
        self.lstm.bias_hh_l0.data.zero_()
        self.lstm.bias_hh_l0.requires_grad = False  # a second bias, which Keras' layer has not
        self.logits = _linear(w, "logits")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits(self.lstm(x)[0][:, -1])


class _Attention(nn.Module):
    """Queries, keys and values by one product, then torch's own attention."""

    def __init__(self, w: Weights, name: str) -> None:
        super().__init__()
        parts = [f"{name}/{part}" for part in ("query", "key", "value")]
        kernel = torch.cat([w[f"{part}/kernel"].flatten(1) for part in parts], 1)
        bias = torch.cat([w[f"{part}/bias"].flatten() for part in parts])
        self.joined = _linear_of(kernel, bias)
        out = f"{name}/attention_output"
        self.out = _linear_of(w[f"{out}/kernel"].flatten(0, 1), w[f"{out}/bias"])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        q, k, v = self.joined(x).view(batch, time, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).reshape(batch, time, width))


class _TransformerBlock(nn.Module):
    def __init__(self, w: Weights, block: str) -> None:
        super().__init__()
        self.attention = _Attention(w, f"attention_{block}")
        self.norm_a = _layer_norm(w, f"norm_a{block}")
        self.wide, self.narrow = _linear(w, f"wide_{block}"), _linear(w, f"narrow_{block}")
        self.norm_b = _layer_norm(w, f"norm_b{block}")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm_a(x + self.attention(x))
        return self.norm_b(x + self.narrow(functional.gelu(self.wide(x))))


class _Mean(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(1)


def _transformer(w: Weights, case: Case) -> nn.Module:
    return nn.Sequential(_TransformerBlock(w, "0"), _TransformerBlock(w, "1"), _Mean(), _linear(w, "logits"))


def _bag(w: Weights, case: Case) -> nn.Module:
    # A copy: nn.EmbeddingBag would train the very array it is given.
    words = nn.EmbeddingBag.from_pretrained(w["words/embeddings"].clone(), freeze=False, mode="mean")
    return nn.Sequential(words, _linear(w, "logits"))


MODELS: dict[str, Callable[[Weights, Case], nn.Module]] = {
    "mlp": _mlp,
    "cnn": _cnn,
    "resnet": _resnet,
    "lstm": lambda w, case: _Lstm(w),
    "transformer": _transformer,
    "bag": _bag,
}


# -- modules with given weights ---------------------------------------------------------------


def _linear(w: Weights, name: str) -> nn.Linear:
    return _linear_of(w[f"{name}/kernel"], w[f"{name}/bias"])


def _linear_of(kernel: torch.Tensor, bias: torch.Tensor) -> nn.Linear:
    module = nn.Linear(*kernel.shape)
    module.weight.data.copy_(kernel.T)
    module.bias.data.copy_(bias)
    return module


def _conv(w: Weights, name: str, strides: int = 1, *, padding: Any = 0) -> nn.Conv2d:
    """kernel: (height, width, channels, filters) in Keras' order."""
    kernel, bias = w[f"{name}/kernel"], w.get(f"{name}/bias")
    *size, channels, filters = kernel.shape
    module = nn.Conv2d(channels, filters, size, strides, padding, bias=bias is not None)
    module.weight.data.copy_(kernel.permute(3, 2, 0, 1))
    if bias is not None and module.bias is not None:
        module.bias.data.copy_(bias)
    return module


def _conv_norm(w: Weights, name: str, strides: int = 1) -> list[nn.Module]:
    """A convolution padded as Keras pads 'same' for even lengths, and its batch normalization."""
    size = len(w[f"{name}_conv/kernel"])
    missing = max(size - strides, 0)
    before, after = missing // 2, missing - missing // 2
    padded: list[nn.Module] = []
    if before != after:
        padded = [nn.ZeroPad2d((before, after, before, after))]
        before = 0
    norm = nn.BatchNorm2d(w[f"{name}_norm/gamma"].numel(), eps=1e-3, momentum=0.01)
    norm.weight.data.copy_(w[f"{name}_norm/gamma"])
    norm.bias.data.copy_(w[f"{name}_norm/beta"])
    return [*padded, _conv(w, f"{name}_conv", strides, padding=before), norm]


def _layer_norm(w: Weights, name: str) -> nn.LayerNorm:
    module = nn.LayerNorm(w[f"{name}/gamma"].numel(), eps=1e-3)
    module.weight.data.copy_(w[f"{name}/gamma"])
    module.bias.data.copy_(w[f"{name}/beta"])
    return module
