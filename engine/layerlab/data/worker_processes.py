"""Worker processes that hold a copy of a data set each, and give its batches by index.

They are started afresh, not forked: JAX and PyTorch run threads, and the fork of a process with threads may
hang in a lock that one of them held. A fresh process imports what the data set needs by itself.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import multiprocessing
import pickle
import queue
import random
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from layerlab.core.seed import make_default_seed
from layerlab.errors import DataError, InvalidArgumentError, UnsupportedError, explain

__all__ = ["ProcessWorkers"]

_JOIN_SECONDS = 2.0


class ProcessWorkers:
    """`load(task)` gives the batch of a task `(number, index)` from a process; to be called by threads.

    Args:
        dataset: what has `__getitem__`; sent to each process once, and again when `refresh` finds it changed.
        count: processes, and the threads that may call `load` at the same time.
    Raises: InvalidArgumentError or UnsupportedError for a data set that cannot be sent to another process.
    """

    def __init__(self, dataset: object, count: int) -> None:
        self._dataset = dataset
        self._payload = _pickled(dataset)
        self._seed = make_default_seed()
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(context))
                self._idle.put(self._workers[-1])
        except BaseException:
            self.close()
            raise

    def refresh(self) -> None:
        """Send the data set again before the next batch, if it has changed, as in `on_epoch_end`."""
        payload = _pickled(self._dataset)
        if payload != self._payload:
            self._payload = payload

    def load(self, task: tuple[int, int]) -> Any:
        """Batch `index` of the data set. Its random numbers follow from the process-wide seed and `number`.

        Raises: what `__getitem__` raised, with the traceback as a note; DataError if the process died.
        """
        number, index = task
        seed = int(np.random.SeedSequence((self._seed, number)).generate_state(1)[0])
        worker = self._idle.get()
        try:
            return worker.ask(self._payload, index, seed)
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the processes at once; a thread that waits for one gets an error."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_JOIN_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
        self._workers = []


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self, context: Any) -> None:
        self._connection, other_end = context.Pipe()
        # A daemon: the process ends with this one, whatever happens.
        self.process = context.Process(target=_serve, args=(other_end,), daemon=True, name="layerlab-data")
        self.process.start()
        other_end.close()
        self._sent: bytes | None = None
        self._has_answered = False

    def ask(self, payload: bytes, index: int, seed: int) -> Any:
        try:
            is_new = payload is not self._sent
            self._connection.send((payload if is_new else None, index, seed))
            self._sent = payload
            kind, value = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise DataError(self._obituary()) from error
        self._has_answered = True
        if kind == "batch":
            return value
        if kind == "error":
            raise value
        raise DataError(explain(f"A worker process: {value}", fix=_USE_THREADS))

    def _obituary(self) -> str:
        self.process.join(_JOIN_SECONDS)
        code = self.process.exitcode
        if not self._has_answered:
            return explain(
                f"A worker process ended as it started (exit code {code}); what it wrote above says why.",
                fix=f'in a script, train under `if __name__ == "__main__":`; or {_USE_THREADS}',
            )
        return explain(
            f"A worker process died (exit code {code}) while it loaded a batch.",
            fix=f"fewer workers if memory ran out; or {_USE_THREADS}",
        )


_USE_THREADS = "leave use_multiprocessing=False, which loads in threads"


def _pickled(dataset: object) -> bytes:
    """The data set as bytes. A class of a notebook, which no other process can import, goes by value."""
    name = type(dataset).__name__
    main = sys.modules.get("__main__")
    is_of_notebook = type(dataset).__module__ == "__main__" and not hasattr(main, "__file__")
    by_value = importlib.import_module("cloudpickle") if importlib.util.find_spec("cloudpickle") else None
    if is_of_notebook and by_value is None:
        raise UnsupportedError(
            explain(
                f"{name} is defined in a notebook or console, so worker processes cannot import it.",
                fix=f"pip install cloudpickle; or move it to a .py file and import it; or {_USE_THREADS}",
            )
        )
    try:
        return by_value.dumps(dataset) if is_of_notebook and by_value else pickle.dumps(dataset, protocol=5)
    except Exception as error:  # what cannot be pickled raises all sorts of things
        raise InvalidArgumentError(
            explain(
                f"{name} cannot be sent to worker processes: {error}",
                expected="attributes that can be pickled (no open files, locks, lambdas, generators)",
                fix=f"open them in __getitem__ on first use; or {_USE_THREADS}",
            )
        ) from error


# -- in the process -----------------------------------------------------------------------------------


def _serve(connection: Connection) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the trainer deals with it
    dataset: Any = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            payload, index, seed = connection.recv()
            try:
                if payload is not None:
                    dataset = pickle.loads(payload)
            except Exception as error:
                answer = pickle.dumps(("failure", f"the data set cannot be read: {error!r}"))
            else:
                answer = _answer(dataset, index, seed)
            connection.send_bytes(answer)


def _answer(dataset: Any, index: int, seed: int) -> bytes:
    random.seed(seed)
    np.random.seed(seed)
    try:
        batch = dataset[index]
    except BaseException as error:
        return _pickled_error(error)
    try:
        return pickle.dumps(("batch", batch), protocol=5)
    except Exception as error:
        return pickle.dumps(("failure", f"batch {index} cannot be sent: {error!r}"))


def _pickled_error(error: BaseException) -> bytes:
    error.add_note("In a worker process:\n" + "".join(traceback.format_exception(error)))
    try:
        answer = pickle.dumps(("error", error))
        pickle.loads(answer)  # an exception with arguments of its own may only fail here
    except Exception:
        return pickle.dumps(("failure", "".join(traceback.format_exception(error))[-500:]))
    return answer
