"""Each way in a process of its own, so that no thread pool, allocator or compiler setting disturbs another.

The processes live side by side and work in turn: the parent asks one, waits for its answer, asks the next.
"""

import contextlib
import importlib
import multiprocessing
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from benchmarks import machine


class Measurement(NamedTuple):
    """Of one way, once."""

    rate: float  # settings scored, or steps of networks trained, a second
    others: float  # cores that other programs kept busy; NaN where unknown

    @property
    def disturbed(self) -> bool:
        """Whether more than a fifth of a core: OpenMP's barriers do not bear much."""
        return self.others > 0.2


class Way:
    """A way of scoring random parameter settings, or of training networks; lives in a worker."""

    facts: Mapping[str, Any]  # how it was set up: sizes, threads, compile seconds, what else was tried

    def score(self) -> int:
        """Draw and score some settings, or train some steps; how many."""
        raise NotImplementedError

    def counts(self, params: Any) -> Any:
        """How many sentences each of S given settings classifies correctly, [S].

        Args:
            params: NumPy arrays, members last.
        """
        raise NotImplementedError

    def describe(self) -> Mapping[str, Any]:
        return self.facts

    def quick_rate(self) -> float:
        """Good enough to choose between forms: the best of three short measurements that nobody disturbed."""
        measured: list[Measurement] = []
        while len(measured) < 12 and sum(not each.disturbed for each in measured) < 3:
            measured.append(self.measure(0.25))
        return max(measured, key=lambda each: (not each.disturbed, each.rate)).rate

    def measure(self, seconds: float) -> Measurement:
        """Score for at least this long."""
        started, cpu, busy, done = time.perf_counter(), time.process_time(), machine.busy_seconds(), 0
        while time.perf_counter() - started < seconds:
            done += self.score()
        taken = time.perf_counter() - started
        others = (machine.busy_seconds() - busy - (time.process_time() - cpu)) / taken
        return Measurement(done / taken, others)


class Worker:
    """A process with one object in it; call(method, ...) calls the object's method there."""

    def __init__(self, factory: str, environment: Mapping[str, str], *args: Any) -> None:
        """Start the process and make the object.

        Args:
            factory: "module:name"; imported in the new process only.
            environment: variables for it, before anything is loaded.
            args: for the factory.
        """
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, factory, args), daemon=True)
        with _environment(environment):
            self._process.start()
        theirs.close()
        self._answer()

    def call(self, method: str, *args: Any) -> Any:
        """The method's value.

        Raises:
            RuntimeError: the method raised, or the process died.
        """
        self._pipe.send((method, args))
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()

    def _answer(self) -> Any:
        try:
            failure, value = self._pipe.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"a worker died, exit code {self._process.exitcode}") from None
        if failure is not None:
            raise RuntimeError(f"in a worker:\n{failure}")
        return value


def _serve(pipe: Connection, factory: str, args: tuple[Any, ...]) -> None:
    try:
        module, name = factory.split(":")
        instance = getattr(importlib.import_module(module), name)(*args)
        pipe.send((None, None))
        while True:
            method, arguments = pipe.recv()
            pipe.send((None, getattr(instance, method)(*arguments)))
    except (EOFError, KeyboardInterrupt):
        return  # the parent has closed the pipe
    except Exception:
        pipe.send((traceback.format_exc(), None))


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
