"""The JAX back end: `layerlab.backend.protocol.Backend` as a module."""

from layerlab.backend.jax.arrays import (
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
from layerlab.backend.jax.compilation_cache import use_compilation_cache
from layerlab.backend.jax.control import cond, scan, while_loop
from layerlab.backend.jax.loop import compile_loop
from layerlab.backend.jax.namespace import xp
from layerlab.backend.jax.nn import conv, conv_transpose
from layerlab.backend.jax.pooling import max_pool, sum_pool
from layerlab.backend.jax.random import (
    random_categorical,
    random_gamma,
    random_integers,
    random_normal,
    random_permutation,
    random_truncated_normal,
    random_uniform,
)
from layerlab.backend.jax.runner import compile_step
from layerlab.backend.jax.special import (
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
from layerlab.backend.jax.threads import limit_threads
from layerlab.backend.jax.transforms import (
    checkpoint,
    custom_gradient,
    eval_shape,
    jit,
    stop_gradient,
    value_and_grad,
    vmap,
)

name = "jax"
can_train = True
attention = None
batch_norm = None
fused_adam = None
gelu = None
layer_norm = None
lstm = None
projects_ahead = False
jit_by_default = True
use_compilation_cache()
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
