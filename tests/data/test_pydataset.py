"""PyDataset in the training thread and with worker threads."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.data.choose_source import make_source, with_queue_options
from layerlab.data.unpack import unpack_x_y_sample_weight
from tests.data.shared import Failing, Growing, Numbered, TroubleError

SECONDS = 20
WORKERS = [0, 1, 3]


def numbers(batches: Any) -> list[int]:
    return [int(unpack_x_y_sample_weight(batch)[0][0, 0]) for batch in batches]


def data_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("layerlab-data")]


class Recorded(Numbered):
    """Notes what happens, in order."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.log: list[Any] = []

    def on_epoch_begin(self) -> None:
        self.log.append("begin")

    def __getitem__(self, index: int) -> Any:
        self.log.append(index)
        return super().__getitem__(index)

    def on_epoch_end(self) -> None:
        self.log.append("end")


@pytest.mark.parametrize("workers", WORKERS)
def test_every_batch_comes_once_and_in_order(workers: int) -> None:
    class Uneven(Numbered):
        def __getitem__(self, index: int) -> Any:
            time.sleep(0.01 * (index % 3 == 0))
            return super().__getitem__(index)

    source = make_source(Uneven(20, workers=workers, max_queue_size=4))
    assert [numbers(source.epoch()) for _ in range(2)] == [list(range(20))] * 2
    source.close()
    assert not data_threads()


def test_workers_load_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=SECONDS)

    class Pairwise(Numbered):
        def __getitem__(self, index: int) -> Any:
            if index:  # the first is loaded to look at it
                together.wait()
            return super().__getitem__(index)

    source = make_source(Pairwise(5, workers=2))
    source.peek()
    assert numbers(source.epoch()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("workers", WORKERS)
def test_the_hooks_stand_around_each_epoch_and_nothing_is_loaded_across_them(workers: int) -> None:
    dataset = Recorded(3, workers=workers)
    source = make_source(dataset)
    source.peek()
    assert dataset.log == ["begin", 0]
    for _ in range(2):
        numbers(source.epoch())
    log = dataset.log
    assert [log[0], log[4], log[5], log[9]] == ["begin", "end"] * 2
    assert sorted(log[1:4]) == sorted(log[6:9]) == [0, 1, 2]
    assert len(log) == 10


@pytest.mark.parametrize("workers", WORKERS)
def test_with_steps_epochs_go_on_and_no_more_is_loaded_than_they_need(workers: int) -> None:
    dataset = Recorded(5, workers=workers)
    source = make_source(dataset, steps=3)
    assert [numbers(source.epoch()) for _ in range(3)] == [[0, 1, 2], [3, 4, 0], [1, 2, 3]]
    assert len([entry for entry in dataset.log if isinstance(entry, int)]) == 9
    source.rewind()
    assert numbers(source.epoch()) == [0, 1, 2]


@pytest.mark.parametrize("workers", WORKERS)
def test_changes_at_the_end_of_an_epoch_are_seen_in_the_next(workers: int) -> None:
    source = make_source(Growing(3, workers=workers))
    assert [numbers(source.epoch()) for _ in range(3)] == [[0, 1, 2], [10, 11, 12], [20, 21, 22]]


@pytest.mark.parametrize("workers", WORKERS)
def test_data_without_end_need_steps(workers: int) -> None:
    endless = Numbered(None, workers=workers)
    with pytest.raises(ValueError, match="steps_per_epoch"):
        make_source(endless)
    source = make_source(endless, steps=2, shuffle=True)
    assert [numbers(source.epoch()) for _ in range(2)] == [[0, 1], [2, 3]]
    forever = make_source(endless, steps=-1)
    assert forever.steps is None
    assert numbers(batch for _, batch in zip(range(9), forever.epoch(), strict=False)) == list(range(9))
    forever.close()
    assert not data_threads()


@pytest.mark.parametrize("workers", WORKERS)
def test_an_exception_of_getitem_is_raised_in_training(backend: str, workers: int) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    seen = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    with pytest.raises(TroubleError, match="on purpose"):
        model.fit(Failing("raise", workers=workers), shuffle=False, verbose=0, callbacks=[note])
    assert seen == [0, 1, 2]
    assert not data_threads()
    assert model.fit(Numbered(workers=workers), verbose=0).history["loss"]


def test_batches_are_shuffled_by_worker_threads_as_without_them() -> None:
    orders = []
    for workers in WORKERS:
        keras.utils.set_random_seed(3)
        source = make_source(Numbered(9, workers=workers), shuffle=True)
        orders.append([numbers(source.epoch()) for _ in range(2)])
    assert orders[0] == orders[1] == orders[2]
    assert orders[0][0] != orders[0][1] != list(range(9))


def test_a_subclass_need_not_call_super() -> None:
    class Old(keras.utils.Sequence):
        def __init__(self) -> None:
            self.size = 2

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            return np.full((self.size, 1), index)

    dataset = Old()
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (1, False, 10)
    assert numbers(make_source(with_queue_options(dataset, workers=2)).epoch()) == [0, 1, 2]
    assert [batch[0, 0] for batch in dataset] == [0, 1, 2]
    assert keras.utils.Sequence is keras.utils.PyDataset


def test_a_number_of_batches_that_is_none_is_explained() -> None:
    class Halves(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 5 / 2  # type: ignore[return-value]

    class Silent(keras.utils.PyDataset):
        pass

    with pytest.raises(ValueError, match=r"batches of Halves(.|\n)*integer, 0 or more(.|\n)*2\.5"):
        make_source(Halves())
    with pytest.raises(NotImplementedError, match="__len__"):
        make_source(Silent())
    with pytest.raises(ValueError, match="0 batches"):
        make_source(Numbered(0)).peek()


def test_a_number_of_batches_may_come_out_of_np_ceil() -> None:
    class Rounded(keras.utils.PyDataset):
        def __len__(self) -> int:
            return np.ceil(5 / 2)  # type: ignore[return-value]

        def __getitem__(self, index: int) -> Any:
            return np.full((1, 1), index)

    source = make_source(Rounded())
    assert source.steps == 3
    assert numbers(source.epoch()) == numbers((x,) for x in Rounded()) == [0, 1, 2]


def test_a_data_set_that_raises_stop_iteration_does_not_end_the_epoch_silently() -> None:
    class Exhausted(Numbered):
        def __getitem__(self, index: int) -> Any:
            return next(iter(()))

    for workers in WORKERS:
        with pytest.raises(RuntimeError, match="StopIteration"):
            numbers(make_source(Exhausted(workers=workers)).epoch())


def test_options_passed_beside_a_data_set_leave_it_as_it_is() -> None:
    dataset = Recorded(4, workers=2)
    before = dict(vars(dataset))
    source = make_source(with_queue_options(dataset, workers=0))
    assert numbers(source.epoch()) == [0, 1, 2, 3]
    assert vars(dataset) == before
    assert make_source(with_queue_options(dataset))._options.workers == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "options",
    [
        {"workers": -1},
        {"workers": 1.5},
        {"workers": True},
        {"max_queue_size": 0},
        {"max_queue_size": "10"},
        {"use_multiprocessing": "yes"},
    ],
)
def test_options_that_are_none_are_refused(options: dict[str, Any]) -> None:
    for call in (Numbered, lambda **options: with_queue_options(np.zeros(3), **options)):
        with pytest.raises(ValueError, match=next(iter(options))):
            call(**options)


def test_arrays_need_no_options_and_generators_cannot_be_shared() -> None:
    arrays = np.zeros(3)
    assert with_queue_options(arrays, 5, 4, True) is arrays
    pair = ((arrays, arrays), arrays)
    assert with_queue_options(pair, workers=4) is pair
    assert with_queue_options(None, workers=4) is None
    with pytest.warns(UserWarning, match="use_multiprocessing=True has no effect on a generator"):
        data = with_queue_options((np.full((1, 1), i) for i in range(3)), workers=4, use_multiprocessing=True)
    assert numbers(make_source(data).epoch()) == [0, 1, 2]
