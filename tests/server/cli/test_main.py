"""The command line: help, and known errors as one line."""

import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from server import config
from server.cli.main import main
from server.storage.data_folder import DataFolder

Printed = pytest.CaptureFixture[str]


def fails(printed: Printed, *arguments: str) -> str:
    """Run a command that ends with exit code 2; returns its one line."""
    assert main(arguments) == 2
    out, said = printed.readouterr()
    assert out == ""
    assert said.startswith("gollabedit: ")
    assert said.count("\n") == 1
    return said


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_help_has_examples(arguments: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "examples:" in said
    assert "git clone http://localhost:8080/notes.git" in said


def test_the_help_of_serve_names_every_setting_with_its_default(capsys: Printed) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "--port PORT port to listen on; 0 picks a free one (default: 8080)" in said
    assert "--branch-keep-s" in said
    assert "GOLLABEDIT_WRITE_WAIT_S" in said


@pytest.mark.parametrize("arguments", [[], ["fly"], ["serve", "--fly"]])
def test_an_unknown_command_says_what_there_is(arguments: list[str], capsys: Printed) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: gollabedit" in capsys.readouterr().err


def test_version(capsys: Printed) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == version("gollabedit") + "\n"


def test_the_settings_are_printed_as_a_page(capsys: Printed) -> None:
    assert main(["settings"]) == 0
    assert capsys.readouterr().out == config.markdown()


def test_a_wrong_setting_is_one_line(capsys: Printed) -> None:
    assert "whole number" in fails(capsys, "serve", "--port", "http")


def test_a_taken_port_is_one_line(tmp_path: Path, capsys: Printed) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = fails(capsys, "serve", "--port", port, "--data", str(tmp_path))
    assert f"port {port} is taken" in said
    assert "--port" in said
    with DataFolder(tmp_path):
        pass  # it is free again


def test_an_address_that_is_not_here_is_one_line(tmp_path: Path, capsys: Printed) -> None:
    said = fails(capsys, "serve", "--host", "203.0.113.1", "--port", "0", "--data", str(tmp_path))
    assert "cannot listen on 203.0.113.1:0" in said


def test_a_folder_that_is_served_already_is_one_line(tmp_path: Path, capsys: Printed) -> None:
    with DataFolder(tmp_path):
        said = fails(capsys, "serve", "--port", "0", "--data", str(tmp_path))
    assert "another gollabedit is serving" in said
