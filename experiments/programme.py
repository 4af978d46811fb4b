"""What `python -m experiments.reproduce` runs: all experiments in the thesis' order, at the sizes of a preset."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from configs.base import base_config
from experiments.runner import Experiment
from rnnjax.errors import one_of

PRESETS = {"quick": "quick", "thesis": "full", "full": "many"}  # and the mode of the experiments' configs

ADOPTED = "adopted"
# Of what the printed numbers do not rule out, beside the adopted protocol, three: picked by hand among calibration's
# likelier ones so that they differ in batch size, in where the words lie, and in both and the readings. Claims are
# judged under each of them too, from the steps with `elsewhere`.
PROTOCOLS: Mapping[str, Mapping[str, Any]] = {
    ADOPTED: {},
    "batch_4": {"training.batch_size": 4},
    "scale_3": {"data.embedding_scale": 3.0},
    "batch_64_margin_1": {
        "training.batch_size": 64, "data.embedding_margin": 1.0, "training.improves_on_best": False,
        "training.report": "best",
    },
}  # fmt: skip


class Step(NamedTuple):
    """One run of one experiment."""

    name: str  # its folder
    module: str  # of experiments
    section: str  # of the thesis
    cost: float  # of the time of all steps at the preset "thesis", in seconds on 2 cores
    changed: Mapping[str, Any] = {}  # fields of the config
    presets: tuple[str, ...] = tuple(PRESETS)  # that it belongs to
    at_full: Mapping[str, Any] = {}  # fields changed further in that preset
    elsewhere: Mapping[str, Any] | None = None  # and further under other protocols; None: not run under them
    looks: int = 2  # numbers of draws and seeds, this one included, in which its `full` was judged: first 10 of 100

    @property
    def trains(self) -> bool:
        """Whether its numbers are trained networks'; those of random settings know of a protocol only the words."""
        return self.module not in ("landscape", "rare_settings")

    def experiment(self) -> Experiment:
        found: Experiment = importlib.import_module(f"experiments.{self.module}").EXPERIMENT
        return found

    def config(self, preset: str, protocol: str = ADOPTED) -> ConfigDict:
        """The config of this step, as configs/thesis.py makes it.

        Raises:
            UserError: no such preset.
        """
        one_of("preset", preset, tuple(PRESETS))
        config = base_config("first", "I", PRESETS[preset], everywhere=False)
        config.update_from_flattened_dict(self._changed(preset, protocol))
        return config

    def command(self, preset: str, protocol: str = ADOPTED) -> str:
        """The command that does the same alone; in a directory of its own where the config is no more its mode's."""
        mode = {"quick": ":quick", "thesis": "", "full": ":many"}[preset]
        changed = self._changed(preset, protocol).items()
        flags = "".join(f" --config.{field}={_written(value)}" for field, value in changed)
        if flags:
            folder = Path("results", "steps", preset, *([] if protocol == ADOPTED else [protocol]), self.name)
            flags += f" --workdir={folder.as_posix()} --networks=results/networks"
        return f"python -m experiments.{self.module} --config=configs/thesis.py{mode}{flags}"

    def _changed(self, preset: str, protocol: str) -> dict[str, Any]:
        at_full = self.at_full if preset == "full" else {}
        elsewhere = self.elsewhere or {} if protocol != ADOPTED else {}
        return {**self.changed, **at_full, **elsewhere, **PROTOCOLS[protocol]}


def _written(value: Any) -> str:
    """As a flag has it."""
    return f'"{value}"' if isinstance(value, tuple) else str(value)


def _from_draw(draw: int) -> dict[str, int]:
    """Draws of sentences and words from this one on: draw 0 of seeds that are higher by it."""
    return {"seed": draw, "data.seed": draw, "data.embedding_seed": draw}


def _landscape_of_draw(draw: int) -> Step:
    """Fewer settings on other sentences and words: their places move the tails more than anything else."""
    changed = _from_draw(draw) | {"landscape.num_settings": 100_000}
    return Step(f"landscape_{draw}", "landscape", "4.6.1", 45, changed, ("full",), elsewhere={})


_ALONE = {"matched": False, "unstopped_seeds": 0, "unstopped_draws": 0}  # without controls
# Of the search elsewhere, what C29 to C32 need: so many of every architecture that 1,000 GRUs 4x8 are above 96 %.
_SEARCHED = {"search.seeds": 40, "search.rare_seeds": 40, "search.unstopped": (), "training.tile": 40}


def _fields(section: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{section}.{field}": value for field, value in wanted.items()}


def _grid(section: str, draws: int, seeds: int) -> dict[str, int]:
    """So many seeds in each of so many draws."""
    return _fields(section, {"draws": draws, "seeds": seeds})


_STOPPED_GATES = _fields("gate_variants", {"unstopped_seeds": 0, "unstopped_draws": 0})

STEPS = (
    # In 32 draws of 32 seeds no RNN is above 90 % on XorI, nor 2x2 on FirstI; more draws tell more of such than seeds.
    Step(
        "data_sets", "capacity", "3.1", 60,
        _fields("capacity", {"data_sets": ("CountI", "FirstI", "XorI")} | _ALONE),
        at_full=_grid("capacity", 64, 20) | {"capacity.shown_seeds": 20},
        elsewhere=_grid("capacity", 32, 32) | {"capacity.shown_seeds": 30}, looks=3,
    ),
    # Of Embedding_2's draws, margins in as many as gate_variants_draws has.
    Step(
        "separability", "separability", "4.1.1", 150,
        at_full={"separability.margin_draws": 1024}, elsewhere={"separability.margin_draws": 0},
    ),
    # Its draws have 16 networks a shape; a tile's width is part of a network.
    Step(
        "trainability", "trainability", "4.2.1", 165, {"training.tile": 16} | _fields("trainability", _ALONE),
        elsewhere={},
    ),
    # Networks on XorI in so many draws that how rare RNNs of 70 % are can be told (C06): of ten, one had most of them.
    Step(
        "trainability_draws", "trainability", "4.2.1", 1500,
        {"training.tile": 16} | _fields("trainability", _ALONE | {"data_sets": ("XorI",)}), ("full",),
        at_full=_grid("trainability", 64, 4), looks=3,
    ),
    # Its networks are trainability's, and controls that take longer than those; apart, so that either can be run alone.
    Step(
        "trainability_controls", "trainability", "4.2.1", 1200,
        {"training.tile": 16} | _fields("trainability", {"unstopped_seeds": 0, "unstopped_draws": 0}),
        presets=("quick", "full"),
        at_full=_fields("trainability", {"unstopped_seeds": 4, "unstopped_draws": 1}),
    ),
    # So many of the same without early stop that they can carry a verdict: 7 seeds, 10 draws and 16 shapes make 1,120
    # networks of a cell. At one rate, the best for RNNs in trainability_controls: three would take three times as long.
    Step(
        "trainability_unstopped", "trainability", "4.2.1", 4000,
        {"training.tile": 16, "training.unstopped_learning_rates": (0.001,)}
        | _fields("trainability", {"matched": False, "unstopped_seeds": 4}),
        presets=("quick", "full"),
        at_full=_fields("trainability", {"seeds": 7, "unstopped_seeds": 7, "unstopped_draws": 10}),
    ),
    # Its networks are data_sets', and controls: 13 seeds, 20 draws and 4 shapes make 1,040 networks of a cell. Under
    # other protocols data_sets' networks are enough.
    Step(
        "capacity", "capacity", "4.2.2", 155,
        at_full=_fields("capacity", {"unstopped_seeds": 13, "unstopped_draws": 20}),
    ),
    # Networks in the draws of rare_settings_4x2, without controls: 6 seeds, 192 draws make 1,152 of a cell.
    Step(
        "capacity_4x2", "capacity", "4.2.2", 120,
        _fields("capacity", {"data_sets": ("FirstI",), "input_dims": (4,), "hidden_dims": (2,)} | _ALONE), ("full",),
        at_full=_grid("capacity", 192, 6) | {"capacity.shown_seeds": 6},
    ),
    # data_sets' networks.
    Step(
        "word_projection", "word_projection", "4.3.1", 70,
        at_full=_grid("word_projection", 64, 20), elsewhere=_grid("word_projection", 32, 32), looks=3,
    ),
    # 64 seeds in 32 draws left 982 RNNs above 98 %, with batches of 4 834.
    Step(
        "noise_robustness", "noise_robustness", "4.3.2", 100,
        at_full=_grid("noise_robustness", 128, 32), elsewhere=_grid("noise_robustness", 32, 80), looks=4,
    ),
    # As many networks as 160 seeds in 32 draws; draws differ more than seeds do. Elsewhere they are identity_init's.
    Step(
        "vector_field", "vector_field", "4.3.3", 110,
        at_full=_grid("vector_field", 256, 20), elsewhere=_grid("vector_field", 32, 32), looks=3,
    ),
    Step("fixed_points", "fixed_points", "4.3.3", 100),
    # For the same reason many draws, of as many seeds as the thesis shows.
    Step(
        "identity_init", "identity_init", "4.4.1", 35,
        at_full=_grid("identity_init", 512, 10), elsewhere=_grid("identity_init", 32, 32), looks=3,
    ),
    # A draw's worst is one of so many seeds, under every protocol.
    Step(
        "rnn_from_gru", "rnn_from_gru", "4.4.2", 35,
        at_full=_grid("rnn_from_gru", 128, 32), elsewhere=_grid("rnn_from_gru", 32, 32), looks=3,
    ),
    # RNNs that fail on CountII are in one draw of three.
    Step(
        "gru_from_rnn", "gru_from_rnn", "4.4.3", 35,
        at_full=_grid("gru_from_rnn", 192, 32), elsewhere=_grid("gru_from_rnn", 32, 32), looks=3,
    ),
    Step("frozen_recurrent", "frozen_recurrent", "4.5.1", 60, elsewhere={}),
    # Section 4.5's networks, but for controls, in so many draws that small differences can be told.
    Step(
        "frozen_recurrent_draws", "frozen_recurrent", "4.5.1", 200,
        presets=("full",), at_full=_grid("frozen_recurrent", 1024, 10), looks=4,
    ),
    # Its controls take most of its time.
    Step(
        "gate_variants", "gate_variants", "4.5.2", 200,
        elsewhere=_STOPPED_GATES,
    ),
    Step(
        "gate_variants_draws", "gate_variants", "4.5.2", 400, _STOPPED_GATES, ("full",),
        at_full=_grid("gate_variants", 1024, 10), looks=5,
    ),
    Step("landscape", "landscape", "4.6.1", 330, elsewhere={"landscape.num_settings": 100_000}),
    *(_landscape_of_draw(draw) for draw in range(1, 10)),
    Step(
        "rare_settings", "rare_settings", "4.6.1", 1800, presets=("quick", "full"),
        elsewhere={"rare_settings.highest": 0.6}, looks=1,
    ),
    # Further draws, up to the accuracy at which C28 is judged: twice as many in all, and six times for the one shape
    # whose quotients are so near each other that it takes more. C28 was judged with 10 draws of 100 networks, with 32,
    # with 64 of networks beside 32 of random settings, with 32 of both, and with these.
    Step(
        "rare_settings_draws", "rare_settings", "4.6.1", 1200,
        _from_draw(32) | {"rare_settings.highest": 0.6}, ("full",), looks=5,
    ),
    Step(
        "rare_settings_4x2", "rare_settings", "4.6.1", 1000,
        _from_draw(64) | {"rare_settings.highest": 0.6, "rare_settings.architectures": ("rnn_4x2", "gru_4x2")},
        ("full",), at_full={"rare_settings.draws": 128}, looks=5,
    ),
    Step("search", "search", "4.6.2", 210, elsewhere=_SEARCHED),
    Step("update_cosine", "update_cosine", "4.6.2", 120, elsewhere=_SEARCHED),
    Step("perturbation", "perturbation", "4.6.3", 100, elsewhere=_SEARCHED),
    Step("hessian_spectrum", "hessian_spectrum", "4.6.3", 100),
    Step("vanishing_gradients", "vanishing_gradients", "1", 235),
)  # fmt: skip


class Job(NamedTuple):
    """A step under a protocol."""

    step: Step
    protocol: str

    @property
    def name(self) -> str:
        """Its folder in the working directory."""
        return self.step.name if self.protocol == ADOPTED else f"protocols/{self.protocol}/{self.step.name}"

    def config(self, preset: str) -> ConfigDict:
        """As of its step, under its protocol."""
        return self.step.config(preset, self.protocol)


def jobs(preset: str) -> list[Job]:
    """What a preset runs, in its order; other protocols where verdicts come from."""
    adopted = [Job(step, ADOPTED) for step in STEPS if preset in step.presets]
    repeated = [step for step in STEPS if step.elsewhere is not None]
    others = [Job(step, protocol) for protocol in PROTOCOLS for step in repeated if not is_same(step, protocol)]
    return adopted + (others if preset == "full" else [])


def is_same(step: Step, protocol: str) -> bool:
    """Whether a step's numbers under a protocol are those under the adopted one."""
    moves_words = any(field.startswith("data.") for field in PROTOCOLS[protocol])
    return protocol == ADOPTED or not (step.trains or moves_words)


def looks(steps: Iterable[str]) -> int:
    """How often what rests on these steps has been judged: the largest number of theirs (C28's counts all five)."""
    return max((step.looks for step in STEPS if step.name in steps), default=1)


def jobs_of(presets: Iterable[str] = PRESETS) -> list[Job]:
    """What any of some presets, or of all, runs, in the thesis' order."""
    wanted = {job.name for preset in presets for job in jobs(preset)}
    everything = [Job(step, protocol) for protocol in PROTOCOLS for step in STEPS]
    return [job for job in everything if job.name in wanted]
