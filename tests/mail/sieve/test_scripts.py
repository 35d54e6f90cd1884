"""Which script is active, and how it is made ready."""

from __future__ import annotations

from stalwart.codec.sieve.syntax import SieveError
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.mail.sieve import scripts
from stalwart.mail.sieve.scripts import Active, Scripts, active_of
from tests.mail.sieve.case import SieveCase


class ScriptsTests(SieveCase):
    """The store and the cache."""

    def active(self, name: str) -> Active | None:
        id = self.ids[name]
        return self.successResultOf(self.store.read(lambda tx: active_of(tx, id)))

    def test_active(self) -> None:
        self.assertIsNone(self.active("alice"))
        self.script("alice", "keep;")
        found = self.active("alice")
        assert found is not None
        self.assertIsNotNone(found.script)
        self.assertIsNone(found.vacation)
        self.vacation("bob")
        found = self.active("bob")
        assert found is not None and found.vacation is not None
        self.assertEqual(found.vacation["textBody"], "I am away.")

    def test_a_vacation_that_is_off(self) -> None:
        self.vacation("alice", isEnabled=False)
        self.assertIsNone(self.active("alice"))

    def test_made_ready_once(self) -> None:
        made = Scripts(self.settings)
        self.assertFalse(made.knows(b"1"))
        script = made.ready(b"1", b"keep;")
        self.assertTrue(made.knows(b"1"))
        self.assertIs(made.ready(b"1", None), script)

    def test_errors_are_remembered_too(self) -> None:
        made = Scripts(self.settings)
        for source in (b"?", None):
            self.assertEqual(self.assertRaises(SieveError, made.ready, b"1", source).line, 1)
        self.assertRaises(SieveError, made.ready, b"2", None)

    def test_the_oldest_are_forgotten(self) -> None:
        self.patch(scripts, "_CACHED", 2)
        made = Scripts(self.settings)
        for number in range(3):
            made.ready(bytes((number,)), b"keep;")
        self.assertEqual([made.knows(bytes((number,))) for number in range(3)], [False, True, True])

    def test_settings(self) -> None:
        made = Scripts(self.settings)
        self.assertIn("vacation", made.extensions)
        self.set(
            SieveUserInterpreter, disableCapabilities={"vacation": True, "regex": True}, maxRedirects=1, maxCpuCycles=7
        )
        self.assertNotIn("vacation", made.extensions)
        self.assertEqual((made.bounds.redirects, made.bounds.steps, made.bounds.remembered), (1, 7, 7 * 86_400))
        self.assertIn("received", made.bounds.protected)
