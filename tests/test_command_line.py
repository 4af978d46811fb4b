"""Flags: all that a command has are in its --help, those of other modules too."""

import sys

import pytest
from absl import flags

from experiments import command_line, landscape


def test_help_lists_what_other_modules_define(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["made_up.py"])
    named = "config", "workdir", "networks", "num_devices", "coordinator", "num_processes", "process_id", "replay"
    assert not any(f"--{name}:" in flags.FLAGS.main_module_help() for name in named)
    command_line.show_in_help()
    command_line.show_in_help(*landscape.EXPERIMENT.instead)
    assert all(f"--{name}:" in flags.FLAGS.main_module_help() for name in named)


def test_only_the_named_flags_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["another.py"])
    command_line.show_in_help("workdir")
    listed = flags.FLAGS.main_module_help()
    assert "--workdir:" in listed and "--config:" not in listed
