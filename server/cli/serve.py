"""`gollabedit serve` and `gollabedit settings`: the server, and the page of its settings."""

import asyncio
import errno
import gc
import logging
import os
import resource
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

from server import config
from server.app import serve
from server.config import Config, SettingError
from server.storage.data_folder import DataFolder
from server.support import logs

# The faster event loop, if it is installed.
new_event_loop: Callable[[], asyncio.AbstractEventLoop] = import_module(
    "uvloop" if find_spec("uvloop") else "asyncio"
).new_event_loop

_log = logging.getLogger(__name__)

# The longest delay of the event loop by a thread that merges. Python's default is 5 ms; below 2 ms
# the cost of switching between threads slows both down.
_SWITCH_INTERVAL_S = 0.002
# Hardly any of our objects are in cycles, and a collection stops everything: for 3 ms if it looks
# at this many new objects, for 100 ms and more if at all of them, which is left to `trim_heap`.
_GARBAGE_THRESHOLDS = (5_000, 2**30, 2**30)
_DESCRIPTORS_MAX = 2**20  # some systems name no limit, and then allow no more than they have
_OTHER_DESCRIPTORS = 200  # for the repositories, the journal, and Git
_SERVE_EXAMPLES = """examples:
  gollabedit serve                              http://localhost:8080, documents in ./data
  gollabedit serve --port 9000 --data /srv/docs
  GOLLABEDIT_HOST=0.0.0.0 gollabedit serve      reachable from other machines
  git clone http://localhost:8080/notes.git     the history of the document "notes"
"""


def add_serve(command: ArgumentParser) -> None:
    command.description = (
        "Serve documents until Ctrl-C or SIGTERM. Every option is also an environment"
        " variable: --write-wait-s is GOLLABEDIT_WRITE_WAIT_S."
    )
    command.epilog = _SERVE_EXAMPLES
    config.add_options(command)
    command.set_defaults(run=_serve)


def add_settings(command: ArgumentParser) -> None:
    command.set_defaults(run=lambda _: print(config.markdown(), end=""))


def _serve(options: Namespace) -> None:
    settings = config.read(options, os.environ)
    logs.configure(settings.log_level, settings.log_format)
    _tune_interpreter()
    _raise_descriptor_limit(settings)
    with DataFolder(settings.data) as folder:
        try:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                runner.run(serve(settings, folder))
        except OSError as problem:
            raise SettingError(_listen_problem(settings, problem)) from None


def _tune_interpreter() -> None:
    """Keep latency low: switch threads often, and collect garbage rarely."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.freeze()  # imported modules are never garbage
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def _raise_descriptor_limit(settings: Config) -> None:
    """Allow as many open files as the system lets this user have; say if they are too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS_MAX)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    needed = settings.sessions_max + _OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        _log.warning(
            "only %d files can be open at once; --sessions-max %d needs %d: raise the limit"
            " (ulimit -n, LimitNOFILE=), or lower --sessions-max",
            soft,
            settings.sessions_max,
            needed,
        )


def _listen_problem(settings: Config, problem: OSError) -> str:
    """Return why the server cannot listen, as a sentence for the user."""
    place = f"{settings.host}:{settings.port}"
    match problem.errno:
        case errno.EADDRINUSE:
            return (
                f"port {settings.port} is taken; stop what uses it, or choose another with --port"
            )
        case errno.EACCES:
            return f"this user may not listen on {place}; choose a port above 1023"
        case _:
            return f"cannot listen on {place}: {problem.strerror or problem}"
