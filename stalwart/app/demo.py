"""The demonstration data of ``make run``: a domain, three accounts, and a file that says how to log in.

Only what is missing is created, so that a second start keeps what somebody changed. Passwords are letters and digits,
in a file that only its owner can read.
"""

from __future__ import annotations

import os
from pathlib import Path

from stalwart.config.domain import Domain
from stalwart.config.settings import Settings
from stalwart.directory.accounts import Accounts
from stalwart.directory.recovery import make_password
from stalwart.errors import Conflict

DOMAIN = "example.test"
PEOPLE = {"admin": "Admin", "alice": "User", "bob": "User"}
CREDENTIALS = "demo-credentials.txt"


async def ensure_demo(data: Path, settings: Settings, accounts: Accounts) -> list[tuple[str, str]]:
    """The logins and passwords of the demo accounts, created now or before."""
    domain_id = next((id for id, domain in settings.all(Domain) if domain.name == DOMAIN), None)
    if domain_id is None:
        return read_credentials(data)
    known = dict(read_credentials(data))
    for name, role in PEOPLE.items():
        login = f"{name}@{DOMAIN}"
        if login in known:
            continue
        password = make_password()
        try:
            await accounts.create_user(name, domain_id, password, members={"roles": {"@type": role}})
        except Conflict:
            continue  # somebody made this account with a password of his own
        known[login] = password
        _write_credentials(data, known)
    return list(known.items())


def read_credentials(data: Path) -> list[tuple[str, str]]:
    """The pairs in the credentials file, an empty list without one."""
    path = data / CREDENTIALS
    if not path.exists():
        return []
    pairs = (line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines() if " " in line)
    return [(login, password) for login, password in pairs]


def _write_credentials(data: Path, known: dict[str, str]) -> None:
    """Replace the file at once, readable by its owner only."""
    fresh = data / f"{CREDENTIALS}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{login} {password}\n" for login, password in known.items())
    os.replace(fresh, data / CREDENTIALS)


def invitation(url: str, data: Path, people: list[tuple[str, str]]) -> str:
    """What ``make run`` prints when the server is up."""
    logins = "\n".join(f"  {login:<24} {password}" for login, password in people)
    return (
        f"\nStalwart is running.\n"
        f"  Open     {url}/diagnose\n"
        f"  Log in   as the first of these, the administrator (all are kept in {data / CREDENTIALS}):\n{logins}\n"
        f"  Or run   stalwart-cli diagnose --demo\n"
        f"           (in .venv/bin; a live delivery diagnosis that needs no network)\n"
    )
