"""Settings of every test.

Arrays of different rank are an error, and so are figures whose titles are cut; all processes share what they have
compiled; garbage is looked for as seldom as in a run.
"""

import os
import shutil
import tempfile

import fitting
import jax
import pytest

from experiments.process import look_seldom_for_garbage

jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_configure(config: pytest.Config) -> None:
    """A compilation cache for this run alone: many tests train the same few shapes, each file in its own process.

    Workers and what tests launch find it in the environment.
    """
    look_seldom_for_garbage()
    fitting.watch()
    if not hasattr(config, "workerinput") and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="rnnjax_tests_")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ |= {"JAX_COMPILATION_CACHE_DIR": folder, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
