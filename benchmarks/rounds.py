"""Ways measured in turn, round after round, so that whatever the machine does strikes all alike."""

import argparse
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.worker import Measurement, Worker

_PATIENCE = 4  # this many times as many rounds as wanted, at most

Round = Mapping[str, Measurement]  # all ways, measured once


def measure(workers: Mapping[str, Worker], wanted: int, seconds: float) -> list[Round]:
    """Measure all in turn; rounds that other programs disturbed are replaced as long as there is hope."""
    done: list[Round] = []
    names = list(workers)
    while len(done) < _PATIENCE * wanted and sum(not disturbed(each) for each in done) < wanted:
        first = len(done) % len(names)
        order = names[first:] + names[:first]
        done.append({name: workers[name].call("measure", seconds) for name in order})
    return sorted(done, key=others)[:wanted]


def others(measured: Round) -> float:
    """Cores that other programs kept busy, at the worst."""
    return max(each.others for each in measured.values())


def disturbed(measured: Round) -> bool:
    """Whether other programs kept more than a little of a core busy."""
    return any(each.disturbed for each in measured.values())


def summary(rounds: Sequence[Round], name: str, ours: str) -> dict[str, Any]:
    """A way's rates, and how many times faster ours is: medians over the rounds."""
    rates = [each[name].rate for each in rounds]
    ratios = [each[ours].rate / each[name].rate for each in rounds]
    return {"rate": statistics.median(rates), "rates": rates, "ratio": statistics.median(ratios)}


def positive(text: str) -> int:
    """A command line's whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seconds(text: str) -> float:
    """A command line's duration: finite, above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no duration; valid: a finite number above 0")
    return number
