"""Dataset: what its methods make, in which order, and what `fit` makes of it."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.data import AUTOTUNE, Dataset
from layerlab.errors import DataError, InvalidArgumentError, ShapeError, UnsupportedError


def numbers(count: int) -> Dataset:
    return Dataset.from_tensor_slices(np.arange(count))


def listed(dataset: Any) -> list[Any]:
    return [element.tolist() if isinstance(element, np.ndarray) else element for element in dataset]


# -- what comes out, literally ------------------------------------------------------------------------------

PIPELINES: dict[str, tuple[Any, list[Any], Any]] = {
    # made from 0 ... 6 -> elements, cardinality as tf.data tells it
    "take": (lambda d: d.take(3), [0, 1, 2], 3),
    "take all": (lambda d: d.take(-1), [0, 1, 2, 3, 4, 5, 6], 7),
    "take more": (lambda d: d.take(np.int64(30)), [0, 1, 2, 3, 4, 5, 6], 7),
    "skip": (lambda d: d.skip(5), [5, 6], 2),
    "skip all": (lambda d: d.skip(-1), [], 0),
    "shard": (lambda d: d.shard(3, 1), [1, 4], 2),
    "repeat": (lambda d: d.take(2).repeat(2), [0, 1, 0, 1], 4),
    "repeat for ever": (lambda d: d.take(2).repeat().take(5), [0, 1, 0, 1, 0], 5),
    "concatenate": (lambda d: d.take(1).concatenate(d.skip(6)), [0, 6], 2),
    "filter": (lambda d: d.filter(lambda x: x % 3 == 0), [0, 3, 6], -2),
    "map": (lambda d: d.map(lambda x: x * x).take(3), [0, 1, 4], 3),
    "map in threads": (lambda d: d.map(lambda x: x * x, num_parallel_calls=3), [0, 1, 4, 9, 16, 25, 36], 7),
    "batch": (lambda d: d.batch(3), [[0, 1, 2], [3, 4, 5], [6]], 3),
    "batch, drop": (lambda d: d.batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]], 2),
    "unbatch": (lambda d: d.batch(3).unbatch().skip(5), [5, 6], -2),
    "rebatch": (lambda d: d.batch(2).rebatch(4), [[0, 1, 2, 3], [4, 5, 6]], -2),
    "flat map": (lambda d: d.take(3).flat_map(lambda x: numbers(int(x))), [0, 0, 1], -2),
    "cache": (lambda d: d.cache().prefetch(AUTOTUNE), [0, 1, 2, 3, 4, 5, 6], 7),
    "both": (
        lambda d: d.map(lambda x: x + 1).map(lambda x: x * 2, num_parallel_calls=2),
        [2, 4, 6, 8, 10, 12, 14],
        7,
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_elements_and_their_number(name: str) -> None:
    build, expected, count = PIPELINES[name]
    dataset = build(numbers(7))
    for _ in range(2):
        assert listed(dataset) == expected
    assert dataset.cardinality() == count
    if count >= 0:
        assert len(dataset) == count
    else:
        with pytest.raises(TypeError, match="known"):
            len(dataset)


def test_tuples_dicts_and_texts_keep_their_form() -> None:
    columns = ({"a": np.arange(4.0), "b": ["w", "x", "y", "z"]}, np.arange(8).reshape(4, 2))
    x, y = list(Dataset.from_tensor_slices(columns).batch(3))[1]
    assert x["a"].tolist() == [3.0] and x["b"].tolist() == ["z"] and x["b"].dtype == object
    assert y.tolist() == [[6, 7]]
    first = next(iter(Dataset.from_tensor_slices(columns)))
    assert first[0]["b"] == "w" and first[1].tolist() == [0, 1]


def test_numbers_and_lists_of_python_have_32_bits() -> None:
    x, y, z = next(iter(numbers(1).map(lambda x: (1.5, 2, [True, False]))))
    assert (x.dtype, y.dtype, z.dtype) == (np.float32, np.int32, np.bool_)
    assert next(iter(Dataset.from_tensor_slices(np.zeros((1, 2))))).dtype == np.float64  # arrays keep theirs


def test_zip_enumerate_and_reduce() -> None:
    squares = numbers(5).map(lambda x: x**2)
    assert [(int(a), int(b)) for a, b in Dataset.zip((numbers(3), squares))] == [(0, 0), (1, 1), (2, 4)]
    (pair,) = Dataset.zip({"a": numbers(1), "b": squares})
    assert pair["b"] == 0 and len(Dataset.zip(numbers(9), squares)) == 5
    assert [(int(i), int(x)) for i, x in numbers(2).skip(1).enumerate(start=7)] == [(7, 1)]
    assert int(numbers(5).reduce(0, lambda total, x: total + x)) == 10
    assert (
        listed(Dataset.range(2, 8, 3)) == [2, 5]
        and Dataset.from_tensors({"a": [1]}).get_single_element()["a"] == 1
    )
    with pytest.raises(DataError, match="one element"):
        numbers(2).get_single_element()


def test_a_generator_is_called_anew_and_its_memory_copied() -> None:
    calls = []

    def rows(start: int) -> Iterator[np.ndarray]:
        calls.append(start)
        row = np.zeros(2)
        for value in range(start, start + 3):
            row[:] = value
            yield row

    dataset = Dataset.from_generator(rows, args=(4,)).batch(3)
    for _ in range(2):
        assert listed(dataset) == [[[4, 4], [5, 5], [6, 6]]]
    assert calls == [4, 4]
    with pytest.raises(InvalidArgumentError, match="without calling"):
        Dataset.from_generator(rows(1))  # type: ignore[arg-type]


def test_padded_batches_are_as_long_as_their_longest() -> None:
    ragged = Dataset.from_generator(lambda: (np.arange(n) for n in (1, 3, 2)))
    assert listed(ragged.padded_batch(2)) == [[[0, 0, 0], [0, 1, 2]], [[0, 1]]]
    assert listed(ragged.padded_batch(3, padded_shapes=(4,), padding_values=-1))[0][0] == [0, -1, -1, -1]
    pairs = ragged.map(lambda x: (x, len(x)))
    x, y = next(iter(pairs.padded_batch(3, padded_shapes=([None], []), padding_values=(9, 0))))
    assert x.tolist() == [[0, 9, 9], [0, 1, 2], [0, 1, 9]] and y.tolist() == [1, 3, 2]
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        listed(ragged.padded_batch(3, padded_shapes=(2,)))
    with pytest.raises(DataError, match="padded_batch"):
        listed(ragged.batch(2))


# -- as code for tf.data reads it -------------------------------------------------------------------------


def test_a_loop_reads_as_with_tensors() -> None:
    images = np.arange(24, dtype="uint8").reshape(2, 2, 2, 3)
    for batch, labels in Dataset.from_tensor_slices((images, [1, 0])).batch(2).take(1):
        assert batch.shape == (2, 2, 2, 3) and type(batch.numpy()) is np.ndarray
        assert batch[0].numpy().astype("uint8").tolist() == images[0].tolist()
        assert ["cat", "dog"][labels[0]] == "dog" and labels[0].numpy() == 1
        assert type(labels[0].numpy()) is np.int64 and f"{labels[0]:03d}" == "001"
        assert [label.numpy() for label in labels] == [1, 0] and Counter(labels)[1] == 1
        assert int(labels[1]) == 0 and float(labels.sum()) == 1.0 and np.asarray(labels[0] + 1) == 2
    texts = next(iter(Dataset.from_tensor_slices(["a", "b"]).batch(2)))
    assert texts.numpy()[1] == "b" and texts[0] == "a" and list(texts) == ["a", "b"]
    assert [type(x) for x in numbers(2).as_numpy_iterator()] == [np.int64, np.int64]
    assert (numbers(9).batch(2).cardinality() // 2).tolist() == 2
    assert numbers(4).cardinality().numpy() == 4


def test_what_layers_make_in_map_is_shown_as_arrays(backend: str) -> None:
    layer = keras.layers.Rescaling(0.5)
    dataset = Dataset.from_tensor_slices((np.ones((4, 2), "float32"), np.arange(4))).batch(2)
    x, _ = next(iter(dataset.map(lambda x, y: (layer(x), y), num_parallel_calls=AUTOTUNE)))
    assert x.numpy().tolist() == [[0.5, 0.5], [0.5, 0.5]]
    rows = dataset.unbatch().map(lambda x, y: (layer(x), y)).batch(4)
    assert next(iter(rows))[0].tolist() == [[0.5, 0.5]] * 4


def test_a_data_set_says_what_it_is() -> None:
    dataset = Dataset.from_tensor_slices((np.zeros((4, 2), "float32"), np.arange(4))).batch(2)
    dataset.class_names = ["a", "b"]
    assert repr(dataset.shuffle(4)) == "<Dataset of 2 batches, 2 classes>"
    assert dataset.take(1).class_names == ["a", "b"]
    assert dataset.element_spec == (((2, 2), "float32"), ((2,), "int64")) and bool(dataset.take(0))
    assert repr(numbers(1).repeat()) == "<Dataset of endless elements>"


# -- order ----------------------------------------------------------------------------------------------


def test_a_shuffle_has_all_elements_in_another_order_each_pass() -> None:
    dataset = numbers(100).shuffle(100, seed=3)
    first, second = listed(dataset), listed(dataset)
    assert sorted(first) == sorted(second) == list(range(100)) and first != second != list(range(100))
    again = numbers(100).shuffle(100, seed=3)
    assert listed(again) == first and listed(again) == second
    fixed = numbers(100).shuffle(100, seed=3, reshuffle_each_iteration=False)
    assert listed(fixed) == listed(fixed)
    repeated = listed(numbers(50).shuffle(50, seed=3).repeat(2))
    assert sorted(repeated[:50]) == list(range(50)) and repeated[:50] != repeated[50:]


def test_a_small_buffer_draws_from_the_next_elements_only() -> None:
    found = listed(numbers(2000).shuffle(10, seed=1))
    assert sorted(found) == list(range(2000)) and found != list(range(2000))
    assert all(value < place + 10 for place, value in enumerate(found))


def test_orders_follow_from_the_seed_of_the_process() -> None:
    orders = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        orders.append(listed(numbers(30).shuffle().concatenate(numbers(30).shuffle())))
    assert orders[0] == orders[1]
    assert orders[0][:30] != orders[0][30:]  # each shuffle has its own


def test_every_element_is_as_likely_to_come_first() -> None:
    dataset = numbers(5).shuffle(5, seed=0)
    firsts = Counter(listed(dataset)[0] for _ in range(2000))
    assert all(abs(firsts[value] - 400) < 90 for value in range(5))  # 5 standard deviations


def test_random_numbers_of_a_map_repeat_unless_threads_are_asked_for() -> None:
    slow = numbers(30).map(lambda x: (time.sleep(0.0005 * (x % 3)), x)[1], num_parallel_calls=4)

    def draws() -> list[Any]:
        random = np.random.default_rng(0)
        return listed(slow.map(lambda x: random.integers(1000) + 1000 * x))

    first = draws()
    assert first == draws() and [value // 1000 for value in first] == list(range(30))
    assert [value % 1000 for value in first] == np.random.default_rng(0).integers(1000, size=30).tolist()


# -- threads, memory, errors ---------------------------------------------------------------------------


def test_elements_load_beside_one_another_in_order() -> None:
    meeting = threading.Barrier(3)

    def meet(x: Any) -> Any:
        meeting.wait(timeout=10)  # passes only when three are inside at once
        return x

    assert listed(numbers(9).map(meet, num_parallel_calls=3)) == list(range(9))


def test_prefetch_loads_ahead_but_not_more_than_asked() -> None:
    loaded: list[int] = []
    dataset = numbers(50).map(lambda x: (loaded.append(int(x)), x)[1]).prefetch(3)
    reader = iter(dataset)
    next(reader)
    deadline = time.monotonic() + 5
    while len(loaded) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert loaded == [0, 1, 2, 3]
    reader.close()  # type: ignore[attr-defined]


def test_threads_end_with_the_loop() -> None:
    def names() -> set[str]:
        return {thread.name for thread in threading.enumerate() if thread.name.startswith("layerlab-data")}

    before = names()
    for _ in numbers(100).map(lambda x: x, num_parallel_calls=3):
        break
    gc.collect()
    deadline = time.monotonic() + 5
    while names() - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert names() == before


@pytest.mark.parametrize("calls", [None, 3])
@pytest.mark.parametrize("batched", [False, True])
def test_an_error_comes_where_its_element_would_have_come(calls: Any, batched: bool) -> None:
    def fail(x: Any) -> Any:
        if 4 in np.atleast_1d(x):
            raise KeyError("four")
        return x

    dataset = numbers(10).batch(2) if batched else numbers(10)
    seen = []
    with pytest.raises(KeyError, match="four"):
        for element in dataset.map(fail, num_parallel_calls=calls).map(lambda x: x):
            seen.append(element.tolist())
    assert seen == ([[0, 1], [2, 3]] if batched else [0, 1, 2, 3])


def test_a_cache_loads_once_and_cannot_be_spoiled() -> None:
    loads: list[int] = []
    dataset = numbers(6).map(lambda x: (loads.append(int(x)), np.full(2, x))[1]).cache().shuffle(6, seed=1)
    next(iter(dataset.take(2)))  # a part of a pass
    for _ in range(3):
        assert sorted(element[0].tolist() for element in dataset) == list(range(6))
    assert sorted(loads) == list(range(6))
    with pytest.raises(ValueError, match="read-only"):
        next(iter(dataset))[0] = 7
    with pytest.raises(UnsupportedError, match="memory"):
        dataset.cache("/tmp/x")


def test_large_buffers_of_what_is_not_loaded_yet_cost_nothing() -> None:
    dataset = numbers(1000).map(lambda x: np.zeros(100_000), num_parallel_calls=2).shuffle(1000).batch(4)
    tracemalloc.start()
    try:
        for _ in dataset.take(10):
            pass
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20  # all of it would be 800 MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (lambda d: d.batch(0), InvalidArgumentError, "batch_size"),
        (lambda d: d.take(-2), InvalidArgumentError, "take"),
        (lambda d: d.shuffle(0), InvalidArgumentError, "buffer_size"),
        (lambda d: d.filter(bool).shuffle(), InvalidArgumentError, "not known"),
        (lambda d: d.shard(2, 2), InvalidArgumentError, "0 to 1"),
        (lambda d: d.map(abs, num_parallel_calls=0), InvalidArgumentError, "num_parallel_calls"),
        (lambda d: Dataset.zip(d, [1]), InvalidArgumentError, "data sets"),
        (lambda d: Dataset.from_tensor_slices((np.ones(2), np.ones(3))), DataError, r"\(2,\), \(3,\)"),
        (lambda d: Dataset.from_tensor_slices(3), DataError, "rows"),
        (lambda d: Dataset.range(3, dtype="int32"), TypeError, "dtype"),
    ],
)
def test_arguments_that_cannot_be_are_named(build: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        build(numbers(4))


# -- fit ----------------------------------------------------------------------------------------------

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 3)).astype("float32")
Y = (X @ [1.0, -2.0, 0.5]).astype("float32")[:, None]


def regression() -> Any:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def batches(calls: int | None = None, seed: int | None = 3) -> Dataset:
    dataset = Dataset.from_tensor_slices((X, Y)).shuffle(24, seed=seed)
    return dataset.map(lambda x, y: (x, y), num_parallel_calls=calls).batch(5).prefetch(2 if calls else 0)


@pytest.mark.parametrize("calls", [None, 3])
def test_fit_evaluate_and_predict_read_the_batches_in_their_order(backend: str, calls: int | None) -> None:
    by_hand, model = regression(), regression()
    copy = batches()
    expected = [[by_hand.train_on_batch(x.numpy(), y.numpy()) for x, y in copy] for _ in range(2)]
    history = model.fit(batches(calls), epochs=2, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], by_hand.get_weights()[0], rtol=1e-5)
    assert len(history.history["loss"]) == len(expected) == 2
    assert model.evaluate(batches(calls), verbose=0) == pytest.approx(
        model.evaluate(X, Y, verbose=0), rel=1e-5
    )
    ordered, (kernel, bias) = Dataset.from_tensor_slices(X).batch(7), model.get_weights()
    np.testing.assert_allclose(model.predict(ordered, verbose=0), X @ kernel + bias, rtol=1e-4, atol=1e-6)


def test_fit_validates_on_a_data_set_and_counts_the_steps(backend: str) -> None:
    model = regression()
    history = model.fit(
        batches().repeat(), steps_per_epoch=3, epochs=2, validation_data=batches(2), verbose=0
    )
    assert len(history.history["val_loss"]) == 2 and model.optimizer.iterations.numpy() == 6
    with pytest.raises(InvalidArgumentError, match="steps_per_epoch"):
        model.fit(batches().repeat(), verbose=0)
    with pytest.raises(DataError, match="empty"):
        model.fit(batches().take(0), verbose=0)


class Stop(keras.callbacks.Callback):
    """Ends the process, as it were, in the midst of an epoch."""

    def __init__(self, after: int) -> None:
        self.left = after

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(
    ("calls", "steps", "after"), [(None, None, 7), (3, None, 4), (3, 3, 7), (None, 3, 4)]
)
def test_a_run_that_is_interrupted_goes_on_to_the_last_bit(
    tmp_path: Path, calls: Any, steps: Any, after: int
) -> None:
    def run(stop: int | None, seed: int, folder: Path) -> Any:
        model = regression()
        keras.utils.set_random_seed(seed)  # another process: its own seeds for shuffles that were given none
        dataset = batches(calls, seed=None)
        callbacks: list[Any] = [keras.callbacks.BackupAndRestore(folder, save_freq=1)]
        callbacks += [Stop(stop)] if stop else []
        model.fit(dataset, epochs=4, steps_per_epoch=steps, callbacks=callbacks, verbose=0)
        return model.get_weights()

    whole = run(None, 1, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(after, 1, tmp_path / "two")
    resumed = run(None, 2, tmp_path / "two")
    for ours, theirs in zip(resumed, whole):
        np.testing.assert_array_equal(ours, theirs)


def test_a_run_that_resumes_loads_no_batch_twice(tmp_path: Path) -> None:
    loaded: list[int] = []

    def load(number: Any) -> Any:
        loaded.append(int(number))
        return X[:4], Y[:4]

    def run(stop: int | None) -> None:
        dataset = numbers(8).map(load, num_parallel_calls=1)
        callbacks: list[Any] = [keras.callbacks.BackupAndRestore(tmp_path, save_freq=1)]
        regression().fit(dataset, callbacks=callbacks + ([Stop(stop)] if stop else []), verbose=0)

    with pytest.raises(KeyboardInterrupt):
        run(4)
    loaded.clear()
    run(None)
    assert loaded == [
        0,
        3,
        4,
        5,
        6,
        7,
    ]  # one to know shapes by, then those after the last step


def test_class_weights_and_sample_weights_belong_to_data_sets_too(backend: str) -> None:
    labels = np.arange(24) % 2
    dataset = Dataset.from_tensor_slices((X, labels)).batch(24)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    weights = model.get_weights()
    model.fit(dataset, class_weight={0: 0.0, 1: 0.0}, verbose=0)
    for before, after in zip(weights, model.get_weights()):
        np.testing.assert_array_equal(before, after)
    with pytest.warns(UserWarning, match="batch_size"):
        model.fit(dataset, batch_size=3, verbose=0)


@pytest.mark.slow
def test_interrupts_end_the_threads_and_leave_the_model_usable(backend: str) -> None:
    def wait(x: Any, y: Any) -> Any:
        time.sleep(0.001)
        return x, y

    def names() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("layerlab-data")]

    model, dataset = regression(), batches(3).map(wait, num_parallel_calls=3).map(lambda x, y: (x, y))
    model.fit(dataset, verbose=0)
    for number in range(8):
        timer = threading.Timer(0.01 + 0.011 * number, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            model.fit(dataset, epochs=1000, verbose=0)
        timer.join()
        assert all(np.isfinite(weights).all() for weights in model.get_weights())
    gc.collect()
    deadline = time.monotonic() + 5
    while names() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert names() == []
    model.fit(dataset, verbose=0)
