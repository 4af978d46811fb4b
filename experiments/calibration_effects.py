"""Do the conclusions depend on the protocol? Every protocol's networks, asked for the differences that they can show.

The report repeats all verdicts under four protocols. Calibration trains few networks under each of hundreds, enough to
see whether an effect changes its sign anywhere among those that the printed numbers leave possible, or beyond. Some of
these numbers are about the same networks, so what they leave possible is not independent of the effects; the ruled out
are counted too.
"""

from collections.abc import Container, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments import reporting
from experiments.calibration_candidates import FITTED, Candidate
from experiments.calibration_ranking import Ranked, in_report
from rnnjax import plotting, resampling
from rnnjax.statistics import Interval

_RATE = 0.9


class Effect(NamedTuple):
    """A difference between two of FITTED's networks, each an architecture and whether it is frozen."""

    claim: str
    data: str
    one: tuple[str, bool]
    other: tuple[str, bool]
    is_rate: bool  # of success rates above 90 %, otherwise of mean accuracies

    @property
    def name(self) -> str:
        """In words, for tables and figures."""
        measure = "above 90 %" if self.is_rate else "mean accuracy"
        return f"{self.data}: {_title(*self.one)} minus {_title(*self.other)}, {measure}"

    def measured(self, accuracy: np.ndarray) -> Interval:
        """The difference, with its interval over draws and seeds.

        Args:
            accuracy: of FITTED's networks, [10, R, S].
        """
        one, other = (list(accuracy[FITTED.index((self.data, *network))]) for network in (self.one, self.other))
        if self.is_rate:
            one, other = (resampling.success(draws, _RATE) for draws in (one, other))
        return resampling.difference(one, other)


def _title(architecture: str, frozen: bool) -> str:
    cell, shape = architecture.split("_")
    return f"{'frozen ' if frozen else ''}{cell.upper()} {shape}"


_RNN, _GRU, _FROZEN = ("rnn_2x4", False), ("gru_2x4", False), ("gru_2x4", True)
# What C23's and C24's orders say of GRU and RNN (their other variants are not trained here), and C22 (FirstII with 2
# units, where the thesis has none above 90 %, included).
EFFECTS = tuple(
    Effect(claim, data, one, other, is_rate)
    for data, order in (("CountII", "C23"), ("FirstII", "C24"))
    for claim, one, other, is_rate in (
        (order, _GRU, _RNN, False),
        (order, _GRU, _RNN, True),
        ("C22", _FROZEN, _RNN, True),
        ("C22", _FROZEN, _GRU, True),
        ("C22", ("gru_2x2", True), ("gru_2x2", False), True),
    )
)


def measure(ranking: Sequence[Ranked]) -> list[list[Interval]]:
    """EFFECTS' intervals under every protocol of the ranking."""
    return [[effect.measured(ranked.accuracy) for effect in EFFECTS] for ranked in ranking]


def protocol_rows(ranking: Sequence[Ranked], found: Sequence[Sequence[Interval]]) -> list[dict[str, Any]]:
    """A row a protocol: its fields, and every effect in points."""
    rows = []
    for place, (ranked, intervals) in enumerate(zip(ranking, found, strict=True), 1):
        rows.append({"rank": place, **ranked.candidate.row()})
        for effect, interval in zip(EFFECTS, intervals, strict=True):
            rows[-1] |= reporting.percent_columns(effect.name, interval)
    return rows


def effect_rows(
    ranking: Sequence[Ranked], found: Sequence[Sequence[Interval]], possible: Container[Candidate]
) -> list[dict[str, Any]]:
    """Two rows an effect: in how many protocols that are possible, and that are ruled out, it is on which side of 0."""
    rows = []
    for i, effect in enumerate(EFFECTS):
        for title, wanted in (("possible", True), ("ruled out", False)):
            own = [
                intervals[i]
                for ranked, intervals in zip(ranking, found, strict=True)
                if (ranked.candidate in possible) is wanted
            ]
            if own:
                rows.append({"effect": effect.name, "claim": effect.claim, "protocols": title} | _summary(own))
    return rows


def _summary(intervals: Sequence[Interval]) -> dict[str, Any]:
    estimates = 100 * np.array([interval.estimate for interval in intervals])
    return {
        "number": len(intervals),
        "above_0": int((estimates > 0).sum()),
        "interval_above_0": sum(interval.low > 0 for interval in intervals),
        "interval_below_0": sum(interval.high < 0 for interval in intervals),
        "least": float(estimates.min()),
        "median": float(np.median(estimates)),
        "most": float(estimates.max()),
    }


class _Kind(NamedTuple):
    """Protocols that are drawn alike."""

    label: str
    chosen: np.ndarray  # [M] bool
    colour: str
    marker: str


@plotting.house_style()
def figure(ranking: Sequence[Ranked], found: Sequence[Sequence[Interval]], possible: Container[Candidate]) -> Figure:
    """A row an effect, a dot a protocol."""
    fig = plotting.new_figure(7.2, 0.42 * len(EFFECTS) + 1.4)
    ax = fig.subplots()
    estimates = 100 * np.array([[interval.estimate for interval in intervals] for intervals in found])  # [M, effects]
    kinds = [kind for kind in _kinds(ranking, possible) if kind.chosen.any()]
    heights = np.random.default_rng(0).uniform(-0.3, 0.3, len(ranking))  # a protocol has its own in every row
    for i, effect in enumerate(estimates.T):
        for _, chosen, colour, marker in kinds:
            ax.plot(effect[chosen], i + heights[chosen], marker, color=colour, ms=4, mew=0.7, alpha=0.7)
    ax.set_yticks(range(len(EFFECTS)), [f"{effect.name} ({effect.claim})" for effect in EFFECTS])
    ax.set_ylim(len(EFFECTS) - 0.5, -0.5)
    ax.axvline(0, color="0.4", lw=0.6)
    ax.set_xlabel("difference (points)")
    handles = [Line2D([], [], ls="", ms=4, label=k.label, color=k.colour, marker=k.marker) for k in kinds]
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    draws, seeds = ranking[0].accuracy.shape[1:]
    fig.suptitle(
        f"Calibration: the same differences under every one of {len(ranking)} protocols\n"
        f"({draws} draws x {seeds} seeds of each network under each; possible: not ruled out by the printed numbers)",
        size=8,
    )
    return fig


def _kinds(ranking: Sequence[Ranked], possible: Container[Candidate]) -> list[_Kind]:
    is_possible = np.array([ranked.candidate in possible for ranked in ranking])
    is_ours = np.array([bool(in_report(ranked.candidate)) for ranked in ranking])
    return [
        _Kind(f"possible ({is_possible.sum()} protocols)", is_possible, plotting.COLOURS["gru"], "."),
        _Kind(f"ruled out ({(~is_possible).sum()})", ~is_possible, plotting.COLOURS["rnn"], "x"),
        _Kind(f"in the report ({is_ours.sum()})", is_ours, "black", "d"),
    ]
