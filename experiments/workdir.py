"""A working directory belongs to one run at a time, and to one config for good."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock

from experiments.places import check_folder
from rnnjax.errors import UserError
from rnnjax.results import TEMPORARY, Damaged, read_object, write_json


@contextlib.contextmanager
def own_workdir(path: Path, config: Mapping[str, Any]) -> Iterator[None]:
    """Make the directory, or take it over, for one run at a time; leave config.json in it.

    Args:
        path: the directory.
        config: what the run was asked to do, resolved, of JSON's types.

    Raises:
        UserError: it cannot be written, another run is at work in it, or it was made by another config.
        OSError: the disk is full.
    """
    check_folder(f"the working directory {path}", path)
    ours, lock = json.loads(json.dumps(config)), path / ".lock"
    if not lock.exists():  # nobody is at work: what is refused is left as it is, without a lock
        _check(path, ours)
    try:
        held = filelock.FileLock(lock).acquire(timeout=0)
    except filelock.Timeout:
        raise UserError(f"another run is at work in {path}; wait for it, or choose another --workdir") from None
    with held:
        _check(path, ours)
        if not (path / "config.json").exists():
            write_json(path / "config.json", ours)
        for leftover in path.rglob(f".*{TEMPORARY}"):
            if not _is_being_written(leftover):
                leftover.unlink(missing_ok=True)
        yield


def _is_being_written(temporary: Path) -> bool:
    """Whether the process that a temporary file is named after lives, which may share networks that lie here."""
    process = temporary.name.split(".")[-2]
    if os.name != "posix" or not process.isdigit() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


def _check(path: Path, ours: Any) -> None:
    """Refuse a directory that is not ours; what is in it is listed first, since its owner writes config.json first."""
    others = [e.name for e in path.iterdir() if e.name != ".lock" and not e.name.startswith(".config.json.")]
    file = path / "config.json"
    if file.exists():
        try:
            other = told_differences(read_object(file), ours)
        except Damaged as error:
            raise UserError(f"damaged: {error}; choose another --workdir or remove this one") from None
        if other:
            raise UserError(f"{path} was made by another config: {other}; choose another --workdir, or remove it")
    elif others:
        raise UserError(f"{path} is not empty and has no config.json; choose another --workdir")


class _Absent:
    """What a config does not have; equal to no value that it could have."""

    def __str__(self) -> str:
        return "absent"


_ABSENT = _Absent()


def differences(theirs: Any, ours: Any, name: str = "", absent: Any = _ABSENT) -> Iterator[tuple[str, Any, Any]]:
    """The fields in which two configs differ, with dots between names of sections, and the two values.

    Args:
        theirs: as JSON.
        ours: likewise.
        name: of what they are.
        absent: stands for what one of them does not have.
    """
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in dict.fromkeys([*theirs, *ours]):
            dotted = f"{name}.{key}" if name else key
            yield from differences(theirs.get(key, absent), ours.get(key, absent), dotted, absent)
    elif theirs != ours:
        yield name, theirs, ours


def told_differences(theirs: Any, ours: Any) -> str:
    """Likewise, as a message has them; empty if there are none."""
    return "; ".join(f"{name} is {one} there and {two} here" for name, one, two in differences(theirs, ours))
