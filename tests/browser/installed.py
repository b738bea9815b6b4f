"""What all browsers need: finding them, and waiting for what they do not report."""

import os
import shutil

PAUSE = "new Promise(done => setTimeout(done, 50))"  # between two looks; runs in the page


class NoBrowserError(Exception):
    """The browser is missing; the message says what to do."""


def installed(browser: str, names: tuple[str, ...]) -> str:
    """Return the path named by the environment, or the first one found.

    Raises:
        NoBrowserError: if there is none.
    """
    variable = browser.upper()
    named = os.environ.get(variable)
    path = shutil.which(named) if named else next(filter(None, map(shutil.which, names)), None)
    if path:
        return path
    raise NoBrowserError(
        f"The browser tests need {browser}, and {variable}={named} is none."
        if named
        else f"The browser tests need {browser}: `make test` gets it, or set {variable}."
    )
