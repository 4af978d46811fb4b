"""Files: whole or absent, whatever kills the writer; damage is noticed."""

import contextlib
import gzip
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import files_in, python

from rnnjax.errors import UserError
from rnnjax.results import (
    Chunks,
    Damaged,
    Part,
    atomic_write,
    check_npz,
    digest,
    has_json,
    pack,
    read_json,
    read_networks,
    read_npz,
    remove_tree,
    write_json,
    write_npz,
    write_text,
)

CONFIG = {"seed": 0, "data": {"label": "first", "sizes": [8000, 2000], "scale": 1.5}, "note": None}
EACH_BIT = [1 << bit for bit in range(8)]


@contextlib.contextmanager
def flipped(path: Path, position: int, mask: int) -> Iterator[None]:
    """The file with some bits of one byte turned over; sound again after the block."""
    with path.open("r+b", buffering=0) as file:
        file.seek(position)
        byte = file.read(1)[0]
        for value in (byte ^ mask, byte):
            file.seek(position)
            file.write(bytes([value]))
            if value != byte:
                yield


def verdict(part: Part, values: np.ndarray) -> str:
    """What reading the part says: damaged, the same values, or what must never be."""
    try:
        read = part.read()
    except Damaged:
        return "damaged"
    except Exception as error:
        return type(error).__name__
    same = read.dtype == values.dtype and np.array_equal(read, values)
    return "same" if same else f"WRONG: {read.shape} {read.dtype}"


def verdicts(part: Part, values: np.ndarray, changes: Iterable[tuple[int, int]]) -> dict[str, list[tuple[int, int]]]:
    """What is said of the part under each flip (position, mask), and under which flips."""
    said: dict[str, list[tuple[int, int]]] = {}
    for change in changes:
        with flipped(part.path, *change):
            said.setdefault(verdict(part, values), []).append(change)
    assert verdict(part, values) == "same"
    return said


def new_part(directory: Path, values: np.ndarray) -> Part:
    part = Part(directory / "parts" / "0000000000.npz", "0123456789abcdef pytorch_1/gru_2x4/ 0 3000")
    part.write(values)
    return part


# --- atomic_write ---------------------------------------------------------------------------------


def test_a_file_appears_only_when_the_block_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "file.bin"
    with atomic_write(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"
    assert files_in(tmp_path) == {"new/deep/file.bin"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
@pytest.mark.parametrize("old", [b"old and whole", None])
def test_a_block_that_raises_leaves_all_as_it_was(
    tmp_path: Path, error: type[BaseException], old: bytes | None
) -> None:
    path = tmp_path / "file.bin"
    if old is not None:
        path.write_bytes(old)
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"new" * 100_000)
        raise error
    assert (path.read_bytes() if path.exists() else None) == old
    assert files_in(tmp_path) == ({"file.bin"} if old else set())


@pytest.mark.parametrize(
    "write",
    [
        "write_text(path, 'new' * 100_000)",
        "write_npz(path, {'a': noise})",
        "write_npz(path, {'a': noise[:10], 'b': noise})",
        "write_npz(path, {'a': Chunks('float64', len(noise), [part])})",
    ],
)
def test_a_full_disk_is_an_os_error_and_the_old_file_stays(tmp_path: Path, write: str) -> None:
    code = f"""
        import resource, signal, sys
        from pathlib import Path
        import numpy as np
        from rnnjax.results import *
        path = Path(sys.argv[1])
        noise = np.random.default_rng(0).random(50_000)
        part = Part(path.with_name("part.npz"), "a part")
        part.write(noise)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            {write}
        except OSError as error:
            print(type(error).__name__, error.errno, flush=True)
    """
    path = tmp_path / "file"
    path.write_text("old and whole")
    with python(code, path) as writer:
        said, complained = writer.communicate()
    assert (said, complained) == ("OSError 27\n", "")  # EFBIG, and nothing that Python could not raise
    assert path.read_text() == "old and whole"
    assert files_in(tmp_path) == {"file", "part.npz"}


def test_a_part_that_is_damaged_stops_the_file_made_of_it(tmp_path: Path) -> None:
    parts = [Part(tmp_path / f"{i}.npz", f"part {i}") for i in range(3)]
    for part in parts:
        part.write(np.arange(10))
    parts[1].path.write_bytes(b"")
    result = tmp_path / "result.npz"
    result.write_text("old and whole")
    with pytest.raises(Damaged, match=r"1\.npz"):
        write_npz(result, {"counts": Chunks("int64", 30, parts)})
    assert result.read_text() == "old and whole"
    assert files_in(tmp_path) == {"0.npz", "1.npz", "2.npz", "result.npz"}


# --- JSON -----------------------------------------------------------------------------------------


def test_json_has_a_list_of_numbers_on_one_line(tmp_path: Path) -> None:
    value = {
        "accuracy": [[0.5, -1e-7, None], [True, 3]],
        "names": ["a", "[\n 1,\n 2\n]"],
        "none": [],
        "mixed": [1, "b"],
    }
    write_json(tmp_path / "summary.json", value)
    text = (tmp_path / "summary.json").read_text()
    assert json.loads(text) == value
    assert "  [0.5, -1e-07, null],\n  [true, 3]\n" in text and '  "a",\n' in text and "  1,\n" in text


def test_json_knows_no_nan_and_no_numpy(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    value = {
        "nan": float("nan"),
        "ends": (float("-inf"), float("inf"), np.float32("inf"), np.float64("nan")),
        "numpy": [np.int64(2**62), np.uint16(65_535), np.float32(0.5), np.bool_(True), np.str_("text")],
        "array": np.array([[1.5, np.nan], [np.inf, -2.0]]),
        "counts": np.arange(3, dtype=np.uint8),
        7: {"nested": [{"deep": np.nan}]},
        "own": [None, True, 3, 2.5, "β"],
    }
    write_json(path, value)

    def no_such(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert json.loads(path.read_text(), parse_constant=no_such) == {
        "nan": None,
        "ends": [None, None, None, None],
        "numpy": [2**62, 65_535, 0.5, True, "text"],
        "array": [[1.5, None], [None, -2.0]],
        "counts": [0, 1, 2],
        "7": {"nested": [{"deep": None}]},
        "own": [None, True, 3, 2.5, "β"],
    }
    assert read_json(path) == json.loads(path.read_text())


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"\xff\xfe\xff", b"{'a': 1}", b"{} {}"])
def test_what_is_no_json_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "summary.json"
    path.write_bytes(content)
    with pytest.raises(Damaged, match=r"summary\.json"):
        read_json(path)


def test_json_is_found_in_its_compressed_copy_if_it_is_not_there_itself(tmp_path: Path) -> None:
    path, value = tmp_path / "summary.json", {"accuracy": [[0.5, 0.25]] * 99}
    write_json(path, value)
    content = path.read_bytes()
    pack(path, tmp_path / "published")
    copy = tmp_path / "published" / path.name
    assert not copy.exists() and has_json(copy) and read_json(copy) == value
    packed = copy.with_name("summary.json.gz").read_bytes()
    assert gzip.decompress(packed) == content and len(packed) < len(content) / 5
    os.utime(path, (0, 0))  # of when, nothing is told
    pack(path, tmp_path / "again")
    assert (tmp_path / "again" / "summary.json.gz").read_bytes() == packed
    write_json(copy, {"own": 1})
    assert read_json(copy) == {"own": 1}


@pytest.mark.parametrize("content", [b"", b"{}", gzip.compress(b"{", mtime=0), gzip.compress(b"{}" * 99, mtime=0)[:-9]])
def test_a_compressed_copy_can_be_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "summary.json.gz").write_bytes(content)
    with pytest.raises(Damaged, match=r"summary\.json\.gz"):
        read_json(tmp_path / "summary.json")


def test_json_that_is_not_there_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "summary.json")


# --- .npz -----------------------------------------------------------------------------------------


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    path, rng = tmp_path / "result.npz", np.random.default_rng(0)
    arrays: dict[str, np.ndarray | Chunks] = {
        "pytorch_1/gru_2x4/counts": rng.integers(0, 2001, 70_000).astype(np.uint16),
        "pytorch_1/gru_2x4/histogram": rng.integers(0, 2**62, 2001),
        "nothing": np.zeros(0, np.int64),
        "number": np.array(2.5),
        "text": np.array("a name"),
        "cube": rng.random((3, 4, 5)).astype(np.float32),
        "transposed": rng.random((3, 4)).T,
        "big_endian": np.arange(5, dtype=">i4"),
        "special": np.array([np.nan, np.inf, -0.0]),
    }
    write_npz(path, arrays)
    assert check_npz(path) == set(arrays)
    mine = read_npz(path)
    with np.load(path) as theirs:  # readers need nothing but NumPy
        for read in (mine, theirs):
            assert set(read) == set(arrays)
            for name, array in arrays.items():
                assert isinstance(array, np.ndarray)
                assert read[name].dtype == array.dtype
                np.testing.assert_array_equal(read[name], array)


def test_only_the_named_arrays_are_read(tmp_path: Path) -> None:
    path = tmp_path / "result.npz"
    write_npz(path, {"a": np.arange(3), "b": np.arange(4)})
    assert list(read_npz(path, ["b"])) == ["b"]
    with pytest.raises(Damaged, match=r"result\.npz.*absent"):
        read_npz(path, ["a", "absent"])


def test_the_file_is_compressed(tmp_path: Path) -> None:
    path, counts = tmp_path / "result.npz", np.full(100_000, 1000, np.uint16)
    write_npz(path, {"counts": counts})
    with zipfile.ZipFile(path) as archive:
        assert [entry.compress_type for entry in archive.infolist()] == [zipfile.ZIP_DEFLATED]
    assert path.stat().st_size < counts.nbytes / 20


@pytest.mark.parametrize("lengths", [[], [0], [5], [3, 4, 1], [4096, 4096, 808], [70_000, 1]])
@pytest.mark.parametrize("dtype", ["uint16", "int64", "float32"])
def test_chunks_are_the_parts_one_after_another(tmp_path: Path, lengths: list[int], dtype: str) -> None:
    rng, path = np.random.default_rng(len(lengths)), tmp_path / "result.npz"
    parts, values = [], []
    for i, length in enumerate(lengths):
        parts.append(Part(tmp_path / f"{i}.npz", f"part {i}"))
        values.append(rng.integers(0, 2001, length))  # int64, to be stored as the chunks' type
        parts[-1].write(values[-1])
    chunks = Chunks(dtype, sum(lengths), parts)
    write_npz(path, {"before": np.arange(3), "counts": chunks, "after": np.arange(4)})
    read = read_npz(path)
    assert list(read) == ["before", "counts", "after"]
    assert read["counts"].dtype == dtype
    np.testing.assert_array_equal(read["counts"], np.concatenate([*values, np.zeros(0, np.int64)]))
    np.testing.assert_array_equal(read["after"], np.arange(4))
    assert check_npz(path) == set(read)


def test_a_part_comes_back_as_it_was(tmp_path: Path) -> None:
    values = np.array([0, 65_535, 3], np.uint16)
    part = new_part(tmp_path, values)
    read = part.read()
    assert read.dtype == np.uint16
    np.testing.assert_array_equal(read, values)


def test_a_part_that_is_not_there_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Part(tmp_path / "0.npz", "any").read()
    with pytest.raises(FileNotFoundError):
        check_npz(tmp_path / "0.npz")


@pytest.mark.parametrize(
    "identity",
    [
        "fingerprint rnn_2x2/ 0 20",
        "fingerprint rnn_2x2/ 0 100",
        "fingerprint rnn_2x2/ 0 1",
        "fingerprint gru_2x2/ 0 10",
        "other rnn_2x2/ 0 10",
        "",
    ],
)
def test_a_part_of_something_else_is_damaged(tmp_path: Path, identity: str) -> None:
    part = Part(tmp_path / "0.npz", "fingerprint rnn_2x2/ 0 10")
    Part(part.path, identity).write(np.arange(10))
    with pytest.raises(Damaged, match=r"0\.npz.*another"):
        part.read()


def test_every_flipped_bit_of_a_small_part_is_noticed_or_harmless(tmp_path: Path) -> None:
    values = np.array([3, 1, 4, 1, 5, 9, 2, 6, 1000, 1001], np.uint16)
    part = new_part(tmp_path, values)
    size = part.path.stat().st_size
    said = verdicts(part, values, [(i, mask) for i in range(size) for mask in (*EACH_BIT, 0xFF)])
    assert len(said.pop("damaged")) > size
    assert set(said) <= {"same"}, said


def test_flipped_bits_of_a_large_part_are_noticed_or_harmless(tmp_path: Path) -> None:
    """Beyond one buffer; and an array's own header says how many values there are to read."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**16, 3000).astype(np.uint16)  # nothing to compress: a flip is one value's
    part = new_part(tmp_path, values)
    size = part.path.stat().st_size
    head = [(i, mask) for i in range(200) for mask in EACH_BIT]
    rest = [(int(i), 1 << int(rng.integers(8))) for i in rng.integers(200, size, 300)]
    said = verdicts(part, values, head + rest)
    assert len(said.pop("damaged")) > 1200
    assert set(said) <= {"same"}, said


@pytest.mark.parametrize(("length", "step"), [(10, 1), (3000, 41)])
def test_a_truncated_part_is_damaged(tmp_path: Path, length: int, step: int) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, length).astype(np.uint16)
    part = new_part(tmp_path, values)
    raw = part.path.read_bytes()
    with part.path.open("r+b") as file:
        for size in [len(raw) - 1, *reversed(range(0, len(raw), step))]:
            file.truncate(size)
            assert verdict(part, values) == "damaged", size
            with pytest.raises(Damaged):
                check_npz(part.path)
    part.path.write_bytes(raw)
    assert verdict(part, values) == "same"


def test_a_file_of_another_kind_is_damaged(tmp_path: Path) -> None:
    part = new_part(tmp_path, np.arange(3))
    others = {name: tmp_path / name for name in ("text", "array", "pickled", "zip")}
    others["text"].write_text("no archive at all")
    with others["array"].open("wb") as file:
        np.save(file, np.arange(3))
    with others["pickled"].open("wb") as file:
        np.savez(file, values=np.array([{}], object), identity=np.array(part.identity))
    with zipfile.ZipFile(others["zip"], "w") as archive:
        archive.writestr("values.npy", b"no array")
        archive.writestr("identity.npy", b"no array")
    said = {name: verdict(part._replace(path=path), np.arange(3)) for name, path in others.items()}
    assert said == dict.fromkeys(others, "damaged")


def test_a_damaged_file_is_closed(tmp_path: Path) -> None:
    """At once, not when the garbage collector comes by, which warns of it; here the error keeps the frames alive."""
    path = tmp_path / "0.npz"
    path.write_bytes(b"PK\3\4 and no more")
    for read in (read_npz, check_npz):
        with pytest.raises(Damaged) as kept:
            read(path)
        assert str(path) not in {os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()}, kept


def test_check_npz_finds_every_change_of_the_contents(tmp_path: Path) -> None:
    """Flips everywhere in the entries; only padding, after which the same is read, may pass."""
    path = tmp_path / "result.npz"
    write_npz(path, {"counts": np.arange(200, dtype=np.uint16), "best": np.arange(5)})

    def contents() -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    raw, sound, noticed, missed = path.read_bytes(), contents(), 0, []
    assert check_npz(path) == {"counts", "best"}
    for i in range(raw.index(b"PK\1\2")):
        with flipped(path, i, 0xFF):
            try:
                names = check_npz(path)
            except Damaged:
                noticed += 1
            else:
                if names != {"counts", "best"} or contents() != sound:
                    missed.append(i)
    assert not missed
    assert noticed > 200


def test_check_npz_says_no_worse_than_damaged(tmp_path: Path) -> None:
    path, raised = tmp_path / "result.npz", {}
    write_npz(path, {"counts": np.arange(200, dtype=np.uint16), "best": np.arange(5)})
    raw = path.read_bytes()
    for i in [*range(60), *range(raw.index(b"PK\1\2"), len(raw))]:
        for mask in EACH_BIT:
            with flipped(path, i, mask):
                try:
                    check_npz(path)
                except Damaged:
                    pass
                except Exception as error:
                    raised[i, mask] = repr(error)
    assert not raised


# --- digest ---------------------------------------------------------------------------------------


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    turned = {"note": None, "data": dict(reversed(CONFIG["data"].items())), "seed": 0}  # type: ignore[attr-defined]
    assert list(turned) != list(CONFIG)
    assert digest(turned) == digest(CONFIG) == digest(json.loads(json.dumps(CONFIG)))
    assert len(digest(CONFIG)) == 16


def test_a_digest_is_the_same_in_another_process() -> None:
    """Python's own hash of a text differs from process to process."""
    code = f"from rnnjax.results import digest; print(digest({CONFIG!r}))"
    with python(code) as other:
        said, complained = other.communicate()
    assert (said.strip(), complained) == (digest(CONFIG), "")


def test_a_digest_tells_configs_apart() -> None:
    data: dict[str, Any] = CONFIG["data"]  # type: ignore[assignment]
    configs: list[dict[str, Any]] = [
        CONFIG,
        CONFIG | {"seed": 1},
        CONFIG | {"seed": "0"},
        CONFIG | {"note": ""},
        CONFIG | {"more": None},
        CONFIG | {"data": data | {"label": "count"}},
        CONFIG | {"data": data | {"sizes": [2000, 8000]}},
        CONFIG | {"data": data | {"scale": 1.5000000000000002}},
        {"seed": 0, "note": None, **data},
        {},
    ]
    assert len({digest(config) for config in configs}) == len(configs)


def test_a_tree_is_removed_once_and_again(tmp_path: Path) -> None:
    write_text(tmp_path / "parts" / "gru" / "0.npz", "old")
    write_text(tmp_path / "result.npz", "kept")
    for _ in range(2):
        remove_tree(tmp_path / "parts")
        assert files_in(tmp_path) == {"result.npz"}


def a_finished_run(workdir: Path) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    names = [f"CountII/{kind}gru_2x2/{which}" for kind in ("", "frozen/") for which in ("initial", "final", "correct")]
    arrays = {name: rng.normal(size=(42, 2, 3)).astype(np.float32) for name in names}
    write_npz(workdir / "result.npz", arrays)
    write_json(workdir / "config.json", CONFIG)
    return arrays


def test_networks_are_read_as_they_were_written_with_their_config(tmp_path: Path) -> None:
    arrays = a_finished_run(tmp_path)
    for name in ("CountII/gru_2x2", "CountII/frozen/gru_2x2"):
        found = read_networks(tmp_path, name)
        np.testing.assert_array_equal(found.initial, arrays[f"{name}/initial"])
        np.testing.assert_array_equal(found.final, arrays[f"{name}/final"])
        assert found.config == CONFIG and found.history is None


def test_networks_have_their_histories_where_the_run_kept_them(tmp_path: Path) -> None:
    history = np.arange(5 * 42 * 6, dtype=np.float32).reshape(5, 42, 2, 3)
    write_npz(tmp_path / "result.npz", a_finished_run(tmp_path) | {"CountII/gru_2x2/history": history})
    np.testing.assert_array_equal(read_networks(tmp_path, "CountII/gru_2x2").history, history)
    assert read_networks(tmp_path, "CountII/frozen/gru_2x2").history is None


def no_networks(workdir: Path, name: str = "CountII/gru_2x2") -> str:
    """The one line that says why."""
    with pytest.raises(UserError) as caught:
        read_networks(workdir, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_other_networks_are_refused_with_those_that_are_there(tmp_path: Path) -> None:
    a_finished_run(tmp_path)
    message = no_networks(tmp_path, "CountII/gru_2x4")
    assert message == f"{tmp_path} has no networks 'CountII/gru_2x4'; valid: CountII/frozen/gru_2x2, CountII/gru_2x2"
    # A folder of networks is no network.
    assert "valid: CountII/frozen" in no_networks(tmp_path, "CountII")


def test_of_very_many_networks_some_are_named(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", CONFIG)
    names = [f"XorI/gru_{d}x2/{stage}" for d in range(10, 40) for stage in ("initial", "final")]
    write_npz(tmp_path / "result.npz", {name: np.zeros(1) for name in names})
    message = no_networks(tmp_path)
    assert "XorI/gru_10x2" in message and "and 22 others" in message and message.count("XorI") == 8


def test_a_run_that_trained_nothing_has_no_networks(tmp_path: Path) -> None:
    write_json(tmp_path / "config.json", CONFIG)
    write_npz(tmp_path / "result.npz", {"pytorch_1/gru_2x2/counts": np.zeros(3)})
    assert no_networks(tmp_path).endswith("valid: none, it trained none")


@pytest.mark.parametrize("missing", ["config.json", "result.npz"])
def test_a_run_that_is_not_finished_has_no_networks(missing: str, tmp_path: Path) -> None:
    a_finished_run(tmp_path)
    (tmp_path / missing).unlink()
    assert no_networks(tmp_path) == f"no finished run is in {tmp_path}: {tmp_path / missing} is missing"


def test_networks_of_no_directory(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "")
    for workdir in (tmp_path / "nowhere", tmp_path / "file"):
        assert no_networks(workdir).startswith(f"no finished run is in {workdir}: {workdir / 'config.json'}")


def test_damage_to_networks_is_noticed_even_where_others_are_stored(tmp_path: Path) -> None:
    a_finished_run(tmp_path)
    path = tmp_path / "result.npz"
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        inside = [entry.header_offset + entry.compress_size // 2 for entry in archive.infolist()]
    assert len(inside) == 6
    for place in inside:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        assert str(path) in no_networks(tmp_path)
        path.write_bytes(whole[:place])
        assert str(path) in no_networks(tmp_path)
    path.write_bytes(whole)
    read_networks(tmp_path, "CountII/gru_2x2")
    (tmp_path / "config.json").write_text('{"seed": 0,')
    assert str(tmp_path / "config.json") in no_networks(tmp_path)
