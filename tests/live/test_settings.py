"""Settings by the command line alone: from an empty machine to a configured server, and from one server to another."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import ADMIN, LOOPBACK, PATIENCE, ROOT, Daemon, new_folder
from tests.live.people import Administrator

TOLD = re.compile(r"Log in as (\S+) with the password (\S+)")


class CommandLine:
    """``stalwart-cli`` against a daemon, as a script runs it."""

    def __init__(self, daemon: Daemon, login: str = ADMIN[0], password: str = ADMIN[1]) -> None:
        self._cache = tempfile.mkdtemp(prefix="stalwart-cache-")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STALWART_")}
        self._environment = inherited | {
            "PYTHONPATH": str(ROOT),
            "STALWART_URL": daemon.url,
            "STALWART_USER": login,
            "STALWART_PASSWORD": password,
            "XDG_CACHE_HOME": self._cache,
        }

    def close(self) -> None:
        """Remove its cache."""
        shutil.rmtree(self._cache, ignore_errors=True)

    def __call__(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        """What it printed; it must have ended with ``code``."""
        done = subprocess.run(
            [sys.executable, "-m", "stalwart.cli", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=self._environment,
        )
        assert done.returncode == code, (arguments, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
        self.told = done.stderr
        return done.stdout

    def json(self, *arguments: str, stdin: str = "") -> list[Any]:
        """Its lines as JSON."""
        return [json.loads(line) for line in self(*arguments, stdin=stdin).splitlines()]


class SettingsCase(SynchronousTestCase):
    """Daemons and command lines that end with the test."""

    def daemon(self, **environment: str) -> Daemon:
        """A fresh one with the recovery administrator."""
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        daemon = Daemon.with_data(folder, **environment)
        self.addCleanup(daemon.close)
        return daemon

    def cli(self, daemon: Daemon, *who: str) -> CommandLine:
        """Its command line."""
        made = CommandLine(daemon, *who)
        self.addCleanup(made.close)
        return made


class BootstrapTests(SettingsCase):
    """``--config`` names a file that is not there yet."""

    def test_an_empty_machine_becomes_a_working_server_by_the_command_line_alone(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        config = folder / "config.json"
        daemon = Daemon("stalwart", "--config", str(config), *LOOPBACK, STALWART_HOSTNAME="mail.example.org")
        self.addCleanup(daemon.close)
        daemon.wait_for_port()
        found = TOLD.search(daemon.errors)
        assert found is not None
        first = self.cli(daemon, *found.groups())
        answers = {
            "defaultDomain": "example.org",
            "dataStore": {"@type": "Sqlite", "path": "store.sqlite3"},
            "tracer": {"@type": "Log", "path": str(folder / "log")},
        }
        (told,) = first.json("update", "Bootstrap", "--json", json.dumps(answers))
        daemon.wait_for(re.compile("starts-again"))
        daemon.wait_for(re.compile("mode=normal"))
        daemon.port = int(re.findall(r"listening http 127\.0\.0\.1:(\d+)", daemon.log)[-1])
        administrator = self.cli(daemon, told["username"], told["secret"])
        (domain,) = administrator.json("query", "Domain", "--json")
        self.assertEqual(domain["name"], "example.org")
        administrator("create", "Account/User", "--field", "name=alice", "--field", f"domainId={domain['id']}")
        (alice,) = administrator.json("query", "Account", "--where", "text=alice", "--json")
        self.assertEqual(alice["emailAddress"], "alice@example.org")
        self.assertEqual(json.loads(config.read_text())["path"], "store.sqlite3")
        self.assertNotIn(told["secret"], daemon.log)

    def test_what_was_set_up_is_there_after_a_restart(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        where = ("stalwart", "--config", str(folder / "config.json"), *LOOPBACK)
        daemon = Daemon(*where, STALWART_RECOVERY_ADMIN=":".join(ADMIN))
        self.addCleanup(daemon.close)
        daemon.wait_for_port()
        answers = {
            "serverHostname": "mail.example.org",
            "defaultDomain": "example.org",
            "dataStore": {"@type": "Sqlite", "path": "store.sqlite3"},
            "tracer": {"@type": "Log", "path": str(folder / "log")},
        }
        updated = Administrator(daemon).call("x:Bootstrap/set", {"update": {"singleton": answers}})["updated"]
        told = updated["singleton"]
        daemon.process.kill()  # at once: what was answered is on disk
        daemon.process.wait(PATIENCE)
        again = Daemon(*where)
        self.addCleanup(again.close)
        again.wait_for_port()
        account = Administrator(again, told["username"], told["secret"]).call("x:Account/get", {})["list"][0]
        self.assertEqual(account["emailAddress"], "admin@example.org")


class CommandTests(SettingsCase):
    """Each command once against a real server."""

    def test_objects_are_made_found_changed_and_removed(self) -> None:
        cli = self.cli(self.daemon())
        keys = 'dkimManagement={"@type":"Manual"}'  # else there are keys soon, and the domain is needed by them
        (made,) = cli.json("create", "Domain", "--field", "name=example.org", "--field", keys)
        (domain,) = cli.json("get", "Domain", made["id"])
        self.assertEqual((domain["name"], domain["isEnabled"]), ("example.org", True))
        cli("update", "Domain", made["id"], "--field", "aliases=example.net,example.com", "--field", "description=Ours")
        (domain,) = cli.json("query", "domain", "--where", "name=example.org", "--fields", "aliases")
        self.assertEqual(domain, {"aliases": {"example.com": True, "example.net": True}, "id": made["id"]})
        cli("update", "http", "--field", "responseHeaders/X-Robots-Tag=noindex", "--field", "enableHsts=true")
        (http,) = cli.json("get", "Http", "--fields", "responseHeaders")
        self.assertEqual(http["responseHeaders"], {"X-Robots-Tag": "noindex"})
        cli("delete", "Domain", "--ids", made["id"])
        self.assertEqual(cli.json("query", "Domain"), [])

    def test_refusals_name_the_field_and_the_rule(self) -> None:
        cli = self.cli(self.daemon())
        for arguments, told in (
            (("create", "Domain", "--field", "name=-bad-"), "name: Invalid domain name"),
            (("create", "Domain", "--json", "{}"), "name must be given"),
            (("update", "Http", "--field", "rateLimitAnonymous/count=0"), "count must be at least 1"),
            (("update", "Http", "--json", '{"nothing":1}'), "nothing: Invalid property"),
            (("create", "Account/User", "--field", "name=a", "--field", "domainId=zz"), "Domain zz does not exist"),
            (("delete", "Domain", "--ids", "zz"), "does not exist"),
        ):
            cli(*arguments, code=1)
            self.assertIn(told, cli.told)
        cli("create", "Domane", "--field", "name=x.test", code=2)
        self.assertIn("did you mean Domain?", cli.told)

    def test_every_type_can_be_described(self) -> None:
        cli = self.cli(self.daemon())
        types = [entry["name"] for entry in cli.json("describe")]
        self.assertGreater(len(types), 80)
        for name in ("Http", "Account", "Task", "Permission", "Rate"):
            self.assertTrue(cli("describe", name, "--json"))

    def test_a_snapshot_makes_an_empty_server_the_same(self) -> None:
        one, other = self.cli(self.daemon()), self.cli(self.daemon())
        plan = "\n".join(
            json.dumps(line)
            for line in (
                {"@type": "create", "object": "Domain", "value": {"d": {"name": "example.org", "description": "Ours"}}},
                {"@type": "create", "object": "Role", "value": {"r": {"description": "Help desk"}}},
                {"@type": "update", "object": "Http", "value": {"enableHsts": True, "responseHeaders": {"X-A": "b"}}},
                {"@type": "update", "object": "Jmap", "value": {"maxMethodCalls": 20}},
                {"@type": "create", "object": "AllowedIp", "value": {"a": {"address": "192.0.2.0/24"}}},
                {"@type": "update", "object": "SystemSettings", "value": {"defaultDomainId": "#d"}},
            )
        )
        one("apply", "--stdin", stdin=plan)
        first = one("snapshot", "--quiet")
        other("apply", "--stdin", "--quiet", stdin=first)
        self.assertEqual(_comparable(other("snapshot", "--quiet")), _comparable(first))


class TogetherTests(SettingsCase):
    """Several at once."""

    def test_two_administrators_who_save_at_once_lose_nothing(self) -> None:
        daemon = self.daemon()
        names = [f"X-{number}" for number in range(40)]

        def save(mine: list[str]) -> None:
            administrator = Administrator(daemon)
            for name in mine:
                administrator.change("Http", {f"responseHeaders/{name}": "yes"})

        both = [threading.Thread(target=save, args=(names[start::2],)) for start in (0, 1)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        (http,) = Administrator(daemon).call("x:Http/get", {"ids": ["singleton"]})["list"]
        self.assertEqual(set(http["responseHeaders"]), set(names))

    def test_what_was_created_is_there_after_a_kill(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        daemon = Daemon.with_data(folder)
        self.addCleanup(daemon.close)
        made = Administrator(daemon).create("Domain", {"name": "example.org"})
        daemon.process.kill()
        daemon.process.wait(PATIENCE)
        again = Daemon.with_data(folder)
        self.addCleanup(again.close)
        found = Administrator(again).call("x:Domain/get", {"ids": [made["id"]]})
        self.assertEqual(found["list"][0]["name"], "example.org")


def _comparable(plan: str) -> list[Any]:
    """The lines of a snapshot with names that do not depend on ids, and without dates."""
    lines = [json.loads(line) for line in plan.splitlines()]
    names: dict[str, str] = {}
    for line in lines:
        if line["@type"] == "upsert":
            for name, members in line["value"].items():
                names[name] = "-".join([line["object"], *(str(members.get(key)) for key in line["matchOn"])])
    text = json.dumps(lines)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(f'"#{name}"', f'"#{names[name]}"').replace(f'"{name}"', json.dumps(names[name]))
    found = json.loads(text)
    for line in found:
        for members in line["value"].values():
            if isinstance(members, dict):
                members.pop("createdAt", None)
    return sorted(found, key=lambda line: line["object"])
