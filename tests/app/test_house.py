"""The composition root: three modes, what a first start inserts, and that nothing stays open when something fails."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from stalwart.app import house as module
from stalwart.app.startup import Startup
from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.roles import Role
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.http import Http
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.security import BlockedIp
from stalwart.config.network.system import SystemSettings
from stalwart.config.storage.cluster import ClusterRole
from stalwart.errors import Invalid, Unavailable
from stalwart.schema import ValidationFailed
from stalwart.store import MemoryStore
from stalwart.tasks.scheduling import schedule
from stalwart.telemetry.events import Level
from tests.app.world import ENDPOINTS, HTTP, NOW, SMTP, HouseCase
from tests.web.client import Connected, Wire, request_bytes


class NormalTests(HouseCase):
    """--data and --config with a file."""

    def test_first_start_inserts_the_default_objects(self) -> None:
        settings = self.open().foundations.settings
        self.assertEqual(
            [(one.name, set(one.bind)) for _, one in settings.all(NetworkListener)],
            [("http", {"[::]:8080"}), ("https", {"[::]:443"}), ("smtp", {"[::]:25"})],
        )
        self.assertEqual(settings.of(SystemSettings).default_hostname, "mail.example.test")
        self.assertEqual(len(settings.all(Role)), 4)
        self.assertEqual(settings.all(Domain), ())

    def test_second_start_keeps_what_was_changed(self) -> None:
        first = self.open()
        self.settle(first.foundations.settings.change(Http, {"enableHsts": True}))
        for id, _ in first.foundations.settings.all(NetworkListener):
            self.settle(first.foundations.settings.destroy(NetworkListener, id))
        self.settle(first.foundations.settings.create(NetworkListener, {"name": "own", "bind": {"127.0.0.1:1": True}}))
        self.shut(first)
        second = self.open(hostname="other.example.test")
        self.assertTrue(second.foundations.settings.of(Http).enable_hsts)
        self.assertEqual([one.name for _, one in second.foundations.settings.all(NetworkListener)], ["own"])
        self.assertEqual(second.foundations.settings.of(SystemSettings).default_hostname, "mail.example.test")

    def test_config_file_names_the_store(self) -> None:
        path = Path(self.mktemp())
        config = {"@type": "Sqlite", "path": str(path.absolute().with_suffix(".sqlite3"))}
        path.write_text(json.dumps(config))
        self.open(startup=Startup(config=str(path), endpoints=ENDPOINTS))
        self.assertEqual(self.configs, [config])

    def test_task_that_was_left_is_done_at_the_start_but_not_in_recovery_mode(self) -> None:
        first = self.open()
        data = {"maintenanceType": "resetRateLimiters"}
        self.successResultOf(
            first.foundations.store.write(lambda tx: schedule(tx, "StoreMaintenance", data, NOW + 50, NOW))
        )
        self.shut(first)
        self.reactor.advance(100)
        self.shut(self.open(recovery_mode=True))
        before = [name for name, _ in self.events if name == "task-manager.task-completed"]
        self.open()
        self.assertEqual((before, self.event("task-manager.task-completed")["type"]), ([], "StoreMaintenance"))

    def test_a_second_daemon_waits_for_the_first_to_end_and_is_refused(self) -> None:
        first = self.open()
        opening = Deferred.fromCoroutine(self.opening())
        self.reactor.pump([1.0] * 21)
        self.assertIn("is in use by the server", self.failureResultOf(opening, Unavailable).value.detail)
        opening = Deferred.fromCoroutine(self.opening())
        self.shut(first)
        self.reactor.advance(1.0)
        house = self.successResultOf(opening)
        self.settle(house.close(1.0))

    def test_startup_is_told_with_mode_and_listeners(self) -> None:
        self.open()
        self.assertEqual(self.event("server.startup"), {"mode": "normal", "listeners": 2})

    def test_members_of_the_diagnosis_variable_are_in_force(self) -> None:
        self.assertEqual(self.open(diagnosis={"port": 2525}).foundations.settings.of(Diagnosis).port, 2525)

    def test_unknown_member_of_the_diagnosis_variable_stops_the_start(self) -> None:
        failed = self.failureResultOf(Deferred.fromCoroutine(self.opening(diagnosis={"prot": 1})), ValidationFailed)
        self.assertIn("prot", failed.value.detail)
        self.assertEqual(self.closed, ["store"])

    def test_role_that_is_not_there_stops_the_start_but_not_the_recovery(self) -> None:
        failed = self.failureResultOf(Deferred.fromCoroutine(self.opening(role="front")), Invalid)
        self.assertIn("STALWART_ROLE is front", failed.value.detail)
        self.assertEqual(self.closed, ["store"])
        self.open(role="front", recovery_mode=True)

    def test_listeners_that_the_role_does_not_open_are_not_bound(self) -> None:
        first = self.open()
        settings = first.foundations.settings
        listener = {"name": "own", "bind": {"127.0.0.1:1": True}, "protocol": "http", "useTls": False}
        id = self.settle(settings.create(NetworkListener, listener))
        group = {"@type": "DisableSome", "listenerIds": {encode_id(id): True}}
        self.settle(settings.create(ClusterRole, {"name": "back", "listeners": group}))
        wanted = [{each.settings.name for each in first.wanted()}]
        self.shut(first)
        wanted.append({each.settings.name for each in self.open(role="back").wanted()})
        self.assertEqual(wanted[0] - wanted[1], {"own"})

    def test_recovery_administrator_signs_in(self) -> None:
        house = self.open(recovery_admin=("admin", "secret"))
        access = self.settle(house.foundations.directory.authenticate_basic("admin", "secret", "127.0.0.1"))
        self.assertEqual((access.kind, len(access.permissions) > 600), ("recovery", True))

    def test_nothing_is_printed(self) -> None:
        self.open()
        self.assertEqual((self.output.getvalue(), self.errors.getvalue()), ("", ""))


class BootstrapTests(HouseCase):
    """--config with a file that does not exist (http-service 9)."""

    def setUp(self) -> None:
        super().setUp()
        self.path = Path(self.mktemp()) / "config.json"
        self.startup = Startup(config=str(self.path), endpoints=ENDPOINTS)

    def test_nothing_is_written(self) -> None:
        house = self.open(startup=self.startup)
        self.assertEqual((house.mode, self.configs, self.path.parent.exists()), ("bootstrap", [], False))
        self.assertIsInstance(house.foundations.store, MemoryStore)

    def test_password_of_16_letters_and_digits_is_printed_once_on_stderr_and_works(self) -> None:
        house = self.open(startup=self.startup)
        found = re.findall(r"Log in as (\S+) with the password ([A-Za-z0-9]{16})\n", self.errors.getvalue())
        self.assertEqual(len(found), 1)
        access = self.settle(house.foundations.directory.authenticate_basic(*found[0], "127.0.0.1"))
        self.assertEqual(access.permissions, {"sysBootstrapGet", "sysBootstrapUpdate"})

    def test_password_of_the_environment_is_not_printed(self) -> None:
        house = self.open(startup=self.startup, recovery_admin=("root", "hush"))
        self.assertNotIn("hush", self.errors.getvalue())
        access = self.settle(house.foundations.directory.authenticate_basic("root", "hush", "127.0.0.1"))
        self.assertEqual(len(access.permissions), 2)

    def test_mode_is_told_with_the_path(self) -> None:
        self.open(startup=self.startup)
        self.assertEqual(self.event("server.bootstrap-mode"), {"config": str(self.path)})

    def test_path_that_cannot_be_looked_at_is_an_error_and_not_bootstrap(self) -> None:
        opening = self.opening(startup=Startup(config="x" * 300))
        self.assertIn("x" * 300, self.failureResultOf(Deferred.fromCoroutine(opening), Invalid).value.detail)

    def test_broken_file_is_an_error_and_not_bootstrap(self) -> None:
        self.path.parent.mkdir()
        self.path.write_text("{")
        self.failureResultOf(Deferred.fromCoroutine(self.opening(startup=self.startup)), Invalid)


class RecoveryTests(HouseCase):
    """STALWART_RECOVERY_MODE."""

    def test_one_plain_listener_at_the_port_of_the_environment(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        house = self.open(startup=Startup(data=self.mktemp()), recovery_mode=True, recovery_port=port)
        wanted = [(one.settings.name, one.where) for one in house.wanted()]
        self.assertEqual((house.mode, wanted), ("recovery", [("http-recovery", f"[::]:{port}")]))

    def test_http_option_takes_its_place(self) -> None:
        house = self.open(recovery_mode=True)
        self.assertEqual([(one.settings.name, one.where) for one in house.wanted()], [("http", HTTP), ("smtp", SMTP)])

    def test_stored_listeners_are_not_bound(self) -> None:
        first = self.open()
        own = {"name": "own", "bind": {"127.0.0.1:1": True}, "protocol": "http"}
        self.settle(first.foundations.settings.create(NetworkListener, own))
        self.shut(first)
        self.assertEqual({one.settings.name for one in self.open(recovery_mode=True).wanted()}, {"http", "smtp"})

    def test_log_level_of_the_environment_counts(self) -> None:
        self.open(recovery_mode=True, recovery_log_level=Level.TRACE)
        self.assertEqual(self.telemetry.threshold, Level.TRACE)


class ServingTests(HouseCase):
    """What is behind the listeners."""

    def request(self, path: str, headers: dict[str, str] | None = None) -> Any:
        factory = self.reactor.tcpServers[0][1]
        wire = Wire("127.0.0.1")
        channel = factory.buildProtocol(wire.getPeer())
        channel.makeConnection(wire)
        connected = Connected(None, channel, wire)  # type: ignore[arg-type]
        connected.send(request_bytes("GET", path, headers))
        response = connected.response()
        connected.lose()
        return response

    def test_health_is_served(self) -> None:
        self.open()
        self.assertEqual([self.request(f"/healthz/{kind}").status for kind in ("live", "ready")], [200, 200])

    def test_who_is_about_to_stop_serves_on_for_a_while_and_says_so(self) -> None:
        house = self.open()
        self._open.remove(house)
        closing = Deferred.fromCoroutine(house.close(1.0, 5.0))
        self.reactor.advance(4.9)
        self.assertEqual((len(house.listeners.bound), self.closed), (2, []))
        answers = [self.request(path) for path in ("/healthz/ready", "/healthz/live")]
        self.assertEqual([each.status for each in answers], [503, 200])
        self.assertEqual([each.headers["connection"] for each in answers], ["close"] * 2)
        self.assertNoResult(closing)
        self.reactor.advance(0.2)
        self.successResultOf(closing)
        self.assertEqual((house.listeners.bound, self.closed), ([], ["store"]))

    def test_changed_setting_is_in_force_for_the_next_request(self) -> None:
        house = self.open()
        before = self.request("/").headers["location"]
        self.settle(house.foundations.settings.change(Http, {"redirectRoot": "/elsewhere"}))
        self.assertEqual((before, self.request("/").headers["location"]), ("/account", "/elsewhere"))

    def test_reload_takes_what_another_process_wrote(self) -> None:
        house = self.open()
        self.settle(house.foundations.settings.change(Http, {}))

        def write(tx: Any) -> None:
            row = tx.registry.get("Http", SINGLETON)
            assert row is not None
            data = row.data | {"redirectRoot": "/x"}
            tx.registry.update("Http", SINGLETON, data, revision=row.revision, keys=(), links=())

        self.successResultOf(self.disk.write(write))
        self.settle(house.reload())
        self.assertEqual(self.request("/").headers["location"], "/x")

    def test_published_urls_follow_the_public_url(self) -> None:
        self.open(public_url="https://p.test")
        challenge = self.request("/api/account").all("www-authenticate")[0]
        self.assertIn('"https://p.test/.well-known/oauth-protected-resource"', challenge)

    def test_published_urls_follow_the_default_hostname(self) -> None:
        self.open()
        self.assertIn('"https://mail.example.test/.well-known', self.request("/api/account").all("www-authenticate")[0])

    def test_published_urls_are_relative_in_recovery_mode(self) -> None:
        self.open(recovery_mode=True, public_url="https://p.test")
        self.assertIn('="/.well-known', self.request("/api/account").all("www-authenticate")[0])

    def test_ban_is_stored_with_its_end(self) -> None:
        house = self.open()
        ban = house.site.bans._ban
        self.settle(ban("192.0.2.1", "portScanning", 1_800_000_060))
        ((_, entry),) = house.foundations.settings.all(BlockedIp)
        self.assertEqual((entry.address, entry.expires_at), ("192.0.2.1", 1_800_000_060))

    def test_ban_that_was_over_begins_anew_and_one_that_holds_stays_as_it_is(self) -> None:
        house = self.open()
        settings, ban = house.foundations.settings, house.site.bans._ban
        self.settle(ban("192.0.2.1", "portScanning", NOW + 60))
        self.settle(ban("192.0.2.1", "authFailure", NOW + 600))
        ((_, entry),) = settings.all(BlockedIp)
        self.assertEqual((entry.reason, entry.expires_at), ("portScanning", NOW + 60))
        self.reactor.advance(60)
        self.settle(ban("192.0.2.1", "authFailure", NOW + 600))
        ((_, entry),) = settings.all(BlockedIp)
        self.assertEqual((entry.reason, entry.expires_at), ("authFailure", NOW + 600))


class EndingTests(HouseCase):
    """Closing, in good order or in the middle."""

    def test_closing_leaves_nothing_due(self) -> None:
        self.shut(self.open())
        self.assertEqual((self.reactor.getDelayedCalls(), self.closed), ([], ["store"]))

    def test_what_others_tell_is_heard_as_long_as_somebody_may_be_answered(self) -> None:
        house = self.open()
        order: list[str] = []
        self.patch(house.company, "closing", lambda: order.append("deaf"))
        shut_down = house.site.shut_down
        self.patch(house.site, "shut_down", lambda grace: order.append("answered") or shut_down(grace))
        self.shut(house)
        self.assertEqual(order, ["answered", "deaf"])

    def test_who_closes_does_not_begin_to_lead(self) -> None:
        house = self.open()
        self.shut(house)
        house.lead()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_failed_start_closes_what_was_open(self) -> None:
        def refuse(*_: Any) -> Any:
            raise Invalid("no such user")

        led: list[bool] = []
        self.patch(module, "drop_privileges", refuse)
        self.patch(module.House, "lead", lambda house: led.append(True))
        self.failureResultOf(Deferred.fromCoroutine(self.opening(run_as_user="nobody-here")), Invalid)
        self.assertEqual(led, [], "it may not even begin to")
        self.assertEqual((self.reactor.getDelayedCalls(), self.closed), ([], ["store"]))

    def test_start_that_is_cancelled_closes_what_was_open(self) -> None:
        async def never(*_: Any) -> None:
            await Deferred()

        self.patch(module.Settings, "load", never)
        opening = Deferred.fromCoroutine(self.opening())
        opening.cancel()
        self.failureResultOf(opening, CancelledError)
        self.assertEqual((self.reactor.getDelayedCalls(), self.closed), ([], ["store"]))

    def test_secret_that_is_no_known_hash_stops_the_start(self) -> None:
        opening = self.opening(recovery_admin=("admin", "{NOPE}hush"))
        detail = self.failureResultOf(Deferred.fromCoroutine(opening), Invalid).value.detail
        self.assertNotIn("hush", detail)
        self.assertEqual(self.closed, ["store"])


class DemoTests(HouseCase):
    """--demo."""

    def setUp(self) -> None:
        super().setUp()
        self.startup = Startup(data=self.mktemp(), endpoints=ENDPOINTS, demo=True)
        Path(self.startup.data or "").mkdir()

    def test_invitation_names_the_pages_the_logins_and_the_command(self) -> None:
        self.open(startup=self.startup)
        text = self.output.getvalue()
        for part in (
            "/admin ",
            "/account ",
            "/diagnose",
            "  admin@example.test ",
            "  bob@example.test ",
            "stalwart-cli diagnose --demo",
        ):
            self.assertIn(part, text)
        self.assertIn("swaks --server ", text)

    def test_demo_accounts_sign_in(self) -> None:
        house = self.open(startup=self.startup)
        credentials = (Path(self.startup.data or "") / "demo-credentials.txt").read_text().splitlines()
        may = {}
        for line in credentials:
            login, password = line.split(" ")
            access = self.settle(house.foundations.directory.authenticate_basic(login, password, "127.0.0.1"))
            may[login] = access.may("liveDeliveryTest")
        self.assertEqual(may, {"admin@example.test": True, "alice@example.test": False, "bob@example.test": False})
