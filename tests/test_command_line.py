"""What --help says, all flags of a command, those that other modules define too; and what of a command is refused."""

import functools
import importlib
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forked import ROOT, python
from ml_collections import ConfigDict

from configs.thesis import get_config
from experiments.command_line import OF_EXPERIMENTS
from experiments.fields_read import READ, valid_instead
from experiments.programme import PRESETS, PROTOCOLS, STEPS


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
        ("gate_variants", "capacity.seeds", "1000", "--config.gate_variants.seeds, now 4"),
        ("landscape", "training.learning_rate", "nan", "seed, and fields of landscape, data, members"),
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


READINGS = "--config.calibration.readings, now epoch/best, best/best, epoch/epoch, tie/best"


@pytest.mark.parametrize(
    ("experiment", "field", "valid"),
    [
        ("gate_variants", "landscape.num_settings", "seed, and fields of gate_variants, data, training"),
        ("gate_variants", "members.tile", "--config.training.tile, now 16"),
        ("calibration", "members.tile", "--config.training.tile, now 16"),
        ("landscape", "training.tile", "--config.members.tile, now 80"),
        ("landscape", "training.batch_size", "seed, and fields of landscape, data, members"),
        ("rare_settings", "training.sampler", "seed, and fields of rare_settings, data, members"),
        ("rare_settings", "landscape.architectures", "--config.rare_settings.architectures, now rnn_2x2, gru_2x2"),
        (
            "separability", "data.embedding",
            "--config.separability.embeddings, now embedding_1, embedding_2, embedding_3, embedding_4",
        ),
        ("identity_init", "training.unstopped_learning_rates", "none, it has no controls without early stop"),
        (
            "vanishing_gradients", "training.unstopped_learning_rates",
            "--config.vanishing_gradients.unstopped_learning_rate, now 0.001",
        ),
        (
            "perturbation", "training.unstopped_learning_rates",
            "--config.search.unstopped_learning_rate, now 0.001",
        ),
        ("update_cosine", "search.thresholds", "--config.update_cosine.trained_above, now 0.4"),
        ("update_cosine", "data.label", "--config.search.data_sets, now FirstI"),
        ("hessian_spectrum", "perturbation.factor", "--config.hessian_spectrum.factor, now 0.5"),
        ("calibration", "training.worse_than_best", READINGS),
    ],
)  # fmt: skip
def test_what_is_valid_instead_of_a_field_that_is_not_read(experiment: str, field: str, valid: str) -> None:
    assert valid_instead(get_config("quick"), experiment, field, 7) == valid


@pytest.mark.parametrize(
    ("experiment", "field"),
    [
        ("hessian_spectrum", "perturbation.ddof"), ("hessian_spectrum", "search.seeds"),
        ("search", "search.thresholds"), ("word_projection", "members.tile"), ("landscape", "data.label"),
        ("capacity", "training.unstopped_learning_rates"), ("separability", "data.embedding_margin"),
        ("calibration", "data.embedding"), ("search", "seed"),
        ("of_my_own", "data.label"), ("search", "of_my_own.seeds"),
    ],
)  # fmt: skip
def test_what_an_experiment_reads_or_may_read_is_not_refused(experiment: str, field: str) -> None:
    assert valid_instead(get_config("quick"), experiment, field, 7) is None


def test_every_experiment_tells_what_it_reads() -> None:
    config = get_config()
    sections = {name for name, value in config.items() if isinstance(value, ConfigDict)}
    assert set(READ) == sections - {"data", "members", "training"}
    for name, read in READ.items():
        assert importlib.import_module(f"experiments.{name}").EXPERIMENT.name == name
        assert set(read) <= sections | {f"{section}.{field}" for section in sections for field in config[section]}


SEARCHED = "update_cosine", "perturbation", "hessian_spectrum"  # which look at the thresholds that are counted alone


@pytest.mark.parametrize("name", sorted(set(READ) - {"calibration"}))  # which looks at all that it sweeps
def test_what_is_read_before_an_experiment_runs_is_not_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config, read, looked_at = get_config("quick"), set[str](), {"search.thresholds"} if name in SEARCHED else set()
    sections = {id(section): title for title, section in config.items() if isinstance(section, ConfigDict)}
    get_item = ConfigDict.__getitem__

    def watched(self: ConfigDict, field: str) -> Any:
        if id(self) in sections:
            read.add(f"{sections[id(self)]}.{field}")
        return get_item(self, field)

    with monkeypatch.context() as patch:
        patch.setattr(ConfigDict, "__getitem__", watched)
        importlib.import_module(f"experiments.{name}").EXPERIMENT.prepare(config)
    assert {"data.seed", "data.sentence_length"} < read
    assert {field for field in read if valid_instead(config, name, field, 7)} == looked_at


def printed_commands() -> Iterator[str]:
    """Those of the texts and of the modules' own, each in one line."""
    texts = [path.read_text() for glob in ("*.md", "docs/*.md", "*/*.py") for path in ROOT.glob(glob)]
    for path in ROOT.glob("notebooks/*.ipynb"):
        texts += ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    for text in texts:
        yield from re.findall(r"python -m experiments\.\w+[^\n`;]*", re.sub(r"\\\n\s*", "", text))


def overrides(command: str) -> list[str]:
    """Its fields."""
    return re.findall(r"--config\.([\w.]+)", command)


def test_no_command_of_the_texts_is_refused() -> None:
    config, found = get_config(), set[tuple[str, str]]()
    for command in printed_commands():
        experiment = re.findall(r"experiments\.(\w+)", command)[0]
        found |= {(experiment, field) for field in overrides(command)}
    assert {("landscape", "data.embedding_seed"), ("trainability", "trainability.matched")} <= found
    assert {("gate_variants", "training.early_stop"), ("gate_variants", "gate_variants.unstopped_seeds")} <= found
    assert [each for each in found if valid_instead(config, *each, 7)] == []


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_command_of_a_step_is_refused(preset: str, protocol: str) -> None:
    refused, seen = [], set[str]()
    for step in STEPS:
        config = step.config(preset, protocol)
        for field in overrides(step.command(preset, protocol)):
            seen.add(field)
            if valid_instead(config, step.module, field, functools.reduce(getattr, field.split("."), config)):
                refused.append((step.name, field))
    assert not refused and {"seed", "data.seed", "training.tile", *PROTOCOLS[protocol]} <= seen


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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("return 3", "get_config of '{}' returns int; valid: what configs.base.base_config gives"),
        ("return None", "get_config of '{}' returns NoneType; valid: what configs.base.base_config gives"),
        ("del config['rare_settings']", "the config of '{}' lacks rare_settings; valid: what configs.base.base_config"),
        ("del config.data['seed']", "the config of '{}' lacks data.seed; valid: what configs.base.base_config"),
        ("config.gate_variants.seeds = 'ten'", "TypeError: Could not override field 'seeds'"),
        (
            "config.landscape.num_setings = 3",
            "'{}' is no config file: AttributeError: 'Key \"num_setings\" does not exist",
        ),
    ],
)
def test_a_config_file_of_one_s_own_that_cannot_be_used_is_told_in_one_line(
    change: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "own.py"
    unlock = "config.unlock(); " * change.startswith("del")
    content = f"""
        from configs.base import base_config
        def get_config(mode=""):
            config = base_config("first", "I", "quick")
            {unlock}{change}
            return config
    """
    file.write_text(textwrap.dedent(content))
    done = python("-m", "experiments.landscape", f"--config={file}", f"--workdir={tmp_path / 'work'}")
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2 and "Traceback" not in done.stderr and len(errors) == 1
    assert errors[0].startswith(f"error: {told.format(file)}") and len(errors[0]) < 300
    assert not (tmp_path / "work").exists()


def test_who_stops_reading_hears_of_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "experiments.gate_variants", "--help"]
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_ctrl_c_ends_a_program_at_once_until_it_is_told_in_one_line() -> None:
    program = """
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which whoever runs the tests may ignore
        sys.argv[0] = "-m"
        import experiments
        print(signal.getsignal(signal.SIGINT) is signal.SIG_DFL)
        from experiments.command_line import clear_errors
        with clear_errors():
            signal.raise_signal(signal.SIGINT)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "True\n", "error: interrupted\n")


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
