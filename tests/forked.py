"""Commands in processes of their own that find JAX and the rest imported, which is most of what a short one does.

They are forked from a process that only imports: no backend of JAX is started there. So they differ from real
commands: the environment and Python's hash seed are those of the first one of a test process, and nothing that is left
to Python's end (atexit) is done.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import NamedTuple

import fitting

ROOT = Path(__file__).parents[1]
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["experiments.check", "experiments.landscape_report", "experiments.publish"])
_MOST_SECONDS = 300


class Running(NamedTuple):
    """A command that was started."""

    args: tuple[str, ...]
    process: ForkServerProcess
    folder: tempfile.TemporaryDirectory[str]

    def finish(self) -> subprocess.CompletedProcess[str]:
        """What it said, when it has ended; killed if it does not."""
        self.process.join(_MOST_SECONDS)
        late = self.process.is_alive()
        if late:
            self.process.kill()
            self.process.join()
        assert self.process.exitcode is not None
        with self.folder as folder:
            out, err = (Path(folder, name).read_text() for name in ("out", "err"))
        err += f"killed after {_MOST_SECONDS} s" if late else ""
        return subprocess.CompletedProcess(self.args, self.process.exitcode, out, err)


def start(*args: str) -> Running:
    """What `python *args` does in the project's folder: `-m module flags` or `-c code flags`."""
    folder = tempfile.TemporaryDirectory()
    for name in ("out", "err"):
        Path(folder.name, name).touch()
    process = _FORKED.Process(target=_run, args=(args, folder.name), daemon=True)
    process.start()
    return Running(args, process, folder)


def python(*args: str) -> subprocess.CompletedProcess[str]:
    """Likewise, to its end."""
    return start(*args).finish()


def _run(args: tuple[str, ...], folder: str) -> None:
    assert "experiments.publish" in sys.modules, "nothing was imported: are the tests run in the project's folder?"
    kind, what, *flags = args
    fitting.watch()
    os.chdir(ROOT)
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(folder, name), os.O_WRONLY), descriptor)
    sys.argv = [what if kind == "-m" else kind, *flags]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
