"""The request as the client sent it, if trusted proxies have passed it on.

A proxy adds headers that name its client and the address that was asked for. Anybody can send such
headers, so they are believed only if the peer is in the setting `trusted_proxies`. Later middleware
and the handlers see the client's values in `request.remote`, `scheme` and `host`. Another node that
has passed the request on says all that by itself (`passing`).
"""

import logging
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import CIMultiDictProxy

from server.config import Config
from server.http.passing.original import ORIGINAL, original_of
from server.support.logs import Once

_log = logging.getLogger(__name__)

PEER = web.RequestKey("peer", str)  # the address that the connection comes from, as a proxy's
PREFIX = web.RequestKey("prefix", str)  # the path that a proxy has removed, such as /pad

_BELIEVED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto")
_SIGNS = (*_BELIEVED, "Forwarded", "Via", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-IP")
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_WITH_PORT = re.compile(r"\[(.*)\](?::\d+)?|([\d.]+):\d+")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~%-]+)*/?")

Address = IPv4Address | IPv6Address


class ForwardedError(ValueError):
    """A proxy has sent an invalid header; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Original:
    """What the client asked for; None where the proxies do not say."""

    remote: str
    scheme: str | None
    host: str | None
    prefix: str


class TrustedProxies:
    """The proxies of the setting `trusted_proxies`. Logs each other peer that claims to be one."""

    def __init__(self, config: Config) -> None:
        self._networks = config.proxies()
        self._logged = Once()

    def trusts(self, address: Address) -> bool:
        """Return whether an address is that of a trusted proxy."""
        return any(address in network for network in self._networks)

    def note_ignored(self, peer: str) -> None:
        """Log once that the headers of a peer are ignored."""
        if self._logged.is_new(peer):
            _log.warning(
                "ignored the X-Forwarded headers of %s; if it is your proxy, add it to"
                " --trusted-proxies",
                peer,
            )

    def original(self, peer: Address, headers: CIMultiDictProxy[str]) -> Original:
        """Return the client's request, from the headers of a trusted peer.

        The client is the last address in `X-Forwarded-For` that is no trusted proxy: everything
        before it may be forged. A list in another header has a value of each proxy.

        Raises:
            ForwardedError: a header is invalid.
        """
        hops = [*_values(headers, "X-Forwarded-For"), str(peer)]
        client, trusted = peer, 0
        for hop in reversed(hops):
            client = _hop_address(hop)
            if not self.trusts(client):
                break
            trusted += 1
        outermost = max(1, min(trusted, len(hops) - 1))  # of the proxies, from the end
        return Original(
            str(client),
            _scheme(_value_of(headers, "X-Forwarded-Proto", outermost)),
            _host(_value_of(headers, "X-Forwarded-Host", outermost)),
            "".join(map(_prefix, _values(headers, "X-Forwarded-Prefix"))),
        )


TRUSTED_PROXIES = web.AppKey("trusted_proxies", TrustedProxies)


@web.middleware
async def restore_original(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pass the request on as the client sent it to the first trusted proxy, or to another node."""
    passed = original_of(request)
    if passed is not None:
        request[ORIGINAL], request[PEER], request[PREFIX] = passed, passed.peer, passed.prefix
        return await handler(
            request.clone(remote=passed.remote, scheme=passed.scheme, host=passed.host)
        )
    peer = address_in(request.remote or "")
    request[PEER] = str(peer or request.remote or "")
    if not any(name in request.headers for name in _BELIEVED):
        return await handler(request)
    proxies = request.app[TRUSTED_PROXIES]
    if peer is None or not proxies.trusts(peer):
        proxies.note_ignored(request[PEER])
        return await handler(request)
    try:
        original = proxies.original(peer, request.headers)
    except ForwardedError as problem:
        raise web.HTTPBadRequest(text=f"{problem}\n") from None
    request[PREFIX] = original.prefix
    return await handler(
        request.clone(
            remote=original.remote,
            scheme=original.scheme or request.scheme,
            host=original.host or request.host,
        )
    )


def is_from_trusted_proxy(request: web.Request) -> bool:
    """Return whether a trusted proxy has sent a request, so that all its headers are believed."""
    peer = address_in(request[PEER])
    return peer is not None and request.app[TRUSTED_PROXIES].trusts(peer)


def has_forwarding_headers(request: web.Request) -> bool:
    """Return whether a request seems to have passed a proxy, trusted or not."""
    return any(name in request.headers for name in _SIGNS)


def address_in(text: str) -> Address | None:
    """Return an IP address; the IPv4 address if it is one written as IPv6. None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _hop_address(hop: str) -> Address:
    with_port = _WITH_PORT.fullmatch(hop)
    address = address_in(with_port[1] or with_port[2] if with_port else hop)
    if address is None:
        raise ForwardedError(f"The proxy's X-Forwarded-For has {hop!a}, which is not an address.")
    return address


def _values(headers: CIMultiDictProxy[str], name: str) -> list[str]:
    parts = ",".join(headers.getall(name, ())).split(",")
    return [part.strip() for part in parts if part.strip()]


def _value_of(headers: CIMultiDictProxy[str], name: str, proxy: int) -> str | None:
    """Return the value of a proxy, counted from the end; one value alone is that of all."""
    values = _values(headers, name)
    return values[-min(proxy, len(values))] if values else None


def _scheme(value: str | None) -> str | None:
    if value is None:
        return None
    if value.lower() not in _SCHEMES:
        raise ForwardedError(f"The proxy's X-Forwarded-Proto is {value!a}, not http or https.")
    return _SCHEMES[value.lower()]


def _host(value: str | None) -> str | None:
    if value is not None and not _HOST.fullmatch(value):
        raise ForwardedError(f"The proxy's X-Forwarded-Host is {value!a}, which is not a host.")
    return value


def _prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise ForwardedError(
            f"The proxy's X-Forwarded-Prefix is {value!a}, not a path such as /pad."
        )
    return value.rstrip("/")
