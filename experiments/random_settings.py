"""How often random settings of an RNN and of a GRU lie above an accuracy: counted in landscapes, or by splitting.

Random settings of one draw of sentences and words have Clopper and Pearson's interval, and the two cells' ratio the
exact conditional one; they cover the drawing of settings alone. Of several landscapes, each of another draw, the mean
share's interval is at either end the wider of Fay and Feuer's (1997, for means of rates of unequal counts) and a
bootstrap of draws; of a share that is 0 in all of them it ends where resampling.end_of_none says, for draws whose
shares have a squared coefficient of variation of 4, which is no less than that of 95 % of this study's shares up to
1 % (BUILD_NOTES.md, Statistics). The ratio's is at either end the wider of a bootstrap and of one for the drawing of
settings alone: the exact one on all counts together where all landscapes have as many settings, and otherwise, since
counts together would weigh the larger ones more, Fay and Feuer's of both shares, combined by Newcombe's squares in
logarithms. Where one cell has none it has the corners of the two shares' intervals.

By splitting (experiments.rare_settings) a rate is the median over draws, and the ratio that of the two cells' ratio in
one draw. Rates so far up differ between draws by factors of thousands, so that a mean of ten draws is one draw's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy

from experiments.claims_rows import over
from experiments.rare_settings_tables import Rates, find, typical_rate
from experiments.rare_settings_tables import ratio as rate_ratio
from experiments.reporting import Rows
from rnnjax import resampling, statistics
from rnnjax.statistics import CONFIDENCE, Interval

Summary = Mapping[str, Any]  # a summary.json

SPREAD_OF_SHARES = 4.0  # squared coefficient of variation of draws' shares that are so near 0 that no setting is above


class Tail(NamedTuple):
    """Random settings of one architecture above an accuracy, of each landscape."""

    above: list[int]
    settings: list[int]

    @property
    def rates(self) -> list[np.ndarray]:
        """R of [1]."""
        return [np.array([above / settings]) for above, settings in zip(*self, strict=True)]


class RandomSettings(NamedTuple):
    """How often random settings of an RNN and of a GRU lie above an accuracy."""

    by: str  # counting or splitting
    draws: int
    members: int  # settings drawn, of the cell with fewer
    scored: dict[str, int]  # columns of the table that tell what the rates rest on
    rnn: Interval
    gru: Interval
    ratio: Interval  # GRU over RNN
    both: tuple[Rates, Rates] | None = None  # by splitting: RNN's and GRU's in each draw


def tail(landscapes: Sequence[Summary], sampler: str, architecture: str, accuracy: float) -> Tail | None:
    """How many settings of all landscapes lie above an accuracy; None if one of them has not sampled the architecture.

    Args:
        landscapes: summary.json of experiments.landscape, each of another draw of sentences and words.
        sampler: such as "pytorch:1".
        architecture: such as "gru_2x4".
        accuracy: one that is tabulated.
    """
    cell, _, shape = architecture.rpartition("_")
    found = Tail([], [])
    for landscape in landscapes:
        rows = (row for row in tabulated(landscape) if (row["sampler"], row["shape"]) == (sampler, shape))
        mine = [row for row in rows if f"{cell}_above" in row and abs(row["accuracy_above"] - accuracy) < 1e-9]
        if not mine:
            return None
        found.above.append(mine[0][f"{cell}_above"])
        found.settings.append(mine[0][f"{cell}_settings"])
    return found


def random_rate(of: Tail) -> Interval:
    """The share of random settings above an accuracy, the mean over landscapes; see above for the interval."""
    over_draws = resampling.mean(of.rates)
    if not any(of.above) and len(of.above) > 1:  # resamples of nothing tell nothing of other draws
        return Interval(0.0, 0.0, resampling.end_of_none(of.settings, SPREAD_OF_SHARES))
    if len(of.above) == 1:
        low, high = scipy.stats.binomtest(of.above[0], of.settings[0]).proportion_ci(CONFIDENCE, method="exact")
        return Interval(over_draws.estimate, float(low), float(high))
    counted = statistics.mean_rate(of.above, of.settings)
    return Interval(over_draws.estimate, min(counted.low, over_draws.low), max(counted.high, over_draws.high))


def random_ratio(one: Tail, other: Tail) -> Interval:
    """The one's share of random settings over the other's, of the means over landscapes; NaN if both are 0."""
    if len(one.above) == 1:
        return _counted_together(one, other)
    if not (any(one.above) and any(other.above)):
        return over(random_rate(one), random_rate(other))
    alike = all(len(set(of.settings)) == 1 for of in (one, other))
    counted = _counted_together(one, other) if alike else _counted_apart(one, other)
    over_draws = resampling.ratio(one.rates, other.rates)
    return Interval(over_draws.estimate, min(counted.low, over_draws.low), max(counted.high, over_draws.high))


def _counted_together(one: Tail, other: Tail) -> Interval:
    return statistics.ratio_of_rates(sum(one.above), sum(one.settings), sum(other.above), sum(other.settings))


def _counted_apart(one: Tail, other: Tail) -> Interval:
    """Of means of rates of which none is 0, each with the interval of its own counts."""
    above, below = (Interval(*np.log(statistics.mean_rate(*of)).tolist()) for of in (one, other))
    return Interval(*np.exp(resampling.newcombe(above, below)).tolist())


def counted(landscapes: Sequence[Summary], sampler: str, rnn: str, gru: str, accuracy: float) -> RandomSettings | None:
    """As landscapes count them; None if they have not sampled one of the two.

    Args:
        landscapes: as of tail.
        sampler: such as "pytorch:1".
        rnn: architecture, such as "rnn_2x4".
        gru: likewise.
        accuracy: one that is tabulated.
    """
    rnns, grus = (tail(landscapes, sampler, name, accuracy) for name in (rnn, gru))
    if rnns is None or grus is None:
        return None
    scored = {"rnn_above": sum(rnns.above), "rnn_settings": sum(rnns.settings)}
    scored |= {"gru_above": sum(grus.above), "gru_settings": sum(grus.settings)}
    members = min(sum(rnns.settings), sum(grus.settings))
    rates = random_rate(rnns), random_rate(grus)
    return RandomSettings("counting", len(landscapes), members, scored, *rates, random_ratio(grus, rnns))


def split(rare: Summary, sampler: str, rnn: str, gru: str, accuracy: float) -> RandomSettings | None:
    """By multilevel splitting, in the draws that both have; None if there is nothing of one of the two.

    Args:
        rare: of experiments.rare_settings: `tails`, `particles`.
        sampler: as of counted, and so are the others.
    """
    rnns, grus = (find(rare["tails"], sampler, name, accuracy) for name in (rnn, gru))
    if rnns is None or grus is None:
        return None
    draws = min(len(rnns.rates), len(grus.rates))  # some shapes have more
    rnns, grus = (Rates(*(values[:draws] for values in of)) for of in (rnns, grus))
    scored = {f"{cell}_found_in": int(np.count_nonzero(of.rates)) for cell, of in (("rnn", rnns), ("gru", grus))}
    rates = typical_rate(rnns), typical_rate(grus), rate_ratio(grus, rnns)
    return RandomSettings("splitting", draws, draws * rare["particles"], scored, *rates, (rnns, grus))


def tabulated(landscape: Summary) -> Rows:
    """The tails of a landscape, a row a sampler, shape and accuracy.

    Raises:
        KeyError: it has none.
    """
    if "tails" not in landscape:
        raise KeyError("landscape: tails")
    rows: Rows = landscape["tails"]
    return rows
