"""The settings: one table for options, environment and docs."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import pytest

from server import config
from server.config import Config, SettingError

_ALL = ("all", "0.0.0.0/0", "::/0")
_UNLIMITED = (
    "trusted_proxies must name your proxies, not {}: what is named can pretend to be any client"
)
_NO_PROXY = (
    "trusted_proxies must be addresses and networks, such as 127.0.0.1,10.1.0.0/16:"
    " 'proxy.example' does not appear to be an IPv4 or IPv6 network"
)
_PATHS = ("pad", "/pad/", "/", "/a b", "/a/../b", "//evil.example", "/{pad}")
_NEEDS_DATABASE = (
    "journal_password_file and journal_needs_standby need the setting journal to begin with"
    " postgresql://"
)
_JOURNAL = "journal must be sqlite or direct, or begin with postgresql://"
_NO_PATH = "base_path must be a path such as /pad, without / at its end, not {}"

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def settings(arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Config:
    parser = ArgumentParser()
    config.add_options(parser)
    return config.read(parser.parse_args(arguments), environment or {})


def test_without_anything_the_defaults_hold() -> None:
    assert settings() == Config()


def test_the_environment_counts_and_the_command_line_wins() -> None:
    environment = {"GOLLABEDIT_PORT": "9000", "GOLLABEDIT_DATA": "/srv/docs"}
    assert settings((), environment) == Config(port=9000, data=Path("/srv/docs"))
    assert settings(("--port", "9001"), environment).port == 9001


@pytest.mark.parametrize("name", [setting.name for setting in fields(Config)])
def test_every_setting_is_an_option_and_a_variable(name: str) -> None:
    value = {
        "access": "closed",
        "budgets": "all",
        "creating": "refused",
        "journal": "direct",
        "journal_needs_standby": "yes",
        "cache_bytes_max": "1000000",
        "log_level": "debug",
        "log_format": "json",
        "node_url": "http://10.0.0.2:8080",
        "mirror_branches": "versions",
        "offline": "refused",
        "pages": "readable",
        "source_url": "https://example.org/source",
        "url": "https://notes.example.org",
        "push_rewrites": "refused",
        "origins": "https://a.example, https://b.example",
        "trusted_proxies": "127.0.0.1, 10.1.0.0/16, 2001:db8::/32",
        "base_path": "/pad",
        "mirror": "git@host:notes/{document}.git, todo=/backup/todo.git",
    }.get(name, "7")
    others = {
        "user_header": ("trusted_proxies",),
        "groups_header": ("trusted_proxies", "user_header"),
    }
    needed = dict.fromkeys(others.get(name, ()), "10.0.0.1")
    if name.startswith(("journal_", "node_")):
        needed["journal"] = "postgresql:///notes"
    option = settings(("--" + name.replace("_", "-"), value), _variables(needed))
    assert option == settings((), _variables({**needed, name: value}))
    assert option != Config()
    assert type(getattr(option, name)) is type(getattr(Config(data=Path("data")), name))


def _variables(values: Mapping[str, str]) -> dict[str, str]:
    return {f"GOLLABEDIT_{name.upper()}": value for name, value in values.items()}


@pytest.mark.parametrize(
    "option", ["--disk-free-bytes-min", "--document-disk-bytes-max", "--data-bytes-max"]
)
def test_a_limit_of_the_disk_can_be_switched_off(option: str) -> None:
    settings((option, "0"))
    with pytest.raises(SettingError, match="must be positive, not -1"):
        settings((option, "-1"))


@pytest.mark.parametrize("url", ["http://10.0.0.2:8080", "https://a.example", "http://[::1]:80"])
def test_the_url_of_a_node_is_an_address(url: str) -> None:
    journal = ("--journal", "postgresql:///notes")
    assert settings((*journal, "--node-url", url)).node_url == url
    for bad in (f"{url}/", f"{url}/pad", f"{url}?a", f"{url}:x", "http://", f"http://u@{url[7:]}"):
        with pytest.raises(SettingError, match="node_url must be an address without a path"):
            settings((*journal, "--node-url", bad))
    with pytest.raises(SettingError, match="node_url must begin with https:// or http://"):
        settings((*journal, "--node-url", "10.0.0.2:8080"))
    with pytest.raises(SettingError, match="node_url needs the setting journal"):
        settings(("--node-url", url))


def test_several_origins_are_separated_by_commas() -> None:
    assert settings(("--origins", "https://a.example, https://b.example,")).origins == (
        "https://a.example",
        "https://b.example",
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--port", "http", "--port must be a whole number, not 'http'"),
        ("--mirror-as", "a..b", "mirror_as must be the name of a branch, not 'a..b'"),
        ("--port", "70000", "port must be at most 65535, not 70000"),
        ("--port", "-1", "port must be positive, not -1"),
        ("--threads", "0", "threads must be positive, not 0"),
        ("--threads", "1.5", "--threads must be a whole number, not '1.5'"),
        ("--hello-wait-s", "soon", "--hello-wait-s must be a number, not 'soon'"),
        ("--hello-wait-s", "nan", "hello_wait_s must be positive, not nan"),
        ("--hello-wait-s", "inf", "hello_wait_s must be positive, not inf"),
        ("--journal", "paper", f"{_JOURNAL}, not 'paper'"),
        ("--journal", "mysql://ann:secret@host/x", f"{_JOURNAL}, not a URL of another kind"),
        ("--journal-password-file", "/run/secrets/database", _NEEDS_DATABASE),
        (
            "--mirror",
            "a=/x, b=/x",
            "mirror '/x' cannot hold both a and b: each would overwrite the other",
        ),
        (
            "--user-header",
            "Remote-User",
            "user_header needs trusted_proxies: the addresses of the proxies that send it",
        ),
        ("--groups-header", "Remote-Groups", "groups_header needs user_header"),
        ("--mirror", "a..b=/x", "mirror: no document can have the name 'a..b'"),
        (
            "--source-url",
            "javascript:x",
            "source_url must begin with https:// or http://, not 'javascript:x'",
        ),
        *(("--trusted-proxies", f"127.0.0.1, {every}", _UNLIMITED.format(every)) for every in _ALL),
        ("--trusted-proxies", "proxy.example", _NO_PROXY),
        *(("--base-path", path, _NO_PATH.format(repr(path))) for path in _PATHS),
        (
            "--log-level",
            "loud",
            "log_level must be one of debug, info, warning, error, not 'loud'",
        ),
    ],
)
def test_a_value_that_cannot_be_is_one_clear_line(option: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingError) as refused:
        settings((option, value))
    assert str(refused.value) == sentence


def test_a_wrong_variable_is_named_as_such() -> None:
    with pytest.raises(SettingError, match=r"^GOLLABEDIT_PORT must be a whole number, not ''$"):
        settings((), {"GOLLABEDIT_PORT": ""})


def test_the_page_about_settings_is_the_table() -> None:
    assert PAGE.read_text() == config.markdown(), "run `gollabedit settings > docs/settings.md`"


def test_an_option_that_is_no_or_yes_needs_no_value() -> None:
    journal = ("--journal", "postgresql:///notes")
    assert settings(("--journal-needs-standby", *journal)).journal_needs_standby == "yes"
    assert settings(("--journal-needs-standby", "no", *journal)).journal_needs_standby == "no"


def test_the_settings_do_not_show_a_password() -> None:
    assert "secret" not in repr(settings(("--journal", "postgresql://ann:secret@host/notes")))
