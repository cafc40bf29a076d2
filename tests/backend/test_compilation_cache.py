"""Programs on disk: used by the next process, never in the way, never harmful."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import jax, numpy as np
hits = []
jax.monitoring.register_event_listener(lambda name, **_: hits.append(name))
import layerlab as keras
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
x = np.ones((64, 4), "float32")
# The back end, which sets it too, is there by now; else a fast machine keeps no program, being too quick.
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
history = model.fit(x, x[:, :1], epochs=2, shuffle=False, verbose=0)
found = sum("cache_hits" in name for name in hits)
print(history.history["loss"], found, jax.config.jax_compilation_cache_dir)
"""


def run(folder: Path, **environment: str) -> tuple[str, int, str]:
    """(losses, programs found on disk, cache folder) of a fresh process."""
    variables = {**os.environ, "LAYERLAB_HOME": str(folder), **environment}
    variables.pop("LAYERLAB_COMPILATION_CACHE", None)
    variables |= environment
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=variables, capture_output=True, text=True, check=True
    )
    losses, rest = done.stdout.strip().splitlines()[-1].split("] ")
    hits, cache = rest.split(" ", 1)
    return losses, int(hits), cache


@pytest.mark.slow
def test_the_next_process_finds_the_programs_of_the_last(tmp_path: Path) -> None:
    first, hits_of_first, cache = run(tmp_path)
    second, hits_of_second, _ = run(tmp_path)
    assert Path(cache).is_relative_to(tmp_path) and list(Path(cache).iterdir())
    assert hits_of_first == 0 and hits_of_second > 0
    assert second == first


@pytest.mark.slow
def test_a_damaged_cache_is_compiled_over(tmp_path: Path) -> None:
    first, _, cache = run(tmp_path)
    for entry in Path(cache).glob("*-cache"):
        entry.write_bytes(entry.read_bytes()[: entry.stat().st_size // 2])
    assert run(tmp_path)[0] == first


@pytest.mark.slow
def test_the_setting_and_a_folder_that_cannot_be_made_do_without(tmp_path: Path) -> None:
    assert run(tmp_path, LAYERLAB_COMPILATION_CACHE="off")[2] == "None"
    assert not list(tmp_path.iterdir())
    (tmp_path / "cache").write_text("a file where the folder would be")
    assert run(tmp_path)[2] == "None"


@pytest.mark.slow
def test_a_folder_that_the_user_chose_is_kept(tmp_path: Path) -> None:
    chosen = tmp_path / "mine"
    assert run(tmp_path, JAX_COMPILATION_CACHE_DIR=str(chosen))[2] == str(chosen)
