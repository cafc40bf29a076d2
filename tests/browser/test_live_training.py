"""The lesson `02_live_training.ipynb`, as a student takes it: with the mouse, cell by cell."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import Lab

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_live_training.ipynb"


def test_the_lesson_is_steered_by_mouse_and_by_thread(lab: Lab) -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells

    def place(text: str) -> int:
        return next(i for i, cell in enumerate(cells) if cell.cell_type == "code" and text in cell.source)

    # However late the page is, the run is still there to be stopped.
    lab.open_copy(NOTEBOOK, {"epochs=12, callbacks=[slow_motion]": "epochs=12_000, callbacks=[slow_motion]"})
    theme(lab, "Light")  # an earlier test may have left the other one
    lab.run_cell(place("import layerlab"), seconds=120)
    lab.run_cell(place("def make_model"))

    fit = lab.cell(place("slow_motion = "))
    lab.start_cell(place("slow_motion = "))
    fit.scroll_into_view_if_needed()
    fit.get_by_role("button", name="Pause").click(timeout=60_000)
    expect(fit.locator(".layerlab-chip")).to_have_text("paused")
    fit.get_by_role("button", name="Step", exact=True).click()
    rate = fit.get_by_role("textbox", name="Learning rate")
    rate.fill("1.0")
    rate.press("Enter")
    fit.get_by_role("button", name="Resume").click()
    lab.wait_for_text(place("slow_motion = "), r"epoch\s*([4-9]|\d\d+)\s*/", 120)
    fit.scroll_into_view_if_needed()
    lab.screenshot("lesson-light")
    fit.get_by_role("button", name="Stop").click()
    lab.wait_until_done(place("slow_motion = "))
    assert "of 360 images that it never saw are right" in lab.run_cell(place("model.evaluate"))

    lab.run_cell(place("def conductor"))
    orders = lab.run_cell(place("orders = ["))
    assert "learning_rate_changed" in orders and "fit_paused" in orders and orders.endswith("fit_stopped")

    lab.run_cell(place("for learning_rate in"))
    table = lab.run_cell(place("runs = layerlab_jupyter.runs()"))
    assert "learning rate 0.3" in table and "steered by a thread" in table
    lab.run_cell(place("figure, (left, right)"))
    theme(lab, "Dark")
    lab.cell(place("figure, (left, right)")).scroll_into_view_if_needed()
    lab.screenshot("lesson-dark")
    theme(lab, "Light")
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def theme(lab: Lab, name: str) -> None:
    lab.command("apputils:change-theme", theme=f"JupyterLab {name}")
    lab.wait_for("light => document.body.dataset.jpThemeLight === light", str(name == "Light").lower())
