"""What a directory elsewhere says about a person or group, and what is asked of such directories (auth-api 2.2, 2.3).

Here are only the value and the two kinds of clients: those that check passwords, and those that check tokens. What is
believed of the answer, and what becomes an account of it, is decided in `provisioning`.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, runtime_checkable

from attrs import frozen

from stalwart.schema.formats import email_address

_LONGEST = 320  # RFC 3696 3


@frozen
class Found:
    """One entry of a directory.

    ``address`` is `name@domain` in lower case. ``name`` is the full name. ``groups`` are addresses, or names in the
    domain of the address; ``aliases`` are further addresses. None in any of them: the directory does not tell, and what
    is known stays. ``marker`` changes with the password; only whether it is another than before is of interest.
    ``expires_at`` (seconds since the epoch) is when the proof ends, None = it does not say.
    """

    address: str
    name: str | None = None
    groups: frozenset[str] | None = None
    aliases: frozenset[str] | None = None
    kind: Literal["User", "Group"] = "User"
    marker: str | None = None
    expires_at: int | None = None


@runtime_checkable
class PasswordDirectory(Protocol):
    """A directory that checks passwords: LDAP, SQL. Addresses are in lower case."""

    async def check(self, address: str, secret: str) -> Found | None:
        """The entry with ``address``, if ``secret`` is its password; None: unknown, or a wrong password.

        Raises Unavailable if the directory cannot be asked.
        """

    async def find(self, address: str) -> Found | None:
        """The entry that gets mail for ``address``, or None. Raises Unavailable."""

    async def close(self) -> None:
        """Give connections back; nothing is asked afterwards."""


@runtime_checkable
class TokenDirectory(Protocol):
    """A directory that takes tokens and no passwords: OpenID Connect."""

    async def authenticate(self, token: str) -> Found:
        """Whose ``token`` it is.

        Raises LoginFailed if the provider refuses it, Unauthenticated for what is no token of the provider's,
        Unavailable if the provider cannot be asked.
        """

    async def discovery(self) -> dict[str, Any]:
        """The provider's metadata (OpenID Connect Discovery 3). Raises Unavailable."""

    async def close(self) -> None:
        """Nothing is asked afterwards."""


def read_address(text: str) -> str | None:
    """``text`` as an address in lower case, or None.

    Nothing is repaired that could make one person's address of another's: white space, and letters that become ASCII
    only as small ones. `%` would enter another account at a login.
    """
    if len(text) > _LONGEST or "%" in text or any(_is_doubtful(letter) for letter in text):
        return None
    try:
        return email_address(text)
    except ValueError:
        return None


def _is_doubtful(letter: str) -> bool:
    return letter.isspace() or (not letter.isascii() and letter.lower().isascii())
