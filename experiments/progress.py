"""A progress line on a terminal, and its words in the log from time to time."""

import logging
import shutil
import sys
import time
from collections.abc import Sequence

_LOG_EVERY = 10.0  # seconds
_DRAW_EVERY = 0.2


class Progress:
    """How far a run of several tasks is: what is under way, its rate, and the time left for all.

    Tasks differ in what one unit costs, so the time left weighs the units by their expected cost.
    """

    def __init__(self, what: str, units: Sequence[int], costs: Sequence[float], log: logging.Logger) -> None:
        """Set up for len(units) tasks.

        Args:
            what: what a unit is, such as "settings".
            units: of each task.
            costs: the expected cost of one unit of each task, in any unit of time.
            log: for the lines of a run that nobody watches.
        """
        self._what, self._units, self._costs, self._log = what, list(units), list(costs), log
        self._remaining = sum(n * cost for n, cost in zip(units, costs, strict=True))
        self._worked = self._seconds = 0.0  # cost done or spared by this process, and how long it took
        self._task, self._name, self._done = -1, "", 0
        self._task_units, self._task_seconds, self._last = 0, 0.0, time.monotonic()
        self._drawn = self._logged = 0.0

    def start(self, name: str) -> None:
        """The next task begins."""
        self._task, self._name, self._done = self._task + 1, name, 0
        self._task_units, self._task_seconds, self._last = 0, 0.0, time.monotonic()

    def resume(self) -> None:
        """Work goes on after something that is none, such as compiling: its time does not count."""
        self._last = time.monotonic()

    def skip(self, units: int) -> None:
        """Units of this task that were there already."""
        self._done += units
        self._remaining -= units * self._costs[self._task]
        self._last = time.monotonic()

    def spare(self, units: int) -> None:
        """Units of this task that turned out not to be needed; as many of the others will not be either."""
        self._worked += units * self._costs[self._task]
        self.skip(units)

    def advance(self, units: int) -> None:
        """Units of this task that were just done."""
        now = time.monotonic()
        self._seconds += now - self._last
        self._task_seconds += now - self._last
        self._worked += units * self._costs[self._task]
        self._task_units += units
        self._last = now
        self._done += units
        self._remaining -= units * self._costs[self._task]
        if sys.stderr.isatty() and now - self._drawn > _DRAW_EVERY:
            fitting = str(self)[: shutil.get_terminal_size().columns - 1]  # a longer one would leave lines behind
            print(f"\r\x1b[K{fitting}", end="", file=sys.stderr, flush=True)
            self._drawn = now
        if now - self._logged > _LOG_EVERY:
            self._log.debug("%s", self)
            self._logged = now

    def clear(self) -> None:
        """Remove the line from the terminal."""
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __str__(self) -> str:
        total = self._units[self._task]
        rate = self._task_units / max(self._task_seconds, 1e-9)
        left = self._remaining * self._seconds / self._worked if self._worked else float("nan")
        return (
            f"[{self._task + 1}/{len(self._units)}] {self._name}: {self._done:,}/{total:,} {self._what},"
            f" {rate:,.0f} {self._what}/s, {clock(left)} left in all"
        )


def clock(seconds: float) -> str:
    """A duration as h:mm:ss, "?" if it is NaN."""
    if seconds != seconds:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
