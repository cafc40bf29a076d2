"""The NumPy back end, for inference without JAX or torch: `layerlab.backend.protocol.Backend` as a module."""

from layerlab.backend.numpy.arrays import (
    asarray,
    block_until_ready,
    cast,
    concrete,
    copy,
    dtype_name,
    inference,
    is_abstract,
    is_array,
    is_on_host,
    leaf,
    needed,
    set_at,
    taped,
    to_numpy,
    write,
)
from layerlab.backend.numpy.control import cond, scan, while_loop
from layerlab.backend.numpy.namespace import xp
from layerlab.backend.numpy.nn import conv, conv_transpose, max_pool, sum_pool
from layerlab.backend.numpy.random import (
    random_categorical,
    random_gamma,
    random_integers,
    random_normal,
    random_permutation,
    random_truncated_normal,
    random_uniform,
)
from layerlab.backend.numpy.special import (
    digamma,
    einsum,
    erf,
    erfinv,
    lgamma,
    log_softmax,
    relu,
    segment_max,
    segment_sum,
    sigmoid,
    softmax,
    top_k,
)
from layerlab.backend.numpy.transforms import (
    checkpoint,
    compile_step,
    custom_gradient,
    eval_shape,
    jit,
    stop_gradient,
    value_and_grad,
    vmap,
)

name = "numpy"
can_train = False
attention = None
batch_norm = None
fused_adam = None
gelu = None
layer_norm = None
lstm = None
projects_ahead = True
jit_by_default = False
compile_loop = None

__all__ = [
    "asarray",
    "attention",
    "batch_norm",
    "block_until_ready",
    "can_train",
    "cast",
    "checkpoint",
    "compile_loop",
    "compile_step",
    "concrete",
    "cond",
    "conv",
    "conv_transpose",
    "copy",
    "custom_gradient",
    "digamma",
    "dtype_name",
    "einsum",
    "erf",
    "erfinv",
    "eval_shape",
    "fused_adam",
    "gelu",
    "inference",
    "is_abstract",
    "is_array",
    "is_on_host",
    "jit",
    "jit_by_default",
    "layer_norm",
    "leaf",
    "lgamma",
    "log_softmax",
    "lstm",
    "max_pool",
    "name",
    "needed",
    "projects_ahead",
    "random_categorical",
    "random_gamma",
    "random_integers",
    "random_normal",
    "random_permutation",
    "random_truncated_normal",
    "random_uniform",
    "relu",
    "scan",
    "segment_max",
    "segment_sum",
    "set_at",
    "sigmoid",
    "softmax",
    "stop_gradient",
    "sum_pool",
    "taped",
    "to_numpy",
    "top_k",
    "value_and_grad",
    "vmap",
    "while_loop",
    "write",
    "xp",
]
