"""The settings: one table for options, environment variables and docs/settings.md.

A setting `write_wait_s` is `--write-wait-s` on the command line and `GOLLABEDIT_WRITE_WAIT_S` in
the environment; the command line takes precedence.
"""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from math import inf
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from server.core.history.sealing import SEAL_TIMES, SealTimes
from server.core.names import is_document_name
from server.mirror.remote import Remote, RemoteError, read_remotes
from server.support.errors import UserError

_JOURNALS = ("sqlite", "direct")
_POSTGRESQL = ("postgresql://", "postgres://")
_NO_OR_YES = ("no", "yes")
_CHOICES = {
    "access": ("auto", "open", "closed"),
    "budgets": ("remote", "all", "none"),
    "creating": ("allowed", "refused"),
    "journal_needs_standby": _NO_OR_YES,
    "mirror_branches": ("all", "versions"),
    "offline": ("allowed", "refused"),
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json"),
    "pages": ("small", "readable"),
    "push_rewrites": ("allowed", "refused"),
}
_MAY_BE_ZERO = {
    "port",
    "cache_bytes_max",
    "disk_free_bytes_min",
    "document_disk_bytes_max",
    "data_bytes_max",
}
_UNLIMITED = (
    "trusted_proxies must name your proxies, not {}: what is named can pretend to be any client"
)
_BASE_PATH = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)*")
_BRANCH = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]|[./](?![./]|$))*")


class SettingError(UserError):
    """A setting has an invalid value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings. Units are in the names: `_s`, `_bytes`, `_per_s`; `_max` is a limit."""

    host: Annotated[str, "address to listen on; 0.0.0.0 for all interfaces"] = "127.0.0.1"
    port: Annotated[int, "port to listen on; 0 picks a free one"] = 8080
    data: Annotated[Path, "folder that holds the documents"] = Path("data")
    origins: Annotated[
        tuple[str, ...],
        "web origins whose pages may connect, besides this host; separated by commas",
    ] = ()
    hosts: Annotated[
        tuple[str, ...],
        "host names under which the server is reached, besides localhost and addresses; separated"
        " by commas",
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        "addresses and networks of proxies whose X-Forwarded headers are believed, such as"
        " 127.0.0.1 or 10.1.0.0/16; separated by commas",
    ] = ()
    base_path: Annotated[
        str, "path below which everything is served, such as /pad, if a proxy passes it on"
    ] = ""
    url: Annotated[
        str, "address of the start page, as people know it, for the links that are printed"
    ] = ""
    access: Annotated[
        str,
        "who may come in without an account: open (everybody), closed (nobody), or auto (open on a"
        " loopback address while there are no accounts, policy and proxies, else closed)",
    ] = "auto"
    user_header: Annotated[
        str, "header in which a trusted proxy names the user, such as Remote-User"
    ] = ""
    groups_header: Annotated[
        str, "header in which that proxy names the user's groups, separated by commas"
    ] = ""
    sign_out_url: Annotated[
        str, "address that ends the sign-in of the proxy, for the button Sign out"
    ] = ""
    document_bytes_max: Annotated[int, "size of the largest document, as UTF-8"] = 1024 * 1024
    frame_bytes_max: Annotated[int, "size of the largest message of a client"] = 4 * 1024 * 1024
    sessions_max: Annotated[int, "number of open connections"] = 5000
    document_sessions_max: Annotated[int, "number of open connections to one document"] = 500
    edits_per_s: Annotated[float, "edits per second of one connection, on average"] = 100.0
    edits_outstanding_max: Annotated[int, "unanswered edits of one connection"] = 32
    budgets: Annotated[
        str,
        "whom the settings --client-... limit: remote (clients on other machines), all, or none",
    ] = "remote"
    client_connections_max: Annotated[
        int, "open connections of one address, half as many of one person; see docs/security.md"
    ] = 1000
    client_requests_per_s: Annotated[
        float, "HTTP requests per second of one address, on average; half as many of one person"
    ] = 100.0
    client_bytes_per_s: Annotated[
        int,
        "bytes of edits and requests per second of one address, on average; half as many of one"
        " person",
    ] = 1024 * 1024
    client_merge_share: Annotated[
        float,
        "share of a processor for merges and searches of one address; half as much of one person",
    ] = 0.5
    client_new_documents_per_hour: Annotated[
        float, "new documents per hour of one address, on average; half as many of one person"
    ] = 1000.0
    creating: Annotated[str, "whether new documents can be created: allowed or refused"] = "allowed"
    hello_wait_s: Annotated[float, "time for a new connection to send its hello"] = 10.0
    write_wait_s: Annotated[float, "time for a connection to accept a message"] = 10.0
    pong_wait_s: Annotated[float, "silence after which a connection counts as lost"] = 60.0
    ping_every_s: Annotated[float, "time between two pings to a connection"] = 54.0
    park_after_s: Annotated[
        float, "time after which the open conflict of a disconnected client is parked"
    ] = 3600.0
    branch_keep_s: Annotated[
        float, "time for which the merged branch of a disconnected client is kept"
    ] = 7 * 24 * 3600.0
    trash_keep_days: Annotated[float, "days for which a deleted document can be restored"] = 30.0
    unload_after_s: Annotated[float, "time that a document without connections stays in memory"] = (
        60.0
    )
    seal_idle_s: Annotated[
        float, "time without edits after which the changes become a version of the history"
    ] = SEAL_TIMES.idle_s
    seal_age_s: Annotated[
        float, "age of the changes above which a pause of half a minute is enough"
    ] = SEAL_TIMES.age_s
    git_processes_max: Annotated[
        int, "number of clones, fetches and pushes served at the same time"
    ] = 4
    git_wait_s: Annotated[
        float,
        "time that Git may take for one clone, fetch or push, including the wait for its turn",
    ] = 600.0
    git_memory_bytes_max: Annotated[
        int, "memory of one process of Git for clones, fetches and pushes; needs prlimit (Linux)"
    ] = 512 * 1024 * 1024
    push_bytes_max: Annotated[int, "size of the largest pack of one push"] = 64 * 1024 * 1024
    push_rewrites: Annotated[
        str, "whether a push may delete and overwrite branches and tags: allowed or refused"
    ] = "allowed"
    mirror: Annotated[
        tuple[str, ...],
        "Git remotes to push documents to, separated by commas: a URL with `{document}` in it for"
        " all documents (`{document:-}`: with `-` for each slash), `DOCUMENT=URL` for one",
    ] = ()
    mirror_branches: Annotated[
        str, "what is pushed there: all branches, or only the readable history, versions"
    ] = "all"
    mirror_as: Annotated[str, "name that the branch versions has there, if only that is pushed"] = (
        "main"
    )
    mirror_every_s: Annotated[
        float, "shortest time between two pushes of one document to one remote"
    ] = 10.0
    mirror_wait_s: Annotated[float, "time that one push to a mirror may take"] = 600.0
    journal: Annotated[
        str,
        "where edits become durable first: sqlite, postgresql://USER@HOST/DATABASE (which then has"
        " the documents, too; see docs/postgresql.md), or direct (in Git at once; slow)",
    ] = field(default="sqlite", repr=False)  # a URL may have a password
    journal_password_file: Annotated[
        str, "file with the password for that database; see docs/postgresql.md for other ways"
    ] = ""
    journal_needs_standby: Annotated[
        str, "whether to refuse to start without a synchronous standby of that database: no or yes"
    ] = "no"
    node_url: Annotated[
        str,
        "address at which other nodes reach this one, such as http://10.0.0.2:8080, if several"
        " share the documents in PostgreSQL; see docs/cluster.md",
    ] = ""
    cache_bytes_max: Annotated[
        int,
        "with that database: size of all repositories on this disk above which the least"
        " recently used are removed from it; 0 for no limit",
    ] = 0
    checkpoint_idle_s: Annotated[
        float, "time without edits after which journaled edits are written to the repository"
    ] = 2.0
    checkpoint_age_s: Annotated[float, "time after which they are written in any case"] = 30.0
    checkpoint_bytes_max: Annotated[int, "size in memory above which they are written at once"] = (
        8 * 1024 * 1024
    )
    disk_free_bytes_min: Annotated[
        int, "free space of the disk below which nothing can be changed, only read; 0 for none"
    ] = 256 * 1024 * 1024
    document_disk_bytes_max: Annotated[
        int, "size of one document's repository above which it can only be read; 0 for no limit"
    ] = 0
    data_bytes_max: Annotated[
        int,
        "size of all repositories together above which documents can only be read and deleted; 0"
        " for no limit",
    ] = 0
    texts_characters_max: Annotated[
        int, "characters of recent revisions kept in memory, all documents together"
    ] = 32 * 1024 * 1024
    search_characters_max: Annotated[
        int, "characters of texts kept in memory for the next search, all documents together"
    ] = 16 * 1024 * 1024
    threads: Annotated[int, "threads for Git and disk work"] = 4
    source_url: Annotated[
        str, "address of the source code of this server, for a link on the start page"
    ] = ""
    pages: Annotated[
        str, "how the pages' scripts are served: small, or readable (as written, in many files)"
    ] = "small"
    offline: Annotated[
        str,
        "whether browsers keep recent documents, to open them without a connection: allowed or"
        " refused",
    ] = "allowed"
    log_level: Annotated[str, "debug, info, warning or error"] = "info"
    log_format: Annotated[str, "text, or json: one object a line, for programs"] = "text"

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            least = 0 if setting.name in _MAY_BE_ZERO else 1e-3
            if isinstance(value, int | float) and not least <= value < inf:
                raise SettingError(f"{setting.name} must be positive, not {value}")
        for name, values in _CHOICES.items():
            if getattr(self, name) not in values:
                raise SettingError(
                    f"{name} must be one of {', '.join(values)}, not {getattr(self, name)!r}"
                )
        if self.port > 65535:
            raise SettingError(f"port must be at most 65535, not {self.port}")
        for name in ("source_url", "url", "node_url"):
            value = getattr(self, name)
            if value and not value.startswith(("https://", "http://")):
                raise SettingError(f"{name} must begin with https:// or http://, not {value!r}")
        if not _BRANCH.fullmatch(self.mirror_as) or self.mirror_as.endswith(".lock"):
            raise SettingError(f"mirror_as must be the name of a branch, not {self.mirror_as!r}")
        if not _BASE_PATH.fullmatch(self.base_path):
            raise SettingError(
                f"base_path must be a path such as /pad, without / at its end, not"
                f" {self.base_path!r}"
            )
        self.remotes()
        self.proxies()
        self._check_headers()
        self._check_journal()
        self._check_node()

    def _check_headers(self) -> None:
        if self.user_header and not self.trusted_proxies:
            raise SettingError(
                "user_header needs trusted_proxies: the addresses of the proxies that send it"
            )
        if self.groups_header and not self.user_header:
            raise SettingError("groups_header needs user_header")

    def _check_journal(self) -> None:
        is_url = self.journal.startswith(_POSTGRESQL)
        if not is_url and self.journal not in _JOURNALS:
            # What looks like a URL may have a password.
            shown = "a URL of another kind" if ":" in self.journal else repr(self.journal)
            raise SettingError(
                f"journal must be {' or '.join(_JOURNALS)}, or begin with {_POSTGRESQL[0]}, not"
                f" {shown}"
            )
        if not is_url and (self.journal_password_file or self.journal_needs_standby == "yes"):
            raise SettingError(
                "journal_password_file and journal_needs_standby need the setting journal to begin"
                f" with {_POSTGRESQL[0]}"
            )

    def _check_node(self) -> None:
        if not self.node_url:
            return
        if not self.journal.startswith(_POSTGRESQL):
            raise SettingError(
                f"node_url needs the setting journal to begin with {_POSTGRESQL[0]}: nodes share"
                " that database"
            )
        if not _is_origin(self.node_url):
            raise SettingError(
                "node_url must be an address without a path, such as http://10.0.0.2:8080, not"
                f" {self.node_url!r}"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:  # a name
            return False

    @property
    def seal_times(self) -> SealTimes:
        """When versions end."""
        return SealTimes(self.seal_idle_s, self.seal_age_s)

    def remotes(self) -> list[Remote]:
        """Return the remotes of the setting `mirror`, in its order.

        Raises:
            SettingError: the setting has an invalid remote.
        """
        try:
            remotes = read_remotes(self.mirror)
        except RemoteError as problem:
            raise SettingError(str(problem)) from None
        for remote in remotes:
            if remote.document and not is_document_name(remote.document):
                raise SettingError(f"mirror: no document can have the name {remote.document!r}")
        return remotes

    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """Return the networks of the setting `trusted_proxies`.

        Raises:
            SettingError: the setting has an invalid or unlimited network.
        """
        if {"all", "*"} & set(self.trusted_proxies):
            raise SettingError(_UNLIMITED.format("all"))
        try:
            networks = [ip_network(network) for network in self.trusted_proxies]
        except ValueError as problem:
            raise SettingError(
                f"trusted_proxies must be addresses and networks, such as 127.0.0.1,10.1.0.0/16:"
                f" {problem}"
            ) from None
        for network in networks:
            if network.prefixlen == 0:
                raise SettingError(_UNLIMITED.format(network))
        return networks


def _is_origin(url: str) -> bool:
    """Return whether a URL has a scheme, a host, perhaps a port, and nothing else."""
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:  # such as a port that is no number
        return False
    return bool(host) and url.lower() == f"{parts.scheme}://{host}{port}"


def add_options(parser: ArgumentParser) -> None:
    """Add an option for every setting; a missing option stays None."""
    for setting in fields(Config):
        is_flag = _CHOICES.get(setting.name) == _NO_OR_YES  # its value may be left out
        parser.add_argument(
            _option(setting.name),
            dest=setting.name,
            nargs="?" if is_flag else None,
            const="yes" if is_flag else None,
            metavar=setting.name.rsplit("_", 1)[-1].upper(),
            help=f"{_help(setting.name)} (default: {_format(setting.default) or 'none'})",
        )


def read(options: Namespace, environment: Mapping[str, str]) -> Config:
    """Read the settings from the command line, the environment and the defaults, in this order.

    Raises:
        SettingError: a setting has an invalid value.
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
    """Parse a value as the type of the default."""
    if isinstance(default, tuple):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    try:
        return type(default)(raw) if not isinstance(default, Path) else Path(raw)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise SettingError(f"{source} must be {kind}, not {raw!r}") from None


def markdown() -> str:
    """Return the page docs/settings.md."""
    rows = [
        f"| `{_option(s.name)}` | `{_variable(s.name)}` | {_format(s.default) or '(none)'} |"
        f" {_help(s.name)} |"
        for s in fields(Config)
    ]
    return "\n".join([_PAGE, *rows, ""])


_PAGE = """# Settings

Every setting is an option of `gollabedit serve` and an environment variable; the option takes
precedence. Units are in the names: `-s` is seconds, `-bytes` bytes, `-per-s` a rate; `-max` is a
limit. This page is written by `gollabedit settings > docs/settings.md`.

| option | environment | default | description |
|---|---|---|---|"""


def _help(name: str) -> str:
    help_text: str = _hints()[name].__metadata__[0]
    return help_text


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Config, include_extras=True)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _variable(name: str) -> str:
    return "GOLLABEDIT_" + name.upper()


def _format(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(default)
    return f"{default:g}" if isinstance(default, float) and default < 1e6 else str(default)
