"""Conditions to trained networks: what is there already, what is trained in which call, what is kept.

A finished group of networks is on the disk (experiments/store.py); a sweep that was killed goes on with the first group
that is missing, and networks that another experiment has trained are found again.
"""

import concurrent.futures
import time
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import jax
import numpy as np

from experiments import runner
from experiments.conditions import Condition, draw_data, draw_embedding, draw_keys
from experiments.grouping import Block, Group, Kind, Source, grouped
from experiments.outcomes import Outcome
from experiments.progress import Progress
from experiments.store import Store
from rnnjax import results, sweeps
from rnnjax.datasets import VERSIONS
from rnnjax.judging import Exam, Judging, compile_judging, judge, make_exam
from rnnjax.members import call_size, num_cores
from rnnjax.parameters import with_inputs
from rnnjax.training import Epoch, Material, Setup, make_material

_OVERHEAD = 120  # a sentence costs as much as so many weights more than the recurrent ones (RNNs 15x2 to GRUs 15x8)
_MOST_DRAWN = 256  # half a megabyte each at most
_DRAWN: dict[Hashable, tuple[Material, Exam]] = {}  # of this process, the newest ones
_COMPILED: dict[Hashable, concurrent.futures.Future[tuple[sweeps.Program, Judging]]] = {}  # of this process


class Sweep:
    """The trainings of one run; drawn data and compiled programs are kept from run to run."""

    def __init__(self, run: runner.Run, networks: Path | None = None) -> None:
        self._run, self._config = run, run.config
        self._store = Store(networks or run.store, run.config)
        self._pool = concurrent.futures.ThreadPoolExecutor(num_cores())  # XLA compiles without Python's lock

    def train(self, stage: str, conditions: Sequence[Condition], followed: bool = False) -> dict[str, Outcome]:
        """Train what is not on the disk yet of all seeds of all draws of the conditions.

        Args:
            stage: for the progress line.
            conditions: with different names.
            followed: whether `train_members` will be asked for many of them; then what is not there yet is trained
                with its history at once, instead of twice.
        """
        blocks = [
            Block(condition, draw, np.arange(condition.num_seeds), draw, np.arange(condition.num_seeds))
            for condition in conditions
            for draw in range(condition.num_draws)
        ]
        outcomes = {condition.name: Outcome(condition) for condition in conditions}
        self._fill(stage, blocks, outcomes, self._config.training.history, followed)
        return outcomes

    def train_members(
        self,
        stage: str,
        condition: Condition,
        draws: np.ndarray,
        seeds: np.ndarray,
        starts: np.ndarray | None = None,
        history: bool = True,
    ) -> dict[str, np.ndarray]:
        """Train some members of a condition: the same networks as in `train`, with their parameters after each epoch.

        Args:
            stage: for the progress line.
            condition: its numbers of draws and seeds do not matter.
            draws: [n], of the members; with `seeds` their data, orders and, without `starts`, starting weights.
            seeds: [n]; a member may occur several times.
            starts: [P, n], weights to train on from, with a fresh optimizer.
            history: whether the parameters of all epochs are kept.

        Returns:
            the arrays of outcomes.Outcome, members last: `history` [E + 1, P, n], `correct` [E, n], `final` [P, n].
        """
        draws, seeds = np.asarray(draws), np.asarray(seeds)
        if not len(seeds):
            raise ValueError("no members to train")
        blocks = []
        for draw in np.unique(draws):
            places = np.flatnonzero(draws == draw)
            own = None if starts is None else np.asarray(starts)[:, places]
            blocks.append(Block(condition, int(draw), seeds[places], 0, places, own))
        flat = Outcome(condition._replace(num_draws=1, num_seeds=len(seeds)))
        self._fill(stage, blocks, {condition.name: flat}, history)
        return {name: array[..., 0, :] for name, array in flat.arrays.items()}

    def _fill(
        self,
        stage: str,
        blocks: Sequence[Block],
        outcomes: Mapping[str, Outcome],
        history: bool,
        followed: bool = False,
    ) -> None:
        """Find or train all members of the blocks; each goes to its place in its condition's outcome."""
        tile = self._config.training.tile
        there = call_size(self._run.mesh, tile, self._config.training.members_per_call) // tile
        missing = self._missing(blocks, outcomes, history)
        groups = grouped(missing, tile, there, history or followed)
        progress = _progress(groups, self._run)
        found = _size(blocks) - _size(missing)
        self._run.counts.update(found=found, trained=_size(missing))
        if found:
            self._run.log.info("%s: %d of %d networks were there already", stage, found, _size(blocks))
        for group in groups:
            self._compile(group)
        for group in groups:
            progress.start(f"{group.kind.architecture.name} {stage}")
            arrays, start = self._train(group, progress), 0
            for block in group.blocks:
                mine = _own(group, block, arrays, slice(start, start + len(block.seeds)))
                start += len(block.seeds)
                _put(outcomes, block, mine, history)
                if self._run.leads:
                    part = self._store.part(block.condition, block.draw, group.kind.history, block.keys)
                    part.write_arrays(mine | {"keys": block.keys})
        progress.clear()

    def _missing(self, blocks: Sequence[Block], outcomes: Mapping[str, Outcome], history: bool) -> list[Block]:
        """What is not on the disk of every process; what is goes to its place."""
        there = [self._found(block, outcomes, history) for block in blocks]
        everywhere = self._run.all_have(np.concatenate(there))
        ends = np.cumsum([len(block.seeds) for block in blocks])
        lacking = [~own for own in np.split(everywhere, ends[:-1])]
        return [block.take(own) for block, own in zip(blocks, lacking, strict=True) if own.any()]

    def _found(self, block: Block, outcomes: Mapping[str, Outcome], history: bool) -> np.ndarray:
        """[S] bool, which of a block's members were on the disk."""
        wanted, found = block.keys, np.zeros(len(block.seeds), bool)
        for part in self._store.parts(block.condition, block.draw, history):
            if found.all():
                break
            try:
                arrays = part.read_arrays()
            except results.Damaged as error:
                self._run.log.warning("damaged, computed again: %s", error)
                continue
            columns = {int(key): i for i, key in enumerate(arrays.pop("keys"))}
            here = np.array([i for i, key in enumerate(wanted) if int(key) in columns], int)
            theirs = [columns[int(key)] for key in wanted[here]]
            mine = {name: values[..., theirs] for name, values in arrays.items()}
            _put(outcomes, block.take(here), mine, history)
            found[here] = True
        return found

    def _train(self, group: Group, progress: Progress) -> dict[str, np.ndarray]:
        waiting = time.monotonic()
        program, judging = _COMPILED[self._program(group.kind)].result()
        self._run.seconds["compile"] += time.monotonic() - waiting
        progress.resume()
        blocks, wide = group.blocks, group.kind.architecture.input_dim
        sources = list(dict.fromkeys(block.source for block in blocks))
        drawn = [self._draw(source, wide) for source in sources]
        draws = np.concatenate([np.full(len(b.seeds), sources.index(b.source), np.int32) for b in blocks])
        done = 0

        def advance(member_epochs: int) -> None:
            nonlocal done
            done += member_epochs
            progress.advance(member_epochs)

        trained = sweeps.train(
            program,
            group.starts(self._config),
            jax.numpy.concatenate([draw_keys(self._config, b.draw, b.seeds) for b in blocks]),
            [material for material, _ in drawn],
            group.rules(),
            group.max_epochs,
            draws,
            group.trainable(),
            history=group.kind.history,
            progress=advance,
        )
        progress.spare(group.num_members * group.max_epochs - done)  # who has been stopped early
        final = trained.state.params
        test_correct, _ = judge(judging, final, [exam for _, exam in drawn], draws)
        arrays = {"initial": trained.initial, "final": final, "test_correct": test_correct}
        arrays |= {name: getattr(trained, name) for name in ("epochs_run", "finite")}
        arrays |= trained.curves._asdict()
        return arrays if trained.history is None else arrays | {"history": trained.history}

    def _compile(self, group: Group) -> None:
        """Begin to compile what the group needs, beside whatever else goes on."""
        program = self._program(group.kind)
        there = _COMPILED.get(program)
        if there is None or (there.done() and there.exception()):
            drawn = self._draw(group.blocks[0].source, group.kind.architecture.input_dim)
            _COMPILED[program] = self._pool.submit(self._compiled, group.kind, *drawn)

    def _program(self, kind: Kind) -> Hashable:
        """All that a compiled program depends on."""
        wanted = self._config.training
        return kind._replace(history=False), self._run.mesh, wanted.tile, wanted.members_per_call

    def _compiled(self, kind: Kind, material: Material, exam: Exam) -> tuple[sweeps.Program, Judging]:
        wanted, mesh = self._config.training, self._run.mesh
        size = call_size(mesh, wanted.tile, wanted.members_per_call)
        setup = Setup(kind.architecture, kind.batch_size)
        program = sweeps.compile_program(setup, mesh, wanted.tile, size, material)
        judging = compile_judging(kind.architecture, mesh, wanted.tile, size, exam)
        return program, judging

    def _draw(self, source: Source, wide: int) -> tuple[Material, Exam]:
        """The sentences and words of one draw; words of fewer than `wide` dimensions are filled up with zeros."""
        which = self._config.data.seed, self._config.data.embedding_seed, source, wide
        if which not in _DRAWN:
            if len(_DRAWN) == _MOST_DRAWN:
                del _DRAWN[next(iter(_DRAWN))]
            dataset = draw_data(self._config, source.data, source.draw)
            embedding = draw_embedding(self._config, source.data, source.draw, source.input_dim)
            embedding = np.pad(embedding, ((0, 0), (0, wide - source.input_dim)))
            material = make_material(dataset.train, dataset.validation, embedding)
            _DRAWN[which] = material, make_exam(dataset.test, embedding)
        return _DRAWN[which]


def _size(blocks: Sequence[Block]) -> int:
    return sum(len(block.seeds) for block in blocks)


def _own(group: Group, block: Block, arrays: dict[str, np.ndarray], own: slice) -> dict[str, np.ndarray]:
    """A block's arrays of its group's: as many inputs as its condition has, and as many epochs as its members ran."""
    mine = {name: values[..., own] for name, values in arrays.items()}
    sizes, narrow = group.wide(block.condition).sizes, block.condition.architecture.input_dim
    epochs = mine["epochs_run"].max()
    mine |= {name: mine[name][:epochs] for name in Epoch._fields}
    mine |= {name: with_inputs(mine[name], sizes, narrow) for name in ("initial", "final")}
    if "history" in mine:
        mine["history"] = np.stack([with_inputs(epoch, sizes, narrow) for epoch in mine["history"][: epochs + 1]])
    return mine


def _put(outcomes: Mapping[str, Outcome], block: Block, arrays: dict[str, np.ndarray], history: bool) -> None:
    for name, values in arrays.items():
        if history or name != "history":
            outcomes[block.condition.name].put(name, block.row, block.places, values)


def _progress(groups: Sequence[Group], run: runner.Run) -> Progress:
    units = [group.num_members * group.max_epochs for group in groups]
    costs = []
    for group in groups:
        cell, inputs, hidden = group.kind.architecture
        recurrent = len(cell.gates) * hidden * (inputs + hidden)
        costs.append(float(_OVERHEAD + recurrent) * VERSIONS[group.kind.version][0])
    return Progress("epochs of a network", units, costs, run.log)
