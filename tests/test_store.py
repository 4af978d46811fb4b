"""Which trained networks are the same: what they depend on is in a part's identity, their names and numbers are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ml_collections import ConfigDict

from configs.thesis import get_config
from experiments import store
from experiments.conditions import Condition, data_set, make
from experiments.store import Store
from rnnjax.initializers import parse_sampler
from rnnjax.landscape import parse_architecture
from rnnjax.results import Damaged

SEEDS = np.arange(3)


def condition(config: ConfigDict, **changed: Any) -> Condition:
    found = make(config, "gate_variants", data_set(config, "CountII"), parse_architecture("gru_2x2"))
    return found._replace(**changed)


def kept(root: Path, config: ConfigDict, wanted: Condition, draw: int = 0, history: bool = False) -> Store:
    there = Store(root, config)
    there.part(wanted, draw, history, SEEDS).write_arrays({"keys": SEEDS, "final": np.ones((42, 3))})
    return there


def test_what_was_kept_is_found_whatever_it_is_called_and_however_many_are_wanted(tmp_path: Path) -> None:
    config = get_config()
    there = kept(tmp_path, config, condition(config))
    (part,) = there.parts(condition(config, name="other", num_seeds=99, num_draws=7), 0, False)
    np.testing.assert_array_equal(part.read_arrays()["final"], 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"frozen": ("w_hh",)},
        {"sampler": parse_sampler("normal:1")},
        {"start": np.zeros((42, 1, 3), np.float32)},
        {"architecture": parse_architecture("gru_2x3")},
        {"architecture": parse_architecture("update_gate_gru_2x2")},
        {"data": {"scale": 2.0}},
        {"data": {"label": "first"}},
        {"data": {"embedding": "embedding_3"}},
        {"data": {"margin": 1.0}},
        {"protocol": {"batch_size": 5}},
        {"protocol": {"max_epochs": 5}},
    ],
)
def test_other_networks_are_not_found(changed: dict[str, Any], tmp_path: Path) -> None:
    config = get_config()
    one = condition(config)
    there = kept(tmp_path, config, one)
    fields = {
        name: getattr(one, name)._replace(**value) if isinstance(value, dict) else value
        for name, value in changed.items()
    }
    other = one._replace(**fields)
    assert not list(there.parts(other, 0, False))
    # Nor would a file be taken for what it is not.
    theirs, ours = there.part(one, 0, False, SEEDS), there.part(other, 0, False, SEEDS)
    ours.path.parent.mkdir(parents=True)
    ours.path.write_bytes(theirs.path.read_bytes())
    with pytest.raises(Damaged, match="belongs to another"):
        ours.read_arrays()


def test_other_rules_draws_seeds_tiles_and_histories_are_not_found(tmp_path: Path, monkeypatch: Any) -> None:
    config = get_config()
    one = condition(config)
    there = kept(tmp_path, config, one)
    rules = one.protocol.rules
    for field, value in {"learning_rate": 0.5, "patience": 9, "early_stop": False, "factor": 0.1}.items():
        other = one._replace(protocol=one.protocol._replace(rules=rules._replace(**{field: value})))
        assert not list(there.parts(other, 0, False))
    assert not list(there.parts(one, 1, False))
    assert not list(there.parts(one, 0, True))
    for field in ("seed", "data.seed", "data.embedding_seed", "training.tile"):
        changed = get_config()
        changed.update_from_flattened_dict({field: 5})
        assert not list(Store(tmp_path, changed).parts(one, 0, False))
    assert list(Store(tmp_path, get_config()).parts(one, 0, False))
    monkeypatch.setattr(store, "engine", lambda: "of another version")
    assert not list(Store(tmp_path, config).parts(one, 0, False))


def test_a_source_that_counts_as_an_earlier_one_finds_what_that_trained(tmp_path: Path, monkeypatch: Any) -> None:
    config = get_config()
    one = condition(config)
    monkeypatch.setattr(store, "_SAME_AS", {})
    store.engine.cache_clear()
    ours = store.engine().split()[1]
    monkeypatch.setattr(store, "_SAME_AS", {ours: "earlier"})
    store.engine.cache_clear()
    assert store.engine().split()[1] == "earlier"
    there = kept(tmp_path, config, one)
    monkeypatch.setattr(store, "_SAME_AS", {ours: "another"})
    store.engine.cache_clear()
    assert list(there.parts(one, 0, False))
    assert not list(Store(tmp_path, config).parts(one, 0, False))
    store.engine.cache_clear()


def test_every_source_of_the_library_that_decides_training_is_in_the_version() -> None:
    """What sweeps, and what draws the data, import of the library, with all that these import."""
    import ast

    import rnnjax

    def imports(path: Path) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                if node.module.startswith("rnnjax."):
                    found.add(node.module.removeprefix("rnnjax."))
                elif node.module == "rnnjax":
                    found |= {alias.name for alias in node.names}
        return found

    todo = {"sweeps", "datasets", "embeddings", "initializers", "freezing"}
    needed: set[str] = set()
    while todo - needed:
        name = (todo - needed).pop()
        needed.add(name)
        todo |= imports(Path(rnnjax.__path__[0], f"{name}.py"))
    harmless = {"errors", "statistics"}
    assert needed - harmless <= set(store._ENGINE)
