"""Login names as people type them: lower case, and `target%impersonator` for those who may enter other accounts.

Left out: which address an alias stands for and which domain is the default; the store knows that.
"""

from __future__ import annotations

from attrs import frozen

MAX_LOGIN = 512
"""Longest login in characters: two addresses of 254 (RFC 5321 4.5.3.1.3) and the sign between."""


@frozen
class LoginName:
    """Whose password is presented and whose account is entered; they differ for `target%impersonator`."""

    presented: str
    target: str

    @property
    def impersonates(self) -> bool:
        """Whether the account to enter is another than the one that proves itself."""
        return self.presented != self.target


def read_login(text: str) -> LoginName:
    """Split `target%impersonator` at the last `%`, in lower case; equal halves are no impersonation."""
    lowered = text.lower()
    target, sign, impersonator = lowered.rpartition("%")
    if not sign:
        return LoginName(lowered, lowered)
    return LoginName(impersonator, target)
