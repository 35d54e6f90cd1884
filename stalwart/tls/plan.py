"""What is to be ordered at a certificate authority, and what comes of it."""

from __future__ import annotations

from attrs import field, frozen

from stalwart.config.domains.domain import Domain
from stalwart.config.tls.acme_provider import AcmeProvider


@frozen
class Plan:
    """What to order: ``names`` of ``domain`` from the account ``provider_id``.

    ``former`` is the certificate that the new one replaces, in DER, None for a first one; ``former_key`` its key.
    """

    domain_id: int
    domain: Domain
    provider_id: int
    provider: AcmeProvider
    names: tuple[str, ...]
    former: bytes | None = None
    former_key: str | None = field(default=None, repr=False)


@frozen
class Obtained:
    """A certificate chain and its key, in PEM."""

    chain: str
    key: str = field(repr=False)
