"""The recovery administrator: one login from the environment that works in every mode and before any directory.

Its secret is a password in clear or a hash (http-service 9). It has no record in the store. In bootstrap
mode, where there is no store yet, it may only complete the set-up.
"""

from __future__ import annotations

import secrets
import string

from attrs import field, frozen

from stalwart.directory import hashes
from stalwart.directory.access import RECOVERY_ACCOUNT, Access
from stalwart.directory.permissions import ALL, BOOTSTRAP
from stalwart.errors import Invalid

DISPLAY_NAME = "Recovery admin account"


@frozen
class RecoveryAdministrator:
    """A login (lower case, no domain needed) and the secret it needs."""

    login: str
    secret: str = field(repr=False)
    permissions: frozenset[str] = field(default=ALL, repr=False)

    @classmethod
    def named(cls, login: str, secret: str, bootstrap: bool = False) -> RecoveryAdministrator:
        """The one that the environment names; `Invalid` with a sentence for the administrator if ``secret``
        is no use.
        """
        try:
            hashes.scheme_of(secret)
        except hashes.UnknownHash:
            raise Invalid(
                "The recovery administrator's secret starts like a password hash but is of no known scheme."
            ) from None
        return cls(login.lower(), secret, BOOTSTRAP if bootstrap else ALL)

    @classmethod
    def for_bootstrap(cls) -> RecoveryAdministrator:
        """`admin` with a fresh password in ``secret``, which the caller shows once."""
        return cls("admin", make_password(), BOOTSTRAP)

    def access(self) -> Access:
        """What the recovery administrator may do."""
        return Access(RECOVERY_ACCOUNT, self.login, DISPLAY_NAME, self.permissions, kind="recovery")


def make_password(length: int = 16) -> str:
    """A random password of ASCII letters and digits: 16 of them carry 95 bits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
