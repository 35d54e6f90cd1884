"""Secrets that were stored before there was a vault."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import clear_secrets, registry
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, VaultKey
from stalwart.store import MemoryStore

TSIG = {"@type": "Tsig", "description": "Ours", "host": "192.0.2.1", "keyName": "k"}
CLOUDFLARE = {"@type": "Cloudflare", "description": "Theirs"}


def value(secret: str) -> dict[str, str]:
    return {"@type": "Value", "secret": secret}


class ClearSecretsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.vault = Vault(VaultKey("c" * 40))

    def create(self, data: dict[str, Any]) -> int:
        made: int = self.successResultOf(
            self.store.write(lambda tx: registry.create(tx, DnsServer, data, now=0, by_server=True).id)
        )
        return made

    def row(self, id: int) -> Any:
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("DnsServer", id)))
        assert row is not None
        return row.data

    def seal(self) -> int:
        return self.successResultOf(self.store.write(lambda tx: clear_secrets.seal_clear_secrets(tx, self.vault, 0)))

    def test_sealed_once(self) -> None:
        ids = [self.create({**TSIG, "key": value("first")}), self.create({**CLOUDFLARE, "secret": value("second")})]
        self.assertEqual((self.seal(), self.seal()), (2, 0))
        for id, name, secret in zip(ids, ("key", "secret"), ("first", "second"), strict=True):
            self.assertNotIn(secret, repr(self.row(id)[name]["secret"]))
            self.assertEqual(self.vault.open(f"DnsServer.{name}", self.row(id)[name]["secret"]), secret)

    def test_more_than_are_read_at_once(self) -> None:
        self.patch(clear_secrets, "_AT_ONCE", 2)
        for number in range(5):
            self.create({**TSIG, "key": value(f"key {number}")})
        self.assertEqual(self.seal(), 5)

    def test_what_lies_elsewhere_stays_there(self) -> None:
        place = {"@type": "File", "filePath": "/run/key"}
        id = self.create({**TSIG, "key": place})
        self.assertEqual((self.seal(), self.row(id)["key"]), (0, place))

    def test_rows_that_cannot_be_read_are_left(self) -> None:
        broken = {"@type": "Tsig", "key": 7}
        self.successResultOf(self.store.write(lambda tx: tx.registry.insert("DnsServer", broken, id=9)))
        id = self.create({**TSIG, "key": value("secret")})
        self.assertEqual((self.seal(), self.row(9)), (1, broken))
        self.assertNotIn("secret", self.row(id)["key"]["secret"])
