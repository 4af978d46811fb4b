"""Which training protocol makes the thesis' printed numbers likely? (The thesis does not print it.)

    python -m experiments.calibration --config=configs/thesis.py

Every combination of batch size, where the words lie, how frequent stop words are, how "gets worse" and "does not
improve" are read, and whether the last or the best epoch's accuracy is reported is scored by the likelihood of
Tables 4.2, 4.4 and Figure 4.17's counts. The likeliest are simulated again, on other draws and with more seeds, ranked
by that, and judged by numbers that played no part in it: Tables 4.1, 4.3, 4.5, 4.6 and Figure 4.7. Of the conclusions
that these networks can show, effects.csv tells whether they are the same in all protocols.

result.npz: for every setting, such as "batch_32_margin_1_scale_1_stop_0.6/", `accuracy` [readings, 10, 2, R, S]: of
FITTED's conditions, of the last and of the best epoch; for every finalist, such as "fresh batch_32... epoch_best
last/", `fitted` [10, R', S'] and [R, S] of what it is judged by, under its own report (donors: the last epoch); and
`simulated_by`, a fingerprint of the sources that did.
"""

import contextlib
import copy
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

from experiments import calibration_ranking, calibration_report, runner
from experiments.calibration_candidates import (
    FITTED,
    FROZEN,
    NAME,
    Candidate,
    Setting,
    condition,
    fitted_conditions,
    settings,
)  # fmt: skip
from experiments.conditions import REPORTED, check_seeds, listed
from experiments.measured_by import measured_by
from experiments.store import engine
from experiments.training_experiment import with_data
from experiments.training_sweep import Sweep
from experiments.transplants import transplanted
from rnnjax import results
from rnnjax.errors import in_range
from rnnjax.transplant import gru_from_rnn, rnn_from_gru

_MAKER = "simulated_by"
_XOR = tuple(f"{cell}_{shape}" for shape in ("2x2", "4x2", "2x4", "4x4") for cell in ("rnn", "gru"))


def prepare(config: ConfigDict) -> list[Setting]:
    """The settings, checked.

    Raises:
        UserError: a value that cannot be used.
    """
    check_seeds(config)
    wanted = config[NAME]
    for name in ("finalists", "final_draws", "final_seeds", "xor_draws", "xor_seeds"):
        in_range(f"{NAME}.{name}", wanted[name], 1, 10**5)
    found = settings(config)
    with_data(config, [one for setting in found for one in fitted_conditions(config, setting)])
    return found


def run(run: runner.Run, wanted: list[Setting]) -> None:
    """Simulate all protocols, then the finalists on other draws with more experiments; write, rank, draw."""
    path, sweep = run.workdir / "result.npz", Sweep(run, _networks(run))
    arrays = _stored(path, run)
    if arrays is None:
        arrays = {}
        for i, setting in enumerate(wanted):
            run.log.info("[%d/%d] %s", i + 1, len(wanted), setting.name)
            arrays |= _kept(run, setting.name, setting.name, functools.partial(_simulated, run.config, sweep, setting))
        ranking = calibration_ranking.rank(run.config, arrays)
        for i, ranked in enumerate(ranking[: run.config[NAME].finalists]):
            name = ranked.candidate.name
            run.log.info("finalist %d: %s", i + 1, name)
            arrays |= _kept(run, f"fresh_{i + 1}", name, functools.partial(_finalist, run, ranked.candidate))
        if run.leads:
            results.write_npz(path, {**arrays, _MAKER: np.array(_simulated_by())})
    if run.leads:
        calibration_report.write(run, arrays)
        results.remove_tree(run.workdir / "parts")


def _kept(
    run: runner.Run, stage: str, what: str, compute: Callable[[str], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """What a stage computes of a setting or protocol, or what is there of it; its networks' parts then go."""
    identity = f"{results.digest(run.config.to_dict())} {_simulated_by()} {what}"
    part, arrays = results.Part(run.workdir / "parts" / f"{stage}.npz", identity), None
    with contextlib.suppress(FileNotFoundError, results.Damaged):
        arrays = part.read_arrays()
    if not run.all_have(arrays is not None):
        arrays = compute(stage)
        if run.leads:
            part.write_arrays(arrays)
            results.remove_tree(_networks(run))
    assert arrays is not None
    return arrays


def _networks(run: runner.Run) -> Path:
    """Of the setting or protocol under way: of more nothing but accuracies is kept."""
    return run.workdir / "parts" / "networks"


def _stored(path: Path, run: runner.Run) -> dict[str, np.ndarray] | None:
    arrays = None
    try:
        arrays = results.read_npz(path)
        if str(arrays.pop(_MAKER, "")) == _simulated_by():
            run.log.info("%s is complete: only drawn again", path)
        else:
            run.log.warning("%s was simulated by another version: made again", path)
            arrays = None
    except FileNotFoundError:
        pass
    except results.Damaged as error:
        run.log.warning("damaged, made again: %s", error)
    return arrays if run.all_have(arrays is not None) else None


@functools.cache
def _simulated_by() -> str:
    """A fingerprint of the sources that decide what networks there are; not of those that rank protocols by them."""
    return f"{measured_by(settings)} {measured_by(transplanted)} {engine()}"


def _simulated(config: ConfigDict, sweep: Sweep, setting: Setting, stage: str) -> dict[str, np.ndarray]:
    """[readings, FITTED, REPORTED, R, S], in the order of fitted_conditions."""
    outcomes = sweep.train(stage, list(fitted_conditions(config, setting)))
    found = np.stack([[outcome.accuracy(report) for report in REPORTED] for outcome in outcomes.values()])
    readings = len(listed(config[NAME].readings))
    return {f"{setting.name}/accuracy": found.reshape(readings, len(FITTED), *found.shape[1:]).astype(np.float32)}


def fresh(config: ConfigDict) -> ConfigDict:
    """The config of the draws after those that protocols are chosen on.

    The best of hundreds of protocols owes some of its likelihood to the draws that it is chosen on: others tell how
    likely it is.
    """
    found = copy.deepcopy(config)
    for section, field in ((found, "seed"), (found.data, "seed"), (found.data, "embedding_seed")):
        section[field] += config[NAME].draws
    return found


def _finalist(run: runner.Run, candidate: Candidate, stage: str) -> dict[str, np.ndarray]:
    """Again what protocols are chosen by, on fresh draws, and there what finalists are judged by."""
    config = fresh(run.config)
    sweep = Sweep(run._replace(config=config), _networks(run))
    wanted, (setting, reading, report) = config[NAME], candidate
    sizes = {"num_draws": wanted.final_draws, "num_seeds": wanted.final_seeds}
    fitted = [
        condition(config, setting, reading, data, name, frozen=FROZEN if frozen else (), **sizes)
        for data, name, frozen in FITTED
    ]
    sizes = {"num_draws": wanted.xor_draws, "num_seeds": wanted.xor_seeds}
    xor = {name: condition(config, setting, reading, "XorI", name, **sizes) for name in _XOR}
    outcomes = sweep.train(f"{stage}_donors", [*fitted, *xor.values()])
    second = {}
    by_place = {place: outcomes[one.name] for place, one in zip(FITTED, fitted, strict=True)}
    for data in ("CountII", "FirstII"):
        for cell, donor, function in (("rnn", "gru", rnn_from_gru), ("gru", "rnn", gru_from_rnn)):
            like, of = by_place[data, f"{cell}_2x4", False].condition, by_place[data, f"{donor}_2x4", False]
            # Input weights random, as the wording has it.
            start = transplanted(config, like, of, function, ("random",))[0].start
            second[f"{data} {cell}_from_{donor}"] = like._replace(name=f"{like.name}/transplanted", start=start)
    outcomes |= sweep.train(f"{stage}_recipients", list(second.values()))
    found = {"fitted": np.stack([outcomes[one.name].accuracy(report) for one in fitted])}
    for data in ("CountII", "FirstII"):
        for cell in ("gru", "rnn"):
            found[f"{data} {cell}"] = by_place[data, f"{cell}_2x4", False].accuracy("last")
    for name, one in (second | {f"xor {name}": one for name, one in xor.items()}).items():
        found[name] = outcomes[one.name].accuracy(report)
    return {
        f"{calibration_ranking.FRESH}{candidate.name}/{name}": array.astype(np.float32) for name, array in found.items()
    }


EXPERIMENT = runner.Experiment(NAME, prepare, run, {})

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
