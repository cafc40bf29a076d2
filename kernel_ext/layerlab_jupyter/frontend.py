"""The object under the entry point `layerlab.frontends: jupyter`, by which the engine finds this package."""

from __future__ import annotations

from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import NotBuiltError
from layerlab.events import Listener
from layerlab.training.control import RunControl
from layerlab_jupyter.cells import cell_of_this_thread, install_thread_notes
from layerlab_jupyter.clients import asking_client, draws_runs
from layerlab_jupyter.commands.control_channel import install
from layerlab_jupyter.kernels import is_cell_text, running_kernel, running_shell
from layerlab_jupyter.monitor import Monitor
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.registry import Run, registry
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.static_outputs.mime_bundles import model_bundle
from layerlab_jupyter.tracebacks import install_short_tracebacks
from layerlab_jupyter.widgets.host import needs_widget

__all__ = ["JupyterFrontend", "frontend"]


_NOT_BUILT = (
    "Its graph is shown here once it knows the shape of its input: begin with keras.Input(...), or call the "
    "model on data, or fit it."
)


class JupyterFrontend:
    """Shows runs and models in notebooks; outside a Jupyter kernel it has nothing to say."""

    def begin(self) -> None:
        """Show errors without the engine's frames, and let the panels list models before one is shown."""
        shell, kernel = running_shell(), running_kernel()
        if shell is not None:
            install_short_tracebacks(shell)
        if kernel is not None:
            install(kernel)
            install_thread_notes(shell)

    def watch(self, run_id: str, model: ModelLike, control: RunControl) -> Listener | None:
        """A monitor that shows the run in the cell that called fit, or started the thread that did.

        In a console it only records the run.
        """
        kernel = running_kernel()
        if kernel is None:
            return None
        install(kernel)
        run = Run(run_id, RunRecorder(run_id), control, registry.add_model(model))
        shows, cell = draws_runs(), cell_of_this_thread()
        return Monitor(
            run, registry, log_folder(), shows=shows, with_widget=shows and needs_widget(), cell=cell
        )

    def display(self, model: Any) -> dict[str, Any] | None:
        """Graph and summary as a MIME bundle; None for a model that has no layers to draw yet."""
        kernel = running_kernel()
        if kernel is None:
            return None
        install(kernel)
        try:
            return model_bundle(model, registry.add_model(model))
        except NotBuiltError:
            return {"text/plain": f"{model!r}\n{_NOT_BUILT}"}

    def draws_over(self, stream: object) -> bool:
        """True of a cell's text, unless a program executes the notebook: that keeps every state."""
        return is_cell_text(stream) and asking_client() != "program"


frontend = JupyterFrontend()
