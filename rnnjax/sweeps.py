"""Training sweeps seen from the host: calls of some epochs, members that have ended out of the way, curves."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from rnnjax.errors import UserError, in_range
from rnnjax.schedule import Clock, Rules
from rnnjax.training import (
    Epoch,
    Material,
    Setup,
    State,
    Task,
    Trainer,
    begin,
    make_trainer,
    per_member,
    stack,
)


class Trained(NamedTuple):
    """What is kept of S members; NumPy arrays."""

    initial: np.ndarray  # [P, S]
    state: State  # after the last epoch; state.params are the final parameters
    curves: Epoch  # [E, S]; after a member's end its last epoch's numbers (0 if it had ended before), `trained` False
    epochs_run: np.ndarray  # [S] int32
    finite: np.ndarray  # [S] bool, whether every loss, of training and of validation, was a number
    history: np.ndarray | None  # [E + 1, P, S], the start and after each epoch; None unless asked for


class Program(NamedTuple):
    """A compiled training, for members of one architecture on up to size / tile different materials."""

    setup: Setup
    mesh: Mesh
    tile: int
    size: int  # members of a call
    trainer: Trainer


def compile_program(setup: Setup, mesh: Mesh, tile: int, size: int, material: Material) -> Program:
    """Compile; `material` stands for all others of its shapes.

    Raises:
        UserError: a batch size or a number of epochs that cannot be.
    """
    in_range("training.batch_size", setup.batch_size, 1, len(material.words))
    in_range("training.epochs_per_call", setup.epochs_per_call, 1, 10_000)
    trainer = make_trainer(setup, mesh, tile, size, stack([material], size // tile))
    return Program(setup, mesh, tile, size, trainer)


def train(
    program: Program,
    start: np.ndarray | State,
    keys: jax.Array,
    material: Material | Sequence[Material],
    rules: Rules,
    max_epochs: int,
    draws: np.ndarray | None = None,
    trainable: np.ndarray | None = None,
    first_epoch: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Train S members to their ends, at most as many as fit into the program's tiles (see num_tiles).

    Args:
        program: of compile_program.
        start: parameters [P, S], with a fresh optimizer; or a state to go on from, clocks included.
        keys: [S], of the members' shuffles: their minibatches depend on it and on the epoch alone.
        material: sentences, labels, embedding; or several of them.
        rules: of the learning rate and the end; each field a number, or [S].
        max_epochs: after which training ends at the latest.
        draws: [S], which of the materials each member trains on; default: the first.
        trainable: [P] or [P, S] bool, False for what is frozen; default: all train.
        first_epoch: epochs first_epoch, ..., max_epochs - 1 are run: minibatches depend on it.
        progress: called with the number of member epochs that were just done.

    Raises:
        UserError: max_epochs outside first_epoch + 1..100000, or more members than fit.
        ValueError: a draw that has no material.
    """
    in_range("training.max_epochs", max_epochs, first_epoch + 1, 100_000)
    materials = [material] if isinstance(material, Material) else list(material)
    state = _on_host(start if isinstance(start, State) else begin(np.asarray(start), rules))
    draws = which_draws(draws, state.params.shape[1], len(materials))
    task = _make_task(state.params, keys, draws, trainable, rules)
    stacked, initial = stack(materials, program.size // program.tile), state.params
    records, histories = [], [initial[None]]
    for first in range(first_epoch, max_epochs, program.setup.epochs_per_call):
        number_of_epochs = min(program.setup.epochs_per_call, max_epochs - first)
        placed, back = places(program.mesh, program.tile, program.size, state.clock.active, draws)
        called = _repeats_ended(_taken(state, placed), placed, back)
        out = program.trainer(called, _taken(task, placed), stacked, first, number_of_epochs)
        state, record, history = (_taken(_on_host(part), back) for part in out)
        record = Epoch(*(leaf[:number_of_epochs] for leaf in record))
        records.append(record)
        if history is not None:
            histories.append(history[:number_of_epochs])
        progress(int(record.trained.sum()))
        if not state.clock.active.any():
            break
    return _trained(initial, state, records, histories, program.setup.history)


def num_tiles(draws: np.ndarray, tile: int) -> int:
    """How many tiles members need: those of one draw fill tiles of their own."""
    return int(sum(-(-np.unique(draws, return_counts=True)[1] // tile)))


def which_draws(draws: np.ndarray | None, number: int, there: int) -> np.ndarray:
    """[S] int32, of which draw each of so many members is: of the first by default.

    Raises:
        ValueError: one that is not there.
    """
    draws = np.zeros(number, np.int32) if draws is None else np.asarray(draws, np.int32)
    if not ((draws >= 0) & (draws < there)).all():
        raise ValueError(f"members of draws {np.unique(draws)}, where there are {there}")
    return draws


def places(mesh: Mesh, tile: int, size: int, active: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which member is in each place of a call, [size], and where each member is found, [S].

    The members of a draw fill tiles of their own, those that still train first: a tile in which nobody does
    costs nothing. Tiles are dealt out to the devices in turn, the fullest first; what is left of a tile,
    and the tiles that nobody needs, repeat members.

    Args:
        mesh: over which a call's members are spread.
        tile: members that are worked on at once.
        size: members of a call.
        active: [S], who still trains.
        draws: [S].

    Raises:
        UserError: more members than fit, or none.
    """
    needed, there = num_tiles(draws, tile), size // tile
    if not 1 <= needed <= there:
        raise UserError(f"{len(draws)} members need {needed} tiles; this program has {there} (at least 1 is needed)")
    tiles = []
    for draw in np.unique(draws):
        own = np.flatnonzero(draws == draw)
        own = own[np.argsort(~active[own], kind="stable")]
        tiles += [own[i : i + tile] for i in range(0, len(own), tile)]
    tiles.sort(key=lambda members: -int(active[members].sum()))
    filled = [np.resize(members, tile) for members in tiles]
    filled += [filled[0]] * (there - needed)
    # Place k of the dealt tiles lies on device k mod n.
    by_device = np.stack(filled).reshape(-1, mesh.size, tile).swapaxes(0, 1)
    where = np.arange(size).reshape(mesh.size, -1, tile).swapaxes(0, 1)
    back = np.zeros(len(draws), int)
    for members, theirs in reversed(list(zip(tiles, where.reshape(-1, tile), strict=False))):
        back[members] = theirs[: len(members)]
    return by_device.ravel(), back


def _make_task(
    params: np.ndarray, keys: jax.Array, draws: np.ndarray, trainable: np.ndarray | None, rules: Rules
) -> Task:
    trainable = np.ones(params.shape, bool) if trainable is None else np.asarray(trainable)
    trainable = np.broadcast_to(trainable if trainable.ndim == 2 else trainable[:, None], params.shape)
    return Task(np.asarray(jax.random.key_data(keys)).T, draws, trainable, per_member(rules, params.shape[1]))


def _repeats_ended(state: State, placed: np.ndarray, back: np.ndarray) -> State:
    """The state in which all repeats of a member have ended: each trains in one place."""
    original = back[placed] == np.arange(len(placed))
    clock: Clock = state.clock
    return state._replace(clock=clock._replace(active=clock.active & original))


def _trained(
    initial: np.ndarray, state: State, records: list[Epoch], histories: list[np.ndarray], with_history: bool
) -> Trained:
    """The calls' records put together; epochs after a member's end repeat its last."""
    curves = jax.tree.map(lambda *parts: np.concatenate(parts), *records)
    losses = curves.train_loss + curves.validation_loss
    finite = np.asarray(np.isfinite(np.where(curves.trained, losses, 0)).all(0))
    # Of each epoch the last one in which the member trained; -1: it had ended before all of these.
    last = np.maximum.accumulate(np.where(curves.trained, np.arange(len(curves.trained))[:, None], -1))
    held = Epoch(*(np.where(last < 0, 0, np.take_along_axis(leaf, np.maximum(last, 0), 0)) for leaf in curves))
    held = held._replace(trained=curves.trained)
    history = None
    if with_history:
        every = np.concatenate(histories)
        places = np.concatenate([np.zeros((1, last.shape[1]), int), last + 1])
        history = np.take_along_axis(every, places[:, None], 0)
    return Trained(initial, state, held, curves.trained.sum(0).astype(np.int32), finite, history)


def _taken(tree: Any, places: np.ndarray) -> Any:
    return jax.tree.map(lambda leaf: leaf[..., places], tree)


def _on_host(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)
