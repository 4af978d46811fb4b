"""What a run leaves behind: files that are whole or absent, parts that prove themselves.

Every file is written under a temporary name, flushed to the disk and renamed, so a killed run leaves
no half file under a real name. Arrays lie in .npz files, whose CRCs are checked when they are read.
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from rnnjax.errors import UserError

TEMPORARY = ".tmp"  # how the name of a file that is being written ends
# A list of numbers as json.dumps indents it; within strings line breaks are escaped.
_NUMBER = r"(?:-?\d[\d.eE+-]*|null|true|false)"
_NUMBERS = re.compile(rf"\[\n\s+({_NUMBER}(?:,\n\s+{_NUMBER})*)\n\s+\]")


class Damaged(Exception):
    """A file that is there but cannot be what was written; the message names it and says why."""


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears under its name when the block ends without an error, and only then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic_write(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON that people can read, a list of numbers on one line; NaN and infinities become null."""
    text = json.dumps(_finite(value), indent=1, allow_nan=False)
    write_text(path, _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n")


def read_json(path: Path) -> Any:
    """The file's value; if it is not there, that of its compressed copy (pack).

    Raises:
        Damaged: it is no JSON.
        FileNotFoundError: there is neither.
    """
    packed = _packed(path)
    try:
        if packed.exists() and not path.exists():
            path = packed  # which messages name
            return json.loads(gzip.decompress(path.read_bytes()))
        return json.loads(path.read_text())
    except (ValueError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Damaged(f"{path}: {error}") from None


def read_object(path: Path) -> dict[str, Any]:
    """As read_json, of a file that has an object.

    Raises:
        Damaged: it is something else, or no JSON.
        FileNotFoundError: there is neither.
    """
    found = read_json(path)
    if not isinstance(found, dict):
        raise Damaged(f"{path}: it is no JSON object")
    return found


def has_json(path: Path) -> bool:
    """Whether read_json finds a file."""
    return path.exists() or _packed(path).exists()


def pack(path: Path, folder: Path) -> None:
    """Copy a file into a folder, compressed, with ".gz" behind its name; the same bytes of the same content."""
    with atomic_write(_packed(folder / path.name)) as file:
        file.write(gzip.compress(path.read_bytes(), mtime=0))


def write_npz(path: Path, arrays: Mapping[str, "np.ndarray | Chunks"]) -> None:
    """Write arrays that numpy.load reads, compressed, whole or not at all."""
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            # By name, not by a ZipInfo, which would bring a compression of its own: none.
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                _write_array(entry, array)


def read_npz(path: Path, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """The named arrays, or all.

    Raises:
        Damaged: the file is truncated, corrupted, or lacks a name.
        FileNotFoundError: there is none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if names is None:
                names = [name.removesuffix(".npy") for name in archive.namelist()]
            # read() goes to the entry's end and so checks its CRC before the bytes mean anything.
            entries = ((name, io.BytesIO(archive.read(f"{name}.npy"))) for name in names)
            return {name: np.lib.format.read_array(entry, allow_pickle=False) for name, entry in entries}
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, OSError, RuntimeError) as error:
        raise Damaged(f"{path}: {error}") from None


def check_npz(path: Path) -> set[str]:
    """Read the whole file once, in little memory, for its CRCs; the names of its arrays.

    Raises:
        Damaged: the file is truncated or corrupted.
        FileNotFoundError: there is none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            bad, names = archive.testzip(), archive.namelist()
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise Damaged(f"{path}: {error}") from None
    if bad is not None:
        raise Damaged(f"{path}: bad CRC-32 for {bad}")
    return {name.removesuffix(".npy") for name in names}


class Part(NamedTuple):
    """A piece of a result on the disk, bound to what it is a piece of."""

    path: Path
    identity: str  # config, array, start and stop: a part of another run is not taken for this one

    def write(self, values: np.ndarray) -> None:
        """Write a piece of one array."""
        self.write_arrays({"values": values})

    def read(self) -> np.ndarray:
        """The values; raises as read_arrays does."""
        return self.read_arrays()["values"]

    def write_arrays(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Write several arrays, of any names but "identity"."""
        write_npz(self.path, {**arrays, "identity": np.array(self.identity)})

    def read_arrays(self) -> dict[str, np.ndarray]:
        """The arrays.

        Raises:
            Damaged: truncated, corrupted, or a part of something else.
            FileNotFoundError: not computed yet.
        """
        stored = read_npz(self.path)
        if str(stored.pop("identity", None)) != self.identity:
            raise Damaged(f"{self.path}: it belongs to another run or place")
        return stored


class Chunks(NamedTuple):
    """A 1-D array of which no more than a part is ever in memory."""

    dtype: str
    length: int
    parts: Sequence[Part]


def digest(config: Mapping[str, Any]) -> str:
    """A short fingerprint of a config."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


class Networks(NamedTuple):
    """Trained networks as a run left them; without Adam's moments: training on from them starts with none."""

    initial: np.ndarray  # [P, R, S] float32: R draws, S seeds (parameters.flatten)
    final: np.ndarray  # likewise
    config: dict[str, Any]  # what the run was asked to do
    history: np.ndarray | None = None  # [E + 1, P, R, S], the start and after each epoch, if config.training.history


def read_networks(workdir: Path, name: str) -> Networks:
    """The networks of one condition of a training experiment, with their config.

    Args:
        workdir: the run's.
        name: the condition's folder in result.npz, such as "CountII/gru_2x4".

    Raises:
        UserError: no such directory, no such condition there, a damaged file, or one that no training experiment wrote.
    """
    try:
        config = read_json(workdir / "config.json")
        names = check_npz(workdir / "result.npz")
        starts, ends = ({each[: -len(end)] for each in names if each.endswith(end)} for end in ("/initial", "/final"))
        valid = sorted(starts & ends)
        if name not in valid:
            shown = ", ".join(valid[:8]) + (f" and {len(valid) - 8} others" if len(valid) > 8 else "")
            raise UserError(f"{workdir} has no networks {name!r}; valid: {shown or 'none, it trained none'}")
        wanted = [f"{name}/{stage}" for stage in ("initial", "final", "history")]
        stored = read_npz(workdir / "result.npz", [each for each in wanted if each in names])
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"no finished run is in {workdir}: {error.filename} is missing") from None
    except Damaged as error:
        raise UserError(str(error)) from None
    for stage, dimensions in (("initial", 3), ("final", 3), ("history", 4)):
        array = stored.get(f"{name}/{stage}")
        if array is not None and (array.ndim != dimensions or array.dtype != np.float32):
            raise UserError(
                f"{workdir / 'result.npz'}: {name}/{stage} is an array {array.shape} of {array.dtype}; networks have"
                f" {dimensions} dimensions of float32"
            )
    return Networks(stored[f"{name}/initial"], stored[f"{name}/final"], config, stored.get(f"{name}/history"))


def remove_tree(path: Path) -> None:
    """Remove a directory if it is there."""
    if path.exists():
        shutil.rmtree(path)


def _packed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def _write_array(entry: IO[bytes], array: np.ndarray | Chunks) -> None:
    if isinstance(array, np.ndarray):
        np.lib.format.write_array(entry, array, allow_pickle=False)
        return
    dtype = np.dtype(array.dtype)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (array.length,)}
    np.lib.format.write_array_header_1_0(entry, header)
    for part in array.parts:
        entry.write(part.read().astype(dtype).tobytes())


def _finite(value: Any) -> Any:
    """Of JSON's own types throughout."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
