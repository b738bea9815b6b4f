"""A server on which people sign in."""

from playwright.async_api import expect

from tests.browser.scenes.preview import MINUTES, shows_minutes
from tests.browser.stage import LETTER, PLAIN, Scene, Stage
from tests.browser.window import Window


async def read_view_of_a_guest(stage: Stage) -> Window:
    await stage.room.begin(MINUTES)
    link = await stage.closed.makes_link(stage.room.document, "view")
    guest = await stage.opens(link, "Guest 7")
    await shows_minutes(guest)
    return guest


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
    guest = await stage.opens(PLAIN, "Guest")
    server = await stage.another_server(
        *("--user-header", "Remote-User", "--trusted-proxies", "203.0.113.9")
    )
    await guest.page.goto(f"{server.url}/sign-in")
    await expect(guest.page.get_by_role("link", name="Reload")).to_be_visible()
    return guest


async def _before_sign_in(stage: Stage, path: str) -> Window:
    guest = await stage.opens(PLAIN, "Guest")
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
