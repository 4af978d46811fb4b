"""What a changed protocol does to the same networks: two or more runs of an experiment, condition by condition.

    python -m experiments.compare_runs docs/report/gate_variants results/no_halving results/no_stop --output=out.csv

Draw d's seed s has the same sentences, words, start and shuffles in every run whose seeds, data and sampler are the
first one's. Those that both have are compared one by one: a difference of means is a mean of differences, whose
interval resamples draws, then seeds; of rates above 90 %, seeds are resampled for each run apart. All numbers are
per cent, or points of them. In which fields of the protocol a run differs from the first is told before the table.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments import reporting
from experiments.command_line import clear_errors
from experiments.places import check_file
from experiments.reporting import percent_columns
from experiments.workdir import differences
from rnnjax import resampling, results
from rnnjax.errors import UserError

# What starts, data and shuffles depend on.
_SAME = ("seed", "data", "training.sampler", "training.start_from")
_NO_NUMBER = ("training.tile", "training.members_per_call", "training.epochs_per_call")  # how it is computed


class Finished(NamedTuple):
    """One run."""

    name: str  # of its directory, or of so much of its path as tells it from the others
    config: Mapping[str, Any]
    accuracy: Mapping[str, np.ndarray]  # [R, S] in [0, 1], of each condition


def main() -> None:
    """Read the runs, print the table, write the CSV."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.compare_runs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("first", type=Path, help="the directory of the run that the others are compared with")
    parser.add_argument("others", nargs="+", type=Path, help="theirs, of the same experiment")
    parser.add_argument("--output", type=Path, help="the table, as CSV")
    flags = parser.parse_args()
    with clear_errors():
        if flags.output:
            check_file("output", flags.output)
        first, *others = map(read, (flags.first, *flags.others))
        others = [run._replace(name=name) for run, name in zip(others, told_apart(flags.others), strict=True)]
        rows = [row for other in others for row in compare(first, other)]
        for other in others:
            print(f"{other.name}: {', '.join(changed(first, other)) or 'the protocol of the first'}")
        for line in reporting.to_text(rows):
            print(line)
        if flags.output:
            results.write_text(flags.output, reporting.to_csv(rows))


def read(workdir: Path) -> Finished:
    """A finished run, or a step of a report.

    Raises:
        UserError: the directory has no config.json, or no summary.json with networks' accuracies.
    """
    try:
        config, conditions = (results.read_json(workdir / name) for name in ("config.json", "summary.json"))
        conditions = conditions["conditions"]
        accuracy = {name: np.array(found["accuracy"], float) for name, found in conditions.items()}
        for name, array in accuracy.items():
            if array.ndim != 2 or not array.size:
                raise results.Damaged(f"summary.json: the accuracy of {name} has the shape {array.shape}, not [R, S]")
        for name in _SAME:
            _field(config, name)
    except (OSError, results.Damaged, KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{workdir} is no directory of a finished experiment that trains ({error})") from None
    return Finished(workdir.resolve().name, config, accuracy)


def told_apart(workdirs: Sequence[Path]) -> list[str]:
    """Their names, with so much of each path as they do not have in common: batch_2/capacity, batch_4/capacity."""
    paths = [workdir.resolve() for workdir in workdirs]
    common = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(common).as_posix() for path in paths]


def changed(first: Finished, other: Finished) -> Iterator[str]:
    """The fields of config.training in which the other run differs, "training.factor is 1.0 instead of 0.5"."""
    one, two = (run.config.get("training", {}) for run in (first, other))
    for name, theirs, ours in differences(two, one, "training", None):
        if name not in _NO_NUMBER:
            yield f"{name} is {theirs!r} instead of {ours!r}"


def compare(first: Finished, other: Finished) -> Iterator[dict[str, Any]]:
    """A line for each condition that both have, of the draws and seeds that both have.

    Raises:
        UserError: the runs' networks do not start from the same weights, data and shuffles, or no condition is in both.
    """
    for name in _SAME:
        one, two = _field(first.config, name), _field(other.config, name)
        if one != two:
            raise UserError(f"{name} is {two!r} in {other.name}, {one!r} in {first.name}: these are other networks")
    names = [name for name in first.accuracy if name in other.accuracy]
    if not names:
        raise UserError(f"{other.name} has no condition that {first.name} has: {', '.join(first.accuracy)}")
    for name in names:
        draws, seeds = np.minimum(first.accuracy[name].shape, other.accuracy[name].shape)
        before, after = (list(run.accuracy[name][:draws, :seeds]) for run in (first, other))
        rates = [resampling.success(accuracies, 0.9) for accuracies in (before, after)]
        row = {"run": other.name, "condition": name, "draws": int(draws), "seeds": int(seeds)}
        row |= {"first_mean": 100 * resampling.mean(before).estimate} | percent_columns("mean", resampling.mean(after))
        gained = [b - a for a, b in zip(before, after, strict=True)]
        row |= percent_columns("minus_first", resampling.mean(gained))
        row |= {"first_above_90": 100 * resampling.mean(rates[0]).estimate}
        row |= percent_columns("above_90", resampling.mean(rates[1]))
        yield row | percent_columns("above_90_minus_first", resampling.difference(rates[1], rates[0]))


def _field(config: Any, name: str) -> Any:
    for key in name.split("."):
        config = config.get(key, {})
    return config


if __name__ == "__main__":
    main()
