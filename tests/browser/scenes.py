"""Every state of the pages, for `screenshots` and `test_access`."""

import json
import re
import time

from playwright.async_api import expect

from tests.browser.stage import LETTER, Scene, Stage
from tests.browser.window import Window

_PARAGRAPH = (
    "The hall has room for sixty people at most, the doors to the garden stay open, and whoever"
    " comes by bicycle is asked to leave it in the yard and not in the hallway, where the"
    " fire brigade wants to see nothing at all."
)
_PLAIN = "/healthz"  # costs little to load, where a page needs something of its origin beforehand
_ONE = ("Saturday", "Sunday", "Friday evening")
_TWO = ("Jo and the band, from eight", "Jo alone, from nine", "records, from seven")


# --- the landing page


async def landing(stage: Stage) -> Window:
    return await stage.opens("/")


async def landing_with_recent_documents(stage: Stage) -> Window:
    bo = await stage.opens(_PLAIN)
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
    bo = await stage.opens(_PLAIN)
    bo.excuses("404")
    await bo.page.goto(bo.line.url + path)
    return bo


# --- a document


async def document_empty(stage: Stage) -> Window:
    return await stage.enters()


async def help_page(stage: Stage) -> Window:
    return await stage.opens("/help")


async def document_of_a_guest_who_is_asked(stage: Stage) -> Window:
    """A guest is not alone: who they are, and a question for their name."""
    await stage.room.begin(LETTER)
    guest = await stage.enters("Guest 412")
    await stage.joins("Ann")
    await expect(guest.page.get_by_role("form", name="Your name")).to_contain_text("Ann joined.")
    return guest


async def document_with_two_who_type(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await stage.stands(await stage.joins("Ann"), "Drinks")
    await bo.goes_after("who has a trailer?")
    await bo.page.keyboard.insert_text(" Bo, from noon on.")
    await bo.settled()
    await expect(bo.people).to_contain_text("line 7")
    return bo


async def document_with_people_in_the_text(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.goes_after("who has a trailer?")
    await stage.selects(await stage.joins("Ann"), "Saturday, in the yard behind number 12. Bring a")
    await stage.stands(await stage.joins("Chloé"), "Sam, who")
    await stage.stands(await stage.joins("Dmitri"), "If it rains")
    await stage.stands(await stage.joins("مريم"), "If it rains")
    await stage.stands(await stage.joins("Guest 412"), "Dear")
    await expect(bo.people.locator("li")).to_have_count(6)
    # In a small window only some of the people are in view.
    await expect(bo.page.locator("#overlay .caret:visible").first).to_be_visible()
    return bo


async def document_with_many_people(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    long_name = "Wilhelmina Featherstonehaugh-Cholmondeley of Marjoribanks House"
    for name in ("Ann", "Chloé", "小林", "Dmitri", "Guest 412", "Guest 97", "مريم", long_name):
        await stage.stands(await stage.joins(name), "Music")
    await expect(bo.people.locator("li")).to_have_count(9)
    await expect(bo.people.get_by_label("House, line 6")).to_be_attached()
    return bo


async def document_with_the_list_of_people(stage: Stage) -> Window:
    bo = await document_with_many_people(stage)
    await bo.faces.click()
    return bo


async def document_while_paused(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    ann = await stage.joins("Ann")
    await bo.faces.click()
    await bo.page.get_by_role("button", name="Hold their changes").click()
    await bo.page.keyboard.press("Escape")
    await ann.edit(LETTER.replace("Saturday", "Sunday"))
    await expect(bo.status).to_have_text("On hold · 1")
    return bo


async def document_with_menu(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.opens_menu()
    return bo


async def document_while_renaming(stage: Stage) -> Window:
    bo = await document_with_menu(stage)
    await bo.page.get_by_role("button", name="Change name").click()
    return bo


async def document_with_shortcuts(stage: Stage) -> Window:
    bo = await document_with_menu(stage)
    await bo.page.get_by_role("button", name="Keyboard shortcuts").click()
    return bo


async def document_while_sharing(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.page.get_by_role("button", name="Share").click()
    return bo


async def document_with_settings(stage: Stage) -> Window:
    bo = await document_with_menu(stage)
    await bo.page.get_by_role("button", name="Settings", exact=True).click()
    return bo


async def document_in_large_letters_without_wrapping(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.opens(_PLAIN)
    chosen = json.dumps({"font": "proportional", "size": "huge", "wrap": False})
    await bo.page.evaluate("it => localStorage.setItem('gollabedit.settings', it)", chosen)
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}")
    await bo.settled()
    return bo


async def document_with_words_found(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.page.keyboard.press("Control+Alt+F")
    await bo.page.get_by_role("button", name="Regular expression").click()
    await bo.page.get_by_label("Find", exact=True).fill(r"\bt?he\w*")
    await expect(bo.page.locator("#find-count")).to_contain_text("1 of")
    return bo


async def document_with_line_numbers(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {_PARAGRAPH}" for n in range(1, 60)))
    bo = await stage.opens(_PLAIN)
    chosen = json.dumps({"lines": True, "authors": True})
    await bo.page.evaluate("it => localStorage.setItem('gollabedit.settings', it)", chosen)
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}#L99-L101")
    await bo.settled()
    await expect(bo.page.locator("#overlay .linked")).to_be_visible()
    await expect(bo.page.locator("#overlay .number").first).to_be_visible()
    return bo


async def document_while_going_to_a_line(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.page.keyboard.press("Control+Alt+G")
    await bo.page.get_by_role("textbox", name="Line number").fill("12:5")
    await bo.page.get_by_role("button", name="Go").click()
    await expect(bo.page.locator("#line-problem")).not_to_be_empty()
    return bo


async def document_on_paper(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {_PARAGRAPH}" for n in range(1, 6)))
    bo = await stage.enters()
    await bo.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await bo.page.emulate_media(media="print")
    return bo


async def document_long_and_scrolled(stage: Stage) -> Window:
    await stage.room.begin("\n\n".join(f"{n}. {_PARAGRAPH}" for n in range(1, 60)))
    bo = await stage.enters()
    await bo.goes_after("40. The hall")
    await bo.types("s")
    await bo.settled()
    return bo


# --- its history


async def history(stage: Stage) -> Window:
    """A named version, with a change of each kind."""
    await stage.room.begin(LETTER)
    await stage.names("First draft")
    ann = await stage.joins("Ann")
    text = LETTER.replace("Saturday", "Sunday").replace("If it rains we meet in the hall.\n", "")
    await ann.edit(text)
    await ann.edit(text.replace("- Music", "- Food: everybody\n- Music"))
    await stage.names("Sent to the board", note="As discussed on the phone")
    await ann.edit(ann.text.replace("forty", "sixty"))
    return await stage.looks_back("/sent-to-the-board")


async def history_of_all_versions(stage: Stage) -> Window:
    """On a phone their list is a sheet."""
    bo = await history(stage)
    sheet = bo.page.get_by_role("button", name="Versions")
    if await sheet.is_visible():
        await sheet.click()
    return bo


async def history_of_two_versions(stage: Stage) -> Window:
    bo = await history(stage)
    await bo.page.get_by_label("Compared with").select_option("now")
    await expect(bo.page.locator("#past-title")).to_contain_text("to now")
    await bo.page.get_by_role("button", name="Bring this back").click()
    await expect(bo.page.locator("#past-note")).to_contain_text("Everyone sees it")
    return bo


async def history_while_played(stage: Stage) -> Window:
    bo = await history(stage)
    await bo.page.get_by_role("button", name="Play").click()
    await bo.page.get_by_role("slider", name="Time within the version").press("End")
    return bo


async def history_while_naming(stage: Stage) -> Window:
    bo = await history_of_all_versions(stage)
    await bo.page.get_by_role("button", name="Change name or note").click()
    return bo


async def history_while_restoring(stage: Stage) -> Window:
    bo = await history(stage)
    await bo.page.get_by_role("button", name="Restore this version").click()
    return bo


# --- when something is wrong


# --- a text as a page


_MINUTES = """\
# Minutes of the party committee

Present: **Ann**, *Bo* and ~~Cy~~. See [the plan](plan.md), [the hall](https://hall.example.org) and
[below](#decisions); the script is `party.py`.

![The yard behind number 12](https://maps.example.org/yard.png)

## To do

- [x] Ask Jo
  - [ ] and the band, from eight
- [ ] Find a trailer

> If it rains we meet in the hall.

## Decisions

| what | who | when |
|------|:---:|-----:|
| Music | Jo | 20:00 |
| Drinks | Sam | 18:00 |

1. Everybody brings a chair.
2. <mark>Nobody</mark> parks in the yard, press <kbd>Esc</kbd>.

### The list

```python
guests = [it for it in neighbours if it.comes]
```

<details><summary>Older minutes</summary>

None *yet*.

</details>
"""


async def preview(stage: Stage) -> Window:
    await stage.room.begin(_MINUTES)
    bo = await stage.enters()
    await bo.page.keyboard.press("Control+e")
    await _shows_minutes(bo)
    return bo


async def preview_with_outline_while_moving_the_divider(stage: Stage) -> Window:
    bo = await preview(stage)
    await bo.page.get_by_text("Outline", exact=True).click()
    divider = bo.page.get_by_role("separator")
    if await divider.is_visible():
        await divider.press("ArrowLeft")
    return bo


async def read_view(stage: Stage) -> Window:
    await stage.room.begin(_MINUTES)
    bo = await stage.opens(f"/d/{stage.room.document}/view")
    await _shows_minutes(bo)
    return bo


async def read_view_of_a_guest(stage: Stage) -> Window:
    await stage.room.begin(_MINUTES)
    link = await stage.closed.makes_link(stage.room.document, "view")
    guest = await stage.opens(link, "Guest 7")
    await _shows_minutes(guest)
    return guest


async def _shows_minutes(window: Window) -> None:
    page = window.page.frame_locator("#sheet-frame iframe")
    await expect(page.get_by_text("Older minutes")).to_be_attached()
    await expect(window.page.get_by_role("button", name="Load pictures")).to_be_visible()


async def slow(stage: Stage) -> Window:
    bo = await stage.enters()
    bo.line.hold()
    await bo.page.keyboard.insert_text("typed and not yet there")
    await expect(bo.status).to_have_text("Saving…")
    return bo


async def offline(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    bo.loses_connection()
    await bo.goes_after("in the hall.")
    await bo.page.keyboard.insert_text(" Bring cake.")
    await expect(bo.notice).to_contain_text("Reconnecting in")
    return bo


async def started_offline(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    return await stage.starts_offline()


async def landing_offline(stage: Stage) -> Window:
    bo = await started_offline(stage)
    await bo.page.get_by_role("link", name="Home").click()
    await expect(bo.page.get_by_role("link", name="Dear neighbours")).to_be_visible()
    return bo


async def not_kept(stage: Stage) -> Window:
    bo = await started_offline(stage)
    await bo.page.goto(f"{bo.line.url}/d/another-document")
    await expect(bo.page.get_by_role("link", name="Dear neighbours")).to_be_visible()
    return bo


async def too_large(stage: Stage) -> Window:
    bo = await stage.enters()
    await bo.page.keyboard.insert_text("Too many words. " * 80_000)
    await expect(bo.notice).to_contain_text("too large")
    return bo


async def turned_away(stage: Stage) -> Window:
    bo = await stage.opens(_PLAIN)
    await bo.page.route_web_socket("**/ws/**", lambda socket: socket.close(code=4404))
    await bo.page.goto(f"{bo.line.url}/d/{stage.room.document}")
    await expect(bo.notice).to_contain_text("doesn’t exist")
    return bo


# --- unsent text


async def unsent_text_offered(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    return await stage.comes_back("If it rains", "Bring cake, and umbrellas. ")


async def unsent_text_shown(stage: Stage) -> Window:
    bo = await unsent_text_offered(stage)
    await bo.notice.get_by_role("button", name="Review").click()
    return bo


async def unsent_text_to_be_discarded(stage: Stage) -> Window:
    bo = await unsent_text_shown(stage)
    await bo.page.get_by_role("button", name="Discard").click()
    return bo


async def unsent_text_merged(stage: Stage) -> Window:
    bo = await unsent_text_shown(stage)
    await bo.page.get_by_role("button", name="Merge").click()
    await expect(bo.toast).to_contain_text("was merged")
    return bo


# --- the conflict


async def conflict(stage: Stage) -> Window:
    return await stage.disagrees(_ONE)


async def conflict_in_many_places(stage: Stage) -> Window:
    return await stage.disagrees(_ONE, _TWO)


async def dialog(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE)
    await bo.opens_dialog()
    return bo


async def dialog_with_nothing_chosen_but_used(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.page.keyboard.press("Control+Enter")
    await expect(bo.dialog).to_contain_text("Choose a version first")
    return bo


async def dialog_with_yours(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Your version")
    return bo


async def dialog_with_both(stage: Stage) -> Window:
    tables = ("- Tables: who has a trailer?", "* Ann brings some", "+ Ask at school")
    bo = await stage.disagrees(tables)
    await bo.opens_dialog()
    await bo.chooses("Keep both")
    return bo


async def dialog_by_hand(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Write something else")
    await bo.result.fill("the first warm weekend")
    return bo


async def dialog_with_two_places(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE, _TWO)
    await bo.opens_dialog()
    await bo.dialog.get_by_role("button", name="Next conflict").click()
    return bo


async def dialog_with_long_texts(stage: Stage) -> Window:
    mine = _PARAGRAPH.replace("sixty", "fifty").replace("The hall", "Our hall")
    anns = "Nobody can come in.\nThe hall is closed for good."
    bo = await stage.disagrees((_PARAGRAPH, anns, mine), text=f"{LETTER}\n{_PARAGRAPH}\n")
    await bo.opens_dialog()
    return bo


async def dialog_with_a_deletion(stage: Stage) -> Window:
    sentence = "If it rains we meet in the hall.\n"
    bo = await stage.disagrees((sentence, "", "If it snows we meet in the hall.\n"))
    await bo.opens_dialog()
    await bo.chooses("Ann’s version")
    return bo


async def dialog_while_the_other_types_on(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Ann’s version")
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Sunday at noon"))
    await expect(bo.dialog).to_contain_text("since you chose")
    return bo


async def dialog_of_a_conflict_that_is_gone(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.chooses("Write something else")
    await bo.page.keyboard.insert_text("the first warm weekend")
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Friday evening"))
    await expect(bo.dialog).to_contain_text("both versions now match")
    return bo


_THREE = ("- Drinks: Sam", "- Drinks: nobody yet", "- Drinks and ice: Sam")


async def dialog_with_three_questions(stage: Stage) -> Window:
    bo = await stage.disagrees(_ONE, _TWO, _THREE)
    await bo.opens_dialog()
    await bo.chooses("Your version")
    return bo


async def dialog_with_words_added_and_removed(stage: Stage) -> Window:
    mine = _PARAGRAPH.replace("sixty people at most", "fifty people").replace("garden", "garden \t")
    anns = _PARAGRAPH.replace("sixty people at most", "seventy").replace(
        "garden stay", "street stay"
    )
    bo = await stage.disagrees((_PARAGRAPH, anns, mine), text=f"{LETTER}\n{_PARAGRAPH}\n")
    await bo.opens_dialog()
    return bo


async def toast_after_a_decision(stage: Stage) -> Window:
    bo = await dialog_with_yours(stage)
    await bo.uses_this()
    await expect(bo.toast).to_be_visible()
    return bo


async def toast_after_deciding_later(stage: Stage) -> Window:
    bo = await dialog(stage)
    await bo.dialog.get_by_role("button", name="Decide later").click()
    await expect(bo.toast).to_be_visible()
    await expect(bo.page.get_by_role("button", name="1 unresolved conflict")).to_be_visible()
    return bo


# --- parked conflicts


async def parked(stage: Stage) -> Window:
    bo = await toast_after_deciding_later(stage)
    await bo.page.get_by_role("button", name="1 unresolved conflict").click()
    await expect(bo.page.get_by_role("button", name="Review:")).to_be_visible()
    return bo


async def parked_and_reviewed(stage: Stage) -> Window:
    await toast_after_deciding_later(stage)
    cid = await stage.enters("Cid")
    await cid.page.get_by_role("button", name="1 unresolved conflict").click()
    await cid.page.get_by_role("button", name="Review:").click()
    await expect(cid.page.get_by_role("dialog", name=re.compile("version, "))).to_be_visible()
    return cid


async def parked_without_conflict(stage: Stage) -> Window:
    bo = await parked(stage)
    await stage.ann.edit(stage.ann.text.replace("Sunday", "Saturday"))
    await bo.page.get_by_role("button", name="Review:").click()
    await expect(bo.page.get_by_role("button", name="Add to document")).to_be_visible()
    return bo


# --- where people sign in


async def sign_in(stage: Stage) -> Window:
    return await _before_sign_in(stage, f"/d/{stage.room.document}")


async def sign_in_with_a_wrong_token(stage: Stage) -> Window:
    guest = await sign_in(stage)
    guest.excuses("400")
    await guest.page.get_by_label("Access token").fill("gollabedit_mistyped")
    await guest.page.get_by_role("button", name="Sign in").click()
    await expect(guest.page.get_by_role("alert")).to_contain_text("isn’t valid")
    return guest


async def sign_in_by_invitation(stage: Stage) -> Window:
    guest = await stage.opens(f"/sign-in?key={stage.closed.invitation}", "Guest")
    await expect(guest.page.get_by_role("button", name="Sign in as Ann")).to_be_focused()
    return guest


async def sign_in_by_a_dead_link(stage: Stage) -> Window:
    return await _before_sign_in(stage, f"/d/{stage.room.document}?key=dead")


async def sign_in_by_proxy(stage: Stage) -> Window:
    guest = await stage.opens(_PLAIN, "Guest")
    server = await stage.another_server(
        *("--user-header", "Remote-User", "--trusted-proxies", "203.0.113.9")
    )
    await guest.page.goto(f"{server.url}/sign-in")
    await expect(guest.page.get_by_role("link", name="Reload")).to_be_visible()
    return guest


async def _before_sign_in(stage: Stage, path: str) -> Window:
    guest = await stage.opens(_PLAIN, "Guest")
    guest.excuses("401")
    await guest.page.goto(guest.line.url + path)
    return guest


async def landing_of_a_user(stage: Stage) -> Window:
    return await stage.opens("/")


async def document_with_the_menu_of_a_user(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    bo = await stage.enters()
    await bo.opens_menu()
    await expect(bo.page.get_by_role("button", name="Sign out")).to_be_visible()
    return bo


async def document_to_view_only(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    link = await stage.closed.makes_link(stage.room.document, "view")
    guest = await stage.opens(f"{link}&plain", "Guest 7")
    await expect(guest.status).to_have_text("View only")
    await guest.settled()
    return guest


async def document_while_sharing_links(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    await stage.closed.makes_link(stage.room.document, "edit", 7)
    bo = await stage.enters()
    await bo.page.get_by_role("button", name="Share").click()
    await bo.page.get_by_label("Guests can").select_option("Can view")
    await bo.page.get_by_role("button", name="Create link").click()
    await expect(bo.page.get_by_label("Links to this document")).to_contain_text("Can view")
    return bo


async def document_while_revoking_a_link(stage: Stage) -> Window:
    bo = await document_while_sharing_links(stage)
    await bo.page.get_by_role("button", name="Revoke: Can edit").click()
    return bo


async def access_ended_with_unsent_text(stage: Stage) -> Window:
    await stage.room.begin(LETTER)
    guest = await stage.opens(await stage.closed.makes_link(stage.room.document, "edit"), "Guest 7")
    await guest.settled()
    guest.loses_connection()
    await guest.goes_after("in the hall.")
    await guest.page.keyboard.insert_text(" Bring cake.")
    await stage.closed.revokes_links(stage.room.document)
    await guest.reconnects()
    await expect(guest.notice).to_contain_text("unsent changes are kept")
    return guest


async def unsent_text_to_view_only(stage: Stage) -> Window:
    guest = await access_ended_with_unsent_text(stage)
    link = await stage.closed.makes_link(stage.room.document, "view")
    await guest.page.goto(f"{guest.line.url}{link}&plain")
    await expect(guest.notice).to_contain_text("unsent text")
    await guest.notice.get_by_role("button", name="Review").click()
    return guest


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
    document_empty,
    document_with_two_who_type,
    document_with_people_in_the_text,
    document_with_many_people,
    document_with_the_list_of_people,
    document_while_paused,
    document_of_a_guest_who_is_asked,
    document_with_menu,
    document_while_renaming,
    document_with_shortcuts,
    document_while_sharing,
    document_with_settings,
    document_in_large_letters_without_wrapping,
    document_long_and_scrolled,
    preview,
    preview_with_outline_while_moving_the_divider,
    read_view,
    document_with_words_found,
    document_with_line_numbers,
    document_while_going_to_a_line,
    history_of_all_versions,
    history_of_two_versions,
    history_while_played,
    history_while_naming,
    history_while_restoring,
    slow,
    offline,
    started_offline,
    landing_offline,
    not_kept,
    too_large,
    turned_away,
    unsent_text_offered,
    unsent_text_shown,
    unsent_text_to_be_discarded,
    unsent_text_merged,
    conflict,
    conflict_in_many_places,
    dialog,
    dialog_with_nothing_chosen_but_used,
    dialog_with_yours,
    dialog_with_both,
    dialog_by_hand,
    dialog_with_two_places,
    dialog_with_long_texts,
    dialog_with_a_deletion,
    dialog_while_the_other_types_on,
    dialog_of_a_conflict_that_is_gone,
    dialog_with_three_questions,
    dialog_with_words_added_and_removed,
    toast_after_a_decision,
    toast_after_deciding_later,
    parked,
    parked_and_reviewed,
    parked_without_conflict,
)

# On a closed server.
CLOSED_SCENES: tuple[Scene, ...] = (
    sign_in_with_a_wrong_token,
    sign_in_by_invitation,
    sign_in_by_a_dead_link,
    sign_in_by_proxy,
    landing_of_a_user,
    document_with_the_menu_of_a_user,
    document_to_view_only,
    read_view_of_a_guest,
    document_while_revoking_a_link,
    access_ended_with_unsent_text,
    unsent_text_to_view_only,
)

# Only for screenshots: screen readers do not read paper.
ON_PAPER: tuple[Scene, ...] = (document_on_paper,)
