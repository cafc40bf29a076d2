"""The forms of a convolution on JAX: the numbers and gradients of XLA's own, whichever is chosen."""

import jax
import numpy as np
import pytest
from jax import lax

from layerlab.backend.jax import nn, pooling
from layerlab.backend.jax.tracing_context import SlowInLoop, traced_as

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


def test_pooling_is_none_of_xlas_where_gradients_may_follow():
    x = np.zeros((2, 8, 8, 3), "float32")

    def program():
        return str(jax.make_jaxpr(lambda x: pooling.max_pool(x, (2, 2), (2, 2), ((0, 0), (0, 0))))(x))

    assert "reduce_window" not in program()
    with traced_as(trains=False, in_loop=False):
        assert "reduce_window" in program()


# shape, kernel, strides, padding, dilation, groups
GROUPED = {
    "depthwise": ((4, 9, 8, 6), (3, 3, 1, 6), (1, 1), ((1, 1), (1, 1)), (1, 1), 6),
    "depthwise, strided": ((4, 9, 8, 6), (3, 2, 1, 6), (2, 3), ((1, 1), (0, 1)), (1, 1), 6),
    "depthwise, dilated": ((4, 9, 8, 6), (3, 2, 1, 6), (1, 1), ((2, 2), (0, 3)), (2, 3), 6),
    "depthwise, several each": ((4, 9, 8, 3), (3, 3, 1, 6), (1, 1), ((0, 0), (0, 0)), (1, 1), 3),
    "depthwise, rows left over": ((4, 10, 9, 2), (3, 3, 1, 2), (4, 3), ((0, 0), (0, 0)), (1, 1), 2),
    "depthwise, 1 axis": ((4, 12, 3), (4, 1, 3), (2,), ((1, 2),), (1,), 3),
    "depthwise, 3 axes": (
        (2, 5, 6, 4, 2),
        (2, 3, 2, 1, 2),
        (1, 2, 1),
        ((0, 0), (1, 1), (0, 1)),
        (1, 1, 1),
        2,
    ),
    "groups": ((4, 9, 8, 6), (3, 3, 2, 9), (2, 1), ((1, 1), (0, 1)), (1, 1), 3),
    "groups of many channels": ((4, 9, 8, 12), (3, 3, 6, 4), (1, 1), ((1, 1), (1, 1)), (1, 1), 2),
}


@pytest.mark.parametrize("trains", [True, None])
@pytest.mark.parametrize("case", GROUPED)
def test_groups_and_single_channels_give_the_numbers_and_gradients_of_xla(case, trains):
    shape, kernel_shape, strides, padding, dilation, groups = GROUPED[case]
    check_against_xla(
        lambda x, kernel: nn.conv(x, kernel, strides, padding, dilation, groups),
        lambda x, kernel: convolved(x, kernel, strides, padding, dilation, groups=groups),
        (shape, kernel_shape),
        trains,
    )


def test_a_depthwise_convolution_is_none_of_xlas_with_and_without_gradients():
    x, kernel = np.zeros((2, 8, 8, 4), "float32"), np.zeros((3, 3, 1, 4), "float32")

    def conv(x, kernel):
        return nn.conv(x, kernel, (1, 1), ((1, 1), (1, 1)), (1, 1), 4)

    for trains, in_loop in ((True, False), (True, True), (False, True), (False, False)):
        with traced_as(trains=trains, in_loop=in_loop):
            assert "conv_general_dilated" not in program(conv, x, kernel)


def test_a_depthwise_convolution_has_derivatives_of_both_modes_outside_of_a_step():
    rng = np.random.default_rng(0)
    x, kernel = (rng.normal(size=s).astype("float32") for s in ((1, 5, 5, 2), (3, 3, 1, 2)))

    @jax.jit
    def along(x, kernel, direction):
        return jax.jvp(lambda x: nn.conv(x, kernel, (1, 1), ((0, 0), (0, 0)), (1, 1), 2), (x,), (direction,))[
            1
        ]

    expected = convolved(x, kernel, (1, 1), ((0, 0), (0, 0)), (1, 1), groups=2)  # it is linear
    np.testing.assert_allclose(along(x, kernel, x), expected, rtol=1e-5, atol=1e-5)


# shape, kernel (*window, filters, channels), strides, crop, dilation
TRANSPOSED = {
    "window as stride": ((2, 4, 5, 6), (2, 3, 4, 6), (2, 3), ((0, 0), (0, 0)), (1, 1)),
    "overlapping": ((2, 4, 5, 6), (3, 3, 4, 6), (2, 2), ((0, 1), (1, 0)), (1, 1)),
    "far overlapping": ((2, 4, 5, 3), (5, 4, 4, 3), (2, 1), ((2, 1), (1, 2)), (1, 1)),
    "with gaps": ((2, 4, 5, 3), (2, 1, 4, 3), (3, 3), ((0, -1), (0, -2)), (1, 1)),
    "stride 1": ((2, 4, 5, 3), (3, 2, 4, 3), (1, 1), ((1, 1), (0, 1)), (1, 1)),
    "dilated": ((2, 4, 5, 3), (3, 2, 4, 3), (2, 1), ((1, 1), (0, 1)), (2, 3)),
    "1 axis": ((2, 4, 3), (4, 5, 3), (2,), ((1, 1),), (1,)),
    "3 axes": ((2, 3, 4, 2, 3), (3, 2, 2, 2, 3), (2, 2, 1), ((1, 0), (0, 0), (1, 0)), (1, 1, 1)),
}


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("case", TRANSPOSED)
def test_a_transposed_convolution_gives_the_numbers_and_gradients_of_xla(case, trains):
    shape, kernel_shape, strides, crop, dilation = TRANSPOSED[case]
    axes = tuple(range(len(strides)))
    padding = [(d * (k - 1) - a, d * (k - 1) - b) for d, k, (a, b) in zip(dilation, kernel_shape, crop)]

    def theirs(x, kernel):
        mirrored = np.flip if isinstance(kernel, np.ndarray) else jax.numpy.flip
        kernel = mirrored(kernel, axes).swapaxes(-1, -2)
        return convolved(x, kernel, (1,) * len(axes), padding, dilation, lhs_dilation=strides)

    check_against_xla(
        lambda x, kernel: nn.conv_transpose(x, kernel, strides, crop, dilation),
        theirs,
        (shape, kernel_shape),
        trains,
    )


def test_a_transposed_convolution_is_trained_in_a_loop_as_a_product():
    x, kernel = np.zeros((2, 4, 4, 8), "float32"), np.zeros((3, 3, 4, 8), "float32")

    def conv(x, kernel):
        return nn.conv_transpose(x, kernel, (2, 2), ((0, 1), (0, 1)), (1, 1))

    with traced_as(trains=True, in_loop=True):
        assert "conv_general_dilated" not in program(conv, x, kernel)
    with traced_as(trains=False, in_loop=True):  # without gradients XLA's own is the faster one
        assert "conv_general_dilated" in program(conv, x, kernel)


# shape, window, strides, padding
POOLED = {
    "3x3 by 2": ((2, 9, 8, 3), (3, 3), (2, 2), ((0, 0), (0, 1))),
    "2x3 by 1": ((2, 7, 6, 3), (2, 3), (1, 1), ((1, 0), (1, 1))),
    "gaps": ((2, 9, 8, 3), (2, 3), (4, 4), ((0, 0), (0, 0))),
    "1 axis": ((2, 9, 3), (4,), (3,), ((1, 1),)),
    "3 axes": ((2, 5, 4, 6, 2), (3, 2, 1), (1, 2, 3), ((1, 1), (0, 0), (0, 0))),
    "tiles": ((2, 9, 8, 3), (2, 2), (2, 2), ((0, 0), (0, 0))),
    "too wide to be shifted": ((2, 12, 4, 2), (9, 2), (1, 1), ((0, 0), (0, 0))),
}


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("values", ["normal", "ties"])
@pytest.mark.parametrize("case", POOLED)
def test_pooling_gives_the_numbers_and_gradients_of_xla_and_of_equals_takes_the_first(case, values, trains):
    shape, window, strides, padding = POOLED[case]
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape) if values == "normal" else rng.integers(0, 3, size=shape)

    def windows(initial, combine):
        sizes = ((1, *window, 1), (1, *strides, 1), ((0, 0), *padding, (0, 0)))
        return lambda x, _: lax.reduce_window(x, np.float32(initial), combine, *sizes)

    for pool, theirs in (
        (pooling.max_pool, windows(-np.inf, lax.max)),
        (pooling.sum_pool, windows(0, lax.add)),
    ):

        def ours(x, _, pool=pool):
            return pool(x, window, strides, padding)

        check_against_xla(ours, theirs, (x.astype("float32"), (1,)), trains)


def test_overlapping_windows_with_a_nan_have_nan_as_their_largest():
    x = np.zeros((1, 4, 4, 1), "float32")
    x[0, 1, 1, 0] = np.nan
    pooled = jax.jit(lambda x: pooling.max_pool(x, (3, 3), (1, 1), ((0, 1), (0, 1))))(x)
    assert np.isnan(np.asarray(pooled)[0, :, :, 0]).tolist() == [[True, True, False]] * 2 + [[False] * 3]


def test_integers_are_pooled_as_they_are():
    x = np.array([-5, -3, -4, -9], "int32").reshape(1, 4, 1)
    pooled = jax.jit(
        lambda x: (pooling.max_pool(x, (3,), (1,), ((1, 1),)), pooling.sum_pool(x, (3,), (1,), ((1, 1),)))
    )
    largest, total = pooled(x)
    assert largest.dtype == total.dtype == "int32"
    assert largest[0, :, 0].tolist() == [-3, -3, -3, -4] and total[0, :, 0].tolist() == [-8, -12, -16, -13]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_numbers_are_rounded_once(dtype):
    rng = np.random.default_rng(0)
    x, kernel = (rng.normal(size=s).astype(dtype) for s in ((2, 12, 12, 4), (7, 7, 1, 4)))
    none = ((0, 0), (0, 0))
    wide = [np.asarray(a, "float32") for a in (x, kernel)]

    def depthwise(x, kernel):
        return nn.conv(x, kernel, (1, 1), none, (1, 1), 4)

    def gradients(x, kernel):
        with traced_as(trains=True, in_loop=False):
            return depthwise(x, kernel), *jax.grad(lambda *a: depthwise(*a).sum(), (0, 1))(x, kernel)

    got, expected = jax.jit(gradients)(x, kernel), jax.jit(gradients)(*wide)
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(np.asarray(one, "float32"), other, rtol=2**-8, atol=2**-8)


def program(function, *arguments):
    """Traced anew: JAX remembers what a function is traced to."""
    return str(jax.make_jaxpr(lambda *a: function(*a))(*arguments))


def convolved(x, kernel, strides, padding, dilation, **options):
    axes = {1: "W", 2: "HW", 3: "DHW"}[len(strides)]
    options["feature_group_count"] = options.pop("groups", 1)
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding,
        rhs_dilation=dilation,
        dimension_numbers=numbers,
        precision="highest",
        **options,
    )


def check_against_xla(ours, theirs, inputs, trains):
    """Values and gradients, traced as a step that trains or not, or outside of any step (None)."""
    rng = np.random.default_rng(0)
    x, other = (rng.normal(size=i).astype("float32") if isinstance(i, tuple) else i for i in inputs)

    def both(form):
        def run(x, other):
            # Weights of its own for each output, so that none is left out or taken twice.
            weights = (
                np.random.default_rng(1).normal(size=jax.eval_shape(form, x, other).shape).astype("float32")
            )
            return form(x, other), jax.grad(lambda x, other: (form(x, other) * weights).sum(), (0, 1))(
                x, other
            )

        return run

    if trains is None:
        got = jax.jit(both(ours))(x, other)
    else:
        with traced_as(trains=trains, in_loop=False):
            got = jax.jit(both(ours))(x, other)
    expected = both(theirs)(x, other)
    for one, two in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-4, atol=2e-4)
