"""What is stored is what is served, here at once and elsewhere soon."""

from __future__ import annotations

from stalwart.config import registry
from stalwart.config.network.system import SystemSettings
from stalwart.config.tls.certificate import Certificate
from stalwart.config.vault import Vault, VaultKey
from tests.directory.world import NOW
from tests.tls.world import DAY, TlsWorld


class KeepingTests(TlsWorld):
    def names(self) -> set[str]:
        return {name for pair in self.served.pairs.values() for name in pair.names}

    def test_all_are_read(self) -> None:
        ids = {self.certificate(f"{number}.example.test") for number in range(5)}
        self.settle(self.keeper.load())
        self.assertEqual(set(self.served.pairs), ids)

    def test_changes_count_with_the_next_handshake_and_are_told(self) -> None:
        self.settle(self.keeper.load())
        id = self.certificate("a.test")
        self.settle(self.keeper.changed([id]))
        self.assertEqual((self.names(), self.told), ({"a.test"}, [id]))
        self.successResultOf(self.store.write(lambda tx: registry.destroy(tx, Certificate, id)))
        self.settle(self.keeper.changed([id]))
        self.assertEqual((self.names(), self.told), (set(), [id, id]))

    def test_what_others_change_is_read_after_a_lull(self) -> None:
        self.settle(self.keeper.load())
        first, second = self.certificate("a.test"), self.certificate("b.test")
        self.keeper.hear(first)
        self.keeper.hear(second)
        self.assertEqual(self.names(), set())
        self.clock.advance(1)
        self.assertEqual(self.names(), {"a.test", "b.test"})
        self.assertEqual(self.told, [])

    def test_hearing_of_any_number_reads_all(self) -> None:
        self.settle(self.keeper.load())
        self.certificate("a.test")
        self.keeper.hear(None)
        self.clock.advance(1)
        self.assertEqual(self.names(), {"a.test"})

    def test_default_certificate_follows_the_settings(self) -> None:
        self.certificate("a.test")
        default = self.certificate("b.test")
        self.settle(self.keeper.load())
        self.settle(self.settings.change(SystemSettings, {"defaultCertificateId": registry_id(default)}))
        self.assertIs(self.served.find("unknown.test"), self.served.pairs[default])

    def test_a_key_that_cannot_be_opened_is_told_and_left_out(self) -> None:
        own, self.vault = self.vault, Vault(VaultKey("another" * 10))
        lost = self.certificate("lost.test")
        self.vault = own
        self.certificate("kept.test")
        self.settle(self.keeper.load())
        self.assertEqual(self.names(), {"kept.test"})
        self.assertNotIn(lost, self.served.pairs)
        self.assertEqual(self.telemetry.counters["resource.bad-parameters"], 1)

    def test_expiries_by_name(self) -> None:
        self.certificate("a.test", "b.test", begin=NOW - 80 * DAY)
        self.certificate("b.test", begin=NOW)
        self.settle(self.keeper.load())
        self.assertEqual(self.keeper.expiries(), {"a.test": NOW + 10 * DAY, "b.test": NOW + 90 * DAY})

    def test_reload_tells_everybody(self) -> None:
        self.settle(self.keeper.reload())
        self.assertEqual(self.told, [None])


def registry_id(id: int) -> str:
    from stalwart.codec.ids import encode_id

    return encode_id(id)
