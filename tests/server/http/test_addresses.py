"""Addresses relative to a request's own, with and without a base path."""

from urllib.parse import urljoin

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.config import Config
from server.http.addresses import cookie_path, path_in, relative, root_of
from server.http.app_keys import CONFIG
from server.http.forwarded import PREFIX


def request_for(path: str, base_path: str = "", prefix: str | None = None) -> web.Request:
    app = web.Application()
    app[CONFIG] = Config(base_path=base_path)
    request = make_mocked_request("GET", path, app=app)
    if prefix is not None:
        request[PREFIX] = prefix
    return request


@pytest.mark.parametrize("path", ["/", "/help", "/d/notes", "/d/a%2Fb", "/d/", "/a/b/c?d=/e/f"])
def test_a_relative_address_is_right_wherever_the_server_is(path: str) -> None:
    plain = request_for(path)
    below = request_for(f"/a/pad{path}", "/a/pad")
    assert path_in(below) == path_in(plain) == path.partition("?")[0]
    for request in (plain, below):
        target = relative(request, "/d/plans/raw?revision=1")
        assert urljoin(path, root_of(request)) == "/"
        assert urljoin(f"/x/y{path}", root_of(request)) == "/x/y/", "a proxy has removed /x/y"
        assert urljoin(f"/a/pad{path}", target) == "/a/pad/d/plans/raw?revision=1"


@pytest.mark.parametrize("path", ["/a/pad", "/a", "/", "/a/padding", "/d/notes"])
def test_outside_the_base_path_addresses_lead_into_it(path: str) -> None:
    assert urljoin(path, root_of(request_for(path, "/a/pad"))) == "/a/pad/"


@pytest.mark.parametrize(
    ("base_path", "prefix", "path"),
    [
        ("", None, "/"),
        ("", "", "/"),
        ("", "/pad", "/pad"),
        ("/pad", None, "/pad"),
        ("/pad", "/pad", "/pad"),
        ("/pad", "/a", "/a/pad"),
        ("/pad", "/a/pad", "/a/pad"),
    ],
)
def test_cookies_are_for_what_the_client_sees(
    base_path: str, prefix: str | None, path: str
) -> None:
    assert cookie_path(request_for("/d/notes", base_path, prefix)) == path
