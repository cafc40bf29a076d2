"""Layers around a function or another layer: Identity, Lambda, Masking, Wrapper, SpectralNormalization."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from layerlab import dtypes, initializers, ops, tree
from layerlab.backend.protocol import Array
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.function_config import FunctionConfig
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.core.symbolic import KerasTensor, symbolic_tensors
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import as_positive

__all__ = ["Identity", "Lambda", "Masking", "SpectralNormalization", "Wrapper"]


class Identity(Layer):
    """Hands its input on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


class Masking(Layer):
    """Masks the steps of (batch, steps, features) where all features equal `mask_value`; sets them to 0."""

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = deserialize_keras_object(mask_value) if isinstance(mask_value, dict) else mask_value
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        keep = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.where(keep, inputs, ops.zeros_like(inputs))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """False for the steps to leave out."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)


class Lambda(Layer):
    """Any function of tensors as a layer, without weights.

    Args:
        function: called with the inputs, and with `mask` and `training` if it takes them.
        output_shape: without the batch, or a function of the input shape; None: found by abstract evaluation.
        mask: the output's mask, or a function (inputs, mask) of it.
        arguments: further keyword arguments of the function.
    A file with a Python lambda is loaded only with safe_mode=False: use a named function, or ops directly.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise InvalidArgumentError(explain("Lambda", expected="a function", got=type(function).__name__))
        self.function = function
        self.output_shape = output_shape
        self.mask = mask
        self.arguments = dict(arguments or {})
        self.supports_masking = mask is not None
        self._takes = set(inspect.signature(function).parameters) & {"mask", "training"}

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._takes})

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """From `output_shape` where that is given."""
        if self.output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        first = symbolic_tensors((args, kwargs))[0]
        if callable(self.output_shape):
            shape = self.output_shape(tree.map_structure(lambda tensor: tensor.shape, args[0]))
        else:
            shape = (first.shape[0], *self.output_shape)
        return KerasTensor(shape, self.compute_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """From `mask`."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["arguments"] = serialize_keras_object(self.arguments)
        return {
            key: _in_parts(value)
            for key, value in config.items()
            if key not in ("output_shape", "mask") or value is not None
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The inverse of `get_config`. Raises ConfigError for bytecode, unless safe_mode=False was given."""
        stored = dict(config)
        for key in ("function", "output_shape", "mask"):
            if isinstance(stored.get(key), dict):
                stored[key] = deserialize_keras_object(stored[key])
        stored["arguments"] = deserialize_keras_object(stored.get("arguments"))
        return super().from_config(stored)


def _in_parts(config: Any) -> Any:
    """The config of a lambda in the form that Keras has for this layer."""
    if not isinstance(config, FunctionConfig) or config["class_name"] != "__lambda__":
        return config
    parts = dict(zip(("code", "defaults", "closure"), config["config"]["value"], strict=True))
    return FunctionConfig({"class_name": "__lambda__", "config": parts}, config.function)


class Wrapper(Layer):
    """Abstract: a layer that holds another one, `layer`."""

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise InvalidArgumentError(
                explain(f"{type(self).__name__}", expected="a layer", got=type(layer).__name__)
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The inverse of `get_config`."""
        stored = {
            key: deserialize_keras_object(value) if "layer" in key else value for key, value in config.items()
        }
        return super().from_config(stored)


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value at each training call.

    Args:
        layer: with a `kernel` or `embeddings`.
        power_iterations: steps of the power method for the singular value.
    Weights: vector_u (1, filters), then those of the layer. Source: Miyato et al. 2018, arXiv:1802.05957.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = as_positive(power_iterations, "power_iterations", "SpectralNormalization")

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()} wraps {self.layer.describe()}.",
                    expected="a layer with a kernel or embeddings",
                )
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            dtype=kernel.dtype,
        )

    def call(self, inputs: Array, training: bool = False) -> Array:
        if training:
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            self.kernel.assign(kernel)
        return ops.cast(self.layer(inputs), inputs.dtype)

    def normalized_weights(self) -> tuple[Array, Array]:
        """The next `vector_u`, and the kernel divided by its largest singular value, if that is not 0."""
        kernel, u = self.kernel.value, self.vector_u.value
        matrix = ops.reshape(kernel, (int(np.prod(kernel.shape[:-1])), kernel.shape[-1]))
        v = u
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(matrix)), axis=(0, 1))
            u = ops.normalize(ops.matmul(v, matrix), axis=(0, 1))
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        sigma = ops.squeeze(ops.matmul(ops.matmul(v, matrix), ops.transpose(u)))
        zero = ops.equal(sigma, 0)
        divided = ops.divide(kernel, ops.where(zero, ops.ones_like(sigma), sigma))
        dtype = dtypes.standardize_dtype(self.kernel.dtype)
        return ops.cast(u, self.vector_u.dtype), ops.cast(ops.where(zero, kernel, divided), dtype)
