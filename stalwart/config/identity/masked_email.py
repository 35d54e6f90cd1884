"""x:MaskedEmail: an address made for one correspondent, which can be switched off (settings C.5).

What the address looks like and how it proves itself is no business of the declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stalwart.schema import REQUIRED, Boolean, Object, ObjectId, String, UtcDateTime, Violation, prop

_PREFIX = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)


class MaskedEmail(Object, snapshot=False, label="email", owner="accountId"):
    """An address that hides another one."""

    account_id: int = prop(
        ObjectId("Account", binding=False), REQUIRED, "Account that gets the mail.", update="immutable", index="exact"
    )
    enabled: bool = prop(Boolean(), True, "Accept mail for it.")
    email: str | None = prop(String("emailAddress"), None, "The address.", update="serverSet")
    description: str | None = prop(String(nullable=True), None, "Note.")
    for_domain: str | None = prop(String(nullable=True), None, "Site that it was made for.")
    url: str | None = prop(String(nullable=True), None, "Page where it is used.", label="URL")
    email_prefix: str | None = prop(
        String(nullable=True), None, "What the address should begin with; null is chance.", update="immutable"
    )
    email_domain: str | None = prop(
        String("domainName", nullable=True),
        None,
        "Domain that the address should have; null is that of the account.",
        update="immutable",
    )
    created_at: int = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    created_by: str | None = prop(String(nullable=True), None, "Application that made it.")
    expires_at: int | None = prop(UtcDateTime(nullable=True), None, "When it ends; null is never.", update="immutable")

    def check(self) -> Iterator[Violation]:
        """A prefix is short and plain."""
        if self.email_prefix is not None and not _PREFIX.fullmatch(self.email_prefix):
            text = "A prefix has 1 to 64 of the characters a-z, 0-9 and _."
            yield Violation("invalidProperties", "emailPrefix", text)
