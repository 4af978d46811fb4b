"""Settings of every test: an operation on arrays of different rank is an error, never a silent broadcast."""

import jax

jax.config.update("jax_numpy_rank_promotion", "raise")
