"""What is known of a domain, and the zone that follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.codec.mta_sts import policy_id
from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import Domain
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.vault import Vault, VaultKey
from stalwart.mail.dkim_keys import DKIM_KEY
from stalwart.mail.domain_records import DkimKey, DomainFacts, Issuer
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.mta_sts_policy import policy_file
from tests.directory.world import NOW, World
from tests.mail.test_dkim_keys import RFC8463_KEY, RFC8463_PUBLIC


class DomainZoneTests(World):
    def setUp(self) -> None:
        super().setUp()
        self.vault = Vault(VaultKey("t" * 40))
        self.asked: list[str] = []
        self.zones = DomainZones(self.settings, self.vault, self, self.configuration)

    def chain_for(self, name: str) -> tuple[bytes, ...]:
        """As of the certificates that are served."""
        self.asked.append(name)
        return ()

    def configuration(self, name: str) -> bytes | None:
        return f"of {name}".encode()

    def make(self, declaration: Any, **members: Any) -> int:
        """The number of a new object."""
        made = self.store.write(lambda tx: registry.create(tx, declaration, members, now=NOW, by_server=True))
        return self.successResultOf(made).id

    def key(self, selector: str, **members: Any) -> None:
        sealed = {"@type": "Text", "secret": self.vault.seal(DKIM_KEY, RFC8463_KEY)}
        given = {"@type": "Dkim1Ed25519Sha256", "domainId": "b", "privateKey": sealed, "selector": selector}
        self.make(DkimSignature, **given | members)

    def read(self, work: Any, id: int) -> Any:
        """What ``work`` makes of a domain."""
        return self.successResultOf(self.store.read(lambda tx: work(tx, id, self.domain_in(tx, id))))

    def domain_in(self, tx: Any, id: int) -> Domain:
        entry = registry.get(tx, Domain, id)
        assert entry is not None
        found: Domain = entry.value
        return found

    def facts(self, id: int = 1) -> DomainFacts:
        found: DomainFacts = self.read(self.zones.facts, id)
        return found

    def text(self) -> str:
        found: str = self.read(self.zones.text, 1)
        return found

    def test_keys_are_opened_and_in_order(self) -> None:
        self.domain("other.test")
        self.key("one")
        self.key("of-another", domainId="c")
        self.key("two", stage="retired")
        expected = (
            DkimKey("one", "ed25519", RFC8463_PUBLIC),
            DkimKey("two", "ed25519", RFC8463_PUBLIC, "retired"),
        )
        self.assertEqual(self.facts().keys, expected)

    def test_key_that_cannot_be_had_is_left_out(self) -> None:
        self.key("lost", privateKey={"@type": "File", "filePath": str(Path(self.mktemp()))})
        foreign = Vault(VaultKey("u" * 40)).seal(DKIM_KEY, RFC8463_KEY)
        self.key("foreign", privateKey={"@type": "Text", "secret": foreign})
        self.key("kept")
        self.assertEqual([key.selector for key in self.facts().keys], ["kept"])

    def test_private_keys_are_not_told(self) -> None:
        self.key("one")
        text = self.text()
        self.assertIn(RFC8463_PUBLIC, text)
        self.assertNotIn("PRIVATE", text + repr(self.facts()))

    def test_authority_and_the_one_in_its_place(self) -> None:
        contact = {"a@example.test": True}
        second = self.make(AcmeProvider, contact=contact, directory="https://acme.zerossl.com/v2/DV90")
        first = self.make(
            AcmeProvider, contact=contact, accountUri="https://le.test/1", fallbackProviderId=encode_id(second)
        )
        management = {"@type": "Automatic", "acmeProviderId": encode_id(first)}
        id = self.domain("other.test", certificateManagement=management)
        self.assertEqual(
            self.facts(id).issuers, (Issuer("letsencrypt.org", "https://le.test/1"), Issuer("sectigo.com"))
        )

    def test_manual_certificates_have_no_authority(self) -> None:
        self.assertEqual(self.facts().issuers, ())

    def test_policy_is_the_one_that_is_served(self) -> None:
        known = self.facts()
        body = policy_file(known.domain, self.settings.of(MtaSts), known.system)
        self.assertEqual(known.policy_id, policy_id(body or b""))
        self.settle(self.settings.change(MtaSts, {"mode": "disable"}))
        self.assertIsNone(self.facts().policy_id)

    def test_policy_that_is_taken_back_stays_announced(self) -> None:
        """RFC 8461 8.3: senders look for another policy when the id is another."""
        former = self.facts().policy_id
        self.settle(self.settings.change(MtaSts, {"mode": "none"}))
        found = self.facts().policy_id
        self.assertNotIn(found, (None, former))
        text = self.text()
        self.assertIn(f'_mta-sts.example.test. IN TXT "v=STSv1; id={found}"\n', text)
        self.assertIn("mta-sts.example.test. IN CNAME mail.example.test.\n", text)

    def test_configuration_is_asked_for_by_name(self) -> None:
        self.assertEqual(self.facts().configuration, b"of example.test")

    def test_zone_of_a_new_server(self) -> None:
        text = self.text()
        self.assertIn("example.test. IN MX 10 mail.example.test.\n", text)
        self.assertIn("mail.example.test", self.asked)
        self.assertTrue(all(line.startswith((" ", ")")) or ". IN " in line for line in text.splitlines()))
