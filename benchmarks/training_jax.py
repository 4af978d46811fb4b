"""JAX's ways of training: plain vmap over members of the scanned cell, and this library's."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.task import SEED
from benchmarks.training_task import LEARNING_RATE, TrainingTask
from benchmarks.worker import Way
from rnnjax import members, sweeps, training
from rnnjax.classifier import logits
from rnnjax.landscape import parse_architecture
from rnnjax.parameters import shapes, unflatten
from rnnjax.schedule import Rules
from rnnjax.streams import of_members, stream

_RULES = Rules(learning_rate=LEARNING_RATE, factor=1.0, early_stop=False)


class JaxVmapTraining(Way):
    """jax.grad of one network's loss, vmapped over members; optax's Adam; lax.scan over minibatches."""

    def __init__(self, task: TrainingTask) -> None:
        self._task, self._architecture = task, parse_architecture(task.name)
        cell, input_dim, hidden_dim = self._architecture
        self._sizes = shapes(len(cell.gates), input_dim, hidden_dim)
        self._epoch = jax.jit(jax.vmap(self._train, in_axes=(1, 1)))
        started = time.perf_counter()
        self.score()
        self.facts = {"form": "an epoch a call", "compile_seconds": time.perf_counter() - started}

    def score(self) -> int:
        number, num_members = self._task.orders.shape
        self.losses(self._task.params, self._task.orders)
        return -(-number // self._task.batch_size) * num_members

    def losses(self, params: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """The mean training loss of an epoch, [S]; starts [P, S], orders of the sentences [N, S]."""
        return np.asarray(self._epoch(params, orders))

    def _train(self, flat: jax.Array, order: jax.Array) -> jax.Array:
        train, adam = self._task.dataset.train, optax.adam(LEARNING_RATE)
        x, positive = jnp.asarray(self._task.embedding[train.words]), jnp.asarray(train.positive)
        size = self._task.batch_size
        batches = -(-len(train.words) // size)
        filled = jnp.pad(order, (0, batches * size - len(order))).reshape(batches, size)
        weights = (jnp.arange(batches * size) < len(order)).reshape(batches, size).astype(jnp.float32)

        def loss(flat: jax.Array, chosen: jax.Array, weight: jax.Array) -> jax.Array:
            params = unflatten(flat, self._sizes)
            pairs = jax.vmap(lambda sentence: logits(self._architecture.cell, params, sentence))(x[chosen])
            losses = optax.softmax_cross_entropy_with_integer_labels(pairs, positive[chosen].astype(jnp.int32))
            return (weight * losses).sum() / weight.sum()

        def step(carry: tuple[jax.Array, optax.OptState], batch: tuple[jax.Array, jax.Array]) -> tuple:
            flat, state = carry
            value, gradient = jax.value_and_grad(loss)(flat, *batch)
            updates, state = adam.update(gradient, state)
            return (flat + updates, state), value * batch[1].sum()

        totals: jax.Array
        _, totals = jax.lax.scan(step, (flat, adam.init(flat)), (filled, weights))
        return totals.sum() / len(order)


class RnnjaxTraining(Way):
    """As the experiments train: shuffling, Adam and the validation after each epoch included."""

    def __init__(self, task: TrainingTask, tile: int) -> None:
        members.use_all_cores()
        self._task, self._key = task, stream(jax.random.key(SEED), "shuffle")
        mesh = members.make_mesh()
        self._material = training.make_material(task.dataset.train, task.dataset.validation, task.embedding)
        size = members.call_size(mesh, tile, task.params.shape[1])
        setup = training.Setup(parse_architecture(task.name), task.batch_size)
        started = time.perf_counter()
        self._program = sweeps.compile_program(setup, mesh, tile, size, self._material)
        seconds = time.perf_counter() - started
        self.facts = {"form": f"tiles of {tile}, {mesh.size} devices", "compile_seconds": seconds}

    def score(self) -> int:
        number = self._task.params.shape[1]
        self._train(np.arange(number), 2)
        return 2 * -(-len(self._material.words) // self._task.batch_size) * number

    def shared(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Some members' starts, their first epoch's orders of sentences, and their mean losses in it."""
        keys = of_members(self._key, np.arange(number))
        keys = jax.vmap(lambda key: jax.random.fold_in(key, 0))(keys)
        orders = training.orders(keys, len(self._material.words))
        losses = self._train(np.arange(number), 1).curves.train_loss[0]
        return self._task.params[:, :number], np.asarray(orders).astype(np.int64), losses

    def _train(self, indices: np.ndarray, epochs: int) -> sweeps.Trained:
        start, keys = self._task.params[:, indices], of_members(self._key, indices)
        return sweeps.train(self._program, start, keys, self._material, _RULES, epochs)
