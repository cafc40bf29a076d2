"""What arguments of many ops mean: written once, and shown in the docstring of each op that has them.

`@op` completes docstrings from here; `@documented` does it for functions that are no ops, here and in
`layerlab.random`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from layerlab.core.docstrings import completed

__all__ = ["OF_ALL", "documented"]

Function = TypeVar("Function", bound=Callable[..., Any])

# What they mean in all ops, and in activations.
OF_ALL = {
    "x": "a number, a nested list, an array, a variable or a symbolic tensor.",
    "x1": "first operand: a number, a nested list, an array, a variable or a symbolic\n        tensor.",
    "x2": "second operand, of a shape that broadcasts with the shape of x1.",
    "axis": "the axis to work along; a negative one counts from the last.",
    "keepdims": "True leaves an axis of length 1 in place of each one that was reduced.",
    "dtype": "dtype of the result, such as 'float32' or 'int32'.",
    "shape": "shape of the result: a tuple of sizes.",
    "data_format": "'channels_last' for (batch, ..., channels), 'channels_first' for\n"
    "        (batch, channels, ...). None is the setting `image_data_format`, at first\n"
    "        'channels_last'.",
}

# What else they mean in one file of ops.
_OF_FILE = {
    "create": {
        "shape": "sizes of the axes, a tuple; an integer means one axis.",
        "dtype": "dtype of the result, such as 'int32'. None is floatx, at first 'float32'.",
    },
    "shapes": {
        "indices_or_sections": "the number of equal parts, or a list of the indices before\n"
        "        which x is cut.",
        "k": "which diagonal: 0 from the first corner, 1 the one beside it at the right, -1\n"
        "        the one below.",
        "block_size": "height and width b of a block, in pixels.",
    },
    "convolution": {
        "inputs": "(batch, *sizes, channels), with one to three sizes: a signal, images,\n"
        '        volumes. With data format "channels_first" (batch, channels, *sizes), and so\n'
        "        the result.",
        "strides": "by how many places the window moves on, by default 1: one number, or\n"
        "        one for each axis.",
        "pool_size": "size of the window: one number, or one for each axis.",
        "output_size": "the number of windows: one number, or one for each axis.",
        "padding": '"valid" has only windows that lie inside; "same" has ceil(size /\n'
        "        stride), and fills with zeros on both sides, the odd one at the end.",
        "dilation_rate": "the distance of neighbours within the window: 1 is the usual\n"
        "        window, 2 leaves out every other element. One number, or one for each axis.",
    },
    "draws": {
        "shape": "sizes of the axes of the result, a tuple.",
        "dtype": "a floating dtype, such as 'float16'. None is floatx, at first 'float32'.",
        "seed": "an integer gives the same numbers at each call, a `SeedGenerator` the next\n"
        "        ones of its stream. None takes the stream of the process, which\n"
        "        `utils.set_random_seed` starts.",
    },
    "index": {
        "data": "(n, ...), n rows of any shape.",
        "segment_ids": "(n,), integers: which segment each row belongs to. They need not be\n"
        "        sorted; rows with a number outside of the segments are left out.",
        "num_segments": "the number of segments. None is the largest id plus 1, which a\n"
        "        compiled function cannot know.",
        "sorted": "whether the ids are in ascending order; it changes nothing here.",
    },
    "reduce": {
        "axis": "axis, or tuple of axes, to reduce; a negative one counts from the last.\n"
        "        None is all.",
        "dtype": "dtype to compute in and of the result. None keeps the dtype of x.",
    },
}


def documented(function: Function) -> Function:
    """The function, with the shared arguments of its signature added to its docstring.

    Args:
        function: of a file of `layerlab.ops` or `layerlab.random`; arguments that its
            docstring names itself stay as they are.

    Example:
        >>> def twice(x):
        ...     "2 x."
        >>> print(documented(twice).__doc__.partition(":")[0])
        2 x.
        <BLANKLINE>
        Args
    """
    file = function.__module__.rpartition(".")[2]
    function.__doc__ = completed(function, OF_ALL | _OF_FILE.get(file, {}))
    return function
