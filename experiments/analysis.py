"""What the experiments that look inside trained networks share: train them or find them again, measure, draw.

result.npz has the networks as outcomes.py describes them, what was measured as "measured/<name>", and "measured_by", a
fingerprint of the sources that did: what others measured is measured again, never mixed in. An analysis is
of final parameters, so the accuracy that goes with them is the last epoch's, whatever config.training.report is.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import Condition, check_seeds, draw_embedding
from experiments.measured_by import measured_by
from experiments.outcomes import Outcome, below
from experiments.training_experiment import Outcomes, Report, stored_outcomes, with_data, write
from experiments.training_sweep import Sweep
from rnnjax import members, results
from rnnjax.errors import in_range

Measured = dict[str, np.ndarray]
_PREFIX, _MAKER = "measured", "measured_by"


def analysis(
    name: str,
    conditions: Callable[[ConfigDict], list[Condition]],
    measure: Callable[[runner.Run, Sweep, Outcomes], Measured],
    report: Callable[[ConfigDict, Outcomes, Measured], Report],
    followed: Callable[[ConfigDict], bool] = lambda _: False,
) -> runner.Experiment:
    """An experiment that looks inside networks.

    Args:
        name: its section in the config, and its module.
        conditions: what is trained, or found where another experiment has trained it; raises UserError.
        measure: what is seen inside, as arrays for result.npz. It may train some members again.
        report: what is shown; it has these arrays alone to draw from.
        followed: whether it will, many of each condition's (see Sweep.train).
    """

    def prepare(config: ConfigDict) -> list[Condition]:
        check_seeds(config)
        in_range("members.tile", config.members.tile, 1, 65536)  # now, not once everything is trained
        return with_data(config, conditions(config))

    def run(run: runner.Run, wanted: list[Condition]) -> None:
        outcomes = stored_outcomes(run, [lambda _config, _outcomes: wanted])
        maker, sweep = measured_by(measure), Sweep(run)
        measured = None if outcomes is None else _stored_measures(run, maker)
        if not run.all_have(outcomes is not None):
            outcomes = sweep.train(name, wanted, followed(run.config))
        assert outcomes is not None
        if not run.all_have(measured is not None):
            measured = measure(run, sweep, outcomes)
            if run.leads:
                arrays = dict(item for outcome in outcomes.values() for item in outcome.items())
                arrays |= {f"{_PREFIX}/{key}": np.asarray(value) for key, value in measured.items()}
                arrays[_MAKER] = np.array(maker)
                results.write_npz(run.workdir / "result.npz", arrays)
        if run.leads:
            assert measured is not None
            write(run, outcomes, report(run.config, outcomes, measured))
            if run.networks is None:
                results.remove_tree(run.store)

    return runner.Experiment(name, prepare, run, {})


def last_accuracy(outcome: Outcome) -> np.ndarray:
    """Validation accuracy [R, S] in [0, 1] of the final parameters."""
    return outcome.accuracy("last")


def embeddings_of(config: ConfigDict, condition: Condition) -> np.ndarray:
    """Where the words of a condition lie in each of its draws, [V, D, R] float32."""
    dim = condition.architecture.input_dim
    places = [draw_embedding(config, condition.data, draw, dim) for draw in range(condition.num_draws)]
    return np.stack(places, -1).astype(np.float32)


def of_each(run: runner.Run, function: Callable[..., Any], *arrays: Any) -> Any:
    """members.each in tiles of config.members.tile networks, or of all, if those are fewer."""
    return members.each(function, run.mesh, min(run.config.members.tile, arrays[0].shape[-1]), *arrays)


def pick(values: np.ndarray, target: float) -> tuple[int, ...]:
    """The index of the value that is nearest to a target; of several the first. NaN is never picked."""
    distance = np.where(np.isnan(values), np.inf, np.abs(values - target))
    return tuple(int(i) for i in np.unravel_index(np.argmin(distance), values.shape))


def _stored_measures(run: runner.Run, maker: str) -> Measured | None:
    """What result.npz has of them, if these sources measured it; without any the file is another's."""
    stored: dict[str, Any] = results.read_npz(run.workdir / "result.npz")
    found = below(stored, _PREFIX)
    if found and str(stored.get(_MAKER, "")) != maker:
        run.log.warning("%s was measured by another version: measured again", run.workdir / "result.npz")
        return None
    return found or None
