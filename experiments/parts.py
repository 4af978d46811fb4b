"""Parts of a run that an earlier call of the same command has left."""

import numpy as np

from experiments.runner import Run
from rnnjax import results


def stored(part: results.Part, run: Run) -> dict[str, np.ndarray] | None:
    """The part's arrays, if this process keeps the run's files and has them whole; damage is told."""
    if not run.leads:
        return None
    try:
        return part.read_arrays()
    except FileNotFoundError:
        return None
    except results.Damaged as error:
        run.log.warning("damaged, computed again: %s", error)
        return None
