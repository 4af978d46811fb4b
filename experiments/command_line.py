"""The command line of every experiment: its flags, and errors told in one line.

Exit status: 0 done, 1 stopped by the machine (disk, memory), 2 a value that cannot be used, 130
interrupted. After 1 and 130, and after a kill, the same command goes on from what is done.
"""

import contextlib
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from absl import flags
from ml_collections import ConfigDict, config_flags

from rnnjax.errors import UserError
from rnnjax.results import Damaged

CONFIG = config_flags.DEFINE_config_file("config", None, "The config file, such as configs/first_i.py[:quick].")
_WORKDIR = flags.DEFINE_string("workdir", None, "Where the results go; default: results/<experiment>/<config name>.")
_NETWORKS = flags.DEFINE_string(
    "networks", None, "Where trained networks are found again; default: results/networks, with --workdir inside that."
)
_NUM_DEVICES = flags.DEFINE_integer("num_devices", None, "How many devices to use; default: all, one a core on CPU.")
_COORDINATOR = flags.DEFINE_string("coordinator", None, "host:port of process 0, when several processes make one mesh.")
_NUM_PROCESSES = flags.DEFINE_integer("num_processes", 1, "How many processes make one mesh.")
_PROCESS_ID = flags.DEFINE_integer("process_id", 0, "Which of them this is.")
OF_EXPERIMENTS = "config", "workdir", "networks", "num_devices", "coordinator", "num_processes", "process_id"


def show_in_help(*names: str) -> None:
    """List flags that another module defines in the program's --help."""
    for name in names:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])


def parse(argv: list[str]) -> list[str]:
    """Take an experiment's flags, --config among them; what cannot be used ends the program."""
    try:
        rest = flags.FLAGS(argv)
        if len(rest) > 1:
            _fail(f"unexpected argument {rest[1]!r}; flags are written --name=value", 2)
        if CONFIG.value is None:
            _fail("--config is missing; for example --config=configs/first_i.py", 2)
        CONFIG.value.to_dict()  # a file that could not be read raises only when it is used
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
    except (UserError, Damaged, OSError, MemoryError, KeyboardInterrupt) as error:
        _fail(*explained(error, workdir))


def explained(error: BaseException, workdir: Path) -> tuple[str, int]:
    """What to tell of an error that is not the program's own fault, and the exit status."""
    again = "what was done is kept: the same command goes on from there"
    if isinstance(error, UserError):
        return str(error), 2
    if isinstance(error, Damaged):
        return f"damaged: {_one_line(error)}", 2
    if isinstance(error, OSError):
        return f"cannot write or read {error.filename or workdir}: {error.strerror or error}; {again}", 1
    if isinstance(error, MemoryError):
        return f"out of memory; {again}", 1
    return f"interrupted; {again}", 130


def given_workdir() -> Path | None:
    """What the command line has for --workdir."""
    return Path(_WORKDIR.value) if _WORKDIR.value else None


def shared_networks() -> Path | None:
    """Where trained networks are shared. A --workdir of one's own keeps to itself, unless it is told otherwise."""
    if _NETWORKS.value:
        return Path(_NETWORKS.value)
    return None if _WORKDIR.value else Path("results", "networks")


def refuse_ignored(experiment: str) -> None:
    """Stop at a data set for the landscape where another experiment is asked for: it would train on its own ones.

    Raises:
        UserError: the command line has such a field.
    """
    given = config_flags.get_override_values(flags.FLAGS["config"]) if experiment != "landscape" else {}
    for field in ("data.label", "data.version"):
        if field in given:
            own = experiment if "data_sets" in CONFIG.value.get(experiment, {}) else "search"
            instead = f"--config.{own}.data_sets, now {', '.join(map(str, CONFIG.value[own].data_sets))}"
            if experiment == "calibration":
                instead = "none, it trains on what the printed numbers are about"
            raise UserError(f"{field} is {given[field]!r}, which {experiment} does not read; valid: {instead}")


def num_devices() -> int | None:
    """How many devices the command line asks for."""
    found: int | None = _NUM_DEVICES.value
    return found


def processes() -> tuple[str, int, int] | None:
    """Where process 0 listens, how many there are and which this is; None: there is one.

    Raises:
        UserError: process 0's address is missing, or there is no such process.
    """
    address, number, this = _COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value
    if number <= 1:
        return None
    if not address or not 0 <= this < number:
        raise UserError(
            f"process_id is {this} of num_processes {number}, coordinator is {address}; needed:"
            " --coordinator=host:port and a process_id from 0 to num_processes - 1"
        )
    return address, number, this


def has_config() -> bool:
    """Whether the command line has a --config."""
    return flags.FLAGS["config"].present > 0


def config_name() -> str:
    """The config file's name and mode, such as first_i_quick."""
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
