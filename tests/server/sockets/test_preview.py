"""The empty document in which texts are shown, and its policy."""

from importlib.resources import files

import pytest

from tests.server.sockets.harness import Served


@pytest.mark.parametrize(
    ("query", "servers"),
    [
        ("", ""),
        ("?pictures=https://example.org", " https://example.org"),
        (
            "?pictures=https://example.org&pictures=http://pics.example.net:8080",
            " https://example.org http://pics.example.net:8080",
        ),
    ],
)
async def test_the_frame_runs_nothing_and_loads_pictures_that_were_asked_for(
    server: Served, query: str, servers: str
) -> None:
    async with server.http.get(f"{server.url}/preview{query}") as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        headers = response.headers
        policy = headers["Content-Security-Policy"]
        assert "<script" not in await response.text()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == f"data:{servers}"
    assert rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'self'"
    assert "script-src" not in rules
    assert "allow-scripts" not in rules["sandbox"]
    assert "allow-top-navigation" not in rules["sandbox"]
    page = files("web").joinpath("preview/page_frame.js").read_text("utf-8")
    assert f"const SANDBOX = '{rules['sandbox']}';" in page
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "server_of_pictures",
    [
        "*",
        "https:",
        "https://",
        "https://*.org",
        "javascript:x",
        "https://a.org;script-src *",
        "https://a.org script-src",
        "https://a.org/path",
        "https://A.org",
        "'self'",
        "https://a.org%0d%0aX: y",
    ],
)
async def test_nothing_else_gets_into_the_policy(server: Served, server_of_pictures: str) -> None:
    query = {"pictures": server_of_pictures}
    async with server.http.get(f"{server.url}/preview", params=query) as response:
        assert response.status == 400
        assert "at most 20 times" in await response.text()


async def test_many_servers_are_refused(server: Served) -> None:
    query = "&".join(f"pictures=https://{number}.org" for number in range(21))
    async with server.http.get(f"{server.url}/preview?{query}") as response:
        assert response.status == 400
