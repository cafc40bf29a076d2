"""Products on JAX in the forms that are fast on a CPU: the numbers of those that were traced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import layerlab as keras
from layerlab.backend.jax.matrix_products import in_fast_forms
from layerlab.training.stepping.step_runner import StepRunner

# Subscripts, and the shapes of both factors.
PRODUCTS = {
    "rows of a matrix": ("ab,bc->ac", (5, 3), (3, 4)),
    "columns": ("ab,cb->ac", (5, 3), (4, 3)),
    "over the rows of both, the right one smaller": ("ka,kb->ab", (6, 5), (6, 3)),
    "over the rows of both, the left one smaller": ("ka,kb->ab", (6, 3), (6, 5)),
    "both transposed": ("ka,bk->ab", (6, 5), (3, 6)),
    "many rows, few columns": ("ka,kb->ab", (2048, 9), (2048, 40)),
    "a dense layer over time": ("btw,wf->btf", (2, 3, 4), (4, 5)),
    "its weights' gradient": ("btw,btf->wf", (2, 3, 4), (2, 3, 5)),
    "over two axes in another order": ("bij,jif->bf", (2, 3, 4), (4, 3, 5)),
    "heads": ("btw,whd->bthd", (2, 3, 4), (4, 2, 5)),
    "scores": ("btnh,bsnh->bnts", (2, 3, 4, 5), (2, 6, 4, 5)),
    "weighted values": ("bnts,bsnh->btnh", (2, 4, 3, 6), (2, 6, 4, 5)),
    "values' gradient": ("bnts,bnth->bnsh", (2, 4, 3, 6), (2, 4, 3, 5)),
    "a vector": ("ab,b->a", (5, 3), (3,)),
    "nothing is summed": ("a,b->ab", (5,), (3,)),
    "a stack of rows": ("nab,nbc->nac", (7, 2, 3), (7, 3, 4)),
}


def of_shape(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


@pytest.mark.parametrize("case", PRODUCTS)
def test_a_product_has_the_numbers_and_gradients_that_numpy_gives(case):
    subscripts, *shapes = PRODUCTS[case]
    left, right = of_shape(*shapes)
    (weight,) = of_shape(np.einsum(subscripts, left, right).shape)

    def step(left, right):
        def total(left, right):
            out = jnp.einsum(subscripts, left, right)
            return (out * weight).sum(), out

        gradients, out = jax.grad(total, (0, 1), has_aux=True)(left, right)
        return out, *gradients

    out, by_left, by_right = jax.jit(in_fast_forms(step))(left, right)
    inputs, output = subscripts.split("->")
    first, second = inputs.split(",")
    np.testing.assert_allclose(out, np.einsum(subscripts, left, right), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        by_left, np.einsum(f"{output},{second}->{first}", weight, right), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        by_right, np.einsum(f"{first},{output}->{second}", left, weight), rtol=1e-4, atol=1e-4
    )


def test_the_smaller_factor_of_a_gradient_is_transposed_before_the_product():
    left, right = of_shape((64, 40), (64, 48))
    program = str(jax.make_jaxpr(in_fast_forms(lambda a, b: jnp.einsum("ka,kb->ab", a, b)))(left, right))
    assert "optimization_barrier" in program
    rows = str(jax.make_jaxpr(in_fast_forms(lambda a, b: a @ b))(left.T, right))
    assert "optimization_barrier" not in rows


@pytest.mark.parametrize("dtype", ["float16", "int32"])
def test_products_of_other_types_stay_as_they_are(dtype):
    left, right = (array.astype(dtype) for array in of_shape((64, 40), (64, 48)))
    program = str(jax.make_jaxpr(in_fast_forms(lambda a, b: jnp.einsum("ka,kb->ab", a, b)))(left, right))
    assert "optimization_barrier" not in program


def test_products_inside_of_loops_and_branches_are_found():
    x, w = of_shape((6, 5), (5, 5))

    @jax.jit
    def inner(h):
        return jnp.tanh(h @ w)

    def step(x):
        h, _ = lax.scan(lambda h, _: (inner(h), None), x, None, length=3)
        h = lax.cond(h.sum() > 1e9, lambda h: h, lambda h: h @ jnp.einsum("ka,kb->ab", h, h), h)
        return lax.fori_loop(0, 2, lambda _, h: h @ w, h)

    expected = x
    for _ in range(3):
        expected = np.tanh(expected @ w)
    expected = expected @ (expected.T @ expected) @ w @ w
    np.testing.assert_allclose(jax.jit(in_fast_forms(step))(x), expected, rtol=1e-4, atol=1e-4)
    assert "optimization_barrier" in str(jax.make_jaxpr(in_fast_forms(step))(x))


def test_gradients_within_a_step_may_be_of_any_order():
    # A layer does not know in which form its product will be run: derivatives are taken before.
    (x,) = of_shape((4, 3))
    w = of_shape((4, 3), (3, 2))[1]

    def f(x):
        return (jnp.tanh(x @ w) ** 2).sum()

    got = jax.jit(in_fast_forms(jax.hessian(f)))(x)
    np.testing.assert_allclose(got, jax.hessian(f)(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_long_predictions_run_beside_each_other_and_short_ones_as_one_program(backend, monkeypatch):
    ran, run = [], StepRunner.run
    monkeypatch.setattr(StepRunner, "run", lambda self, batches: ran.append(run(self, batches)) or ran[-1])

    def programs(units):
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(units), keras.layers.Dense(1)])
        x = of_shape((96, 64))[0]
        ran.clear()
        together = model.predict(x, batch_size=32, verbose=0)
        series = {each.series is not None for each in ran}
        one_by_one = np.concatenate([model.predict_on_batch(x[i : i + 32]) for i in (0, 32, 64)])
        np.testing.assert_allclose(together, one_by_one, rtol=1e-4, atol=1e-5)
        return series

    assert programs(8) == {True} and programs(8192) == {False}
