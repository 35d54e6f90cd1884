"""A small server with a vault, certificates made for tests, and what handshakes choose from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.tls.certificate import Certificate
from stalwart.config.vault import Vault, VaultKey
from stalwart.tls.keeping import CertificateKeeper
from stalwart.tls.managed import members_of
from stalwart.tls.selection import Certificates
from tests.directory.world import NOW, World

DAY = 86_400
_AUTHORITY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority of the tests")])


def key_pem() -> str:
    """A fresh P-256 key."""
    made: bytes = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return made.decode()


def issued_pem(names: Iterable[str], public_key: Any, begin: float, seconds: float) -> str:
    """A certificate of the tests' authority for ``names`` and a key, without the authority's own."""
    dates = [datetime.fromtimestamp(moment, UTC) for moment in (begin, begin + seconds)]
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(_AUTHORITY.public_key())
    made = (
        x509.CertificateBuilder(_NAME, x509.Name([]), public_key, x509.random_serial_number(), *dates)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
        .add_extension(identifier, critical=False)
        .sign(_AUTHORITY, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def chain_pem(names: Iterable[str], key: str, begin: float = NOW - DAY, days: float = 90) -> str:
    """The same for a private key in PEM."""
    private: Any = load_pem_private_key(key.encode(), None)
    return issued_pem(names, private.public_key(), begin, days * DAY)


class TlsWorld(World):
    """``domain`` is automatic, with the names ``a`` and ``b`` below it; ``keeper`` has announced to ``told``."""

    def setUp(self) -> None:
        super().setUp()
        self.vault = Vault(VaultKey("t" * 40))
        self.served = Certificates(self.clock, self.telemetry, lambda: ("mail.example.test",))
        self.told: list[int | None] = []
        self.keeper = CertificateKeeper(
            self.store,
            self.settings,
            self.hashing,
            self.vault,
            self.served,
            self.telemetry,
            self.clock,
            announce=self.told.append,
        )
        self.addCleanup(self.keeper.close)

    def provider(self, **members: Any) -> int:
        """An account at an authority."""
        data = {"contact": {"a@example.test": True}, "directory": "https://ca.test/dir", "challengeType": "Http01"}
        key = self.vault.seal("AcmeProvider.accountKey", key_pem())
        data |= {"accountKey": key, "accountUri": "https://ca.test/account/1", **members}
        return self.created(AcmeProvider, data)

    def automatic(self, provider: int, *names: str) -> None:
        """Set the domain to automatic certificates."""
        management = {
            "@type": "Automatic",
            "acmeProviderId": encode_id(provider),
            "subjectAlternativeNames": dict.fromkeys(names or ("a.example.test", "b.example.test"), True),
        }
        self.settle(self.settings.change(Domain, {"certificateManagement": management}, self.domain_id))

    def certificate(self, *names: str, key: str | None = None, begin: float = NOW - DAY, **members: Any) -> int:
        """A stored certificate."""
        key = key or key_pem()
        data = members_of(chain_pem(names, key, begin), key, self.vault)
        return self.created(Certificate, {**data, **members})

    def created(self, declaration: Any, data: dict[str, Any]) -> int:
        """The id of a new object, made by the server."""
        made: int = self.successResultOf(
            self.store.write(lambda tx: registry.create(tx, declaration, data, now=NOW, by_server=True).id)
        )
        self.settle(self.settings.reload())
        return made
