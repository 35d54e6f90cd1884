"""What the house stands on; most of it is tested by opening houses (test_house)."""

from __future__ import annotations

import io
import json
from pathlib import Path

from twisted.internet.defer import Deferred, fail, succeed

from stalwart.app import foundations
from stalwart.app.directories import external_directories
from stalwart.app.identity import HOUR, identity_provider
from stalwart.app.startup import Startup
from stalwart.config.identity.directory import Directory as DeclaredDirectory
from stalwart.directory.external.directories import ExternalDirectories
from stalwart.errors import Invalid, Unavailable
from stalwart.store import MemoryStore
from stalwart.store.config_file import embedded_store_config
from stalwart.store.sqlite.engine import is_gone
from stalwart.web.limits import MemoryCounters
from tests.app.world import HTTP, HouseCase
from tests.store.moving.sample import filled


class FoundationsTests(HouseCase):
    def test_base_url_is_that_of_the_jmap_service_and_empty_before_there_is_one(self) -> None:
        self.assertEqual(self.open().foundations.base_url, "https://mail.example.test")
        startup = Startup(config=self.mktemp(), endpoints={"http": [HTTP]})
        self.assertEqual(self.open(startup=startup).foundations.base_url, "")

    def test_directories_elsewhere_have_a_maker_each(self) -> None:
        below = self.open().foundations
        self.assertIsInstance(below.external, ExternalDirectories)
        made = self.settle(
            external_directories(
                below.store,
                below.settings,
                below.hashing,
                self.reactor,
                below.outgoing.trust_store,
                self.telemetry,
                data_store=None,
            )
        )
        self.assertEqual(set(made._makers), set(DeclaredDirectory.variants))
        self.settle(made.close())

    def test_keys_are_looked_at_every_hour(self) -> None:
        below = self.open().foundations
        provider = identity_provider(below, MemoryCounters())
        self.settle(provider.load())
        keys = provider.services["signing_keys"]
        loaded = []
        self.patch(keys, "load", lambda: _note(loaded))
        self.reactor.advance(HOUR)
        provider.close()
        self.reactor.advance(HOUR)
        self.assertEqual(loaded, [True])

    def test_what_is_told_past_the_log_needs_somebody_to_read_it(self) -> None:
        stream = io.StringIO()
        foundations.tell(stream, "hello")
        foundations.tell(None, "hello")
        self.assertEqual(stream.getvalue(), "hello\n")

    def test_a_server_without_accounts_says_how_to_get_in(self) -> None:
        self.open()
        self.assertIn("STALWART_RECOVERY_ADMIN", self.event("server.no-accounts")["hint"])

    def test_a_store_that_cannot_be_opened_is_named_with_the_file_that_names_it(self) -> None:
        store = MemoryStore()
        refused = Unavailable("The data store cannot be reached.")
        refused.__cause__ = ValueError("connection to server at 10.0.0.1, port 5432 failed: Connection refused")
        self.patch(store, "start", lambda: fail(refused))
        self.patch(foundations, "open_store", lambda *_, **__: store)
        path = Path(self.mktemp()).absolute()
        path.write_text('{"@type": "PostgreSql", "host": "10.0.0.1"}')
        former = path.with_name(f"{path.name}.bak")
        for wanted in (f"is named by {path}.", f"is named by {path}, what it was before by {former}."):
            opening = Deferred.fromCoroutine(
                self.opening(startup=Startup(config=str(path), endpoints={"http": [HTTP]}))
            )
            said = self.failureResultOf(opening, Unavailable).value.detail
            self.assertIn("port 5432 failed: Connection refused) The data store", said)
            self.assertTrue(said.endswith(wanted), said)
            former.write_text("{}")

    def test_a_password_that_everybody_can_read_is_said(self) -> None:
        path = Path(self.mktemp()).absolute()
        for secret, mode, told in (
            ({"@type": "Value", "secret": "x"}, 0o644, [str(path)]),
            ({"@type": "Value", "secret": "x"}, 0o600, []),
            ({"@type": "File", "filePath": "/nowhere"}, 0o644, []),
        ):
            path.write_text(json.dumps({"@type": "PostgreSql", "host": "10.0.0.1", "authSecret": secret}))
            path.chmod(mode)
            self.events.clear()
            self.shut(self.open(startup=Startup(config=str(path), endpoints={"http": [HTTP]})))
            named = [keys["path"] for name, keys in self.events if name == "security.key-exposed"]
            self.assertEqual([each for each in named if each == str(path)], told)

    def test_an_empty_store_of_the_environment_does_not_take_the_place_of_one_with_data(self) -> None:
        data = Path(self.mktemp()).absolute()
        filled(Path(embedded_store_config(data)["path"]))
        before = (data / "config.json").read_text()
        startup = Startup(data=str(data), endpoints={"http": [HTTP]})
        self.patch(foundations, "deferToThreadPool", lambda _reactor, _pool, work, *given: succeed(work(*given)))
        self.reactor.getThreadPool = lambda: None
        opening = Deferred.fromCoroutine(
            self.opening(startup=startup, data_store={"@type": "Sqlite", "path": "other.sqlite3"})
        )
        said = self.failureResultOf(opening, Invalid).value.detail
        self.assertIn(f"STALWART_DATA_STORE names an empty data store, but {data / 'config.json'} one with data", said)
        self.assertEqual((data / "config.json").read_text(), before)

    def test_a_store_that_is_gone_is_not_made_anew(self) -> None:
        data = Path(self.mktemp()).absolute()
        startup = Startup(data=str(data), endpoints={"http": [HTTP]})
        self.assertFalse(is_gone(data / "store.sqlite3"))
        filled(Path(embedded_store_config(data)["path"]))
        (data / "store.sqlite3").unlink()
        opening = Deferred.fromCoroutine(self.opening(startup=startup))
        said = self.failureResultOf(opening, Invalid).value.detail
        self.assertIn(f"{data / 'store.sqlite3'} is missing, though this server has used it", said)
        self.assertFalse((data / "store.sqlite3").exists())


async def _note(loaded: list[bool]) -> None:
    loaded.append(True)
