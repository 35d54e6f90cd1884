"""Certificates that the server gets for domains take each other's place."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.network.system import SystemSettings
from stalwart.config.tls.certificate import Certificate
from stalwart.directory.account_records import date_text
from stalwart.errors import NotFound
from stalwart.tls.managed import domain_id_of, managed_certificates, members_of, write_managed
from stalwart.tls.order_journal import Entry, OrderJournal
from tests.directory.world import NOW
from tests.tls.world import DAY, TlsWorld, chain_pem, key_pem


class ManagedTests(TlsWorld):
    def write(self, *names: str, begin: float = NOW, renew_at: float | None = NOW + 60 * DAY) -> tuple[int, list[int]]:
        key = key_pem()
        members = members_of(chain_pem(names, key, begin), key, self.vault)
        found: tuple[int, list[int]] = self.successResultOf(
            self.store.write(lambda tx: write_managed(tx, self.domain_id, members, renew_at, NOW))
        )
        return found

    def managed(self) -> list[Any]:
        return self.successResultOf(self.store.read(lambda tx: managed_certificates(tx, self.domain_id)))

    def test_later_one_takes_the_place_of_one_that_lasts_longer(self) -> None:
        old, _ = self.write("a.example.test", begin=NOW - DAY)
        key = key_pem()
        short = members_of(chain_pem(["a.example.test"], key, NOW, 6), key, self.vault)
        new, _ = self.successResultOf(
            self.store.write(lambda tx: write_managed(tx, self.domain_id, short, NOW + 4 * DAY, NOW))
        )
        self.assertEqual([one.id for one in self.managed()], [new, old])

    def test_revoked_one_comes_last(self) -> None:
        old, _ = self.write("a.example.test", begin=NOW - 60 * DAY)
        new, _ = self.write("a.example.test")
        patch = {"revokedAt": date_text(NOW)}
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, Certificate, new, patch, now=NOW, by_server=True))
        )
        self.assertEqual([one.id for one in self.managed()], [old, new])

    def test_the_one_that_lasts_longest_comes_first(self) -> None:
        self.certificate("a.test")  # somebody's own
        old, _ = self.write("a.example.test", begin=NOW - 60 * DAY)
        new, _ = self.write("a.example.test")
        self.assertEqual([one.id for one in self.managed()], [new, old])
        self.assertEqual([one.renew_at for one in self.managed()], [NOW + 60 * DAY, None])

    def test_what_has_expired_goes(self) -> None:
        old, _ = self.write("a.example.test", begin=NOW - 91 * DAY)
        new, gone = self.write("a.example.test")
        self.assertEqual((gone, [one.id for one in self.managed()]), ([old], [new]))

    def test_the_default_moves_on_with_its_names(self) -> None:
        first, _ = self.write("a.example.test")
        self.settle(self.settings.change(SystemSettings, {"defaultCertificateId": encode_id(first)}))
        second, _ = self.write("a.example.test")
        self.write("b.example.test")
        self.settle(self.settings.reload())
        self.assertEqual(self.settings.of(SystemSettings).default_certificate_id, second)

    def test_an_expired_default_that_stays_default_is_kept(self) -> None:
        first, _ = self.write("a.example.test", begin=NOW - 91 * DAY)
        self.settle(self.settings.change(SystemSettings, {"defaultCertificateId": encode_id(first)}))
        _, gone = self.write("b.example.test")
        self.assertEqual(gone, [])

    def test_the_order_is_forgotten_with_it(self) -> None:
        journal = OrderJournal(self.store, self.vault)
        self.settle(journal.write(self.domain_id, Entry(1, ("a",), "key", NOW)))
        self.write("a.example.test")
        self.assertIsNone(self.settle(journal.entry(self.domain_id, NOW)))

    def test_keys_are_sealed_where_they_are_stored(self) -> None:
        id, _ = self.write("a.example.test")
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("Certificate", id)))
        assert row is not None
        self.assertNotIn("PRIVATE", str(row.data))
        entry = self.successResultOf(self.store.read(lambda tx: registry.get(tx, Certificate, id)))
        assert entry is not None
        self.assertIn("PRIVATE", self.vault.kept("Certificate.privateKey", entry.value.private_key))

    def test_domains_by_name(self) -> None:
        find = self.store.read(lambda tx: domain_id_of(tx, "example.test"))
        self.assertEqual(self.successResultOf(find), self.domain_id)
        self.failureResultOf(self.store.read(lambda tx: domain_id_of(tx, "other.test")), NotFound)
