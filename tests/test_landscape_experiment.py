"""experiments/landscape.py from the command line: what it leaves, how it resumes, what it refuses."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forked import ROOT, python
from launching import run_of
from ml_collections import ConfigDict

from configs.base import base_config
from experiments import check, environment, landscape, landscape_report, runner
from experiments.landscape_inputs import prepare
from experiments.programme import ADOPTED, STEPS, Job
from rnnjax import members, results
from rnnjax.errors import UserError

SETTINGS = 3000
SMALL = [
    "--config=configs/first_ii.py:quick",
    "--config.landscape.architectures=rnn_2x2,gru_2x2",
    "--config.landscape.compared_samplers=('normal:1',)",
    f"--config.landscape.num_settings={SETTINGS}",
    "--config.landscape.settings_per_part=250",
    "--config.landscape.settings_per_call=256",
]
FILES = {
    "config.json", "environment.json", "figure_4_19.png", "figure_4_19_tails.png", "figure_4_20.png",
    "log.txt", "result.npz", "summary.json", "tails_4_6_1.csv",
}  # fmt: skip


def command(workdir: Path, *flags: str) -> list[str]:
    return [sys.executable, "-m", "experiments.landscape", *SMALL, f"--workdir={workdir}", *flags]


def launch(workdir: Path, *flags: str, through: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    if not through:
        return python(*command(workdir, *flags)[1:])
    return subprocess.run(
        [*through, *command(workdir, *flags)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def counts(workdir: Path) -> dict[str, np.ndarray]:
    with np.load(workdir / "result.npz") as result:
        return {name: result[name] for name in result.files if name.endswith("counts")}


def same_counts(one: Path, other: Path) -> None:
    ours, theirs = counts(one), counts(other)
    assert ours.keys() == theirs.keys() and len(ours) == 8
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name])


def refused(done: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    """One line on stderr, with these words, and no traceback."""
    lines = done.stderr.splitlines()
    assert done.returncode == status and len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    for word in words:
        assert word in lines[0]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workdir = tmp_path_factory.mktemp("run") / "work"
    done = launch(workdir)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress line where there is no terminal
    return workdir


def test_a_run_leaves_the_files_that_are_promised(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == FILES | {".lock"}
    for name in FILES:
        assert (finished / name).stat().st_size > 0
    session = json.loads((finished / "environment.json").read_text())["sessions"][0]
    assert session["packages"].keys() >= {"jax", "jaxlib", "numpy"} and session["seconds"].keys() >= {
        "compile",
        "total",
    }


def test_check_counts_the_settings_above_an_accuracy_again(finished: Path, tmp_path: Path) -> None:
    summary = json.loads((finished / "summary.json").read_text())
    step = next(step for step in STEPS if step.name == "landscape")
    numbers = [n for n in check._numbers(Job(step, ADOPTED), "quick", summary) if n.above is not None]
    assert len(numbers) == 2 * 2  # samplers, cells
    run = run_of(tmp_path, ConfigDict(json.loads((finished / "config.json").read_text())))
    for number in numbers:
        correct = counts(finished)[number.name.replace(":", "_").replace(" ", "/") + "/counts"]
        expected = int((correct > 0.55 * summary["num_sentences"]).sum())
        again = check._again(number, run)
        assert number.shipped == again == expected
        assert check.Checked(number, again).agrees and not check.Checked(number, again + 1).agrees
    assert max(number.shipped for number in numbers) > 0


def test_everything_written_agrees_with_the_counts(finished: Path) -> None:
    summary = json.loads((finished / "summary.json").read_text())
    with np.load(finished / "result.npz") as result:
        for sampler, by_architecture in summary["samplers"].items():
            for architecture, told in by_architecture.items():
                place = f"{sampler.replace(':', '_')}/{architecture}/"
                values = result[place + "counts"]
                assert len(values) == SETTINGS == told["num_settings"]
                np.testing.assert_array_equal(result[place + "histogram"], np.bincount(values, minlength=1001))
                assert told["best"] == values.max() / 1000 and told["best_index"] == np.argmax(values)
                assert told["lowest"] == values.min() / 1000 and told["lowest_index"] == np.argmin(values)
                assert told["mean"] == pytest.approx(values.mean() / 1000)
                assert told["audit"]["settings"] == 32 and told["audit"]["judged_differently"] == 0
        with (finished / "tails_4_6_1.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["sampler"] == "normal:1"]
        assert [float(row["accuracy_above"]) for row in rows[:9]] == [0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
        for row in rows:
            if row["shape"] == "2x2":
                above = (result["normal_1/rnn_2x2/counts"] > round(1000 * float(row["accuracy_above"]))).sum()
                assert int(row["rnn_above"]) == above
                above_gru = (result["normal_1/gru_2x2/counts"] > round(1000 * float(row["accuracy_above"]))).sum()
                assert int(row["gru_above"]) == above_gru
                assert row["ratio"] == "gru/rnn"
                if above:  # as many settings of each
                    assert float(row["ratio_estimate"]) == pytest.approx(above_gru / above, rel=1e-5)
                    assert float(row["ratio_low"]) <= above_gru / above <= float(row["ratio_high"])
        assert {row["shape"] for row in rows} == {"2x2"}
        assert int(rows[0]["rnn_above"]) > 0 and int(rows[0]["gru_above"]) > 0


def test_what_there_is_of_some_samplers_is_drawn_and_is_no_summary(finished: Path, tmp_path: Path) -> None:
    shutil.copyfile(finished / "result.npz", tmp_path / "result.npz")
    config = ConfigDict(json.loads((finished / "config.json").read_text()))
    inputs = prepare(config)
    run = runner.new_run("landscape", config, members.make_mesh(1), tmp_path, None)
    landscape_report.report(run, inputs, inputs.samplers[:1])
    assert {path.name for path in tmp_path.iterdir()} == FILES - {
        "config.json", "environment.json", "log.txt", "summary.json"
    }  # fmt: skip
    landscape_report.report(run, inputs, inputs.samplers)
    assert (tmp_path / "summary.json").read_bytes() == (finished / "summary.json").read_bytes()


def test_the_same_command_again_only_draws(finished: Path) -> None:
    before, sessions = (finished / "result.npz").stat().st_mtime_ns, sessions_of(finished)
    (finished / "figure_4_20.png").unlink()
    done = launch(finished)
    assert done.returncode == 0 and "only drawn again" in done.stdout and "settings scored" not in done.stdout
    assert (finished / "result.npz").stat().st_mtime_ns == before and (finished / "figure_4_20.png").exists()
    *kept, last = sessions_of(finished)
    assert kept == sessions and last["seconds"]["compile"] == 0.0


def sessions_of(workdir: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((workdir / "environment.json").read_text())["sessions"]
    return found


def test_what_another_version_scored_is_scored_again(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copyfile(finished / "result.npz", tmp_path / "result.npz")
    config = ConfigDict(json.loads((finished / "config.json").read_text()))
    inputs, run = prepare(config), runner.new_run("landscape", config, members.make_mesh(1), tmp_path, None)
    monkeypatch.setattr(run.log, "propagate", True)
    assert landscape._is_whole(run, inputs)
    part, _, _ = next(landscape._parts(run, inputs.samplers[0], inputs.architectures[0]))
    part.write(np.zeros(3, np.uint16))
    monkeypatch.setattr(landscape, "_scored_by", lambda: "later")
    assert not landscape._is_whole(run, inputs)
    assert "result.npz was scored by another version: scored again" in caplog.text
    later, _, _ = next(landscape._parts(run, inputs.samplers[0], inputs.architectures[0]))
    with pytest.raises(results.Damaged, match="belongs to another run"):
        later.read()


def test_killed_and_damaged_it_ends_with_identical_counts(finished: Path, tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    for parts_before_the_kill in (1, 14):
        kill_when(workdir, parts_before_the_kill)
    parts = sorted(workdir.glob("parts/**/*.npz"))
    parts[0].write_bytes(parts[0].read_bytes()[:-20])
    flipped = bytearray(parts[3].read_bytes())
    flipped[len(flipped) // 2] ^= 0x10
    parts[3].write_bytes(bytes(flipped))
    shutil.copy(parts[2], parts[5])
    done = launch(workdir)
    assert done.returncode == 0, done.stderr
    for damaged in (parts[0], parts[3], parts[5]):
        assert f"damaged, computed again: {damaged}" in done.stdout
    assert str(parts[1]) not in done.stdout
    same_counts(workdir, finished)
    assert {path.name for path in workdir.iterdir()} == FILES | {".lock"}  # no parts, no temporary files


def kill_when(workdir: Path, num_parts: int) -> None:
    with subprocess.Popen(command(workdir), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while len(list(workdir.glob("parts/**/*.npz"))) < num_parts:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)


def test_a_damaged_result_is_noticed_and_made_again(finished: Path, tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    shutil.copytree(finished, workdir)
    content = bytearray((workdir / "result.npz").read_bytes())
    content[len(content) // 3] ^= 0xFF
    (workdir / "result.npz").write_bytes(bytes(content))
    done = launch(workdir)
    assert done.returncode == 0 and f"damaged, made again: {workdir / 'result.npz'}" in done.stdout
    same_counts(workdir, finished)


def test_a_second_run_into_a_live_workdir_is_refused(tmp_path: Path) -> None:
    workdir = tmp_path / "work"
    with subprocess.Popen(command(workdir), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while not (workdir / "log.txt").exists():
            assert first.poll() is None
            time.sleep(0.05)
        os.kill(first.pid, signal.SIGSTOP)  # alive for as long as the second needs
        refused(launch(workdir), 2, "another run is at work", str(workdir))
        first.kill()


def test_the_workdir_of_another_config_is_refused_and_left_alone(finished: Path) -> None:
    done = launch(finished, "--config.seed=1", "--config.data.version=I")
    refused(done, 2, "seed is 0 there and 1 here", "data.version is II there and I here")
    assert (finished / "result.npz").exists()


def test_a_full_disk_ends_in_one_line_and_what_was_done_is_kept(finished: Path, tmp_path: Path) -> None:
    workdir = tmp_path / "work"

    small_files = ["bash", "-c", 'ulimit -f 12; exec "$@"', "bash"]  # of 12 KiB: parts fit, result.npz does not
    refused(launch(workdir, through=small_files), 1, str(workdir), "File too large", "the same command goes on")
    parts = list(workdir.glob("parts/**/*.npz"))
    assert len(parts) == 4 * 12  # all of them: it is the result that does not fit
    assert not list(workdir.rglob("*.tmp"))
    done = launch(workdir)
    assert done.returncode == 0 and ", 0 settings scored" in done.stdout
    same_counts(workdir, finished)


def test_an_unwritable_workdir_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(launch(tmp_path / "file" / "work"), 2, f"cannot be written: {tmp_path / 'file'} is a file")


@pytest.mark.parametrize("setting", ["rnn_2x2:0", "gru_2x2:2999"])
def test_a_replay_is_the_setting_of_the_sweep(finished: Path, setting: str) -> None:
    done = launch(finished, f"--replay={setting}")
    assert done.returncode == 0, done.stderr
    architecture, index = setting.split(":")
    with np.load(finished / "result.npz") as result:
        correct = result[f"pytorch_1/{architecture}/counts"][int(index)]
    assert f"{correct} of 1000 validation sentences correct" in done.stdout
    assert f"{correct} correct, the same" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(("positive", "negative"))]
    (hits, misses), (false_alarms, rejections) = ([int(cell) for cell in row[1:]] for row in rows)
    assert hits + misses == false_alarms + rejections == 500 and hits + rejections == correct
    assert "w_oh =" in done.stdout


def test_a_replay_says_when_it_cannot_be_compared(finished: Path, tmp_path: Path) -> None:
    shutil.copy(finished / "config.json", tmp_path)
    whole = (finished / "result.npz").read_bytes()
    (tmp_path / "result.npz").write_bytes(whole[: len(whole) // 2])
    done = launch(tmp_path, "--replay=rnn_2x2:0")
    *_, last = done.stdout.splitlines()
    assert done.returncode == 0 and last.startswith("warning: not compared with the working directory: "), done
    assert str(tmp_path / "result.npz") in last
    (tmp_path / "result.npz").write_bytes(whole)
    done = launch(tmp_path, "--replay=rnn_2x2:0", "--config.data.seed=5", "--config.landscape.num_settings=7")
    *_, last = done.stdout.splitlines()
    told = "was made by another config, not compared: data.seed is 0 there and 5 here"
    assert done.returncode == 0 and last == f"{tmp_path} {told}", done


@pytest.mark.parametrize("content", ['{"sessions": 3}', '{"sessions": {"a": 1}}', "[]", "{", None])
def test_sessions_of_another_shape_are_begun_again(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "environment.json"
    if content is not None:
        path.write_text(content)
    environment.add_session(path, members.make_mesh(1), {"total": 1.0}, {})
    (session,) = sessions_of(tmp_path)
    assert session["seconds"] == {"total": 1.0}


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--config.landscape.architectures=lstm_2x2", ["'lstm'", "rnn, relu_rnn, gru"]),
        ("--config.landscape.num_settings=0", ["landscape.num_settings is 0", "1 to 1000000000"]),
        ("--config.landscape.num_setings=5", ["'landscape.num_setings'", "num_settings, sampler"]),
        ("--config.data.lable=first", ["'data.lable'", "label"]),
        ("--config.seed=many", ["seed is 'many'; it must be a whole number"]),
        ("--replay=gru_2x4", ["'gru_2x4'", "gru_2x4:123456"]),
        ("--replay=gru_2x4:５", ["'gru_2x4:５'", "gru_2x4:123456"]),
        ("--num_devices=0", ["num_devices is 0", "from 1 to"]),
        ("--config=configs/second_i.py", ["'configs/second_i.py'", "configs/first_i.py"]),
        ("--config=configs/first_i.py:fast", ["'fast'", "full, quick"]),
        ("stray", ["'stray'"]),
    ],
)
def test_a_bad_command_ends_in_one_line(flag: str, words: list[str], tmp_path: Path) -> None:
    refused(launch(tmp_path / "work", flag), 2, *words)
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("data.label", "second", "unknown label 'second'; valid: count, first, xor"),
        ("data.version", "III", "unknown data set version 'III'; valid: I, II"),
        ("data.embedding", "word2vec", "unknown embedding 'word2vec'; valid: embedding_1, embedding_2"),
        ("data.embedding", "embedding_3", "embedding_3 has 2 dimensions, not 4; for others: embedding_2"),
        ("data.sentence_length", 0, "sentence_length is 0; it must be from 1 to 18"),
        ("data.sentence_length", 2, "sentences of 2 words .* only"),
        ("data.kind_probabilities", (0.6, 0.4), "kind_probabilities is .*three numbers"),
        ("data.kind_probabilities", (1.2, -0.1, -0.1), "kind_probabilities is .*above 0"),
        ("data.embedding_scale", -1.0, "embedding_scale is -1.0; it must be from"),
        ("data.embedding_scale", float("nan"), "embedding_scale is nan; it must be from"),
        ("landscape.sampler", "cauchy", "unknown sampler 'cauchy'; valid: pytorch, uniform, normal, identity"),
        ("landscape.sampler", "normal:0", "the scale is 0.0; it must be from"),
        ("landscape.compared_samplers", ("normal:x",), "its scale 'x' is no number"),
        ("landscape.architectures", (), "landscape.architectures is"),
        ("landscape.architectures", ("gru_2x2", "gru_2x2"), "one or more different ones"),
        ("landscape.architectures", ("gru_2x1000",), "the hidden dimension is 1000; it must be from 1 to 64"),
        ("landscape.num_settings", -3, "landscape.num_settings is -3; it must be from 1 to"),
        ("landscape.num_settings", 10**12, "landscape.num_settings is 10+; it must be from 1 to"),
        ("landscape.settings_per_part", 0, "settings_per_part is 0; it must be from 1 to"),
        ("landscape.settings_per_call", 10**9, "settings_per_call is 10+; it must be from 1 to"),
        ("landscape.audited_settings", -1, "audited_settings is -1; it must be from 0 to"),
        ("members.tile", 0, "members.tile is 0; it must be from 1 to 65536"),
        ("seed", -1, "seed is -1; it must be from 0 to"),
        ("data.seed", 2**40, "data.seed is .*; it must be from 0 to"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_the_valid_ones(field: str, value: object, message: str) -> None:
    config: ConfigDict = base_config("first", "I", "quick")
    config.update_from_flattened_dict({field: value})
    with pytest.raises(UserError, match=message):
        prepare(config)
