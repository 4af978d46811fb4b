"""Networks by how well they do after training: successes, failures, and what lies between.

Thesis leaves open: which networks it calls successful; here: those above `success_above`, failures those below
`failure_below`, both of the config's section. Its own failures are at 50 to 51 %; "decent" begins at 70 % (4.2.1).
"""

from collections.abc import Iterator

import numpy as np
from ml_collections import ConfigDict

from experiments.draw_intervals import mean_of, with_draws
from rnnjax.errors import in_range
from rnnjax.statistics import Interval

STAGES = ("initial", "final")
ALL = "all"  # the group of all networks


def check(config: ConfigDict, section: str) -> None:
    """Raise a UserError for bounds that leave no room between them."""
    wanted = config[section]
    in_range(f"{section}.success_above", wanted.success_above, 0, 1)
    in_range(f"{section}.failure_below", wanted.failure_below, 0, wanted.success_above)


def groups(config: ConfigDict, section: str, accuracy: np.ndarray) -> dict[str, np.ndarray]:
    """Which networks [R, S] are in each group, by its name; each is in one of them, if its accuracy is a number."""
    above, below = config[section].success_above, config[section].failure_below
    return {
        f"above {100 * above:g} %": accuracy > above,
        f"{100 * below:g} to {100 * above:g} %": (accuracy >= below) & (accuracy <= above),
        f"below {100 * below:g} %": accuracy < below,
    }


def by_stage(config: ConfigDict, section: str, accuracy: np.ndarray) -> Iterator[tuple[str, str, np.ndarray]]:
    """Stage, group and who is in it: all before training, all after it, and the groups of after it that have any."""
    yield from ((stage, ALL, np.ones(accuracy.shape, bool)) for stage in STAGES)
    for group, which in groups(config, section, accuracy).items():
        if which.any():
            yield "final", group, which


def mean_in(values: np.ndarray, group: np.ndarray) -> Interval:
    """The mean over draws of their networks' means, of the networks in a group; NaN of none.

    Args:
        values: [R, S]; NaN where a network has no such value.
        group: [R, S] bool.
    """
    return mean_of(*known(values, group))


def known(values: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values [n] of a group's networks that have one, and their draws [n]. Arguments as of mean_in."""
    return with_draws(values, group & ~np.isnan(values))


def yes_or_no(shares: np.ndarray) -> np.ndarray:
    """Shares that are all 0 or 1 as booleans: their interval has a width even where all agree (see resampling)."""
    return shares.astype(bool) if np.isin(shares, (0, 1)).all() else shares


def count_in(values: np.ndarray, group: np.ndarray) -> tuple[int, int]:
    """How many networks of a group have a value, and in how many draws."""
    there = group & ~np.isnan(values)
    return int(there.sum()), int(there.any(1).sum())
