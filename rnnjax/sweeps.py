"""Training sweeps seen from the host: calls of some epochs, members that have ended out of the way, curves."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from rnnjax.errors import UserError, in_range
from rnnjax.schedule import Clock, Rules
from rnnjax.training import Epoch, Material, Setup, State, Trainer, begin, make_trainer


class Trained(NamedTuple):
    """What is kept of S members; NumPy arrays."""

    initial: np.ndarray  # [P, S]
    state: State  # after the last epoch; state.params are the final parameters
    curves: Epoch  # [E, S]; after a member's end its last epoch's numbers (0 if it had ended before), `trained` False
    epochs_run: np.ndarray  # [S] int32
    finite: np.ndarray  # [S] bool, whether every training loss was a number
    history: np.ndarray | None  # [E + 1, P, S], the start and after each epoch; None unless asked for


class Program(NamedTuple):
    """A compiled training, for any number of members of one architecture."""

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
    return Program(setup, mesh, tile, size, make_trainer(setup, mesh, tile, size, material))


def train(
    program: Program,
    start: np.ndarray | State,
    indices: np.ndarray,
    key: jax.Array,
    material: Material,
    rules: Rules,
    max_epochs: int,
    trainable: np.ndarray | None = None,
    first_epoch: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Train S members to their ends, at most the program's size of them.

    Args:
        program: of compile_program.
        start: parameters [P, S], with a fresh optimizer; or a state to go on from, clocks included.
        indices: [S] uint32, which members they are: their minibatches depend on it.
        key: of the shuffles.
        material: sentences, labels, embedding.
        rules: of the learning rate and the end.
        max_epochs: after which training ends at the latest.
        trainable: [P] bool, False for what is frozen; default: all train.
        first_epoch: epochs first_epoch, ..., max_epochs - 1 are run: minibatches depend on it.
        progress: called with the number of member epochs that were just done.

    Raises:
        UserError: max_epochs outside first_epoch + 1..100000, or more members than the program's size.
    """
    in_range("training.max_epochs", max_epochs, first_epoch + 1, 100_000)
    state = _on_host(start if isinstance(start, State) else begin(np.asarray(start), rules))
    number = state.params.shape[1]
    if not 1 <= number <= program.size:
        raise UserError(f"{number} members; this program trains from 1 to {program.size}")
    trainable = np.ones(len(state.params), bool) if trainable is None else trainable
    initial, state = state.params, _filled_up(state, program.size)
    indices = np.resize(np.asarray(indices, np.uint32), program.size)
    slots = _slots(program)
    records, histories = [], [initial[None]]
    for first in range(first_epoch, max_epochs, program.setup.epochs_per_call):
        number_of_epochs = min(program.setup.epochs_per_call, max_epochs - first)
        # Whoever still trains comes first in all devices' tiles: a tile in which nobody does costs nothing.
        order = np.argsort(~state.clock.active, kind="stable")
        placed = np.empty_like(order)
        placed[slots] = order
        arguments = (key, trainable, material, rules, first, number_of_epochs)
        out = program.trainer(_taken(state, placed), indices[placed], *arguments)
        back = np.argsort(placed)
        after, record, history = (_taken(_on_host(part), back) for part in out)
        record = Epoch(*(leaf[:number_of_epochs, :number] for leaf in record))
        records.append(record)
        if history is not None:
            histories.append(history[:number_of_epochs, :, :number])
        state = after
        progress(int(record.trained.sum()))
        if not state.clock.active[:number].any():
            break
    return _trained(initial, _taken(state, np.arange(number)), records, histories, program.setup.history)


def _trained(
    initial: np.ndarray, state: State, records: list[Epoch], histories: list[np.ndarray], with_history: bool
) -> Trained:
    """The calls' records put together; epochs after a member's end repeat its last."""
    curves = jax.tree.map(lambda *parts: np.concatenate(parts), *records)
    finite = np.asarray(np.isfinite(np.where(curves.trained, curves.train_loss, 0)).all(0))
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


def _filled_up(state: State, size: int) -> State:
    """Members repeated up to `size`; the repeated ones have ended."""
    number = state.params.shape[1]
    filled = _taken(state, np.arange(size) % number)
    clock: Clock = filled.clock
    return filled._replace(clock=clock._replace(active=clock.active & (np.arange(size) < number)))


def _slots(program: Program) -> np.ndarray:
    """The places on the members' axis, tile by tile, every device's first tile before any second one."""
    devices = program.mesh.size
    return np.arange(program.size).reshape(devices, -1, program.tile).swapaxes(0, 1).ravel()


def _taken(tree: Any, places: np.ndarray) -> Any:
    return jax.tree.map(lambda leaf: leaf[..., places], tree)


def _on_host(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)
