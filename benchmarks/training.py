"""How fast networks are trained, beside PyTorch and plain JAX, in one run.

    python -m benchmarks.training

Each way lives in a process of its own. All first train a few members for an epoch from the same starts on
the same minibatches and must end with the same losses; then they are timed in turn, round after round. The
unit is a member's step: one minibatch of one network, forward, backward and Adam.
"""

import argparse
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, rounds
from benchmarks.training_task import TrainingTask, make_task
from benchmarks.worker import Worker
from experiments.command_line import clear_errors
from experiments.places import check_file
from rnnjax.datasets import VERSIONS
from rnnjax.errors import in_range, one_of
from rnnjax.landscape import parse_architecture
from rnnjax.results import write_json

_JAX = {"JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false"}
_OURS = "rnnjax"
_WAYS = {
    "torch_loop": "benchmarks.training_torch:TorchTraining",
    "torch_vmap": "benchmarks.training_torch:TorchVmapTraining",
    "jax_vmap": "benchmarks.training_jax:JaxVmapTraining",
    _OURS: "benchmarks.training_jax:RnnjaxTraining",
}
_TOLERANCE = 2e-3  # of an epoch's mean loss; float32's roundings grow over the steps


def main() -> None:
    """Parse the flags, measure, print, write."""
    flags = _parser().parse_args()
    with clear_errors():
        _check_flags(flags)
        description = machine.describe(("jax", "jaxlib", "numpy", "optax", "torch"))
        print(", ".join(f"{name}: {value}" for name, value in description.items()), flush=True)
        measured = {}
        for name in flags.architectures:
            for batch_size in flags.batch_sizes:
                title = f"{name}, batch {batch_size}, {flags.members} members"
                print(f"\n{title}: setting up", end=" ", flush=True)
                measured[title] = _compare(make_task(name, batch_size, flags.members), flags)
                _print_table(measured[title])
        write_json(flags.output, {"machine": description, "measured": measured})
        print(f"written: {flags.output}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training",
        description="Members' steps per second on CountII's 5,000 sentences of 10 words.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--architectures", nargs="+", default=["gru_2x4", "rnn_2x4"], help="what is trained")
    parser.add_argument("--batch_sizes", type=rounds.positive, nargs="+", default=[8, 32], help="sentences a step")
    parser.add_argument("--members", type=rounds.positive, default=64, help="networks trained at once")
    parser.add_argument(
        "--tile", type=rounds.positive, default=32, help="networks a device of rnnjax's works on at once"
    )
    parser.add_argument("--rounds", type=rounds.positive, default=5, help="measurements of each way")
    parser.add_argument("--seconds", type=rounds.seconds, default=1.0, help="least length of a measurement")
    parser.add_argument("--checked", type=rounds.positive, default=3, help="members on which the ways must agree")
    parser.add_argument("--output", type=Path, default=Path("results", "benchmarks", "training.json"), help="JSON file")
    return parser


def _check_flags(flags: argparse.Namespace) -> None:
    """Before anything is started.

    Raises:
        UserError: an architecture that one of the ways does not have, or a number that does not go with the
            others, or a file that cannot be written.
    """
    for name in flags.architectures:
        one_of("--architectures", parse_architecture(name).cell.name, ("rnn", "gru"))
    for batch_size in flags.batch_sizes:
        in_range("--batch_sizes", batch_size, 1, VERSIONS["II"][0])
    in_range("--checked", flags.checked, 1, flags.members)
    check_file("output", flags.output)


def _compare(task: TrainingTask, flags: argparse.Namespace) -> dict[str, Any]:
    """Start the ways, check them, time them."""
    with contextlib.ExitStack() as stack:
        workers = {}
        for name, factory in _WAYS.items():
            print(name, end=", ", flush=True)
            arguments = (task, flags.tile) if name == _OURS else (task,)
            workers[name] = stack.enter_context(contextlib.closing(Worker(factory, _JAX, *arguments)))
        print("checking, timing", flush=True)
        difference = _check(workers, flags.checked)
        measured = rounds.measure(workers, flags.rounds, flags.seconds)
        facts = {name: worker.call("describe") for name, worker in workers.items()}
    ways = {name: {**facts[name], **rounds.summary(measured, name, _OURS)} for name in workers}
    others = max(map(rounds.others, measured))
    return {"ways": ways, "largest_difference": difference, "others": others}


def _check(workers: Mapping[str, Worker], number: int) -> float:
    """The largest difference between the ways' losses and ours.

    Raises:
        RuntimeError: a way trains otherwise.
    """
    params, orders, ours = workers[_OURS].call("shared", number)
    largest = 0.0
    for name, worker in workers.items():
        losses = ours if name == _OURS else worker.call("losses", params, orders)
        difference = float(np.abs(losses - ours).max())
        if not difference <= _TOLERANCE:
            raise RuntimeError(f"{name} trains otherwise: losses {losses}, not {ours}")
        largest = max(largest, difference)
    return largest


def _print_table(measured: Mapping[str, Any]) -> None:
    print(f"{'way':<12}{'us a step':>11}{'least':>10}{'most':>10}{'rnnjax is':>12}{'compile s':>11}  form")
    for name, way in measured["ways"].items():
        least, most = 1e6 / max(way["rates"]), 1e6 / min(way["rates"])
        print(
            f"{name:<12}{1e6 / way['rate']:>11,.2f}{least:>10,.2f}{most:>10,.2f}{way['ratio']:>10,.1f} x"
            f"{way['compile_seconds']:>11.1f}  {way['form']}"
        )
    print(f"losses agree within {measured['largest_difference']:.1e}", end="; ")
    print(f"other programs kept at most {measured['others']:.1f} cores busy", flush=True)


if __name__ == "__main__":
    main()
