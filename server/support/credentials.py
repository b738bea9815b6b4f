"""The credentials with which programs sign in, from where no other user of the machine sees them.

In this order, the first that there is:

    http://user:token@host/    the address itself, for passwords of proxies; it shows in `ps`
    GOLLABEDIT_TOKEN_FILE      a file with the token; `--token-file` of the commands
    GOLLABEDIT_TOKEN           the token
    ~/.netrc, or NETRC         the password that it has for the host

They are read each time, so a new token counts at once.
"""

import base64
import netrc
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from server.support.errors import UserError

TOKEN_FILE = "GOLLABEDIT_TOKEN_FILE"  # noqa: S105
TOKEN = "GOLLABEDIT_TOKEN"  # noqa: S105

_TOKEN_PREFIX = "gollabedit_"  # noqa: S105
_BYTES_MAX = 4096
_LOOPBACK = re.compile(r"127(\.\d+){3}$")
_VISIBLE = re.compile(r"[!-~]+")


class CredentialsError(UserError):
    """Credentials are there, and cannot be used; the message says which."""


def authorization_for(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the header `Authorization` for an address; None if there are no credentials.

    Args:
        url: the address.
        environment: the environment variables.

    Raises:
        CredentialsError: a file cannot be read, or has no token.
    """
    parts = urlsplit(url)
    own, at, _ = parts.netloc.rpartition("@")
    if at:
        return _basic(unquote(own))
    token = _token(environment)
    if token:
        return f"Bearer {token}"
    return _in_netrc(parts.hostname or "", environment)


def risks_of(url: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what the user should know of how credentials are kept and sent, as sentences."""
    parts = urlsplit(url)
    own, _, _ = parts.netloc.rpartition("@")
    if _TOKEN_PREFIX in own:
        yield (
            "other users of this machine can see the token in the address; use --token-file FILE"
            f" or {TOKEN} instead"
        )
    file = environment.get(TOKEN_FILE)
    if file and not own and Path(file).stat().st_mode & 0o077:
        yield f"other users of this machine can read the token in {file}; chmod 600 {file}"
    if parts.scheme == "http" and not _is_here(parts.hostname or ""):
        yield f"the token goes to {parts.hostname} without encryption; use https:// if it has that"


def _basic(user_and_password: str) -> str:
    return f"Basic {base64.b64encode(user_and_password.encode()).decode()}"


def _token(environment: Mapping[str, str]) -> str:
    """Return the token that a file or a variable has; empty for none."""
    if file := environment.get(TOKEN_FILE):
        try:
            with open(file, "rb") as opened:  # noqa: PTH123  may be a pipe
                token = opened.read(_BYTES_MAX).decode(errors="replace").strip()
        except OSError as problem:
            raise CredentialsError(f"{file} cannot be read: {problem.strerror}") from None
        if not _VISIBLE.fullmatch(token):
            raise CredentialsError(f"{file} has no token; `gollabedit token create` prints one")
        return token
    token = environment.get(TOKEN, "").strip()
    if token and not _VISIBLE.fullmatch(token):
        raise CredentialsError(f"{TOKEN} is not a token; `gollabedit token create` prints one")
    return token


def _in_netrc(host: str, environment: Mapping[str, str]) -> str | None:
    """Return the header for a host that the user's netrc names; its `default` is left out."""
    file = environment.get("NETRC") or os.path.expanduser("~/.netrc")  # noqa: PTH111  no home
    if not os.path.isfile(file):  # noqa: PTH113
        return None
    try:
        found = netrc.netrc(file).hosts.get(host)
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError) as problem:
        raise CredentialsError(f"{file} cannot be read: {problem}") from None
    return _basic(f"{found[0]}:{found[2]}") if found and found[2] else None


def _is_here(host: str) -> bool:
    return (
        host in ("localhost", "::1") or host.endswith(".localhost") or bool(_LOOPBACK.match(host))
    )
