"""Take screenshots of every state of the pages: light, dark, on a phone, zoomed, in forced colours
and with more contrast.

    python tests/browser/screenshots.py FOLDER [WORD]

With a word, only the scenes with that word in their names. The real server serves them from a
temporary folder.
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Browser

from tests.browser.chromium import chromium
from tests.browser.closed_server import ClosedServer
from tests.browser.room import Room
from tests.browser.scenes import CLOSED_SCENES, ON_PAPER, SCENES
from tests.browser.server_process import ServerProcess
from tests.browser.stage import Scene, Stage

_DESK = {"viewport": {"width": 1100, "height": 720}}
_LOOKS: dict[str, dict[str, Any]] = {
    "light": {**_DESK, "color_scheme": "light"},
    "dark": {**_DESK, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 390, "height": 780},
        "color_scheme": "light",
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    # 1280 by 1024 pixels at 400 %
    "zoomed": {"viewport": {"width": 320, "height": 256}, "color_scheme": "light"},
    "forced": {**_DESK, "forced_colors": "active"},
    "contrast": {**_DESK, "contrast": "more"},
}


async def take_all(folder: Path, word: str = "") -> None:
    with TemporaryDirectory() as data:
        async with (
            ServerProcess(Path(data, "open")) as server,
            ClosedServer(Path(data, "closed")) as closed,
            chromium() as browser,
        ):
            for scene in (*SCENES, *ON_PAPER, *CLOSED_SCENES):
                if word in scene.__name__:
                    where = closed if scene in CLOSED_SCENES else server
                    for look in _LOOKS:
                        await _take(scene, look, browser, where, folder)


async def _take(
    scene: Scene, look: str, browser: Browser, server: ServerProcess, folder: Path
) -> None:
    room = Room(browser, server, f"{scene.__name__.replace('_', '-')}-{look}")
    async with Stage(room, **_LOOKS[look]) as stage:
        window = await scene(stage)
        path = folder / f"{scene.__name__}-{look}.png"
        await window.page.screenshot(path=path, animations="disabled")
        await room.close()
    print(path)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(Path(sys.argv[1]), *sys.argv[2:3]))
