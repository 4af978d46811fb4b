"""A training sweep over two processes that are one mesh leaves what one process leaves, and so does a killed one."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from outputs import arrays_of

from rnnjax.results import read_json

ROOT = Path(__file__).parents[1]
# Each cell's ten networks, of two draws, learn in three tiles and are validated in four: a process has two of them.
SMALL = [
    "--config=configs/thesis.py:quick",
    "--config.data.sentence_length=5",
    "--config.identity_init.hidden_dims=(2,)",
    "--config.identity_init.data_sets=FirstII,",
    "--config.identity_init.seeds=5",
    "--config.training.batch_size=500",
    "--config.training.learning_rate=0.05",
    "--config.training.patience=1",
    "--config.training.tile=4",
    "--config.training.members_per_call=16",
]


def start(workdir: Path, *flags: str) -> subprocess.Popen[str]:
    """A process with one device."""
    command = [sys.executable, "-m", "experiments.identity_init", *SMALL, f"--workdir={workdir}", *flags]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"JAX_NUM_CPU_DEVICES": "1", "JAX_PLATFORMS": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def finish(running: list[subprocess.Popen[str]]) -> None:
    """Wait for all; without one of them another would wait for ever."""
    try:
        for process in running:
            _, err = process.communicate(timeout=240)
            assert process.returncode == 0, err
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process leaves."""
    workdir = tmp_path_factory.mktemp("one") / "alone"
    finish([start(workdir)])
    return workdir


def test_two_processes_leave_the_same_networks_as_one(alone: Path, tmp_path: Path) -> None:
    together, elsewhere = (tmp_path / name for name in ("together", "elsewhere"))
    both = [f"--coordinator=127.0.0.1:{free_port()}", "--num_processes=2"]
    # As on machines with a disk each.
    pair = [start(workdir, *both, f"--process_id={i}") for i, workdir in enumerate((together, elsewhere))]
    finish(pair)
    devices = [read_json(workdir / "environment.json")["sessions"][0]["devices"] for workdir in (alone, together)]
    assert devices == ["1 x cpu", "2 x cpu in 2 processes"]
    assert not elsewhere.exists()
    expected, found = arrays_of(alone), arrays_of(together)
    assert found.keys() == expected.keys() and len(found) == 2 * 12
    for name, array in expected.items():
        assert array.dtype == found[name].dtype
        np.testing.assert_array_equal(found[name], array, err_msg=name)
    # Their lives differ, so that tiles were dealt anew between the calls of some epochs.
    assert len(np.unique(np.concatenate([expected[name].ravel() for name in expected if "epochs_run" in name]))) > 1
    for file in ("summary.json", "conditions.csv", "identity_4_4_1.csv"):
        assert (together / file).read_bytes() == (alone / file).read_bytes()


def test_a_killed_process_leaves_its_finished_group_to_the_next(alone: Path, tmp_path: Path) -> None:
    workdir = tmp_path / "killed"
    with start(workdir) as process:
        deadline = time.monotonic() + 120
        while len(list(workdir.rglob("draw_*.npz"))) < 2:  # both draws of the first cell
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    assert not (workdir / "result.npz").exists()
    finish([start(workdir)])
    assert "10 of 20 networks were there already" in (workdir / "log.txt").read_text()
    expected, found = arrays_of(alone), arrays_of(workdir)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
