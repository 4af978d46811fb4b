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

How often random settings lie above an accuracy, with its interval, is random_settings'. A quotient of two intervals
runs from low over high to high over low. That is wider than need be, but never too narrow, however the two depend on
each other (words that make training easy may make solutions frequent too); by splitting, in draws that trained networks
have too, the ratio of the quotients has them resampled for both together instead. Where no setting was found a quotient
is infinite, with a finite lower end; where none of either cell was, the two quotients have no ratio. Successes after
training are means over draws in any case. So by splitting the ratio of the quotients is a mean's over a median's;
beside it stands, as a control, the median of each draw's own ratio, and in which share of draws that is above 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.claims_evidence import above, accuracies, count
from experiments.claims_rows import ends, of_networks, over
from experiments.controls import matched_rnn
from experiments.random_settings import RandomSettings, Summary, counted, split, tabulated
from experiments.rare_settings_tables import Rates, log_ratio
from experiments.reporting import Rows, interval_columns
from rnnjax import resampling
from rnnjax.landscape import parse_architecture
from rnnjax.resampling import Draws
from rnnjax.statistics import Interval
from rnnjax.verdicts import Evidence

SHAPES = ("2x2", "2x4", "4x2", "4x4")
THRESHOLDS = tuple(percent / 100 for percent in range(60, 100, 5))
HEADLINE = "pytorch:1"  # the distribution that training starts from
SUCCESS, DECIDING = 0.9, 0.6  # accuracies at which C28 compares successes, and quotients
SAME, MATCHED = "same shape", "same number of parameters"
_DATA = "FirstI"


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
    samplers = list(dict.fromkeys(line["sampler"] for line in tabulated(landscapes[0])))
    for shape in SHAPES:
        for which in besides:
            rnn = f"rnn_{shape}" if which == SAME else _matched(shape)
            for accuracy in thresholds:
                networks = _trained(capacity, shape, which, accuracy)
                trained = _trained_row(shape, which, accuracy, *networks)
                for sampler in samplers:
                    where = sampler, rnn, f"gru_{shape}", accuracy
                    random = (split(rare, *where) if rare else None) or counted(landscapes, *where)
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
        | {"in_one_draw": row["one_draw_quotient_ratio"], "draws_above_1": row["draws_above_1"]}
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
    row |= {"networks": min(count(rnn), count(gru)), "draws": len(gru)}
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


def _beside_random(trained: Mapping[str, Any], random: RandomSettings, rnn: Draws, gru: Draws) -> dict[str, Any]:
    """The columns of random settings, and quotients of what is after training and before."""
    row: dict[str, Any] = {"random_by": random.by, "random_draws": random.draws, "random_members": random.members}
    row |= random.scored
    for cell, rate in (("rnn", random.rnn), ("gru", random.gru)):
        row |= interval_columns(f"{cell}_random", rate)
        row |= interval_columns(f"{cell}_quotient", over(ends(trained, f"{cell}_trained"), rate))
    row |= interval_columns("random_ratio", random.ratio)
    single: dict[str, Any] = {"one_draw_quotient_ratio": None, "draws_above_1": None}
    if random.both is None:
        quotients = over(ends(trained, "trained_ratio"), random.ratio)
    else:
        rnn, gru = rnn[: random.draws], gru[: random.draws]
        quotients, single = _draw_by_draw(rnn, gru, *random.both), _single_draws(rnn, gru, *random.both)
    row["quotient_networks"] = min(count(rnn), count(gru))
    return row | interval_columns("quotient_ratio", quotients) | single


def _draw_by_draw(rnn: Draws, gru: Draws, random_rnn: Rates, random_gru: Rates) -> Interval:
    """The ratio of the quotients in R draws, the first of random settings, resampled for both together."""
    low, high = (logs[: len(gru)] for logs in log_ratio(random_rnn, random_gru))
    least = resampling.scaled_ratio(gru, rnn, low)
    most = least if np.array_equal(low, high) else resampling.scaled_ratio(gru, rnn, high)
    return Interval(least.estimate if least.estimate == most.estimate else np.nan, least.low, most.high)


def _single_draws(rnn: Draws, gru: Draws, random_rnn: Rates, random_gru: Rates) -> dict[str, float | None]:
    """Each draw's own ratio of the quotients, or what it is no less than: the median, and the share above 1.

    Half a network that is above and half of one that is not are added to either cell's.
    """
    trained = [np.log([(np.sum(draw) + 0.5) / (len(draw) + 1) for draw in draws]) for draws in (gru, rnn)]
    logs = trained[0] - trained[1] + log_ratio(random_rnn, random_gru)[0][: len(gru)]
    typical = float(np.exp(np.median(logs)))
    return {"one_draw_quotient_ratio": typical or None, "draws_above_1": float(np.mean(logs > 0))}


def _matched(shape: str) -> str:
    return matched_rnn(parse_architecture(f"gru_{shape}")).name


def _accuracies(capacity: Summary, name: str) -> Draws:
    return accuracies({"capacity": capacity}, "capacity", f"{_DATA}/{name}")
