"""The engine works where no Jupyter package can be imported, and imports nothing it does not need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# A finder before all others that refuses the packages as if they were not installed.
BLOCK = """
import sys

class Block:
    names = {names!r}
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {{name!r}} (blocked by the test)", name=name)

sys.meta_path.insert(0, Block())
"""

JUPYTER = (
    "IPython",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "jupyterlab",
    "jupyter_client",
    "traitlets",
    "comm",
)

SMALL_FIT = """
import numpy as np
import layerlab

layerlab.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
inputs = layerlab.Input((4,))
outputs = layerlab.layers.Dense(2, activation="softmax")(layerlab.layers.Dense(8, activation="relu")(inputs))
model = layerlab.Model(inputs, outputs)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=3, batch_size=16)
losses = history.history["loss"]
assert len(losses) == 3 and losses[-1] < losses[0], losses
print("fitted")
"""


def run_python(code: str, **environment: str) -> str:
    """Run `code` in a Python of its own and return what it printed."""
    python_path = os.pathsep.join([str(ROOT / "engine"), str(ROOT / "kernel_ext")])
    result = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code],
        env={**os.environ, "PYTHONPATH": python_path, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_importing_the_engine_loads_neither_torch_nor_plotly_nor_jupyter() -> None:
    unwanted = ("torch", "plotly", "matplotlib", "layerlab_jupyter", *JUPYTER)
    loaded = run_python(
        f"import sys, layerlab; print([name for name in {unwanted!r} if name in sys.modules])"
    )
    assert loaded.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_a_model_trains_where_no_jupyter_package_can_be_imported(name: str) -> None:
    printed = run_python(BLOCK.format(names=JUPYTER) + SMALL_FIT, LAYERLAB_BACKEND=name)
    assert printed.endswith("fitted\n")


def test_the_engine_imports_on_jax_where_torch_is_not_installed() -> None:
    run_python(BLOCK.format(names=("torch",)) + "import layerlab", LAYERLAB_BACKEND="jax")


def test_the_engine_imports_on_torch_where_jax_is_not_installed() -> None:
    run_python(BLOCK.format(names=("jax", "jaxlib")) + "import layerlab", LAYERLAB_BACKEND="torch")
