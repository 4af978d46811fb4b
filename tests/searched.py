"""One tiny search whose networks the tests of what looks at them find again."""

import functools
import importlib
from pathlib import Path
from typing import Any

import launching
from ml_collections import ConfigDict

from configs.thesis import get_config

SEEDS, RARE_SEEDS, DRAWS, EPOCHS = 3, 5, 3, 6
TRAINING, VALIDATION = 8000, 2000  # sentences of version I
RATE = 0.03
CONDITIONS = ("FirstI/rnn_2x2", "FirstI/gru_2x2", "FirstI/unstopped_0.03/rnn_2x2", "FirstI/unstopped_0.03/gru_2x2")


def small_config(**changed: Any) -> ConfigDict:
    """Sentences of five words, a few epochs of a few minibatches at a rate at which some networks already get worse.

    All weights are kept, so that the search's networks need not be trained again to be followed.
    """
    config = get_config("quick")
    config.data.sentence_length = 5
    shapes = ("rnn_2x2", "gru_2x2")
    config.search.update(
        {"architectures": shapes, "unstopped": shapes, "rare": ("rnn_2x2",), "draws": DRAWS, "seeds": SEEDS}
        | {"rare_seeds": RARE_SEEDS, "unstopped_seeds": SEEDS, "rare_unstopped_seeds": RARE_SEEDS}
        | {"unstopped_learning_rate": RATE, "thresholds": (0.55, 0.7)}
    )
    config.perturbation.architectures = shapes
    config.training.update(
        {"batch_size": 500, "max_epochs": EPOCHS, "learning_rate": RATE, "patience": 1, "tile": 4}
        | {"members_per_call": 16, "history": True}
    )
    config.update_from_flattened_dict(changed)
    return config


def run_in(workdir: Path, name: str, config: ConfigDict, networks: Path) -> Path:
    """What `python -m experiments.<name> --networks=<networks>` does between the command line and the log."""
    launching.run_in(importlib.import_module(f"experiments.{name}").EXPERIMENT, workdir, config, networks)
    return workdir


@functools.cache
def networks(root: Path) -> Path:
    """Where the search's networks are, after it has run once in this session; its results are beside them.

    Args:
        root: a folder of the test session.
    """
    run_in(root / "search", "search", small_config(), root / "networks")
    return root / "networks"
