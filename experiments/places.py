"""Where something is to be written is tried first: nothing is computed for a place that cannot be."""

import itertools
import tempfile
from pathlib import Path

from rnnjax.errors import UserError


def check_folder(what: str, folder: Path) -> None:
    """Make a folder, and see that files can be written in it.

    Args:
        what: is to be written, such as "--output=out/table.csv".
        folder: where.

    Raises:
        UserError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        first = next(path for path in (folder, *folder.parents) if path.exists())
        why = f"{folder}: {error.strerror}" if first.is_dir() else f"{first} is a file"
        raise UserError(f"{what} cannot be written: {why}; valid: a place in a folder that can") from None


def check_file(flag: str, file: Path) -> None:
    """See that a file can be written.

    Raises:
        UserError: it cannot, or there is something that is no file: it would be replaced by one.
    """
    check_folder(f"--{flag}={file}", file.parent)
    if file.is_dir():
        raise UserError(f"--{flag}={file} is a folder; valid: a file in it")
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise UserError(f"--{flag}={file} is a link, device or pipe; valid: a file, or a name that nothing has")


def set_aside(path: Path) -> Path:
    """Give a file that another version made a name of its own, which is returned: x.npz becomes x.old1.npz."""
    names = (path.with_name(f"{path.stem}.old{number}{path.suffix}") for number in itertools.count(1))
    kept = next(name for name in names if not name.exists())
    path.rename(kept)
    return kept
