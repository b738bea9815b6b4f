"""Documents in folders: their pages, links between them, and the tree on the start page."""

import pytest
from playwright.async_api import expect

from tests.browser.access import ALL, violations
from tests.browser.room import Room
from tests.browser.test_management import ask, raw


@pytest.mark.engines
async def test_a_page_in_a_folder_does_what_others_do(mortal: Room) -> None:
    mortal.document = "docs/plan.md"
    ann, bo = await mortal.pair("# Plan\n\nSee [b](b.md), [up](../top.md) and [other](/d/x/y).\n")
    await ann.goes_after("# Plan")
    await ann.types(" A")
    await bo.reads("# Plan A\n\nSee [b](b.md), [up](../top.md) and [other](/d/x/y).\n")
    await ann.page.get_by_role("button", name="Share").click()
    await ann.page.get_by_text("Git", exact=False).first.click()
    clone = ann.page.locator("#share-clone")
    assert f"git clone {ann.line.url}/docs/plan.md.git " in await clone.input_value()
    await ann.page.keyboard.press("Escape")

    await ann.page.keyboard.press("Control+e")
    page = ann.page.frame_locator("#sheet-frame iframe")
    for name, document in (("b", "docs/b.md"), ("up", "top.md"), ("other", "x/y")):
        link = page.get_by_role("link", name=name, exact=True)
        await expect(link).to_have_attribute("href", f"{ann.line.url}/d/{document}")
    await ann.page.evaluate("location.hash = 'history'")
    # What it still asks for when the page moves would fail.
    await expect(ann.page.locator("#past-changes")).to_be_visible()

    await ask(mortal, "PATCH", "documents/docs/plan.md", {"document": "team/a/plan.md"})
    mortal.document = "team/a/plan.md"
    await expect(bo.page).to_have_url(f"{bo.line.url}/d/team/a/plan.md")
    await bo.settled()
    await bo.goes_after("# Plan A")
    await bo.types("B")
    await bo.settled()
    assert (await raw(mortal, mortal.document)).startswith("# Plan AB\n")
    await bo.page.goto(f"{bo.line.url}/d/team/a/plan.md/view")
    page = bo.page.frame_locator("#sheet-frame iframe")
    await page.get_by_role("link", name="up").click()
    await expect(bo.page).to_have_url(f"{bo.line.url}/d/team/top.md/view")
    mortal.windows.remove(bo)


async def test_the_start_page_has_a_tree_of_folders(mortal: Room) -> None:
    for mortal.document in ("top", "docs/a/plan.md", "docs/notes"):
        await mortal.begin(f"of {mortal.document}\n")
    ann = await mortal.window("Ann", "/")
    ann.excuses("404")
    tree = ann.page.locator("#all-list")
    await ann.page.get_by_text("All documents", exact=True).click()
    await expect(tree.get_by_role("link")).to_have_text(["top"])
    folder = ann.page.get_by_text("docs/", exact=True)
    await folder.focus()
    await ann.page.keyboard.press("Enter")
    await expect(tree.get_by_role("link", name="notes")).to_be_visible()
    await ann.page.get_by_text("a/", exact=True).click()
    await expect(tree.get_by_role("link", name="plan.md")).to_be_visible()
    assert await violations(ann.page, ALL) == []
    await folder.focus()
    await ann.page.keyboard.press("Space")
    await expect(tree.get_by_role("link", name="notes")).to_be_hidden()
    await folder.click()

    await tree.get_by_role("button", name="New document here").first.click()
    field = ann.page.get_by_label("Document name or link")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("docs/")
    await field.press_sequentially("new one")
    await ann.page.get_by_role("button", name="Use “docs/new-one”").click()
    await ann.page.get_by_role("button", name="Create").click()
    await expect(ann.page).to_have_url(f"{ann.line.url}/d/docs/new-one")

    await ann.page.goto(f"{ann.line.url}/")
    await folder.click()
    await tree.get_by_role("link", name="Search here").first.click()
    words = ann.page.get_by_label("Search in docs/")
    await words.fill("of")
    await words.press("Enter")
    await expect(ann.page.get_by_role("heading", level=2)).to_have_text(
        ["of docs/a/plan.md", "of docs/notes"]
    )
    mortal.document = "top"


async def test_a_new_document_begins_with_a_template_or_with_another(mortal: Room) -> None:
    for mortal.document in ("templates/minutes.md", "docs/plan"):
        await mortal.begin(f"# {mortal.document}\n")
    ann = await mortal.enter("Ann")
    ann.excuses("404", "412")
    await ann.opens_menu()
    await ann.page.get_by_role("link", name="New from this one").click()
    field = ann.page.get_by_label("Document name or link")
    await expect(field).to_have_value("docs/")
    await expect(ann.page.get_by_label("Begin with")).to_have_value("docs/plan")
    await field.press_sequentially("plan-b")
    await ann.page.get_by_role("button", name="Create").click()
    await expect(ann.page).to_have_url(f"{ann.line.url}/d/docs/plan-b")
    await ann.reads("# docs/plan\n")

    await ann.page.goto(f"{ann.line.url}/")
    assert await violations(ann.page, ALL) == []
    await ann.page.get_by_label("Begin with").select_option("minutes.md")
    await ann.page.get_by_role("button", name="New document", exact=True).click()
    await ann.reads("# templates/minutes.md\n")
    await ann.page.goto(f"{ann.line.url}/")
    await ann.page.get_by_label("Begin with").select_option("minutes.md")
    await field.fill("docs/plan-b")
    await field.press("Enter")
    await ann.reads("# docs/plan\n")
    mortal.document = "docs/plan-b"
