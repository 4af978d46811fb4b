"""Many networks at once: the one place that knows how members are laid out and spread over devices.

Members are the last axis of every array, contiguous in memory: one vector instruction on a CPU, one
coalesced load on a GPU, one lane row on a TPU. They are cut into tiles of a fixed width; a device
works on one tile after another, so memory does not grow with their number; and tiles are dealt out
along a 1-D mesh of devices, of one process or of several joined by jax.distributed. A tile's width
belongs to a result (XLA may round differently under another); the number of devices does not.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rnnjax.errors import UserError, in_range

AXIS = "members"

# 512-bit vectors are XLA's to choose but not its default; its own threads cost more than they bring
# on arrays of this size, and every core has a device of its own.
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512, "xla_cpu_multi_thread_eigen": False}


def num_cores() -> int:
    """Cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)  # Linux
    return len(usable(0)) if usable else os.cpu_count() or 1


def use_all_cores() -> None:
    """One CPU device a core, unless the environment says otherwise. Call it before JAX is first used."""
    if "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    if "JAX_NUM_CPU_DEVICES" not in os.environ:
        jax.config.update("jax_num_cpu_devices", num_cores())


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
    function: Callable[..., Any], mesh: Mesh, tile: int, members: Any, *shared: Any, whole: bool = False
) -> Callable[..., Any]:
    """Compile a function of a tile of members into one of all of them.

    Args:
        function: pure; (a tile of `members`, *shared) -> arrays whose last axis is the tile.
        mesh: of make_mesh.
        tile: how many members a device works on at once.
        members: arrays, or their shapes (jax.eval_shape), whose last axis is S: a multiple of the
            mesh's size times the tile (see call_size).
        shared: arrays that every member sees. Like `members` they stand for all others of their
            shapes: the compiled function takes them as arguments, so new data compile nothing anew.
        whole: give every process the whole result; otherwise each device keeps its members' part.

    Returns:
        The compiled function (members, *shared) -> function's arrays, all members on their last axis.
    """

    a_tile = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((*leaf.shape[:-1], tile), leaf.dtype), members)
    evaluated, out = _traced(function, a_tile, *shared)
    function = jax.jit(functools.wraps(function)(evaluated))

    def on_device(one: jax.Array, members: Any, *shared: Any) -> Any:
        tiles = jax.tree.map(lambda leaf: _tiled(leaf, tile), members)
        out = _map_tiles(lambda here: function(here, *shared), tiles, one)
        return jax.tree.map(_members_last, out)

    def on_mesh(one: jax.Array, members: Any, *shared: Any) -> Any:
        # check_vma=False: what `function` calls knows nothing of meshes.
        mapped = jax.shard_map(
            on_device,
            mesh=mesh,
            in_specs=(PartitionSpec(), _last_axis(members), *(PartitionSpec() for _ in shared)),
            out_specs=_last_axis(out),
            check_vma=False,
        )
        return mapped(one, members, *shared)

    everywhere = NamedSharding(mesh, PartitionSpec())
    dealt_out = jax.tree.map(lambda spec: NamedSharding(mesh, spec), _last_axis(members))
    one = np.int32(1)
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), members)
    compiled = (
        jax.jit(
            on_mesh,
            in_shardings=(everywhere, dealt_out, *(everywhere for _ in shared)),
            out_shardings=everywhere if whole else None,
            compiler_options=_CPU_OPTIONS if mesh.devices.flat[0].platform == "cpu" else None,
        )
        .lower(one, shapes, *shared)
        .compile()
    )

    def call(members: Any, *shared: Any) -> Any:
        return compiled(one, put(members, dealt_out), *shared)

    return call


def put(arrays: Any, shardings: Any) -> Any:
    """Arrays to the devices; those of the host are the same on every process.

    Args:
        arrays: a tree.
        shardings: of each, or one for all.
    """
    if jax.process_count() == 1:
        return jax.device_put(arrays, shardings)
    if isinstance(shardings, NamedSharding):
        shardings = jax.tree.map(lambda _: shardings, arrays)

    def one(leaf: jax.Array | np.ndarray, sharding: NamedSharding) -> jax.Array:
        if isinstance(leaf, jax.Array):
            return jax.device_put(leaf, sharding)
        # jax.device_put would compare the host's arrays over all processes first, and take NaN for a difference.
        return jax.make_array_from_callback(leaf.shape, sharding, leaf.__getitem__)

    return jax.tree.map(one, arrays, shardings)


def each(function: Callable[..., Any], mesh: Mesh, tile: int, *arrays: Any) -> Any:
    """A function of one network, of S networks: compiled once, called with a limited number of them at a time.

    Args:
        function: pure; of arrays without the members' axis, such as parameters [P], to a tree of arrays.
        mesh: over which the members are spread.
        tile: how many members a device works on at once; a call has ten tiles a device.
        arrays: [..., S].

    Returns:
        function's arrays with one more axis S at the end, as NumPy arrays.
    """
    number = arrays[0].shape[-1]
    size = min(call_size(mesh, tile, number), 10 * mesh.size * tile)
    of_tile = jax.vmap(function, in_axes=-1, out_axes=-1)
    first = tuple(np.take(array, np.arange(size) % number, -1) for array in arrays)
    compiled = spread(lambda tile: of_tile(*tile), mesh, tile, first, whole=jax.process_count() > 1)
    parts = []
    for start in range(0, number, size):
        places = np.arange(start, start + size) % number  # what is left of the last call repeats members
        parts.append(jax.tree.map(np.asarray, compiled(tuple(np.take(array, places, -1) for array in arrays))))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves, -1)[..., :number], *parts)


def apart(function: Callable[..., Any], one: jax.Array | np.ndarray, *arguments: Any) -> Any:
    """function(*arguments), which XLA neither fuses with what is around it nor computes more than once.

    Without this XLA:CPU puts cheap producers into each of their consumers, and theirs into those, until
    most of the work is done many times over; an optimization_barrier does not keep it from that. A branch
    does: that `one` is 1, XLA does not know.

    Args:
        function: pure, of arrays alone.
        one: 1, as an argument of the compiled function.
        arguments: trees of arrays.
    """
    return kept_apart(function)(one, *arguments)


def kept_apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """`apart` of a function that is called again and again, (one, *arguments) -> function's arrays.

    Python runs through it once for all arguments of the same shapes. What it gives belongs to one trace of the caller.
    """
    branches: dict[Any, tuple[Callable[..., Any], Callable[..., Any]]] = {}

    def call(one: jax.Array | np.ndarray, *arguments: Any) -> Any:
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tree, *((leaf.shape, leaf.dtype) for leaf in leaves)
        if shapes not in branches:
            traced, result = _traced(function, *arguments)

            def never(*_: Any) -> Any:
                return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), result)

            branches[shapes] = traced, never
        return jax.lax.cond(one == 1, *branches[shapes], *arguments)

    return call


def _traced(function: Callable[..., Any], *arguments: Any) -> tuple[Callable[..., Any], Any]:
    """The same function, which Python runs through here and never again, and the shapes of what it gives.

    Most of the time before a compilation is Python's. jax.jit remembers what it traced, but not from outside of a
    shard_map to its inside.
    """
    jaxpr, shapes = jax.make_jaxpr(function, return_shape=True)(*arguments)
    evaluate, tree = jax.extend.core.jaxpr_as_fun(jaxpr), jax.tree.structure(shapes)
    return lambda *here: jax.tree.unflatten(tree, evaluate(*jax.tree.leaves(here))), shapes


def _map_tiles(stage: Callable[[Any], Any], tiles: Any, one: jax.Array) -> Any:
    """jax.lax.map(stage, tiles), each tile copied to memory of its own first.

    Otherwise XLA:CPU reads the tile through the loop's counter wherever it is used, cannot prove that
    the counter keeps its value while a result is written, and gives up on vector instructions.
    """
    return jax.lax.map(functools.partial(apart, stage, one), tiles)


def _last_axis(arrays: Any) -> Any:
    """The partition of arrays whose last axis is the members'."""
    return jax.tree.map(lambda leaf: PartitionSpec(*[None] * (len(leaf.shape) - 1), AXIS), arrays)


def _tiled(leaf: jax.Array, tile: int) -> jax.Array:
    """[..., S] -> [tiles, ..., tile]."""
    return jnp.moveaxis(leaf.reshape(*leaf.shape[:-1], -1, tile), -2, 0)


def _members_last(tiles: jax.Array) -> jax.Array:
    """[tiles, ..., tile] -> [..., S]."""
    moved = jnp.moveaxis(tiles, 0, -2)
    return moved.reshape(*moved.shape[:-2], -1)
