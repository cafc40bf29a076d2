"""The forms of a convolution on JAX: the numbers and gradients of XLA's own, whichever is chosen."""

import jax
import numpy as np
import pytest
from jax import lax

from layerlab.backend.jax import nn
from layerlab.backend.jax.where import SlowInLoop, traced_as

CASES = {
    "one channel": ((4, 9, 8, 1), (3, 3, 1, 5), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "padded": ((4, 9, 8, 3), (3, 2, 3, 5), (1, 1), ((1, 1), (0, 1)), (1, 1)),
    "strided": ((4, 9, 8, 2), (3, 3, 2, 5), (2, 3), ((1, 1), (1, 1)), (1, 1)),
    "dilated": ((4, 9, 8, 2), (3, 2, 2, 5), (1, 1), ((0, 0), (0, 0)), (2, 3)),
    "1x1": ((4, 9, 8, 16), (1, 1, 16, 5), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "1x1, strided": ((4, 9, 8, 16), (1, 1, 16, 5), (2, 2), ((0, 0), (0, 0)), (1, 1)),
    "1 axis": ((4, 12, 3), (4, 3, 5), (2,), ((1, 2),), (1,)),
    "3 axes": ((2, 5, 6, 4, 2), (2, 3, 2, 2, 3), (1, 2, 1), ((0, 0), (1, 1), (0, 1)), (1, 1, 1)),
    "many channels": ((4, 9, 8, 16), (3, 3, 16, 5), (1, 1), ((1, 1), (1, 1)), (1, 1)),
}


def reference(x, kernel, strides, padding, dilation):
    axes = {1: "W", 2: "HW", 3: "DHW"}[len(strides)]
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    return lax.conv_general_dilated(
        x, kernel, strides, padding, rhs_dilation=dilation, dimension_numbers=numbers, precision="highest"
    )


@pytest.mark.parametrize("in_loop", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_each_form_gives_the_numbers_and_gradients_of_xla(case, in_loop):
    shape, kernel_shape, strides, padding, dilation = CASES[case]
    rng = np.random.default_rng(0)
    x, kernel = (rng.normal(size=s).astype("float32") for s in (shape, kernel_shape))

    def loss(form):
        return lambda x, kernel: (form(x, kernel) ** 2).sum()

    def ours(x, kernel):
        return nn.conv(x, kernel, strides, padding, dilation, 1)

    def theirs(x, kernel):
        return reference(x, kernel, strides, padding, dilation)

    def run(x, kernel):
        return ours(x, kernel), jax.grad(loss(ours), (0, 1))(x, kernel)

    if in_loop:
        with traced_as(trains=True, in_loop=True):
            traced = jax.make_jaxpr(run)(x, kernel)
        assert "conv_general_dilated" not in str(traced)
        got = jax.tree.unflatten(
            jax.tree.structure((0, (0, 0))), jax.extend.core.jaxpr_as_fun(traced)(x, kernel)
        )
    else:
        got = jax.jit(run)(x, kernel)
    expected = (theirs(x, kernel), jax.grad(loss(theirs), (0, 1))(x, kernel))
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-3)


def test_a_large_convolution_is_not_trained_in_a_loop():
    x, kernel = np.zeros((32, 32, 32, 64), "float32"), np.zeros((3, 3, 64, 64), "float32")

    def conv(x, kernel):
        return nn.conv(x, kernel, (1, 1), ((1, 1), (1, 1)), (1, 1), 1)

    with pytest.raises(SlowInLoop), traced_as(trains=True, in_loop=True):
        jax.make_jaxpr(conv)(x, kernel)
    for trains, in_loop in ((True, False), (False, True), (False, False)):
        with traced_as(trains=trains, in_loop=in_loop):
            assert "conv_general_dilated" in str(jax.make_jaxpr(conv)(x, kernel))


def test_pooling_is_a_reshape_where_gradients_may_follow():
    x = np.zeros((2, 8, 8, 3), "float32")

    def program():
        return str(jax.make_jaxpr(lambda x: nn.max_pool(x, (2, 2), (2, 2), ((0, 0), (0, 0))))(x))

    assert "reduce_window" not in program()
    with traced_as(trains=False, in_loop=False):
        assert "reduce_window" in program()
