"""Two nodes of one PostgreSQL database, as two daemons: what one writes the other knows, and one of them leads."""

from __future__ import annotations

import json
import re
import shutil
import signal
import smtplib
import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.codec.icalendar.values import time_text
from stalwart.store.config_file import write_store_config
from stalwart.store.postgresql import engine
from stalwart.store.postgresql.address import address_of
from stalwart.store.sql.dialect import POSTGRESQL
from stalwart.store.sql.migrate import Migration, load_migrations
from tests.groupware.scheduling.events import octets
from tests.interop.bus_servers import PASSWORD, BusServer, missing
from tests.live.daemon import ADMIN, ENDED, PATIENCE, Daemon, RawStream, basic, new_folder
from tests.live.mail_sink import MailSink
from tests.live.people import Administrator
from tests.live.test_submission import Person
from tests.postgresql import Server, programs, server

DOORS = ("--http", "tcp:0:interface=127.0.0.1", "--submission", "tcp:0:interface=127.0.0.1")
LEADS = "cluster.leads"
MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


class NodeCase(SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def setUp(self) -> None:
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.config = server().config()
        self.nodes = [self.node("one"), self.node("two")]

    def node(self, name: str) -> Daemon:
        """A daemon with a folder of its own: the key of the vault and large files are those of all."""
        data, first = self.folder / name, self.folder / "one"
        data.mkdir()
        write_store_config(data / "config.json", dict(self.config))
        if data != first:
            for each in first.glob("*.key"):
                shutil.copy(each, data)
            (first / "blobs").mkdir(mode=0o700, exist_ok=True)  # a link to nothing would be a disk that is not there
            (data / "blobs").symlink_to(first / "blobs")
        daemon = Daemon.with_data(data, *DOORS, STALWART_HOSTNAME=f"{name}.test")
        self.addCleanup(daemon.close)
        return daemon

    def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        late = time.monotonic() + PATIENCE
        while not (found := condition()):
            self.assertLess(time.monotonic(), late, what or "it does not come")
            time.sleep(0.02)
        return found


class KnowingTests(NodeCase):
    def test_what_one_has_written_and_said_so_the_other_knows(self) -> None:
        one, two = self.nodes
        admin, headers = Administrator(one), basic(*Administrator(one).new_user("alice"))
        core = "urn:ietf:params:jmap:core"
        self.assertEqual(two.get("/jmap/session", headers)[0], 200)
        self.while_the_other_hangs(lambda: admin.change("Jmap", {"getMaxResults": 77}))
        session = json.loads(two.get("/jmap/session", headers)[2])
        self.assertEqual(session["capabilities"][core]["maxObjectsInGet"], 77)
        ids = admin.call("x:Account/query", {"filter": {"name": "alice"}})["ids"]
        secret = {"credentials/0/secret": "another-horse-battery-8"}
        self.while_the_other_hangs(lambda: admin.change("Account", secret, ids[0]))
        self.assertEqual(two.get("/jmap/session", headers)[0], 401)

    def while_the_other_hangs(self, change: Callable[[], object]) -> None:
        """The first one does not say that it is done before the second one can know."""
        self.nodes[1].signal(signal.SIGSTOP)
        changing = threading.Thread(target=change)
        changing.start()
        changing.join(1.0)
        is_done = not changing.is_alive()
        self.nodes[1].signal(signal.SIGCONT)
        changing.join(PATIENCE)
        self.assertFalse(is_done)

    def test_limits_hold_over_both(self) -> None:
        one, two = self.nodes
        admin = Administrator(one)
        login, password = admin.new_user("alice")
        admin.change("Http", {"rateLimitAuthenticated": {"count": 40, "period": 86_400_000}})
        headers = basic(login, password)
        for _ in range(20):
            self.assertEqual(one.get("/jmap/session", headers)[0], 200)
        used = 20

        def is_refused() -> bool:
            nonlocal used
            used += 1
            time.sleep(0.2)
            return two.get("/jmap/session", headers)[0] == 429

        self.until(is_refused, "both allow as much as one may")
        self.assertLessEqual(used, 42)

    def test_both_are_ready_and_an_administrator_sees_both(self) -> None:
        def seen() -> set[tuple[str, str]]:
            found = Administrator(self.nodes[1]).call("x:ClusterNode/get", {"ids": None})["list"]
            return {(node["hostname"], node["status"]) for node in found}

        self.until(lambda: seen() == {("one.test", "active"), ("two.test", "active")}, "a node is missing")
        self.assertEqual([node.get("/healthz/ready", {})[0] for node in self.nodes], [200, 200])

    def test_what_changes_at_one_is_pushed_at_the_other(self) -> None:
        one, two = self.nodes
        login, password = Administrator(one).new_user("alice")
        user = Administrator(one, login, password)
        user.using = MAIL
        account = next(iter(json.loads(one.get("/jmap/session", basic(login, password))[2])["accounts"]))
        stream = RawStream(two.port, "/jmap/eventsource/?types=*&closeafter=no&ping=0", (login, password))
        self.addCleanup(stream.close)
        time.sleep(0.5)
        answer = user.call("Mailbox/set", {"accountId": account, "create": {"a": {"name": "Pushed"}}})
        self.assertTrue(answer["created"], answer)
        stream.read_until(f'"Mailbox":"{answer["newState"]}"'.encode())


class CoordinatedTests(NodeCase):
    """Words go over Redis or NATS, and over the database while those are gone."""

    def setUp(self) -> None:
        super().setUp()
        self.admin = Administrator(self.nodes[0])

    def start_over(self, coordinator: dict[str, Any]) -> None:
        """Both nodes begin anew with this setting."""
        self.admin.change("Coordinator", coordinator)
        for node in self.nodes:
            self.assertIn(node.terminate()[0], ENDED)
        self.nodes = [Daemon.with_data(self.folder / name, *DOORS) for name in ("one", "two")]
        for node in self.nodes:
            self.addCleanup(node.close)

    def hears(self) -> bool:
        """Whether the second node knows soon what the first one has changed, by the word alone."""
        self.number = getattr(self, "number", 70) + 1
        Administrator(self.nodes[0]).change("Jmap", {"getMaxResults": self.number})
        core = "urn:ietf:params:jmap:core"
        headers = basic(*ADMIN)

        def knows() -> bool:
            session = json.loads(self.nodes[1].get("/jmap/session", headers)[2])
            return session["capabilities"][core]["maxObjectsInGet"] == self.number

        self.until(knows, "the setting is not known")
        return True

    def check(self, server: BusServer, coordinator: dict[str, Any]) -> None:
        self.addCleanup(server.close)
        self.start_over(coordinator)
        self.assertTrue(self.hears())
        server.kill()
        self.assertTrue(self.hears())
        for node in self.nodes:
            self.until(lambda node=node: "The coordinator cannot be reached" in node.log, "nobody is told")
        server.start()
        self.assertTrue(self.hears())
        self.assertNotIn(PASSWORD, "".join(node.log for node in self.nodes))

    def test_by_redis(self) -> None:
        if absent := missing("redis-server"):
            raise SkipTest(absent)
        server = BusServer("redis-server")
        self.check(server, {"@type": "Redis", "url": server.url})

    def test_by_nats(self) -> None:
        if absent := missing("nats-server"):
            raise SkipTest(absent)
        server = BusServer("nats-server")
        secret = {"@type": "Value", "secret": PASSWORD}
        address = {f"127.0.0.1:{server.port}": True}
        self.check(server, {"@type": "Nats", "addresses": address, "authUsername": "node", "authSecret": secret})


class VersionTests(NodeCase):
    def test_nodes_end_when_a_newer_version_has_changed_the_schema_and_do_not_start(self) -> None:
        steps = load_migrations(POSTGRESQL)
        later = Migration(steps[-1].number + 1, "later", "", ("CREATE TABLE later (id BIGINT)",))
        self.patch(engine, "load_migrations", lambda *_, **__: (*steps, later))
        engine.PostgreSqlEngine(address_of(self.config)).prepare(0)
        one = self.folder / "one"
        again = Daemon("stalwart", "--data", str(one), *DOORS, warm=True)
        self.addCleanup(again.close)
        for node in (*self.nodes, again):
            self.assertEqual(node.wait(), 1)
            self.assertIn("it was written by a newer version. Install that version, or restore a backup.", node.log)
            self.assertNotIn("Traceback", node.log)
        self.assertEqual([each.log.count("(cluster.superseded)") for each in (*self.nodes, again)], [1, 1, 0])
        self.assertNotIn(LEADS, self.nodes[1].log)


class StartTests(SynchronousTestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def test_a_first_start_waits_for_its_database(self) -> None:
        folder, database = new_folder(), Server()
        self.addCleanup(shutil.rmtree, folder, True)
        self.addCleanup(database.close)
        config = {"@type": "PostgreSql", "host": str(database.folder), "database": "postgres"}
        database.stop()
        write_store_config(folder / "config.json", config)
        waits = Daemon("stalwart", "--data", str(folder), *DOORS, warm=True)
        self.addCleanup(waits.close)
        waits.wait_for(re.compile(r"\(server.waits\) reason='The data store cannot be reached.*No such file"))
        database.start()
        waits.wait_for_port()
        self.assertEqual(waits.get("/healthz/ready", {})[0], 200)
        self.assertNotIn("startup-error", waits.log)
        self.assertIn(waits.terminate()[0], ENDED)
        write_store_config(folder / "config.json", config | {"database": "nowhere"})
        ends = Daemon("stalwart", "--data", str(folder), *DOORS, warm=True)
        self.addCleanup(ends.close)
        self.assertEqual(ends.wait(), 1)
        self.assertIn("The database of the data store is not there.", ends.log)
        self.assertNotIn("server.waits", ends.log)


class LeadingTests(NodeCase):
    def test_mail_taken_by_either_is_sent_once_and_other_work_is_done_also_after_the_leader_died(self) -> None:
        one, two = self.nodes
        sink = MailSink()
        self.addCleanup(sink.close)
        admin = Administrator(one)
        relay = {"@type": "Relay", "name": "sink", "address": "127.0.0.1", "port": sink.port}
        admin.create("MtaRoute", relay)
        here = {"0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}}
        admin.change("MtaOutboundStrategy", {"route": {"match": here, "else": "'sink'"}})
        login, password = admin.new_user("alice")
        admin.new_user("bob")
        self.assertEqual([LEADS in node.log for node in self.nodes], [True, False])
        for number, node in enumerate(self.nodes):
            self.submit(node, login, password, number)
        self.until(lambda: self.arrived(sink) == {0, 1})
        self.until(lambda: not admin.call("x:QueuedMessage/get", {"ids": None})["list"])  # or they are sent again
        one.signal(signal.SIGKILL)
        one.wait()
        self.submit(two, login, password, 2)
        other = Administrator(two)
        alice = self.give_work(other, login, password)
        self.until(lambda: LEADS in two.log, "nobody leads")
        self.until(lambda: self.has_done_its_work(other), "tasks are not done")
        (reminder,) = self.until(alice.inbox, "nobody is reminded")
        self.assertTrue(reminder["subject"].startswith("Notification: Soon @ "), reminder)
        self.until(lambda: self.arrived(sink) == {0, 1, 2})
        self.assertEqual(len(sink.taken), 3)
        self.assertIn(two.terminate()[0], ENDED)
        self.assertNotIn("Traceback", one.log + two.log)

    def give_work(self, admin: Administrator, login: str, password: str) -> Person:
        """What only one node does: a task, the end of an account, the renewal of a certificate, a reminder."""
        admin.create("Task", {"@type": "StoreMaintenance", "maintenanceType": "purgeData"})
        domain = admin.call("x:Domain/query", {"filter": {"name": "example.org"}})["ids"][0]
        admin.create("Task", {"@type": "AcmeRenewal", "domainId": domain, "force": True})
        (bob,) = admin.call("x:Account/query", {"filter": {"name": "bob"}})["ids"]
        self.assertEqual(admin.call("x:Account/set", {"destroy": [bob]})["destroyed"], [bob])
        self.assertLessEqual({"StoreMaintenance", "AcmeRenewal", "DestroyAccount"}, self.pending(admin))
        alice = Person(self.nodes[1], login, password)
        alice.begin()
        start = f"DTSTART:{time_text(int(time.time()) + 65, is_utc=True)}"
        alarm = "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT1M\nSUMMARY:Soon\nEND:VALARM"
        path = f"/dav/cal/{login.replace('@', '%40')}/default/"
        self.nodes[1].get(path, basic(login, password))  # which makes the calendar
        status, said = alice.put(f"{path}x.ics", octets("SUMMARY:Lunch", alarm, start=start), "text/calendar")
        self.assertEqual(status, 201, said)
        return alice

    def pending(self, admin: Administrator) -> set[str]:
        tasks = admin.call("x:Task/get", {"ids": None})["list"]
        return {task["@type"] for task in tasks if task["status"]["@type"] == "Pending"}

    def has_done_its_work(self, admin: Administrator) -> bool:
        """The certificate is tried for in vain: there is no authority."""
        return not {"StoreMaintenance", "AcmeRenewal", "DestroyAccount"} & self.pending(admin)

    def submit(self, node: Daemon, login: str, password: str, number: int) -> None:
        port = int(node.wait_for(re.compile(r"listening submission 127\.0\.0\.1:(\d+)"))[1])
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=PATIENCE) as client:
            client.starttls()
            client.login(login, password)
            text = f"From: {login}\r\nSubject: {number}\r\nMessage-ID: <node-{number}@test>\r\n\r\nx\r\n"
            client.sendmail(login, [f"somebody{number}@elsewhere.test"], text)

    def arrived(self, sink: MailSink) -> set[int]:
        with sink.lock:
            return {int(each.recipient.split("@")[0][len("somebody") :]) for each in sink.taken}
