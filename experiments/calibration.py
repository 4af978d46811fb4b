"""Which training protocol makes the thesis' printed numbers likely? (The thesis does not print it.)

    python -m experiments.calibration --config=configs/thesis.py

Every combination of batch size, where the words lie, how frequent stop words are, how "gets worse" and "does not
improve" are read, and whether the last or the best epoch's accuracy is reported is scored by the likelihood of
Tables 4.2, 4.4 and Figure 4.17's counts; the best ones are judged by Tables 4.1, 4.3, 4.5, 4.6 and Figure 4.7.

result.npz: for every setting, such as "batch_32_margin_1_scale_1_stop_0.6/", `accuracy` [readings, 10, 2, R, S]: of
FITTED's conditions, of the last and of the best epoch; for every finalist, such as "finalist_1/CountII gru", accuracy
[R, S] under its own report.
"""

from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from experiments import calibration_report, runner
from experiments.calibration_candidates import (
    FITTED,
    NAME,
    Candidate,
    Setting,
    condition,
    fitted_conditions,
    settings,
)  # fmt: skip
from experiments.conditions import REPORTED, check_seeds, listed
from experiments.outcomes import Outcome
from experiments.training_sweep import Sweep
from experiments.transplants import transplanted
from rnnjax import results
from rnnjax.errors import in_range
from rnnjax.landscape import parse_architecture
from rnnjax.transplant import gru_from_rnn, rnn_from_gru

_XOR = tuple(f"{cell}_{shape}" for shape in ("2x2", "4x2", "2x4", "4x4") for cell in ("rnn", "gru"))


def prepare(config: ConfigDict) -> list[Setting]:
    """The settings, checked."""
    check_seeds(config)
    wanted = config[NAME]
    for name, low, high in (("finalists", 1, 1000), ("xor_draws", 1, 1000), ("xor_seeds", 1, 10**5)):
        in_range(f"{NAME}.{name}", wanted[name], low, high)
    found = settings(config)
    for setting in found:
        list(fitted_conditions(config, setting))
    return found


def run(run: runner.Run, wanted: list[Setting]) -> None:
    """Train everything, then the finalists' other experiments; write, rank, draw."""
    path, sweep = run.workdir / "result.npz", Sweep(run)
    arrays = _stored(path, run)
    if arrays is None:
        arrays = {}
        for i, setting in enumerate(wanted):
            run.log.info("[%d/%d] %s", i + 1, len(wanted), setting.name)
            outcomes = sweep.train(setting.name, list(fitted_conditions(run.config, setting)))
            arrays[f"{setting.name}/accuracy"] = _accuracies(run.config, outcomes)
        ranking = calibration_report.rank(run.config, arrays)
        for place, ranked in enumerate(ranking[: run.config[NAME].finalists], 1):
            run.log.info("finalist %d: %s", place, ranked.candidate.name)
            for name, accuracy in _finalist(run.config, sweep, place, ranked.candidate).items():
                arrays[f"finalist_{place}/{name}"] = accuracy
        if run.leads:
            results.write_npz(path, arrays)
    if run.leads:
        calibration_report.write(run, arrays)
        results.remove_tree(run.workdir / "parts")


def _stored(path: Path, run: runner.Run) -> dict[str, np.ndarray] | None:
    arrays = None
    try:
        arrays = results.read_npz(path)
        run.log.info("%s is complete: only drawn again", path)
    except FileNotFoundError:
        pass
    except results.Damaged as error:
        run.log.warning("damaged, made again: %s", error)
    return arrays if run.all_have(arrays is not None) else None


def _accuracies(config: ConfigDict, outcomes: dict[str, Outcome]) -> np.ndarray:
    """[readings, FITTED, REPORTED, R, S], from outcomes in the order of fitted_conditions."""
    found = np.stack([[outcome.accuracy(report) for report in REPORTED] for outcome in outcomes.values()])
    return found.reshape(len(listed(config[NAME].readings)), len(FITTED), *found.shape[1:]).astype(np.float32)


def _finalist(config: ConfigDict, sweep: Sweep, place: int, candidate: Candidate) -> dict[str, np.ndarray]:
    """The accuracies that a finalist is judged by."""
    setting, reading, report = candidate
    wanted, found = config[NAME], {}
    plain, xor, second = {}, {}, {}
    for data in ("CountII", "FirstII"):
        for cell in ("gru", "rnn"):
            plain[f"{data} {cell}"] = condition(config, setting, reading, data, f"{cell}_2x4")
    for architecture in _XOR:
        sizes = {"num_draws": wanted.xor_draws, "num_seeds": wanted.xor_seeds}
        xor[f"xor {architecture}"] = condition(config, setting, reading, "XorI", architecture, **sizes)
    first = plain | xor
    outcomes = sweep.train(f"finalist_{place}_donors", list(first.values()))
    for data in ("CountII", "FirstII"):
        for cell, donor, function in (("rnn", "gru", rnn_from_gru), ("gru", "rnn", gru_from_rnn)):
            like, of = plain[f"{data} {cell}"], outcomes[plain[f"{data} {donor}"].name]
            # The first reading of what is copied: input weights random, as the wording has it.
            start = transplanted(config, NAME, like.data, of, parse_architecture(f"{cell}_2x4"), function)[0].start
            second[f"{data} {cell}_from_{donor}"] = like._replace(name=f"{like.name}/transplanted", start=start)
    outcomes |= sweep.train(f"finalist_{place}_recipients", list(second.values()))
    for name, one in (first | second).items():
        found[name] = outcomes[one.name].accuracy(report).astype(np.float32)
    return found


EXPERIMENT = runner.Experiment(NAME, prepare, run, {})

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
