"""Section 4.3.2 in figures and numbers: claims C14 and C15, over all networks above the limit."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments.analysis import Measured, last_accuracy
from experiments.conditions import DataSet, data_sets, listed
from experiments.draw_intervals import NONE, by_draw, compare, mean_of, with_draws
from experiments.noise_robustness_figures import Seen, figure_4_9, figure_4_10, figure_noise, figure_survival
from experiments.outcomes import below
from experiments.reporting import interval_columns
from experiments.training_experiment import Outcomes, Report
from experiments.training_figures import figure_name
from rnnjax import resampling, survival
from rnnjax.parameters import unflatten

_NAME = "noise_robustness"
_STEPS = (10, 15, 30, 100, 2000)  # after which the shares that last are tabulated: trained length, thesis' two, its end


def report(config: ConfigDict, outcomes: Outcomes, measured: Measured) -> Report:
    """Figures 4.9 and 4.10, survival, noise in all sentences."""
    wanted, figures, summary = config[_NAME], {}, {}
    kinds, lasting, noisy = listed(wanted.stop_words), [], []
    for data in data_sets(config, _NAME):
        seen = _seen(config, data, outcomes, measured)
        called, stem = figure_name({"CountI": "4.9"}, data.title)
        other, other_stem = figure_name({"CountI": "4.10"}, data.title)
        figures[f"{stem}.png"] = figure_4_9(called, data.title, kinds[0], seen)
        figures[f"{stem}_survival.png"] = figure_survival(
            called, data.title, kinds, data.sentence_length, wanted.steps, seen
        )
        figures[f"{other_stem}.png"] = figure_4_10(other, data.title, seen)
        figures[f"{other_stem}_noise.png"] = figure_noise(other, data.title, wanted.stop_counts, seen)
        for limit in dict.fromkeys((wanted.above, wanted.stricter)):
            facts, above = {"data": data.title, "above": limit}, [each._replace(limit=limit) for each in seen]
            lasting += [facts | row for row in _lasting_rows(kinds, wanted.steps, above)]
            noisy += [facts | row for row in _noise_rows(wanted.stop_counts, above)]
        summary[data.title] = {each.shape.name: _described(each, wanted) for each in seen}
    tables = {"survival_4_3_2.csv": lasting, "noise_4_3_2.csv": noisy}
    return Report(figures, tables, {"networks": summary, "survival": lasting, "noise": noisy})


def _seen(config: ConfigDict, data: DataSet, outcomes: Outcomes, measured: Measured) -> list[Seen]:
    found = []
    for name, outcome in outcomes.items():
        if outcome.condition.data != data:
            continue
        arrays, accuracy, shape = below(measured, name), last_accuracy(outcome), outcome.condition.architecture
        params = unflatten(outcome["final"][:, *arrays["shown"]], shape.sizes)
        found.append(Seen(shape, accuracy, config[_NAME].above, arrays, params))
    return found


def _described(seen: Seen, wanted: ConfigDict) -> dict[str, Any]:
    """How many networks were tried and found, and which one the figures show."""
    draw, seed = (int(i) for i in seen.arrays["shown"])
    accuracy = mean_of(*with_draws(seen.accuracy, seen.which))
    first = listed(wanted.stop_words)[0]
    return {
        "tried": seen.which.size,
        "found": seen.found,
        "found_by_draw": [int(number) for number in seen.which.sum(1)],
        "mean_accuracy": accuracy._asdict(),
        "shown": {"draw": draw, "seed": seed, "accuracy": float(seen.accuracy[draw, seed])}
        | {key: int(seen.arrays[f"{first}/{key}"][draw, seed]) for key in ("first_wrong", "forgets", "meeting")},
    }


def _lasting_rows(kinds: Sequence[str], last: int, seen: Sequence[Seen]) -> Iterator[dict[str, Any]]:
    """Cell x kind of stop words x what fails: the median step, and the shares that last; then RNN minus GRU."""
    for kind in kinds:
        for key in ("first_wrong", "forgets", "meeting"):
            for each in seen:
                draws = list(by_draw(*each.of(f"{kind}/{key}")).values())
                row: dict[str, Any] = {"cell": each.shape.cell.name, "stop_words": kind, "until": key}
                row |= {"networks": each.found, "draws": len(draws)}
                row |= interval_columns("median", survival.median(draws, last) if draws else NONE)
                for step in (step for step in _STEPS if step <= last):
                    row |= interval_columns(f"after_{step}", survival.lasting(draws, step) if draws else NONE)
                yield row
            yield _lasting_difference(kind, key, last, seen)


def _lasting_difference(kind: str, key: str, last: int, seen: Sequence[Seen]) -> dict[str, Any]:
    row: dict[str, Any] = {"cell": "rnn - gru", "stop_words": kind, "until": key}
    for step in (step for step in _STEPS if step <= last):
        sides = [(values > step, draws) for values, draws in (each.of(f"{kind}/{key}") for each in seen)]
        found = compare(resampling.difference, *sides)
        row |= {"networks": min(found.networks), "draws": found.draws} | interval_columns(
            f"after_{step}", found.interval
        )
    return row


def _noise_rows(stop_counts: Sequence[int], seen: Sequence[Seen]) -> Iterator[dict[str, Any]]:
    """Number of stop words x cell, and RNN minus GRU: wrong, flipped and spoiled decisions, distances."""
    for place, number in enumerate((0, *stop_counts)):
        parts = [_noisy(each, place) for each in seen]
        for each, own in zip(seen, parts, strict=True):
            row: dict[str, Any] = {"cell": each.shape.cell.name, "stop_words": number, "networks": each.found}
            for key, values in own.items():
                row |= interval_columns(key, mean_of(*values))
            yield row
        row = {"cell": "rnn - gru", "stop_words": number}
        for key in parts[0]:
            found = compare(resampling.difference, *(own[key] for own in parts))
            row |= {"networks": min(found.networks)} | interval_columns(key, found.interval)
        yield row


def _noisy(seen: Seen, place: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The measures of the number of stop words at a place of (0, *stop_counts); without any only what is wrong.

    Decisions that are flipped are spoiled or mended, and what is wrong grows by the first and shrinks by the second.
    """
    found = {"wrong": seen.of("noise/wrong", place)}
    if place:
        flipped, draws = seen.of("noise/flipped", place - 1)
        found["spoiled"] = (flipped + found["wrong"][0] - seen.of("noise/wrong", 0)[0]) / 2, draws
        distance, _ = seen.of("noise/distance", place - 1)
        apart, _ = seen.of("noise/apart")
        found |= {"flipped": (flipped, draws), "distance": (distance, draws)}
        found["distance_over_apart"] = (distance / apart, draws)
    return found
