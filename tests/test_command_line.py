"""What --help says: all flags of a command, those that other modules define too."""

import pytest
from forked import python

from experiments.command_line import OF_EXPERIMENTS


@pytest.mark.parametrize(
    ("module", "listed", "other"),
    [
        ("landscape", (*OF_EXPERIMENTS, "replay"), ()),
        ("gate_variants", OF_EXPERIMENTS, ("replay",)),
        ("reproduce", ("preset", "workdir", "networks", "num_devices"), ("config", "coordinator")),
        ("calibration_of_report", ("into", "workdir"), ("config", "networks")),
    ],
)
def test_help_lists_the_flags_of_a_command_and_no_others(
    module: str, listed: tuple[str, ...], other: tuple[str, ...]
) -> None:
    done = python("-m", f"experiments.{module}", "--help")
    assert all(f"  --{name}: " in done.stdout for name in listed), done.stdout + done.stderr
    assert not any(f"  --{name}: " in done.stdout for name in other)
