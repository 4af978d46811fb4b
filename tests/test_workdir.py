"""A working directory has one owner, and one config."""

from pathlib import Path
from typing import Any

import pytest
from processes import files_in, python, wait_for

from experiments.workdir import own_workdir
from rnnjax.errors import UserError
from rnnjax.results import read_json, write_text

CONFIG = {"seed": 0, "data": {"label": "first", "sizes": [8000, 2000], "scale": 1.5}, "note": None}

OWNER = """
    import sys
    from pathlib import Path
    from experiments.workdir import own_workdir
    with own_workdir(Path(sys.argv[1]), {"seed": 0}):
        print("owned", flush=True)
        sys.stdin.read()
"""


def refusal(directory: Path, config: dict[str, Any]) -> str:
    """The message with which the directory is refused: one line."""
    with pytest.raises(UserError) as refused, own_workdir(directory, config):
        pass
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_a_new_directory_is_made_and_says_its_config(tmp_path: Path) -> None:
    with own_workdir(tmp_path / "results" / "landscape", CONFIG | {"pair": (1, 2)}):
        assert read_json(tmp_path / "results/landscape/config.json") == CONFIG | {"pair": [1, 2]}


def test_the_same_config_comes_back_to_what_is_there(tmp_path: Path) -> None:
    with own_workdir(tmp_path, CONFIG | {"pair": (1, 2)}):
        write_text(tmp_path / "log.txt", "first")
    before = (tmp_path / "config.json").read_bytes()
    for pair in ((1, 2), [1, 2]):
        with own_workdir(tmp_path, {"pair": pair, **dict(reversed(CONFIG.items()))}):
            assert files_in(tmp_path) == {"config.json", "log.txt"}
    assert (tmp_path / "config.json").read_bytes() == before
    assert (tmp_path / "log.txt").read_text() == "first"


def test_a_second_owner_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with python(OWNER, tmp_path) as owner:
        wait_for(owner, "owned")
        before = files_in(tmp_path)
        for config in ({"seed": 0}, {"seed": 1}):
            message = refusal(tmp_path, config)
            assert str(tmp_path) in message
            assert "another run" in message
        assert files_in(tmp_path) == before
        owner.communicate()  # its input ends, and it leaves in good order
        assert owner.returncode == 0
    with own_workdir(tmp_path, {"seed": 0}):
        assert "another run" in refusal(tmp_path, {"seed": 0})  # within one process too


def test_a_second_owner_touches_nothing_of_the_first(tmp_path: Path) -> None:
    """A half-written file of the first is no leftover."""
    with python(OWNER, tmp_path) as owner:
        wait_for(owner, "owned")
        half = tmp_path / f".result.npz.{owner.pid}.tmp"
        half.write_text("half")
        refusal(tmp_path, {"seed": 0})
        assert half.exists()


def test_a_killed_owner_holds_nothing(tmp_path: Path) -> None:
    with python(OWNER, tmp_path) as owner:
        wait_for(owner, "owned")
        owner.kill()
        assert owner.wait() == -9
    with own_workdir(tmp_path, {"seed": 0}):
        pass


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_run_that_fails_gives_the_directory_back(tmp_path: Path, error: type[BaseException]) -> None:
    """At once, though the error that is under way keeps the frames alive."""
    with pytest.raises(error) as kept, own_workdir(tmp_path, CONFIG):
        raise error
    with own_workdir(tmp_path, CONFIG):
        assert kept.type is error


def test_another_config_is_refused_with_every_difference(tmp_path: Path) -> None:
    with own_workdir(tmp_path, CONFIG):
        pass
    other = {"seed": 7, "data": {"label": "count", "sizes": [8000, 2001], "scale": 1.5, "extra": "new"}}
    message = refusal(tmp_path, other)
    assert str(tmp_path) in message
    differences = message.split(": ", 1)[1].rsplit("; choose", 1)[0].split("; ")
    assert sorted(differences) == [
        "data.extra is absent there and new here",
        "data.label is first there and count here",
        "data.sizes is [8000, 2000] there and [8000, 2001] here",
        "note is None there and absent here",
        "seed is 0 there and 7 here",
    ]
    with own_workdir(tmp_path, CONFIG):  # what was refused neither keeps the lock nor changed the config
        assert read_json(tmp_path / "config.json") == CONFIG


def test_a_section_in_a_value_s_place_is_refused(tmp_path: Path) -> None:
    with own_workdir(tmp_path, CONFIG):
        pass
    message = refusal(tmp_path, CONFIG | {"data": 3})
    assert "data is {'label': 'first'" in message
    assert "and 3 here" in message


def test_a_field_without_a_value_is_no_absent_field(tmp_path: Path) -> None:
    with own_workdir(tmp_path, {"seed": 0, "note": "absent"}):
        pass
    assert "note" in refusal(tmp_path, {"seed": 0})


@pytest.mark.parametrize("content", [b"", b'{"seed": 0', b"\xff\xff", b"[1]", b"3"])
def test_a_damaged_config_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    with own_workdir(tmp_path, CONFIG):
        pass
    (tmp_path / "config.json").write_bytes(content)
    message = refusal(tmp_path, CONFIG)
    assert message.startswith(f"damaged: {tmp_path / 'config.json'}: ") and "sizes" not in message
    assert (tmp_path / "config.json").read_bytes() == content


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    message = refusal(tmp_path, CONFIG)
    assert str(tmp_path) in message
    assert "not empty" in message
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]  # and no lock


@pytest.mark.parametrize("content", ['{"seed": 7}', "[1]"])
def test_a_refused_config_s_directory_gets_no_lock(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    refusal(tmp_path, CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


@pytest.mark.parametrize("below", [".", "work", "two/deep"])
def test_a_file_in_a_directory_s_place_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    assert f"cannot be written: {tmp_path / 'file'} is a file" in refusal(tmp_path / "file" / below, CONFIG)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_refused_directory_loses_nothing(tmp_path: Path) -> None:
    """Given a wrong --workdir, such as a home, nothing of it may be taken for a leftover."""
    mine = ["thesis.tex", ".draft.tmp", "mail/.unsent.tmp"]
    for name in mine:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    refusal(tmp_path, CONFIG)
    assert files_in(tmp_path) == set(mine)


def test_a_run_killed_at_its_very_start_can_begin_again(tmp_path: Path) -> None:
    """Killed before config.json had its name: the lock and a half file are all there is."""
    code = """
        import os, signal, sys
        from pathlib import Path
        from experiments.workdir import own_workdir
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
        with own_workdir(Path(sys.argv[1]), {"seed": 0}):
            pass
    """
    with python(code, tmp_path) as killed:
        assert killed.wait() == -9
    (leftover,) = files_in(tmp_path)
    assert leftover.startswith(".config.json")
    with own_workdir(tmp_path, {"seed": 0}):
        assert files_in(tmp_path) == {"config.json"}


def test_a_killed_writer_leaves_the_old_file_and_the_next_owner_clears_up(tmp_path: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from rnnjax.results import atomic_write
        with atomic_write(Path(sys.argv[1])) as file:
            file.write(b"new" * 100_000)
            file.flush()
            print("writing", flush=True)
            sys.stdin.read()
    """
    config_file, paths = {"config.json"}, [tmp_path / "result.npz", tmp_path / "parts" / "gru" / "0.npz"]
    with own_workdir(tmp_path, CONFIG):
        for path in paths:
            write_text(path, "old and whole")
    for path in paths:
        with python(code, path) as writer:
            wait_for(writer, "writing")
            writer.kill()
            assert writer.wait() == -9
    names = {"result.npz", "parts/gru/0.npz"}
    assert [path.read_text() for path in paths] == ["old and whole"] * 2
    assert len(files_in(tmp_path) - config_file - names) == 2  # what the killed ones left behind
    with own_workdir(tmp_path, CONFIG):
        assert files_in(tmp_path) == config_file | names
    assert [path.read_text() for path in paths] == ["old and whole"] * 2


def test_what_a_living_process_writes_is_no_leftover(tmp_path: Path) -> None:
    """Networks that two runs share may lie in the directory of one of them."""
    code = "import sys; print('alive', flush=True); sys.stdin.read()"
    with python(code) as other:
        wait_for(other, "alive")
        half = tmp_path / "networks" / f".draw_0.npz.{other.pid}.tmp"
        with own_workdir(tmp_path, CONFIG):
            write_text(half, "half")
        for gone in (False, True):
            if gone:
                other.communicate()
            with own_workdir(tmp_path, CONFIG):
                assert half.exists() is not gone
