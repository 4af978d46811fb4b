"""What `python -m experiments.<name>` does between the command line and the log."""

import logging
from pathlib import Path

import jax
from ml_collections import ConfigDict

from experiments import runner
from rnnjax import members, results


def run_in(experiment: runner.Experiment, workdir: Path, config: ConfigDict, networks: Path | None = None) -> None:
    """Run an experiment on one device."""
    inputs = experiment.prepare(config)
    log, mesh = logging.getLogger("rnnjax.test"), members.make_mesh(1)
    run = runner.Run(config, jax.random.key(config.seed), mesh, workdir, log, {"compile": 0.0}, networks)
    with results.own_workdir(workdir, config.to_dict()):
        experiment.run(run, inputs)
