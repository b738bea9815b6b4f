"""Who the client is and what it asked for, behind proxies that are trusted and others."""

import logging
from ipaddress import ip_address
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy

from server.config import Config
from server.http.budgets import address_of
from server.http.forwarded import (
    PEER,
    PREFIX,
    TRUSTED_PROXIES,
    ForwardedError,
    Original,
    TrustedProxies,
    has_forwarding_headers,
    restore_original,
)

INNER, OUTER, CLIENT, LIAR = "10.0.0.1", "10.0.7.2", "203.0.113.9", "198.51.100.66"
PROXIES = Config(trusted_proxies=("10.0.0.0/16", "2001:db8::1", "::1"))


def original(*headers: tuple[str, str], peer: str = INNER) -> Original:
    given = CIMultiDictProxy(CIMultiDict(headers))
    return TrustedProxies(PROXIES).original(ip_address(peer), given)


def forwarded_for(*values: str) -> list[tuple[str, str]]:
    return [("X-Forwarded-For", value) for value in values]


@pytest.mark.parametrize(
    ("values", "client"),
    [
        ([CLIENT], CLIENT),
        ([f"{LIAR}, {CLIENT}"], CLIENT),
        ([f"{LIAR},{INNER},{CLIENT}, {OUTER}"], CLIENT),
        ([LIAR, f" {CLIENT} ", OUTER], CLIENT),
        ([f"nonsense, {CLIENT}, {OUTER}"], CLIENT),
        ([f"{OUTER}, {INNER}"], OUTER),
        ([f"{CLIENT}:4711, {OUTER}:80"], CLIENT),
        (["[2001:db8:7::9]:4711, 2001:db8::1"], "2001:db8:7::9"),
        (["[2001:db8:7::9]"], "2001:db8:7::9"),
        (["::ffff:203.0.113.9, ::ffff:10.0.7.2"], CLIENT),
        ([], INNER),
        ([" ,, "], INNER),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(values: list[str], client: str) -> None:
    assert original(*forwarded_for(*values)).remote == client


@pytest.mark.parametrize(
    ("hops", "value", "believed"),
    [
        ([CLIENT], "new.example", "new.example"),
        ([CLIENT], "forged.example, new.example", "new.example"),
        ([CLIENT, OUTER], "forged.example, new.example, inner.example", "new.example"),
        ([CLIENT, OUTER], "new.example", "new.example"),
        ([], "forged.example, [::1]:8080", "[::1]:8080"),
    ],
)
def test_a_host_is_what_the_first_trusted_proxy_saw(
    hops: list[str], value: str, believed: str
) -> None:
    seen = original(("X-Forwarded-Host", value), *forwarded_for(", ".join(hops)))
    assert seen.host == believed


def test_scheme_and_prefix() -> None:
    assert original(("X-Forwarded-Proto", "HTTPS")).scheme == "https"
    assert original(("X-Forwarded-Proto", "wss")).scheme == "https"
    assert original(("X-Forwarded-Prefix", "/a/"), ("X-Forwarded-Prefix", "/b")).prefix == "/a/b"
    assert original(("X-Forwarded-Prefix", "/")).prefix == ""
    assert original() == Original(INNER, None, None, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("For", "unknown"),
        ("For", f"{CLIENT}, 10.0.0.256"),
        ("For", "localhost"),
        ("For", "<script>"),
        ("Proto", "javascript"),
        ("Host", "a b"),
        ("Host", "user@new.example"),
        ("Host", "new.example/path"),
        ("Host", "[::1"),
        ("Prefix", "pad"),
        ("Prefix", "/pad; Domain=evil.example"),
        ("Prefix", "//evil.example"),
    ],
)
def test_an_invalid_header_of_a_proxy_is_explained(name: str, value: str) -> None:
    with pytest.raises(ForwardedError, match=f"^The proxy's X-Forwarded-{name} "):
        original((f"X-Forwarded-{name}", value))


def request_from(peer: str, **headers: str) -> web.Request:
    app = web.Application()
    app[TRUSTED_PROXIES] = TrustedProxies(PROXIES)
    transport = Mock()
    transport.get_extra_info.side_effect = {"peername": (peer, 4711)}.get
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/d/notes", named, app=app, transport=transport)


async def handled(request: web.Request) -> web.Request:
    """Return the request that a handler gets."""
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response()

    await restore_original(request, handler)
    return seen[0]


CLAIMS = {
    "Host": "10.9.9.9:8080",
    "X_Forwarded_For": CLIENT,
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "notes.example",
    "X_Forwarded_Prefix": "/pad",
}


async def test_handlers_get_the_request_as_the_client_sent_it() -> None:
    request = await handled(request_from(f"::ffff:{INNER}", **CLAIMS))
    assert (request.remote, request.scheme, request.host) == (CLIENT, "https", "notes.example")
    assert (request[PEER], request[PREFIX]) == (INNER, "/pad")
    assert str(request.url) == "https://notes.example/d/notes"


async def test_claims_of_others_are_ignored_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    request = request_from(LIAR, **CLAIMS)
    for _ in range(2):
        seen = await handled(request)
        assert (seen.remote, seen.scheme, seen.host) == (LIAR, "http", "10.9.9.9:8080")
        assert seen[PEER] == LIAR
        assert PREFIX not in seen
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert LIAR in record.getMessage()
    assert "--trusted-proxies" in record.getMessage()


def test_the_log_does_not_grow_with_ever_new_peers(caplog: pytest.LogCaptureFixture) -> None:
    proxies = TrustedProxies(PROXIES)
    for number in range(1_000):
        proxies.note_ignored(str(number))
    assert 0 < len(caplog.records) <= 100


async def test_a_peer_without_claims_is_the_client() -> None:
    request = request_from(INNER, Host="notes.example")
    assert await handled(request) is request
    assert request[PEER] == INNER


async def test_an_invalid_claim_is_a_bad_request() -> None:
    with pytest.raises(web.HTTPBadRequest) as refused:
        await handled(request_from(INNER, X_Forwarded_For="unknown"))
    assert "'unknown', which is not an address" in str(refused.value.text)


@pytest.mark.parametrize(
    ("headers", "has_any"),
    [
        ({}, False),
        ({"Host": "notes.example", "Origin": "http://notes.example"}, False),
        ({"x-forwarded-for": CLIENT}, True),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"X-Real-IP": CLIENT}, True),
        ({"Forwarded": f"for={CLIENT}"}, True),
        ({"Via": "1.1 proxy"}, True),
    ],
)
def test_forwarding_headers_are_recognised(headers: dict[str, Any], has_any: bool) -> None:
    assert has_forwarding_headers(request_from(LIAR, **headers)) is has_any


@pytest.mark.parametrize(
    ("remote", "share"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_shares_are_counted_for(remote: str, share: str) -> None:
    assert address_of(request_from(remote)) == share
