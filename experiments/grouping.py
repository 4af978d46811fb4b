"""Which networks are trained together: members of all conditions that share a cell, a hidden size, a batch size and
sizes of the splits, cut into groups of config.training.members_per_call.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from experiments.conditions import Condition, DataSet, draw_starts, trainable
from rnnjax.landscape import Architecture
from rnnjax.parameters import with_inputs
from rnnjax.schedule import Rules


class Kind(NamedTuple):
    """What shares a compiled program, but for the history."""

    architecture: Architecture  # its inputs are as many as any condition of the kind needs
    batch_size: int
    version: str
    sentence_length: int
    history: bool  # whether each epoch's parameters are kept


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
    row: int  # of the outcome's draws, where they are put
    places: np.ndarray  # [S], of the outcome's seeds, likewise
    starts: np.ndarray | None = None  # [P, S]: given starting weights instead of the condition's

    @property
    def source(self) -> Source:
        return Source(self.condition.data, self.draw, self.condition.architecture.input_dim)

    @property
    def keys(self) -> np.ndarray:
        """[S] int64, what tells the members of a condition's draw apart: the seed, and the start if it is given."""
        if self.starts is None:
            return self.seeds.astype(np.int64)
        marks = [zlib.crc32(start.tobytes()) for start in np.ascontiguousarray(self.starts.T)]
        return (np.array(marks, np.int64) << 31) + self.seeds

    def take(self, some: slice | np.ndarray) -> "Block":
        """Some of its members."""
        starts = None if self.starts is None else self.starts[:, some]
        return self._replace(seeds=self.seeds[some], places=self.places[some], starts=starts)


class Group(NamedTuple):
    """What is trained together."""

    kind: Kind
    max_epochs: int
    blocks: tuple[Block, ...]

    @property
    def num_members(self) -> int:
        return sum(len(block.seeds) for block in self.blocks)

    def starts(self, config: ConfigDict) -> np.ndarray:
        """[P, S], of the kind's number of inputs."""
        return self._widened([_starts(config, b) if b.starts is None else b.starts for b in self.blocks])

    def trainable(self) -> np.ndarray:
        """[P, S] bool, False for what is frozen."""
        return self._widened([np.tile(trainable(b.condition)[:, None], len(b.seeds)) for b in self.blocks])

    def rules(self) -> Rules:
        """Of each member."""
        lengths = [len(block.seeds) for block in self.blocks]
        all_rules = [block.condition.protocol.rules for block in self.blocks]
        return Rules(*(np.repeat(np.array(field), lengths) for field in zip(*all_rules, strict=True)))

    def wide(self, condition: Condition) -> Architecture:
        """The condition's architecture with the kind's number of inputs."""
        return condition.architecture._replace(input_dim=self.kind.architecture.input_dim)

    def _widened(self, flats: Sequence[np.ndarray]) -> np.ndarray:
        inputs = self.kind.architecture.input_dim
        sizes = [block.condition.architecture.sizes for block in self.blocks]
        return np.concatenate([with_inputs(flat, s, inputs) for flat, s in zip(flats, sizes, strict=True)], 1)


def _starts(config: ConfigDict, block: Block) -> np.ndarray:
    """[P, S]; as many are drawn as fill up a round number, since what draws them is compiled for each number anew."""
    number = len(block.seeds)
    return draw_starts(config, block.condition, block.draw, np.resize(block.seeds, -(-number // 16) * 16))[:, :number]


def grouped(blocks: Sequence[Block], tile: int, there: int, history: bool) -> list[Group]:
    """All blocks, those of one kind and source side by side, cut into groups that fit into a call.

    Groups of different kinds whose first sources are the same or near follow each other, so that whoever keeps the
    newest sources alone need not draw them for each kind again.

    Args:
        blocks: of any conditions.
        tile: members that are worked on at once; in validation all of one source.
        there: tiles of a call, which validation must not exceed.
        history: whether each epoch's parameters are kept.
    """
    by_kind: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks:
        condition = block.condition
        cell, _, hidden = condition.architecture
        here = condition.protocol.batch_size, condition.data.version, condition.data.sentence_length
        by_kind.setdefault((cell.name, hidden, *here, condition.protocol.max_epochs), []).append(block)
    groups = []
    for together in by_kind.values():
        one = together[0].condition
        wide = max(block.condition.architecture.input_dim for block in together)
        architecture = one.architecture._replace(input_dim=wide)
        kind = Kind(architecture, one.protocol.batch_size, one.data.version, one.data.sentence_length, history)
        by_source: dict[Source, list[Block]] = {}
        for block in together:
            by_source.setdefault(block.source, []).append(block)
        filled = _filled([block for same in by_source.values() for block in same], tile, there)
        groups += [Group(kind, one.protocol.max_epochs, tuple(some)) for some in filled]
    order = {source: place for place, source in enumerate(dict.fromkeys(block.source for block in blocks))}
    return sorted(groups, key=lambda group: order[group.blocks[0].source])


def _filled(blocks: Sequence[Block], tile: int, there: int) -> Iterator[list[Block]]:
    """The blocks in their order, cut so that each group needs at most `there` tiles."""
    group: list[Block] = []
    members: dict[Source, int] = {}

    def room(source: Source) -> int:
        used = sum(-(-number // tile) for other, number in members.items() if other != source)
        return (there - used) * tile - members.get(source, 0)

    for block in blocks:
        while len(block.seeds):
            fits = max(0, room(block.source))
            if fits:
                taken, block = block.take(slice(fits)), block.take(slice(fits, None))
                group.append(taken)
                members[taken.source] = members.get(taken.source, 0) + len(taken.seeds)
            if len(block.seeds):
                yield group
                group, members = [], {}
    if group:
        yield group
