"""The only main: flags and config to devices, working directory, log and experiment, errors to one line.

Exit status: 0 done, 1 stopped by the machine (disk, memory), 2 a value that cannot be used, 130
interrupted. After 1 and 130, and after a kill, the same command goes on from what is done.
"""

import contextlib
import gc
import logging
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import jax
import numpy as np
from absl import app, flags
from absl import logging as absl_logging
from jax.experimental import multihost_utils
from jax.sharding import Mesh
from matplotlib.figure import Figure
from ml_collections import ConfigDict, config_flags

from experiments import environment
from experiments.drawing import Artist, save_figure
from rnnjax import members, plotting, results
from rnnjax.errors import UserError

_CONFIG = config_flags.DEFINE_config_file("config", None, "The config file, such as configs/first_i.py[:quick].")
_WORKDIR = flags.DEFINE_string("workdir", None, "Where the results go; default: results/<experiment>/<config name>.")
_NETWORKS = flags.DEFINE_string(
    "networks", None, "Where trained networks are found again; default: results/networks, with --workdir inside that."
)
_NUM_DEVICES = flags.DEFINE_integer("num_devices", None, "How many devices to use; default: all, one a core on CPU.")
_COORDINATOR = flags.DEFINE_string("coordinator", None, "host:port of process 0, when several processes make one mesh.")
_NUM_PROCESSES = flags.DEFINE_integer("num_processes", 1, "How many processes make one mesh.")
_PROCESS_ID = flags.DEFINE_integer("process_id", 0, "Which of them this is.")


class Run(NamedTuple):
    """What an experiment gets to work with."""

    config: ConfigDict
    key: jax.Array  # of config.seed: the one place where a key is made from it
    mesh: Mesh
    workdir: Path
    log: logging.Logger
    seconds: dict[str, float]  # the experiment adds what its compiling took under "compile"
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


def launch(experiment: Experiment) -> NoReturn:
    """Parse the command line and run the experiment; does not return."""

    def action() -> int:
        workdir = Path(_WORKDIR.value or Path("results", experiment.name, _config_name()))
        with clear_errors(workdir):
            _run(experiment, workdir)
        return 0

    app.run(lambda _: sys.exit(action()), flags_parser=_parse_flags)


def _parse_flags(argv: list[str]) -> list[str]:
    try:
        rest = flags.FLAGS(argv)
        if len(rest) > 1:
            _fail(f"unexpected argument {rest[1]!r}; flags are written --name=value", 2)
        if _CONFIG.value is None:
            _fail("--config is missing; for example --config=configs/first_i.py", 2)
        _CONFIG.value.to_dict()  # a file that could not be read raises only when it is used
    except (AttributeError, KeyError):
        _fail(_unknown_field(argv), 2)
    except flags.Error as error:
        # What the config file raised comes as text: a traceback, whose last line counts.
        _fail(_one_line(error).rpartition(f"{UserError.__module__}.{UserError.__name__}: ")[2], 2)
    except OSError:
        _fail(f"there is no config file {_config_file(argv)!r}; for example --config=configs/first_i.py", 2)
    except Exception as error:
        _fail(_no_config_file(argv, error), 2)
    return rest


@contextlib.contextmanager
def clear_errors(workdir: Path) -> Iterator[None]:
    """What is not the program's own fault ends it with one line and an exit status."""
    try:
        yield
    except (UserError, results.Damaged, OSError, MemoryError, KeyboardInterrupt) as error:
        _fail(*explained(error, workdir))


def explained(error: BaseException, workdir: Path) -> tuple[str, int]:
    """What to tell of an error that is not the program's own fault, and the exit status."""
    again = "what was done is kept: the same command goes on from there"
    if isinstance(error, UserError):
        return str(error), 2
    if isinstance(error, results.Damaged):
        return f"damaged: {_one_line(error)}", 2
    if isinstance(error, OSError):
        return f"cannot write or read {error.filename or workdir}: {error.strerror or error}; {again}", 1
    if isinstance(error, MemoryError):
        return f"out of memory; {again}", 1
    return f"interrupted; {again}", 130


def _run(experiment: Experiment, workdir: Path) -> None:
    config = _CONFIG.value
    begin()
    inputs = experiment.prepare(config)
    run = new_run(experiment.name, config, make_mesh(), workdir, shared_networks())
    for flag, action in experiment.instead.items():
        if value := flags.FLAGS[flag].value:
            action(value, run, inputs)
            return
    perform(experiment, run, inputs, _config_name())


def begin() -> None:
    """Before JAX is first used: devices, compiled programs, other processes."""
    absl_logging.set_verbosity(absl_logging.WARNING)  # JAX tells which backends are not there
    gc.freeze()  # modules stay
    gc.set_threshold(100_000, 20, 20)  # JAX's tracing makes many objects that live on; looking for garbage was a fifth
    _join_processes()


def given_workdir() -> Path | None:
    """What the command line has for --workdir."""
    return Path(_WORKDIR.value) if _WORKDIR.value else None


def shared_networks() -> Path | None:
    """Where trained networks are shared. A --workdir of one's own keeps to itself, unless it is told otherwise."""
    if _NETWORKS.value:
        return Path(_NETWORKS.value)
    return None if _WORKDIR.value else Path("results", "networks")


def has_config() -> bool:
    """Whether the command line has a --config."""
    return flags.FLAGS["config"].present > 0


def make_mesh() -> Mesh:
    """The devices that the command line asks for."""
    return members.make_mesh(_NUM_DEVICES.value)


def new_run(
    name: str, config: ConfigDict, mesh: Mesh, workdir: Path, networks: Path | None, artist: Artist | None = None
) -> Run:
    """A run with a log on the screen."""
    key, seconds = jax.random.key(config.seed), {"compile": 0.0}
    return Run(config, key, mesh, workdir, new_log(name), seconds, networks, artist)


def perform(experiment: Experiment, run: Run, inputs: Any, config_name: str) -> None:
    """The experiment in its working directory, which is its own meanwhile, with its log and environment there."""
    with _owned(run):
        started, devices = time.monotonic(), environment.describe_devices(run.mesh)
        run.log.info("%s with %s in %s on %s", experiment.name, config_name, run.workdir, devices)
        try:
            experiment.run(run, inputs)
        finally:
            run.seconds["total"] = time.monotonic() - started
            if run.leads:
                environment.add_session(run.workdir / "environment.json", run.mesh, run.seconds)
        run.log.info("done in %.0f s, of which %.0f s compiling", run.seconds["total"], run.seconds["compile"])


def _join_processes() -> None:
    members.use_all_cores()
    environment.keep_compiled_programs()
    if _NUM_PROCESSES.value > 1:
        if not _COORDINATOR.value or not 0 <= _PROCESS_ID.value < _NUM_PROCESSES.value:
            raise UserError(
                f"process_id is {_PROCESS_ID.value} of num_processes {_NUM_PROCESSES.value}, coordinator is"
                f" {_COORDINATOR.value}; needed: --coordinator=host:port and a process_id from 0 to num_processes - 1"
            )
        jax.distributed.initialize(_COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value)


@contextlib.contextmanager
def _owned(run: Run) -> Iterator[None]:
    """The working directory belongs to process 0; whether it got it, all processes learn."""
    with contextlib.ExitStack() as stack:
        problem: Exception | None = None
        if run.leads:
            try:
                stack.enter_context(results.own_workdir(run.workdir, run.config.to_dict()))
                stack.enter_context(_log_to(run.workdir / "log.txt", run.log))
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
def _log_to(path: Path, log: logging.Logger) -> Iterator[None]:
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def _config_name() -> str:
    path, _, mode = str(config_flags.get_config_filename(flags.FLAGS["config"])).partition(":")
    return Path(path).stem + (f"_{mode}" if mode else "")


def _config_file(argv: list[str]) -> str:
    """What the command line has for --config, written with "=" or with a blank; the last one counts."""
    found = ""
    for arg, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = arg.lstrip("-").partition("=")
        if arg.startswith("-") and name == "config":
            found = value if equals else following
    return found


def _unknown_field(argv: list[str]) -> str:
    """Which --config.field of the command line the config does not have, and which ones it has."""
    path, _, mode = _config_file(argv).partition(":")
    try:
        get_config: Callable[..., Any] = runpy.run_path(path)["get_config"]
        config = get_config(mode) if mode else get_config()
    except Exception as error:  # the file itself asks for a field that is not there
        return _no_config_file(argv, error)
    for arg in argv:
        dotted, here = arg.lstrip("-").partition("=")[0], config
        for name in dotted.split(".")[1:] if dotted.startswith("config.") else []:
            if not isinstance(here, ConfigDict) or name not in here:
                valid = ", ".join(here) if isinstance(here, ConfigDict) else "none, it is a value"
                return f"unknown config field {dotted.removeprefix('config.')!r}; valid there: {valid}"
            here = here[name]
    return f"the config {path!r} cannot be read"


def _no_config_file(argv: list[str], error: Exception) -> str:
    return f"{_config_file(argv)!r} is no config file: {type(error).__name__}: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _fail(message: str, status: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)
