"""Many steps in one program: the same numbers as one by one, and nothing else that one could notice."""

import numpy as np
import pytest

import layerlab as keras
from layerlab.training.stepping.step_runner import Pace, StepRunner

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 6)).astype("float32")
Y = RNG.integers(0, 3, 100)


def build():
    start = keras.initializers.GlorotUniform
    layers = [keras.layers.Dense(8, "relu", kernel_initializer=start(1)), keras.layers.BatchNormalization()]
    layers += [keras.layers.Dropout(0.3, seed=4), keras.layers.Dense(3, kernel_initializer=start(2))]
    model = keras.Sequential([keras.Input((6,)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


class EachBatch(keras.callbacks.Callback):
    """Wants to hear of each batch, so that steps run one by one."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append((batch, logs["loss"]))

    def on_test_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])


@pytest.fixture
def programs(monkeypatch):
    """How many steps each call of a program ran."""
    counts = []
    run = StepRunner.run

    def counting(self, batches):
        ran = run(self, batches)
        counts.append(ran.count)
        return ran

    monkeypatch.setattr(StepRunner, "run", counting)
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_steps_in_one_program_give_the_numbers_of_steps_one_by_one(backend, shuffle, programs):
    fitted = {}
    for callbacks in ((), (EachBatch(),)):
        keras.utils.set_random_seed(3)
        model = build()
        programs.clear()
        arguments = {"batch_size": 8, "epochs": 4, "shuffle": shuffle, "verbose": 0}
        history = model.fit(X, Y, validation_data=(X[:30], Y[:30]), callbacks=list(callbacks), **arguments)
        fitted[bool(callbacks)] = (history.history, model.get_weights(), max(programs))
    together, alone = fitted[False], fitted[True]
    assert alone[2] == 1 and together[2] > 1
    assert list(together[0]) == list(alone[0])
    for label, values in alone[0].items():
        np.testing.assert_allclose(together[0][label], values, rtol=1e-4, atol=1e-6)
    for one, other in zip(together[1], alone[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_predict_and_evaluate_in_one_program_give_what_the_model_gives(backend, programs):
    model = build()
    direct = keras.ops.convert_to_numpy(model(X, training=False))
    for size in (7, 10, 100):
        np.testing.assert_allclose(model.predict(X, batch_size=size, verbose=0), direct, rtol=1e-5, atol=1e-6)
    accuracy = model.evaluate(X, Y, batch_size=7, verbose=0, return_dict=True)["accuracy"]
    assert accuracy == pytest.approx(np.mean(direct.argmax(1) == Y), abs=1e-6)


@pytest.mark.slow
def test_a_batch_callback_hears_of_each_batch_in_order(backend):
    watch = EachBatch()
    build().fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=[watch])
    assert [batch for batch, _ in watch.batches] == [*range(13)] * 2
    assert all(np.isfinite(loss) for _, loss in watch.batches)


def test_data_of_64_bit_run_one_by_one(backend, programs):
    inputs = keras.Input((6,), dtype="float64")
    model = keras.Model(inputs, keras.layers.Dense(1, dtype="float64")(inputs))
    model.compile("sgd", "mse")
    keras.config.set_floatx("float64")
    try:
        model.fit(X.astype("float64"), Y.astype("float64"), batch_size=8, epochs=2, verbose=0)
    finally:
        keras.config.set_floatx("float32")
    assert set(programs) == {1}


def test_the_pace_grows_to_a_tenth_of_a_second_and_stays_within_its_limits():
    pace = Pace(1, 300)
    pace.took(1, 5.0)  # compiled
    assert pace.steps == 1 and pace.is_unsure
    for _ in range(8):
        pace.took(pace.steps, pace.steps * 1e-3)
    assert 60 <= pace.steps <= 100 and not pace.is_unsure
    pace.took(pace.steps, 10.0)  # something else took the machine
    assert pace.steps == 1
    for _ in range(8):  # of long steps a dozen, or what takes a quarter of a second
        pace.took(pace.steps, pace.steps * 15e-3)
    assert pace.steps == 12
    pace.took(pace.steps, pace.steps * 50e-3)
    assert pace.steps == 4
    fixed = Pace(4, 4)
    fixed.took(4, 1e-6)
    assert fixed.steps == 4 and not fixed.is_unsure


def test_a_train_function_of_a_user_gets_the_batches_one_by_one(backend):
    class Own(keras.Sequential):
        taken = 0

        def make_train_function(self, force=False):
            function = super().make_train_function(force)

            def one_batch(iterator):
                self.taken += 1
                return function(iter([next(iterator)]))

            return one_batch

    model = Own([keras.Input((6,)), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, Y, batch_size=10, epochs=2, verbose=0)
    assert model.taken == 20 and int(model.optimizer.iterations.numpy()) == 20


def test_steps_per_execution_runs_so_many_batches_a_call(backend, programs):
    model = build()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, steps_per_execution=4)
    watch = EachBatch()
    model.fit(X, Y, batch_size=10, verbose=0, callbacks=[watch])
    assert [batch for batch, _ in watch.batches] == [3, 7, 9]
    assert programs == [4, 4, 2]


@pytest.mark.slow
def test_the_last_smaller_batch_is_compiled_while_the_others_run(backend):
    model = build()
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)  # twelve of 8 and one of 4
    step = model._stepper.runner("train")._step
    if backend == "jax":
        assert [key[2] for key in step._compiling] == [((4, 6), "float32")]
        assert all(future.done() for future in step._compiling.values())
    assert int(model.optimizer.iterations.numpy()) == 26
