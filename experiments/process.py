"""How a process is set up: seldom looking for garbage, and keeping what it compiles."""

import gc
import os
import zlib
from pathlib import Path

import jax

from experiments.environment import processor, processor_line


def look_seldom_for_garbage() -> None:
    """JAX's tracing makes many objects that live on; looking for garbage among them was a fifth of it."""
    gc.freeze()  # modules stay
    gc.set_threshold(100_000, 20, 20)


def keep_compiled_programs() -> None:
    """Compiled programs outlive the process, in ~/.cache/rnnjax, or where JAX_COMPILATION_CACHE_DIR says.

    Programs for one processor may not run on another of the same home directory: each has a folder of its own. Small
    programs are kept too: a short run has a hundred of them, which together take longer than the large ones' loading.
    """
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
        machine = f"{processor()} {processor_line('flags')} {jax.__version__}"
        folder = home / "rnnjax" / f"xla_{zlib.crc32(machine.encode()):08x}"
        jax.config.update("jax_compilation_cache_dir", str(folder))
