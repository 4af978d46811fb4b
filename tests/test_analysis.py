"""What the experiments that look inside networks share: they go on after a kill, and few networks are not many."""

import logging
import shutil
from pathlib import Path
from typing import Any

import launching
import numpy as np
import pytest

from configs.thesis import get_config
from experiments import analysis, runner
from experiments.conditions import data_sets, make
from experiments.training_experiment import Report
from rnnjax import members, sweeps
from rnnjax.landscape import parse_architecture


@pytest.mark.parametrize(("number", "worked_on"), [(1, 1), (3, 3), (4, 4), (5, 8), (9, 12)])
def test_no_tile_is_wider_than_there_are_networks(number: int, worked_on: int, monkeypatch: Any) -> None:
    widths: list[int] = []
    spread = members.spread

    def watched(function: Any, mesh: Any, tile: int, given: Any, **more: Any) -> Any:
        widths.append(given[0].shape[-1])
        return spread(function, mesh, tile, given, **more)

    monkeypatch.setattr(members, "spread", watched)
    config = get_config("quick")
    config.members.tile = 4
    run = launching.run_of(Path("nowhere"), config)
    values = np.arange(2.0 * number).reshape(2, number)
    np.testing.assert_array_equal(analysis.of_each(run, lambda flat: flat[::-1] * 3, values), values[::-1] * 3)
    assert widths == [worked_on]


def test_what_is_killed_while_it_measures_trains_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "rnnjax.test")
    name, killed, trained = "vector_field", [True], list[int]()

    def conditions(config: Any) -> Any:
        shape = parse_architecture("rnn_2x2")
        return [make(config, name, data, shape) for data in data_sets(config, name)]

    def measure(run: runner.Run, sweep: Any, outcomes: Any) -> analysis.Measured:
        if killed.pop():
            raise KeyboardInterrupt
        return {key: outcome["final"].sum(0) for key, outcome in outcomes.items()}

    def report(config: Any, outcomes: Any, measured: analysis.Measured) -> Report:
        return Report({}, {}, {"sums": {key: float(values.sum()) for key, values in measured.items()}})

    train = sweeps.train

    def watched(*given: Any, **more: Any) -> sweeps.Trained:
        trained.append(1)
        return train(*given, **more)

    monkeypatch.setattr(sweeps, "train", watched)
    config = get_config("quick")
    config.vector_field.update({"seeds": 2, "draws": 1})
    config.training.update({"batch_size": 500, "max_epochs": 1, "tile": 2, "members_per_call": 4})
    experiment = analysis.analysis(name, conditions, measure, report)
    with pytest.raises(KeyboardInterrupt):
        launching.run_in(experiment, tmp_path, config, tmp_path / "networks")
    assert trained and not (tmp_path / "result.npz").exists()
    trained.clear()
    killed.append(False)
    launching.run_in(experiment, tmp_path, config, tmp_path / "networks")
    assert not trained and (tmp_path / "summary.json").exists()
    # A finished run is only drawn again (nothing may be popped), unless another version measured it.
    launching.run_in(experiment, tmp_path, config, tmp_path / "networks")
    assert "only drawn again" in caplog.text and "measured again" not in caplog.text
    monkeypatch.setattr(analysis, "measured_by", lambda _: "later")
    killed.append(False)
    shutil.rmtree(tmp_path / "networks")  # result.npz has them
    launching.run_in(experiment, tmp_path, config, tmp_path / "networks")
    assert "was measured by another version: measured again" in caplog.text and not (killed or trained)
