"""Numbers that are the same on every back end: those of JAX."""

from __future__ import annotations

import jax
import numpy as np

from layerlab import ops
from layerlab.random import SeedGenerator
from layerlab.random.portable import uniform


def test_the_numbers_are_those_of_jax_on_every_back_end(backend: str) -> None:
    generator = SeedGenerator(2**31 + 7)
    for counter in range(2):
        key = jax.random.wrap_key_data(np.array([2**31 + 7, counter], "uint32"), impl="threefry2x32")
        expected = np.asarray(jax.random.uniform(key, (3, 1, 50), minval=-2.0, maxval=5.0))
        found = ops.convert_to_numpy(uniform((3, 1, 50), -2.0, 5.0, generator))
        assert found.dtype == "float32"
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
