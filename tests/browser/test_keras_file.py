"""The viewer of model files: a double click, no kernel, and nothing that a file can do to the page."""

from __future__ import annotations

import json
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Route, expect

from tests.browser.lab import Lab
from tests.timing import least

FILES = Path(__file__).parents[1] / "model_files"
IN_FRONT = ".jp-MainAreaWidget:not(.lm-mod-hidden)"
HTML = '<img src=x onerror="window.hacked = 1">\u202e\'"\n'

WATCH = """() => {
  window.longest = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
  }).observe({ type: 'longtask' });
}"""
OPEN = "async path => { await window.jupyterapp.commands.execute('docmanager:open', { path }) }"


def start(lab: Lab) -> None:
    lab.page.goto(f"{lab.server.url}/lab?reset")
    lab.wait_for("() => window.jupyterapp?.commands.hasCommand('docmanager:open')", None, 60, "Lab")
    lab.evaluate("async () => { await window.jupyterapp.restored }")


def view(lab: Lab) -> Locator:
    return lab.page.locator(f"{IN_FRONT} .layerlab-keras-file")


def tab(lab: Lab, name: str) -> None:
    view(lab).get_by_role("tab", name=name, exact=True).click()


# --- good files ----------------------------------------------------------------------------------


def test_a_double_click_shows_what_is_in_a_file_without_a_kernel(lab: Lab) -> None:
    for name in ("keras.keras", "layerlab.keras", "keras.weights.h5"):
        shutil.copy(FILES / name, lab.server.root / name)
    fetched: list[str] = []
    lab.page.on("request", lambda request: fetched.append(request.url))
    start(lab)
    for library in ("layerlab", "keras"):
        item = lab.page.locator(".jp-DirListing-item", has_text=f"{library}.keras")
        expect(item).to_be_visible(timeout=60_000)
        # Nothing is fetched before a file is opened.
        assert library == "keras" or [url for url in fetched if "keras-file" in url] == []
        item.dblclick()
        expect(view(lab)).to_contain_text(f"written by{'Keras' if library == 'keras' else library}")
        expect(view(lab)).to_contain_text("Functional · 235 parameters")
        lab.screenshot(f"keras-file-{library}-light")
    _shows_graph_layers_weights_and_config(lab)
    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    for name in ("Overview", "Graph", "Weights", "Configuration"):
        tab(lab, name)
        lab.screenshot(f"keras-file-{name.lower()}-dark")
    lab.evaluate(OPEN, "keras.weights.h5")
    expect(view(lab).get_by_role("row")).to_have_count(1 + 12)
    assert lab.server.get("api/kernels") == []
    assert lab.problems == []


def test_under_a_strict_policy_files_open_all_the_same(lab: Lab) -> None:
    shutil.copy(FILES / "keras.keras", lab.server.root / "keras.keras")
    # Scripts and workers of this server only: no inline ones, no blobs. JupyterLab itself needs eval.
    policy = "script-src 'self' 'unsafe-eval'; worker-src 'self'; object-src 'none'"

    def guarded(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    refused: list[str] = []
    lab.page.on("console", lambda line: refused.append(line.text) if "Security Policy" in line.text else None)
    lab.page.route("**/lab?reset", guarded)
    lab.page.goto(f"{lab.server.url}/lab?reset")
    lab.page.locator(".jp-DirListing-item", has_text="keras.keras").dblclick(timeout=60_000)
    expect(view(lab)).to_contain_text("235 parameters")
    tab(lab, "Weights")
    expect(view(lab).locator(".layerlab-file-histogram")).to_have_count(12)
    tab(lab, "Graph")
    expect(view(lab).locator(".react-flow__node")).to_have_count(12)
    assert [text for text in refused if "layerlab" in text] == []


def _shows_graph_layers_weights_and_config(lab: Lab) -> None:
    tab(lab, "Graph")
    expect(view(lab).locator(".react-flow__node")).to_have_count(12)
    view(lab).locator(".react-flow__node", has_text="stem").click()
    details = view(lab).get_by_label("Details of stem")
    expect(details.get_by_role("img", name="Histogram of kernel")).to_be_visible()
    lab.screenshot("keras-file-graph-light")
    tab(lab, "Layers")
    expect(view(lab).get_by_role("row", name="stem Conv2D")).to_contain_text("(None, 8, 8, 2)")
    lab.screenshot("keras-file-layers-light")
    tab(lab, "Weights")
    expected = json.loads((FILES / "expected.json").read_text())["keras"]["weights"]
    kernel = expected["layers/conv2d/vars/0"]
    row = view(lab).get_by_role("row", name="stem kernel")
    for number in (kernel["mean"], kernel["std"], kernel["min"], kernel["max"]):
        expect(row).to_contain_text(f"{float(f'{number:.4g}')}")
    expect(view(lab).get_by_role("row", name="norm moving_mean")).to_contain_text("not trained")
    expect(view(lab).get_by_role("row")).to_have_count(1 + 12)
    view(lab).get_by_label("optimizer state").check()
    expect(view(lab).get_by_role("row")).to_have_count(1 + 12 + 2)
    lab.screenshot("keras-file-weights-light")
    tab(lab, "Configuration")
    for branch in ("config", "layers", "1", "inbound_nodes"):
        # Its whole key: "1" is part of the text of other branches, which are there earlier.
        key = lab.page.locator(".layerlab-key").get_by_text(branch, exact=True)
        view(lab).locator(".layerlab-branch").filter(has=key).first.press("Enter")
    expect(view(lab)).to_contain_text("Conv2D")
    lab.screenshot("keras-file-config-light")


def test_a_file_that_was_saved_again_is_read_again(lab: Lab) -> None:
    path = lab.server.root / "again.keras"
    path.write_bytes(b"not yet a file")
    start(lab)
    lab.evaluate(OPEN, "again.keras")
    expect(view(lab)).to_contain_text("the end of a zip archive")
    shutil.copy(FILES / "keras.keras", path)
    view(lab).get_by_role("button", name="Reload").click()
    expect(view(lab)).to_contain_text("235 parameters")


# --- files that mean harm ------------------------------------------------------------------------


def packed(path: Path, changes: dict[str, bytes]) -> Path:
    """The file of Keras with some members in place of its own, all deflated."""
    with zipfile.ZipFile(FILES / "keras.keras") as source:
        members = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**members, **changes}.items():
            archive.writestr(name, data)
    return path


def hostile_weights(name: str) -> Callable[[Path], object]:
    return lambda path: packed(path, {"model.weights.h5": (FILES / f"{name}.hostile.h5").read_bytes()})


def changed(change: Callable[[bytearray], object]) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        data = bytearray((FILES / "keras.keras").read_bytes())
        change(data)
        path.write_bytes(data)

    return write


def bomb(path: Path) -> None:
    packed(path, {"config.json": b" " * 2**30})


def lying_bomb(path: Path) -> None:
    """A config of a gigabyte that says it has 60 KB."""
    packed(path, {"config.json": b" " * 2**28})
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\1\2", 0, data.rindex(b"config.json"))
    data[entry + 24 : entry + 28] = struct.pack("<L", 60_000)
    path.write_bytes(data)


def flip_weights(data: bytearray) -> None:
    data[data.index(b"TREE")] ^= 1


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "bomb": (bomb, "this is a bomb"),
    "lying-bomb": (lying_bomb, "more"),
    "deep": (lambda path: packed(path, {"config.json": b"[" * 10_000}), "at most 400 levels deep"),
    "garbage": (lambda path: packed(path, {"config.json": b"{'class_name'"}), "config.json"),
    "outside": (lambda path: packed(path, {"../../etc/cron.d/x": b"x"}), "plain relative names"),
    "truncated": (changed(lambda data: data.__delitem__(slice(-100, None))), "it was cut off"),
    "flipped": (changed(flip_weights), "bytes that fit their checksum"),
    "soft-link": (hostile_weights("soft-link"), "a link to another place"),
    "external-link": (hostile_weights("external-link"), "as those with links to other files are"),
    "unwritten": (hostile_weights("unwritten"), "2147483648 bytes, as its shape says"),
    "empty": (lambda path: path.write_bytes(b""), "the end of a zip archive"),
}


def test_files_that_mean_harm_are_refused_at_once_and_the_page_goes_on(lab: Lab) -> None:
    for name, (write, _) in HOSTILE.items():
        write(lab.server.root / f"{name}.keras")

    def longest_task() -> float:
        start(lab)
        lab.evaluate(WATCH)
        for name, (_, message) in HOSTILE.items():
            lab.evaluate(OPEN, f"{name}.keras")
            problem = view(lab).get_by_role("heading", name=f"{name}.keras is not shown")
            expect(problem).to_be_visible()
            expect(view(lab)).to_contain_text(message)
            if name in ("bomb", "soft-link"):
                lab.screenshot(f"keras-file-refused-{name}")
        return float(lab.evaluate("() => window.longest"))

    assert least(longest_task, bound=500) < 500
    assert lab.problems == []


def test_names_are_text_and_long_models_do_not_hold_the_page(lab: Lab) -> None:
    with zipfile.ZipFile(FILES / "keras.keras") as source:
        config = json.loads(source.read("config.json"))
    config["config"]["name"] = HTML + "x" * 1_000_000
    config["config"]["layers"][1]["name"] = config["config"]["layers"][1]["config"]["name"] = HTML
    config["config"]["__proto__"] = {HTML: HTML}
    packed(lab.server.root / "names.keras", {"config.json": json.dumps(config).encode()})
    chain = [{"class_name": "Dense", "config": {"name": f"dense_{i}", "units": 4}} for i in range(5_000)]
    long = {"class_name": "Sequential", "config": {"name": "long", "layers": chain}}
    packed(lab.server.root / "long.keras", {"config.json": json.dumps(long).encode()})

    def longest_task() -> float:
        start(lab)
        lab.evaluate(WATCH)
        lab.evaluate(OPEN, "names.keras")
        expect(view(lab)).to_contain_text("<img src=x onerror=")
        for name in ("Graph", "Layers", "Weights", "Configuration"):
            tab(lab, name)
            expect(view(lab).locator(".layerlab-tab")).not_to_be_empty()
        lab.screenshot("keras-file-names")
        assert lab.evaluate("() => window.hacked") is None
        assert view(lab).locator("img").count() == 0
        lab.evaluate(OPEN, "long.keras")
        expect(view(lab)).to_contain_text("layers5,000")
        return float(lab.evaluate("() => window.longest"))

    assert least(longest_task, bound=500) < 500
    assert lab.problems == []
