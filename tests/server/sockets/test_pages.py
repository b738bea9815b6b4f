"""The addresses that a browser or a script asks for, over a real socket."""

import pytest

from tests.server.sockets.harness import Serve, Served

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; font-src 'self'; frame-src 'self'; worker-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/d/notes", "text/html"),
        ("/d/notes/view", "text/html"),
        ("/d/a-name.that_does.not-exist", "text/html"),
        ("/static/replica/replica.js", "text/javascript"),
        ("/static/ui/style.css", "text/css"),
        ("/static/pages/favicon.svg", "image/svg+xml"),
        ("/static/pages/app.webmanifest", "application/manifest+json"),
        ("/service-worker.js", "text/javascript"),
        ("/kept.json", "application/json"),
    ],
)
async def test_pages_and_their_files_come_with_a_policy_and_an_etag(
    server: Served, path: str, kind: str
) -> None:
    async with server.http.get(server.url + path) as response:
        assert response.status == 200
        assert response.content_type == kind
        assert response.charset == "utf-8"
        assert response.headers["Content-Security-Policy"] == _POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert await response.text()
        etag = response.headers["ETag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        headers = {"If-None-Match": known}
        async with server.http.get(server.url + path, headers=headers) as response:
            assert response.status == 304
            assert response.headers["ETag"] == etag
            assert response.headers["Vary"] == "Accept-Encoding"
            assert response.headers["Cache-Control"].endswith("no-cache")
            assert await response.read() == b""
    async with server.http.get(server.url + path, headers={"If-None-Match": '"x"'}) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "path", ["/", "/d/No name", "/nowhere", "/metrics", "/api/documents", "/d/notes/raw", "/readyz"]
)
async def test_every_response_has_the_headers_that_protect(server: Served, path: str) -> None:
    async with server.http.get(server.url + path) as response:
        headers = dict(response.headers)
    assert headers["Content-Security-Policy"] == _POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Server"] == "GollabEdit", "without versions"


async def test_a_full_stop_behind_a_link_is_no_part_of_the_name(server: Served) -> None:
    url = f"{server.url}/d/notes."
    async with server.http.get(url, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "../d/notes")
    ann = await server.join(document="notes.")
    await ann.edit("one")
    async with server.http.get(url, allow_redirects=False) as response:
        assert response.status == 200, "unless a document has that name"


async def test_files_come_compressed_to_those_who_take_it(server: Served) -> None:
    url = f"{server.url}/static/pages/document.js"
    tags, bodies = set(), set()
    for accepted, encoding in (("gzip", "gzip"), ("gzip, br", "br"), ("identity", None)):
        headers = {"Accept-Encoding": accepted}
        async with server.http.get(url, headers=headers) as response:
            assert response.headers.get("Content-Encoding") == encoding
            assert response.headers["Vary"] == "Accept-Encoding"
            assert response.headers["Cache-Control"] == "no-cache"
            tags.add(response.headers["ETag"])
            bodies.add(await response.read())
    assert len(bodies) == 1
    assert len(tags) == 3
    # What a browser has in another encoding is not what it asks for now.
    for tag in tags:
        headers = {"Accept-Encoding": "gzip", "If-None-Match": tag}
        async with server.http.get(url, headers=headers) as response:
            assert response.status == (304 if "gzip" in tag else 200)


@pytest.mark.parametrize(
    ("path", "root", "words"),
    [
        ("/nowhere/at/all", "../../", "Page not found"),
        ("/notes", "./", 'href="./d/notes"'),
        ("/d/My%20Notes", "../", 'href="../d/my-notes"'),
        ("/d/%3Cscript%3E", "../", "That name can’t be used"),
    ],
)
async def test_a_person_reads_a_page_and_a_program_a_line(
    server: Served, path: str, root: str, words: str
) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    async with server.http.get(server.url + path, headers=browser) as response:
        assert response.status == 404
        assert response.content_type == "text/html"
        assert response.headers["Content-Security-Policy"] == _POLICY
        page = await response.text()
        assert words in page
        assert f'href="{root}"' in page
        assert f'src="{root}static/pages/scheme.js"' in page
        assert "<script>" not in page
        assert "$" not in page
    async with server.http.get(server.url + path) as response:
        assert response.status == 404
        assert response.content_type == "text/plain"


@pytest.mark.parametrize("path", ["/static/no.js", "/d/none/raw", "/notes.git/info/refs"])
async def test_what_is_no_page_stays_plain(server: Served, path: str) -> None:
    async with server.http.get(server.url + path, headers={"Accept": "text/html"}) as response:
        assert response.status in (403, 404)
        assert response.content_type == "text/plain"


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/no.js",
        "/static/__init__.py",
        "/static/../server/app.py",
        "/static/%2e%2e%2fserver%2fapp.py",
        "/static/..%2f..%2fetc%2fpasswd",
        "/d/",
        "/d/notes/",
        "/d/notes//other",
        "/secret",
        "/notes.git/config",
        "/notes.git/objects/info/packs",
    ],
)
async def test_there_is_nothing_else(server: Served, path: str) -> None:
    ann = await server.join()
    await ann.edit("one")
    async with server.http.get(server.url + path) as response:
        assert response.status in (403, 404)


async def test_no_page_takes_anything_but_get_and_head(server: Served) -> None:
    for path in ("/", "/d/notes", "/static/replica/replica.js", "/api/documents", "/healthz"):
        async with server.http.head(server.url + path) as response:
            assert response.status in (200, 404)
        for method in ("POST", "DELETE"):
            async with server.http.request(method, server.url + path) as response:
                assert response.status == 405


async def test_the_raw_text_is_exact_and_its_etag_is_the_revision(server: Served) -> None:
    ann = await server.join()
    text = "\ufeffGrüße 🦊\r\nline\r no newline at the end \t"
    await ann.edit(text)
    async with server.http.get(f"{server.url}/d/notes/raw") as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["ETag"] == f'"{ann.revision}"'
        assert await response.read() == text.encode()
    headers = {"If-None-Match": f'"{ann.revision}"'}
    async with server.http.get(f"{server.url}/d/notes/raw", headers=headers) as response:
        assert response.status == 304
    await ann.edit("new")
    async with server.http.get(f"{server.url}/d/notes/raw", headers=headers) as response:
        assert response.status == 200
        assert await response.text() == "new"


async def test_an_old_revision_is_still_there(server: Served) -> None:
    ann = await server.join()
    await ann.edit("one")
    old = ann.revision
    await ann.edit("two")
    async with server.http.get(f"{server.url}/d/notes/raw", params={"revision": old}) as response:
        assert response.status == 200
        assert response.headers["ETag"] == f'"{old}"'
        assert await response.text() == "one"


async def test_a_revision_that_is_none_is_not_found(server: Served) -> None:
    ann = await server.join()
    await ann.edit("one")
    blob = (await server.git_on_disk("rev-parse", "master:notes.txt")).strip()
    tree = (await server.git_on_disk("rev-parse", "master^{tree}")).strip()
    for revision in ("f" * 40, "master", "x", "é" * 40, "../" * 14, "+" * 40, blob, tree):
        parameters = {"revision": revision}
        async with server.http.get(f"{server.url}/d/notes/raw", params=parameters) as response:
            assert response.status == 404, revision


async def test_the_state_of_a_document(server: Served) -> None:
    async with server.http.get(f"{server.url}/api/documents/notes") as response:
        assert response.status == 404
        assert (await response.json())["error"]
    ann = await server.join()
    await ann.edit("one")
    async with server.http.get(f"{server.url}/api/documents/notes") as response:
        assert response.status == 200
        state = await response.json()
    assert state == {"document": "notes", "revision": ann.revision, "file": "notes.txt"}


async def test_health_and_readiness(serve: Serve) -> None:
    server = await serve()
    for path in ("/healthz", "/readyz"):
        async with server.http.get(server.url + path) as response:
            assert response.status == 200


async def test_a_look_at_a_document_leaves_nothing_on_disk(server: Served) -> None:
    before = sorted(path.name for path in server.folder.path.iterdir())
    ann = await server.join()
    bo = await server.join("Bo")
    await ann.sync()
    await ann.send(type="presence", base=ann.revision, anchor=0, head=0)
    assert (await bo.edit(""))["type"] == "merged"  # an edit that changes nothing
    for path in ("/d/notes", "/d/notes/raw", "/api/documents/notes"):
        async with server.http.get(server.url + path) as response:
            await response.read()
    url = f"{server.url}/notes.git/info/refs?service=git-upload-pack"
    async with server.http.get(url) as response:
        assert response.status == 404
    await ann.close()
    assert sorted(path.name for path in server.folder.path.iterdir()) == before
    await bo.edit("now it is written")
    assert (await server.repository()).is_dir()


async def test_a_server_that_lets_browsers_keep_nothing_has_no_service_worker(serve: Serve) -> None:
    server = await serve(offline="refused")
    for path in ("/service-worker.js", "/kept.json"):
        async with server.http.get(server.url + path) as response:
            assert response.status == 404
    async with server.http.get(f"{server.url}/d/notes") as response:
        assert '<meta name="owner" id="owner" content="">' in await response.text()
