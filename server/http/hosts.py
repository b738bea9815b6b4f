"""The host names under which the server answers, against DNS rebinding.

A page of `evil.example` whose name is made to point at this machine after the page was loaded is of
the same origin as the server, for the browser. What gives it away is the `Host` that it sends. A
literal address cannot be rebound, so it is always answered.
"""

import logging
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from server.config import Config
from server.http.app_keys import HUB
from server.http.forwarded import address_in
from server.support.logs import Once

_log = logging.getLogger(__name__)

_REFUSED = (
    "This server does not answer to the name {name!a}. If that is a name of its own, add it to the"
    " setting --hosts.\n"
)


class HostCheck:
    """Decides for a name whether a request for it is answered.

    A server that only this machine reaches refuses unknown names; so does one with the setting
    `hosts`. Any other logs each unknown name once.
    """

    def __init__(self, config: Config) -> None:
        addresses = (urlsplit(each).hostname or "" for each in (*config.origins, config.url))
        own = ("localhost", config.host, *config.hosts, *addresses)
        self._names = {name.lower() for name in own if name}
        self._refuses = bool(config.hosts) or config.is_local
        self._logged = Once()

    def allows(self, host: str) -> bool:
        """Return whether to answer a request, given its `Host` header."""
        name = _name_in(host)
        if name in self._names or name.endswith(".localhost") or address_in(name):
            return True
        if self._logged.is_new(name):
            what = "refused" if self._refuses else "answered"
            _log.warning("%s a request for the unknown host %.255r; see --hosts", what, name)
        return not self._refuses


HOST_CHECK = web.AppKey("host_check", HostCheck)


@web.middleware
async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests for an unknown host name with 421.

    It is the name that the client used, also behind a trusted proxy. A request without one is for
    the address on which it arrived.
    """
    if not request.app[HOST_CHECK].allows(request.host):
        request.app[HUB].meters.refused("host")
        raise web.HTTPMisdirectedRequest(text=_REFUSED.format(name=_name_in(request.host)[:255]))
    return await handler(request)


def _name_in(host: str) -> str:
    """Return the name or address in a `Host` header, without the port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:  # such as an unmatched bracket
        return host.lower()
