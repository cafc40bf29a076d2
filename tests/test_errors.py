"""Messages: their parts, their length, the nearest name, and what users may catch."""

from __future__ import annotations

import pytest

from layerlab import errors
from layerlab.errors import did_you_mean, explain


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("ShapeError", ValueError),
        ("DTypeError", TypeError),
        ("DTypeError", ValueError),
        ("DataError", ValueError),
        ("InvalidArgumentError", ValueError),
        ("UnknownNameError", ValueError),
        ("ConfigError", ValueError),
        ("GraphError", ValueError),
        ("NotBuiltError", ValueError),
        ("NotCompiledError", RuntimeError),
        ("NotCompiledError", ValueError),
        ("UnsupportedError", NotImplementedError),
        ("BackendError", RuntimeError),
    ],
)
def test_each_error_is_caught_as_the_builtin_a_keras_user_expects(name: str, builtin: type) -> None:
    assert issubclass(getattr(errors, name), builtin)
    assert issubclass(getattr(errors, name), errors.LayerlabError)


def test_a_message_has_a_line_for_each_part_that_is_given() -> None:
    assert explain("Here.", expected="a", got="b", fix="c") == "Here.\n  Expected: a\n  Got: b\n  Fix: c"
    assert explain("Here.", got="b") == "Here.\n  Got: b"
    assert explain("Here.") == "Here."


def test_a_long_part_is_shortened_and_the_others_are_kept() -> None:
    lines = explain("Here.", got="x" * 5000, fix="do this").splitlines()
    assert len(lines[1]) == 600 and lines[1].endswith("…")
    assert lines[2] == "  Fix: do this"


def test_the_nearest_name_is_suggested_and_a_far_one_is_not() -> None:
    assert did_you_mean("msee", ["mae", "mse"]) == " Did you mean 'mse'?"
    assert did_you_mean("zzzz", ["mae", "mse"]) == ""
    assert did_you_mean(None, []) == ""
