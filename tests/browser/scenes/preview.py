"""A text as a page: the preview and the read view."""

from playwright.async_api import expect

from tests.browser.stage import Scene, Stage
from tests.browser.window import Window

MINUTES = """\
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
    await stage.room.begin(MINUTES)
    bo = await stage.enters()
    await bo.page.keyboard.press("Control+e")
    await shows_minutes(bo)
    return bo


async def preview_with_outline_while_moving_the_divider(stage: Stage) -> Window:
    bo = await preview(stage)
    await bo.page.get_by_text("Outline", exact=True).click()
    divider = bo.page.get_by_role("separator")
    if await divider.is_visible():
        await divider.press("ArrowLeft")
    return bo


async def read_view(stage: Stage) -> Window:
    await stage.room.begin(MINUTES)
    bo = await stage.opens(f"/d/{stage.room.document}/view")
    await shows_minutes(bo)
    return bo


async def shows_minutes(window: Window) -> None:
    page = window.page.frame_locator("#sheet-frame iframe")
    await expect(page.get_by_text("Older minutes")).to_be_attached()
    await expect(window.page.get_by_role("button", name="Load pictures")).to_be_visible()


SCENES: tuple[Scene, ...] = (
    preview,
    preview_with_outline_while_moving_the_divider,
    read_view,
)
