"""What a test can do in JupyterLab: open a notebook, run cells, read, look, reload.

The page is driven through Lab's own commands and models, not by typing. Times are in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import nbformat
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as PageTimeout

from tests.browser.server import LabServer

__all__ = ["ARTIFACTS", "PATIENCE", "Lab"]

PATIENCE = 60.0  # seconds for what never takes so long; what must come soon is timed by its test
ARTIFACTS = Path(__file__).parent / "artifacts"

PANEL = "window.jupyterapp.shell.currentWidget"

NOTEBOOK_IS_OPEN = """name => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.context?.path === name && panel.context.isReady && panel.content?.widgets?.length > 0;
}"""

KERNEL_IS_READY = f"() => {PANEL}.sessionContext.session?.kernel?.connectionStatus === 'connected'"

# The run is not awaited: a test has to look while a cell is busy. `layerlabRuns` says how it went.
RUN_CELL = f"""async index => {{
  const panel = {PANEL};
  panel.content.deselectAll();
  panel.content.activeCellIndex = index;
  window.layerlabRuns ??= {{}};
  window.layerlabRuns[index] = 'running';
  window.jupyterapp.commands.execute('notebook:run-cell').then(
    () => (window.layerlabRuns[index] = 'done'),
    error => (window.layerlabRuns[index] = 'failed: ' + error),
  );
}}"""

OPEN_DOCUMENT = """async args => {
  await window.jupyterapp.restored;
  const widget = await window.jupyterapp.commands.execute('docmanager:open', args);
  window.jupyterapp.shell.activateById(widget.id);
}"""

THEME_IS = """name => document.body.dataset.jpThemeName === name
    && document.querySelector('#jupyterlab-splash') === null"""

CELL_TEXT = f"index => {PANEL}.content.widgets[index].outputArea?.node.innerText ?? ''"


class Lab:
    """One browser page on a running server. `problems` collects the page's uncaught errors."""

    def __init__(self, page: Page, server: LabServer) -> None:
        self.page = page
        self.server = server
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(error.stack or str(error)))

    # --- notebooks -------------------------------------------------------------------------------

    def open_cells(
        self, cells: Sequence[str], name: str = "test.ipynb", kernel_name: str = "python3"
    ) -> None:
        """Write a notebook of these code cells and open it."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel_name, "display_name": kernel_name, "language": "python"}},
        )
        nbformat.write(notebook, self.server.root / name)
        self.open(name)

    def open_copy(self, notebook: Path, changes: Mapping[str, str] | None = None) -> None:
        """Copy a notebook into the served folder and open the copy.

        Args:
            changes: text of the notebook -> what the copy has there instead.
        """
        text = notebook.read_text(encoding="utf-8")
        for before, after in (changes or {}).items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        (self.server.root / notebook.name).write_text(text, encoding="utf-8")
        self.open(notebook.name)

    def open(self, name: str, *, kernel: bool = True) -> None:
        """Open a notebook of the served folder in a fresh layout; `kernel=False` starts none for it."""
        if kernel:
            self.page.goto(f"{self.server.url}/lab/tree/{name}?reset")
        else:
            self.page.goto(f"{self.server.url}/lab?reset")
            self.wait_for("() => window.jupyterapp?.commands.hasCommand('docmanager:open')", None, 60, "Lab")
            preference = {"shouldStart": False, "autoStartDefault": False}
            # Before the layout is restored, what is opened may not become the current widget.
            self.evaluate(
                OPEN_DOCUMENT, {"path": name, "factory": "Notebook", "kernelPreference": preference}
            )
        self._wait_for_notebook(name, kernel)

    def open_in_notebook7(self, name: str) -> None:
        """Open a notebook of the served folder in Notebook 7, which the same server offers."""
        self.page.goto(f"{self.server.url}/notebooks/{name}")
        self._wait_for_notebook(name, kernel=True)

    def reload(self) -> None:
        """Reload the page, as a person does in mid-run, and wait for the same notebook and kernel."""
        name = self.evaluate(f"() => {PANEL}.context.path")
        self.page.reload()
        self._wait_for_notebook(name, kernel=True)

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook and return what is on disk."""
        self.command("docmanager:save")
        name = self.evaluate(f"() => {PANEL}.context.path")
        return nbformat.read(self.server.root / name, as_version=4)

    # --- cells -----------------------------------------------------------------------------------

    def start_cell(self, index: int) -> None:
        """Run a cell (counted from 0) and return at once."""
        self.evaluate(RUN_CELL, index)

    def run_cell(self, index: int, seconds: float = 2 * PATIENCE) -> str:
        """Run a cell, wait until it is done, and return its text."""
        self.start_cell(index)
        self.wait_until_done(index, seconds)
        return self.cell_text(index)

    def wait_until_done(self, index: int, seconds: float = PATIENCE) -> None:
        """Wait until a cell that `start_cell` started (since the last reload) has ended."""
        done = "index => window.layerlabRuns[index] !== 'running'"
        self.wait_for(done, index, seconds, f"cell {index} to end; it says:\n{self.cell_text(index)}")
        outcome = self.evaluate("index => window.layerlabRuns[index]", index)
        assert outcome == "done", outcome

    def is_running(self, index: int) -> bool:
        """Whether a cell that `start_cell` started has not ended."""
        return bool(self.evaluate("index => window.layerlabRuns[index] === 'running'", index))

    def cell(self, index: int) -> Locator:
        """The cell in the page, for clicks and queries: `lab.cell(2).get_by_role("button", name="Stop")`."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell").nth(index)

    def cell_text(self, index: int) -> str:
        """What a reader sees below a cell, without the space around it."""
        return str(self.evaluate(CELL_TEXT, index)).strip()

    def wait_for_text(self, index: int, pattern: str, seconds: float = PATIENCE) -> str:
        """Wait until a cell's text matches a regular expression (Python's and JavaScript's subset)."""
        matches = f"([index, pattern]) => new RegExp(pattern).test(({CELL_TEXT})(index))"
        self.wait_for(matches, [index, pattern], seconds, f"{pattern!r} in cell {index}")
        found = re.search(pattern, self.cell_text(index))
        return found.group() if found else ""

    # --- kernel ----------------------------------------------------------------------------------

    def shut_down_kernel(self) -> None:
        """End the notebook's kernel and wait until the server has none left for it."""
        self.evaluate(f"() => {PANEL}.sessionContext.shutdown()")

    def interrupt(self) -> None:
        self.command("notebook:interrupt-kernel")

    # --- page ------------------------------------------------------------------------------------

    def command(self, name: str, **arguments: Any) -> None:
        """Execute one of Lab's commands and wait for it."""
        self.evaluate("async ([name, args]) => { await window.jupyterapp.commands.execute(name, args) }",
                      [name, arguments])  # fmt: skip

    def theme(self, name: Literal["Light", "Dark"]) -> None:
        """Change the theme, which is the server's: for all tests."""
        self.command("apputils:change-theme", theme=f"JupyterLab {name}")
        self.wait_for(THEME_IS, f"JupyterLab {name}")

    def evaluate(self, expression: str, argument: Any = None) -> Any:
        """The value of a JavaScript expression in the page."""
        return self.page.evaluate(expression, argument)

    def wait_for(
        self, expression: str, argument: Any = None, seconds: float = PATIENCE, what: str | None = None
    ) -> None:
        """Wait until a JavaScript expression is true; a time-out leaves a screenshot.

        It is looked at from time to time: wait for what stays true, not for a moment.
        """
        try:
            self.page.wait_for_function(expression, arg=argument, timeout=seconds * 1000, polling=50)
        except PageTimeout:
            picture = self.screenshot("timed-out")
            trouble = "".join(f"\n  page error: {problem}" for problem in self.problems)
            raise AssertionError(
                f"waited {seconds} s for {what or expression}\n  picture: {picture}{trouble}"
            ) from None

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Save a picture of the page, or of one part, as tests/browser/artifacts/`name`.png."""
        path = ARTIFACTS / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        (of or self.page).screenshot(path=path)
        return path

    def _wait_for_notebook(self, name: str, kernel: bool) -> None:
        self.wait_for(NOTEBOOK_IS_OPEN, name, 2 * PATIENCE, f"{name} to open")
        if kernel:
            self.wait_for(KERNEL_IS_READY, None, 2 * PATIENCE, "a kernel")
