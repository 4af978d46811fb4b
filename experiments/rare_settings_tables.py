"""The tables of experiments.rare_settings: P(accuracy > a) of random settings, over draws of sentences and words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from experiments.landscape_inputs import place
from experiments.reporting import Rows, estimate_columns, interval_columns
from rnnjax import resampling, splitting
from rnnjax.initializers import Sampler
from rnnjax.landscape import Architecture
from rnnjax.statistics import Interval

NAME = "rare_settings"
ACCURACIES = tuple(percent / 100 for percent in range(55, 100, 5))


def accuracies(highest: float) -> list[float]:
    """Those of ACCURACIES up to one of any value, which is not below the first."""
    return [accuracy for accuracy in ACCURACIES if accuracy <= highest + 1e-9]


def wanted_level(accuracy: float, num_sentences: int) -> int:
    """The level L with correct > L where correct / N > accuracy, as statistics.num_above has it."""
    return int(np.floor(accuracy * num_sentences + 1e-9 * num_sentences))


class Rates(NamedTuple):
    """P(accuracy > a) of one architecture under one sampler, in each of R draws."""

    rates: np.ndarray  # [R], estimates
    bounds: np.ndarray  # [R], where nothing was found what the rate does not exceed; else the estimate


def rates_of(climbs: Mapping[str, np.ndarray], here: str, draws: int, level: int) -> Rates:
    """Of the climbs of draws 0, 1, ..., whether scores exceed a level.

    Args:
        climbs: the arrays of result.npz.
        here: landscape_inputs.place.
        draws: R.
        level: a wanted one.
    """
    of = [splitting.rate_above(climbs[f"{here}{d}/levels"], climbs[f"{here}{d}/rates"], level) for d in range(draws)]
    return Rates(*np.array(of).T)


def mean_rate(of: Rates) -> Interval:
    """The mean over draws, with a bootstrap of draws; climbs are independent, so it has their variance too.

    Where some draws have no estimate the high end is of their bounds; where one draw is all there is, there is none.
    """
    if len(of.rates) == 1:
        return Interval(float(of.rates[0]), 0.0, np.inf)
    found, most = (resampling.mean(_draws(values)) for values in of)
    return Interval(found.estimate, found.low, most.high)


def typical_rate(of: Rates) -> Interval:
    """The median over draws; NaN where draws that have no estimate decide it, whose bounds then make the high end.

    Draws' rates differ by factors of thousands, so that the mean is that of the luckiest ones.
    """
    return _typical(*_logs(of))


def ratio(one: Rates, other: Rates) -> Interval:
    """The median over draws of the one's rate over the other's in the same draw; likewise."""
    return _typical(*log_ratio(one, other))


def log_ratio(one: Rates, other: Rates) -> tuple[np.ndarray, np.ndarray]:
    """What the logarithm of the one's rate over the other's is no less than in each draw, [R], and no more than."""
    (least, most), (other_least, other_most) = _logs(one), _logs(other)
    return least - other_most, most - other_least


def _typical(least: np.ndarray, most: np.ndarray) -> Interval:
    """exp of the median of logarithms [R] that lie between these."""
    low = resampling.median(least)
    high = low if np.array_equal(least, most) else resampling.median(most)
    estimate = low.estimate if low.estimate == high.estimate else np.nan
    ends = (low.low, high.high) if len(least) > 1 else (-np.inf, np.inf)
    return Interval(*np.exp([estimate, *ends]).tolist())


def _logs(of: Rates) -> tuple[np.ndarray, np.ndarray]:
    """Of the rates, minus infinity of none, and of the bounds."""
    with np.errstate(divide="ignore"):
        return np.log(of.rates), np.log(of.bounds)


def tail_rows(
    climbs: Mapping[str, np.ndarray],
    samplers: Sequence[Sampler],
    architectures: Sequence[Architecture],
    draws: int,
    num_sentences: int,
    highest: float,
) -> list[dict[str, Any]]:
    """Sampler x architecture x accuracy: the draws' rates, for summary.json."""
    return [
        {"sampler": sampler.spec, "architecture": architecture.name, "accuracy_above": accuracy}
        | {name: values.tolist() for name, values in rates._asdict().items()}
        | interval_columns("mean", mean_rate(rates))
        | interval_columns("typical", typical_rate(rates))
        for sampler in samplers
        for architecture in architectures
        for accuracy in accuracies(highest)
        for rates in [rates_of(climbs, place(sampler, architecture), draws, wanted_level(accuracy, num_sentences))]
    ]


def beside(rows: Rows) -> Iterator[dict[str, Any]]:
    """Of tail_rows a line a sampler, shape and accuracy: both cells' rates, and the second's over the first's."""
    cells = [{**row, **dict(zip(("cell", "shape"), row["architecture"].rsplit("_", 1), strict=True))} for row in rows]
    where = ("sampler", "shape", "accuracy_above")

    def kind(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in where)

    order = list(dict.fromkeys(map(kind, cells)))
    for key, group in groupby(sorted(cells, key=lambda row: order.index(kind(row))), key=kind):
        first, *others = group
        line = dict(zip(where, key, strict=True)) | {"draws": len(first["rates"])} | _rate_columns(first)
        if not others:
            yield line
        for other in others:
            of_both = ratio(read(other), read(first))
            named = {"ratio": f"{other['cell']}/{first['cell']}"} | estimate_columns("ratio", of_both)
            yield line | _rate_columns(other) | named


def find(rows: Rows, sampler: str, architecture: str, accuracy: float) -> Rates | None:
    """Of tail_rows the rates of one kind; None if there are none."""
    for row in rows:
        same = (row["sampler"], row["architecture"]) == (sampler, architecture)
        if same and abs(row["accuracy_above"] - accuracy) < 1e-9:
            return read(row)
    return None


def read(row: Mapping[str, Any]) -> Rates:
    """The rates of a line of tail_rows."""
    return Rates(np.array(row["rates"], float), np.array(row["bounds"], float))


def joined(runs: Iterable[tuple[int, Rows]]) -> list[dict[str, Any]]:
    """The draws' rates of several runs as tail_rows of one, as long as no draw is missing between them.

    Args:
        runs: of each its first draw and its tail_rows, in the order of draws.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for first, tails in runs:
        for row in tails:
            kind = {name: row[name] for name in ("sampler", "architecture", "accuracy_above")}
            mine = rows.setdefault(tuple(kind.values()), kind | {"rates": [], "bounds": []})
            if len(mine["rates"]) == first:
                for name in ("rates", "bounds"):
                    mine[name] += row[name]
    return [row for row in rows.values() if row["rates"]]


def _rate_columns(row: Mapping[str, Any]) -> dict[str, Any]:
    cell, ends = row["cell"], ("", "_low", "_high")
    columns = {f"{cell}_{what}{end}": row[f"{what}{end}"] for what in ("typical", "mean") for end in ends}
    return {f"{cell}_found_in": int(np.count_nonzero(row["rates"]))} | columns


def _draws(values: np.ndarray) -> list[np.ndarray]:
    """[R] as R draws of one value each."""
    return [np.array([value]) for value in values]
