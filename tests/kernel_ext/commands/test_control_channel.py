"""Whatever a page sends is answered, and nothing that is wrong with it reaches a run."""

from __future__ import annotations

import dataclasses
import gc
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from layerlab.events import Event
from layerlab.training.control import RunControl
from layerlab_jupyter.commands import list_commands
from layerlab_jupyter.commands.control_channel import answer, install
from layerlab_jupyter.protocol import RUN_MIME
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.registry import MOST_RUNS, Registry, Run
from layerlab_jupyter.run_log import log_reader, log_writer
from tests.kernel_ext.long_runs import long_run, short_epochs
from tests.kernel_ext.run_log.test_run_log import write_log
from tests.kernel_ext.runs import events_of_run, fit_started, recorded

LOG = logging.getLogger("test")
GOLDEN = Path(__file__).parent.parent.parent / "protocol"


class Model:
    """What the registry and a list of models need of one."""

    name = "digits"

    def count_params(self) -> int:
        return 10


@pytest.fixture
def run() -> Run:
    return Run("run-1", recorded([fit_started()]), RunControl(), "model-1")


@pytest.fixture
def known(run: Run) -> Registry:
    registry = Registry()
    registry.add_run(run)
    return registry


def ask(known: Registry, body: Any, **envelope: Any) -> dict[str, Any]:
    reply = answer({"version": 1, "id": "7", "kind": "command", "body": body, **envelope}, known, LOG)
    assert (reply["version"], reply["id"], reply["kind"]) == (1, "7", "reply")
    json.dumps(reply, allow_nan=False)
    return reply["body"]


def test_fetch_events_gives_the_history(known: Registry) -> None:
    result = ask(known, {"method": "fetch_events", "run_id": "run-1", "since": 0})["result"]
    assert [event["type"] for event in result["events"]] == ["fit_started"]
    assert (result["next"], result["live"]) == (1, True)


def test_since_may_be_left_out(known: Registry) -> None:
    assert ask(known, {"method": "fetch_events", "run_id": "run-1"})["result"]["next"] == 1


def test_the_verbs_reach_the_run(known: Registry, run: Run) -> None:
    assert ask(known, {"method": "pause", "run_id": "run-1"}) == {"result": {}}
    assert run.control.must_wait
    ask(known, {"method": "step", "run_id": "run-1", "unit": "step"})
    assert not run.control.must_wait
    ask(known, {"method": "resume", "run_id": "run-1"})
    assert not run.control.is_stepping
    ask(known, {"method": "set_learning_rate", "run_id": "run-1", "learning_rate": 0.5})
    assert run.control.take_learning_rate() == 0.5
    ask(known, {"method": "save_checkpoint", "run_id": "run-1"})
    assert run.control.take_checkpoints() == [None]
    ask(known, {"method": "stop", "run_id": "run-1"})
    assert run.control.stop_requested


def test_list_all_names_runs_and_living_models_newest_first(known: Registry) -> None:
    first, second = Model(), Model()
    ids = [known.add_model(first), known.add_model(second)]
    known.add_run(Run("run-2", RunRecorder("run-2"), RunControl(), ids[1]))
    result = ask(known, {"method": "list_all"})["result"]
    assert [r["run_id"] for r in result["runs"]] == ["run-2", "run-1"]
    assert result["runs"][1] == {
        "run_id": "run-1",
        "model_id": "model-1",
        "model_name": "digits",
        "status": "running",
        "started": 1000.0,
        "updated": 1000.0,
        "epoch": 0,
        "epochs": 2,
        "done": None,
        "loss": None,
    }
    assert [m["model_id"] for m in result["models"]] == ids[::-1]


def test_the_registry_keeps_no_model_alive_and_gives_each_one_id() -> None:
    registry, model = Registry(), Model()
    id = registry.add_model(model)
    assert registry.add_model(model) == id
    del model
    gc.collect()
    assert registry.model(id) is None and registry.models() == []


def test_old_ended_runs_are_forgotten_but_never_a_running_one(known: Registry, run: Run) -> None:
    ended = recorded(events_of_run(epochs=1, steps=1))
    for i in range(MOST_RUNS + 5):
        known.add_run(Run(f"ended-{i}", ended, RunControl(), "model-1"))
    assert len(known.runs()) == MOST_RUNS
    assert known.run("run-1") is run and known.run("ended-0") is None


BAD_BODIES = [
    ({"method": "explode"}, "unknown_method", "Unknown method 'explode'"),
    ({"method": "paus"}, "unknown_method", "Did you mean 'pause'?"),
    ({"method": ["stop"]}, "unknown_method", "a value of type list"),
    ({"method": "x" * 10_000_000}, "unknown_method", "Unknown method"),
    ({}, "unknown_method", "None"),
    ({"method": "stop"}, "invalid", "needs the field 'run_id'"),
    ({"method": "stop", "run_id": 3}, "invalid", "text"),
    ({"method": "stop", "run_id": None}, "invalid", "text"),
    ({"method": "stop", "run_id": {"__proto__": 1}}, "invalid", "text"),
    ({"method": "stop", "run_id": "x" * 10_000_000}, "invalid", "at most 200 characters"),
    ({"method": "stop", "run_id": "run-0"}, "unknown_run", "no such run"),
    ({"method": "stop", "run_id": "run-1", "code": "import os"}, "invalid", "no field 'code'"),
    ({"method": "step", "run_id": "run-1", "unit": "year"}, "invalid", "'step' or 'epoch'"),
    ({"method": "step", "run_id": "run-1", "unit": ["step"]}, "invalid", "'step' or 'epoch'"),
    ({"method": "fetch_events", "run_id": "run-1", "since": -1}, "invalid", "at least 0"),
    ({"method": "fetch_events", "run_id": "run-1", "since": 1.5}, "invalid", "integer"),
    ({"method": "fetch_events", "run_id": "run-1", "since": True}, "invalid", "number"),
    ({"method": "fetch_events", "run_id": "run-1", "since": 10**400}, "invalid", "integer"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": float("nan")}, "invalid", "finite"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": float("inf")}, "invalid", "finite"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": "nan"}, "invalid", "a number"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": 1e308}, "invalid", "float32"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": 10**400}, "invalid", "float32"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": -0.1}, "invalid", "positive"),
    ({"method": "set_learning_rate", "run_id": "run-1", "learning_rate": 0}, "invalid", "positive"),
    ({"method": "describe_model", "model_id": "model-0"}, "unknown_model", "no such model"),
    ({"method": "model_state", "model_id": "model-0"}, "unknown_model", "no such model"),
    ({"method": "model_state", "model_id": 7}, "invalid", "text"),
    ("stop", "invalid", "not a command"),
    (None, "invalid", "not a command"),
]


@pytest.mark.parametrize(("body", "code", "words"), BAD_BODIES, ids=range(len(BAD_BODIES)))
def test_a_bad_body_is_refused_and_changes_nothing(
    known: Registry, run: Run, caplog: pytest.LogCaptureFixture, body: Any, code: str, words: str
) -> None:
    error = ask(known, body)["error"]
    assert error["code"] == code and words in error["message"] + error["fix"]
    assert len(error["message"]) < 600
    assert not run.control.stop_requested and not run.control.is_stepping
    assert run.control.take_learning_rate() is None
    assert len(caplog.records) == 1 and "\n" not in caplog.text.strip()


@pytest.mark.parametrize(
    "content",
    [None, 3, "stop", [], {}, {"version": 2, "id": "7", "kind": "command", "body": {"method": "list_all"}}],
    ids=["null", "number", "text", "list", "empty", "other version"],
)
def test_a_bad_envelope_is_refused(known: Registry, content: Any) -> None:
    assert answer(content, known, LOG)["body"]["error"]["code"] == "invalid"


def test_an_unusable_id_is_answered_with_an_empty_one(known: Registry) -> None:
    for id in (3, None, "x" * 1000, ["7"]):
        content = {"version": 1, "id": id, "kind": "command", "body": {"method": "list_all"}}
        assert answer(content, known, LOG)["id"] == ""


def test_an_ended_run_can_be_read_but_not_steered() -> None:
    registry = Registry()
    registry.add_run(Run("run-1", recorded(events_of_run(1, 1)), RunControl(), "model-1"))
    assert ask(registry, {"method": "fetch_events", "run_id": "run-1"})["result"]["live"] is False
    assert "has ended" in ask(registry, {"method": "stop", "run_id": "run-1"})["error"]["message"]


def test_a_handler_that_fails_is_answered_as_an_internal_error(known: Registry) -> None:
    class Broken(Model):
        def count_params(self) -> int:
            raise RuntimeError("boom \ud800")

    broken = Broken()
    known.add_model(broken)
    error = ask(known, {"method": "list_all"})["error"]
    assert error["code"] == "internal" and "boom" in error["message"]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("command.*.json")), ids=lambda path: path.stem)
def test_the_golden_commands_are_understood(known: Registry, path: Path) -> None:
    body = answer(json.loads(path.read_text()), known, LOG)["body"]
    assert "result" in body or body["error"]["code"] == "unknown_model"


def test_installing_twice_leaves_one_handler_that_replies_to_the_sender() -> None:
    sent: list[tuple[Any, ...]] = []

    class Session:
        def send(self, stream: Any, kind: str, content: Any, parent: Any, ident: Any) -> None:
            sent.append((stream, kind, content["body"], ident))

    class Kernel:
        control_handlers: dict[str, Any] = {}
        session = Session()
        log = LOG

    kernel = Kernel()
    install(kernel)
    install(kernel)
    kernel.control_handlers["layerlab_request"]("stream", ["page"], {"content": {"id": "7"}})
    ((stream, kind, body, ident),) = sent
    assert (stream, kind, ident, list(body)) == ("stream", "layerlab_reply", ["page"], ["error"])


# -- runs that this process does not hold ----------------------------------------------------------------


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the log of 'run-1', written by an earlier process of this kernel, which was killed."""
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path))
    for module in (log_writer, list_commands):
        monkeypatch.setattr(module, "kernel_id", lambda: "kernel-1")
    write_log(tmp_path, [*events_of_run(epochs=2, steps=10)][:-1])
    return tmp_path


def test_a_run_of_an_earlier_process_is_read_from_its_log(logged: Path) -> None:
    result = ask(Registry(), {"method": "fetch_events", "run_id": "run-1"})["result"]
    assert (result["live"], result["logged"]) == (False, True)
    assert [e["steps"][-1] for e in result["events"] if e["type"] == "steps_finished"][-1] == 20


def test_a_run_of_an_earlier_process_is_listed_as_lost(logged: Path) -> None:
    (run,) = ask(Registry(), {"method": "list_all"})["result"]["runs"]
    assert (run["run_id"], run["status"], run["model_name"], run["epoch"]) == ("run-1", "lost", "digits", 2)


def test_runs_of_other_kernels_in_the_folder_are_not_listed(
    logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_commands, "kernel_id", lambda: "kernel-2")
    assert ask(Registry(), {"method": "list_all"})["result"]["runs"] == []


def test_a_run_that_memory_holds_is_listed_once_and_as_it_is(logged: Path, known: Registry) -> None:
    assert [r["status"] for r in ask(known, {"method": "list_all"})["result"]["runs"]] == ["running"]
    assert ask(known, {"method": "fetch_events", "run_id": "run-1"})["result"]["logged"] is False


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many bytes were read of each log, by name."""
    counts: dict[str, int] = {}
    opened = log_reader._opened

    @contextmanager
    def counting(path: Path) -> Iterator[Any]:
        counts.setdefault(path.name, 0)
        with opened(path) as file:
            if file is None:
                yield None
                return
            readline = file.readline

            class File:
                def __getattr__(self, name: str) -> Any:
                    return getattr(file, name)

                def readline(self, most: int) -> bytes:
                    line = readline(most)
                    counts[path.name] += len(line)
                    return line

            yield File()

    monkeypatch.setattr(log_reader, "_opened", counting)
    return counts


def test_a_list_does_not_read_the_log_of_a_run_that_memory_holds(
    logged: Path, known: Registry, reads: dict[str, int]
) -> None:
    for _ in range(3):
        assert len(ask(known, {"method": "list_all"})["result"]["runs"]) == 1
    assert reads == {}


def test_a_list_reads_of_another_kernels_log_who_writes_it_and_no_more(
    logged: Path, monkeypatch: pytest.MonkeyPatch, reads: dict[str, int]
) -> None:
    monkeypatch.setattr(list_commands, "kernel_id", lambda: "kernel-2")
    (path,) = logged.iterdir()
    first_line = len(path.read_bytes().splitlines(keepends=True)[0])
    for _ in range(3):
        assert ask(Registry(), {"method": "list_all"})["result"]["runs"] == []
        with path.open("ab") as file:  # it grows
            file.write(b'{"type": "fit_paused", "run_id": "run-1", "time": 1001.0, "step": 20}\n')
    assert reads == {path.name: first_line}


def test_a_list_reads_of_a_log_that_grows_what_is_new(logged: Path, reads: dict[str, int]) -> None:
    (path,) = logged.iterdir()
    (run,) = ask(Registry(), {"method": "list_all"})["result"]["runs"]
    assert (run["status"], run["epoch"]) == ("lost", 2)
    reads.clear()
    added = (
        b'{"type": "epoch_finished", "run_id": "run-1", "time": 1001.0, "epoch": 6, "step": 70, '
        b'"logs": {"loss": 0.125}, "seconds": 1.0}\n'
    )
    half = b'{"type": "fit_finished", "run_id": "run-1", "time": 1002.0, "epoch": 7, '
    with path.open("ab") as file:
        file.write(added + half)
    for _ in range(2):
        (run,) = ask(Registry(), {"method": "list_all"})["result"]["runs"]
        assert (run["status"], run["epoch"], run["loss"]) == ("lost", 7, 0.125)
    assert reads == {path.name: len(added + half)}
    with path.open("ab") as file:
        file.write(b'"step": 70, "seconds": 9.0, "logs": {}}\n')
    (run,) = ask(Registry(), {"method": "list_all"})["result"]["runs"]
    assert (run["status"], run["updated"]) == ("finished", 1009.0)


def test_a_log_that_is_put_in_the_place_of_another_is_read_anew(logged: Path) -> None:
    ask(Registry(), {"method": "list_all"})
    (path,) = logged.iterdir()
    lines = path.read_bytes().splitlines(keepends=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(b"".join([lines[0].replace(b"digits", b"others"), *lines[1:], lines[-1]]))
    beside.replace(path)
    assert [run["model_name"] for run in ask(Registry(), {"method": "list_all"})["result"]["runs"]] == [
        "others"
    ]


def test_the_newest_runs_of_this_kernel_are_listed_though_another_wrote_many(
    logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "kernel_id", lambda: "kernel-2")
    for number in range(MOST_RUNS + 5):
        events = [dataclasses.replace(fit_started(), run_id=f"other{number}", time=5e8 + number)]
        write_log(logged, events, run_id=f"other{number}")
    (run,) = ask(Registry(), {"method": "list_all"})["result"]["runs"]
    assert run["run_id"] == "run-1"


@pytest.mark.parametrize("events", [long_run(3600, 50), short_epochs(10_000)], ids=["steps", "epochs"])
def test_a_list_costs_under_five_milliseconds_however_long_a_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: Iterator[Event]
) -> None:
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path))
    for module in (log_writer, list_commands):
        monkeypatch.setattr(module, "kernel_id", lambda: "kernel-1")
    long, known = Run("run-1", RunRecorder("run-1"), RunControl(), "model-1"), Registry()
    known.add_run(long)
    for event in events:
        long.recorder.record(event)
    log = log_writer.RunLog(long.recorder, tmp_path)
    log.close()
    costs = []
    for _ in range(5):
        start = time.thread_time()
        ask(known, {"method": "list_all"})
        costs.append(time.thread_time() - start)
        with log.path.open("ab") as file:
            file.write(b"\n")
    assert min(costs) < 0.005


def test_a_run_of_a_log_cannot_be_steered(logged: Path) -> None:
    assert ask(Registry(), {"method": "stop", "run_id": "run-1"})["error"]["code"] == "unknown_run"


@pytest.mark.parametrize("run_id", ["../run-1", "*", "run-1/../run-1", "\0", "x" * 65])
def test_no_other_file_can_be_asked_for(logged: Path, run_id: str) -> None:
    assert ask(Registry(), {"method": "fetch_events", "run_id": run_id})["error"]["code"] == "unknown_run"


def test_a_run_is_described_as_an_output_that_needs_no_kernel(logged: Path, known: Registry) -> None:
    data = ask(Registry(), {"method": "describe_run", "run_id": "run-1"})["result"]["data"]
    assert data[RUN_MIME]["live"] is False and data[RUN_MIME]["run_id"] == "run-1"
    assert "<svg" in data["text/html"] and "lost" in data["text/plain"]
    live = ask(known, {"method": "describe_run", "run_id": "run-1"})["result"]["data"]
    assert live[RUN_MIME]["live"] is True
