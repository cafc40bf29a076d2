"""A get_config of a user's own: what `super().get_config()` gives it, as in Keras."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import agree

BASES = ("layer", "model", "sequential", "wrapper", "dense", "metric", "loss", "optimizer", "adam")


def base_class(k: Any, name: str) -> Any:
    return {
        "layer": k.layers.Layer,
        "model": k.Model,
        "sequential": k.Sequential,
        "wrapper": k.layers.Wrapper,
        "dense": k.layers.Dense,
        "metric": k.metrics.Metric,
        "loss": k.losses.Loss,
        "optimizer": k.optimizers.Optimizer,
        "adam": k.optimizers.Adam,
    }[name]


def first_arguments(k: Any, name: str) -> tuple[Any, ...]:
    return {"wrapper": (k.layers.Flatten(name="f"),), "dense": (3,), "optimizer": (0.1,)}.get(name, ())


@pytest.mark.oracle
@pytest.mark.parametrize("name", BASES)
def test_the_base_gives_no_argument_of_the_subclass(name: str) -> None:
    """`dict(sides=self.sides, **super().get_config())` would have `sides` twice."""

    def scenario(k: Any) -> Any:
        class Mine(base_class(k, name)):  # type: ignore[misc]
            def __init__(self, *args: Any, sides: int = 1, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.sides = sides

            def get_config(self) -> dict[str, Any]:
                return dict(sides=self.sides, **super().get_config())

        class Further(Mine):
            """Without a get_config: nobody adds `corners`."""

            def __init__(self, *args: Any, corners: int = 5, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.corners = corners

        given = first_arguments(k, name)
        mine = Mine(*given, sides=4, name="m").get_config()
        further = Further(*given, sides=4, corners=6, name="f").get_config()
        assert mine["sides"] == further["sides"] == 4
        return sorted(mine), sorted(further)

    agree(scenario)


@pytest.mark.oracle
def test_a_class_without_get_config_still_reports_what_it_was_given() -> None:
    def scenario(k: Any) -> Any:
        class Mine(k.layers.Layer):
            def __init__(self, sides: int = 1, **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.sides = sides

        return Mine(sides=4, name="m").get_config()

    assert agree(scenario)["sides"] == 4
