"""Figures as PNG files; drawn by another process where a programme has many, while this one trains.

    python -m experiments.drawing

is that other process: it reads orders from its standard input until that ends, which it does with whoever ordered.
"""

import contextlib
import pickle
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from matplotlib.figure import Figure

from rnnjax import results


def save_figure(path: Path, figure: Figure, resolution: int) -> None:
    """Write a PNG of so many dots an inch, whole or not at all."""
    with results.atomic_write(path) as file:
        figure.savefig(file, format="png", dpi=resolution)


class _Gone(RuntimeError):
    """Nobody answers."""


class Artist:
    """Another process that draws figures, one after the other; started by the first one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = ThreadPoolExecutor(1)  # waits for the process
        self._ordered: dict[Path, Future[Exception | None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._thread.shutdown()
        if self._process:
            self._process.communicate()

    def draw(self, path: Path, figure: Figure, resolution: int) -> None:
        """Have a figure written, as by save_figure; one that cannot be sent is drawn here."""
        try:
            order = pickle.dumps((path, figure, resolution))
        except (pickle.PicklingError, AttributeError, TypeError):
            save_figure(path, figure, resolution)
        else:
            self._ordered[path] = self._thread.submit(self._ask, order)

    def problems(self, folder: Path) -> list[Exception]:
        """When all figures of a folder are drawn: what kept some of them from it."""
        answers = [each.result() for path, each in self._ordered.items() if path.parent == folder]
        return [problem for problem in answers if problem]

    def _ask(self, order: bytes) -> Exception | None:
        """The answer to an order; one that is gone is replaced, but once, since the order may be what ended it."""
        answer = self._asked(order)
        if isinstance(answer, _Gone) and self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
            answer = self._asked(order)
        return answer

    def _asked(self, order: bytes) -> Exception | None:
        try:
            if not self._process:
                command, pipe = [sys.executable, "-m", __name__], subprocess.PIPE
                # In a session of its own, so that Ctrl-C ends it by way of its orders, without a word.
                self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True)
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(order)
            self._process.stdin.flush()
            answer: Exception | None = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            return _Gone("the process that draws figures is gone, or could not be started")
        return answer


def _serve(orders: IO[bytes], answers: IO[bytes]) -> None:
    with contextlib.suppress(EOFError, pickle.UnpicklingError, BrokenPipeError):  # whoever ordered is gone
        while True:
            order, problem = pickle.load(orders), None
            try:
                save_figure(*order)
            except Exception as error:
                problem = error
            pickle.dump(problem, answers)
            answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
