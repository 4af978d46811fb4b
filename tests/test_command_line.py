"""What --help says, all flags of a command, those that other modules define too; and what of a command is refused."""

import textwrap
from pathlib import Path

import pytest
from forked import python

from experiments.command_line import OF_EXPERIMENTS


@pytest.mark.parametrize(
    ("module", "listed", "other"),
    [
        ("landscape", (*OF_EXPERIMENTS, "replay"), ()),
        ("gate_variants", OF_EXPERIMENTS, ("replay",)),
        ("reproduce", ("preset", "workdir", "networks", "num_devices"), ("config", "coordinator")),
        ("calibration_of_report", ("into", "workdir"), ("config", "networks")),
    ],
)
def test_help_lists_the_flags_of_a_command_and_no_others(
    module: str, listed: tuple[str, ...], other: tuple[str, ...]
) -> None:
    done = python("-m", f"experiments.{module}", "--help")
    assert all(f"  --{name}: " in done.stdout for name in listed), done.stdout + done.stderr
    assert not any(f"  --{name}: " in done.stdout for name in other)


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--num_devises=2", "unknown flag '--num_devises'; valid: --config, --workdir, --networks, --num_devices"),
        ("--num_devices=two", "num_devices is 'two'; it must be a whole number"),
        ("--config.gate_variants.seeds=2.5", "gate_variants.seeds is '2.5'; it must be a whole number"),
        ("--config.training.learning_rate=fast", "training.learning_rate is 'fast'; it must be a number"),
        ("--config.training.early_stop=maybe", "training.early_stop is 'maybe'; it must be true or false"),
        ("--config.gate_variants.hidden_dims=(2,", "gate_variants.hidden_dims is '(2,'; it must be values such as"),
        ("--workdir=", "--workdir has no value; leave it out, or give one: Where the results go"),
        ("--workdir=README.md", "the working directory README.md cannot be written: README.md is a file"),
        ("--networks=README.md/x", "--networks=README.md/x cannot be written: README.md is a file"),
        ("--num_processes=-2", "num_processes is -2; it must be from 1 to"),
        ("--num_processes=0", "num_processes is 0; it must be from 1 to"),
        ("--num_processes=2", "coordinator is None; needed: --coordinator=host:port"),
        ("--num_processes=2 --coordinator=host", "coordinator is 'host'; needed: --coordinator=host:port"),
        ("--num_processes=1 --coordinator=host", "coordinator is 'host'; needed: --coordinator=host:port"),
        ("--num_processes=2 --coordinator=host:999999", "coordinator is 'host:999999': the port is 999999; it must be"),
        (
            "--num_processes=2 --coordinator=host:0",
            "coordinator is 'host:0': the port is 0; it must be from 1 to 65535",
        ),
        ("--num_processes=2 --coordinator=host:１", "coordinator is 'host:１'; needed: --coordinator=host:port"),
        ("--num_processes=2 --coordinator=host:1 --process_id=2", "process_id is 2; it must be from 0 to 1"),
        ("--coordinator=host:1", "--coordinator is given without --num_processes; needed: --coordinator=host:port"),
        ("--process_id=1", "--process_id is given without --num_processes; needed: --coordinator=host:port"),
    ],
)
def test_a_bad_flag_ends_in_one_line(flag: str, told: str, tmp_path: Path) -> None:
    command = ("-m", "experiments.gate_variants", "--config=configs/thesis.py:quick", f"--workdir={tmp_path / 'work'}")
    done = python(*command, *flag.split())
    assert done.returncode == 2 and done.stderr.startswith(f"error: {told}") and done.stderr.count("\n") == 1
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("experiment", "field", "value", "valid"),
    [
        ("gate_variants", "data.label", "'xor'", "--config.gate_variants.data_sets, now CountII, FirstII"),
        ("perturbation", "data.version", "'II'", "--config.search.data_sets, now FirstI"),
        ("calibration", "data.label", "'xor'", "none, it trains on what the printed numbers are about"),
        ("calibration", "training.batch_size", "8", "--config.calibration.batch_sizes, now 32"),
        ("calibration", "data.embedding_margin", "0.5", "--config.calibration.margins, now 0.25, 1.0"),
        ("calibration", "training.report", "'best'", "none, it has both"),
    ],
)
def test_a_field_that_an_experiment_does_not_read_is_refused(
    experiment: str, field: str, value: str, valid: str, tmp_path: Path
) -> None:
    command = "-m", f"experiments.{experiment}", "--config=configs/thesis.py:quick", f"--workdir={tmp_path / 'work'}"
    flag = value.strip("'")
    done = python(*command, f"--config.{field}={flag}")
    assert done.returncode == 2
    assert done.stderr == f"error: {field} is {value}, which {experiment} does not read; valid: {valid}\n"
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("error", "told", "status"),
    [
        ("KeyboardInterrupt()", "interrupted", 130),
        ("MemoryError()", "out of memory", 1),
        ("OSError(28, 'No space left on device', 'a')", "cannot write or read a: No space left on device", 1),
        ("Damaged('a: truncated')", "damaged: a: truncated", 2),
        ("UserError('seeds is 0')", "seeds is 0", 2),
    ],
)
@pytest.mark.parametrize("workdir", [None, "work"])
def test_what_is_not_the_program_s_fault_is_one_line_and_a_status(
    error: str, told: str, status: int, workdir: str | None
) -> None:
    program = f"""
        from pathlib import Path
        from experiments.command_line import clear_errors
        from rnnjax.errors import UserError
        from rnnjax.results import Damaged
        with clear_errors({workdir and f"Path({workdir!r})"}):
            raise {error}
    """
    done = python("-c", textwrap.dedent(program))
    goes_on = workdir and status != 2
    again = "; what was done is kept: the same command goes on from there" if goes_on else ""
    assert (done.returncode, done.stderr) == (status, f"error: {told}{again}\n")


def test_a_field_before_or_without_the_config_is_told() -> None:
    done = python("-m", "experiments.gate_variants", "--config.seed=3")
    assert (done.returncode, done.stderr) == (
        2,
        "error: --config is missing; for example --config=configs/first_i.py\n",
    )


@pytest.mark.parametrize("flags", [["--num_processes=1", "--process_id=0", "--coordinator=host:1"], []])
def test_one_process_has_no_others(flags: list[str]) -> None:
    code = """
        import sys
        from absl import flags
        from experiments import command_line
        flags.FLAGS(sys.argv)
        print(command_line.processes())
    """
    done = python("-c", textwrap.dedent(code), *flags)
    assert (done.returncode, done.stdout) == (0, "None\n"), done.stderr


@pytest.mark.parametrize("module", ["benchmarks.landscape", "benchmarks.training"])
@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("README.md/x.json", "--output=README.md/x.json cannot be written: README.md is a file; valid: a place in"),
        ("docs", "--output=docs is a folder; valid: a file in it"),
    ],
)
def test_nothing_is_measured_for_a_file_that_cannot_be_written(module: str, output: str, told: str) -> None:
    done = python("-m", module, f"--output={output}")
    assert done.returncode == 2 and done.stderr.startswith(f"error: {told}") and done.stderr.count("\n") == 1
    assert done.stdout == ""
