"""On what a benchmark ran, and how much the machine was at work."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.environment import processor
from rnnjax.members import num_cores


def describe(packages: Sequence[str]) -> dict[str, Any]:
    """Processor, cores, versions."""
    return {
        "processor": processor(),
        "cores": num_cores(),
        "platform": platform.platform(),
        "compiler": _compiler(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }


def busy_seconds() -> float:
    """Time that all cores together were not idle since the machine was started; NaN where unknown."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return float("nan")
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def _compiler() -> str | None:
    """The C++ compiler that torch.compile uses."""
    try:
        found = subprocess.run([os.environ.get("CXX", "g++"), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.splitlines()[0]
