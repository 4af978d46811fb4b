"""Conditions to trained networks: which share a compiled call, what is there already, what is kept.

Members of all conditions that share a cell, a hidden size, a batch size and sizes of the splits are trained
by one compiled program, in groups of config.training.members_per_call. A finished group is a part on the disk;
a sweep that was killed goes on with the first group that is missing.
"""

import concurrent.futures
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import (
    Condition,
    DataSet,
    draw_data,
    draw_embedding,
    draw_keys,
    draw_starts,
    fingerprint,
    trainable,
)
from experiments.outcomes import Outcome
from experiments.progress import Progress
from rnnjax import results, sweeps
from rnnjax.datasets import VERSIONS
from rnnjax.landscape import Architecture
from rnnjax.members import call_size, num_cores
from rnnjax.parameters import with_inputs
from rnnjax.schedule import Rules
from rnnjax.training import Exam, Material, Setup, make_exam, make_material


class Kind(NamedTuple):
    """What is compiled once."""

    architecture: Architecture  # its inputs are as many as any condition of the kind needs
    batch_size: int
    version: str
    sentence_length: int


class Source(NamedTuple):
    """Where the sentences and words of a tile come from."""

    data: DataSet
    draw: int
    input_dim: int


class Block(NamedTuple):
    """Some seeds of one draw of one condition."""

    condition: Condition
    draw: int
    seeds: np.ndarray  # [S]

    @property
    def source(self) -> Source:
        return Source(self.condition.data, self.draw, self.condition.architecture.input_dim)


class Group(NamedTuple):
    """What is trained in one call, and is one part on the disk."""

    kind: Kind
    max_epochs: int
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """What it is, for the part's identity."""
        return " ".join(
            f"{b.condition.name}[{b.draw},{b.seeds[0]}-{b.seeds[-1]}]{fingerprint(b.condition)}" for b in self.blocks
        )

    def wide(self, condition: Condition) -> Architecture:
        """The condition's architecture with the kind's number of inputs."""
        return condition.architecture._replace(input_dim=self.kind.architecture.input_dim)

    @property
    def num_members(self) -> int:
        return sum(len(block.seeds) for block in self.blocks)


class Sweep:
    """The trainings of one experiment: compiled programs and drawn data are kept from one stage to the next."""

    def __init__(self, run: runner.Run) -> None:
        self._run, self._config = run, run.config
        self._pool = concurrent.futures.ThreadPoolExecutor(num_cores())  # XLA compiles without Python's lock
        self._programs: dict[Kind, concurrent.futures.Future[tuple[sweeps.Program, sweeps.Judging]]] = {}
        self._sources: dict[tuple[Source, int], tuple[Material, Exam]] = {}

    def train(self, stage: str, conditions: Sequence[Condition]) -> dict[str, Outcome]:
        """Train what is not on the disk yet.

        Args:
            stage: the parts' folder; an experiment whose later conditions depend on earlier ones has several.
            conditions: with different names.
        """
        self._sources.clear()
        groups = _groups(self._config, self._run, conditions)
        outcomes = {condition.name: Outcome(condition) for condition in conditions}
        progress = _progress(groups, self._run)
        stored = [self._stored(self._part(stage, i, group)) for i, group in enumerate(groups)]
        for group, arrays in zip(groups, stored, strict=True):
            if arrays is None:
                self._compile(group)
        for i, (group, arrays) in enumerate(zip(groups, stored, strict=True)):
            progress.start(f"{group.kind.architecture.name} {stage}")
            if arrays is None:
                arrays = self._train(group, progress)
                if self._run.leads:
                    self._part(stage, i, group).write_arrays(arrays)
            else:
                progress.skip(group.num_members * group.max_epochs)
            _put(outcomes, group, arrays)
        progress.clear()
        return outcomes

    def _train(self, group: Group, progress: Progress) -> dict[str, np.ndarray]:
        waiting = time.monotonic()
        program, judging = self._programs[group.kind].result()
        self._run.seconds["compile"] += time.monotonic() - waiting
        progress.resume()
        blocks, config, wide = group.blocks, self._config, group.kind.architecture.input_dim
        sources = list(dict.fromkeys(block.source for block in blocks))
        drawn = [self._draw(source, wide) for source in sources]
        draws = np.concatenate([np.full(len(b.seeds), sources.index(b.source), np.int32) for b in blocks])
        starts = [_widened(draw_starts(config, b.condition, b.draw, b.seeds), b, wide) for b in blocks]
        masks = [_widened(np.tile(trainable(b.condition)[:, None], len(b.seeds)), b, wide) for b in blocks]
        done = 0

        def advance(member_epochs: int) -> None:
            nonlocal done
            done += member_epochs
            progress.advance(member_epochs)

        trained = sweeps.train(
            program,
            np.concatenate(starts, 1),
            jax.numpy.concatenate([draw_keys(config, b.draw, b.seeds) for b in blocks]),
            [material for material, _ in drawn],
            _rules(blocks),
            group.max_epochs,
            draws,
            np.concatenate(masks, 1),
            progress=advance,
        )
        progress.skip(group.num_members * group.max_epochs - done)
        final = trained.state.params
        test_correct, _ = sweeps.judge(judging, final, [exam for _, exam in drawn], draws)
        arrays = {"initial": trained.initial, "final": final, "test_correct": test_correct}
        arrays |= {name: getattr(trained, name) for name in ("epochs_run", "finite")}
        arrays |= trained.curves._asdict()
        return arrays if trained.history is None else arrays | {"history": trained.history}

    def _compile(self, group: Group) -> None:
        """Begin to compile what the group needs, beside whatever else goes on."""
        if group.kind not in self._programs:
            drawn = self._draw(group.blocks[0].source, group.kind.architecture.input_dim)
            self._programs[group.kind] = self._pool.submit(self._compiled, group.kind, *drawn)

    def _compiled(self, kind: Kind, material: Material, exam: Exam) -> tuple[sweeps.Program, sweeps.Judging]:
        wanted, mesh = self._config.training, self._run.mesh
        size = call_size(mesh, wanted.tile, wanted.members_per_call)
        setup = Setup(kind.architecture, kind.batch_size, wanted.epochs_per_call, wanted.history)
        program = sweeps.compile_program(setup, mesh, wanted.tile, size, material)
        judging = sweeps.compile_judging(kind.architecture, mesh, wanted.tile, size, exam)
        return program, judging

    def _draw(self, source: Source, wide: int) -> tuple[Material, Exam]:
        """The sentences and words of one draw; words of fewer than `wide` dimensions are filled up with zeros."""
        if (source, wide) not in self._sources:
            dataset = draw_data(self._config, source.data, source.draw)
            embedding = draw_embedding(self._config, source.data, source.draw, source.input_dim)
            embedding = np.pad(embedding, ((0, 0), (0, wide - source.input_dim)))
            material = make_material(dataset.train, dataset.validation, embedding)
            self._sources[source, wide] = material, make_exam(dataset.test, embedding)
        return self._sources[source, wide]

    def _part(self, stage: str, index: int, group: Group) -> results.Part:
        identity = f"{results.digest(self._config.to_dict())} {stage} {group.name}"
        return results.Part(Path(self._run.workdir, "parts", stage, f"{index:05d}.npz"), identity)

    def _stored(self, part: results.Part) -> dict[str, np.ndarray] | None:
        """The part's arrays, if every process finds it whole."""
        arrays = None
        try:
            arrays = part.read_arrays()
        except FileNotFoundError:
            pass
        except results.Damaged as error:
            self._run.log.warning("damaged, computed again: %s", error)
        return arrays if self._run.all_have(arrays is not None) else None


def _groups(config: ConfigDict, run: runner.Run, conditions: Sequence[Condition]) -> list[Group]:
    """All members, those of one kind and source side by side, cut into groups that fit into a call."""
    by_kind: dict[tuple[object, ...], list[Condition]] = {}
    for condition in conditions:
        cell, _, hidden = condition.architecture
        here = condition.protocol.batch_size, condition.data.version, condition.data.sentence_length
        by_kind.setdefault((cell.name, hidden, *here, condition.protocol.max_epochs), []).append(condition)
    tile = config.training.tile
    there = call_size(run.mesh, tile, config.training.members_per_call) // tile
    groups = []
    for together in by_kind.values():
        one = together[0]
        wide = max(condition.architecture.input_dim for condition in together)
        architecture = one.architecture._replace(input_dim=wide)
        kind = Kind(architecture, one.protocol.batch_size, one.data.version, one.data.sentence_length)
        blocks: dict[Source, list[Block]] = {}
        for condition in together:
            for draw in range(condition.num_draws):
                block = Block(condition, draw, np.arange(condition.num_seeds))
                blocks.setdefault(block.source, []).append(block)
        filled = _filled([block for same in blocks.values() for block in same], tile, there)
        groups += [Group(kind, one.protocol.max_epochs, tuple(some)) for some in filled]
    return groups


def _filled(blocks: Sequence[Block], tile: int, there: int) -> Iterator[list[Block]]:
    """The blocks in their order, cut so that each group needs at most `there` tiles."""
    group: list[Block] = []
    members: dict[Source, int] = {}

    def room(source: Source) -> int:
        used = sum(-(-number // tile) for other, number in members.items() if other != source)
        return (there - used) * tile - members.get(source, 0)

    for block in blocks:
        seeds = block.seeds
        while len(seeds):
            fits = max(0, room(block.source))
            if fits:
                group.append(block._replace(seeds=seeds[:fits]))
                members[block.source] = members.get(block.source, 0) + len(seeds[:fits])
                seeds = seeds[fits:]
            if len(seeds):
                yield group
                group, members = [], {}
    if group:
        yield group


def _widened(flat: np.ndarray, block: Block, input_dim: int) -> np.ndarray:
    return with_inputs(flat, block.condition.architecture.sizes, input_dim)


def _rules(blocks: Sequence[Block]) -> Rules:
    """Of each member."""
    lengths = [len(block.seeds) for block in blocks]
    all_rules = [block.condition.protocol.rules for block in blocks]
    return Rules(*(np.repeat(np.array(field), lengths) for field in zip(*all_rules, strict=True)))


def _put(outcomes: dict[str, Outcome], group: Group, arrays: dict[str, np.ndarray]) -> None:
    """A group's arrays into its conditions' outcomes."""
    start = 0
    for block in group.blocks:
        own = slice(start, start + len(block.seeds))
        start = own.stop
        outcome = outcomes[block.condition.name]
        sizes = group.wide(block.condition).sizes
        narrow = block.condition.architecture.input_dim
        for name, values in arrays.items():
            here = values[..., own]
            if name in ("initial", "final"):
                here = with_inputs(here, sizes, narrow)
            if name == "history":
                here = np.stack([with_inputs(epoch, sizes, narrow) for epoch in here])
            outcome.put(name, block.draw, block.seeds, here)


def _progress(groups: Sequence[Group], run: runner.Run) -> Progress:
    units = [group.num_members * group.max_epochs for group in groups]
    costs = []
    for group in groups:
        cell, inputs, hidden = group.kind.architecture
        costs.append(float(len(cell.gates) * hidden * (inputs + hidden + 12)) * VERSIONS[group.kind.version][0])
    return Progress("epochs of a network", units, costs, run.log)
