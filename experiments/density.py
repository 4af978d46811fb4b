"""Trainability beside solution density (claim C28): how far training multiplies the frequency of an accuracy.

Of each cell and shape P(accuracy > a) after training (section 4.2.2's FirstI networks, all draws; intervals draw
first, then seeds) over P(accuracy > a) of random settings (section 4.6.1's, the same data set); then that quotient of
the GRU over that of the RNN. The thesis argues that solutions are as frequent for both cells and successes are not, so
the GRU is more trainable, not more capable. The quotient divides the frequency of solutions out, so it decides whether
training adds more to a GRU even where solutions are not as frequent (whether they are is C26). C28 holds where the GRU
succeeds more often and its quotient is the larger one under the distribution that training starts from, beside the RNN
of its shape, of which the thesis speaks. Beside the RNN of its number of parameters, where it was sampled, the table
has the same as a control. The quotients are judged at a = 0.60, the lowest of the table: under that distribution
a million settings reach hardly more, so further up counts give lower bounds only. No share exceeds 1: where most RNNs
reach a, the quotients can hardly differ but by the settings.

Under a distribution that experiments.rare_settings has climbed, its rates stand instead of counts: the median over
draws and, for the ratio, that of the two cells' ratio in one draw. Rates so far up differ between draws by factors of
thousands, so that a mean of ten draws is one draw's; successes after training do not, and are means as before.

Random settings of one draw of sentences and words have Clopper and Pearson's interval, and the two cells' ratio the
exact conditional one; they cover the drawing of settings alone. Of several landscapes, each of another draw, the mean
share's interval is at either end the wider of Fay and Feuer's (1997, for means of rates of unequal counts) and a
bootstrap of draws; of a share that is 0 in all of them it ends where resampling.end_of_none says, for draws whose
shares have a squared coefficient of variation of 4, which is no less than that of 95 % of this study's shares up to
1 % (BUILD_NOTES.md, Statistics). The ratio's is the wider of the exact one on all counts together and a bootstrap, or
where one cell has none the corners of the two shares' intervals. A quotient of two intervals runs from low over high to
high over low. That is wider than need be, but never too narrow, however the two depend on each other (words that make
training easy may make solutions frequent too); by splitting, in draws that trained networks have too, the ratio of the
quotients has them resampled for both together instead. Where no setting was found a quotient is infinite, with a finite
lower end; where none of either cell was, the two quotients have no ratio.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy

from experiments.claims_evidence import above, accuracies
from experiments.claims_rows import ends, of_networks
from experiments.controls import matched_rnn
from experiments.rare_settings_tables import Rates, find, log_ratio, typical_rate
from experiments.rare_settings_tables import ratio as rate_ratio
from experiments.reporting import Rows, interval_columns
from rnnjax import resampling, statistics
from rnnjax.landscape import parse_architecture
from rnnjax.resampling import Draws
from rnnjax.statistics import CONFIDENCE, Interval
from rnnjax.verdicts import Evidence

Summary = Mapping[str, Any]  # a summary.json

SHAPES = ("2x2", "2x4", "4x2", "4x4")
THRESHOLDS = tuple(percent / 100 for percent in range(60, 100, 5))
HEADLINE = "pytorch:1"  # the distribution that training starts from
SUCCESS, DECIDING = 0.9, 0.6  # accuracies at which C28 compares successes, and quotients
SPREAD = 4.0  # squared coefficient of variation of draws' shares where these are so near 0 that no setting is above
SAME, MATCHED = "same shape", "same number of parameters"
_DATA = "FirstI"


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


def density(
    capacity: Summary,
    *landscapes: Summary,
    rare: Summary | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    besides: Sequence[str] = (SAME, MATCHED),
) -> list[dict[str, Any]]:
    """Sampling distribution x shape x RNN (of the shape; of the GRU's parameters, where it was sampled) x accuracy.

    Args:
        capacity: summary.json of experiments.capacity.
        landscapes: of experiments.landscape, each of another draw of sentences and words.
        rare: of experiments.rare_settings (`tails`, `particles`), whose rates stand where it has both cells'.
        thresholds: accuracies a, of those that a landscape has tabulated.
        besides: the RNNs that stand beside a GRU.

    Raises:
        KeyError: a number that is needed is not there.
    """
    rows = []
    samplers = list(dict.fromkeys(tabulated["sampler"] for tabulated in _tails(landscapes[0])))
    for shape in SHAPES:
        for which in besides:
            rnn = f"rnn_{shape}" if which == SAME else _matched(shape)
            for accuracy in thresholds:
                networks = _trained(capacity, shape, which, accuracy)
                trained = _trained_row(shape, which, accuracy, *networks)
                for sampler in samplers:
                    where = sampler, rnn, f"gru_{shape}", accuracy
                    random = (_split(rare, *where) if rare else None) or _counted(landscapes, *where)
                    if random is not None:
                        rows.append({"sampler": sampler} | trained | _beside_random(trained, random, *networks))
                    elif which == SAME:
                        raise KeyError(f"landscape: tails of {rnn} and of a GRU, above {accuracy:g}")
    return sorted(rows, key=lambda row: samplers.index(row["sampler"]))


def headline(rows: Rows) -> list[dict[str, Any]]:
    """Of density's lines one number a cell, shape and distribution: quotients above DECIDING, cells of one shape."""
    named = {"rnn_quotient": "rnn", "gru_quotient": "gru", "quotient_ratio": "gru_over_rnn"}
    judged = [row for row in rows if (row.get("beside"), row.get("accuracy_above")) == (SAME, DECIDING)]
    return [
        {"settings_from": row["sampler"], "shape": row["shape"], "networks": row["networks"]}
        | {f"{new}{end}": row[f"{old}{end}"] for old, new in named.items() for end in ("", "_low", "_high")}
        for row in judged
    ]


def _trained(capacity: Summary, shape: str, which: str, accuracy: float) -> tuple[Draws, Draws]:
    """Which RNNs and which GRUs are above an accuracy after training.

    Args:
        capacity: as of density.
        shape: of the GRU.
        which: SAME or MATCHED, the RNN that stands beside it.
        accuracy: in [0, 1].

    Raises:
        KeyError: a condition is not there.
    """
    name = f"rnn_{shape}" if which == SAME else f"matched_gru_{shape}/{_matched(shape)}"
    rnn, gru = (above(_accuracies(capacity, each), accuracy) for each in (name, f"gru_{shape}"))
    return rnn, gru


def _trained_row(shape: str, which: str, accuracy: float, rnn: Draws, gru: Draws) -> dict[str, Any]:
    """After training: the shares above an accuracy, and the GRU's minus and over the RNN's."""
    name = f"rnn_{shape}" if which == SAME else _matched(shape)
    row: dict[str, Any] = {"shape": shape, "rnn": name, "beside": which, "accuracy_above": accuracy}
    row |= {"networks": min(_count(rnn), _count(gru)), "draws": len(gru)}
    row |= interval_columns("rnn_trained", resampling.mean(rnn)) | interval_columns("gru_trained", resampling.mean(gru))
    row |= interval_columns("trained_difference", resampling.difference(gru, rnn))
    return row | interval_columns("trained_ratio", resampling.ratio(gru, rnn))


def evidence(capacity: Summary, *landscapes: Summary, rare: Summary | None = None) -> list[Evidence]:
    """C28's parts: for every shape successes beside the RNN of the same shape, and the ratio of the quotients.

    Arguments and errors as of density.
    """
    parts = []
    for shape in SHAPES:
        row = _trained_row(shape, SAME, SUCCESS, *_trained(capacity, shape, SAME, SUCCESS))
        gain = ends(row, "trained_difference")
        what = f"GRU minus RNN {shape}, above {100 * SUCCESS:g} % after training"
        parts.append(of_networks(what, gain, row["networks"], row["draws"], above=0.0))
    rows = density(capacity, *landscapes, rare=rare, thresholds=(DECIDING,), besides=(SAME,))
    judged = [row for row in rows if row["sampler"] == HEADLINE]
    if not judged:
        raise KeyError(f"landscape: tails of {HEADLINE}")
    for row in judged:
        pair = f"GRU over RNN {row['shape']}"
        what = f"trained over random above {100 * DECIDING:g} %, {pair}, settings from {HEADLINE}"
        members = min(row["quotient_networks"], row["random_members"])
        draws = min(row["draws"], row["random_draws"])
        parts.append(of_networks(what, ends(row, "quotient_ratio"), members, draws, above=1.0, ratio=True))
    return parts


def tail(landscapes: Sequence[Summary], sampler: str, architecture: str, accuracy: float) -> Tail | None:
    """How many settings of all landscapes lie above an accuracy; None if one of them has not sampled the architecture.

    Args:
        landscapes: as of density.
        sampler: such as "pytorch:1".
        architecture: such as "gru_2x4".
        accuracy: one that is tabulated.
    """
    cell, _, shape = architecture.rpartition("_")
    found = Tail([], [])
    for landscape in landscapes:
        rows = (row for row in _tails(landscape) if (row["sampler"], row["shape"]) == (sampler, shape))
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
        return Interval(0.0, 0.0, resampling.end_of_none(of.settings, SPREAD))
    if len(of.above) == 1:
        low, high = scipy.stats.binomtest(of.above[0], of.settings[0]).proportion_ci(CONFIDENCE, method="exact")
        return Interval(over_draws.estimate, float(low), float(high))
    counted = statistics.mean_rate(of.above, of.settings)
    return Interval(over_draws.estimate, min(counted.low, over_draws.low), max(counted.high, over_draws.high))


def random_ratio(one: Tail, other: Tail) -> Interval:
    """The one's share of random settings over the other's, of the means over landscapes; NaN if both are 0."""
    counted = statistics.ratio_of_rates(sum(one.above), sum(one.settings), sum(other.above), sum(other.settings))
    if len(one.above) == 1:
        return counted
    if not (any(one.above) and any(other.above)):
        return over(random_rate(one), random_rate(other))
    over_draws = resampling.ratio(one.rates, other.rates)
    return Interval(over_draws.estimate, min(counted.low, over_draws.low), max(counted.high, over_draws.high))


def over(one: Interval, other: Interval) -> Interval:
    """one / other of two intervals from 0 on, at their corners; what is 0 / 0 or ∞ / ∞ is NaN, as an end 0 or ∞."""
    low, high = _quotient(one.low, other.high), _quotient(one.high, other.low)
    return Interval(
        _quotient(one.estimate, other.estimate), 0.0 if np.isnan(low) else low, np.inf if np.isnan(high) else high
    )


def _counted(landscapes: Sequence[Summary], sampler: str, rnn: str, gru: str, accuracy: float) -> RandomSettings | None:
    """As the landscapes count them; None if they have not sampled one of the two."""
    rnns, grus = (tail(landscapes, sampler, name, accuracy) for name in (rnn, gru))
    if rnns is None or grus is None:
        return None
    scored = {"rnn_above": sum(rnns.above), "rnn_settings": sum(rnns.settings)}
    scored |= {"gru_above": sum(grus.above), "gru_settings": sum(grus.settings)}
    members = min(sum(rnns.settings), sum(grus.settings))
    rates = random_rate(rnns), random_rate(grus)
    return RandomSettings("counting", len(landscapes), members, scored, *rates, random_ratio(grus, rnns))


def _split(rare: Summary, sampler: str, rnn: str, gru: str, accuracy: float) -> RandomSettings | None:
    """By multilevel splitting; None if there is nothing of one of the two."""
    rnns, grus = (find(rare["tails"], sampler, name, accuracy) for name in (rnn, gru))
    if rnns is None or grus is None:
        return None
    draws = min(len(rnns.rates), len(grus.rates))  # of some shapes there are more
    rnns, grus = (Rates(*(values[:draws] for values in of)) for of in (rnns, grus))
    scored = {f"{cell}_found_in": int(np.count_nonzero(of.rates)) for cell, of in (("rnn", rnns), ("gru", grus))}
    rates = typical_rate(rnns), typical_rate(grus), rate_ratio(grus, rnns)
    return RandomSettings("splitting", draws, draws * rare["particles"], scored, *rates, (rnns, grus))


def _beside_random(trained: Mapping[str, Any], random: RandomSettings, rnn: Draws, gru: Draws) -> dict[str, Any]:
    """The columns of random settings, and quotients of what is after training and before."""
    row: dict[str, Any] = {"random_by": random.by, "random_draws": random.draws, "random_members": random.members}
    row |= random.scored
    for cell, rate in (("rnn", random.rnn), ("gru", random.gru)):
        row |= interval_columns(f"{cell}_random", rate)
        row |= interval_columns(f"{cell}_quotient", over(ends(trained, f"{cell}_trained"), rate))
    row |= interval_columns("random_ratio", random.ratio)
    if random.both is None:
        quotients, draws = over(ends(trained, "trained_ratio"), random.ratio), len(gru)
    else:
        draws = min(len(gru), random.draws)
        quotients = _draw_by_draw(rnn[:draws], gru[:draws], *random.both)
    row["quotient_networks"] = min(_count(rnn[:draws]), _count(gru[:draws]))
    return row | interval_columns("quotient_ratio", quotients)


def _draw_by_draw(rnn: Draws, gru: Draws, random_rnn: Rates, random_gru: Rates) -> Interval:
    """The ratio of the quotients in R draws, the first of random settings, resampled for both together."""
    factors = log_ratio(random_rnn, random_gru)
    least, most = (resampling.scaled_ratio(gru, rnn, logs[: len(gru)]) for logs in factors)
    return Interval(least.estimate if least.estimate == most.estimate else np.nan, least.low, most.high)


def _tails(landscape: Summary) -> Rows:
    if "tails" not in landscape:
        raise KeyError("landscape: tails")
    rows: Rows = landscape["tails"]
    return rows


def _matched(shape: str) -> str:
    return matched_rnn(parse_architecture(f"gru_{shape}")).name


def _accuracies(capacity: Summary, name: str) -> Draws:
    return accuracies({"capacity": capacity}, "capacity", f"{_DATA}/{name}")


def _count(draws: Draws) -> int:
    return sum(map(len, draws))


def _quotient(top: float, bottom: float) -> float:
    if bottom == 0:
        return np.nan if top == 0 or np.isnan(top) else np.inf
    return float(np.divide(top, bottom)) if np.isfinite(top) or np.isfinite(bottom) else np.nan
