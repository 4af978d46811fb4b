"""The command line of every experiment: its flags, and errors told in one line.

Exit status: 0 done, 1 stopped by the machine (disk, memory), 2 a value that cannot be used, 130
interrupted. After 1 and 130, and after a kill, the same command goes on from what is done.
"""

import contextlib
import os
import re
import runpy
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from absl import app, flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_flags import tuple_parser

from configs.base import base_config
from experiments import fields_read
from rnnjax.errors import UserError, in_range
from rnnjax.results import Damaged

CONFIG = config_flags.DEFINE_config_file("config", None, "The config file, such as configs/first_i.py[:quick].")
_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Where the results go, or are; default: results/<experiment>/<config name>, of a report that is read docs/report.",
)
_NETWORKS = flags.DEFINE_string(
    "networks", None, "Where trained networks are found again; default: results/networks, with --workdir inside that."
)
_NUM_DEVICES = flags.DEFINE_integer("num_devices", None, "How many devices to use; default: all, one a core on CPU.")
_COORDINATOR = flags.DEFINE_string("coordinator", None, "host:port of process 0, when several processes make one mesh.")
_NUM_PROCESSES = flags.DEFINE_integer("num_processes", 1, "How many processes make one mesh.")
_PROCESS_ID = flags.DEFINE_integer("process_id", 0, "Which of them this is.")
OF_EXPERIMENTS = "config", "workdir", "networks", "num_devices", "coordinator", "num_processes", "process_id"
_OF_PROCESSES = "needed: --coordinator=host:port, --num_processes and --process_id, or none of the three"
_NO_CONFIG = "--config is missing; for example --config=configs/first_i.py"
_NEEDED = (
    (flags.IntegerParser, "a whole number"),
    (flags.FloatParser, "a number"),
    (flags.BooleanParser, "true or false"),
    (tuple_parser.TupleParser, "values such as (2, 4)"),
)


def show_in_help(*names: str) -> None:
    """List flags that another module defines in the program's --help."""
    for name in names:
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])


def parse(argv: list[str]) -> list[str]:
    """Take an experiment's flags, --config among them; what cannot be used ends the program."""
    rest = _take(argv)
    if len(rest) > 1:
        _fail(f"unexpected argument {rest[1]!r}; flags are written --name=value", 2)
    if CONFIG.value is None:
        _fail(_NO_CONFIG, 2)
    return rest


def run(main: Callable[[], int], *names: str) -> NoReturn:
    """Run a command that has these flags alone, no --config for one; does not return.

    Args:
        main: what it does, to the exit status.
        names: of its flags.
    """

    def parse_own(argv: list[str]) -> list[str]:
        rest = _take(argv)
        others = [f"--{name}" for name in OF_EXPERIMENTS if name not in names and flags.FLAGS[name].present]
        for other in (*rest[1:], *others):
            _fail(f"unexpected argument {other!r}; valid: {_own_names()}", 2)
        return rest

    show_in_help(*names)
    app.run(lambda _: sys.exit(main()), flags_parser=parse_own)


@contextlib.contextmanager
def clear_errors(workdir: Path | None = None) -> Iterator[None]:
    """What is not the program's own fault ends it with one line and an exit status.

    Args:
        workdir: where what was done is kept; None: nowhere.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # until here it ended the program at once
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except BrokenPipeError:
        _nobody_reads()
    except (UserError, Damaged, OSError, MemoryError, KeyboardInterrupt) as error:
        _fail(*explained(error, workdir))


def explained(error: BaseException, workdir: Path | None) -> tuple[str, int]:
    """What to tell of an error that is not the program's own fault, and the exit status."""
    again = "; what was done is kept: the same command goes on from there" if workdir else ""
    if isinstance(error, UserError):
        return str(error), 2
    if isinstance(error, Damaged):
        return f"damaged: {_one_line(error)}", 2
    if isinstance(error, OSError):
        return f"cannot write or read {error.filename or workdir or 'a file'}: {error.strerror or error}{again}", 1
    if isinstance(error, MemoryError):
        return f"out of memory{again}", 1
    return f"interrupted{again}", 130


def given_workdir() -> Path | None:
    """What the command line has for --workdir."""
    return Path(_WORKDIR.value) if _WORKDIR.value else None


def shared_networks() -> Path | None:
    """Where trained networks are shared. A --workdir of one's own keeps to itself, unless it is told otherwise."""
    if _NETWORKS.value:
        return Path(_NETWORKS.value)
    return None if _WORKDIR.value else Path("results", "networks")


def refuse_ignored(experiment: str) -> None:
    """Stop at a field that the experiment does not read: it would run as if it had not been given.

    Raises:
        UserError: the command line has such a field.
    """
    for field, value in config_flags.get_override_values(flags.FLAGS["config"]).items():
        if valid := fields_read.valid_instead(CONFIG.value, experiment, field, value):
            raise UserError(f"{field} is {value!r}, which {experiment} does not read; valid: {valid}")


def num_devices() -> int | None:
    """How many devices the command line asks for."""
    found: int | None = _NUM_DEVICES.value
    return found


def processes() -> tuple[str, int, int] | None:
    """Where process 0 listens, how many there are and which this is; None: there is one.

    Raises:
        UserError: one of the three flags is missing, or there is no such address or process.
    """
    address, number, this = _COORDINATOR.value, _NUM_PROCESSES.value, _PROCESS_ID.value
    for name in ("coordinator", "process_id"):
        if flags.FLAGS[name].present and not flags.FLAGS["num_processes"].present:
            raise UserError(f"--{name} is given without --num_processes; {_OF_PROCESSES}")
    in_range("num_processes", number, 1, 2**20)
    in_range("process_id", this, 0, number - 1)
    if number == 1 and address is None:
        return None
    if not re.fullmatch(r".+:[0-9]+", address or ""):
        raise UserError(f"coordinator is {address!r}; {_OF_PROCESSES}")
    in_range(f"coordinator is {address!r}: the port", int(address.rpartition(":")[2]), 1, 65_535)
    return (address, number, this) if number > 1 else None


def config_name() -> str:
    """The config file's name and mode, such as first_i_quick."""
    path, _, mode = str(config_flags.get_config_filename(flags.FLAGS["config"])).partition(":")
    return Path(path).stem + (f"_{mode}" if mode else "")


def _take(argv: list[str]) -> list[str]:
    """Take a command's flags; what cannot be used ends the program."""
    try:
        rest: list[str] = flags.FLAGS(argv)
        for flag in _own_flags():
            if flag.present and flag.value in ("", []):
                _fail(f"--{flag.name} has no value; leave it out, or give one: {flag.help}", 2)
        if given := _given(argv, "config"):
            _check_config(given)
    except (AttributeError, KeyError):
        _fail(_unknown_field(argv), 2)
    except flags.UnrecognizedFlagError as error:
        if error.flagname.startswith("config.") and any(flag.name == "config" for flag in _own_flags()):
            _fail(_NO_CONFIG, 2)
        _fail(f"unknown flag '--{error.flagname}'; valid: {_own_names()}", 2)
    except flags.IllegalFlagValueError as error:
        _fail(_bad_value(argv, error), 2)
    except flags.Error as error:
        _fail(_one_line(error), 2)
    except BrokenPipeError:
        _nobody_reads()
    except OSError:
        _fail(f"there is no config file {_given(argv, 'config')!r}; for example --config=configs/first_i.py", 2)
    except Exception as error:
        _fail(_no_config_file(argv, error), 2)
    return rest


def _check_config(given: str) -> None:
    """Stop unless the file's config has every section and field that configs.base gives."""
    config, needed = CONFIG.value, base_config("first", "I", "quick")
    getattr(config, "to_dict", bool)()  # a file that could not be read raises only when it is used
    if not isinstance(config, ConfigDict):
        _fail(f"get_config of {given!r} returns {type(config).__name__}; valid: what configs.base.base_config gives", 2)
    there = set(_fields(config))
    for name in _fields(needed):
        if name not in there:
            _fail(f"the config of {given!r} lacks {name}; valid: what configs.base.base_config gives, changed", 2)


def _fields(config: ConfigDict, above: str = "") -> Iterator[str]:
    """All sections and fields, dotted."""
    for name, value in config.items():
        yield above + name
        if isinstance(value, ConfigDict):
            yield from _fields(value, f"{above}{name}.")


def _nobody_reads() -> NoReturn:
    """Whoever read the output has gone (`| head`): end, and have Python write nothing more at its own end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def _own_flags() -> list[flags.Flag]:
    """The flags that the program's --help has."""
    found: list[flags.Flag] = flags.FLAGS.get_key_flags_for_module(sys.argv[0])
    return found


def _own_names() -> str:
    """Theirs, for people."""
    return ", ".join(f"--{flag.name}" for flag in _own_flags())


def _given(argv: list[str], flag: str) -> str:
    """What the command line has for a flag, written with "=" or with a blank; the last one counts."""
    found = ""
    for arg, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = arg.lstrip("-").partition("=")
        if arg.startswith("-") and name == flag:
            found = value if equals else following
    return found


def _bad_value(argv: list[str], error: Exception) -> str:
    """Which flag's value cannot be read, and what it must be."""
    name = _one_line(error).removeprefix("flag --").partition("=")[0]
    if name in flags.FLAGS:
        for parser, needed in _NEEDED:
            if isinstance(flags.FLAGS[name].parser, parser):
                return f"{name.removeprefix('config.')} is {_given(argv, name)!r}; it must be {needed}"
    # What the config file raised comes as text: a traceback, whose last line counts.
    raised = str(error).strip().splitlines()[-1].removeprefix(f"{UserError.__module__}.{UserError.__name__}: ")
    return raised if name in flags.FLAGS or not _given(argv, "config") else f"{_given(argv, 'config')}: {raised}"


def _unknown_field(argv: list[str]) -> str:
    """Which --config.field of the command line the config does not have, and which ones it has."""
    path, _, mode = _given(argv, "config").partition(":")
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
    return f"{_given(argv, 'config')!r} is no config file: {type(error).__name__}: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    """Of a field that a locked config does not have without all the others with their values."""
    return " ".join(str(error).partition("Other fields present")[0].split())


def _fail(message: str, status: int) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(status)
