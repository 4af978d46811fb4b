"""What is trained: a condition is all that a group of networks have in common but the draw and the seed."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from ml_collections import ConfigDict

from rnnjax import freezing
from rnnjax.datasets import VERSIONS, Dataset, make_dataset
from rnnjax.embeddings import EMBEDDINGS, make_embedding
from rnnjax.errors import UserError, in_range, lookup, one_of
from rnnjax.initializers import Sampler, parse_sampler
from rnnjax.labels import LABELS
from rnnjax.landscape import Architecture, parse_architecture, setting
from rnnjax.parameters import count, flatten
from rnnjax.results import read_networks
from rnnjax.schedule import Rules
from rnnjax.streams import of_members, stream
from rnnjax.words import word_probabilities

REPORTED = ("last", "best")


class DataSet(NamedTuple):
    """Sentences, labels and where the words lie, all but the draw."""

    label: str
    version: str
    embedding: str
    scale: float
    margin: float
    kind_probabilities: tuple[float, ...]
    sentence_length: int

    @property
    def title(self) -> str:
        """As the thesis writes it: CountII."""
        return f"{self.label.capitalize()}{self.version}"


class Protocol(NamedTuple):
    """How it is trained."""

    batch_size: int
    max_epochs: int
    rules: Rules


class Condition(NamedTuple):
    """A group of networks; member i of draw d is one function of the condition, the seeds, d and i."""

    name: str  # unique in its experiment, such as "CountII/gru_2x4/frozen"; its folder in result.npz
    architecture: Architecture
    data: DataSet
    protocol: Protocol
    sampler: Sampler
    frozen: tuple[str, ...] = ()
    num_seeds: int = 1
    num_draws: int = 1
    start: np.ndarray | None = None  # [P, R, S]: given starting weights instead of the sampler's


def parse_data_set(name: str) -> tuple[str, str]:
    """("count", "II") from "CountII".

    Raises:
        UserError: no such data set.
    """
    match = re.fullmatch(r"([A-Za-z]+?)_?(I{1,2})", name)
    valid = [f"{label.capitalize()}{version}" for label in LABELS for version in VERSIONS]
    if match is None or f"{match[1].capitalize()}{match[2]}" not in valid:
        raise UserError(f"unknown data set {name!r}; valid: {', '.join(valid)}")
    return match[1].lower(), match[2]


def data_set(config: ConfigDict, name: str, embedding: str | None = None) -> DataSet:
    """The data set of a name such as "CountII", its other fields as config.data has them."""
    data = config.data
    lookup(EMBEDDINGS, embedding or data.embedding, "embedding")
    word_probabilities(data.kind_probabilities)
    in_range("data.sentence_length", data.sentence_length, 1, 18)
    in_range("data.embedding_scale", data.embedding_scale, 1e-3, 1e3)
    in_range("data.embedding_margin", data.embedding_margin, 0, 1e3)
    return DataSet(
        *parse_data_set(name),
        embedding or data.embedding,
        data.embedding_scale,
        data.embedding_margin,
        tuple(data.kind_probabilities),
        data.sentence_length,
    )


def protocol(config: ConfigDict, **changed: Any) -> Protocol:
    """Section 3.2's protocol as config.training has it, or with some of its rules changed.

    Raises:
        UserError: a value that cannot be used.
    """
    training = config.training
    for name, low, high in (
        ("batch_size", 1, 5000),
        ("max_epochs", 1, 100_000),
        ("tile", 1, 65_536),
        ("members_per_call", 1, 2**20),
        ("learning_rate", 1e-9, 1e3),
        ("factor", 1e-6, 1),
        ("patience", 1, 10**6),
        ("least_learning_rate", 0, 1e3),
    ):
        in_range(f"training.{name}", training[name], low, high)
    one_of("training.report", training.report, REPORTED)
    rules = Rules(**{name: training[name] for name in Rules._fields})
    return Protocol(training.batch_size, training.max_epochs, rules._replace(**changed))


def unstopped(config: ConfigDict, learning_rate: float) -> Protocol:
    """The control: a constant learning rate, no early end. For "untrainable" may mean "stopped early"."""
    return protocol(config, learning_rate=learning_rate, factor=1.0, early_stop=False)


def make(
    config: ConfigDict, section: str, data: DataSet, architecture: Architecture, *kind: str, **changed: Any
) -> Condition:
    """A condition under the config's own protocol and starts, with the section's numbers of seeds and draws.

    Args:
        config: of the run.
        section: the experiment's.
        data: what it is trained on.
        architecture: what is trained.
        kind: words for its name, which tell it from others of that data set and architecture.
        changed: other fields of Condition.

    Raises:
        UserError: a value that cannot be used.
    """
    wanted = config[section]
    in_range(f"{section}.seeds", wanted.seeds, 1, 10**6)
    in_range(f"{section}.draws", wanted.draws, 1, 10**4)
    if "shown_seeds" in wanted:
        in_range(f"{section}.shown_seeds", wanted.shown_seeds, 1, wanted.seeds)
    fields: dict[str, Any] = {
        "name": "/".join((data.title, *kind, architecture.name)),
        "protocol": protocol(config),
        "sampler": parse_sampler(config.training.sampler),
        "num_seeds": wanted.seeds,
        "num_draws": wanted.draws,
    }
    if config.training.start_from and "start" not in changed:
        fields["start"] = _given_starts(config, fields | changed, architecture)
    condition = Condition(architecture=architecture, data=data, **(fields | changed))
    trainable(condition)
    return condition


def _given_starts(config: ConfigDict, fields: dict[str, Any], architecture: Architecture) -> np.ndarray:
    """The final weights of another run's condition of the same name, [P, R, S]."""
    name = fields["name"]
    final = read_networks(Path(config.training.start_from), name).final
    needed = count(architecture.sizes), fields["num_draws"], fields["num_seeds"]
    if len(final) != needed[0] or final.shape[1] < needed[1] or final.shape[2] < needed[2]:
        raise UserError(
            f"training.start_from is {config.training.start_from!r}, where {name} has {final.shape} parameters, draws"
            f" and seeds; needed: {needed} or more draws and seeds"
        )
    return final[:, : needed[1], : needed[2]]


def data_sets(config: ConfigDict, section: str, embedding: str | None = None) -> list[DataSet]:
    """The section's data sets.

    Raises:
        UserError: none, one twice, or an unknown one.
    """
    names = listed(config[section].data_sets)
    different(f"{section}.data_sets", names, ", such as CountII")
    return [data_set(config, name, embedding) for name in names]


def architectures(cells: Sequence[str], input_dims: Sequence[int], hidden_dims: Sequence[int]) -> list[Architecture]:
    """All combinations, shape by shape.

    Raises:
        UserError: a dimension outside 1..64, or an unknown cell.
    """
    return [parse_architecture(f"{c}_{d}x{h}") for d in input_dims for h in hidden_dims for c in cells]


def listed(value: Sequence[Any]) -> list[str]:
    """The names in a config field that may be given as one string with commas."""
    return [name.strip() for item in value for name in str(item).split(",") if name.strip()]


def different(what: str, values: Sequence[Any], example: str = "") -> None:
    """Raise a UserError unless there are values, all of them different."""
    if not len(values) or len(set(values)) < len(values):
        raise UserError(f"{what} is {tuple(values)}; valid: one or more different ones{example}")


def check_seeds(config: ConfigDict) -> None:
    """Raise a UserError for a seed that cannot be."""
    for name, seed in (
        ("seed", config.seed),
        ("data.seed", config.data.seed),
        ("data.embedding_seed", config.data.embedding_seed),
    ):
        in_range(name, seed, 0, 2**32 - 1)


def draw_data(config: ConfigDict, data: DataSet, draw: int) -> Dataset:
    """The sentences of one draw: draw 0 is that of the config's own seed."""
    key = stream(jax.random.key(config.data.seed + draw), "data")
    return make_dataset(key, data.label, data.version, data.kind_probabilities, data.sentence_length)


def draw_embedding(config: ConfigDict, data: DataSet, draw: int, dim: int) -> np.ndarray:
    """The words' places of one draw, [V, D]."""
    key = stream(jax.random.key(config.data.embedding_seed + draw), "embedding")
    return make_embedding(key, data.embedding, dim, data.scale, data.margin)


def draw_starts(config: ConfigDict, condition: Condition, draw: int, seeds: np.ndarray) -> np.ndarray:
    """The starting weights [P, S] of one draw's members: given ones, or section 4.6.1's settings of these indices."""
    if condition.start is not None:
        return condition.start[:, draw, seeds]
    key = stream(jax.random.key(config.seed + draw), "init")
    one = jax.vmap(lambda index: flatten(setting(key, condition.architecture, condition.sampler, index)), out_axes=1)
    return np.asarray(one(seeds.astype(np.uint32)))


def draw_keys(config: ConfigDict, draw: int, seeds: np.ndarray) -> jax.Array:
    """The shuffles' keys [S] of one draw's members: one seed's networks see the same orders in all conditions."""
    return of_members(stream(jax.random.key(config.seed + draw), "shuffle"), seeds)


def trainable(condition: Condition) -> np.ndarray:
    """[P] bool, False for what the condition freezes.

    Raises:
        UserError: a name that cannot be frozen.
    """
    return freezing.trainable(*condition.architecture, condition.frozen)


def fingerprint(condition: Condition) -> str:
    """Short, and different for conditions that train other networks, whatever their names and numbers of members."""
    anonymous = condition._replace(name="", num_seeds=0, num_draws=0, architecture=None, start=None)  # type: ignore[arg-type]
    start = b"" if condition.start is None else np.ascontiguousarray(condition.start).tobytes()
    return hashlib.sha256(f"{condition.architecture.name} {anonymous} ".encode() + start).hexdigest()[:16]
