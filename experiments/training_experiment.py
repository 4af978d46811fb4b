"""What the training experiments share: stages of conditions in, result.npz, summary, tables and figures out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import reporting, runner
from experiments.conditions import Condition, check_seeds, different, draw_data, draw_embedding, listed
from experiments.outcomes import OtherNetworks, Outcome, read
from experiments.places import set_aside
from experiments.training_sweep import Sweep
from rnnjax import resampling, results
from rnnjax.statistics import Interval

Outcomes = dict[str, Outcome]
# (config, outcomes of the stages before) -> what is trained next.
Stage = Callable[[ConfigDict, Outcomes], list[Condition]]

_SHOWN_ROWS = 80  # of a table on the screen
THRESHOLDS = (0.65, 0.7, 0.9)  # 4.4.1's; "decent"; success


class Report(NamedTuple):
    """What an experiment makes of its outcomes."""

    figures: Mapping[str, Figure]  # by file name
    tables: Mapping[str, reporting.Rows]  # by file name
    summary: Mapping[str, Any]  # what claims need beyond every condition's own numbers


def experiment(
    name: str, stages: Sequence[Stage], report: Callable[[ConfigDict, Outcomes], Report]
) -> runner.Experiment:
    """A training experiment.

    Args:
        name: its section in the config, and its module.
        stages: of training; a later one may start from what an earlier one trained.
        report: what is shown.
    """

    def prepare(config: ConfigDict) -> list[Condition]:
        check_seeds(config)
        for field in ("embeddings", "input_dims", "hidden_dims"):
            if field in config[name]:
                different(f"{name}.{field}", listed(config[name][field]))
        return with_data(config, stages[0](config, {}))

    def run(run: runner.Run, first: list[Condition]) -> None:
        found = stored_outcomes(run, stages)
        if not run.all_have(found is not None):
            found, sweep = {}, Sweep(run)
            for number, stage in enumerate(stages):
                conditions = stage(run.config, found) if number else first
                found |= sweep.train(f"stage_{number + 1}", conditions)
            if run.leads:
                results.write_npz(run.workdir / "result.npz", dict(i for o in found.values() for i in o.items()))
        assert found is not None
        if run.leads:
            write(run, found, report(run.config, found))
            if run.networks is None:  # result.npz has them all
                results.remove_tree(run.store)

    return runner.Experiment(name, prepare, run, {}, stages)


def with_data(config: ConfigDict, conditions: list[Condition]) -> list[Condition]:
    """The conditions; their first draw's sentences and words are made, so that impossible data are refused.

    Raises:
        UserError: sentences are too short, or words have other dimensions than the networks' inputs.
    """
    for data in {one.data for one in conditions}:
        draw_data(config, data, 0)
    for data, dim in {(one.data, one.architecture.input_dim) for one in conditions}:
        draw_embedding(config, data, 0, dim)
    return conditions


def stored_outcomes(run: runner.Run, stages: Sequence[Stage]) -> Outcomes | None:
    """What result.npz has, if it has everything, undamaged."""
    path = run.workdir / "result.npz"
    found: Outcomes = {}
    try:
        for stage in stages:
            found |= read(path, stage(run.config, found))
    except FileNotFoundError:
        return None
    except OtherNetworks as error:
        kept = f"; kept as {set_aside(path)}" if run.leads else ""
        run.log.warning("made again: %s%s", error, kept)
        return None
    except results.Damaged as error:
        run.log.warning("made again: %s", error)
        return None
    run.log.info("%s is complete: only drawn again", path)
    return found


def write(run: runner.Run, outcomes: Outcomes, report: Report) -> None:
    """Tables, figures and summary.json into the working directory, tables on the screen too."""
    conditions = {name: summary(outcome, run.config.training.report) for name, outcome in outcomes.items()}
    rows = [condition_row(name, found) for name, found in conditions.items()]
    for name, table in {"conditions.csv": rows, **report.tables}.items():
        results.write_text(run.workdir / name, reporting.to_csv(table))
        run.log.info("%s:", name)
        for line in reporting.to_text(table[:_SHOWN_ROWS]):
            run.log.info("  %s", line)
        if len(table) > _SHOWN_ROWS:
            run.log.info("  and %d more rows in the file", len(table) - _SHOWN_ROWS)
    for name, figure in report.figures.items():
        run.save_figure(name, figure)
    results.write_json(run.workdir / "summary.json", {"conditions": conditions, **report.summary})


def condition_row(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """A condition as a line of a table, in per cent; of its summary."""
    row: dict[str, Any] = {"condition": name, "networks": found["num_draws"] * found["num_seeds"]}
    row["draws"] = found["num_draws"]
    intervals = {"mean": found["mean"], "above_90": found["rates"]["above 0.9"], "test_mean": found["test_mean"]}
    for column, ends in intervals.items():
        row |= reporting.percent_columns(column, Interval(**ends))
    return row | {"epochs": found["mean_epochs"], "not_finite": found["not_finite"]}


def summary(outcome: Outcome, report: str) -> dict[str, Any]:
    """A condition's numbers, accuracies in [0, 1]; intervals resample draws first, then seeds."""
    accuracy = list(outcome.accuracy(report))
    found = {
        "num_draws": outcome.condition.num_draws,
        "num_seeds": outcome.condition.num_seeds,
        "not_finite": int((~outcome["finite"]).sum()),
        "mean": resampling.mean(accuracy)._asdict(),
        "sd": float(outcome.accuracy(report).std()),
        "least": float(outcome.accuracy(report).min()),
        "most": float(outcome.accuracy(report).max()),
        "test_mean": resampling.mean(list(outcome.test_accuracy))._asdict(),
        "rates": {f"above {t}": resampling.mean(resampling.success(accuracy, t))._asdict() for t in THRESHOLDS},
        "mean_epochs": float(outcome["epochs_run"].mean()),
        "accuracy": outcome.accuracy(report).round(6).tolist(),
    }
    if report != "last":  # that of the weights that are kept
        found["last_epoch"] = outcome.accuracy("last").round(6).tolist()
    return found
