"""Named random streams: tags that never change, keys that never meet."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax.errors import UserError
from rnnjax.streams import STREAMS, of_members, stream


def test_the_tags_of_recorded_results_stay_as_they_are() -> None:
    assert {name: STREAMS[name] for name in ("data", "embedding", "init", "shuffle", "perturb")} == {
        "data": 0,
        "embedding": 1,
        "init": 2,
        "shuffle": 3,
        "perturb": 4,
    }


def test_a_stream_is_the_key_with_its_tag_folded_in() -> None:
    key = jax.random.key(5)
    for name, tag in STREAMS.items():
        assert jnp.array_equal(
            jax.random.key_data(stream(key, name)), jax.random.key_data(jax.random.fold_in(key, tag))
        )


def test_no_two_streams_of_any_of_a_hundred_seeds_share_a_key() -> None:
    keys = {
        tuple(jax.random.key_data(stream(jax.random.key(seed), name)).tolist())
        for seed in range(100)
        for name in STREAMS
    }
    assert len(keys) == 100 * len(STREAMS)


def test_an_unknown_stream_is_refused_with_the_valid_names() -> None:
    with pytest.raises(UserError, match=r"'dropout'.*data, embedding, init, shuffle, perturb"):
        stream(jax.random.key(0), "dropout")


def test_a_member_s_key_is_its_index_folded_in_whoever_else_is_there() -> None:
    key = stream(jax.random.key(3), "shuffle")
    for indices in (np.arange(10), np.array([7]), np.array([900, 7, 3]), np.array([2**32 - 1, 7])):
        keys = of_members(key, indices)
        assert keys.shape == indices.shape
        for own, index in zip(keys, indices.astype(np.uint32), strict=True):
            expected = jax.random.fold_in(key, index)
            assert jnp.array_equal(jax.random.key_data(own), jax.random.key_data(expected))


def test_no_two_members_of_two_streams_share_a_key() -> None:
    keys = [
        jax.random.key_data(of_members(stream(jax.random.key(seed), name), np.arange(500)))
        for seed in range(2)
        for name in ("init", "shuffle")
    ]
    assert len(np.unique(np.concatenate(keys), axis=0)) == 4 * 500
