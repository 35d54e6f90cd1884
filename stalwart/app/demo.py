"""The demonstration data of ``make run``: a domain, three accounts, and a file that says how to log in.

Only what is missing is created, so that a second start keeps what somebody changed. Passwords are letters and digits,
in a file that only its owner can read.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from stalwart.config.domains.domain import Domain
from stalwart.config.settings import Settings
from stalwart.directory.accounts import Accounts
from stalwart.directory.recovery import make_password
from stalwart.errors import Invalid
from stalwart.store.config_file import write_private

DOMAIN = "example.test"
PEOPLE = {"admin": "Admin", "alice": "User", "bob": "User"}
CREDENTIALS = "demo-credentials.txt"

_SIMPLE = re.compile(r"tcp:(?:port=)?([1-9][0-9]{0,4}):interface=((?!0\.0\.0\.0)[0-9.]+|localhost)")


async def ensure_demo(data: Path, settings: Settings, accounts: Accounts) -> list[tuple[str, str]]:
    """The logins and passwords of the demo accounts, created now or before."""
    domain_id = next((id for id, domain in settings.all(Domain) if domain.name == DOMAIN), None)
    if domain_id is None:
        return read_credentials(data)
    known = dict(read_credentials(data))
    for name, role in PEOPLE.items():
        login = f"{name}@{DOMAIN}"
        if await accounts.has_address(login):
            continue  # with the password that we know, or one of somebody's own
        if login not in known:
            known[login] = make_password()
            _write_credentials(data, known)  # first: nobody must be left whose password nobody knows
        await accounts.create_user(name, domain_id, known[login], members={"roles": {"@type": role}}, checked=False)
    return list(known.items())


def read_credentials(data: Path) -> list[tuple[str, str]]:
    """The pairs in the credentials file, an empty list without one.

    :raises Invalid: the file cannot be read.
    """
    path = data / CREDENTIALS
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as problem:
        raise Invalid(f"{path} cannot be read; remove it to get new demo accounts.") from problem
    pairs = (line.split(" ", 1) for line in text.splitlines() if " " in line)
    return [(login, password) for login, password in pairs]


def _write_credentials(data: Path, known: dict[str, str]) -> None:
    write_private(data / CREDENTIALS, "".join(f"{login} {password}\n" for login, password in known.items()))


def url_of(endpoint: str) -> str | None:
    """Where people on this machine reach an endpoint such as ``tcp:8080:interface=127.0.0.1``; None for others."""
    found = _SIMPLE.fullmatch(endpoint)
    return f"http://{found[2]}:{found[1]}" if found is not None else None


def invitation(url: str, data: Path, people: list[tuple[str, str]], smtp: str | None = None) -> str:
    """What ``make run`` prints when the server is up; ``smtp`` is where it takes mail."""
    logins = "\n".join(f"  {login:<24} {password}" for login, password in people)
    command = os.path.relpath(Path(sys.executable).with_name("stalwart-cli"))
    message = ""
    if smtp is not None:
        message = (
            f"  Send     a message to alice: swaks --server {smtp} --from you@sender.test --to alice@{DOMAIN}\n"
            f"  Read     mail with any client of JMAP: {url}/jmap/session (docs/mail.md)\n"
        )
    return (
        f"\nStalwart is running.\n"
        f"  Open     {url}/admin    (the web interface; {url}/account for everybody's own account)\n"
        f"  Log in   as the first of these, the administrator (all are kept in {data / CREDENTIALS}):\n{logins}\n"
        f"  Try      {url}/diagnose, or without a network: {command} diagnose --demo\n"
        f"           (the live delivery diagnosis)\n{message}"
    )
