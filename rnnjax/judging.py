"""Judging of trained networks, many at once, by sentences that had no part in training, such as the test split."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from rnnjax.datasets import Split
from rnnjax.landscape import Architecture
from rnnjax.members import spread
from rnnjax.parameters import count
from rnnjax.prefixes import Plan, make_plan
from rnnjax.sweeps import in_one_place, places, which_draws
from rnnjax.training import examine, stack


class Exam(NamedTuple):
    """Sentences that networks are judged by. Stacked: one more axis R in front."""

    plan: Plan  # of M sentences
    labels: Any  # [M] bool
    embedding: Any  # [V, D] float32


class Judging(NamedTuple):
    """A compiled judging for members of one architecture by up to size / tile different exams."""

    mesh: Mesh
    tile: int
    size: int  # members of a call
    # (params [P, size], draws [size], the same in all of a tile, wanted [size], exams stacked) -> as judge; 0 of a tile
    # of which nobody is wanted.
    judge: Callable[[np.ndarray, np.ndarray, np.ndarray, Exam], tuple[jax.Array, jax.Array]]


def make_exam(split: Split, embedding: np.ndarray) -> Exam:
    """The split's sentences as a plan."""
    return Exam(make_plan(split.words), split.positive, embedding)


def compile_judging(architecture: Architecture, mesh: Mesh, tile: int, size: int, exam: Exam) -> Judging:
    """Compile the judging of trained networks.

    Args:
        architecture: of all.
        mesh: over which the members are spread.
        tile: members that are worked on at once.
        size: members of a call, a multiple of the mesh's size times the tile.
        exam: it stands for all others of its shapes.
    """

    def judge_tile(members: tuple[jax.Array, jax.Array, jax.Array], exams: Exam, one: jax.Array) -> Any:
        return examine(architecture, *members, exams, one)

    params = jax.ShapeDtypeStruct((count(architecture.sizes), size), jnp.float32)
    members = (params, jax.ShapeDtypeStruct((size,), jnp.int32), jax.ShapeDtypeStruct((size,), bool))
    exams = stack([exam], size // tile)
    # What the host reads must be whole on every process.
    whole = jax.process_count() > 1
    compiled = spread(judge_tile, mesh, tile, members, exams, np.int32(1), whole=whole)
    return Judging(mesh, tile, size, lambda *arguments: compiled(arguments[:-1], arguments[-1], np.int32(1)))


def judge(
    judging: Judging, params: np.ndarray, exam: Exam | Sequence[Exam], draws: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """How S networks [P, S] do in an exam: sentences classified correctly [S] and mean cross-entropy in nats [S].

    Args:
        judging: of compile_judging.
        params: of the networks.
        exam: one, or several.
        draws: [S], by which of them each is judged; default: the first.

    Raises:
        UserError: more members than fit into the tiles (see sweeps.num_tiles).
        ValueError: a draw that has no exam.
    """
    exams = [exam] if isinstance(exam, Exam) else list(exam)
    number = params.shape[1]
    draws, exams = which_draws(draws, number, exams)
    placed, back = places(judging.mesh, judging.tile, judging.size, draws)
    stacked = stack(exams, judging.size // judging.tile)
    correct, loss = judging.judge(params[:, placed], draws[placed], in_one_place(back, judging.size), stacked)
    return np.asarray(correct)[back], np.asarray(loss)[back]
