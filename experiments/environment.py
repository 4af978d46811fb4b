"""environment.json: on what, with which versions and from which revision a result was computed.

Whoever adds a session that computed less than the others (figures drawn again) may say so in its "what", which the
report shows.
"""

import datetime
import importlib.metadata
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
from jax.sharding import Mesh

import rnnjax
from rnnjax.results import Damaged, read_object, write_json

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "matplotlib", "ml-collections")


def add_session(path: Path, mesh: Mesh, seconds: Mapping[str, float], networks: Mapping[str, int]) -> None:
    """Append this process's session to the file: a run that was resumed has several.

    Args:
        path: of environment.json.
        mesh: that was computed on.
        seconds: that it took, by what.
        networks: how many it has trained, and found where others left them.
    """
    try:
        found = read_object(path).get("sessions")
    except (FileNotFoundError, Damaged):
        found = None
    sessions = found if isinstance(found, list) else []
    write_json(path, {"sessions": [*sessions, _describe(mesh, seconds) | {"networks": dict(networks)}]})


def describe_devices(mesh: Mesh) -> str:
    """Such as "2 x cpu"."""
    device = mesh.devices.flat[0]
    kind = device.device_kind
    return f"{mesh.size} x {kind}" + (f" in {jax.process_count()} processes" if jax.process_count() > 1 else "")


def _describe(mesh: Mesh, seconds: Mapping[str, float]) -> dict[str, Any]:
    return {
        "ended": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "devices": describe_devices(mesh),
        "processor": processor(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "rnnjax": rnnjax.__version__,
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "revision": _revision(),
    }


def processor() -> str:
    """The processor's name where the system tells it (Linux), else its architecture."""
    return processor_line("model name") or platform.machine()


def processor_line(name: str) -> str:
    """What Linux says of the processor; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == name), "")


def _revision() -> str | None:
    """The git revision of these files, with "+" when some differ from it; None outside a checkout."""
    here = Path(__file__).parent

    def git(*args: str) -> str:
        return subprocess.run(
            ["git", "-C", str(here), *args], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
