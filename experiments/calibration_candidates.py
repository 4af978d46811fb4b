"""Protocols that the thesis' words allow, and what is trained under each of them."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from ml_collections import ConfigDict

from experiments.conditions import REPORTED, Condition, DataSet, data_set, different, listed, make, protocol
from rnnjax.errors import UserError, in_range, one_of
from rnnjax.landscape import parse_architecture
from rnnjax.schedule import Rules

NAME = "calibration"
# "Gets worse" / "does not improve": than the epoch before (a tie being worse or not) or than the best.
READINGS = {
    "epoch/best": {"worse_than_best": False, "tie_is_worse": False, "improves_on_best": True},
    "best/best": {"worse_than_best": True, "tie_is_worse": False, "improves_on_best": True},
    "epoch/epoch": {"worse_than_best": False, "tie_is_worse": False, "improves_on_best": False},
    "tie/best": {"worse_than_best": False, "tie_is_worse": True, "improves_on_best": True},
}
# What Tables 4.2, 4.4 and Figure 4.17 rest on: (data set, architecture, frozen).
FITTED = tuple(
    (data, architecture, frozen)
    for data in ("CountII", "FirstII")
    for architecture, frozen in (
        ("rnn_2x4", False), ("gru_2x2", False), ("gru_2x2", True), ("gru_2x4", False), ("gru_2x4", True)
    )
)  # fmt: skip
FROZEN = ("w_hh.candidate", "b_hh.candidate")


class Setting(NamedTuple):
    """What is drawn and compiled anew."""

    batch_size: int
    margin: float
    scale: float
    stop_share: float

    @property
    def name(self) -> str:
        return f"batch_{self.batch_size}_margin_{self.margin:g}_scale_{self.scale:g}_stop_{self.stop_share:.4g}"


# The fields of config.calibration that make a Setting, in its order, and what they may be.
_RANGES = (("batch_sizes", 1, 5000), ("margins", 0, 1e3), ("scales", 1e-3, 1e3), ("stop_shares", 0, 0.98))


class Candidate(NamedTuple):
    """One protocol."""

    setting: Setting
    reading: str
    report: str  # accuracy of the last epoch or of the best

    @property
    def name(self) -> str:
        return f"{self.setting.name} {self.reading.replace('/', '_')} {self.report}"

    def row(self) -> dict[str, object]:
        """Its fields, for a table."""
        return {**self.setting._asdict(), "reading": self.reading, "report": self.report}


def settings(config: ConfigDict) -> list[Setting]:
    """All combinations.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[NAME]
    readings = listed(wanted.readings)
    for reading in readings:
        one_of(f"{NAME}.readings", reading, READINGS)
    different(f"{NAME}.readings", readings)
    for name, low, high in _RANGES:
        if not len(wanted[name]):
            raise UserError(f"{NAME}.{name} is empty; it must have at least one value")
        for value in wanted[name]:
            in_range(f"{NAME}.{name}", value, low, high, whole=name == "batch_sizes")
    found = [Setting(*values) for values in product(*(wanted[name] for name, *_ in _RANGES))]
    named: dict[str, Setting] = {}
    for each in found:
        # In result.npz and among the parts a second one would be taken for the first.
        if named.setdefault(each.name, each) is not each:
            raise UserError(f"{NAME} has {each.name} twice, once as {tuple(named[each.name])}, once as {tuple(each)}")
    return found


def candidates(config: ConfigDict) -> list[Candidate]:
    """All protocols, in a fixed order."""
    return [Candidate(*v) for v in product(settings(config), listed(config[NAME].readings), REPORTED)]


def fitted_conditions(config: ConfigDict, setting: Setting) -> Iterator[Condition]:
    """What is trained under a setting: every reading of the rules, every table's and figure's networks."""
    for reading in listed(config[NAME].readings):
        for data, architecture, frozen in FITTED:
            yield condition(config, setting, reading, data, architecture, frozen=FROZEN if frozen else ())


def condition(
    config: ConfigDict, setting: Setting, reading: str, data: str, architecture: str, *kind: str, **changed: object
) -> Condition:
    """One condition under one protocol."""
    words = ("frozen", *kind) if changed.get("frozen") else kind
    rules: Rules = protocol(config).rules._replace(**READINGS[reading])
    under = protocol(config)._replace(batch_size=setting.batch_size, rules=rules)
    shape = parse_architecture(architecture)
    made = make(config, NAME, _data(config, setting, data), shape, *words, protocol=under, **changed)
    return made._replace(name=f"{reading.replace('/', '_')}/{made.name}")


def _data(config: ConfigDict, setting: Setting, name: str) -> DataSet:
    rest = (1 - setting.stop_share) / 2
    return data_set(config, name)._replace(
        margin=setting.margin, scale=setting.scale, kind_probabilities=(setting.stop_share, rest, rest)
    )
