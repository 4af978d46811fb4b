"""Which sources decide what is measured: a fingerprint, so that what others measured is never mixed in."""

import ast
import functools
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import experiments
import rnnjax

# Ends of the names of modules that only show what was measured, and modules that only start, tell and judge.
_SHOW = ("figures", "report", "tables", "plots", "plotting", "grids", "reporting")
_AROUND = {
    "runner", "command_line", "drawing", "environment", "process", "progress", "workdir", "errors", "verdicts",
    "likelihood", "places",
}  # fmt: skip
_PACKAGES = {"experiments": Path(experiments.__path__[0]), "rnnjax": Path(rnnjax.__path__[0])}


def measured_by(measure: Callable[..., Any]) -> str:
    """A fingerprint of a function's module and of all that it imports, at any depth, but what shows or tells.

    Plain values that a module has from one of those (which sentences a figure shows, and are measured) count too.
    """
    own = inspect.getmodule(measure)
    assert own is not None and own.__file__ is not None
    files = sorted(_reached(Path(own.__file__)))
    told = [(path.name, path.read_text(), _values(path, own)) for path in files]
    numbers = (_PACKAGES["experiments"] / "thesis_numbers.json").read_text()
    return hashlib.sha256(repr((told, numbers)).encode()).hexdigest()[:16]


def _reached(start: Path) -> set[Path]:
    found, waiting = set[Path](), [start]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return found


def _imported(path: Path) -> Iterator[Path]:
    """The files of the two packages that a file imports, of those that count."""
    for package, stem in _imports(path.read_text()):
        if package in _PACKAGES:
            file = _PACKAGES[package] / f"{stem}.py"
            if file.exists() and stem not in _AROUND and not stem.endswith(_SHOW):
                yield file


@functools.cache
def _imports(source: str) -> list[tuple[str, str]]:
    """Packages and modules in the "from package.module import ..." and "from package import module" of a source."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.partition(".")
            found += [(package, stem) for stem in ([module] if module else [alias.name for alias in node.names])]
    return found


def _values(path: Path, own: ModuleType) -> list[str]:
    """A module's plain values, its own and imported ones."""
    if own.__file__ == str(path):
        module: ModuleType | None = own
    else:
        module = sys.modules.get(f"{path.parent.name}.{path.stem}")
    values = [] if module is None else sorted(vars(module).items())
    return [f"{name} = {value!r}" for name, value in values if not name.startswith("__") and _is_plain(value)]


def _is_plain(value: Any) -> bool:
    """Whether it is made of numbers, words and nothing else: others may have their address in their text.

    What is empty is not: it may be filled while a process runs, as training_sweep's compiled programs are.
    """
    if isinstance(value, dict):
        return bool(value) and all(map(_is_plain, [*value, *value.values()]))
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_is_plain, value))
    return isinstance(value, str | int | float | bool | None)
