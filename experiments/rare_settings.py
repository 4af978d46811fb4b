"""Beyond section 4.6.1: how often random settings are so good that a million have none, by multilevel splitting.

    python -m experiments.rare_settings --config=configs/first_i.py

The same question as experiments.landscape's, further up: under PyTorch's distribution, from which training starts, a
million settings have a few above 60 % and none above 75 %. Here P(accuracy > a) is estimated for every a of the tails,
down to rare_settings.rarest, in each of several draws of sentences and words (those of training; draw d's are also
those of a landscape whose three seeds are d, so either can be held against the other). See rnnjax/splitting.py for the
way; its particles are parameter settings, their scores correct validation sentences.

result.npz holds, for every sampler, architecture and draw (such as "pytorch_1/gru_2x4/0/"): `levels` [L], correct
sentences that were exceeded one after the other; `rates` [L], the estimates of P(correct > level); `shares` and
`taken` [L], of particles above each level, and of proposals taken there (see splitting.Ladder); `best` [P], the
parameters of the best particle of the last (parameters.flatten), `best_count` [1], its correct sentences; in the
first draw `audit` [4], of so many of the last particles, see landscape_audit.
"""

import functools
import time
from pathlib import Path

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments import runner
from experiments.conditions import check_seeds, data_set, different, draw_data, listed
from experiments.landscape_inputs import place
from experiments.measured_by import measured_by
from experiments.parts import stored
from experiments.progress import Progress
from experiments.rare_settings_climb import LAWS, Climb, Inputs
from experiments.rare_settings_report import report
from experiments.rare_settings_tables import ACCURACIES, NAME
from rnnjax import results
from rnnjax.errors import in_range, one_of
from rnnjax.initializers import Sampler, parse_sampler
from rnnjax.landscape import NUM_BEST, Architecture, parse_architecture

_MAKER = "climbed_by"


def prepare(config: ConfigDict) -> Inputs:
    """Check every field.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[NAME]
    check_seeds(config)
    in_range("members.tile", config.members.tile, 1, 65_536)
    for name, low, high in (
        ("draws", 1, 10_000), ("particles", 10, 2**24), ("moves", 1, 10_000), ("keep", 0.01, 0.9),
        ("highest", ACCURACIES[0], ACCURACIES[-1]),
        ("rarest", 1e-300, 0.1), ("audited_settings", 0, NUM_BEST),
    ):  # fmt: skip
        in_range(f"{NAME}.{name}", wanted[name], low, high)
    names, specs = listed(wanted.architectures), listed(wanted.samplers)
    different(f"{NAME}.architectures", names, ", such as gru_2x4")
    different(f"{NAME}.samplers", specs, ", such as pytorch:1")
    samplers = [parse_sampler(spec) for spec in specs]
    for sampler in samplers:
        one_of(f"{NAME}.samplers", sampler.name, tuple(LAWS))
    data = data_set(config, f"{config.data.label.capitalize()}{config.data.version}")
    sentences = len(draw_data(config, data, 0).validation.words)
    return Inputs([parse_architecture(name) for name in names], samplers, data, sentences)


def run(run: runner.Run, inputs: Inputs) -> None:
    """Climb where that was not done yet, then write and draw everything."""
    wanted = run.config[NAME]
    tasks = [(sampler, architecture) for sampler in inputs.samplers for architecture in inputs.architectures]
    costs = [float(len(a.cell.gates) * a.hidden_dim * (a.hidden_dim + 12)) for _, a in tasks]
    progress = Progress("draws", [wanted.draws] * len(tasks), costs, run.log)
    contents = _finished(run) if run.leads else {}
    for sampler, architecture in tasks:
        progress.start(f"{architecture.name} under {sampler.spec}")
        started, climb = time.monotonic(), Climb(run, inputs, sampler, architecture)
        for draw in range(wanted.draws):
            part, here = _part(run, sampler, architecture, draw), f"{place(sampler, architecture)}{draw}/"
            found = stored(part, run) if run.leads and f"{here}rates" not in contents else {}
            if run.agree(np.array(found is None)):
                climb.compile()
                progress.resume()
                found = climb(draw)
                progress.advance(1)
                if run.leads:
                    part.write_arrays(found)
            else:
                progress.skip(1)
            contents |= {here + name: values for name, values in (found or {}).items()}
        progress.clear()
        run.log.info("%s under %s: %.1f s", architecture.name, sampler.spec, time.monotonic() - started)
    if run.leads:
        results.write_npz(run.workdir / "result.npz", contents | {_MAKER: np.array(_climbed_by())})
        report(run, contents, inputs.architectures, inputs.samplers, inputs.data.title, inputs.num_sentences)
        results.remove_tree(run.workdir / "parts")


def _part(run: runner.Run, sampler: Sampler, architecture: Architecture, draw: int) -> results.Part:
    fingerprint = f"{results.digest(run.config.to_dict())} {_climbed_by()}"
    here = f"{place(sampler, architecture)}{draw}"
    return results.Part(Path(run.workdir, "parts", f"{here}.npz"), f"{fingerprint} {here}")


def _finished(run: runner.Run) -> dict[str, np.ndarray]:
    """What a finished result.npz has, if these sources made it; otherwise nothing."""
    path = run.workdir / "result.npz"
    try:
        found = results.read_npz(path)
    except FileNotFoundError:
        return {}
    except results.Damaged as error:
        run.log.warning("damaged, made again: %s", error)
        return {}
    if str(found.pop(_MAKER, "")) == _climbed_by():
        return found
    run.log.warning("%s was made by another version: made again", path)
    return {}


@functools.cache
def _climbed_by() -> str:
    return f"{measured_by(run)} jax {jax.__version__}"


EXPERIMENT = runner.Experiment(NAME, prepare, run, {})

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
