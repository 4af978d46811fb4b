"""Which networks share a call: tiles of one source, every member once, few calls."""

import functools
from typing import Any

import numpy as np
import pytest

from configs.thesis import get_config
from experiments import conditions
from experiments.conditions import Condition, make
from experiments.grouping import Block, Group, grouped
from rnnjax import sweeps
from rnnjax.landscape import parse_architecture

CONFIG = get_config("quick")
FROZEN = ("w_hh.candidate", "b_hh.candidate")


def some_conditions() -> list[Condition]:
    """GRUs, some of them frozen, on two data sets; and one with three inputs."""
    count, first = (conditions.data_set(CONFIG, name) for name in ("CountII", "FirstII"))
    gru, wide = parse_architecture("gru_2x2"), parse_architecture("gru_3x2")
    plain = functools.partial(make, CONFIG, "gate_variants")
    return [plain(count, gru), plain(count, gru, "frozen", frozen=FROZEN), plain(first, gru), plain(first, wide)]


def block(condition: Condition, draw: int, number: int, **given: Any) -> Block:
    return Block(condition, draw, np.arange(number), draw, np.arange(number), **given)


def members_of(groups: list[Group]) -> list[tuple[str, int, int]]:
    return [(b.condition.name, b.draw, int(seed)) for group in groups for b in group.blocks for seed in b.seeds]


@pytest.mark.parametrize(("seeds", "there"), [(11, 2), (3, 2), (40, 3), (4, 50)])
def test_groups_fill_tiles_and_hold_every_member_once(seeds: int, there: int) -> None:
    blocks = [block(condition, draw, seeds) for condition in some_conditions() for draw in range(3)]
    groups = grouped(blocks, 4, there, False)
    for group in groups:
        draws = np.concatenate([[str(b.source)] * len(b.seeds) for b in group.blocks])
        assert sweeps.num_tiles(np.unique(draws, return_inverse=True)[1], 4) <= there
    seen = members_of(groups)
    assert len(seen) == len(set(seen)) == 4 * 3 * seeds
    # A source's networks are 2, 1 or 1 times the seeds; its last tile may be part empty. No group is far from full.
    tiles = 3 * (-(-2 * seeds // 4) + 2 * -(-seeds // 4))
    assert len(groups) <= -(-tiles // there) + 1


def test_blocks_of_one_source_share_tiles() -> None:
    plain, frozen, first, _ = some_conditions()
    same = [block(condition, 0, 2) for condition in (plain, frozen)]
    assert same[0].source == same[1].source != block(first, 0, 2).source
    assert len(grouped(same, 4, 1, False)) == 1
    assert len(grouped([same[0], block(first, 0, 2)], 4, 1, False)) == 2


def test_two_input_dimensions_share_a_program_and_two_batch_sizes_do_not() -> None:
    found = some_conditions()
    slow = found[0]._replace(name="slow", protocol=found[0].protocol._replace(batch_size=100))
    kinds = {group.kind for group in grouped([block(c, 0, 3) for c in (*found, slow)], 4, 8, False)}
    size = CONFIG.training.batch_size
    assert {(k.architecture.name, k.batch_size) for k in kinds} == {("gru_3x2", size), ("gru_2x2", 100)}


def test_who_keeps_the_newest_sources_alone_draws_each_once_for_all_kinds() -> None:
    shapes = [parse_architecture(name) for name in ("gru_2x2", "rnn_2x2", "gru_2x4")]
    data_sets = [conditions.data_set(CONFIG, name) for name in ("CountII", "FirstII")]
    several = [make(CONFIG, "gate_variants", data, shape) for data in data_sets for shape in shapes]
    groups = grouped([block(condition, draw, 4) for condition in several for draw in range(30)], 4, 3, False)
    assert len(groups) == 60 and len({group.kind for group in groups}) == 3
    assert len(set(members_of(groups))) == 720
    newest: list[str] = []
    drawn = 0
    for source in (str(b.source) for group in groups for b in group.blocks):
        if source not in newest:
            drawn += 1
            newest = [*newest[-5:], source]
    assert drawn == 60


def test_a_cut_block_keeps_each_member_s_place_and_start() -> None:
    condition = some_conditions()[0]
    starts = np.arange(10.0)[None] + np.arange(42.0)[:, None]
    whole = Block(condition, 1, np.arange(10)[::-1], 0, np.arange(10) * 7, starts)
    pieces = [b for group in grouped([whole], 4, 1, False) for b in group.blocks]
    assert [len(piece.seeds) for piece in pieces] == [4, 4, 2]
    for name in ("seeds", "places", "starts"):
        together = np.concatenate([getattr(piece, name) for piece in pieces], -1)
        np.testing.assert_array_equal(together, getattr(whole, name))


def test_what_a_group_trains_from_and_by_is_each_member_s_own() -> None:
    _, frozen, first, wide = some_conditions()
    quick = first._replace(protocol=first.protocol._replace(rules=first.protocol.rules._replace(learning_rate=0.5)))
    given = np.full((42, 2), 3.0)
    (group,) = grouped([block(frozen, 0, 3), block(quick, 0, 2, starts=given), block(wide, 0, 1)], 4, 9, True)
    assert group.kind.history
    assert group.kind.architecture.name == "gru_3x2"
    starts, free, rules = group.starts(CONFIG), group.trainable(), group.rules()
    order = [b.condition.name for b in group.blocks for _ in b.seeds]
    at = {name: [i for i, other in enumerate(order) if other == name] for name in order}
    assert starts.shape == free.shape == (48, 6)
    np.testing.assert_array_equal(starts[18:, at[quick.name]], 3.0)
    np.testing.assert_array_equal(starts[:18, at[quick.name]].reshape(6, 3, 2)[:, 2], 0.0)  # the input it has not
    np.testing.assert_array_equal(starts[:, at[wide.name]], conditions.draw_starts(CONFIG, wide, 0, np.arange(1)))
    assert (~free[18:, at[frozen.name]]).sum(0).tolist() == [6, 6, 6]  # W_hn and b_hn of two units
    assert free[18:, at[quick.name]].all()
    np.testing.assert_array_equal(rules.learning_rate[at[quick.name]], 0.5)
    np.testing.assert_array_equal(rules.learning_rate[at[frozen.name]], CONFIG.training.learning_rate)


def test_keys_tell_seeds_and_starts_apart() -> None:
    condition = some_conditions()[0]
    np.testing.assert_array_equal(block(condition, 0, 5).keys, np.arange(5))
    starts = np.random.default_rng(0).normal(size=(42, 5)).astype(np.float32)
    keys = block(condition, 0, 5, starts=starts).keys
    moved = block(condition, 0, 5, starts=np.nextafter(starts, np.float32(9))).keys
    assert len({*keys, *moved, *range(5)}) == 15
    np.testing.assert_array_equal(keys, block(condition, 0, 5, starts=starts.copy(order="F")).keys)
