"""How fast random parameter settings are scored, beside PyTorch and plain JAX, in one run.

    python -m benchmarks.landscape

Each way lives in a process of its own. All are first checked against each other on the same settings;
then they are timed in turn, round after round, so that whatever the machine does strikes all alike.
Rates are medians over the rounds, ratios medians of the ratios within a round.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, rounds
from benchmarks.task import ARCHITECTURES, Task, make_tasks
from benchmarks.worker import Worker
from experiments.command_line import clear_errors
from experiments.places import check_file
from rnnjax.results import write_json

_PACKAGES = ("jax", "jaxlib", "numpy", "torch")
_JAX = {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false"}
# Without page faults at every call, and with fused multiply-adds, PyTorch's compiled programs are faster.
_TORCH = {
    **_JAX,
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TOP_PAD_": "67108864",
    "MALLOC_TRIM_THRESHOLD_": "2000000000",
    "TORCHINDUCTOR_CPP_ENABLE_FLOATING_POINT_CONTRACT_FLAG": "fast",
}
_OURS = "rnnjax"
_REFERENCE = "torch_loop"
_WAYS = {
    _REFERENCE: ("benchmarks.torch_loop:TorchLoop", _TORCH),
    "torch_batched": ("benchmarks.torch_batched:TorchBatched", _TORCH),
    "torch_prefixes": ("benchmarks.torch_batched:TorchPrefixes", _TORCH),
    "jax_vmap": ("benchmarks.jax_vmap:JaxVmap", _JAX),
    _OURS: ("benchmarks.rnnjax_way:Rnnjax", _JAX),
}


def main() -> None:
    """Parse the flags, measure, print, write."""
    flags = _parser().parse_args()
    default = "landscape_memory.json" if flags.memory else "landscape.json"
    output = flags.output or Path("results", "benchmarks", default)
    with clear_errors():
        check_file("output", output)
        description = machine.describe(_PACKAGES)
        print(", ".join(f"{name}: {value}" for name, value in description.items()), flush=True)
        measured = _memory(flags) if flags.memory else _speed(flags)
        write_json(output, {"machine": description, **measured})
        print(f"written: {output}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.landscape",
        description="Parameter settings scored per second on 2,000 sentences of 10 words (FirstI's validation set).",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    names = ["rnn_2x2", "rnn_4x4", "gru_2x2", "gru_4x4"]
    parser.add_argument("--architectures", nargs="+", default=names, choices=ARCHITECTURES, help="what is scored")
    parser.add_argument("--rounds", type=rounds.positive, default=7, help="measurements of each way")
    parser.add_argument("--seconds", type=rounds.seconds, default=1.0, help="least length of a measurement")
    parser.add_argument(
        "--search_seconds", type=rounds.seconds, default=120.0, help="for finding PyTorch's fastest form"
    )
    parser.add_argument("--checked", type=rounds.positive, default=256, help="settings on which the ways must agree")
    parser.add_argument("--memory", action="store_true", help="measure rnnjax's peak memory instead")
    parser.add_argument(
        "--memory_settings",
        type=rounds.positive,
        nargs="+",
        default=[10**4, 10**7],
        help="how many are scored for that",
    )
    parser.add_argument("--output", type=Path, help="the JSON file (default: in results/benchmarks/)")
    return parser


def _speed(flags: argparse.Namespace) -> dict[str, Any]:
    """All architectures, and the seconds in which all eight compile."""
    measured = {}
    for task in make_tasks(flags.architectures):
        print(f"\n{task.name}: choosing forms of", end=" ", flush=True)
        measured[task.name] = _compare(task, flags)
        _print_table(measured[task.name])
    with contextlib.closing(Worker("benchmarks.costs:Compiles", _JAX)) as worker:
        compiles = worker.call("seconds", list(ARCHITECTURES))
    print(f"\nrnnjax compiles all {len(compiles)} architectures in {sum(compiles.values()):.1f} s")
    return {"architectures": measured, "rnnjax_compile_seconds": compiles}


def _compare(task: Task, flags: argparse.Namespace) -> dict[str, Any]:
    """Start the ways, check them, time them."""
    with contextlib.ExitStack() as stack:
        workers = {}
        for name, (factory, environment) in _WAYS.items():
            print(name, end=", ", flush=True)
            empty = stack.enter_context(tempfile.TemporaryDirectory())  # else nothing might be left to compile
            worker = Worker(factory, {**environment, "TORCHINDUCTOR_CACHE_DIR": empty}, task, flags.search_seconds)
            workers[name] = stack.enter_context(contextlib.closing(worker))
        print("checking, timing", flush=True)
        agreement = _check(workers, flags.checked)
        measured = rounds.measure(workers, flags.rounds, flags.seconds)
        facts = {name: worker.call("describe") for name, worker in workers.items()}
    ways = {name: {**facts[name], **rounds.summary(measured, name, _OURS)} for name in workers}
    return {
        "ways": ways,
        "agreement": agreement,
        "others": max(map(rounds.others, measured)),
        "disturbed": any(map(rounds.disturbed, measured)),
    }


def _check(workers: Mapping[str, Worker], number: int) -> dict[str, Any]:
    """Compare all counts with PyTorch's modules in float64, which must differ by no more than near ties.

    Raises:
        RuntimeError: a way counts otherwise.
    """
    params, ours = workers[_OURS].call("shared", number)
    expected, near = workers[_REFERENCE].call("reference", params)
    for name, worker in workers.items():
        counts = ours if name == _OURS else worker.call("counts", params)
        wrong = np.flatnonzero(np.abs(counts.astype(int) - expected) > near)
        if len(wrong):
            first = wrong[0]
            raise RuntimeError(
                f"{name} counts {len(wrong)} of {number} settings otherwise than float64; setting {first}:"
                f" {counts[first]} sentences correct, not {expected[first]} (± {near[first]} near ties)"
            )
    return {"settings": number, "near_ties": int(near.sum())}


def _print_table(measured: Mapping[str, Any]) -> None:
    print(f"{'way':<16}{'settings/s':>12}{'least':>10}{'most':>10}{'rnnjax is':>12}{'compile s':>11}  form")
    for name, way in measured["ways"].items():
        print(
            f"{name:<16}{way['rate']:>12,.0f}{min(way['rates']):>10,.0f}{max(way['rates']):>10,.0f}"
            f"{way['ratio']:>10.1f} x{way['compile_seconds']:>11.1f}  {way['form']}"
        )
    agreement = measured["agreement"]
    print(f"all agree on {agreement['settings']} settings, up to {agreement['near_ties']} near ties", end="; ")
    advice = ": too many to measure beside, close them and run this again" if measured["disturbed"] else ""
    print(f"other programs kept at most {measured['others']:.1f} cores busy{advice}", flush=True)


def _memory(flags: argparse.Namespace) -> dict[str, Any]:
    """Peak memory of scoring few and many settings, each in a fresh process."""
    peaks, name = {}, flags.architectures[0]
    for number in flags.memory_settings:
        with contextlib.closing(Worker("benchmarks.costs:Memory", _JAX)) as worker:
            peaks[str(number)] = worker.call("peak_bytes", name, number)
        print(f"{name}, {number:,} settings: {peaks[str(number)] / 2**20:,.0f} MiB at most", flush=True)
    return {"architecture": name, "peak_bytes": peaks}


if __name__ == "__main__":
    main()
