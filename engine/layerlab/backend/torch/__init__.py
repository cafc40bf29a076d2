"""The PyTorch back end: `layerlab.backend.protocol.Backend` as a module."""

from layerlab.backend.torch.arrays import (
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
from layerlab.backend.torch.control import cond, scan, while_loop
from layerlab.backend.torch.kernels import attention, batch_norm, gelu, layer_norm
from layerlab.backend.torch.namespace import xp
from layerlab.backend.torch.nn import conv, conv_transpose, max_pool, sum_pool
from layerlab.backend.torch.optimizing import fused_adam
from layerlab.backend.torch.random import (
    random_categorical,
    random_gamma,
    random_integers,
    random_normal,
    random_permutation,
    random_truncated_normal,
    random_uniform,
)
from layerlab.backend.torch.recurrent import lstm
from layerlab.backend.torch.runner import compile_loop, compile_step
from layerlab.backend.torch.special import (
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
from layerlab.backend.torch.threads import limit_threads
from layerlab.backend.torch.transforms import (
    checkpoint,
    custom_gradient,
    eval_shape,
    jit,
    stop_gradient,
    value_and_grad,
    vmap,
)

name = "torch"
can_train = True
projects_ahead = True
jit_by_default = False
limit_threads()

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
