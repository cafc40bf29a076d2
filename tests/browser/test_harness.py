"""The browser tests' own tools: what they say about JupyterLab is so."""

from __future__ import annotations

from tests.browser.lab import Lab


def test_a_cell_is_run_and_its_text_read(lab: Lab) -> None:
    lab.open_cells(["print(1)", "print(20 + 3)"])
    assert lab.run_cell(0) == "1"
    assert lab.run_cell(1) == "23"
    assert lab.screenshot("harness").stat().st_size > 10_000


def test_a_cell_is_seen_running_and_interrupted(lab: Lab) -> None:
    lab.open_cells(["import time\nprint('begun')\ntime.sleep(60)", "print('next')"])
    lab.start_cell(0)
    lab.wait_for_text(0, "begun")
    assert lab.is_running(0)
    lab.interrupt()
    lab.wait_until_done(0)
    assert "KeyboardInterrupt" in lab.cell_text(0)
    assert lab.run_cell(1) == "next"


def test_a_reload_in_mid_run_finds_the_same_kernel(lab: Lab) -> None:
    lab.open_cells(["x = 41", "print(x + 1)"])
    lab.run_cell(0)
    lab.save()
    lab.reload()
    assert lab.run_cell(1) == "42"


def test_a_saved_output_is_there_with_the_kernel_gone(lab: Lab) -> None:
    lab.open_cells(["print('kept')"])
    lab.run_cell(0)
    assert lab.save().cells[0].outputs[0].text == "kept\n"
    lab.shut_down_kernel()
    lab.open("test.ipynb", kernel=False)
    lab.wait_for_text(0, "kept")
    assert lab.server.get("api/kernels") == []
