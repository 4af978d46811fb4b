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
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rnnjax.backpropagation import Batch, Loss, cross_entropy, loss_and_gradient
from rnnjax.classifier import margin
from rnnjax.datasets import Split
from rnnjax.landscape import Architecture
from rnnjax.members import apart, put, spread
from rnnjax.parameters import Params, count, flatten_members, unflatten
from rnnjax.prefixes import Plan, final_states, make_plan
from rnnjax.schedule import Clock, Rules, start, tick


class Setup(NamedTuple):
    """What is compiled; everything else is an argument."""

    architecture: Architecture
    batch_size: int = 32  # B


class Material(NamedTuple):
    """What members train on and are judged by; nothing of the test split. Stacked: one more axis R in front."""

    words: Any  # [N, T] int32, the training sentences
    positive: Any  # [N] bool
    plan: Plan  # of the M validation sentences
    labels: Any  # [M] bool
    embedding: Any  # [V, D] float32


class Lessons(NamedTuple):
    """What R materials train on, one after the other: a sentence is found by its draw and its place in that.

    Sentences lie as words and are embedded minibatch by minibatch: to look up a few bytes and then a table that fits
    into the nearest cache is three times as fast as to look up embedded sentences (15 dimensions, eight materials).
    """

    words: Any  # [R N, T] uint8
    positive: Any  # [R, N] bool
    embedding: Any  # [D, R V] float32


class Task(NamedTuple):
    """What each of S members is given; with `State` all that its training depends on."""

    key: Any  # [2, S] uint32, a key's data, of its shuffles: its minibatches of epoch e are a function of (key, e)
    draw: Any  # [S] int32, which of the materials it trains on
    trainable: Any  # [P, S] bool, False for what is frozen
    rules: Any  # Rules of [S] each


class State(NamedTuple):
    """What the next epoch needs."""

    params: Any  # [P, S] float32
    adam: optax.ScaleByAdamState  # moments [P, S]; the number of updates [1, S]
    clock: Clock  # [S]


class Trainer(NamedTuple):
    """An epoch, compiled in two halves, because members that learn in one tile may be marked in different ones."""

    share: Callable[[Sequence[Material]], Any]  # up to size / tile materials to all devices: `shared` below
    learn: Callable[..., tuple[Any, optax.ScaleByAdamState, Loss]]  # (state, task, shared, epoch), as `learn` below
    mark: Callable[..., tuple[Any, Any, Clock]]  # (state, task, shared), as `mark` below


class Epoch(NamedTuple):
    """What a reader wants to know of one epoch, [S]; with one more axis E in front: of several."""

    correct: Any  # int32, validation sentences classified correctly after it
    validation_loss: Any  # float32, their mean cross-entropy, in nats
    train_correct: Any  # int32, training sentences, each judged just before its own minibatch's update
    train_loss: Any  # float32, likewise, mean
    learning_rate: Any  # float32, during the epoch
    trained: Any  # bool, whether the member still trained; else the other entries are those of its last epoch


T = TypeVar("T")

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


def make_trainer(setup: Setup, mesh: Mesh, tile: int, size: int, material: Material) -> Trainer:
    """Compile an epoch of training.

    Members of any draws learn in one tile; to be marked, those of a tile must be of one draw.

    Args:
        setup: what to compile.
        mesh: over which the members are spread.
        tile: members that are worked on at once.
        size: members of a call, a multiple of the mesh's size times the tile.
        material: it stands for all others of its shapes.
    """
    room, whole = size // tile, jax.process_count() > 1  # what the host reads must be whole on every process
    flat = jax.ShapeDtypeStruct((count(setup.architecture.sizes), size), jnp.float32)
    state = jax.eval_shape(lambda params: begin(params, Rules()), flat)
    task = jax.eval_shape(lambda: _any_task(flat.shape))

    def filled(materials: Sequence[Material]) -> tuple[Lessons, Material]:
        exams = [material._replace(words=None, positive=None) for material in materials]
        return make_lessons(materials, room), stack(exams, room)

    def to_learn(state: State, task: Task) -> tuple[State, Task]:
        return state, task._replace(rules=None)

    def to_mark(state: State, task: Task) -> tuple[State, Task]:
        return state._replace(adam=None), task._replace(key=None, trainable=None)

    def learn_tile(members: tuple[State, Task], *shared: Any) -> tuple[jax.Array, optax.ScaleByAdamState, Loss]:
        return learn(setup, *members, *shared)

    def mark_tile(members: tuple[State, Task], *shared: Any) -> tuple[jax.Array, jax.Array, Clock]:
        return mark(setup, *members, *shared)

    lessons, exams = filled([material])
    one = np.int32(1)
    learned = spread(learn_tile, mesh, tile, to_learn(state, task), lessons, np.int32(0), one, whole=whole)
    marked = spread(mark_tile, mesh, tile, to_mark(state, task), exams, one, whole=whole)
    return Trainer(
        lambda materials: put(filled(materials), NamedSharding(mesh, PartitionSpec())),
        lambda state, task, shared, epoch: learned(to_learn(state, task), shared[0], np.int32(epoch), one),
        lambda state, task, shared: marked(to_mark(state, task), shared[1], one),
    )


def make_lessons(materials: Sequence[Material], number: int) -> Lessons:
    """Of materials of the same shapes, over and over, `number` in all."""
    several = stack(materials, number)
    words = several.words.reshape(-1, several.words.shape[-1])
    return Lessons(words.astype(np.uint8), several.positive, np.concatenate(several.embedding).T)


def learn(
    setup: Setup, state: State, task: Task, lessons: Lessons, epoch: jax.Array, one: jax.Array
) -> tuple[jax.Array, optax.ScaleByAdamState, Loss]:
    """All minibatches of an epoch once, for one tile: parameters, Adam's state, the sum of the losses.

    The parameters of a member that has ended stay as they are; where all have, nothing is done.
    """
    num_sentences = lessons.positive.shape[1]
    nothing = jnp.zeros_like(state.clock.learning_rate)
    no_loss = Loss(nothing, nothing.astype(jnp.int32))
    # A minibatch is worked on in portions, so that compile time and caches do not grow with it.
    portions = -(-setup.batch_size // _PORTION)
    rows = -(-setup.batch_size // portions)

    def minibatches() -> tuple[jax.Array, optax.ScaleByAdamState, Loss]:
        keys = jax.vmap(lambda data: jax.random.fold_in(jax.random.wrap_key_data(data), epoch), in_axes=1)(task.key)
        order = jnp.pad(orders(keys, num_sentences), ((0, rows), (0, 0))) + task.draw[None] * num_sentences

        def minibatch(i: jax.Array, carry: Any) -> Any:
            params, adam, loss = carry
            networks = unflatten(params, setup.architecture.sizes)
            start = i * setup.batch_size
            size = jnp.minimum(setup.batch_size, num_sentences - start)

            def portion(k: jax.Array, carry: tuple[Params, Loss]) -> tuple[Params, Loss]:
                chosen = jax.lax.dynamic_slice_in_dim(order, start + k * rows, rows)
                weight = (k * rows + jnp.arange(rows) < size).astype(jnp.float32)
                batch = apart(_look_up, one, chosen, weight, task.draw, lessons)
                new = loss_and_gradient(setup.architecture.cell, networks, batch, one)
                return jax.tree.map(jnp.add, carry, new[::-1])

            empty = jax.tree.map(jnp.zeros_like, networks), no_loss
            gradient, of_batch = jax.lax.fori_loop(0, portions, portion, empty)
            step = functools.partial(_step, state.clock, task.trainable)
            params, adam = apart(step, one, params, adam, flatten_members(gradient), size.astype(jnp.float32))
            return params, adam, jax.tree.map(jnp.add, loss, of_batch)

        carry = state.params, state.adam, no_loss
        return jax.lax.fori_loop(0, -(-num_sentences // setup.batch_size), minibatch, carry)

    return jax.lax.cond(state.clock.active.any(), minibatches, lambda: (state.params, state.adam, no_loss))


def mark(setup: Setup, state: State, task: Task, exams: Material, one: jax.Array) -> tuple[jax.Array, jax.Array, Clock]:
    """Validation for one tile of members of one draw: correct sentences, mean cross-entropy, the clock after the epoch.

    Where all members have ended, nothing is done.
    """
    correct, loss = examine(setup.architecture, state.params, task.draw, state.clock.active, exams, one)
    return correct, loss, tick(task.rules, state.clock, correct)


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


def examine(
    architecture: Architecture, params: jax.Array, draws: jax.Array, wanted: jax.Array, exams: Any, one: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """As `evaluate`, for a tile of members of one draw; 0 where nobody [S] of it is wanted.

    Args:
        architecture: of all.
        params: [P, S].
        draws: [S], all the same.
        wanted: [S] bool.
        exams: stacked, each with a plan, labels and an embedding.
        one: 1, as an argument of the compiled function (see members.apart).
    """

    def examined() -> tuple[jax.Array, jax.Array]:
        exam = of_draw(exams, draws[0], one)
        return evaluate(architecture, params, exam.plan, exam.embedding, exam.labels)

    return jax.lax.cond(wanted.any(), examined, lambda: (jnp.zeros_like(draws), jnp.zeros_like(params[0])))


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


def _look_up(chosen: jax.Array, weight: jax.Array, draw: jax.Array, lessons: Lessons) -> Batch:
    """The sentences chosen [B, S], places among those of all materials, for members of the draws [S]."""
    vocabulary = lessons.embedding.shape[1] // lessons.positive.shape[0]
    words = lessons.words.at[chosen].get(mode="promise_in_bounds")  # [B, S, T]
    columns = jnp.moveaxis(words, 2, 0).astype(jnp.int32) + draw[None, None] * vocabulary
    x = lessons.embedding.at[:, columns].get(mode="promise_in_bounds")  # [D, T, B, S]
    positive = lessons.positive.ravel().at[chosen].get(mode="promise_in_bounds")
    return Batch(jnp.moveaxis(x, 0, 2), positive, weight)


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
