"""Many networks at once: the one place that knows how members are laid out and spread over devices.

Members are the last axis of every array, contiguous in memory: one vector instruction on a CPU, one
coalesced load on a GPU, one lane row on a TPU. They are cut into tiles of a fixed width; a device
works on one tile after another, so memory does not grow with their number; and tiles are dealt out
along a 1-D mesh of devices, of one process or of several joined by jax.distributed. A tile's width
belongs to a result (XLA may round differently under another); the number of devices does not.
"""

import functools
import os
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rnnjax.errors import UserError, in_range

AXIS = "members"

# 512-bit vectors are XLA's to choose but not its default; its own threads cost more than they bring
# on arrays of this size, and every core has a device of its own.
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512, "xla_cpu_multi_thread_eigen": False}


def use_all_cores() -> None:
    """One CPU device a core, unless the environment says otherwise. Call it before JAX is first used."""
    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    if "JAX_NUM_CPU_DEVICES" not in os.environ:
        jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))


def make_mesh(num_devices: int | None = None) -> Mesh:
    """A 1-D mesh over the first devices, or over all of all processes.

    Raises:
        UserError: there are not as many devices.
    """
    devices = jax.devices()
    if num_devices is not None and not 1 <= num_devices <= len(devices):
        raise UserError(f"num_devices is {num_devices}; it must be from 1 to {len(devices)}")
    return Mesh(np.array(devices[:num_devices]), (AXIS,))


def call_size(mesh: Mesh, tile: int, wanted: int) -> int:
    """The least number of members from `wanted` on that fills every device's tiles.

    Raises:
        UserError: a tile width outside 1..65536.
    """
    in_range("members.tile", tile, 1, 65536)
    a_round = mesh.size * tile
    return -(-wanted // a_round) * a_round


def spread(
    stages: Sequence[Callable[..., Any]], mesh: Mesh, tile: int, size: int, *shared: Any
) -> Callable[..., Any]:
    """Compile a function (indices [size], *shared) -> the last stage's arrays, members last.

    The first stage is called as stage(indices [tile], *shared), each further one as stage(the previous
    stage's value, *shared); a stage returns arrays whose last axis is the tile. Every stage runs over
    all tiles before the next begins, in a loop of its own: what one makes (random parameters, say) is
    then read by the next instead of being fused into it and computed over and over.

    Args:
        stages: pure functions.
        mesh: of make_mesh.
        tile: how many members a device works on at once.
        size: members a call; a multiple of the mesh's size times the tile (see call_size).
        shared: arrays that every member sees, or others of their shapes: the compiled function takes
            them as arguments, so that new data compile nothing anew.

    Returns:
        The compiled function. Its result is whole on every process.
    """

    def on_device(one: jax.Array, indices: jax.Array, *shared: Any) -> Any:
        values: Any = indices.reshape(-1, tile)
        for stage in stages:
            values = _map_tiles(lambda value, stage=stage: stage(value, *shared), values, one)
        return values

    def whole(one: jax.Array, indices: jax.Array, *shared: Any) -> Any:
        members, everywhere = PartitionSpec(AXIS), PartitionSpec()
        # check_vma=False: what the stages call knows nothing of meshes.
        mapped = jax.shard_map(
            on_device,
            mesh=mesh,
            in_specs=(everywhere, members, *(everywhere for _ in shared)),
            out_specs=members,
            check_vma=False,
        )
        return jax.tree.map(_members_last, mapped(one, indices, *shared))

    on_cpu = mesh.devices.flat[0].platform == "cpu"
    jitted = jax.jit(
        whole,
        out_shardings=NamedSharding(mesh, PartitionSpec()),
        compiler_options=_CPU_OPTIONS if on_cpu else None,
    )
    one = np.int32(1)
    compiled = jitted.lower(one, np.zeros(size, np.uint32), *shared).compile()
    return functools.partial(compiled, one)


def _map_tiles(stage: Callable[[Any], Any], tiles: Any, one: jax.Array) -> Any:
    """jax.lax.map(stage, tiles), each tile copied to memory of its own first.

    Otherwise XLA:CPU reads the tile through the loop's counter wherever it is used, cannot prove that
    the counter keeps its value while a result is written, and gives up on vector instructions. The
    inner loop makes one turn; as XLA knows neither that nor what the tile would be in a second turn
    (reversed), it has to keep the tile as an array.
    """

    def separately(tile: Any) -> Any:
        def turn(_: int, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            here, _nothing = carry
            return jax.tree.map(jnp.flip, here), stage(here)

        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(stage, tile))
        return jax.lax.fori_loop(0, one, turn, (tile, nothing))[1]

    return jax.lax.map(separately, tiles)


def _members_last(tiles: jax.Array) -> jax.Array:
    """[tiles, ..., tile] -> [..., S]."""
    moved = jnp.moveaxis(tiles, 0, -2)
    return moved.reshape(*moved.shape[:-2], -1)
