"""What decides what is measured: which files count, and what changes the fingerprint."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments import hessian_spectrum, measured_by, noise_robustness, training_sweep, vector_field


def reached(module: Any) -> set[str]:
    return {path.stem for path in measured_by._reached(Path(module.__file__))}


def test_what_measures_is_reached_at_any_depth_and_what_draws_is_not() -> None:
    hessian, field, noise = map(reached, (hessian_spectrum, vector_field, noise_robustness))
    assert {"hessian_spectrum", "hessian_measures", "success_groups", "curvature", "training", "cells"} <= hessian
    assert {"fields", "analysis", "cells", "members"} <= field and {"noise", "trajectories", "thesis"} <= noise
    for names in (hessian, field, noise):
        assert not [name for name in names if name.endswith(("figures", "report", "tables", "plots"))]
        assert not names & {"plotting", "grids", "runner", "command_line", "errors", "verdicts"}
    assert "curvature" not in field and "fields" not in noise


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """The fingerprint of a module that imports from one that imports from another."""
    monkeypatch.setattr(measured_by, "_PACKAGES", {"experiments": tmp_path, "rnnjax": tmp_path})
    (tmp_path / "thesis_numbers.json").write_text("{}")
    imports = "if False:\n    from experiments.{0} import x\n"
    (tmp_path / "own.py").write_text(imports.format("first") + "SHOWN = (1, 2)\ndef measure(): return 1\n")
    (tmp_path / "first.py").write_text(imports.format("second") + imports.format("some_figures"))
    for name in ("second", "some_figures"):
        (tmp_path / f"{name}.py").write_text("")

    def fingerprint(**changed: Any) -> str:
        spec = importlib.util.spec_from_file_location("own_that_measures", tmp_path / "own.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(__import__("sys").modules, "own_that_measures", module)
        spec.loader.exec_module(module)
        vars(module).update(changed)
        return measured_by.measured_by(module.measure)

    return fingerprint


@pytest.mark.parametrize(
    ("file", "counts"),
    [("own", True), ("first", True), ("second", True), ("some_figures", False), ("thesis_numbers", True)],
)
def test_a_change_counts_where_it_may_change_what_is_measured(
    measure: Callable[..., str], tmp_path: Path, file: str, counts: bool
) -> None:
    before = measure()
    assert measure() == before
    path = next(tmp_path.glob(f"{file}.*"))
    path.write_text(path.read_text() + "\n")
    assert (measure() != before) is counts


def test_a_plain_value_counts_wherever_it_is_from(measure: Callable[..., str]) -> None:
    """Which networks are shown is written where they are drawn, and measured here."""
    before = measure(SHOWN=(1, 2), function=len)
    assert measure(SHOWN=(1, 2), function=print) == before
    assert measure(SHOWN=(1, 3)) != before
    assert measure(SHOWN={"a": [1]}) != measure(SHOWN={"a": [2]})


def test_what_a_process_fills_while_it_runs_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_sweep, "_COMPILED", {})
    before = measured_by.measured_by(noise_robustness.measure)
    monkeypatch.setattr(training_sweep, "_COMPILED", {"a program": object()})
    assert measured_by.measured_by(noise_robustness.measure) == before
