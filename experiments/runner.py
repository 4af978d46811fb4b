"""What every experiment's command does: from a config to devices, working directory, log and the experiment."""

import contextlib
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import jax
import numpy as np
from absl import app, flags
from absl import logging as absl_logging
from jax.experimental import multihost_utils
from jax.sharding import Mesh
from matplotlib.figure import Figure
from ml_collections import ConfigDict

from experiments import command_line, environment, process
from experiments.drawing import Artist, save_figure
from experiments.places import check_folder
from experiments.workdir import own_workdir
from rnnjax import members, plotting
from rnnjax.errors import UserError


class Run(NamedTuple):
    """What an experiment gets to work with."""

    config: ConfigDict
    key: jax.Array  # of config.seed: the one place where a key is made from it
    mesh: Mesh
    workdir: Path
    log: logging.Logger
    seconds: dict[str, float]  # the experiment adds what its compiling took under "compile"
    counts: Counter[str]  # it adds how many networks it has "trained", and "found" where others left them
    networks: Path | None = None  # where trained networks are shared with other runs; None: with none
    artist: Artist | None = None  # who draws the figures while this process goes on; None: they are drawn at once

    @property
    def store(self) -> Path:
        """Where trained networks are kept."""
        return self.networks or self.workdir / "networks"

    @property
    def leads(self) -> bool:
        """Whether this process writes the files; the others only compute."""
        return jax.process_index() == 0

    def save_figure(self, name: str, figure: Figure) -> None:
        """Write a PNG into the working directory."""
        draw = self.artist.draw if self.artist else save_figure
        draw(self.workdir / name, figure, plotting.resolution())

    def agree(self, value: np.ndarray) -> np.ndarray:
        """Process 0's value, on every process."""
        return multihost_utils.broadcast_one_to_all(value) if jax.process_count() > 1 else value

    def all_have(self, it: bool | np.ndarray) -> np.ndarray:
        """Whether every process has it; or each of them."""
        everywhere = multihost_utils.process_allgather(np.array(it)) if jax.process_count() > 1 else [it]
        return np.all(np.asarray(everywhere), axis=0)


class Experiment(NamedTuple):
    """One section of the thesis."""

    name: str
    prepare: Callable[[ConfigDict], Any]  # the checked inputs; raises UserError before anything is written
    run: Callable[[Run, Any], None]  # (run, inputs)
    instead: Mapping[str, Callable[[str, Run, Any], None]]  # by flag: what is done when it has a value
    stages: Sequence[Callable[..., Any]] = ()  # training_experiment's, if it is one


def launch(experiment: Experiment) -> NoReturn:
    """Parse the command line and run the experiment; does not return."""

    def action() -> int:
        workdir = command_line.given_workdir() or Path("results", experiment.name, command_line.config_name())
        with command_line.clear_errors(workdir):
            _run(experiment, workdir)
        return 0

    command_line.show_in_help(*command_line.OF_EXPERIMENTS, *experiment.instead)
    app.run(lambda _: sys.exit(action()), flags_parser=command_line.parse)


def _run(experiment: Experiment, workdir: Path) -> None:
    config = command_line.CONFIG.value
    command_line.refuse_ignored(experiment.name)
    begin()
    inputs = experiment.prepare(config)
    run = new_run(experiment.name, config, make_mesh(), workdir, command_line.shared_networks())
    for flag, action in experiment.instead.items():
        if value := flags.FLAGS[flag].value:
            action(value, run, inputs)
            return
    perform(experiment, run, inputs, command_line.config_name())


def begin() -> None:
    """Before JAX is first used: devices, compiled programs, other processes.

    Raises:
        UserError: the command line does not tell where the other processes are.
    """
    absl_logging.set_verbosity(absl_logging.WARNING)  # JAX tells which backends are not there
    process.look_seldom_for_garbage()
    members.use_all_cores()
    process.keep_compiled_programs()
    if processes := command_line.processes():
        jax.distributed.initialize(*processes)


def make_mesh() -> Mesh:
    """The devices that the command line asks for.

    Raises:
        UserError: there are not as many.
    """
    return members.make_mesh(command_line.num_devices())


def new_run(
    name: str, config: ConfigDict, mesh: Mesh, workdir: Path, networks: Path | None, artist: Artist | None = None
) -> Run:
    """A run with a log on the screen."""
    key, seconds = jax.random.key(config.seed), {"compile": 0.0}
    return Run(config, key, mesh, workdir, new_log(name), seconds, Counter(), networks, artist)


def perform(experiment: Experiment, run: Run, inputs: Any, config_name: str) -> None:
    """The experiment in its working directory, which is its own meanwhile, with its log and environment there.

    Raises:
        UserError: it or the networks' folder cannot be written, or it is another run's, or of another config.
        OSError: the disk is full.
    """
    with _owned(run):
        started, devices = time.monotonic(), environment.describe_devices(run.mesh)
        run.log.info("%s with %s in %s on %s", experiment.name, config_name, run.workdir, devices)
        try:
            experiment.run(run, inputs)
        finally:
            run.seconds["total"] = time.monotonic() - started
            if run.leads:
                environment.add_session(run.workdir / "environment.json", run.mesh, run.seconds, run.counts)
        run.log.info("done in %.0f s, of which %.0f s compiling", run.seconds["total"], run.seconds["compile"])


@contextlib.contextmanager
def _owned(run: Run) -> Iterator[None]:
    """The working directory belongs to process 0; whether it got it, all processes learn."""
    with contextlib.ExitStack() as stack:
        problem: Exception | None = None
        if run.leads:
            try:
                if run.networks:
                    check_folder(f"--networks={run.networks}", run.networks)
                stack.enter_context(own_workdir(run.workdir, run.config.to_dict()))
                stack.enter_context(log_to(run.workdir / "log.txt", run.log))
            except (UserError, OSError) as error:
                problem = error
        if run.agree(np.array(problem is not None)):
            raise problem or UserError("process 0 could not take the working directory; it says why")
        yield


def new_log(name: str) -> logging.Logger:
    """A log on the screen."""
    logging.raiseExceptions = False  # a full disk is told once, by what needed it, not by the log file too
    log = logging.getLogger(f"rnnjax.{name}")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    screen = logging.StreamHandler(sys.stdout)
    screen.setLevel(logging.INFO if jax.process_index() == 0 else logging.ERROR)
    log.addHandler(screen)
    return log


@contextlib.contextmanager
def log_to(path: Path, log: logging.Logger) -> Iterator[None]:
    """Keep what is logged, and what is too much for the screen, in a file too."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()
