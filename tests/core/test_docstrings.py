"""Arguments that a family describes once show in the docstring of each member that has them."""

from __future__ import annotations

from layerlab.core.docstrings import completed, named_arguments

SHARED = {"width": "in metres.", "name": "of the thing.", "other": "unused."}


def test_what_is_shared_comes_into_ones_own_block() -> None:
    def make(height, *, name=None, width=1.0):
        """Make a thing.

        Args:
            height: in metres,
                above the ground.
        Returns: the thing.
        """

    assert completed(make, SHARED) == (
        "Make a thing.\n\nArgs:\n    height: in metres,\n        above the ground.\n"
        "    name: of the thing.\n    width: in metres.\nReturns: the thing."
    )


def test_the_arguments_come_in_the_order_of_the_signature_with_the_lines_that_go_on() -> None:
    def make(width, height, depth, name=None):
        """Make a thing.

        Args:
            height, depth: in metres,
                above the ground.
        """

    assert completed(make, SHARED) == (
        "Make a thing.\n\nArgs:\n    width: in metres.\n    height, depth: in metres,\n"
        "        above the ground.\n    name: of the thing."
    )


def test_a_docstring_without_arguments_gets_a_block_before_its_first_section() -> None:
    class Thing:
        """A thing.

        Example:
            >>> Thing(2.0).width
            2.0
        """

        def __init__(self, width):
            self.width = width

    assert completed(Thing, SHARED) == (
        "A thing.\n\nArgs:\n    width: in metres.\n\nExample:\n    >>> Thing(2.0).width\n    2.0"
    )


def test_the_block_comes_before_what_is_returned() -> None:
    def make(width):
        """Make a thing.

        Returns: the thing.
        """

    assert completed(make, SHARED) == ("Make a thing.\n\nArgs:\n    width: in metres.\nReturns: the thing.")


def test_what_goes_on_to_a_base_class_is_told_with_its_stars() -> None:
    def make(width, **kwargs):
        """Make a thing."""

    doc = completed(make, {"**kwargs": "those of any thing.", "width": "in metres."})
    assert doc == "Make a thing.\n\nArgs:\n    width: in metres.\n    **kwargs: those of any thing."


def test_ones_own_words_win_and_nothing_is_made_up() -> None:
    def make(width, depth):
        """Make a thing.

        Args:
            width, depth: in feet.
        """

    assert completed(make, SHARED) == "Make a thing.\n\nArgs:\n    width, depth: in feet."
    assert completed(lambda width: None, SHARED) is None


def test_arguments_are_named_under_args_alone() -> None:
    doc = "Sum.\n\nArgs:\n    x, y: arrays.\n        axis: no.\n    *more: others.\nRaises:\n    z: no."
    assert named_arguments(doc) == {"x", "y", "more"}
