"""PyDataset with worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

import layerlab as keras
from layerlab.data import worker_processes
from layerlab.data.choose_source import make_source, with_queue_options
from tests.data.shared import Drawing, Failing, Growing, Numbered, TroubleError

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes


def numbers(batches: Any) -> list[int]:
    return [int(x[0, 0]) for x, *_ in batches]


def nothing_runs() -> bool:
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("layerlab-data")]
    return not multiprocessing.active_children() and not threads


def test_batches_come_in_order_from_other_processes_that_end_with_the_source() -> None:
    source = make_source(with_queue_options(Numbered(8), workers=2, use_multiprocessing=True))
    epochs = [[(int(x[0, 0]), int(y[0, 0])) for x, y in source.epoch()] for _ in range(2)]
    assert [[number for number, _ in epoch] for epoch in epochs] == [list(range(8))] * 2
    makers = {maker for epoch in epochs for _, maker in epoch}
    assert os.getpid() not in makers
    assert len(makers) <= 2
    source.close()
    source.close()
    assert nothing_runs()


def test_processes_see_what_the_end_of_an_epoch_changed() -> None:
    source = make_source(Growing(3, workers=2, use_multiprocessing=True))
    source.peek()
    assert [numbers(source.epoch()) for _ in range(2)] == [[0, 1, 2], [10, 11, 12]]
    source.close()


def test_random_batches_follow_from_the_seed_whichever_process_draws_them() -> None:
    drawn = []
    for workers in (1, 3):
        keras.utils.set_random_seed(5)
        source = make_source(Drawing(5, workers=workers, use_multiprocessing=True))
        drawn.append([x.tolist() for _ in range(2) for x, _ in source.epoch()])
        source.close()
    assert drawn[0] == drawn[1]
    assert len({str(batch) for batch in drawn[0]}) == 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "how, error, message",
    [
        ("raise", TroubleError, "on purpose"),
        ("raise what cannot be pickled", ValueError, "UnpicklableError"),
        ("return what cannot be pickled", ValueError, "batch 3 cannot be sent"),
        ("die", ValueError, r"died \(exit code 7\)"),
    ],
)
def test_what_goes_wrong_in_a_process_is_raised_in_training(
    how: str, error: type[Exception], message: str
) -> None:
    source = make_source(Failing(how, workers=2, use_multiprocessing=True))
    seen = []
    with pytest.raises(error, match=message) as caught:
        for x, _ in source.epoch():
            seen.append(int(x[0, 0]))
    assert seen == [0, 1, 2]
    if how == "raise":
        assert "in __getitem__" in "".join(caught.value.__notes__)
    source.close()
    assert nothing_runs()


def test_an_interrupt_ends_the_processes() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")

    def press(batch: int, logs: Any) -> None:
        if batch == 2:
            signal.raise_signal(signal.SIGINT)

    callbacks = [keras.callbacks.LambdaCallback(on_train_batch_end=press)]
    dataset = Numbered(50, workers=2, use_multiprocessing=True)
    with pytest.raises(KeyboardInterrupt):
        model.fit(dataset, verbose=0, callbacks=callbacks)
    assert nothing_runs()


def test_a_data_set_that_cannot_be_sent_is_refused_before_anything_runs() -> None:
    class Local(Numbered):
        """Cannot be found by its name."""

    held = Numbered(workers=1, use_multiprocessing=True)
    held.lock = threading.Lock()  # type: ignore[attr-defined]
    for dataset in (Local(workers=1, use_multiprocessing=True), held):
        with pytest.raises(ValueError, match=r"cannot be sent to worker processes(.|\n)*threads"):
            make_source(dataset).peek()
    assert nothing_runs()


# -- whole programs -----------------------------------------------------------------------------------

PROGRAM = """
    import numpy as np
    import layerlab as keras
    from layerlab.data.choose_source import make_source

    class Own(keras.utils.PyDataset):
        def __len__(self):
            return 3
        def __getitem__(self, index):
            return np.full((1, 1), index)

    def main():
        source = make_source(Own(workers=2, use_multiprocessing=True))
        print([int(x[0, 0]) for x in source.epoch()])
"""
GUARDED = textwrap.dedent(PROGRAM) + '\nif __name__ == "__main__":\n    main()\n'
UNGUARDED = textwrap.dedent(PROGRAM) + "\nmain()\n"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_guarded_script_ends_even_if_it_closes_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(GUARDED)
    result = run(str(script))
    assert (result.stdout, result.returncode) == ("[0, 1, 2]\n", 0), result.stderr


def test_an_unguarded_script_is_told_what_to_do(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    result = run(str(script))
    assert result.returncode == 1
    assert 'Fix: in a script, train under `if __name__ == "__main__":`' in result.stderr


def test_a_class_of_a_notebook_goes_by_value_where_cloudpickle_is_installed() -> None:
    pytest.importorskip("cloudpickle")
    result = run("-c", UNGUARDED)  # like a notebook, it has a __main__ without a file
    assert (result.stdout, result.returncode) == ("[0, 1, 2]\n", 0), result.stderr


def test_without_cloudpickle_a_class_of_a_notebook_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Numbered):
        pass

    Own.__module__ = "__main__"
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    monkeypatch.setattr(worker_processes.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotImplementedError, match=r"pip install cloudpickle(.|\n)*\.py file(.|\n)*threads"):
        make_source(Own(workers=1, use_multiprocessing=True)).peek()
