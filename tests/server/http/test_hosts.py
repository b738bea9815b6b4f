"""Which host names a server answers to."""

import logging

import pytest

from server.config import Config
from server.http.hosts import HostCheck

HERE = Config()
EVERYWHERE = Config(host="0.0.0.0")
NAMED = Config(host="0.0.0.0", hosts=("Docs.Example",))
BEHIND = Config(origins=("https://wiki.example",))


ADDRESSES = ["127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "192.168.1.2", "[fe80::1]"]
LOCAL_NAMES = ["localhost", "localhost:8080", "LOCALHOST", "localhost.", "app.localhost:80"]
OTHER_NAMES = [
    "evil.example",
    "evil.example:8080",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "notlocalhost",
    "127.0.0.1@evil.example",
    "0x7f000001",
    "2130706433",
    "",
    ":8080",
    "[",
    "a b",
]


@pytest.mark.parametrize("host", ADDRESSES + LOCAL_NAMES)
@pytest.mark.parametrize("config", [HERE, EVERYWHERE, NAMED, BEHIND])
def test_no_page_can_rebind_these(config: Config, host: str) -> None:
    assert HostCheck(config).allows(host)


@pytest.mark.parametrize("host", OTHER_NAMES)
@pytest.mark.parametrize("config", [HERE, NAMED, BEHIND, Config(host="::1")])
def test_any_other_name_is_refused(config: Config, host: str) -> None:
    assert not HostCheck(config).allows(host)


def test_names_of_the_settings_are_answered() -> None:
    assert HostCheck(NAMED).allows("docs.example:443")
    assert HostCheck(BEHIND).allows("wiki.example")
    assert HostCheck(Config(host="pad.example")).allows("pad.example:8080")


def test_a_server_for_all_answers_an_unknown_name_and_logs_it_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check = HostCheck(EVERYWHERE)
    with caplog.at_level(logging.WARNING):
        assert all(check.allows("pad.example:8080") for _ in range(3))
        assert check.allows("other.example")
    assert [record.args for record in caplog.records] == [
        ("answered", "pad.example"),
        ("answered", "other.example"),
    ]


def test_the_log_does_not_grow_with_ever_new_names(caplog: pytest.LogCaptureFixture) -> None:
    check = HostCheck(HERE)
    for number in range(1_000):
        check.allows(f"{number}.example")
    assert 0 < len(caplog.records) <= 100
