"""What a run leaves, read back and compared."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np


def arrays_of(workdir: Path) -> dict[str, np.ndarray]:
    with np.load(workdir / "result.npz") as stored:
        return dict(stored)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def summary_of(workdir: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workdir / "summary.json").read_text())
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two arrays are equal bit by bit."""
    return one.shape == other.shape and np.asarray(one).tobytes() == np.asarray(other).tobytes()
