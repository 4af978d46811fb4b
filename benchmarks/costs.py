"""What rnnjax costs besides time a setting: compiling, and memory."""

from pathlib import Path

import numpy as np

from benchmarks.rnnjax_way import Programs
from benchmarks.task import make_tasks
from rnnjax import landscape, members


class Compiles:
    """How long rnnjax compiles, architecture after architecture, in one process."""

    def __init__(self) -> None:
        members.use_all_cores()

    def seconds(self, names: list[str]) -> dict[str, float]:
        """Of each architecture: drawing and counting."""
        return {task.name: Programs(task).compile_seconds for task in make_tasks(names)}


class Memory:
    """Scores settings of one architecture and keeps what the experiment keeps of them, the tally."""

    def __init__(self) -> None:
        members.use_all_cores()

    def peak_bytes(self, name: str, number: int) -> int:
        """The most memory that the process ever held (Linux), after scoring `number` settings."""
        (task,) = make_tasks([name])
        programs = Programs(task)
        tally, done = landscape.empty_tally(len(task.split.words)), 0

        def take(new: np.ndarray) -> None:
            nonlocal tally, done
            tally, done = tally.add(done, new), done + len(new)

        programs.counts(0, number, take)
        assert tally.histogram.sum() == number
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
