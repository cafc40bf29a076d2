"""What many ops share is written once and shows in the help of each, with a meaning of its own per file."""

from __future__ import annotations

import inspect

from layerlab import ops
from layerlab.core.docstrings import named_arguments


def test_an_op_tells_the_arguments_that_all_ops_share() -> None:
    assert named_arguments(inspect.getdoc(ops.add) or "") == {"x1", "x2"}


def test_a_function_that_is_no_op_tells_them_too() -> None:
    assert {"shape", "dtype"} <= named_arguments(inspect.getdoc(ops.zeros) or "")


def test_an_argument_may_mean_something_else_in_one_file_of_ops() -> None:
    assert "None is all" in (inspect.getdoc(ops.sum) or "")
    assert "None is all" not in (inspect.getdoc(ops.softmax) or "")
