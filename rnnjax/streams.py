"""Named random streams, so that no two parts of a run share a key and adding one moves no other."""

import jax
import numpy as np

from rnnjax.errors import lookup

# The tags are part of every result: never renumber, only append.
STREAMS = {"data": 0, "embedding": 1, "init": 2, "shuffle": 3, "perturb": 4}


def stream(key: jax.Array, name: str) -> jax.Array:
    """The key of one named stream.

    Args:
        key: the run's typed key; it stays usable for other streams, but not for drawing.
        name: an entry of STREAMS.

    Raises:
        UserError: the name is unknown.
    """
    return jax.random.fold_in(key, lookup(STREAMS, name, "random stream"))


def of_members(key: jax.Array, indices: np.ndarray) -> jax.Array:
    """Each member's key in a stream, [S]: member i's is the same in a sweep of any size.

    Args:
        key: of one stream; not for drawing anything else.
        indices: [S], which members.
    """
    return jax.vmap(lambda index: jax.random.fold_in(key, index))(np.asarray(indices, np.uint32))
