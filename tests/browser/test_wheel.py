"""The built wheel in a fresh environment without Node: it trains, shows and is listed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab import PATIENCE, Lab
from tests.browser.server import CHECKOUT, serve

pytestmark = pytest.mark.slow

FIT = """
import layerlab as keras, numpy as np
x = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, x[:, :1], epochs=5)
"""
WHERE = """
import shutil, layerlab, layerlab_jupyter
print(layerlab.__file__, layerlab_jupyter.__file__, shutil.which("node"))
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel: its Python, and the variables to run it with."""

    python: Path
    variables: dict[str, str]
    wheel: Path

    def run(self, *arguments: str) -> str:
        """What a command of this environment's Python prints, errors included."""
        done = subprocess.run(
            [str(self.python), *arguments],
            env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
            cwd=self.python.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    wheel = build_wheel(folder)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    # What it depends on, from the environment of the tests: fetching it again would take minutes. Its own
    # packages come first, and the editable install of this source tree is not followed from here.
    (library,) = (environment / "lib").glob("python*/site-packages")
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    home = folder / "home"
    home.mkdir()
    variables = {
        "PATH": str(python.parent),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "JUPYTERLAB_DIR": str(Path(sys.prefix) / "share" / "jupyter" / "lab"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    return Installed(python, variables, wheel)


def build_wheel(folder: Path) -> Path:
    """A release build, of a copy: the build empties the folders in which a developer's own build lies."""
    source = folder / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in tracked.stdout.splitlines():
        if (CHECKOUT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, source / name)
    shutil.copytree(CHECKOUT / "node_modules", source / "node_modules", symlinks=True, copy_function=os.link)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # node may be in there
    built = subprocess.run(
        [*pip, "--wheel-dir", str(folder), "."],
        cwd=source, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert built.returncode == 0, (built.stdout + built.stderr)[-5000:]
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_holds_a_release_build_and_nothing_of_ours_that_is_not_needed(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    extension = "share/jupyter/labextensions/layerlab-jupyter"
    built = [name.split(extension)[1] for name in names if extension in name]
    assert "/package.json" in built and "/install.json" in built
    assert any(name.startswith("/static/remoteEntry") for name in built)
    assert "layerlab_jupyter/widgets/static/run.js" in names, "the script for hosts without the extension"
    schemas = [path.name for path in (CHECKOUT / "labextension" / "schema").glob("*.json")]
    assert schemas and all(any(name.endswith(f"/{schema}") for name in built) for schema in schemas)
    assert not [name for name in built if name.endswith(".map")], "source maps: this is a development build"
    assert not [name for name in names if "node_modules" in name or name.startswith("tests/")]
    modules = {path.relative_to(CHECKOUT / part) for part in ("engine", "kernel_ext")
               for path in (CHECKOUT / part).rglob("*.py")}  # fmt: skip
    assert not [str(module) for module in modules if module.as_posix() not in names]
    assert installed.wheel.stat().st_size < 5_000_000


def test_it_is_listed_trains_in_a_kernel_and_needs_no_node(installed: Installed) -> None:
    engine, kernel_ext, node = installed.run("-c", WHERE).split()
    environment = str(installed.python.parent.parent)
    assert engine.startswith(environment) and kernel_ext.startswith(environment) and node == "None"

    listed = installed.run("-m", "jupyterlab.labextensions", "list")
    (line,) = [line for line in listed.splitlines() if "layerlab-jupyter" in line]
    assert "enabled" in line and "OK" in line

    notebook = installed.python.parent / "fit.ipynb"
    write = "import nbformat.v4 as v; n = v.new_notebook(cells=[v.new_code_cell({!r})]); print(v.writes(n))"
    notebook.write_text(installed.run("-c", write.format(FIT)))
    executed = installed.run("-m", "nbconvert", "--to", "notebook", "--execute", "--stdout", str(notebook))
    assert "finished, epoch 5 of 5" in executed and "Chart of loss" in executed


@pytest.fixture
def installed_lab(chromium: Browser, installed: Installed, tmp_path: Path) -> Iterator[Lab]:
    with serve(tmp_path / "lab", python=installed.python, variables=installed.variables) as server:
        context = chromium.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(PATIENCE * 1000)
        yield Lab(context.new_page(), server)
        context.close()
        server.shut_down_kernels()


def test_jupyterlab_draws_runs_and_models_with_the_extension_of_the_wheel(installed_lab: Lab) -> None:
    lab = installed_lab
    lab.open_cells([FIT, "model"])
    lab.run_cell(0, seconds=120)
    expect(lab.cell(0).locator(".layerlab-chip")).to_have_text("finished")
    expect(lab.cell(0).locator(".layerlab-plot path.js-line").first).to_be_visible(timeout=60_000)
    lab.run_cell(1)
    expect(lab.cell(1).locator(".react-flow__node").first).to_be_visible(timeout=60_000)
    lab.screenshot("wheel")
    assert [problem for problem in lab.problems if "layerlab" in problem] == []
