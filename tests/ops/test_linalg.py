"""Decompositions, which are unique only up to signs: checked by what they must multiply to."""

from __future__ import annotations

import numpy as np
import pytest

from layerlab import ops

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
S = (X.T @ X + np.eye(3)).astype("float32")


def test_eigh_gives_ascending_values_and_their_vectors(backend: str) -> None:
    values, vectors = map(ops.convert_to_numpy, ops.eigh(S))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(S), rtol=1e-5)
    np.testing.assert_allclose(S @ vectors, vectors * values, atol=1e-4)


@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr_multiplies_to_the_matrix(mode: str, backend: str) -> None:
    q, r = map(ops.convert_to_numpy, ops.qr(X, mode=mode))
    np.testing.assert_allclose(q @ r, X, atol=1e-5)
    np.testing.assert_allclose(q.T @ q, np.eye(q.shape[1]), atol=1e-5)
    assert q.shape == ((4, 3) if mode == "reduced" else (4, 4))


@pytest.mark.parametrize("full_matrices", [False, True])
def test_svd_multiplies_to_the_matrix(full_matrices: bool, backend: str) -> None:
    u, s, vt = map(ops.convert_to_numpy, ops.svd(X, full_matrices=full_matrices))
    np.testing.assert_allclose(u[:, :3] * s @ vt, X, atol=1e-5)
    assert u.shape == ((4, 4) if full_matrices else (4, 3))
