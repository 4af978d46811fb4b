"""Section 4.6.1: how many random parameter settings reach an accuracy, without any training."""

import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from rnnjax.cells import CELLS, Cell
from rnnjax.classifier import logits, margin
from rnnjax.datasets import Split
from rnnjax.errors import UserError, in_range, lookup
from rnnjax.initializers import Sampler
from rnnjax.members import spread
from rnnjax.parameters import Params, shapes
from rnnjax.prefixes import Plan, final_states, make_plan

NUM_BEST = 100
NEAR_TIE = 1e-5  # of the two logits: closer ones may be judged differently by another order of additions


class Architecture(NamedTuple):
    """A cell and its shape, named like gru_2x4: 2 inputs, 4 hidden units."""

    cell: Cell
    input_dim: int
    hidden_dim: int

    @property
    def sizes(self) -> Params:
        """The shape of every leaf of its parameters, as a Params of tuples."""
        return shapes(len(self.cell.gates), self.input_dim, self.hidden_dim)

    @property
    def shape(self) -> str:
        """Input dimension x hidden dimension, as the thesis writes it."""
        return f"{self.input_dim}x{self.hidden_dim}"

    @property
    def name(self) -> str:
        return f"{self.cell.name}_{self.shape}"

    @property
    def title(self) -> str:
        """As the thesis' subfigures have it: GRU (2 x 4)."""
        return f"{self.cell.title} ({self.input_dim} x {self.hidden_dim})"


def parse_architecture(name: str) -> Architecture:
    """The architecture that a name like "gru_2x4" stands for.

    Raises:
        UserError: another form, an unknown cell, or a dimension outside 1..64.
    """
    match = re.fullmatch(r"([a-z_]+)_(\d+)x(\d+)", name)
    if match is None:
        raise UserError(f"architecture {name!r}; valid: a cell ({', '.join(CELLS)}) and a shape, such as gru_2x4")
    cell = lookup(CELLS, match[1], "cell")
    dims = int(match[2]), int(match[3])
    for what, dim in zip(("input", "hidden"), dims, strict=True):
        in_range(f"architecture {name!r}: the {what} dimension", dim, 1, 64)
    return Architecture(cell, *dims)


def setting(key: jax.Array, architecture: Architecture, sampler: Sampler, index: jax.Array) -> Params:
    """Setting number `index`: a function of key, architecture, sampler and index alone.

    Args:
        key: the stream "init"; not consumed, each setting draws from a key of its own.
        architecture: whose parameters.
        sampler: their distribution; its scale may be traced.
        index: 0, 1, ..., as uint32.
    """
    own = jax.random.fold_in(key, zlib.crc32(architecture.name.encode()))
    return sampler(jax.random.fold_in(own, index), architecture.cell, architecture.input_dim, architecture.hidden_dim)


class Drawer(NamedTuple):
    """Compiled: the parameters of a fixed number of settings a call, members last."""

    size: int  # settings a call
    draw: Callable[..., Params]  # (indices [size] uint32, key, scale [] float32)


def make_drawer(key: jax.Array, architecture: Architecture, name: str, mesh: Mesh, size: int) -> Drawer:
    """Compile the drawing of one architecture's settings from the samplers of one name.

    Args:
        key: of the kind that setting takes; another may be given at each call.
        architecture: whose parameters.
        name: an entry of SAMPLERS.
        mesh: over which the settings are spread.
        size: settings a call, of members.call_size.
    """

    def draw(indices: jax.Array, key: jax.Array, scale: jax.Array) -> Params:
        def one(index: jax.Array) -> Params:
            return setting(key, architecture, Sampler(name, scale), index)  # type: ignore[arg-type]

        return jax.vmap(one, out_axes=-1)(indices)

    # All of a device's settings are one tile: random bits do not depend on the width, and short loops cost.
    width = size // mesh.size
    return Drawer(size, spread(draw, mesh, width, np.zeros(size, np.uint32), key, np.float32(1)))


def make_counter(
    architecture: Architecture, split: Split, embedding: np.ndarray, mesh: Mesh, tile: int, size: int
) -> Callable[[Params], jax.Array]:
    """Compile the count of correct sentences, Params of `size` settings -> [size] int32.

    Args:
        architecture: what to score.
        split: N labelled sentences.
        embedding: the word vectors, [V, D].
        mesh: over which the settings are spread.
        tile: settings that are worked on at once.
        size: of the drawer.
    """

    def count(params: Params, plan: Plan, embedding: jax.Array, positive: jax.Array) -> jax.Array:
        return count_correct(architecture.cell, params, plan, embedding, positive)

    members = jax.tree.map(
        lambda shape: jax.ShapeDtypeStruct((*shape, size), jnp.float32),
        architecture.sizes,
        is_leaf=lambda x: isinstance(x, tuple),
    )
    shared = (make_plan(split.words), embedding, split.positive)
    compiled = spread(count, mesh, tile, members, *shared, whole=True)
    return lambda params: compiled(params, *shared)


def count_correct(
    cell: Cell, params: Params, plan: Plan, embedding: jax.Array | np.ndarray, positive: jax.Array | np.ndarray
) -> jax.Array:
    """How many of N sentences each of S networks classifies correctly, [S] int32.

    Args:
        cell: an entry of CELLS.
        params: of S networks, members last.
        plan: the sentences, of make_plan.
        embedding: the word vectors, [V, D].
        positive: the sentences' labels, [N].
    """
    h = final_states(cell, params, plan, embedding)
    # Groups of sentences are added up before the rows are: one pass over memory instead of three.
    groups = max(number for number in range(1, 17) if len(h) % number == 0)
    correct = jnp.zeros((len(h) // groups, h.shape[-1]), jnp.int32)
    for states, labels in zip(jnp.split(h, groups), jnp.split(jnp.asarray(positive), groups), strict=True):
        margins = jax.vmap(margin, in_axes=(None, 0))(params, states)
        correct += (margins > 0) == labels[:, None]
    return correct.sum(0, dtype=jnp.int32)


def counts(
    drawer: Drawer, counter: Callable[[Params], jax.Array], key: jax.Array, scale: float, start: int, stop: int
) -> Iterator[np.ndarray]:
    """The counts of settings start..stop-1, uint16, a call's worth at a time.

    One call is always under way while the one before is handed out.
    """
    pending: list[tuple[jax.Array, int]] = []
    for first in range(start, stop, drawer.size):
        # The last call's surplus settings are computed and dropped.
        indices = np.arange(first, first + drawer.size, dtype=np.uint32)
        result = counter(drawer.draw(indices, key, np.float32(scale)))
        pending.append((result, min(drawer.size, stop - first)))
        if len(pending) > 1:
            yield _fetch(*pending.pop(0))
    for result, length in pending:
        yield _fetch(result, length)


class Tally(NamedTuple):
    """What is kept of an architecture's counts besides the counts themselves."""

    histogram: np.ndarray  # [N + 1] int64: settings with 0, 1, ..., N correct sentences
    best: np.ndarray  # [<= 100] int64: the best settings' indices, best first, then lowest first
    best_counts: np.ndarray  # [<= 100] int64: their numbers of correct sentences
    lowest: np.ndarray  # [<= 1] int64: the worst setting's index, the lowest of equally bad ones

    def add(self, start: int, new: np.ndarray) -> "Tally":
        """The tally with the counts of settings start, start + 1, ... added."""
        worst = int(np.argmin(new))
        worse = not len(self.lowest) or new[worst] < np.flatnonzero(self.histogram)[0]
        histogram = self.histogram + np.bincount(new, minlength=len(self.histogram))
        top = np.argsort(-new.astype(np.int64), kind="stable")[:NUM_BEST]
        best = np.concatenate([self.best, start + top])
        best_counts = np.concatenate([self.best_counts, new[top].astype(np.int64)])
        order = np.lexsort((best, -best_counts))[:NUM_BEST]
        lowest = np.array([start + worst]) if worse else self.lowest
        return Tally(histogram, best[order], best_counts[order], lowest)


def empty_tally(num_sentences: int) -> Tally:
    """The tally of no settings."""
    nothing = np.zeros(0, np.int64)
    return Tally(np.zeros(num_sentences + 1, np.int64), nothing, nothing, nothing)


def plain_margins(architecture: Architecture, split: Split, embedding: np.ndarray) -> Callable[[Params], np.ndarray]:
    """The oracle: a function of S settings (members first) -> their margins on N sentences, [S, N].

    Nothing of the fast path is in it: no members axis, no shared prefixes, no compiler options; JAX's
    vmap of the cell that lax.scan drives over one sentence.
    """

    def one(params: Params, sentences: jax.Array) -> jax.Array:
        pairs = jax.vmap(lambda sentence: logits(architecture.cell, params, sentence))(sentences)
        return pairs[:, 1] - pairs[:, 0]

    several = jax.jit(jax.vmap(one, in_axes=(0, None)))
    sentences = embedding[split.words]
    return lambda params: np.asarray(several(params, sentences))


def _fetch(result: jax.Array, length: int) -> np.ndarray:
    return np.asarray(result)[:length].astype(np.uint16)
