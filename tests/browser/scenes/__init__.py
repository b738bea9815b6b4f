"""Every state of the pages, for `screenshots` and `test_access`."""

from tests.browser.scenes import closed, conflict, document, history, preview, start, unsaved
from tests.browser.stage import Scene

SCENES: tuple[Scene, ...] = (
    *start.SCENES,
    *document.SCENES,
    *preview.SCENES,
    *history.SCENES,
    *unsaved.SCENES,
    *conflict.SCENES,
)

# On a closed server.
CLOSED_SCENES = closed.SCENES

# Only for screenshots: screen readers do not read paper.
ON_PAPER: tuple[Scene, ...] = (document.document_on_paper,)
