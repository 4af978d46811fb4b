"""What `python -m experiments.<name>` does between the command line and the log."""

import logging
from collections import Counter
from pathlib import Path

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import data_set, draw_embedding
from experiments.workdir import own_workdir
from rnnjax import members
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import Params, unflatten


def run_of(workdir: Path, config: ConfigDict, networks: Path | None = None) -> runner.Run:
    """A run on one device."""
    log, mesh = logging.getLogger("rnnjax.test"), members.make_mesh(1)
    return runner.Run(config, jax.random.key(config.seed), mesh, workdir, log, {"compile": 0.0}, Counter(), networks)


def run_in(experiment: runner.Experiment, workdir: Path, config: ConfigDict, networks: Path | None = None) -> None:
    """Run an experiment on one device."""
    inputs = experiment.prepare(config)
    with own_workdir(workdir, config.to_dict()):
        experiment.run(run_of(workdir, config, networks), inputs)


def network(arrays: dict[str, np.ndarray], name: str, stage: str, draw: int, seed: int) -> Params:
    """One network of an experiment's result.npz, in float64."""
    flat = arrays[f"{name}/{stage}"][:, draw, seed].astype(float)
    return unflatten(flat, parse_architecture(name.partition("/")[2]).sizes)


def words_of_draw(config: ConfigDict, draw: int) -> np.ndarray:
    """Where CountII's words lie in a draw, [V, 2] float64."""
    return draw_embedding(config, data_set(config, "CountII"), draw, 2).astype(float)
