"""Where the words lie: the four two-dimensional embeddings of Figure 4.1.

Thesis leaves open: the coordinates; here: random draws with the geometry that the figure's text
describes, guaranteed by construction and checked in the tests by a linear programme.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from rnnjax.errors import UserError, in_range, lookup
from rnnjax.words import NEGATIVE, NUM_WORDS, POSITIVE, STOP, WORD_KINDS, words_of

_SPREAD = 0.15  # of a word about its cluster's centre, in units of the clusters' distance
MARGIN = 0.25  # least distance of embedding_2's sentiment words from the plane between the two sentiments


def embedding_1(key: jax.Array, dim: int) -> jax.Array:
    """Figure 4.1 (a): no two kinds are linearly separable.

    Thesis says it twice: "positive and negative words are not linearly separable" and "no two of the
    three kind of words are"; here: the second, which contains the first. The two positive words and
    the two negative ones are the ends of crossing segments, inside a ring of stop words.
    """
    _plane_only("embedding_1", dim)
    turn, radii, ring = jax.random.split(key, 3)
    angles = jnp.zeros(NUM_WORDS)
    angles = angles.at[words_of(POSITIVE)].set(jnp.array([0.0, jnp.pi]))
    angles = angles.at[words_of(NEGATIVE)].set(jnp.array([0.5, 1.5]) * jnp.pi)
    places = jnp.arange(len(words_of(STOP))) + jax.random.uniform(ring, (len(words_of(STOP)),), maxval=0.5)
    angles = angles.at[words_of(STOP)].set(places * 2 * jnp.pi / len(words_of(STOP)))
    angles += jax.random.uniform(turn, maxval=2 * jnp.pi)
    radius = jax.random.uniform(radii, (NUM_WORDS,), minval=0.7, maxval=1.3)
    return radius[:, None] * jnp.stack([jnp.cos(angles), jnp.sin(angles)], 1)


def embedding_2(key: jax.Array, dim: int, margin: float = MARGIN) -> jax.Array:
    """Figure 4.1 (b): positive and negative words separable, stop words "all over in random fashion".

    The recipe for any dimension: all words standard normal, then each sentiment word moved along a
    random axis to its sentiment's side of the plane through the origin, at least a margin away from it.
    From nine dimensions on, ten words in general position are separable in every way.
    """
    axis_key, word_key = jax.random.split(key)
    axis = jax.random.normal(axis_key, (dim,))
    axis /= jnp.linalg.norm(axis)
    words = jax.random.normal(word_key, (NUM_WORDS, dim))
    along = words @ axis
    side = jnp.array([0.0, 1.0, -1.0])[WORD_KINDS]
    wanted = jnp.where(side == 0, along, side * (jnp.abs(along) + margin))
    return words + jnp.outer(wanted - along, axis)


def embedding_3(key: jax.Array, dim: int) -> jax.Array:
    """Figure 4.1 (c): three separate clusters along a line, the stop words in the middle.

    Every two kinds are separable, but not the middle one from the other two together. Thesis leaves
    open: which kind is in the middle; here: the stop words, so that neither sentiment is favoured.
    """
    _plane_only("embedding_3", dim)
    centres = jnp.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    return _clusters(key, centres)


def embedding_4(key: jax.Array, dim: int) -> jax.Array:
    """Figure 4.1 (d): three clusters at the corners of a triangle; each separable from the rest."""
    _plane_only("embedding_4", dim)
    angles = jnp.array([0.25, 11 / 12, 19 / 12]) * 2 * jnp.pi
    return _clusters(key, jnp.stack([jnp.cos(angles), jnp.sin(angles)], 1))


EMBEDDINGS: dict[str, Callable[..., jax.Array]] = {
    "embedding_1": embedding_1,
    "embedding_2": embedding_2,
    "embedding_3": embedding_3,
    "embedding_4": embedding_4,
}


def make_embedding(key: jax.Array, name: str, dim: int, scale: float = 1.0, margin: float = MARGIN) -> np.ndarray:
    """The word vectors, [V, D] float32.

    Args:
        key: consumed; every dimension draws from a key of its own.
        name: an entry of EMBEDDINGS.
        dim: D.
        scale: factor on all coordinates. Thesis leaves open: the scale; here: about 1 by default.
        margin: embedding_2's, before scaling. Thesis leaves open: how far apart sentiments are; here: the caller says.

    Raises:
        UserError: an unknown name, a dimension that the embedding does not have, an absurd scale or margin.
    """
    recipe = lookup(EMBEDDINGS, name, "embedding")
    in_range("embedding dimension", dim, 1, 1024)
    in_range("embedding_scale", scale, 1e-3, 1e3)
    in_range("embedding_margin", margin, 0, 1e3)
    options = {"margin": margin} if recipe is embedding_2 else {}
    return np.asarray(scale * recipe(jax.random.fold_in(key, dim), dim, **options), np.float32)


def _clusters(key: jax.Array, centres: jax.Array) -> jax.Array:
    """Words about their kind's centre, their mean exactly there, all turned by a random angle."""
    turn, scatter = jax.random.split(key)
    offsets = jax.random.uniform(scatter, (NUM_WORDS, 2), minval=-_SPREAD, maxval=_SPREAD)
    kinds = jax.nn.one_hot(WORD_KINDS, 3)
    means = (kinds.T @ offsets) / kinds.sum(0)[:, None]
    angle = jax.random.uniform(turn, maxval=2 * jnp.pi)
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return (centres[WORD_KINDS] + offsets - means[WORD_KINDS]) @ jnp.array([[cos, sin], [-sin, cos]])


def _plane_only(name: str, dim: int) -> None:
    if dim != 2:
        raise UserError(f"{name} has 2 dimensions, not {dim}; for others: embedding_2, or architectures with 2 inputs")
