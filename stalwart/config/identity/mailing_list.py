"""x:MailingList: an address whose mail goes on to others (settings C.5)."""

from __future__ import annotations

from stalwart.config.identity.account import ADDRESS_SPACE, EmailAlias
from stalwart.schema import REQUIRED, Object, ObjectId, ObjectList, Set, String, prop


class MailingList(
    Object,
    ids="sequential",
    snapshot=False,
    label="name",
    together=(ADDRESS_SPACE, ("name", "domain_id"), "email"),
    tenant=True,
):
    """An address whose mail goes on to a list of recipients; those on other servers get it through the queue."""

    name: str = prop(String("localPart"), REQUIRED, "Part of the address before the `@`.", index="both")
    domain_id: int = prop(ObjectId("Domain"), REQUIRED, "Domain of the list; the address is name@domain.")
    description: str | None = prop(String(nullable=True), None, "What the list is for.", index="words")
    aliases: tuple[EmailAlias, ...] = prop(ObjectList(EmailAlias), {}, "Other addresses.", index="words")
    recipients: frozenset[str] = prop(
        Set(String("emailAddress")), {}, "Addresses that get the mail, on this server or elsewhere."
    )
    member_tenant_id: int | None = prop(ObjectId("Tenant", nullable=True), None, "Owning tenant.", index="exact")
    email_address: str | None = prop(String("emailAddress"), None, "The address.", update="serverSet", stored=False)
