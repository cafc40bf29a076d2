"""kill -9 at fifty moments of saves: what is on disk is always whole, and nothing is left lying about."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from layerlab.saving.replace_file import replacing

KILLS = 50
# One process imports layerlab; its children, each killed, save. A fork does no harm to NumPy as back end.
SCRIPT = """
import json, os, random, signal, sys, time
from pathlib import Path
import numpy as np
import layerlab as keras

folder, kills = Path(sys.argv[1]), int(sys.argv[2])
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(512), keras.layers.Dense(512)])
paths = [folder / name for name in ("m.keras", "w.weights.h5", "w.safetensors", "s.weights.json")]

def save(path, number):
    model.set_weights([np.full(weight.shape, number, "float32") for weight in model.get_weights()])
    if path.suffix == ".keras":
        model.save(path)
    else:
        model.save_weights(path, max_shard_size=1.2 / 2**10 if path.suffix == ".json" else None)

def values(path):
    if path.suffix == ".keras":
        weights = keras.saving.load_model(path).get_weights()
    else:
        model.load_weights(path)
        weights = model.get_weights()
    return {float(value) for weight in weights for value in np.unique(weight)}

for path in paths:
    save(path, -1)
rng, found, left = random.Random(0), [], []
for kill in range(kills):
    path, (reader, writer) = paths[kill % len(paths)], os.pipe()
    child = os.fork()
    if not child:
        number = 0
        while True:
            save(path, number)
            os.write(writer, b".")
            number += 1
    os.read(reader, 1)  # one save is done
    time.sleep(rng.random() * 0.03)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader), os.close(writer)
    found.append(sorted(values(path)))
    left.append([name for name in os.listdir(folder) if name.endswith(".tmp")])
for path in paths:
    save(path, -2)
print(json.dumps({"found": found, "left": left, "end": sorted(os.listdir(folder))}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fifty_killed_saves_leave_whole_files_and_nothing_else(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(KILLS)],
        env={**os.environ, "LAYERLAB_BACKEND": "numpy"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout.splitlines()[-1])

    assert len(result["found"]) == KILLS
    assert all(len(values) == 1 and values[0] >= 0 for values in result["found"])
    assert sum(map(bool, result["left"])) >= 5  # so many came in the middle of a save
    assert all(len(names) <= 8 for names in result["left"])  # of one save: a file, or some shards
    hidden = [name for name in result["end"] if name.startswith(".") or name.endswith(".tmp")]
    assert hidden == []


def test_what_living_processes_write_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.bin"
    with replacing(path) as mine:
        with replacing(tmp_path / "other.bin") as second:
            second.write_bytes(b"2")
        assert mine.exists()
        mine.write_bytes(b"1")
    assert path.read_bytes() == b"1"


def test_leftovers_of_the_dead_and_of_yesterday_are_removed(tmp_path: Path) -> None:
    with replacing(tmp_path / "x.bin") as temporary:
        name = temporary.name
    here = str(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    dead = name.replace(f"-{here}-", f"-{process.pid}-")
    elsewhere = dead.replace(".layerlab-", ".layerlab-elsewhere")
    old = elsewhere.replace("x.bin", "y.bin")
    kept = [elsewhere, name, "mine.tmp", ".x.bin.abcdef.tmp"]
    for each in [dead, old, *kept]:
        (tmp_path / each).write_bytes(b"partial")
    os.utime(tmp_path / old, (0, np.float64(time.time()) - 2 * 86400))
    (tmp_path / dead.replace("x.bin", "folder")).mkdir()

    with replacing(tmp_path / "x.bin") as temporary:
        temporary.write_bytes(b"whole")

    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "x.bin", dead.replace("x.bin", "folder")])
