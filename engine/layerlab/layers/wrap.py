"""Layers around a function or another layer: Identity, Lambda, Masking, Wrapper, SpectralNormalization."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Self

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
    """Its input, unchanged: a place holder where a layer is asked for.

    Input shape: any, also a nest of tensors.
    Output shape: as the input.

    Example:
        >>> import numpy as np
        >>> np.asarray(Identity()(np.array([1.0, 2.0]))).tolist()
        [1.0, 2.0]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs


class Masking(Layer):
    """A mask for the steps that are only padding: later layers leave them out.

    A step is masked where all its features equal `mask_value`; its values become 0.
    Recurrent layers skip masked steps, and losses and pooling leave them out.

    Args:
        mask_value: what padding is filled with, a number.
    Input shape: (batch, steps, features).
    Output shape: as the input; the mask is (batch, steps), True for steps that count.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0, 2.0], [-1.0, -1.0]]])
        >>> np.asarray(Masking(mask_value=-1.0).compute_mask(x)).tolist()
        [[True, False]]
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = deserialize_keras_object(mask_value) if isinstance(mask_value, dict) else mask_value
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        keep = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.where(keep, inputs, ops.zeros_like(inputs))

    def compute_mask(self, inputs: object, previous_mask: Array | None = None) -> Any:
        """(batch, steps), False for the steps to leave out."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)


class Lambda(Layer):
    """A function of tensors as a layer, without weights.

    For a step of one line between layers. For more, or with weights, subclass Layer;
    ops can also be called on symbolic tensors directly. A file with a Python lambda is
    loaded only with safe_mode=False, since it holds code; of a named function it holds
    the name.

    Args:
        function: called with the inputs, and with `mask` and `training` if it takes
            them.
        output_shape: shape without the batch, or a function from the input shape to the
            whole shape; None finds it by a trial run on symbols.
        mask: the output's mask, or a function (inputs, mask) of it; None gives none,
            and drops the input's with a warning.
        arguments: further keyword arguments of the function, by name.
    Input shape: any.
    Output shape: the function's.
    Raises: InvalidArgumentError if `function` is not callable.

    Example:
        >>> import numpy as np
        >>> layer = Lambda(lambda x, power: x**power, arguments={"power": 2})
        >>> np.asarray(layer(np.array([1.0, 3.0]))).tolist()
        [1.0, 9.0]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Array | None = None,
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

    def call(self, inputs: Any, mask: Array | None = None, training: bool | None = None) -> Any:
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._takes})

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """By `output_shape` where it is given, else by a trial run on symbols."""
        if self.output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        first = symbolic_tensors((args, kwargs))[0]
        if callable(self.output_shape):
            shape = self.output_shape(tree.map_structure(lambda tensor: tensor.shape, args[0]))
        else:
            shape = (first.shape[0], *self.output_shape)
        return KerasTensor(shape, self.compute_dtype)

    def compute_mask(self, inputs: object, previous_mask: Array | None = None) -> Any:
        """The mask that `mask` is, or gives."""
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
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The inverse of `get_config`. Raises ConfigError for bytecode, unless safe_mode=False was given."""
        stored = dict(config)
        for key in ("function", "output_shape", "mask"):
            if isinstance(stored.get(key), dict):
                stored[key] = deserialize_keras_object(stored[key])
        stored["arguments"] = deserialize_keras_object(stored.get("arguments"))
        return super().from_config(stored)


def _in_parts(config: object) -> Any:
    """The config of a lambda in the form that Keras has for this layer."""
    if not isinstance(config, FunctionConfig) or config["class_name"] != "__lambda__":
        return config
    parts = dict(zip(("code", "defaults", "closure"), config["config"]["value"], strict=True))
    return FunctionConfig({"class_name": "__lambda__", "config": parts}, config.function)


class Wrapper(Layer):
    """A layer around another one, `layer`; abstract: a subclass says what `call` does.

    Args:
        layer: the inner layer; it is built with this one, and saved with it.
    Raises: InvalidArgumentError if `layer` is not a layer.

    Example:
        >>> import numpy as np
        >>> import layerlab as keras
        >>> class Twice(Wrapper):
        ...     def call(self, x):
        ...         return self.layer(self.layer(x))
        >>> np.asarray(Twice(keras.layers.Rescaling(3.0))(np.array([1.0]))).tolist()
        [9.0]
    """

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
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The inverse of `get_config`."""
        stored = {
            key: deserialize_keras_object(value) if "layer" in key else value for key, value in config.items()
        }
        return super().from_config(stored)


class SpectralNormalization(Wrapper):
    """A layer around another one that keeps its kernel's largest singular value at 1.

    At each training call the kernel is divided by it. A layer with such a kernel
    stretches no input (its Lipschitz constant is 1). It steadies the critic of a
    generative adversarial network.

    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: steps of the power method at each call, which estimates the
            singular value from where the last call ended; more are more exact.
    Call: `layer(x, training=False)`; inference leaves the kernel as it is.
    Input shape: of the inner layer.
    Output shape: of the inner layer.
    Weights: vector_u (1, filters), then the inner layer's.
    Raises: InvalidArgumentError when it is built around a layer without kernel.
    Source: Miyato et al. 2018, arXiv:1802.05957.

    Example:
        >>> import numpy as np
        >>> import layerlab as keras
        >>> fours = keras.initializers.Identity(gain=4.0)  # both singular values are 4
        >>> dense = keras.layers.Dense(2, kernel_initializer=fours)
        >>> layer = SpectralNormalization(dense)
        >>> print(np.asarray(layer(np.array([[1.0, 2.0]]), training=True)).round(3))
        [[1. 2.]]
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
