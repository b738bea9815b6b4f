"""What people install: the wheel, and the files in docs/deploy."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

from server.cli.main import _parser
from server.config import Config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
UNITS = ("gollabedit.service", "gollabedit-backup.service", "gollabedit-backup.timer")


def test_the_wheel_has_the_packages_and_the_pages_and_nothing_else(tmp_path: Path) -> None:
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path))
    with ZipFile(wheel) as opened:
        found = {name for name in opened.namelist() if ".dist-info/" not in name}
    expected = {
        str(file.relative_to(ROOT))
        for package in ("server", "merge", "web")
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert found == expected
    assert {"web/pages/document.html", "web/ui/style.css"} <= found


@pytest.mark.parametrize("file", sorted(DEPLOY.iterdir()), ids=lambda file: file.name)
def test_the_settings_and_commands_of_a_file_exist(file: Path) -> None:
    text = file.read_text()
    settings = {f"GOLLABEDIT_{setting.name.upper()}" for setting in fields(Config)}
    assert set(re.findall(r"GOLLABEDIT_[A-Z_]+", text)) <= settings
    for command in re.findall(r"(?<!exec )\bgollabedit ((?:serve|backup|user) .*)", text):
        words = shlex.split(command, comments=True)
        assert _parser(words).parse_args(words).run


@pytest.mark.parametrize("name", ["compose.yaml", "compose-cluster.yaml"])
def test_the_files_that_compose_mounts_exist(name: str) -> None:
    mounted = re.findall(r"- (\.\.?/\S+?):", (DEPLOY / name).read_text())
    assert mounted
    assert all((DEPLOY / path).is_file() for path in mounted)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
def test_the_units_are_valid_and_closed(tmp_path: Path) -> None:
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/gollabedit/bin/gollabedit", sys.executable))
    paths = [str(tmp_path / name) for name in UNITS]
    verified = subprocess.run(
        ["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    limit = ("--offline=true", "--threshold=20")  # of 100; 96 without any line about security
    subprocess.run(
        ["systemd-analyze", "security", *limit, paths[0]], capture_output=True, check=True
    )
