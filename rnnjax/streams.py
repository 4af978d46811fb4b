"""Named random streams, so that no two parts of a run share a key and adding one moves no other."""

import jax

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
