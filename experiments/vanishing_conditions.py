"""What experiments.vanishing_gradients trains: cells, the same without early stop, and starts changed by hand.

A changed start is that of the same seed but for one thing, so that what is different afterwards is this thing's doing:
"identity": an RNN whose W_hh is I, its gradients vanish less; "closed" and "open": a GRU whose update gate has
config.vanishing_gradients.update_gate_bias less, or more, in front of its sigmoid, its gradients vanish more, or less.
"""

import numpy as np
from ml_collections import ConfigDict

from experiments import success_groups
from experiments.conditions import (
    Condition,
    DataSet,
    architectures,
    data_sets,
    different,
    draw_starts,
    listed,
    make,
    unstopped,
)  # fmt: skip
from rnnjax.datasets import VERSIONS
from rnnjax.errors import UserError, in_range
from rnnjax.landscape import Architecture
from rnnjax.parameters import Params, flatten_members, unflatten

NAME = "vanishing_gradients"
CHANGES = {"rnn": ("identity",), "gru": ("closed", "open")}  # of a cell's starts


def conditions(config: ConfigDict) -> list[Condition]:
    """Data set x cell; for each also without early stop and with changed starts.

    Raises:
        UserError: a value that cannot be used.
    """
    _check(config)
    found = []
    for data in data_sets(config, NAME):
        in_range(f"{NAME}.sentences", config[NAME].sentences, 1, VERSIONS[data.version][1])
        for shape in shapes(config):
            found.append(make(config, NAME, data, shape))
            found += _unstopped(config, data, shape) + _changed(config, data, shape)
    return found


def shapes(config: ConfigDict) -> list[Architecture]:
    """The cells, all of one size."""
    return architectures(listed(config[NAME].cells), (2,), (config[NAME].hidden_dim,))


def is_plain(name: str) -> bool:
    """Whether a condition of this name is stopped as section 3.2 says and starts as its config says."""
    return name.count("/") == 1


def some_seeds(config: ConfigDict, name: str) -> int:
    """A number of seeds of the section, but no more than it has."""
    return int(min(config[NAME][name], config[NAME].seeds))


def changed_start(kind: str, start: Params, bias: float) -> Params:
    """A start [.., S] but for the one thing that a kind changes.

    Args:
        kind: of CHANGES.
        start: of an RNN ("identity") or a GRU ("closed", "open").
        bias: what is added to or taken from the update gate's b_ih.
    """
    hidden = start.w_hh.shape[1]
    if kind == "identity":
        return start.replace(w_hh=np.broadcast_to(np.eye(hidden, dtype=np.float32)[..., None], start.w_hh.shape))
    update = np.zeros((3 * hidden, 1), np.float32)
    update[hidden : 2 * hidden] = bias if kind == "open" else -bias
    return start.replace(b_ih=start.b_ih + update)


def _unstopped(config: ConfigDict, data: DataSet, shape: Architecture) -> list[Condition]:
    wanted, seeds = config[NAME], some_seeds(config, "unstopped_seeds")
    draws, rate = min(wanted.unstopped_draws, wanted.draws), wanted.unstopped_learning_rate
    kind, protocol = f"unstopped_{rate:g}", unstopped(config, rate)
    if not seeds or not draws:
        return []
    return [make(config, NAME, data, shape, kind, protocol=protocol, num_seeds=seeds, num_draws=draws)]


def _changed(config: ConfigDict, data: DataSet, shape: Architecture) -> list[Condition]:
    seeds, found = some_seeds(config, "changed_seeds"), []
    for kind in CHANGES.get(shape.cell.name, ()) if seeds else ():
        plain = make(config, NAME, data, shape, num_seeds=seeds)
        starts = [draw_starts(config, plain, draw, np.arange(seeds)) for draw in range(plain.num_draws)]
        start = unflatten(np.concatenate(starts, 1), shape.sizes)
        flat = np.asarray(flatten_members(changed_start(kind, start, config[NAME].update_gate_bias)))
        given = flat.reshape(len(flat), plain.num_draws, seeds)
        found.append(make(config, NAME, data, shape, kind, num_seeds=seeds, start=given))
    return found


def _check(config: ConfigDict) -> None:
    wanted = config[NAME]
    different(f"{NAME}.cells", listed(wanted.cells), ", such as rnn")
    if "rnn" not in listed(wanted.cells):
        raise UserError(f"{NAME}.cells is {tuple(wanted.cells)}; valid: rnn, and others that are compared with it")
    in_range(f"{NAME}.seeds", wanted.seeds, 1, 10**6)
    for name in ("unstopped_seeds", "unstopped_draws", "changed_seeds", "followed_seeds"):
        in_range(f"{NAME}.{name}", wanted[name], 0, 10**6)
    in_range(f"{NAME}.unstopped_learning_rate", wanted.unstopped_learning_rate, 1e-9, 1e3)
    in_range(f"{NAME}.update_gate_bias", wanted.update_gate_bias, 0, 100)
    success_groups.check(config, NAME)
    epochs = wanted.followed_epochs
    whole = all(isinstance(epoch, int) and 0 <= epoch <= 100_000 for epoch in epochs)
    if not epochs or not whole or list(epochs) != sorted(set(epochs)):
        raise UserError(f"{NAME}.followed_epochs is {tuple(epochs)}; valid: growing whole numbers from 0 on")
