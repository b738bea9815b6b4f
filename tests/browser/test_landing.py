"""The landing page, the accessible names of the editor page, and tabs."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.room import Room
from tests.browser.window import Window


async def test_new_document_opens_an_empty_one_that_takes_text(room: Room) -> None:
    ann = await room.window("Ann", "/")
    await ann.page.get_by_role("button", name="New document").click()
    await expect(ann.page).to_have_url(re.compile(r"/d/[a-z0-9]{16}$"))
    room.document = ann.page.url.rpartition("/")[2]
    assert await ann.settled() == ""
    await ann.focused()
    card = ann.page.get_by_role("region", name="You’re the only one here.")
    await expect(card.get_by_label("Link")).to_have_value(ann.page.url)
    await ann.types("The first words.")
    await expect(card).to_be_hidden()
    assert await room.agreed() == "The first words."
    await ann.page.goto(f"{ann.line.url}/d/{room.document}-2")
    assert await ann.settled() == ""
    await expect(card).to_be_hidden()  # it has been seen in this browser


async def test_a_name_is_answered_while_it_is_typed(room: Room) -> None:
    await room.begin("here already")
    ann = await room.window("Ann", "/")
    ann.excuses("404")  # the browser logs this answer as an error
    name = ann.page.get_by_label("Document name or link")
    answer = ann.page.locator("#answer")
    await name.fill("nobody-wrote-this-yet")
    await expect(answer).to_have_text("“nobody-wrote-this-yet” doesn’t exist yet.")
    await expect(ann.page.get_by_role("button", name="Create")).to_be_visible()
    await name.fill(room.document)
    await expect(answer).to_have_text(f"“{room.document}” already exists.")
    await ann.page.get_by_role("button", name="Open").click()
    await ann.reads("here already")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Notes", "Use lowercase letters only."),
        ("my notes", "Use hyphens instead of spaces."),
        ("../x", "Use only a–z, 0–9, dots, hyphens and underscores."),
        ("a..b", "Don’t use two dots in a row."),
        ("a.lock", "The name can’t end in .git or .lock."),
        ("a" * 65, "Use 64 characters or fewer."),
    ],
)
async def test_a_name_that_cannot_be_is_explained(room: Room, name: str, reason: str) -> None:
    ann = await room.window("Ann", "/")
    await ann.page.get_by_label("Document name or link").fill(name)
    await expect(ann.page.locator("#answer")).to_have_text(reason)
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.locator("#answer")).to_have_text(reason)
    assert ann.page.url == f"{ann.line.url}/"


async def test_the_nearest_name_is_offered_and_taken(room: Room) -> None:
    ann = await room.window("Ann", "/")
    ann.excuses("404")
    field = ann.page.get_by_label("Document name or link")
    await field.fill("Résumé (final)")
    await ann.page.get_by_role("button", name="Use “resume-final”").click()
    await expect(field).to_have_value("resume-final")
    await expect(field).to_be_focused()
    await expect(ann.page.locator("#answer")).to_have_text("“resume-final” doesn’t exist yet.")
    await expect(ann.page.get_by_role("button", name="Use")).to_have_count(0)
    await field.fill("会議")
    await expect(ann.page.locator("#answer")).to_contain_text("Use only a–z")
    await expect(ann.page.get_by_role("button", name="Use")).to_have_count(0)


async def test_while_the_server_is_slow_or_silent_the_page_says_so(room: Room) -> None:
    ann = await room.window("Ann", "/")
    ann.excuses("404", "ERR_FAILED")
    answering = asyncio.Event()
    reached = False

    async def answer(route: Route) -> None:
        await answering.wait()
        await (route.continue_() if reached else route.abort())

    await ann.page.route("**/api/**", answer)
    await ann.page.get_by_label("Document name or link").fill("not-yet")
    said = ann.page.locator("#answer")
    await expect(said).to_have_text("Looking for “not-yet”…")
    answering.set()
    await expect(said).to_have_text("Can’t reach the server. Retrying…")
    reached = True
    await expect(said).to_have_text("“not-yet” doesn’t exist yet.")


@pytest.mark.parametrize("has_scheme", [True, False])
async def test_a_link_opens_its_document(room: Room, has_scheme: bool) -> None:
    await room.begin("here already")
    ann = await room.window("Ann", "/")
    link = f"{ann.line.url}/d/{room.document}"
    field = ann.page.get_by_label("Document name or link")
    await field.fill(link if has_scheme else link.removeprefix("http://"))
    await expect(ann.page.locator("#answer")).to_be_empty()
    await expect(field).not_to_have_attribute("aria-invalid", "true")
    await ann.page.keyboard.press("Enter")
    await ann.page.wait_for_url(link)
    await ann.reads("here already")


async def test_who_can_open_a_document_is_said_until_there_is_an_answer(room: Room) -> None:
    ann = await room.window("Ann", "/")
    access = ann.page.get_by_text("Anyone who can reach this server can open and edit")
    await expect(access).to_be_visible()
    await ann.page.get_by_label("Document name or link").fill("My Notes")
    await expect(access).to_be_hidden()
    await ann.page.get_by_label("Document name or link").fill("")
    await expect(access).to_be_visible()


async def test_recent_documents_are_listed_and_can_be_forgotten(room: Room) -> None:
    await room.begin("\n# Minutes of *Monday*\n")
    ann = await room.enter("Ann")
    await ann.page.goto(f"{ann.line.url}/")
    recent = ann.page.get_by_role("region", name="Recent")
    title = recent.get_by_role("link").locator("span")
    await expect(title).to_have_text(["Minutes of *Monday*"])
    await expect(recent.get_by_role("link").locator("small")).to_have_text([room.document])
    time = recent.locator("time")
    await expect(time).to_have_text("just now")
    assert "20" in str(await time.get_attribute("title"))  # the year
    remove = "Remove Minutes of *Monday* from this list"
    await recent.get_by_role("button", name=remove, exact=True).click()
    await expect(recent.get_by_role("link")).to_have_count(0)
    await expect(recent).to_contain_text("Documents you open will appear here")
    await expect(recent.get_by_role("status")).to_contain_text("wasn’t deleted")
    await expect(recent.get_by_role("button", name="Undo")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await expect(title).to_have_text(["Minutes of *Monday*"])
    await expect(recent.get_by_role("link")).to_be_focused()
    await expect(recent.get_by_role("button", name="Undo")).to_be_hidden()


async def test_words_are_found_in_all_documents(room: Room) -> None:
    unique = room.document.upper()
    await room.begin(f"# The plan\n\nOne line.\nThe word {unique} is on this one.\n")
    bo = await room.window("Bo", "/")
    await bo.page.get_by_role("searchbox", name="Search all documents").fill(room.document)
    await bo.page.keyboard.press("Enter")
    await expect(bo.page.get_by_role("status")).to_have_text(f"“{room.document}” is in 1 document.")
    await expect(bo.page.get_by_role("link", name="The plan")).to_be_visible()
    line = bo.page.get_by_role("link", name=unique)
    await expect(line.locator("mark")).to_have_text(unique)
    await line.click()
    await expect(bo.page).to_have_url(f"{bo.line.url}/d/{room.document}#L4")
    await bo.reads(f"# The plan\n\nOne line.\nThe word {unique} is on this one.\n")


async def test_what_is_no_address_leads_on(room: Room) -> None:
    ann = await room.window("Ann", "/")
    ann.excuses("404")
    await ann.page.goto(f"{ann.line.url}/nowhere/at/all")
    await expect(ann.page.get_by_role("heading")).to_have_text("Page not found")
    await ann.page.goto(f"{ann.line.url}/d/{room.document.upper()}")
    await expect(ann.page.get_by_role("heading")).to_have_text("That name can’t be used")
    await ann.page.get_by_role("link", name="Open or create").click()
    await ann.page.wait_for_url(f"**/d/{room.document}")
    assert await ann.settled() == ""


async def test_the_page_has_the_title_of_the_text_before_any_script_runs(room: Room) -> None:
    await room.begin('\n# Fish & "chips"\n\nand more\n')
    ann = await room.window("Ann", "/")
    reply = await ann.context.request.get(f"{ann.line.url}/d/{room.document}")
    html = await reply.text()
    assert '<meta property="og:title" content="Fish &amp; &quot;chips&quot;">' in html
    assert "<title>Fish &amp; &quot;chips&quot; – GollabEdit</title>" in html
    reply = await ann.context.request.get(f"{ann.line.url}/d/{room.document}-2")
    assert '<meta property="og:title" content="Untitled">' in await reply.text()


async def test_a_second_window_is_somebody_else(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.page.get_by_role("button", name="Share").click()
    async with ann.context.expect_page() as opened:
        share = ann.page.get_by_role("region", name="Share")
        await share.get_by_role("button", name="Try it in a second window").click()
    second = room.watch(Window(await opened.value, ann.line))
    await second.settled()
    await second.text.focus()
    await second.types("from the second")
    await ann.reads("from the second")


async def test_the_device_shares_where_it_can(room: Room) -> None:
    ann = await room.window("Ann", "/")
    await ann.context.add_init_script(
        "navigator.share = async (it) => { window.shared = it; throw new Error('not now') }"
    )
    await ann.page.goto(f"{ann.line.url}/d/{room.document}")
    await ann.page.get_by_role("button", name="Share").click()
    await ann.page.get_by_role("button", name="Share via").click()
    link = f"{ann.line.url}/d/{room.document}"
    assert await ann.page.evaluate("window.shared") == {"title": room.document, "url": link}


async def test_a_duplicated_tab_is_a_client_of_its_own(room: Room) -> None:
    ann = await room.enter("Ann")
    await ann.types("first tab ")
    await ann.page.reload()
    await ann.settled()
    async with ann.context.expect_page() as opened:
        await ann.page.evaluate("() => { window.open(location.href) }")
    second = room.watch(Window(await opened.value, ann.line))
    await second.reads("first tab ")
    await second.goes_after("first tab ")
    await second.types("second tab")
    await ann.reads("first tab second tab")
    assert await room.agreed() == "first tab second tab"
    assert len(await room.branches("clients")) == 2


async def test_people_see_who_is_here_and_under_which_name(room: Room) -> None:
    ann, bo = await room.pair("one\ntwo\nthree\n")
    await expect(ann.faces).to_have_accessible_name("2 people here: Bo and you")
    await expect(bo.faces).to_have_accessible_name("2 people here: Ann and you")
    await bo.goes_after("two\n")
    await ann.faces.click()
    await expect(ann.people.get_by_role("button", name="Bo, line 3")).to_be_visible()
    await bo.renames_itself("Roberta")
    await expect(ann.faces).to_have_accessible_name("2 people here: Roberta and you")
    await ann.people.get_by_role("button", name="Roberta, line 3").click()
    await expect(ann.people).to_be_hidden()
    assert await ann.selected() == "one\ntwo\n|three\n"
    await ann.focused()
    await bo.page.close()
    room.windows.remove(bo)
    await expect(ann.people).not_to_contain_text("Roberta")
    await expect(ann.faces).to_be_hidden()


async def test_people_are_seen_on_their_lines_while_others_write_above_them(room: Room) -> None:
    ann, bo = await room.pair("one\ntwo\nthree\n")
    await bo.goes_after("two\n")
    await expect(ann.people.get_by_label("Bo, line 3")).to_be_attached()
    scribe = await room.enter("Scribe")
    bo.line.hold()  # so that he sends no new position
    await scribe.goes_before("one")
    await scribe.types("zero\n")
    await ann.reads("zero\none\ntwo\nthree\n")
    await expect(ann.people.get_by_label("Bo, line 4")).to_be_attached()
    bo.line.release()


async def test_the_link_and_the_command_that_are_shared_can_be_copied(room: Room) -> None:
    await room.begin("to be shared")
    ann = await room.enter("Ann")
    await ann.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await ann.page.get_by_role("button", name="Share").click()
    merged = "-c remote.origin.push=HEAD:refs/for/master"
    await ann.page.get_by_text("Work on it with Git").click()
    for button, text in (
        ("#copy-link", f"{ann.line.url}/d/{room.document}"),
        ("#copy-clone", f"git clone {ann.line.url}/{room.document}.git {merged}"),
    ):
        copy = ann.page.locator(button)
        await expect(copy).to_have_accessible_name(re.compile("^Copy (link|command)$"))
        await copy.click()
        await expect(copy).to_have_text("Copied")
        assert await ann.page.evaluate("navigator.clipboard.readText()") == text
    await ann.page.keyboard.press("Escape")
    await expect(ann.page.get_by_label("Clone command")).to_be_hidden()


async def test_everything_has_the_name_by_which_it_is_found(room: Room) -> None:
    ann, bo = await room.pair("Hello world!")
    page = bo.page
    for locator in (
        page.get_by_role("textbox", name="Document text", exact=True),
        page.get_by_role("button", name="2 people here: Ann and you", exact=True),
        page.get_by_role("button", name="Share"),
        page.get_by_role("button", name="You: Bo. Menu", exact=True),
        page.get_by_role("link", name="Home"),
    ):
        await expect(locator).to_be_visible()
    await bo.faces.click()
    await expect(page.get_by_role("list", name="2 people here")).to_be_visible()
    await expect(page.get_by_role("button", name="Hold their changes")).to_be_visible()
    await page.keyboard.press("Escape")
    await bo.text.focus()
    bo.line.hold()
    await ann.writes_over("world", "people")
    await ann.settled()
    await bo.writes_over("world", "friends")
    bo.line.release()
    await bo.opens_dialog()
    await names_of_the_dialog(page)


async def names_of_the_dialog(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="Which version should stay?", exact=True)
    assert await dialog.evaluate("element => element instanceof HTMLDialogElement")
    await expect(dialog.get_by_role("radio")).to_have_count(3)  # both would be no whole lines
    for choice, words in (
        ("Your version", "Hello [added] friends!"),
        ("Ann’s version", "Hello [added] people!"),
        ("Write something else", ""),
    ):
        radio = dialog.get_by_role("radio", name=choice, exact=True)
        await expect(radio).to_be_visible()
        await expect(radio).to_have_accessible_description(words)
    for button in ("Choose a version", "Decide later", "Close"):
        await expect(dialog.get_by_role("button", name=button, exact=True)).to_be_visible()
    await dialog.get_by_role("radio", name="Write something else").check()
    await expect(dialog.get_by_role("textbox", name="Your text", exact=True)).to_be_visible()
    await expect(dialog.get_by_role("button", name="Use this text", exact=True)).to_be_visible()
