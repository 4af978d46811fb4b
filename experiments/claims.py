"""The thesis' claims as data (claims.json), and what a test of one is.

A test makes, of the summary.json of some of the programme's steps, the parts of evidence that the claim rests on; the
verdicts are rnnjax.verdicts'. "Equal" and "similar" are equivalences, and "much" and "far" are more than the same
margins (rnnjax.verdicts). BUILD_NOTES.md lists what was changed after results were known.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rnnjax.verdicts import Evidence

RATE_MARGIN = 0.05  # of rates that are equal; of rates that are much larger, at least
MEAN_MARGIN = 0.02  # of mean accuracies
TAIL_FACTOR = 2.0  # of tails that are equal; "far rarer" is more than that

Found = Mapping[str, Mapping[str, Any]]  # summary.json by the programme's steps, of those that there are


class Claim(NamedTuple):
    """One checkable sentence of the thesis."""

    id: str  # "C01"
    section: str  # of the thesis
    says: str
    shows: str  # what would show it, as listed before anything was run
    chose_the_protocol: bool  # some of its numbers were used to choose ours


class Test(NamedTuple):
    """How a claim is judged."""

    states: str  # what is compared with what, and by which rule, for the report
    steps: tuple[str, ...]  # of the programme, on which it rests
    figures: tuple[str, ...]  # "capacity/figure_4_6.png", most telling first
    evidence: Callable[[Found], list[Evidence]]  # raises KeyError where a step's summary lacks something
    unstopped: Callable[[Found], list[Evidence]] | None = None  # the same without early stop
    matched: Callable[[Found], list[Evidence]] | None = None  # and for RNNs with a GRU's number of parameters


Test.__test__ = False  # type: ignore[attr-defined]  # nothing for pytest to collect

CLAIMS = {row["id"]: Claim(**row) for row in json.loads(Path(__file__).with_name("claims.json").read_text())}
