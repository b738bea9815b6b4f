"""The pages from which people start: the landing page, the search, help and what is not found."""

import json
import time

from playwright.async_api import expect

from tests.browser.stage import LETTER, PLAIN, Scene, Stage
from tests.browser.window import Window


async def landing(stage: Stage) -> Window:
    return await stage.opens("/")


async def landing_with_recent_documents(stage: Stage) -> Window:
    bo = await stage.opens(PLAIN)
    names = ("notes", "summer-party", "k7m2p9qx4w8z3n5t", "minutes-of-the-meeting-" + "x" * 40)
    now = time.time() * 1000
    titles = ("Notes", "Summer party", "Runbook: database failover", "Minutes " + "x" * 52)
    recent = [
        {"name": name, "seen": now - age * 9e6, "title": title}
        for age, (name, title) in enumerate(zip(names, titles, strict=True))
    ]
    await bo.page.evaluate(
        "it => localStorage.setItem('gollabedit.recent', it)", json.dumps(recent)
    )
    await bo.page.goto(f"{bo.line.url}/")
    await expect(bo.page.get_by_role("listitem").get_by_role("link")).to_have_count(len(names))
    return bo


async def landing_with_one_removed(stage: Stage) -> Window:
    bo = await landing_with_recent_documents(stage)
    await bo.page.get_by_role("button", name="Remove Notes").click()
    return bo


async def search_with_results(stage: Stage) -> Window:
    words = f"the list {stage.room.document}"  # no other document has these
    await stage.room.begin(f"{LETTER}\nBring {words}, and what is on {words}.\n{words}\n")
    bo = await stage.opens(f"/search?q={words}")
    await expect(bo.page.get_by_role("link", name="Bring")).to_be_visible()
    return bo


async def search_without_results(stage: Stage) -> Window:
    bo = await stage.opens("/search?q=nowhere+to+be+found")
    await expect(bo.page.get_by_role("status")).to_contain_text("No document has")
    return bo


async def landing_with_a_name_that_cannot_be(stage: Stage) -> Window:
    bo = await stage.opens("/")
    await bo.page.get_by_label("Document name or link").fill("My Notes")
    return bo


async def landing_with_a_new_name(stage: Stage) -> Window:
    bo = await stage.opens("/")
    bo.excuses("404")  # the document does not exist
    await bo.page.get_by_label("Document name or link").fill("my-notes")
    await expect(bo.page.get_by_role("button", name="Create")).to_be_visible()
    return bo


async def not_found(stage: Stage) -> Window:
    return await _missing(stage, "/nowhere")


async def not_a_name(stage: Stage) -> Window:
    return await _missing(stage, "/d/Not a name")


async def _missing(stage: Stage, path: str) -> Window:
    bo = await stage.opens(PLAIN)
    bo.excuses("404")
    await bo.page.goto(bo.line.url + path)
    return bo


async def help_page(stage: Stage) -> Window:
    return await stage.opens("/help")


SCENES: tuple[Scene, ...] = (
    landing,
    landing_with_recent_documents,
    landing_with_one_removed,
    landing_with_a_name_that_cannot_be,
    landing_with_a_new_name,
    search_with_results,
    search_without_results,
    help_page,
    not_found,
    not_a_name,
)
