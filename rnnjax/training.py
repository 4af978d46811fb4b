"""Section 3.2's training, for many networks at once: Adam on minibatches, each member on its own clock.

Members are the last axis and never meet: what happens to one, a loss that is not a number included, does
not touch another. Parameters and Adam's moments are flat, [P, S] (parameters.flatten).
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh

from rnnjax.backpropagation import Batch, Loss, cross_entropy, loss_and_gradient
from rnnjax.classifier import margin
from rnnjax.datasets import Split
from rnnjax.landscape import Architecture
from rnnjax.members import apart, spread
from rnnjax.parameters import Params, count, flatten_members, unflatten
from rnnjax.prefixes import Plan, final_states, make_plan
from rnnjax.schedule import Clock, Rules, start, tick


class Setup(NamedTuple):
    """What is compiled; everything else is an argument."""

    architecture: Architecture
    batch_size: int = 32  # B
    epochs_per_call: int = 10  # E, at most
    history: bool = False  # whether each epoch's parameters are handed out


class Material(NamedTuple):
    """What members train on and are judged by; nothing of the test split. Stacked: one more axis R in front."""

    words: Any  # [N, T] int32, the training sentences
    positive: Any  # [N] bool
    plan: Plan  # of the M validation sentences
    labels: Any  # [M] bool
    embedding: Any  # [V, D] float32


class Task(NamedTuple):
    """What each of S members is given; with `State` all that its training depends on."""

    key: Any  # [2, S] uint32, a key's data, of its shuffles: its minibatches of epoch e are a function of (key, e)
    draw: Any  # [S] int32, which of the materials it trains on; the members of a tile share theirs
    trainable: Any  # [P, S] bool, False for what is frozen
    rules: Rules  # of [S] each


class State(NamedTuple):
    """What the next epoch needs."""

    params: Any  # [P, S] float32
    adam: optax.ScaleByAdamState  # moments [P, S]; the number of updates [1, S]
    clock: Clock  # [S]


class Epoch(NamedTuple):
    """What a reader wants to know of one epoch, [S]; with one more axis E in front: of several."""

    correct: Any  # int32, validation sentences classified correctly after it
    validation_loss: Any  # float32, their mean cross-entropy, in nats
    train_correct: Any  # int32, training sentences, each judged just before its own minibatch's update
    train_loss: Any  # float32, likewise, mean
    learning_rate: Any  # float32, during the epoch
    trained: Any  # bool, whether the member still trained; else the other entries are those of its last epoch


T = TypeVar("T")
Trainer = Callable[..., tuple[State, Epoch, Any]]

_PORTION = 8  # sentences of a minibatch that are worked on at once, at most
_ADAM = optax.scale_by_adam()  # b1 0.9, b2 0.999, eps 1e-8: PyTorch's defaults too


def make_material(train: Split, validation: Split, embedding: np.ndarray) -> Material:
    """The training sentences as indices, the validation sentences as a plan."""
    words = train.words.astype(np.int32)
    return Material(words, train.positive, make_plan(validation.words), validation.positive, embedding)


def begin(params: Any, rules: Rules) -> State:
    """Before the first epoch: a fresh optimizer and a fresh clock.

    Args:
        params: [P, S].
        rules: of the learning rate and the end; each a number, or [S].
    """
    params = jnp.asarray(params, jnp.float32)
    nothing = jnp.zeros_like(params)
    adam = optax.ScaleByAdamState(jnp.zeros((1, params.shape[1]), jnp.int32), nothing, nothing)
    return State(params, adam, start(rules, params.shape[1:]))


def make_trainer(setup: Setup, mesh: Mesh, tile: int, size: int, materials: Material) -> Trainer:
    """Compile some epochs of training.

    Args:
        setup: what to compile.
        mesh: over which the members are spread.
        tile: members that are worked on at once.
        size: members of a call, a multiple of the mesh's size times the tile.
        materials: several, stacked on a first axis R; they stand for all others of their shapes.

    Returns:
        (state, task, materials, first epoch, number of epochs <= E) -> (state, Epoch [E, S], history
        [E, P, S] or None). Epochs that were not run are 0 in what is handed out.
    """
    flat = jax.ShapeDtypeStruct((count(setup.architecture.sizes), size), jnp.float32)
    state = jax.eval_shape(lambda params: begin(params, Rules()), flat)
    task = jax.eval_shape(lambda: _any_task(flat.shape))
    shared = (materials, np.int32(0), np.int32(0), np.int32(1))

    def some_epochs(members: tuple[State, Task], *shared: Any) -> tuple[State, Epoch, Any]:
        return run_epochs(setup, *members, *shared)

    # What the host reads must be whole on every process.
    whole = jax.process_count() > 1
    compiled = spread(some_epochs, mesh, tile, (state, task), *shared, whole=whole)

    def trainer(state: State, task: Task, materials: Material, first: int, number: int) -> tuple[State, Epoch, Any]:
        return compiled((state, task), materials, np.int32(first), np.int32(number), np.int32(1))

    return trainer


def run_epochs(
    setup: Setup,
    state: State,
    task: Task,
    materials: Material,
    first: jax.Array,
    number: jax.Array,
    one: jax.Array,
) -> tuple[State, Epoch, Any]:
    """What make_trainer compiles, for one tile; it stops early when all members have ended."""
    material = of_draw(materials, task.draw[0], one)
    an_epoch = jax.jit(functools.partial(one_epoch, setup))  # traced once, not here and below
    epoch_shapes = jax.eval_shape(an_epoch, state, task, material, first)[1]
    records = jax.tree.map(lambda leaf: jnp.zeros((setup.epochs_per_call, *leaf.shape), leaf.dtype), epoch_shapes)
    history = jnp.zeros((setup.epochs_per_call, *state.params.shape)) if setup.history else None

    def goes_on(carry: Any) -> jax.Array:
        epoch, state, _records, _history = carry
        return (epoch < number) & state.clock.active.any()

    def body(carry: Any) -> Any:
        epoch, state, records, history = carry
        state, record = an_epoch(state, task, material, first + epoch)
        records = jax.tree.map(lambda all, one: all.at[epoch].set(one), records, record)
        history = history if history is None else history.at[epoch].set(state.params)
        return epoch + 1, state, records, history

    _, state, records, history = jax.lax.while_loop(goes_on, body, (jnp.int32(0), state, records, history))
    return state, records, history


def one_epoch(setup: Setup, state: State, task: Task, material: Material, number: jax.Array) -> tuple[State, Epoch]:
    """All minibatches once, then the validation sentences and the clock; `number` is the epoch's."""
    num_sentences, one = len(material.words), material.plan.one
    keys = jax.vmap(lambda data: jax.random.fold_in(jax.random.wrap_key_data(data), number), in_axes=1)(task.key)
    # A minibatch is worked on in portions, so that compile time and caches do not grow with it.
    portions = -(-setup.batch_size // _PORTION)
    rows = -(-setup.batch_size // portions)
    order = jnp.pad(orders(keys, num_sentences), ((0, rows), (0, 0)))
    table = jnp.moveaxis(material.embedding[material.words], 0, 2)  # [T, D, N]

    def minibatch(i: jax.Array, carry: Any) -> Any:
        params, adam, loss = carry
        networks = unflatten(params, setup.architecture.sizes)
        start = i * setup.batch_size
        size = jnp.minimum(setup.batch_size, num_sentences - start)

        def portion(k: jax.Array, carry: tuple[Params, Loss]) -> tuple[Params, Loss]:
            chosen = jax.lax.dynamic_slice_in_dim(order, start + k * rows, rows)
            weight = (k * rows + jnp.arange(rows) < size).astype(jnp.float32)
            batch = apart(_look_up, one, chosen, weight, table, material.positive)
            new = loss_and_gradient(setup.architecture.cell, networks, batch, one)
            return jax.tree.map(jnp.add, carry, new[::-1])

        nothing = jnp.zeros(params.shape[1])
        empty = jax.tree.map(jnp.zeros_like, networks), Loss(nothing, nothing.astype(jnp.int32))
        gradient, of_batch = jax.lax.fori_loop(0, portions, portion, empty)
        step = functools.partial(_step, state.clock, task.trainable)
        params, adam = apart(step, one, params, adam, flatten_members(gradient), size.astype(jnp.float32))
        return params, adam, jax.tree.map(jnp.add, loss, of_batch)

    nothing = jnp.zeros_like(state.clock.learning_rate)
    carry = (state.params, state.adam, Loss(nothing, nothing.astype(jnp.int32)))
    params, adam, loss = jax.lax.fori_loop(0, -(-num_sentences // setup.batch_size), minibatch, carry)
    correct, validation_loss = evaluate(setup.architecture, params, material.plan, material.embedding, material.labels)
    active, rate = state.clock.active, state.clock.learning_rate
    adam = jax.tree.map(lambda new, old: jnp.where(active[None], new, old), adam, state.adam)
    record = Epoch(correct, validation_loss, loss.correct, loss.total / num_sentences, rate, active)
    return State(params, adam, tick(task.rules, state.clock, correct)), record


def orders(keys: jax.Array, number: int) -> jax.Array:
    """A random order of 0..number-1 for each key, [number, S] int32; consumes the keys.

    Random bits are sorted, each number in the low bits of its own; where the upper bits are equal (for
    5,000 numbers 19 bits, so some 24 pairs) the lower number comes first.
    """
    low = max(1, (number - 1).bit_length())

    def order(key: jax.Array) -> jax.Array:
        marked = (jax.random.bits(key, (number,)) >> low << low) | jnp.arange(number, dtype=jnp.uint32)
        return (jnp.sort(marked) & np.uint32(2**low - 1)).astype(jnp.int32)

    return jax.vmap(order, out_axes=1)(keys)


def evaluate(
    architecture: Architecture, params: jax.Array, plan: Plan, embedding: jax.Array, labels: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """How many sentences of a plan S networks [P, S] classify correctly, and their mean cross-entropy: [S] each."""
    networks = unflatten(params, architecture.sizes)
    h = final_states(architecture.cell, networks, plan, embedding)
    margins = jax.vmap(margin, in_axes=(None, 0))(networks, h)
    correct = (margins > 0) == labels[:, None]
    return correct.sum(0, dtype=jnp.int32), cross_entropy(margins, labels[:, None]).mean(0)


def per_member(rules: Rules, number: int) -> Rules:
    """The rules with an axis of members and one dtype a field, so that all share a compiled program.

    Args:
        rules: each field a number, or [S].
        number: S.
    """
    kinds = {float: np.float32, int: np.int32, bool: np.bool_}
    fields = zip(rules, Rules(), strict=True)
    return Rules(*(np.broadcast_to(np.asarray(value, kinds[type(default)]), (number,)) for value, default in fields))


def stack(several: Sequence[T], number: int) -> T:
    """Materials of the same shapes (or exams) on a first axis of this length R: the given ones, over and over."""
    return jax.tree.map(lambda *leaves: np.stack([leaves[i % len(leaves)] for i in range(number)]), *several)


def of_draw(stacked: T, draw: jax.Array, one: jax.Array) -> T:
    """One of several. Apart: what is read through an index where it is used is no vector code."""
    picked: T = apart(lambda draw: jax.tree.map(lambda leaf: leaf[draw], stacked), one, draw)
    return picked


def _look_up(chosen: jax.Array, weight: jax.Array, table: jax.Array, positive: jax.Array) -> Batch:
    """The sentences chosen [B, S], from the table [T, D, N] of all."""
    return Batch(jnp.swapaxes(jnp.take(table, chosen, axis=2), 1, 2), positive[chosen], weight)


def _step(
    clock: Clock,
    trainable: jax.Array,
    params: jax.Array,
    adam: optax.ScaleByAdamState,
    gradient: jax.Array,
    size: jax.Array,
) -> tuple[jax.Array, optax.ScaleByAdamState]:
    """Adam's step along the mean gradient of `size` sentences; who has ended or is frozen stays in place."""
    direction, after = _ADAM.update(gradient / size, adam)
    moved = clock.active[None] & trainable
    return jnp.where(moved, params - clock.learning_rate[None] * direction, params), after


def _any_task(shape: tuple[int, int]) -> Task:
    """A task of the right shapes, for P parameters and S members."""
    keys = jnp.zeros((2, shape[1]), jnp.uint32)
    rules = per_member(Rules(), shape[1])
    return Task(keys, jnp.zeros(shape[1], jnp.int32), jnp.ones(shape, bool), rules)
