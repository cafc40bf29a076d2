"""The graph view: large, nested and hostile models; details asked from the kernel while a cell runs."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import nbformat
from PIL import Image
from playwright.sync_api import Locator, expect

from layerlab.inspect import ModelGraph
from tests.browser.lab import Lab
from tests.browser.models import RESNET50, TRANSFORMER, chain, hostile, saved_output
from tests.timing import least

SMALL = """
import numpy as np, layerlab as keras
model = keras.Sequential([
    keras.Input((20,), name="numbers"),
    keras.layers.Dense(256, activation="relu", name="first"),
    keras.layers.BatchNormalization(name="norm"),
    keras.layers.Dense(1, name="last")], name="small")
model.compile(optimizer="adam", loss="mse")
x = np.random.default_rng(0).normal(size=(20_000, 20)).astype("float32")
"""

# Keys that come before the next frame, with a layout in between, which takes the focus from what
# cannot have it any more. The node that each was followed by, or what else had the focus.
FAST_KEYS = """async keys => {
  const visited = [];
  for (const key of keys) {
    const options = { key, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', options));
    document.body.getBoundingClientRect();
    await new Promise(resolve => setTimeout(resolve));
    visited.push(document.activeElement.dataset.id ?? document.activeElement.tagName);
  }
  return visited;
}"""


def test_details_show_the_weights_while_a_cell_trains_and_after_it(lab: Lab) -> None:
    lab.open_cells([SMALL, "model", "h = model.fit(x, x[:, :1], batch_size=32, epochs=100_000)"])
    lab.run_cell(0)
    lab.run_cell(1)
    graph = lab.cell(1).locator(".layerlab-graph")
    graph.locator(".react-flow__node", has_text="first").click(timeout=60_000)
    details = graph.locator(".layerlab-details")
    kernel = details.locator(".layerlab-weight").first
    expect(kernel).to_contain_text("mean")
    lab.screenshot("graph-details")
    lab.start_cell(2)
    expect(details).to_contain_text("live")
    before = kernel.text_content()
    changed = "([el, before]) => el.textContent !== before"
    lab.wait_for(changed, [kernel.element_handle(), before], what="the weights to change")
    assert lab.is_running(2)
    lab.interrupt()
    lab.wait_until_done(2)
    expect(details).not_to_contain_text("live")
    details.get_by_role("button", name="Read the weights again").click()
    expect(kernel).to_contain_text("(20, 256) float32")
    expect(kernel.get_by_role("img", name="Histogram of kernel")).to_be_visible()


def test_resnet50_and_a_nested_transformer_are_readable_and_exported(lab: Lab) -> None:
    lab.open_cells([RESNET50, "model", TRANSFORMER, "model"])
    for cell in range(4):
        lab.run_cell(cell, seconds=120)
    for theme in ("Light", "Dark"):
        lab.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        lab.wait_for("name => document.body.dataset.jpThemeName === name", f"JupyterLab {theme}")
        for cell, name, shown in ((1, "resnet50", "conv2_block1"), (3, "transformer", "encoder_0")):
            graph = graph_of(lab, cell)
            expect(graph.locator(".react-flow__node").first).to_be_visible(timeout=60_000)
            lab.screenshot(f"graph-{name}-{theme.lower()}")
            assert shown in names_of(graph)
    resnet = graph_of(lab, 1)
    turn = resnet.get_by_role("button", name="Lay out from left to right")
    turn.click()
    expect(resnet.get_by_role("button", name="Lay out top down")).to_be_visible()
    lab.wait_for("el => el.getAttribute('aria-busy') === 'false'", canvas_of(resnet))
    lab.screenshot("graph-resnet50-right")
    svg = downloaded(lab, resnet, "SVG")
    drawing = ElementTree.fromstring(svg)
    texts = [text.text or "" for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"image", "conv1_pad", "conv5_block3", "predictions"} <= set(texts)
    assert drawing.find("{http://www.w3.org/2000/svg}title").text == "resnet50"


def test_a_flat_chain_of_5000_layers_never_freezes_the_page(lab: Lab) -> None:
    open_graph(lab, chain(200, skip=9), "two_hundred")
    graph = graph_of(lab, 0)

    def seconds_to_lay_out() -> float:
        seconds = [milliseconds_of(lab, graph, name) / 1000 for name in ("Fold all", "Unfold all")]
        print(f"200 nodes laid out in {seconds[1]:.2f} s")
        return seconds[1]

    assert least(seconds_to_lay_out, bound=1.0) < 1.0

    open_graph(lab, chain(5_000), "five_thousand")
    graph = graph_of(lab, 0)
    expect(graph.locator(".react-flow__node").first).to_be_visible(timeout=60_000)
    lab.screenshot("graph-5000-folded")
    lab.evaluate(WATCH_LONG_TASKS)

    def longest_task() -> float:
        lab.evaluate("() => { window.longTasks = []; }")
        turn = "Lay out from left to right"
        turn = turn if button_of(graph, turn).count() else "Lay out top down"
        for name in ("Unfold all", turn, "Fold all", "Unfold all", "Show all"):
            print(f"{name}: {milliseconds_of(lab, graph, name):.0f} ms")
        graph.get_by_role("searchbox").fill("dense_4321")
        graph.get_by_role("searchbox").press("Enter")
        expect(graph.locator(".react-flow__node", has_text="dense_4321")).to_be_visible()
        lab.screenshot("graph-5000-found")
        graph.get_by_role("searchbox").fill("")
        tasks: list[float] = lab.evaluate("() => window.longTasks")
        print("long tasks:", tasks)
        return max(tasks, default=0)

    assert least(longest_task, bound=500) < 500


def test_the_graph_is_used_with_the_keyboard(lab: Lab) -> None:
    open_graph(lab, chain(4), "four")
    graph = graph_of(lab, 0)
    expect(graph.locator(".react-flow__node")).to_have_count(4, timeout=60_000)
    graph.get_by_role("button", name="PNG").focus()
    lab.page.keyboard.press("Tab")
    focused = graph.locator(".react-flow__node:focus")
    expect(focused).to_contain_text("dense")
    lab.page.keyboard.press("ArrowDown")
    expect(focused).to_contain_text("dense_1")
    assert lab.evaluate(FAST_KEYS, ["ArrowDown", "ArrowUp"] * 10) == ["dense_2", "dense_1"] * 10
    lab.page.keyboard.press("ArrowDown")
    expect(focused).to_contain_text("dense_2")
    assert focused.evaluate("el => getComputedStyle(el).outlineStyle") == "solid"
    lab.page.keyboard.press("Enter")
    expect(graph.get_by_role("complementary", name="Details of dense_2")).to_be_visible()
    lab.page.keyboard.press("Escape")
    expect(graph.get_by_role("complementary")).to_have_count(0)
    expect(focused).to_contain_text("dense_2")


def test_hostile_names_are_text_in_the_view_and_in_what_is_exported(lab: Lab) -> None:
    model, names = hostile()
    open_graph(lab, model, names[0])
    graph = graph_of(lab, 0)
    expect(graph.locator(".react-flow__node")).to_have_count(len(names), timeout=60_000)
    lab.screenshot("graph-hostile")
    for i in range(len(names)):
        graph.locator(".react-flow__node").nth(i).click()
        expect(graph.locator(".layerlab-details")).to_be_visible()
    lab.screenshot("graph-hostile-details")
    ElementTree.fromstring(downloaded(lab, graph, "SVG"))
    assert lab.evaluate("() => window.hacked ?? null") is None
    assert graph.locator("script, img").count() == 0
    assert "y" * 300 not in (graph.text_content() or "")
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", graph.inner_text())
    with Image.open(download_path(lab, graph, "PNG")) as picture:
        assert picture.width > 300 and picture.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


# --- what these tests share ------------------------------------------------------------------------

# Milliseconds from a click until the new layout is drawn: the canvas is not busy any more.
TIMED_CLICK = """async ([button]) => {
  const canvas = button.closest('.layerlab-graph').querySelector('.layerlab-canvas');
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  button.click();
  do { await frame(); await frame(); } while (canvas.getAttribute('aria-busy') === 'true');
  return performance.now() - start;
}"""

WATCH_LONG_TASKS = """() => {
  window.longTasks = [];
  const keep = list => window.longTasks.push(...list.getEntries().map(e => Math.round(e.duration)));
  new PerformanceObserver(keep).observe({ type: 'longtask' });
}"""


def open_graph(lab: Lab, graph: ModelGraph, name: str) -> None:
    """A notebook that holds the output of a cell that showed such a model; there is no kernel."""
    output = nbformat.v4.new_output("display_data", data=saved_output(graph, name))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("model", outputs=[output])])
    nbformat.write(notebook, lab.server.root / "graph.ipynb")
    lab.open("graph.ipynb", kernel=False)
    expect(graph_of(lab, 0)).to_be_visible(timeout=60_000)


def graph_of(lab: Lab, cell: int) -> Locator:
    lab.cell(cell).scroll_into_view_if_needed()
    return lab.cell(cell).locator(".layerlab-graph")


def button_of(graph: Locator, name: str) -> Locator:
    return graph.get_by_role("button", name=name, exact=True)


def milliseconds_of(lab: Lab, graph: Locator, button: str) -> float:
    """From a click until its layout is drawn."""
    return float(lab.evaluate(TIMED_CLICK, [button_of(graph, button).element_handle()]))


def canvas_of(graph: Locator) -> object:
    return graph.locator(".layerlab-canvas").element_handle()


def names_of(graph: Locator) -> list[str]:
    return graph.locator(".react-flow__node .layerlab-node-name").all_inner_texts()


def download_path(lab: Lab, graph: Locator, button: str) -> str:
    with lab.page.expect_download(timeout=60_000) as caught:
        button_of(graph, button).click()
    assert caught.value.suggested_filename.endswith("." + button.lower())
    return str(caught.value.path())


def downloaded(lab: Lab, graph: Locator, button: str) -> str:
    with open(download_path(lab, graph, button), encoding="utf-8") as file:
        return file.read()
