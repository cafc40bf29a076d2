"""Front ends are found by entry point, asked when needed, and never cost a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import layerlab
from layerlab import frontends


class Watching:
    began = 0

    def begin(self) -> None:
        self.began += 1

    def watch(self, run_id: str, model: Any, control: Any) -> Callable[[Any], None] | None:
        return print if run_id == "seen" else None

    def display(self, model: Any) -> dict[str, Any] | None:
        return {"text/plain": model.name}


class Broken:
    def begin(self) -> None:
        raise OSError("no start")

    def watch(self, run_id: str, model: Any, control: Any) -> None:
        raise RuntimeError("no room")

    def display(self, model: Any) -> None:
        raise KeyError("no page")


class EntryPoint:
    def __init__(self, name: str, load: Callable[[], Any]) -> None:
        self.name, self.load = name, load


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make these the installed front ends."""

    def use(*loaders: Callable[[], Any]) -> None:
        points = [EntryPoint(f"f{index}", loader) for index, loader in enumerate(loaders)]
        monkeypatch.setattr(frontends.importlib.metadata, "entry_points", lambda group: points)
        frontends.discover.cache_clear()

    yield use
    frontends.discover.cache_clear()


def test_without_a_front_end_there_is_nobody_to_tell(install: Callable[..., None]) -> None:
    install()
    assert frontends.watchers("seen", None, None) == []
    assert frontends.display_bundle(None) is None


def tell(event: Any) -> None:
    """One event to everybody who watches the run."""
    for listener in frontends.watchers("seen", None, None):
        listener(event)


def test_front_ends_that_want_a_run_are_given_its_events(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    install(Watching, Watching)
    tell("event")
    assert capsys.readouterr().out == "event\nevent\n"
    assert frontends.watchers("other", None, None) == []


def test_a_broken_front_end_is_a_warning_and_the_others_go_on(
    install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    install(Broken, Watching)
    with pytest.warns(UserWarning, match="showing the run failed: RuntimeError: no room"):
        tell("event")
    assert capsys.readouterr().out == "event\n"
    with pytest.warns(UserWarning, match="displaying the model failed: KeyError"):
        assert frontends.display_bundle(layerlab.Sequential(name="m")) == {"text/plain": "m"}


def test_a_front_end_that_does_not_load_is_left_out_with_its_name(install: Callable[..., None]) -> None:
    def load() -> Any:
        raise ImportError("no such module")

    install(load, Watching)
    with pytest.warns(UserWarning, match="loading the front end 'f0' failed: ImportError"):
        assert len(frontends.discover()) == 1


def test_the_bundle_of_a_model_in_a_cell_comes_from_the_front_end(install: Callable[..., None]) -> None:
    install(Watching)
    assert layerlab.Sequential(name="shown")._repr_mimebundle_() == {"text/plain": "shown"}


def test_importing_the_engine_looks_no_front_end_up() -> None:
    code = "import sys, layerlab; print('layerlab_jupyter' in sys.modules, 'IPython' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout.split() == ["False", "False"], result.stderr


def test_the_import_begins_front_ends_only_where_a_person_types(
    install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watching()
    install(lambda: watching, Broken)
    monkeypatch.delattr(sys, "ps1", raising=False)
    frontends.begin()
    assert watching.began == 0
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    with pytest.warns(UserWarning, match="preparing the front end failed: OSError: no start"):
        frontends.begin()
    assert watching.began == 1


@pytest.mark.parametrize("is_watched", [True, False])
def test_a_front_end_that_shows_the_run_shows_the_advice_and_no_warning_repeats_it(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder, is_watched: bool
) -> None:
    class Keeping(Watching):
        def watch(self, run_id: str, model: Any, control: Any) -> Callable[[Any], None]:
            return events.append

    events: list[Any] = []
    monkeypatch.setattr(frontends, "discover", lambda: (Keeping(),) * is_watched)
    model = layerlab.Sequential([layerlab.Input((2,)), layerlab.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.full((4, 2), np.nan, "float32"), np.zeros((4, 1)))
    assert [event.code for event in events if event.type == "diagnostic"] == ["non-finite-loss"] * is_watched
    assert ["The loss is nan" in str(warning.message) for warning in recwarn] == [True] * (not is_watched)
