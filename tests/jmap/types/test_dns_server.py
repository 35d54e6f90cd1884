"""``x:DnsServer``: keys, addresses and credentials are tried when they are written."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

from attrs import evolve

from stalwart.codec.ids import decode_id
from stalwart.config import registry
from stalwart.config.tls.dns_server import DnsServer, Tsig
from stalwart.config.vault import Vault, VaultKey
from stalwart.jmap.types import dns_server
from stalwart.tls.dns_servers import DNS_KEY
from tests.jmap.registry.world import RegistryWorld
from tests.net.test_dns_tsig import SECRET


def value(secret: str) -> dict[str, str]:
    return {"@type": "Value", "secret": secret}


TSIG: dict[str, Any] = {
    "@type": "Tsig",
    "description": "Ours",
    "host": "192.0.2.53",
    "keyName": "update.example.test",
    "key": value(SECRET),
    "tsigAlgorithm": "hmac-sha256",
}
CLOUDFLARE: dict[str, Any] = {"@type": "Cloudflare", "description": "Theirs", "secret": value("a-token_of.them")}


class DnsServerTests(RegistryWorld):
    def row(self, id: str) -> Any:
        """What is stored."""
        row = self.successResultOf(self.store.read(lambda tx: tx.registry.get("DnsServer", decode_id(id))))
        assert row is not None
        return row.data

    def kept(self, id: str) -> str:
        """The secret, as whoever publishes gets it."""
        server: Any = DnsServer.from_stored(self.row(id))
        return self.vault.kept(DNS_KEY[server.tag], server.key if server.tag == "Tsig" else server.secret)

    def assert_refused(self, property: str, **members: Any) -> str:
        error = self.not_created("DnsServer", **members)
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", [property]))
        self.assertNotIn(SECRET, error["description"])
        return str(error["description"])

    def test_both_kinds(self) -> None:
        id = self.create("DnsServer", **TSIG)
        self.assertEqual(self.get("DnsServer", id)["key"]["secret"], "****")
        self.create("DnsServer", **CLOUDFLARE)
        self.create("DnsServer", **CLOUDFLARE, email="admin@example.test")

    def test_algorithms_that_are_not_offered(self) -> None:
        self.assertIn("MD5", self.assert_refused("tsigAlgorithm", **TSIG | {"tsigAlgorithm": "hmac-md5"}))
        self.assertIn("Kerberos", self.assert_refused("tsigAlgorithm", **TSIG | {"tsigAlgorithm": "gss"}))

    def test_name_of_the_key(self) -> None:
        for name in ("a..b", "x" * 70, "."):
            self.assert_refused("keyName", **TSIG | {"keyName": name})

    def test_key(self) -> None:
        for secret in ("nonsense!", "abc"):
            self.assertIn("base64", self.assert_refused("key", **TSIG | {"key": value(secret)}))
        missing = {"@type": "File", "filePath": "/none/such"}
        self.assertIn("cannot be read", self.assert_refused("key", **TSIG | {"key": missing}))

    def test_key_in_a_file(self) -> None:
        path = Path(self.mktemp())
        path.write_text(SECRET + "\n")
        self.create("DnsServer", **TSIG | {"key": {"@type": "File", "filePath": str(path)}})

    def test_short_key_is_told_of(self) -> None:
        answer = self.ask("x:DnsServer/set", {"create": {"new": TSIG | {"tsigAlgorithm": "hmac-sha512"}}})
        self.assertIn("update.example.test is shorter", str(answer))
        self.assertNotIn("shorter", str(self.ask("x:DnsServer/set", {"create": {"new": TSIG}})))

    def test_host(self) -> None:
        for host in ("0.0.0.0", "224.0.0.1", "::"):
            self.assert_refused("host", **TSIG | {"host": host})
        self.create("DnsServer", **TSIG | {"host": "127.0.0.1"})

    def test_change_is_judged_too(self) -> None:
        id = self.create("DnsServer", **TSIG)
        self.assertEqual(self.not_updated("DnsServer", id, tsigAlgorithm="gss")["properties"], ["tsigAlgorithm"])
        self.assertEqual(self.not_updated("DnsServer", id, key__secret="?")["properties"], ["key"])
        self.update("DnsServer", id, tsigAlgorithm="hmac-sha384", ttl=60_000)

    def test_mask_keeps_the_key(self) -> None:
        id = self.create("DnsServer", **TSIG)
        self.update("DnsServer", id, key=value("****"), keyName="other.example.test")
        self.assertEqual(self.kept(id), SECRET)
        self.update("DnsServer", id, key__secret="****", description="Still ours")
        self.assertEqual(self.kept(id), SECRET)

    def test_secrets_are_sealed_where_they_are_stored(self) -> None:
        for given, secret in ((TSIG, SECRET), (CLOUDFLARE, "a-token_of.them")):
            id = self.create("DnsServer", **given)
            self.assertNotIn(secret, repr(self.row(id)))
            self.assertEqual(self.kept(id), secret)
            self.assertNotIn(secret, repr(self.get("DnsServer", id)))
            self.assertNotIn("sealed", repr(self.get("DnsServer", id)))

    def test_new_secrets_are_sealed_too(self) -> None:
        id = self.create("DnsServer", **TSIG)
        former, other = self.row(id), b64encode(b"another secret of 32 octets, say").decode()
        self.update("DnsServer", id, key__secret=other)
        self.assertNotIn(other, repr(self.row(id)))
        self.assertNotEqual(self.row(id), former)
        self.assertEqual(self.kept(id), other)
        self.update("DnsServer", id, **CLOUDFLARE)
        self.assertNotIn("a-token_of.them", repr(self.row(id)))
        self.assertEqual(self.kept(id), "a-token_of.them")

    def test_secret_from_before_there_was_a_vault_is_sealed_with_the_next_change(self) -> None:
        id = self.create("DnsServer", **TSIG)
        clear = {"key": value(SECRET)}
        self.successResultOf(
            self.store.write(lambda tx: registry.update(tx, DnsServer, decode_id(id), clear, now=0, by_server=True))
        )
        self.assertEqual((self.row(id)["key"]["secret"], self.kept(id)), (SECRET, SECRET))
        self.update("DnsServer", id, description="Still ours")
        self.assertNotIn(SECRET, repr(self.row(id)))
        self.assertEqual(self.kept(id), SECRET)

    def test_secret_of_another_vault_or_place_is_no_key(self) -> None:
        stranger = Vault(VaultKey("of another server, and long enough too"))
        for sealed in (stranger.seal(DNS_KEY["Tsig"], SECRET), self.vault.seal("Certificate.privateKey", SECRET)):
            self.assertIn("cannot be read", self.assert_refused("key", **TSIG | {"key": value(sealed)}))

    def test_other_members_change_without_the_file_of_the_key(self) -> None:
        path = Path(self.mktemp())
        path.write_text(SECRET)
        id = self.create("DnsServer", **TSIG | {"key": {"@type": "File", "filePath": str(path)}})
        path.unlink()
        self.update("DnsServer", id, description="Still ours")

    def test_credentials(self) -> None:
        for secret in ("two words", "two\nlines", "x" * 501, "tökén"):
            self.assert_refused("secret", **CLOUDFLARE | {"secret": value(secret)})
        self.assert_refused("email", **CLOUDFLARE, email="nobody")
        missing = {"@type": "File", "filePath": "/none/such"}
        self.assert_refused("secret", **CLOUDFLARE | {"secret": missing})

    def test_kind_may_change(self) -> None:
        id = self.create("DnsServer", **TSIG)
        self.update("DnsServer", id, **CLOUDFLARE)
        error = self.not_updated("DnsServer", id, **TSIG | {"tsigAlgorithm": "gss"})
        self.assertEqual(error["properties"], ["tsigAlgorithm"])

    def test_private_networks_are_not_for_tenants(self) -> None:
        self.create("Tenant", name="acme")
        tenant = self.successResultOf(self.store.read(lambda tx: tx.registry.list("Tenant", limit=1)[0].id))
        self.who = evolve(self.who, tenant_id=tenant)
        for host in ("127.0.0.1", "10.0.0.1", "::1", "fe80::1"):
            error = self.not_created("DnsServer", **TSIG | {"host": host})
            self.assertEqual((error["type"], error["properties"]), ("forbidden", ["host"]))
        id = self.create("DnsServer", **TSIG | {"host": "9.9.9.9"})
        self.assertEqual(self.not_updated("DnsServer", id, host="10.0.0.1")["type"], "forbidden")

    def test_nothing_to_say_of_a_good_key(self) -> None:
        server = Tsig.from_wire({k: v for k, v in TSIG.items() if k != "@type"})
        self.assertIsNone(dns_server.check_key(server, self.vault))
