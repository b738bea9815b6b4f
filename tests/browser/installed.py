"""Where the browsers of this machine are."""

import os
import shutil


class NoBrowserError(Exception):
    """It says what to do."""


def installed(browser: str, names: tuple[str, ...]) -> str:
    """The path of the one that the environment names, or of the first that is found.

    Raises:
        NoBrowserError: this machine has none.
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
