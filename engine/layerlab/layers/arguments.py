"""What constructors of several families check, and what arguments of several mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab.core.arguments import FRACTION, POSITIVE_INTEGER
from layerlab.core.registry import share_arguments
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.numeric import as_ints, is_integer
from layerlab.settings import DATA_FORMATS, choose, settings

__all__ = [
    "as_data_format",
    "as_padding",
    "as_pairs",
    "as_positive",
    "as_rate",
    "as_sizes",
    "channel_axis",
    "refuse",
]


def as_sizes(
    value: int | Sequence[int], rank: int, name: str, *, allow_zero: bool = False
) -> tuple[int, ...]:
    """`value`, or a tuple of `rank` times `value`; InvalidArgumentError unless all are positive integers."""
    lowest = 0 if allow_zero else 1
    sizes: tuple[Any, ...] = (
        (value,) * rank if is_integer(value) else tuple(value) if isinstance(value, list | tuple) else ()
    )
    if len(sizes) != rank or any(not is_integer(size) or size < lowest for size in sizes):
        raise InvalidArgumentError(
            explain(
                f"`{name}` has a bad value.",
                expected=f"an integer, or {rank} of them, at least {lowest}",
                got=repr(value),
            )
        )
    return as_ints(sizes)


def as_pairs(
    value: int | Sequence[int] | Sequence[Sequence[int]], rank: int, name: str
) -> tuple[tuple[int, int], ...]:
    """(before, after) for each of `rank` axes, from an integer, one for each axis, or pairs."""
    given = (value,) * rank if is_integer(value) else value
    if not isinstance(given, list | tuple) or len(given) != rank:
        raise InvalidArgumentError(
            explain(
                f"`{name}` has a bad value.",
                expected=f"an integer, {rank} integers, or {rank} pairs",
                got=repr(value),
            )
        )
    pairs = [as_sizes(entry, 2, name, allow_zero=True) for entry in given]
    return tuple((before, after) for before, after in pairs)


def as_positive(value: Any, name: str, layer: str) -> int:
    """`value` if it is an integer above 0, else InvalidArgumentError."""
    POSITIVE_INTEGER.require(layer, name, value)
    return int(value)


def as_rate(value: float, name: str, layer: str) -> float:
    """`value` if it is between 0 and 1, else InvalidArgumentError."""
    FRACTION.require(layer, name, value)
    return value


def as_padding(value: str, *, causal: bool = False) -> str:
    """'valid', 'same' or, where it makes sense, 'causal'; any case."""
    allowed = ("valid", "same", "causal") if causal else ("valid", "same")
    return choose(value.lower() if isinstance(value, str) else value, allowed, "padding")


def as_data_format(value: str | None) -> str:
    """'channels_last' or 'channels_first'; None is `layerlab.config.image_data_format()`."""
    return settings.image_data_format if value is None else choose(value, DATA_FORMATS, "data format")


def channel_axis(data_format: str) -> int:
    """-1 or 1."""
    return -1 if data_format == "channels_last" else 1


def refuse(layer: str, **arguments: object) -> None:
    """UnsupportedError for an argument that is set and that no layer here can honour."""
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise UnsupportedError(
                explain(f"{layer} does not support `{name}` yet.", fix=f"leave `{name}` out")
            )


share_arguments(
    "layers",
    {
        # of many
        "activity_regularizer": "penalty on the outputs, added to the loss; None is none.",
        "name": "name of the layer, unique within its model, without '/'; None makes one\n"
        "        from the class, such as 'dense_1'.",
        "dtype": "dtype name or DTypePolicy, for the computation and the weights; None is\n"
        "        the global policy, at first 'float32'.",
        "seed": "an integer makes the layer's random numbers repeatable; None takes a seed\n"
        "        that follows from `set_random_seed`.",
        "data_format": "'channels_last' for (batch, ..., channels), 'channels_first' for\n"
        "        (batch, channels, ...). None is `layerlab.config.image_data_format()`, at\n"
        "        first 'channels_last'.",
        "use_bias": "whether a learned bias is added.",
        "kernel_initializer": "first values of the kernel: a name or an initializer.",
        "bias_initializer": "first values of the bias: a name or an initializer.",
        "kernel_regularizer": "penalty on the kernel, added to the loss; None is none.",
        "bias_regularizer": "penalty on the bias, added to the loss; None is none.",
        "kernel_constraint": "projection of the kernel after each update; None is none.",
        "bias_constraint": "projection of the bias after each update; None is none.",
        "activation": "function of the result: a name such as 'relu', or a callable; None is\n        none.",
        "lora_rank": "not supported; None alone is accepted.",
        "lora_alpha": "not supported; None alone is accepted.",
        "quantization_config": "not supported; None alone is accepted.",
        "gptq_unpacked_column_size": "not supported; None alone is accepted.",
        "**kwargs": "`name`, `dtype`, `trainable` and what else Layer takes.",
        # of convolutions
        "filters": "number of output channels.",
        "kernel_size": "size of the window: an integer, or one for each spatial axis.",
        "strides": "distance from one window to the next: an integer, or one for each\n"
        "        spatial axis. 2 halves the output.",
        "padding": "'valid' takes the windows that lie within the input; 'same' adds zeros\n"
        "        around it, so that the output has ceil(size / stride) places.",
        "dilation_rate": "distance between the places that a window reads: an integer, or\n"
        "        one for each spatial axis. Above 1 the window reaches farther with as many\n"
        "        weights; strides must be 1 then.",
        "groups": "number of independent convolutions into which channels and filters are\n"
        "        split; divides both.",
        "depth_multiplier": "number of kernels, and of outputs, for each input channel.",
        "depthwise_initializer": "first values of the depthwise kernel: a name or an\n        initializer.",
        "depthwise_regularizer": "penalty on the depthwise kernel, added to the loss; None\n        is none.",
        "depthwise_constraint": "projection of the depthwise kernel after each update; None\n"
        "        is none.",
        "pointwise_initializer": "first values of the kernel that mixes the channels.",
        "pointwise_regularizer": "penalty on the kernel that mixes the channels; None is none.",
        "pointwise_constraint": "projection of the kernel that mixes the channels after each\n"
        "        update; None is none.",
        # of pooling
        "pool_size": "size of the window: an integer, or one for each spatial axis.",
        "output_size": "size of the output: an integer, or one for each spatial axis. The\n"
        "        windows follow from it.",
        "keepdims": "whether the spatial axes stay, with size 1.",
        # of embeddings
        "input_dim": "number of vectors: the largest integer to come, plus 1.",
        "output_dim": "length of a vector.",
        "embeddings_initializer": "first values of the table; 'uniform' draws from -0.05 to\n        0.05.",
        "embeddings_regularizer": "penalty on the table, added to the loss; None is none.",
        "embeddings_constraint": "projection of the table after each update; None is none.",
        "mask_zero": "whether 0 means padding: later layers that know masks skip it.",
        # of normalizations
        "center": "whether beta is added.",
        "scale": "whether the normalized values are multiplied by gamma. A linear layer\n"
        "        that follows makes it needless.",
        "beta_initializer": "first values of beta; 'zeros' begins without a shift.",
        "gamma_initializer": "first values of gamma; 'ones' begins without a scale.",
        "beta_regularizer": "penalty on beta, added to the loss; None is none.",
        "gamma_regularizer": "penalty on gamma, added to the loss; None is none.",
        "beta_constraint": "projection of beta after each update; None is none.",
        "gamma_constraint": "projection of gamma after each update; None is none.",
        # of recurrent layers and their cells
        "recurrent_initializer": "first values of the recurrent kernel; 'orthogonal' keeps\n"
        "        the length of the state over many steps.",
        "recurrent_regularizer": "penalty on the recurrent kernel, added to the loss; None\n        is none.",
        "recurrent_constraint": "projection of the recurrent kernel after each update; None\n"
        "        is none.",
        "unit_forget_bias": "whether the bias of the forget gate begins at 1, so that a new\n"
        "        layer keeps its memory (Jozefowicz et al. 2015).",
        "reset_after": "whether the reset gate scales the product of state and recurrent\n"
        "        kernel, as GPU libraries do; False scales the state before it, as the paper\n"
        "        does.",
        "recurrent_dropout": "fraction of the state's features that training hides from the\n"
        "        recurrent kernel, the same in all steps of a sequence (Gal, Ghahramani 2016,\n"
        "        arXiv:1512.05287).",
        "return_sequences": "whether the outputs of all steps are returned; False returns\n        the last.",
        "return_state": "whether the final states are returned as well, after the output.",
        "go_backwards": "whether the steps are taken from the last to the first; the\n"
        "        outputs are in the order taken.",
        "stateful": "whether a batch goes on from the final states of the batch before,\n"
        "        sample by sample, until `reset_state()`; needs a fixed batch size.",
        "unroll": "whether the loop over the steps is written out in the compiled program:\n"
        "        longer to compile, at times faster for a few steps.",
        "use_cudnn": "'auto' and False leave the choice of kernel to the back end; True is\n"
        "        not supported.",
        # of attention with several heads
        "sliding_window": "places that are this far apart, or farther, are hidden from each\n"
        "        other; None hides none.",
        "flash_attention": "not supported; None and False are accepted.",
        "use_gate": "whether the heads' outputs are multiplied by a sigmoid of a projection\n"
        "        of the query.",
    },
)
