"""Section 4.6.1, Figures 4.19 and 4.20: how often random parameter settings reach an accuracy.

    python -m experiments.landscape --config=configs/first_i.py

Every architecture is scored on the validation sentences for a million random settings, under the main
sampler and, for comparison, under others. result.npz holds, for every sampler and architecture (such as
"pytorch_1/gru_2x4/"): `counts` [num_settings] uint16, the correct sentences of every setting in the order
of its index; `histogram` [N + 1] int64, settings with 0..N correct; `best` and `best_counts` [<= 100]
int64, the best settings' indices and their correct sentences; `lowest` [1] int64, the worst setting's index;
`audit` [4] int64, see landscape_audit; and `scored_by`, a fingerprint of the sources that scored them: what others
scored is scored again.
"""

import functools
import time
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np

from experiments import landscape_audit, landscape_report, runner
from experiments.landscape_inputs import Inputs, place, prepare
from experiments.landscape_programs import Programs
from experiments.measured_by import measured_by
from experiments.parts import stored
from experiments.progress import Progress
from rnnjax import landscape, results
from rnnjax.initializers import Sampler
from rnnjax.landscape import Architecture, Tally

_PATIENCE = 60.0  # seconds after which one would like to see something
_MAKER = "scored_by"


def run(run: runner.Run, inputs: Inputs) -> None:
    """Score what is not there yet, then write and draw everything."""
    if not run.agree(np.array(run.leads and _is_whole(run, inputs))):
        _score_all(run, inputs)
    elif run.leads:
        landscape_report.report(run, inputs, inputs.samplers)
    if run.leads:
        results.remove_tree(run.workdir / "parts")


def _score_all(run: runner.Run, inputs: Inputs) -> None:
    """All samplers and architectures; a long run writes and draws after the main sampler too, not just at the end."""
    started = time.monotonic()
    settings = run.config.landscape.num_settings
    programs = Programs(run, inputs, settings)
    costs = [float(len(a.cell.gates) * a.hidden_dim * (a.hidden_dim + 12)) for a in inputs.architectures]
    num_tasks = len(inputs.samplers) * len(inputs.architectures)
    progress = Progress("settings", [settings] * num_tasks, costs * len(inputs.samplers), run.log)
    contents: dict[str, np.ndarray | results.Chunks] = {_MAKER: np.array(_scored_by())}
    for done, sampler in enumerate(inputs.samplers, 1):
        for architecture in inputs.architectures:
            progress.start(f"{architecture.name} under {sampler.spec}")
            tally, audit = _score(run, inputs, programs, sampler, architecture, progress)
            here = place(sampler, architecture)
            parts = [part for part, _, _ in _parts(run, sampler, architecture)]
            contents[here + "counts"] = results.Chunks("uint16", settings, parts)
            contents |= {here + name: value for name, value in tally._asdict().items()}
            contents[here + "audit"] = audit
        early = done == 1 and time.monotonic() - started > _PATIENCE
        if run.leads and (early or done == len(inputs.samplers)):
            results.write_npz(run.workdir / "result.npz", contents)
            landscape_report.report(run, inputs, inputs.samplers[:done])


def _score(
    run: runner.Run,
    inputs: Inputs,
    programs: Programs,
    sampler: Sampler,
    architecture: Architecture,
    progress: Progress,
) -> tuple[Tally, np.ndarray]:
    """One architecture under one sampler: what is kept of it, and its audit."""
    started, tally = time.monotonic(), landscape.empty_tally(len(inputs.split.words))
    computed = 0
    for part, start, stop in _parts(run, sampler, architecture):
        found = stored(part, run)
        values = None if found is None else found["values"]
        missing = bool(run.agree(np.array(values is None)))
        if missing:
            chunks, new = programs.counts(sampler, architecture, start, stop), []
            progress.resume()
            for chunk in chunks:
                new.append(chunk)
                progress.advance(len(chunk))
            values, computed = np.concatenate(new), computed + stop - start
            if run.leads:
                part.write(values)
        else:
            progress.skip(stop - start)
        if values is not None:
            tally = tally.add(start, values)
    audit = np.zeros(4, np.int64)
    if run.leads:
        audit = landscape_audit.audit(
            lambda indices: programs.margins(sampler, architecture, indices),
            inputs.split.positive,
            tally,
            run.config.landscape.audited_settings,
            f"{architecture.name} under {sampler.spec}",
        )
    progress.clear()
    best = tally.best_counts[0] / len(inputs.split.words) if len(tally.best) else float("nan")
    there = int(tally.histogram.sum()) - computed
    run.log.info(
        "%s under %s: best %.2f %%, %d settings scored in %.1f s%s",
        architecture.name, sampler.spec, 100 * best, computed, time.monotonic() - started,
        f", {there} were there already" if there else "",
    )  # fmt: skip
    return tally, audit


def _parts(run: runner.Run, sampler: Sampler, architecture: Architecture) -> Iterator[tuple[results.Part, int, int]]:
    """The pieces of one architecture's counts, each with its first setting and the one after its last."""
    total, step = run.config.landscape.num_settings, run.config.landscape.settings_per_part
    here = place(sampler, architecture)
    fingerprint = f"{results.digest(run.config.to_dict())} {_scored_by()}"
    for start in range(0, total, step):
        stop = min(start + step, total)
        path = Path(run.workdir, "parts", here, f"{start:010d}.npz")
        yield results.Part(path, f"{fingerprint} {here} {start} {stop}"), start, stop


def _is_whole(run: runner.Run, inputs: Inputs) -> bool:
    """Whether result.npz has everything, undamaged."""
    result = run.workdir / "result.npz"
    try:
        names = results.check_npz(result)
        if _MAKER not in names or str(results.read_npz(result, [_MAKER])[_MAKER]) != _scored_by():
            run.log.warning("%s was scored by another version: scored again", result)
            return False
    except FileNotFoundError:
        return False
    except results.Damaged as error:
        run.log.warning("damaged, made again: %s", error)
        return False
    wanted = {place(sampler, a) + "audit" for sampler in inputs.samplers for a in inputs.architectures}
    if wanted <= names:
        run.log.info("%s is complete: only drawn again", result)
    return wanted <= names


@functools.cache
def _scored_by() -> str:
    return f"{measured_by(run)} jax {jax.__version__}"


EXPERIMENT = runner.Experiment("landscape", prepare, run, {"replay": landscape_audit.replay})

if __name__ == "__main__":
    runner.launch(EXPERIMENT)
