"""Gives the page the final output of a run whose kernel is gone, from the log that the run left.

`GET layerlab/runs/<run id>?folder=<path>` answers the data of an output, by MIME type. The log is looked
for where the server would start a kernel for a notebook of that folder. Another process renders it: see the
package.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated

__all__ = ["LoggedRunHandler"]

_PATIENCE = 60.0  # seconds; it takes about one
_one_by_one = asyncio.Lock()


class LoggedRunHandler(APIHandler):
    """Answers 404 where there is no such log, and while the run goes on."""

    auth_resource = "contents"

    @authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        """The final output of the run."""
        folder = self._working_folder(self.get_query_argument("folder"))
        async with _one_by_one:
            output = await asyncio.to_thread(_render, folder, run_id)
        if output == b"null":
            raise HTTPError(404, "There is no log of this run, or it goes on.")
        await self.finish(output)

    def _working_folder(self, path: str) -> Path:
        """Where kernels of that folder's notebooks work; nowhere outside of what the server serves."""
        root = Path(self.kernel_manager.root_dir).resolve()
        folder = Path(self.kernel_manager.cwd_for_path(path)).resolve()
        if not folder.is_relative_to(root) or not folder.is_dir():
            raise HTTPError(404, "There is no such folder.")
        return folder


def _render(folder: Path, run_id: str) -> bytes:
    # -P: what lies in the folder of a notebook must not be imported.
    command: list[Any] = [sys.executable, "-P", "-m", "layerlab_jupyter.run_log.logged_run", folder, run_id]
    try:
        return subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=True).stdout
    except (subprocess.SubprocessError, OSError) as error:
        raise HTTPError(500, f"The log cannot be rendered: {type(error).__name__}.") from error
