"""The settings, in one table: it makes the command line, the environment and the docs page.

A setting `write_wait_s` is `--write-wait-s` on the command line and `GOLLABEDIT_WRITE_WAIT_S` in
the environment; the command line wins.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from server.core.names import is_document_name
from server.mirror.remote import Remote, RemoteError, read_remotes

_CHOICES = {
    "journal": ("sqlite", "direct"),
    "log_level": ("debug", "info", "warning", "error"),
    "pages": ("small", "readable"),
}


class SettingError(Exception):
    """A setting has a value that it cannot have; the message is one line for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings. Units are in the names: `_s` seconds, `_bytes`, `_per_s`; `_max` a limit."""

    host: Annotated[str, "address to listen on; 0.0.0.0 for all of this machine"] = "127.0.0.1"
    port: Annotated[int, "port to listen on; 0 picks a free one"] = 8080
    data: Annotated[Path, "folder that holds the documents"] = Path("data")
    origins: Annotated[
        tuple[str, ...],
        "web origins besides this host whose pages may connect, separated by commas",
    ] = ()
    document_bytes_max: Annotated[int, "largest text of a document, as UTF-8"] = 1024 * 1024
    frame_bytes_max: Annotated[int, "largest message of a client"] = 4 * 1024 * 1024
    sessions_max: Annotated[int, "connections at one time"] = 5000
    document_sessions_max: Annotated[int, "connections to one document at one time"] = 500
    edits_per_s: Annotated[float, "edits of one connection a second, on average"] = 100.0
    edits_outstanding_max: Annotated[int, "edits of one connection that wait for an answer"] = 32
    hello_wait_s: Annotated[float, "time that a new connection has to say hello"] = 10.0
    write_wait_s: Annotated[float, "time that a connection has to take a message"] = 10.0
    pong_wait_s: Annotated[float, "silence after which a connection counts as lost"] = 60.0
    ping_every_s: Annotated[float, "time between two pings of the server"] = 54.0
    park_after_s: Annotated[
        float, "time that an open conflict waits for a client that is gone, before it is parked"
    ] = 3600.0
    branch_keep_s: Annotated[
        float, "time that the merged branch of a client that is gone is kept"
    ] = 7 * 24 * 3600.0
    unload_after_s: Annotated[float, "time that a document without readers stays in memory"] = 60.0
    git_processes_max: Annotated[int, "clones, fetches and pushes served at one time"] = 4
    git_wait_s: Annotated[float, "time that one clone, fetch or push may take"] = 600.0
    push_bytes_max: Annotated[int, "largest pack that one push may bring"] = 64 * 1024 * 1024
    mirror: Annotated[
        tuple[str, ...],
        "Git remotes that documents are pushed to, separated by commas: a URL with `{document}` in"
        " it for all, `DOCUMENT=URL` for one",
    ] = ()
    mirror_every_s: Annotated[
        float, "least time between two pushes of one document to one remote"
    ] = 10.0
    mirror_wait_s: Annotated[float, "time that one push to a mirror may take"] = 600.0
    journal: Annotated[
        str, "where edits are made safe first: sqlite, or direct (at once in Git; slow)"
    ] = "sqlite"
    checkpoint_idle_s: Annotated[
        float, "time without edits after which a document's journal goes into its repository"
    ] = 2.0
    checkpoint_age_s: Annotated[float, "time after which it does so in any case"] = 30.0
    checkpoint_bytes_max: Annotated[int, "size in memory above which it does so at once"] = (
        8 * 1024 * 1024
    )
    texts_characters_max: Annotated[
        int, "texts of recent versions kept in memory, all documents together"
    ] = 32 * 1024 * 1024
    threads: Annotated[int, "threads for Git and disk work"] = 4
    pages: Annotated[
        str, "how the pages' scripts are sent: small, or readable (as written, in many files)"
    ] = "small"
    log_level: Annotated[str, "debug, info, warning or error"] = "info"

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            least = 0 if setting.name == "port" else 1e-3
            if isinstance(value, int | float) and not least <= value < inf:
                raise SettingError(f"{setting.name} must be positive, not {value}")
        for name, values in _CHOICES.items():
            if getattr(self, name) not in values:
                raise SettingError(f"{name} cannot be {getattr(self, name)!r}: {', '.join(values)}")
        if self.port > 65535:
            raise SettingError(f"port {self.port} does not exist: 0 to 65535")
        self.remotes()

    def remotes(self) -> list[Remote]:
        """What `mirror` says, in its order."""
        try:
            remotes = read_remotes(self.mirror)
        except RemoteError as problem:
            raise SettingError(str(problem)) from None
        for remote in remotes:
            if remote.document and not is_document_name(remote.document):
                raise SettingError(f"mirror: no document can be called {remote.document!r}")
        return remotes


def add_options(parser: ArgumentParser) -> None:
    """One option for every setting; a missing one stays None."""
    for setting in fields(Config):
        parser.add_argument(
            _option(setting.name),
            dest=setting.name,
            metavar=setting.name.rsplit("_", 1)[-1].upper(),
            help=f"{_help(setting.name)} (default: {_shown(setting.default) or 'none'})",
        )


def read(options: Namespace, environment: Mapping[str, str]) -> Config:
    """Put the settings together from command line, environment and defaults, in this order.

    Raises:
        SettingError: a value has the wrong form.
    """
    given: dict[str, Any] = {}
    for setting in fields(Config):
        for source, raw in (
            (_option(setting.name), getattr(options, setting.name, None)),
            (_variable(setting.name), environment.get(_variable(setting.name))),
        ):
            if raw is not None and setting.name not in given:
                given[setting.name] = _parse(source, raw, setting.default)
    return Config(**given)


def _parse(source: str, raw: str, default: Any) -> Any:
    """Read a value as the type that the default has."""
    if isinstance(default, tuple):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    try:
        return type(default)(raw) if not isinstance(default, Path) else Path(raw)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise SettingError(f"{source} must be {kind}, not {raw!r}") from None


def markdown() -> str:
    """The settings as the page docs/settings.md."""
    rows = [
        f"| `{_option(s.name)}` | `{_variable(s.name)}` | {_shown(s.default) or '(none)'} |"
        f" {_help(s.name)} |"
        for s in fields(Config)
    ]
    return "\n".join([_PAGE, *rows, ""])


_PAGE = """# Settings

Every setting is an option of `gollabedit serve` and an environment variable; the option wins.
Units are in the names: `-s` is seconds, `-bytes` bytes, `-per-s` a rate; `-max` is a limit.
This page is written by `gollabedit settings > docs/settings.md`.

| option | environment | default | what it is |
|---|---|---|---|"""


def _help(name: str) -> str:
    help_text: str = get_type_hints(Config, include_extras=True)[name].__metadata__[0]
    return help_text


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _variable(name: str) -> str:
    return "GOLLABEDIT_" + name.upper()


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    return f"{default:g}" if isinstance(default, float) and default < 1e6 else str(default)
