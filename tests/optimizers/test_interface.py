"""What optimizers do around their formulas: slots, gradients, rates, configs, subclasses, errors."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest

from layerlab import ops, optimizers
from layerlab.backend.active import backend as active
from layerlab.core.variable import Variable
from layerlab.errors import (
    InvalidArgumentError,
    NotBuiltError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)
from layerlab.optimizers import schedules
from tests.helpers import tolerance
from tests.optimizers.steps import SHAPES, make_gradients, make_variables, our_steps, starts

NAMES = [
    "SGD", "RMSprop", "Adam", "AdamW", "Adadelta", "Adagrad", "Adamax", "Nadam", "Ftrl", "Lion", "Adafactor",
    "Lamb", "Muon",
]  # fmt: skip


def one_variable(value: Any = (1.0, 2.0)) -> Variable:
    return Variable(np.array(value, "float32"), name="w")


# -- like Keras ---------------------------------------------------------------------------------------


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_configs_equal_those_of_keras_and_go_back(name: str) -> None:
    for arguments in ({}, {"clipnorm": 1.0, "use_ema": True, "name": "mine", "weight_decay": 0.25}):
        theirs = getattr(keras.optimizers, name)(**arguments)
        ours = getattr(optimizers, name)(**{"name": theirs.name, **arguments})
        assert ours.get_config() == theirs.get_config()
        assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
        again = optimizers.deserialize(keras.optimizers.serialize(theirs))
        assert type(again) is type(ours)
        assert again.get_config() == ours.get_config()


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_defaults_are_those_of_keras(name: str) -> None:
    def of(cls: type) -> dict[str, Any]:
        parameters = inspect.signature(cls).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}

    assert of(getattr(optimizers, name)) == of(getattr(keras.optimizers, name))


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_slots_have_the_paths_and_the_order_of_keras(name: str) -> None:
    arguments = {"name": "mine", "use_ema": True, "gradient_accumulation_steps": 2}
    arguments.update(
        {"Adam": {"amsgrad": True}, "RMSprop": {"momentum": 0.5, "centered": True}}.get(name, {})
    )
    theirs = getattr(keras.optimizers, name)(**arguments)
    models = [
        keras.Variable(start, name=path.split("/")[-1]) for path, start in zip(SHAPES, starts(), strict=True)
    ]
    for path, variable in zip(SHAPES, models, strict=True):
        variable._path = path
    theirs.build(models)
    ours = getattr(optimizers, name)(**arguments)
    ours.build(make_variables())
    found = [(v.path, tuple(v.shape), v.dtype) for v in ours.variables]
    wanted = [(v.path, tuple(v.shape), v.dtype) for v in theirs.variables]
    if name == "Nadam":  # Keras leaves the name of its last variable to chance
        assert found.pop() == ("mine/u_product", (), "float32")
        wanted.pop()
    if name == "Adafactor":  # Keras' placeholders for vectors stand outside of its name
        wanted = [(path if path.startswith("mine/") else f"mine/{path}", *rest) for path, *rest in wanted]
    assert found == wanted


@pytest.mark.oracle
def test_every_optimizer_of_keras_is_found_by_its_names() -> None:
    for name in NAMES:
        for spelling in (name, name.lower()):
            assert type(optimizers.get(spelling)).__name__ == name
    missing = {name for name in dir(keras.optimizers) if name[0].isupper()} - set(optimizers.__all__)  # type: ignore[attr-defined]
    assert missing == {"MultiOptimizer", "OptimizerMap", "ScheduleFreeAdamW"}


# -- state ----------------------------------------------------------------------------------------------


def test_apply_builds_and_counts(backend: str) -> None:
    optimizer, w = optimizers.SGD(0.5), one_variable()
    assert not optimizer.built
    assert int(optimizer.apply_gradients([(np.ones(2), w)])) == 1
    optimizer.apply([np.ones(2)])
    assert optimizer.built
    assert int(optimizer.iterations) == 2
    np.testing.assert_allclose(w.numpy(), [0, 1])
    optimizer.apply([])
    assert int(optimizer.iterations) == 2


@pytest.mark.slow
def test_stateless_apply_changes_nothing_and_returns_the_new_values(backend: str) -> None:
    for name, arguments in (
        ("Adam", {"use_ema": True}),
        ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 2}),
    ):
        stateful = our_steps(getattr(optimizers, name)(0.1, **arguments), make_gradients(3))
        optimizer, variables = getattr(optimizers, name)(0.1, **arguments), make_variables()
        optimizer.build(variables)
        before = [variable.numpy() for variable in [*variables, *optimizer.variables]]
        model, slots = [v.value for v in variables], [v.value for v in optimizer.variables]
        for gradients in make_gradients(3):
            model, slots = optimizer.stateless_apply(slots, gradients, model)
        for value, wanted in zip([*model, *slots], [*stateful["model"], *stateful["optimizer"]], strict=True):
            np.testing.assert_allclose(active().to_numpy(value), wanted, **tolerance())
        for variable, value in zip([*variables, *optimizer.variables], before, strict=True):
            np.testing.assert_array_equal(variable.numpy(), value)


def test_state_can_be_set_saved_and_loaded(backend: str) -> None:
    gradients = make_gradients(4)
    first, variables = optimizers.Adam(0.1), make_variables()
    for step in gradients[:2]:
        first.apply(step, variables)
    store: dict[str, Any] = {}
    first.save_own_variables(store)
    assert list(store) == [str(i) for i in range(len(first.variables))]
    copies = [Variable(v.numpy(), name=v.name) for v in variables]
    second, third = optimizers.Adam(0.5), optimizers.Adam(0.5)
    second.build(copies)
    second.load_own_variables(store)
    second.apply(gradients[2], copies)
    first.apply(gradients[2], variables)
    for mine, other in zip(variables, copies, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    third.build(copies)
    third.set_weights(list(store.values()))
    assert third.variables[3].numpy().tolist() == store["3"].tolist()
    with pytest.warns(UserWarning, match="not built"):
        optimizers.Adam().load_own_variables(store)


def test_moving_averages_are_copied_at_the_end(backend: str) -> None:
    w = one_variable([0.0])
    optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for gradient in (-1.0, -2.0):  # w: 1, 3; average: 1, 2
        optimizer.apply([np.array([gradient])], [w])
    optimizer.finalize_variable_values([w])
    np.testing.assert_allclose(w.numpy(), [2.0])


def test_constraints_hold_after_each_update(backend: str) -> None:
    w = one_variable()
    w.constraint = lambda value: ops.maximum(value, 0.75)
    optimizers.SGD(1.0).apply([np.ones(2)], [w])
    np.testing.assert_allclose(w.numpy(), [0.75, 1.0])


def test_weight_decay_leaves_out_what_is_excluded(backend: str) -> None:
    kernel, bias, gain = (Variable(np.ones(1, "float32"), name=name) for name in ("kernel", "bias", "gain"))
    optimizer = optimizers.SGD(0.5, weight_decay=0.2)
    optimizer.exclude_from_weight_decay(var_list=[gain], var_names=["bi.s"])
    optimizer.apply([np.zeros(1)] * 3, [kernel, bias, gain])
    np.testing.assert_allclose([kernel.numpy()[0], bias.numpy()[0], gain.numpy()[0]], [0.9, 1.0, 1.0])


def test_a_variable_without_gradient_stays_and_is_named(backend: str) -> None:
    a, b = one_variable(), Variable(np.ones(1, "float32"), name="other")
    with pytest.warns(UserWarning, match="no gradient.*other"):
        optimizers.SGD(0.5).apply([np.ones(2), None], [a, b])
    np.testing.assert_allclose(a.numpy(), [0.5, 1.5])
    np.testing.assert_allclose(b.numpy(), [1.0])


def test_a_variable_that_takes_its_gradient_has_no_slots(backend: str) -> None:
    scale, w = Variable(np.float32(1.0), name="scale"), one_variable()
    scale.overwrite_with_gradient = True
    optimizer = optimizers.Adam(0.1, use_ema=True)
    optimizer.apply([np.float32(7.0), np.ones(2)], [scale, w])
    assert float(scale) == 7.0
    assert not any("scale" in variable.path for variable in optimizer.variables)
    accumulating = optimizers.SGD(0.1, gradient_accumulation_steps=2)
    accumulating.apply([np.float32(5.0), np.ones(2)], [scale, w])
    assert float(scale) == 7.0
    accumulating.apply([np.float32(3.0), np.ones(2)], [scale, w])
    assert float(scale) == 5.0


# -- learning rates ---------------------------------------------------------------------------------------


def test_the_learning_rate_can_be_read_and_set(backend: str) -> None:
    optimizer, w = optimizers.SGD(0.5), one_variable()
    optimizer.learning_rate = 0.25
    optimizer.apply([np.ones(2)], [w])
    assert float(optimizer.learning_rate) == 0.25
    np.testing.assert_allclose(w.numpy(), [0.75, 1.75])
    optimizer.learning_rate.assign(1.0)  # type: ignore[attr-defined]
    optimizer.apply([np.ones(2)], [w])
    np.testing.assert_allclose(w.numpy(), [-0.25, 0.75])


def test_schedules_and_callables_give_the_rate_of_each_step(backend: str) -> None:
    optimizer, w = optimizers.SGD(schedules.ExponentialDecay(1.0, 1, 0.5)), one_variable([0.0])
    assert [variable.name for variable in optimizer.variables] == ["iteration"]
    for rate in (1.0, 0.5, 0.25):
        np.testing.assert_allclose(active().to_numpy(optimizer.learning_rate), rate)
        optimizer.apply([-np.ones(1)], [w])
    np.testing.assert_allclose(w.numpy(), [1.75])
    optimizer.learning_rate = lambda: 0.1
    optimizer.apply([-np.ones(1)], [w])
    np.testing.assert_allclose(w.numpy(), [1.85])
    with pytest.raises(TypeError, match="make the optimizer with a number"):
        optimizer.learning_rate = 0.5


@pytest.mark.oracle
def test_a_schedule_is_part_of_the_config() -> None:
    ours = optimizers.Adam(schedules.CosineDecay(0.1, 100), name="adam")
    theirs = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 100), name="adam")
    assert ours.get_config() == theirs.get_config()
    again = optimizers.deserialize(optimizers.serialize(ours))
    assert float(again.learning_rate) == pytest.approx(0.1)


def test_a_schedule_in_place_of_a_number_drops_its_variable(backend: str) -> None:
    optimizer = optimizers.SGD(0.5)
    optimizer.learning_rate = schedules.InverseTimeDecay(1.0, 1, 1.0)
    assert [variable.name for variable in optimizer.variables] == ["iteration"]


# -- a user's own ------------------------------------------------------------------------------------------


class KerasStyle(optimizers.Optimizer):
    """Momentum, written as the guides of Keras write an optimizer."""

    def __init__(self, learning_rate: float = 0.1, beta: float = 0.5, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta = beta
        self.calls = Variable(0, name="calls", trainable=False)

    def build(self, variables: Any) -> None:
        if self.built:
            return
        super().build(variables)
        self.velocities = [self.add_variable_from_reference(v, name="velocity") for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        learning_rate = ops.cast(learning_rate, variable.dtype)
        velocity = self.velocities[self._get_variable_index(variable)]
        self.assign(velocity, ops.add(ops.multiply(velocity, self.beta), ops.cast(gradient, variable.dtype)))
        self.assign_sub(variable, ops.multiply(velocity, learning_rate))
        self.assign_add(self.calls, 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta": self.beta}


def test_an_optimizer_in_the_style_of_keras_works(backend: str) -> None:
    optimizer, w = KerasStyle(0.5, weight_decay=0.0, clipvalue=1.0, name="own"), one_variable()
    for _ in range(2):
        optimizer.apply([np.array([1.0, 5.0])], [w])
    np.testing.assert_allclose(w.numpy(), [1 - 0.5 - 0.75, 2 - 0.5 - 0.75])
    assert int(optimizer.calls) == 2
    assert "own/w_velocity" in [variable.path for variable in optimizer.variables]
    again = KerasStyle.from_config(optimizer.get_config())
    assert (again.beta, again.clipvalue, again.name) == (0.5, 1.0, "own")


def test_an_optimizer_of_one_pure_function_works(backend: str) -> None:
    class Sign(optimizers.Optimizer):
        def slot_groups(self) -> list[dict[str, Any]]:
            return [{"count": "ones"}]

        def update(self, value: Any, gradient: Any, slots: Any, learning_rate: Any, step: Any) -> Any:
            return value - learning_rate * ops.sign(gradient) * step, {"count": slots["count"] + 1}

    optimizer, w = Sign(0.5), one_variable()
    for _ in range(2):
        optimizer.apply([np.array([3.0, -3.0])], [w])
    np.testing.assert_allclose(w.numpy(), [-0.5, 3.5])
    np.testing.assert_allclose(optimizer.variables[-1].numpy(), [3.0, 3.0])


# -- errors --------------------------------------------------------------------------------------------------


def test_wrong_arguments_are_named() -> None:
    for arguments, words in (
        ({"clipnorm": -1.0}, "clipnorm"),
        ({"clipvalue": -0.5}, "clipvalue"),
        ({"global_clipnorm": "big"}, "global_clipnorm"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "one way only"),
        ({"use_ema": True, "ema_momentum": 1.5}, "ema_momentum"),
        ({"ema_overwrite_frequency": 0.5}, "ema_overwrite_frequency"),
        ({"gradient_accumulation_steps": 1}, "at least 2"),
        ({"learning_rate": "fast"}, "LearningRateSchedule"),
        ({"learning_rate": None}, "LearningRateSchedule"),
        ({"clip_norm": 1.0}, "Did you mean 'clipnorm'"),
        ({"momentum": 2.0}, "momentum"),
        ({"name": "a/b"}, "'a/b'"),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            optimizers.SGD(**arguments)
    with pytest.raises(InvalidArgumentError, match="weight_decay"):
        optimizers.AdamW(weight_decay=None)
    with pytest.raises(InvalidArgumentError, match="l1_regularization_strength"):
        optimizers.Ftrl(l1_regularization_strength=-1.0)
    with pytest.raises(InvalidArgumentError, match="beta_1"):
        optimizers.Lion(beta_1=0.0)
    with pytest.raises(InvalidArgumentError, match="an Optimizer"):
        optimizers.LossScaleOptimizer("sgd")
    with pytest.warns(UserWarning, match="decay"):
        optimizers.SGD(decay=0.1)  # type: ignore[call-arg]


def test_wrong_names_are_named() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown optimizer 'adm'\. Did you mean 'adam'"):
        optimizers.get("adm")
    with pytest.raises(InvalidArgumentError, match="Optimizer"):
        optimizers.get(len)
    assert optimizers.get(None) is None


def test_state_that_does_not_fit_changes_nothing(backend: str) -> None:
    w = one_variable()
    optimizer = optimizers.SGD(momentum=0.5)
    optimizer.build([w])  # iterations, learning rate, momentum: the last is of another shape
    before = [variable.numpy() for variable in optimizer.variables]
    wrong = [np.array(7), np.array(0.25), np.ones(3)]
    with pytest.raises(ShapeError, match=r"(?s)momentum \(2,\).*\(\), \(\), \(3,\)"):
        optimizer.set_weights(wrong)
    with pytest.raises(ShapeError, match=r"(?s)stored state.*momentum \(2,\)"):
        optimizer.load_own_variables({str(number): value for number, value in enumerate(wrong)})
    with pytest.raises(ShapeError, match="2 arrays"):
        optimizer.set_weights(wrong[:2])
    for variable, value in zip(optimizer.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_gradients_that_do_not_fit_are_named(backend: str) -> None:
    w = one_variable()
    optimizer = optimizers.SGD()
    with pytest.raises(NotBuiltError, match="build"):
        optimizer.apply([np.ones(2)])
    with pytest.raises(InvalidArgumentError, match="No variable has a gradient"):
        optimizer.apply([None], [w])
    with pytest.raises(InvalidArgumentError, match="one for each of 1"):
        optimizer.apply([np.ones(2), np.ones(2)])
    with pytest.raises(ShapeError, match=r"'w'.*\n.*\(2,\)\n.*\(3,\)"):
        optimizer.apply([np.ones(3)])
    with pytest.raises(InvalidArgumentError, match="does not know variable 'stranger'"):
        optimizer.apply([np.ones(2)], [Variable(np.ones(2), name="stranger")])
    with pytest.raises(NotBuiltError):
        optimizers.SGD().stateless_apply([], [], [])
    with pytest.raises(InvalidArgumentError, match="optimizer_variables"):
        optimizer.stateless_apply([], [np.ones(2)], [w.value])
    np.testing.assert_array_equal(w.numpy(), [1, 2])
    assert int(optimizer.iterations) == 0


def test_a_class_without_formula_says_so(backend: str) -> None:
    with pytest.raises(UnsupportedError, match="override update"):
        optimizers.Optimizer(0.1).apply([np.ones(2)], [one_variable()])


def test_a_variable_before_super_init_is_an_error() -> None:
    class Hasty(optimizers.Optimizer):
        def __init__(self) -> None:
            self.count = Variable(0.0)
            super().__init__(0.1)

    with pytest.raises(InvalidArgumentError, match=r"super\(\).__init__"):
        Hasty()
