"""members.py: the same numbers for any number of devices, tiles and processes."""

import json
import socket
import subprocess
import textwrap
from typing import Any

import forked
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rnnjax import landscape, members
from rnnjax.classifier import margin
from rnnjax.datasets import make_dataset
from rnnjax.embeddings import make_embedding
from rnnjax.errors import UserError
from rnnjax.initializers import parse_sampler
from rnnjax.landscape import NEAR_TIE
from rnnjax.prefixes import Plan, final_states, make_plan

# Counts of correct sentences and margins of some settings, on the devices that a process has.
PROGRAM = textwrap.dedent(
    """
    import json, sys
    import jax
    from rnnjax import landscape, members
    arguments = json.loads(sys.argv[1])
    if arguments["devices"]:
        jax.config.update("jax_num_cpu_devices", arguments["devices"])
    if arguments["processes"] > 1:
        jax.distributed.initialize(arguments["coordinator"], arguments["processes"], arguments["process"])
    import numpy as np
    from rnnjax.datasets import make_dataset
    from rnnjax.embeddings import make_embedding
    from rnnjax.initializers import parse_sampler
    key, mesh = jax.random.key(3), members.make_mesh()
    split = make_dataset(key, "first", "II").validation
    architecture = landscape.parse_architecture("gru_2x4")
    embedding = make_embedding(key, "embedding_2", 2)
    drawer = landscape.make_drawer(key, architecture, "normal", mesh, members.call_size(mesh, 16, 256))
    counter = landscape.make_counter(architecture, split, embedding, mesh, 16, drawer.size)
    counts = np.concatenate(list(landscape.counts(drawer, counter, key, 1.0, 0, 300)))
    print(json.dumps({"devices": mesh.size, "processes": jax.process_count(), "counts": counts.tolist()}), flush=True)
    if arguments["processes"] > 1:
        ill = np.array([1, np.nan, 2, 3], np.float32)  # NaN is no difference between the processes
        twice = members.spread(lambda tile: 2 * tile, mesh, 1, ill, whole=True)(ill)
        np.testing.assert_array_equal(np.asarray(twice), 2 * ill)
        jax.distributed.shutdown()  # which waits for the other; JAX itself does it when Python ends in good order
    """
)


def start(**arguments: Any) -> forked.Running:
    return forked.start("-c", PROGRAM, json.dumps({"devices": None, "processes": 1} | arguments))


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def finish(running: forked.Running) -> dict[str, Any]:
    return told(running.finish())


@pytest.fixture(scope="module")
def on_one_device() -> list[int]:
    return finish(start(devices=1))["counts"]


@pytest.mark.parametrize("devices", [2, 4, 8])
def test_counts_are_the_same_on_any_number_of_devices(devices: int, on_one_device: list[int]) -> None:
    result = finish(start(devices=devices))
    assert result["devices"] == devices
    assert result["counts"] == on_one_device


def test_counts_are_the_same_on_two_processes_with_one_mesh(on_one_device: list[int]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    both = {"coordinator": f"127.0.0.1:{port}", "processes": 2, "devices": 2}
    running = [start(process=process, **both) for process in range(2)]
    done = [process.finish() for process in running]  # both, whatever the first one says
    for result in [told(each) for each in done]:
        assert (result["processes"], result["devices"]) == (2, 4)
        assert result["counts"] == on_one_device


@pytest.fixture(
    scope="module",
    params=[("rnn_2x4", "pytorch"), ("gru_4x4", "pytorch"), ("rnn_4x4", "uniform:10"), ("gru_2x4", "uniform:10")],
)
def judged(request: pytest.FixtureRequest) -> dict[object, np.ndarray]:
    """Margins [S, N] of 192 settings: by tile width, and one by one as a replay has them."""
    architecture, key = landscape.parse_architecture(request.param[0]), jax.random.key(5)
    split = make_dataset(key, "first", "I").validation
    embedding = make_embedding(key, "embedding_2", architecture.input_dim)
    sampler, plan, mesh = parse_sampler(request.param[1]), make_plan(split.words), members.make_mesh(1)
    draw = jax.jit(jax.vmap(lambda index: landscape.setting(key, architecture, sampler, index)))
    params = draw(np.arange(192, dtype=np.uint32))
    last = jax.tree.map(lambda leaf: np.moveaxis(np.asarray(leaf), 0, -1), params)

    def margins(params: Any, plan: Plan, embedding: jax.Array) -> jax.Array:
        h = final_states(architecture.cell, params, plan, embedding)
        return jax.vmap(margin, in_axes=(None, 0))(params, h)

    found: dict[object, np.ndarray] = {"one by one": landscape.plain_margins(architecture, split, embedding)(params)}
    for tile in (3, 16, 64, 192):
        found[tile] = np.asarray(members.spread(margins, mesh, tile, last, plan, embedding)(last, plan, embedding)).T
    return found


def test_between_tile_widths_and_a_replay_only_near_ties_are_judged_differently(
    judged: dict[object, np.ndarray], record_property: Any
) -> None:
    plain = judged["one by one"]
    for way, margins in judged.items():
        differently = (margins > 0) != (plain > 0)
        record_property(f"judged differently by {way}", int(differently.sum()))
        record_property(f"near ties by {way}", int((np.abs(margins) <= NEAR_TIE).sum()))
        # Logits beyond 10 have coarser spacing in float32: then a millionth of the network's largest.
        bound = np.broadcast_to(NEAR_TIE * np.maximum(1, np.abs(plain).max(1, keepdims=True) / 10), plain.shape)
        assert (np.abs(plain) <= bound)[differently].all()
        assert (np.abs(margins) <= bound)[differently].all()


def test_members_keep_their_place_on_the_last_axis() -> None:
    mesh = members.make_mesh(1)
    values = {"a": np.arange(24.0, dtype=np.float32), "b": np.arange(72.0, dtype=np.float32).reshape(3, 24)}

    def function(members: dict[str, jax.Array], offset: jax.Array) -> dict[str, jax.Array]:
        return {
            "sum": members["a"] + members["b"].sum(0) + offset,
            "outer": members["b"][:, None] * jnp.ones((1, 2, 1)),
        }

    out = members.spread(function, mesh, 8, values, np.float32(7))(values, np.float32(7))
    np.testing.assert_array_equal(out["sum"], values["a"] + values["b"].sum(0) + 7)
    np.testing.assert_array_equal(out["outer"], np.repeat(values["b"][:, None], 2, 1))


def test_new_shared_values_are_arguments_not_constants() -> None:
    values = np.arange(8.0, dtype=np.float32)
    compiled = members.spread(lambda x, factor: x * factor, members.make_mesh(1), 4, values, np.float32(1))
    np.testing.assert_array_equal(compiled(values, np.float32(3)), 3 * values)


def test_what_is_kept_apart_is_the_same_program_and_traced_once_for_each_shape() -> None:
    def double_sine(x: jax.Array) -> jax.Array:
        return jnp.sin(x) * 2

    def apart(one: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        x = members.apart(double_sine, one, members.apart(double_sine, one, x))
        return x, members.apart(double_sine, one, x[:2])

    traced = []

    def counted(x: jax.Array) -> jax.Array:
        traced.append(x.shape)
        return double_sine(x)

    def kept(one: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        call = members.kept_apart(counted)
        x = call(one, call(one, x))
        return x, call(one, x[:2])

    arguments = jnp.int32(1), jnp.arange(4.0)
    texts = [jax.jit(function).lower(*arguments).as_text() for function in (apart, kept)]
    assert traced == [(4,), (2,)]
    assert texts[0].count("stablehlo.case") == 3 and texts[1].replace("jit_kept", "jit_apart") == texts[0]
    for found, expected in zip(jax.jit(kept)(*arguments), apart(*arguments), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_call_is_rounded_up_to_fill_all_tiles() -> None:
    mesh = members.make_mesh(1)
    assert [members.call_size(mesh, 64, wanted) for wanted in (1, 64, 65, 8192)] == [64, 64, 128, 8192]


@pytest.mark.parametrize("tile", [0, -1, 10**9])
def test_an_absurd_tile_is_refused(tile: int) -> None:
    with pytest.raises(UserError, match=f"members.tile is {tile}; it must be from 1 to 65536"):
        members.call_size(members.make_mesh(1), tile, 10)


@pytest.mark.parametrize("devices", [0, -1, 999])
def test_devices_that_are_not_there_are_refused(devices: int) -> None:
    with pytest.raises(UserError, match=f"num_devices is {devices}; it must be from 1 to"):
        members.make_mesh(devices)
