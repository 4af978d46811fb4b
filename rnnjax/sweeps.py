"""Training sweeps seen from the host: an epoch after the other, who still trains in as few tiles as hold them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh

from rnnjax.errors import UserError, in_range
from rnnjax.schedule import Rules
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
)

T = TypeVar("T")

_KINDS = (np.int32, np.float32, np.int32, np.float32, np.float32, np.bool_)  # of an Epoch's fields


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
    num_sentences: int  # of the training set
    trainer: Trainer


def compile_program(setup: Setup, mesh: Mesh, tile: int, size: int, material: Material) -> Program:
    """Compile; `material` stands for all others of its shapes.

    Raises:
        UserError: a batch size that cannot be.
    """
    in_range("training.batch_size", setup.batch_size, 1, len(material.words))
    trainer = make_trainer(setup, mesh, tile, size, material)
    return Program(setup, mesh, tile, size, len(material.words), trainer)


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
    history: bool = False,
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
        history: whether each epoch's parameters are kept.
        progress: called with the number of member epochs that were just done.

    Raises:
        UserError: max_epochs outside first_epoch + 1..100000, or more members than fit.
        ValueError: a draw that has no material.
    """
    in_range("training.max_epochs", max_epochs, first_epoch + 1, 100_000)
    materials = [material] if isinstance(material, Material) else list(material)
    state = _on_host(start if isinstance(start, State) else begin(np.asarray(start), rules))
    draws, materials = which_draws(draws, state.params.shape[1], materials)
    task = _make_task(state.params, keys, draws, trainable, rules)
    _check_room(draws, program.tile, program.size)
    shared, initial = program.trainer.share(materials), state.params
    nothing = Epoch(*(np.zeros(len(draws), kind) for kind in _KINDS))
    records, histories = [], [initial]
    for epoch in range(first_epoch, max_epochs):
        here = np.flatnonzero(state.clock.active)
        if not len(here):
            break
        after, record = _one_epoch(program, _taken(state, here), _taken(task, here), shared, epoch)
        state = jax.tree.map(functools.partial(_with, places=here), state, after)
        records.append(jax.tree.map(functools.partial(_with, places=here), nothing, record))
        if history:
            histories.append(state.params)
        progress(len(here))
    curves = jax.tree.map(lambda leaf, *epochs: np.array(epochs, leaf.dtype).reshape(-1, len(leaf)), nothing, *records)
    return _trained(initial, state, curves, np.stack(histories) if history else None)


def _one_epoch(program: Program, state: State, task: Task, shared: Any, epoch: int) -> tuple[State, Epoch]:
    """An epoch of members all of whom train; first packed into few tiles, then those of a draw together."""
    placed, back = places(program.mesh, program.tile, program.size, np.zeros_like(task.draw))
    called = _learning(_taken(state, placed), back)
    learned = program.trainer.learn(called, _taken(task, placed), shared, epoch)
    params, adam, loss = _taken(_on_host(learned), back)
    placed, back = places(program.mesh, program.tile, program.size, task.draw)
    called = _learning(_taken(State(params, adam, state.clock), placed), back)
    marked = program.trainer.mark(called, _taken(task, placed), shared)
    correct, validation_loss, clock = _taken(_on_host(marked), back)
    train_loss = loss.total * (np.float32(1) / np.float32(program.num_sentences))  # as XLA divides by a constant
    trained, rate = state.clock.active, state.clock.learning_rate
    return State(params, adam, clock), Epoch(correct, validation_loss, loss.correct, train_loss, rate, trained)


def num_tiles(draws: np.ndarray, tile: int) -> int:
    """How many tiles members need: those of one draw fill tiles of their own."""
    return int(sum(-(-np.unique(draws, return_counts=True)[1] // tile)))


def which_draws(draws: np.ndarray | None, number: int, several: Sequence[T]) -> tuple[np.ndarray, list[T]]:
    """[S] int32, of which draw each of so many members is, and what those draws have; of the first by default.

    Args:
        draws: [S], places in `several`.
        number: S.
        several: materials, or exams; those that no member needs are left out.

    Raises:
        ValueError: a draw that is not there.
    """
    draws = np.zeros(number, np.int32) if draws is None else np.asarray(draws, np.int32)
    if not ((draws >= 0) & (draws < len(several))).all():
        raise ValueError(f"members of draws {np.unique(draws)}, where there are {len(several)}")
    used, draws = np.unique(draws, return_inverse=True)
    return draws.astype(np.int32), [several[draw] for draw in used]


def places(mesh: Mesh, tile: int, size: int, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which member is in each place of a call, [size], and where each member is found, [S].

    The members of a draw fill tiles of their own. Tiles are dealt out to the devices in turn, the fullest first; what
    is left of a tile, and the tiles that nobody needs, repeat members.

    Args:
        mesh: over which a call's members are spread.
        tile: members that are worked on at once.
        size: members of a call.
        draws: [S].

    Raises:
        UserError: more members than fit, or none.
    """
    _check_room(draws, tile, size)
    tiles = []
    for draw in np.unique(draws):
        own = np.flatnonzero(draws == draw)
        tiles += [own[i : i + tile] for i in range(0, len(own), tile)]
    tiles.sort(key=lambda members: -len(members))
    filled = [np.resize(members, tile) for members in tiles]
    filled += [filled[0]] * (size // tile - len(tiles))
    # Place k of the dealt tiles lies on device k mod n.
    by_device = np.stack(filled).reshape(-1, mesh.size, tile).swapaxes(0, 1)
    where = np.arange(size).reshape(mesh.size, -1, tile).swapaxes(0, 1)
    back = np.zeros(len(draws), int)
    for members, theirs in reversed(list(zip(tiles, where.reshape(-1, tile), strict=False))):
        back[members] = theirs[: len(members)]
    return by_device.ravel(), back


def _check_room(draws: np.ndarray, tile: int, size: int) -> None:
    needed, there = num_tiles(draws, tile), size // tile
    if not 1 <= needed <= there:
        raise UserError(f"{len(draws)} members need {needed} tiles; this program has {there} (at least 1 is needed)")


def _make_task(
    params: np.ndarray, keys: jax.Array, draws: np.ndarray, trainable: np.ndarray | None, rules: Rules
) -> Task:
    trainable = np.ones(params.shape, bool) if trainable is None else np.asarray(trainable)
    trainable = np.broadcast_to(trainable if trainable.ndim == 2 else trainable[:, None], params.shape)
    return Task(np.asarray(jax.random.key_data(keys)).T, draws, trainable, per_member(rules, params.shape[1]))


def in_one_place(back: np.ndarray, size: int) -> np.ndarray:
    """[size] bool, the one place of each member among its repeats (see places); a tile of repeats costs nothing."""
    return np.isin(np.arange(size), back)


def _learning(state: State, back: np.ndarray) -> State:
    """The state of a call's places, in which all repeats of a member have ended."""
    active: Any = in_one_place(back, state.params.shape[1])
    return state._replace(clock=state.clock._replace(active=active))


def _trained(initial: np.ndarray, state: State, curves: Epoch, history: np.ndarray | None) -> Trained:
    """What is kept; epochs after a member's end repeat its last."""
    losses = curves.train_loss + curves.validation_loss
    finite = np.asarray(np.isfinite(np.where(curves.trained, losses, 0)).all(0))
    # Of each epoch the last one in which the member trained; -1: it had ended before all of these.
    last = np.maximum.accumulate(np.where(curves.trained, np.arange(len(curves.trained))[:, None], -1))
    held = Epoch(*(np.where(last < 0, 0, np.take_along_axis(leaf, np.maximum(last, 0), 0)) for leaf in curves))
    held = held._replace(trained=curves.trained)
    return Trained(initial, state, held, curves.trained.sum(0).astype(np.int32), finite, history)


def _taken(tree: Any, places: np.ndarray) -> Any:
    return jax.tree.map(lambda leaf: leaf[..., places], tree)


def _with(old: np.ndarray, new: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A copy in which the last axis has the new values in these places."""
    changed = np.array(old)
    changed[..., places] = new
    return changed


def _on_host(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)
