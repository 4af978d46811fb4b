"""The one command: order, folders, failures that do not spread, resumption, other versions and bad input refused."""

import gzip
import json
import re
import shutil
import signal
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
from forked import python
from PIL import Image

from experiments import conclusion, report
from experiments.claims_landscape import RARE
from experiments.conclusion import check_config
from experiments.density import DECIDING, HEADLINE, SAME, SHAPES
from experiments.programme import ADOPTED, PRESETS, PROTOCOLS, STEPS, Job, Step, is_same, jobs
from experiments.publish import check_target
from rnnjax import results
from rnnjax.errors import UserError

TINY = {
    "identity_init.seeds": 2,
    "identity_init.shown_seeds": 2,
    "identity_init.draws": 1,
    "identity_init.hidden_dims": (2,),
    "identity_init.data_sets": ("CountII",),
    "training.batch_size": 500,
    "data.sentence_length": 5,
    "training.max_epochs": 1,
    "training.tile": 4,
    "training.members_per_call": 16,
}
ENTRY = {"error": None, "seconds": 1.0, "command": "python", "preset": "quick"}  # of a step in status.json
PROGRAM = textwrap.dedent(
    """
    import os, signal, sys
    from experiments import conclusion, programme, reproduce, training_experiment, training_sweep
    from experiments.programme import Step
    tiny = {tiny!r}
    conclusion.STEPS = programme.STEPS = (
        Step("first", "identity_init", "4.4.1", 1, tiny),
        Step("bad", "identity_init", "4.4.1", 1, tiny | {bad!r}),
        Step("identity_init", "identity_init", "4.4.1", 1, tiny),
    )
    if {version!r}:
        reproduce.engine = lambda: {version!r}
    if {killed!r}:
        owner, name = {killed!r}.rsplit(".", 1)
        setattr(eval(owner), name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    sys.argv = ["reproduce", *{flags!r}]
    reproduce.main()
    """
)


def launch(
    *flags: str, bad: dict[str, object] | None = None, version: str = "", killed: str = ""
) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(tiny=TINY, bad=bad or {}, flags=flags, version=version, killed=killed)
    return python("-c", program)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A run whose second step has a config that cannot be."""
    workdir = tmp_path_factory.mktemp("reproduce") / "work"
    return workdir, launch(f"--workdir={workdir}", "--preset=quick", bad={"training.report": "mean"})


def test_a_step_that_fails_is_told_and_takes_no_other_down(
    failed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    workdir, done = failed
    assert done.returncode == 1
    status = json.loads((workdir / "status.json").read_text())
    assert list(status) == ["first", "bad", "identity_init"]
    assert status["first"]["error"] is status["identity_init"]["error"] is None
    assert status["bad"]["error"] == "training.report is 'mean'; valid: last, best"
    assert "bad failed: training.report is 'mean'" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    for name in ("first", "identity_init"):
        assert (workdir / name / "summary.json").exists() and (workdir / name / "figure_4_16.png").exists()


def test_a_figure_that_cannot_be_written_is_a_failure_of_its_step(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    workdir = shutil.copytree(failed[0], tmp_path / "work")
    figure = workdir / "first" / "figure_4_16.png"
    figure.unlink()
    figure.mkdir()
    bad: dict[str, object] = {"training.report": "mean"}
    done = launch(f"--workdir={workdir}", "--preset=quick", "--only=first,identity_init", bad=bad)
    status = json.loads((workdir / "status.json").read_text())
    assert done.returncode == 1 and status["identity_init"]["error"] is None
    assert status["first"]["error"].startswith("cannot write or read") and status["first"]["seconds"] > 0
    assert "first failed: cannot write or read" in done.stdout and "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("damage", ["truncated", "conditions", "gone", "a file"])
def test_a_step_that_was_done_and_cannot_be_read_is_a_failed_one(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path, damage: str
) -> None:
    workdir = shutil.copytree(failed[0], tmp_path / "work")
    summary = workdir / "first" / "summary.json"
    if damage == "truncated":
        summary.write_bytes(summary.read_bytes()[:200])
    elif damage == "conditions":
        summary.write_text('{"conditions": 3}')
    else:
        shutil.rmtree(workdir / "first")
        if damage == "a file":
            (workdir / "first").touch()
    environment = workdir / "identity_init" / "environment.json"
    environment.write_text('{"sessions": 3}')  # and this is none that a report can tell of
    flags = "--preset=quick", "--only=identity_init", f"--workdir={workdir}"
    done = launch(*flags, bad={"training.report": "mean"})
    status = json.loads((workdir / "status.json").read_text())
    words = "damaged: " if damage in ("truncated", "conditions") else "cannot read "
    assert status["first"]["error"].startswith(words) and status["identity_init"]["error"] is None
    assert done.returncode == 1 and f"first: {words}" in done.stdout and "Traceback" not in done.stdout + done.stderr
    told = (workdir / "report_provenance.md").read_text()
    assert "failed" in told and (workdir / "report.html").exists()


def test_a_published_step_is_not_replaced_by_a_damaged_one(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    workdir, shipped = shutil.copytree(failed[0], tmp_path / "work"), tmp_path / "shipped"
    flags = f"--workdir={workdir}", "--preset=quick", "--only=identity_init", f"--publish={shipped}"
    launch(*flags, bad={"training.report": "mean"})
    before = (shipped / "first" / "summary.json.gz").read_bytes()
    (workdir / "first" / "summary.json").write_text("{")
    done = launch(*flags, "--keep", bad={"training.report": "mean"})
    assert done.returncode == 1 and (shipped / "first" / "summary.json.gz").read_bytes() == before
    assert json.loads((shipped / "status.json").read_text())["first"]["error"] is None


def test_a_damaged_status_is_not_replaced(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    workdir = shutil.copytree(failed[0], tmp_path / "work")
    (workdir / "status.json").write_text("{")
    done = launch(f"--workdir={workdir}", "--preset=quick", "--only=identity_init", bad={"training.report": "mean"})
    assert done.returncode == 2 and "status.json" in done.stderr and done.stderr.count("\n") == 1
    assert (workdir / "status.json").read_text() == "{"


def test_the_traceback_of_a_defect_is_in_the_log(tmp_path: Path) -> None:
    defect = "import experiments.identity_init as m\nm.EXPERIMENT = m.EXPERIMENT._replace(run=lambda *_: 1 / 0)\n"
    flags = f"--workdir={tmp_path}", "--preset=quick", "--only=identity_init"
    program = PROGRAM.format(tiny=TINY, bad={}, flags=flags, version="", killed="")
    done = python("-c", program.replace("sys.argv =", f"{defect}sys.argv ="))
    assert done.returncode == 1 and "ZeroDivisionError: division by zero" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr and "Traceback" in (tmp_path / "log.txt").read_text()


def test_networks_of_one_step_serve_the_next(failed: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    workdir, done = failed
    assert "4 of 4 networks were there already" in done.stdout
    told = [results.read_json(workdir / name / "environment.json") for name in ("first", "identity_init")]
    first, last = (each["sessions"][0]["networks"] for each in told)
    assert first == {"trained": 4, "found": 0} and last == {"trained": 0, "found": 4}
    one, other = ((workdir / name / "conditions.csv").read_text() for name in ("first", "identity_init"))
    assert one == other


def test_the_same_command_again_only_does_what_is_missing(
    failed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    workdir, _ = failed
    result = (workdir / "first" / "result.npz").stat().st_mtime_ns
    done = launch(f"--workdir={workdir}", "--preset=quick", bad={"training.report": "mean"})
    assert done.returncode == 1 and done.stdout.count("is complete: only drawn again") == 2
    assert (workdir / "first" / "result.npz").stat().st_mtime_ns == result


def test_killed_anywhere_it_ends_with_the_same_numbers(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    bad: dict[str, object] = {"training.report": "mean"}
    flags = f"--workdir={tmp_path}", "--preset=quick"
    for where, there, lacking in (
        ("training_sweep.Sweep.train", "first/config.json", "first/result.npz"),
        ("training_experiment.write", "first/result.npz", "status.json"),
        ("reproduce.Reproduction._note", "first/summary.json", "status.json"),
        ("conclusion.conclude", "status.json", "ledger.json"),
    ):
        assert launch(*flags, bad=bad, killed=where).returncode == -signal.SIGKILL
        assert (tmp_path / there).exists() and not (tmp_path / lacking).exists()
    done = launch(*flags, bad=bad)
    assert done.returncode == 1 and done.stdout.count("is complete: only drawn again") == 2
    for name in ("ledger.json", "first/summary.json", "identity_init/summary.json", "identity_init/conditions.csv"):
        assert (tmp_path / name).read_bytes() == (failed[0] / name).read_bytes()
    for name in ("first/figure_4_16.png", "report.html", "report.md"):
        assert (tmp_path / name).exists()


def test_only_some_steps_are_run_and_the_others_status_is_kept(
    failed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    workdir, _ = failed
    bad: dict[str, object] = {"training.report": "mean"}
    done = launch(f"--workdir={workdir}", "--preset=quick", "--only=identity_init", bad=bad)
    assert done.returncode == 0 and "[1/1] identity_init" in done.stdout and "] first" not in done.stdout
    assert list(json.loads((workdir / "status.json").read_text())) == ["first", "bad", "identity_init"]


def test_a_report_and_a_ledger_are_left(failed: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    workdir, done = failed
    told = json.loads((workdir / "ledger.json").read_text())
    assert [row["id"] for row in told] == [f"C{i:02d}" for i in range(1, 34)]
    assert {row["verdict"] for row in told} == {"inconclusive"}
    for name in ("report.html", "report.md"):
        text = (workdir / name).read_text()
        assert "training.report is" in text and all(row["id"] in text for row in told)
    assert "C33 inconclusive" in done.stdout
    assert re.search(r"C01 inconclusive .* \(missing: data_sets: ", done.stdout)


def test_shipped_numbers_are_computed_again(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    workdir, _ = failed
    flags = ("--check", f"--workdir={tmp_path / 'shipped'}", "--sample=4", "--sample_seed=0")
    bad: dict[str, object] = {"training.report": "mean"}
    done = launch(f"--workdir={workdir}", "--preset=quick", f"--publish={tmp_path / 'shipped'}", bad=bad)
    files = {str(path.relative_to(tmp_path / "shipped")) for path in (tmp_path / "shipped").rglob("*.*")}
    assert f"{len(files)} files" in done.stdout and not any(name.endswith(("npz", "txt")) for name in files)
    assert files >= {
        "report.html",
        "report.md",
        "ledger.json",
        "ledger.csv",
        "first/summary.json.gz",
        "identity_init/figure_4_16.png",
    }
    assert not any(name.startswith("first/figure") for name in files), "it repeats identity_init: not shown"
    done = launch(*flags, bad=bad)
    assert done.returncode == 0 and "4 of 4 numbers agree; the ledger and its table agree" in done.stdout
    for name in ("first", "identity_init"):
        path = tmp_path / "shipped" / name / "summary.json"
        told = results.read_json(path)
        for condition in told["conditions"].values():
            condition["accuracy"] = [[value + 0.001 for value in draw] for draw in condition["accuracy"]]
        path.with_name("summary.json.gz").write_bytes(gzip.compress(json.dumps(told).encode()))
    ledger = json.loads((tmp_path / "shipped" / "ledger.json").read_text())
    ledger[3]["verdict"] = "reproduced"
    (tmp_path / "shipped" / "ledger.json").write_text(json.dumps(ledger))
    done = launch(*flags, bad=bad)
    assert done.returncode == 1 and "0 of 4 numbers agree; the ledger and its table DIFFER" in done.stdout
    for damaged, words in (("{}", "is not what this version has"), ("<<<<<<<", "damaged: ")):
        (tmp_path / "shipped" / "first" / "config.json").write_text(damaged)
        done = launch(*flags, bad=bad)
        assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1
    (tmp_path / "shipped" / "config.json").unlink()
    done = launch(*flags, bad=bad)
    assert done.returncode == 2 and "is not a whole report: " in done.stderr and "config.json is missing" in done.stderr


def test_a_shipped_config_may_differ_in_what_decides_no_number_alone(tmp_path: Path) -> None:
    job = Job(STEPS[0], ADOPTED)
    config = json.loads(json.dumps(job.config("quick").to_dict()))
    path = tmp_path / job.name / "config.json"
    path.parent.mkdir()
    for lacking in (None, "rnn_from_gru", "gru_from_rnn"):
        if lacking:
            del config[lacking]["input_weights"]
        path.write_text(json.dumps(config))
        check_config(tmp_path, job, "quick")
    config["training"] |= {"epochs_per_call": 5, "members_per_call": 17}
    path.write_text(json.dumps(config))
    check_config(tmp_path, job, "quick")
    del config["rare_settings"]  # of an experiment that came later
    path.write_text(json.dumps(config))
    check_config(tmp_path, job, "quick")
    ours = job.config("quick").to_dict()
    assert conclusion.same_config(config, ours, "capacity") and not conclusion.same_config(
        config, ours, "rare_settings"
    )
    untrained = {name: section for name, section in config.items() if name != "training"}
    assert not conclusion.same_config(untrained, ours, "capacity")
    config["gru_from_rnn"]["input_weights"] = ["random"]
    path.write_text(json.dumps(config))
    with pytest.raises(UserError, match="is not what this version has"):
        check_config(tmp_path, job, "quick")


def test_a_published_report_can_be_added_to(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    workdir, _ = failed
    shipped, bad = tmp_path / "shipped", {"training.report": "mean"}
    launch(f"--workdir={workdir}", "--preset=quick", f"--publish={shipped}", bad=dict(bad))
    before = (shipped / "first" / "summary.json.gz").read_bytes()
    more = (
        f"--workdir={tmp_path / 'more'}",
        "--preset=thesis",
        "--only=identity_init",
        f"--publish={shipped}",
        "--keep",
    )
    done = launch(*more, bad=dict(bad))
    assert done.returncode == 0, done.stderr
    status = json.loads((shipped / "status.json").read_text())
    assert {name: entry["preset"] for name, entry in status.items()} == {"first": "quick", "identity_init": "thesis"}
    assert (shipped / "first" / "summary.json.gz").read_bytes() == before
    assert not (tmp_path / ".shipped.new").exists()
    assert "quick: first; thesis: identity_init" in (shipped / "report.md").read_text()
    done = launch("--check", f"--workdir={shipped}", "--sample=4", "--sample_seed=0", bad=dict(bad))
    assert done.returncode == 0 and "4 of 4 numbers agree" in done.stdout
    shipped.rename(tmp_path / ".shipped.old")  # as if killed while the new one took its place
    done = launch(*more, bad=dict(bad))
    assert done.returncode == 0 and not (tmp_path / ".shipped.old").exists()
    assert (shipped / "first" / "summary.json.gz").read_bytes() == before
    shutil.rmtree(tmp_path / "more" / "identity_init")  # what is gone here is not taken away there
    launch("--only=first", *(flag for flag in more if not flag.startswith("--only")), bad=dict(bad))
    assert (shipped / "identity_init" / "summary.json.gz").is_file()
    (shipped / "first" / "config.json").write_text("{}")
    done = launch(*more, bad=dict(bad))
    assert done.returncode == 2 and "first/config.json is not what this version has" in done.stderr
    path = shipped / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"training": "older"}))
    with pytest.raises(UserError, match="was made by older"):
        check_target(shipped, keep=True, workdir=workdir)
    check_target(shipped, keep=False, workdir=workdir)
    (shipped / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"has other files than a published report, such as mine\.txt"):
        check_target(shipped, keep=False, workdir=workdir)
    done = launch("--preset=quick", "--keep", f"--workdir={workdir}", bad=dict(bad))
    assert done.returncode == 2 and "--keep is given without --publish" in done.stderr


def test_a_report_is_not_published_into_a_folder_of_something_else(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    workdir, _ = failed
    other = tmp_path / "more"  # networks would go with the old report
    for mine, words in (
        (workdir, "is, holds or lies in the working directory"),
        (other, "has other files than a published"),
    ):
        with pytest.raises(UserError, match=words):
            check_target(workdir, keep=False, workdir=mine)
    (tmp_path / "mine.txt").write_text("mine")
    bad: dict[str, object] = {"training.report": "mean"}
    done = launch(f"--workdir={workdir}", "--preset=quick", "--only=identity_init", f"--publish={tmp_path}", bad=bad)
    assert done.returncode == 2 and "has other files than a published report" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_directory_of_another_version_or_preset_is_refused(
    failed: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    workdir, _ = failed
    bad: dict[str, object] = {"training.report": "mean"}
    for done, word in (
        (launch(f"--workdir={workdir}", "--preset=quick", bad=bad, version="older"), "training is source"),
        (launch(f"--workdir={workdir}", "--preset=thesis", bad=bad), "preset is quick there and thesis here"),
        (launch(f"--workdir={workdir}", "--preset=quick"), "configs.bad is"),
    ):
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and word in done.stderr


def test_devices_that_are_not_there_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    done = launch("--preset=quick", "--num_devices=0", f"--workdir={tmp_path / 'work'}")
    assert done.returncode == 2 and "num_devices is 0; it must be from 1 to" in done.stderr
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--preset=all"], "preset is 'all'; valid: quick, thesis, full"),
        ([], "--preset is missing; valid: --preset=quick, --preset=thesis, --preset=full"),
        (["--preset=quick", "--only=capacity"], "only is 'capacity'; valid: first, bad, identity_init"),
        (["--preset=full", "--protocols=batch_3"], "protocols is 'batch_3'; valid: adopted"),
        (["--preset=quick", "--protocols=adopted,batch_4"], "quick: protocols is 'batch_4'; valid: adopted\n"),
        (
            ["--preset=quick", "--only=first,bad", "--protocols=batch_4"],
            "error: --preset=quick --only=first,bad: protocols is 'batch_4'; valid: adopted\n",
        ),
        (["--prset=quick"], "unknown flag '--prset'; valid: --preset, --only, --protocols"),
        (["--preset=quick", "--coordinator=host:1"], "unexpected argument '--coordinator'; valid: --preset"),
        (["--preset=quick", "--publish="], "--publish has no value; leave it out, or give one: Copy the report"),
        (["--preset=quick", "--only="], "--only has no value; leave it out, or give one: Names of steps"),
        (["--preset=quick", "--publish=README.md/x"], "--publish=README.md/x cannot be written: README.md is a file"),
        (["--preset=quick", "--publish=README.md"], "--publish=README.md is a file; valid: a new folder"),
        (["--preset=quick", "--networks=README.md"], "--networks=README.md cannot be written: README.md is a file"),
        (["--preset=quick", "--workdir=README.md"], "directory README.md cannot be written: README.md is a file"),
        (["--check", "--workdir=README.md"], "README.md is no reproduction: it has no status.json"),
        (["--check", "--workdir=nowhere"], "nowhere is no reproduction"),
        (["--check", "--sample=0"], "sample is 0"),
        (["--preset=quick", "--config=configs/thesis.py"], "unexpected argument '--config'"),
        (["--preset=quick", "now"], "unexpected argument 'now'"),
        (["--preset=quick", "--publish=results/reproduce/quick"], "is, holds or lies in the working directory"),
        (["--preset=quick", "--publish=."], "is, holds or lies in the working directory"),
        (["--preset=quick", "--sample=3"], "--sample is given without --check"),
        (["--check", "--only=first"], "--only has no part in --check"),
    ],
)
def test_a_bad_command_ends_in_one_line(flags: list[str], words: str) -> None:
    done = launch(*flags)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "status.json: it is no JSON object"),
        ({"first": 3}, "status.json has no error of first; needed: error, seconds, command, preset"),
        ({"first": {"error": None, "seconds": 1, "command": "python"}}, "status.json has no preset of first"),
        ({"first": ENTRY | {"preset": "odd"}}, "the preset of first is 'odd'; valid: quick, thesis, full"),
    ],
)
def test_a_status_of_something_else_is_told_in_one_line(tmp_path: Path, content: object, words: str) -> None:
    results.write_json(tmp_path / "status.json", content)
    with pytest.raises(UserError, match=words):
        conclusion.read_status(tmp_path)
    done = launch("--check", f"--workdir={tmp_path}")
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", {}, "config.json has no training, which tells what trained the networks"),
        ("config.json", [], "damaged: .*config.json: it is no JSON object"),
        ("first/config.json", [], "damaged: .*config.json: it is no JSON object"),
        ("first/config.json", {"training": 3}, "config.json is not what this version has for --preset=quick"),
        ("first/config.json", {"rnn_from_gru": 3}, "config.json is not what this version has for --preset=quick"),
        ("first/summary.json", 3, "damaged: .*summary.json: it is no JSON object"),
        ("first/summary.json", {}, r"summary.json does not have the numbers of identity_init \('conditions'\)"),
        ("first/summary.json", {"conditions": []}, "summary.json does not have the numbers of identity_init"),
        ("first/summary.json", {"conditions": {}}, "no summary.json in .* has a number that can be computed alone"),
    ],
)
def test_a_report_with_odd_files_is_refused_in_one_line(
    failed: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path, file: str, content: object, words: str
) -> None:
    names = ("config.json", "status.json", "ledger.json", "first/config.json", "first/summary.json")
    (tmp_path / "first").mkdir()
    for name in names:
        shutil.copyfile(failed[0] / name, tmp_path / name)
    results.write_json(tmp_path / "status.json", {"first": ENTRY})
    results.write_json(tmp_path / file, content)
    done = launch("--check", f"--workdir={tmp_path}")
    assert done.returncode == 2 and re.search(words, done.stderr) and done.stderr.count("\n") == 1


def test_a_folder_is_made_for_what_is_published_before_anything_runs(tmp_path: Path) -> None:
    check_target(tmp_path / "new" / "report", keep=False, workdir=tmp_path / "work")
    assert list(tmp_path.iterdir()) == [tmp_path / "new"] and not list((tmp_path / "new").iterdir())


def test_only_what_is_still_to_be_computed_takes_time() -> None:
    program = """
        from pathlib import Path
        from experiments import reproduce
        done, broken, missing = wanted = reproduce.jobs("thesis")[:3]
        state = reproduce.Reproduction(Path("nowhere"), "thesis", wanted)
        state.status = {done.name: {"error": None, "seconds": 9.0}, broken.name: {"error": "no", "seconds": 1.0}}
        print(*(state._cost(job) for job in wanted))
    """
    costs = [job.step.cost for job in jobs("thesis")[1:3]]
    told = python("-c", textwrap.dedent(program)).stdout
    assert [float(word) for word in told.split()] == [0.0, *costs] and min(costs) > 0


def test_every_step_can_be_prepared_and_their_folders_differ() -> None:
    assert len({step.name for step in STEPS}) == len(STEPS)
    for step in STEPS:
        for preset in PRESETS:
            for protocol in PROTOCOLS:
                assert step.config(preset, protocol).is_locked
        step.experiment().prepare(step.config("quick"))


def test_verdicts_are_repeated_under_other_protocols_where_they_come_from() -> None:
    assert [job.name for job in jobs("thesis")] == [step.name for step in STEPS if "thesis" in step.presets]
    full = jobs("full")
    assert len({job.name for job in full}) == len(full) and len(full) > len(STEPS)
    names = [job.name for job in full]
    assert "protocols/batch_4/data_sets" in names and "protocols/batch_4/capacity" not in names  # the same networks
    other = full[names.index("protocols/batch_4/gate_variants")]
    config, command = other.step.config("full", other.protocol), other.step.command("full", other.protocol)
    assert config.training.batch_size == 4 and "--config.training.batch_size=4" in command
    assert config.gate_variants.unstopped_seeds == 0 and "--config.gate_variants.unstopped_seeds=0" in command
    own = other.step.config("full").gate_variants
    assert own.unstopped_seeds == 32 and {**own, "unstopped_seeds": 0, "unstopped_draws": 0} == {**config.gate_variants}


def test_random_settings_are_scored_again_where_a_protocol_moves_the_words_and_only_there() -> None:
    names = [job.name for job in jobs("full")]
    steps = [step for step in STEPS if step.module in ("landscape", "rare_settings")]
    assert len(steps) == 13 and [step for step in STEPS if not step.trains] == steps
    for protocol in PROTOCOLS:
        for step in steps:
            ours, adopted = (step._replace(elsewhere=None).config("full", each) for each in (protocol, "adopted"))
            same = (ours.data, ours.landscape, ours.seed) == (adopted.data, adopted.landscape, adopted.seed)
            assert same == is_same(step, protocol)
            repeated = step.elsewhere is not None and not same
            assert (f"protocols/{protocol}/{step.name}" in names) == repeated
    assert [step.name for step in steps if step.elsewhere is None] == ["rare_settings_draws", "rare_settings_4x2"]
    assert not is_same(STEPS[0], "batch_4")


def test_further_draws_of_rare_settings_follow_the_first_up_to_the_accuracy_that_is_judged() -> None:
    configs = {step.name: step.config("full") for step in STEPS}
    ends: dict[str, int] = {}
    for name in RARE:
        config, wanted = configs[name], configs[name].rare_settings
        assert config.seed == config.data.seed == config.data.embedding_seed
        assert wanted.highest >= DECIDING and wanted.samplers == (HEADLINE,)
        for architecture in wanted.architectures:
            assert config.seed == ends.get(architecture, 0)
            ends[architecture] = config.seed + wanted.draws
    trained = configs["capacity_4x2"].capacity
    assert ends["rnn_4x2"] == ends["gru_4x2"] == trained.draws and trained.draws * trained.seeds >= 1_000
    others = {draws for architecture, draws in ends.items() if not architecture.endswith("4x2")}
    assert others == {configs["data_sets"].capacity.draws} and len(ends) == 8


def test_the_figure_of_density_is_drawn_where_there_is_one_and_an_older_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row: dict[str, Any] = {"sampler": HEADLINE, "beside": SAME, "accuracy_above": DECIDING}
    row |= {"networks": 1000, "random_draws": 10}
    for name in ("rnn_random", "gru_random", "rnn_trained", "gru_trained", "quotient_ratio"):
        row |= {name: 0.5, f"{name}_low": 0.25, f"{name}_high": 0.75}
    path, rows = tmp_path / report.DENSITY_FIGURE, [row | {"shape": shape} for shape in SHAPES]
    monkeypatch.setattr(conclusion, "_density_rows", lambda found: rows)
    monkeypatch.setattr(report, "_density", lambda rows: [])
    conclusion.conclude(tmp_path, {})
    with Image.open(path) as image:
        assert image.mode == "P" and image.width > 1000  # of few colours
    assert f"]({report.DENSITY_FIGURE})" in (tmp_path / "report.md").read_text()
    assert "](report.md#trainability_and_density)" in (tmp_path / "report_evidence.md").read_text()
    rows.clear()
    conclusion.conclude(tmp_path, {})
    assert not path.exists() and f"]({report.DENSITY_FIGURE})" not in (tmp_path / "report.md").read_text()


def test_a_protocol_has_the_adopted_one_s_landscapes_where_they_are_the_same(tmp_path: Path) -> None:
    told = ("landscape", "data_sets", "protocols/batch_4/data_sets", "protocols/scale_3/data_sets")
    for name in told:
        results.write_json(tmp_path / name / "summary.json", {"of": name})
    assert conclusion.summaries(tmp_path) == {
        "adopted": {name: {"of": name} for name in ("landscape", "data_sets")},
        "batch_4": {"landscape": {"of": "landscape"}, "data_sets": {"of": "protocols/batch_4/data_sets"}},
        "scale_3": {"data_sets": {"of": "protocols/scale_3/data_sets"}},
    }


def test_a_step_s_command_names_its_mode_and_what_it_changes() -> None:
    step = Step("x", "capacity", "4.2.2", 1, {"capacity.seeds": 5, "capacity.data_sets": ("CountI", "XorI")})
    command = "python -m experiments.capacity --config=configs/thesis.py"
    flags = """--config.capacity.seeds=5 --config.capacity.data_sets="('CountI', 'XorI')\""""
    networks = "--networks=results/networks"
    assert step.command("thesis") == f"{command} {flags} --workdir=results/steps/thesis/x {networks}"
    assert step.command("full") == f"{command}:many {flags} --workdir=results/steps/full/x {networks}"
    elsewhere = step.command("thesis", "batch_4")
    assert elsewhere.endswith(f" --config.training.batch_size=4 --workdir=results/steps/thesis/batch_4/x {networks}")
    assert step.config("thesis").capacity.seeds == 5
    step = step._replace(changed={}, at_full={"capacity.seeds": 40})
    assert step.command("thesis") == command
    at_full = f"{command}:many --config.capacity.seeds=40 --workdir=results/steps/full/x {networks}"
    assert step.command("full") == at_full
    assert [step.config(preset).capacity.seeds for preset in ("thesis", "full")] == [30, 40]
