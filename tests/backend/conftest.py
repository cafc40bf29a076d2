"""The back ends as modules, without the rest of the engine."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(params=["jax", "torch", "numpy"])
def module(request: pytest.FixtureRequest) -> ModuleType:
    """The test runs once on each back end."""
    return importlib.import_module(f"layerlab.backend.{request.param}")


@pytest.fixture(params=["jax", "torch"])
def training_module(request: pytest.FixtureRequest) -> ModuleType:
    """The test runs once on each back end that trains."""
    return importlib.import_module(f"layerlab.backend.{request.param}")
