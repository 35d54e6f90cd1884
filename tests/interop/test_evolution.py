"""Evolution's data server, which GNOME's calendar and contacts use too, with collections of a daemon.

``tests/interop/clients/unpack`` gets it; it is seen as if it were installed in a name space of the test's own. Without
it, or where there can be no such name space, the tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from tests.interop.dav_clients import DavClientCase, card, event

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".cache/evolution/usr"
CLIENT = Path(__file__).parent / "clients/evolution_client.py"
REGISTRY = Path("usr/libexec/evolution-source-registry")
NO_MOUNT = 77
ROUNDS = 20
AS_IF_INSTALLED = f"""
[[ ! -d "$UNPACKED" ]] || mount -t overlay -o lowerdir="$UNPACKED":/usr none /usr || exit {NO_MOUNT}
mkdir -m 700 "$HOME/run" "$HOME/schemas"
glib-compile-schemas --targetdir="$HOME/schemas" /usr/share/glib-2.0/schemas 2>/dev/null
export XDG_RUNTIME_DIR="$HOME/run" GSETTINGS_SCHEMA_DIR="$HOME/schemas" GSETTINGS_BACKEND=memory
export LD_LIBRARY_PATH=/usr/lib/evolution-data-server
exec timeout 180 dbus-run-session -- /usr/bin/python3 "$@" 2>"$HOME/said"
"""
DAY = 1_893_456_000  # 2030-01-01


class Evolution:
    """The data server with one source."""

    def __init__(self, test: DavClientCase, kind: str, url: str) -> None:
        self._test = test
        self._said = test.home / "said"
        environment = {
            **{name: os.environ[name] for name in ("PATH",) if name in os.environ},
            "HOME": str(test.home),
            "UNPACKED": str(UNPACKED),
            "LC_ALL": "C.UTF-8",
        }
        arguments = (str(CLIENT), kind, url, test.login, test.password)
        self._process = subprocess.Popen(
            ["unshare", "-m", "bash", "-c", AS_IF_INSTALLED, "evolution", *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        test.addCleanup(self.close)
        self.state = self._answer()

    def ask(self, *command: Any) -> Any:
        """What comes of a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def shows(self, *names: str) -> None:
        """Have it look for news until it shows these."""
        shown: list[str] = []
        for _ in range(ROUNDS):
            self.ask("refresh")
            shown = self.ask("list")
            if shown == list(names):
                return
        self._test.fail(f"{shown} instead of {list(names)}")

    def close(self) -> None:
        """End it: without input it goes, and the session with it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            if self._process.wait(30) == NO_MOUNT:
                raise SkipTest("no overlay can be mounted")
            raise AssertionError(self._said.read_text(errors="replace")[-4000:])
        return json.loads(line)


def _component(calendar: str) -> str:
    """The event in a calendar object."""
    return calendar[calendar.index("BEGIN:VEVENT") : calendar.index("END:VCALENDAR")]


class EvolutionTests(DavClientCase):
    """Both ways, with refusals of what is outdated."""

    def collection(self, service: str) -> str:
        """The path of the first collection, which is made by who looks."""
        self.ask("PROPFIND", f"{service}/{self.segment}/", Depth="1")
        return f"{service}/{self.segment}/default/"

    def put(self, path: str, text: str) -> None:
        """Write an object as another client."""
        self.assertIn(self.ask("PUT", path, text.replace("\n", "\r\n").encode())[0], (201, 204))

    def texts(self, place: str, called: str) -> list[str]:
        """What a property says in all objects of a collection."""
        listed = self.ask("PROPFIND", place, Depth="1")[2].decode()
        paths = [path for path in re.findall("<D:href>/dav/([^<]*)</D:href>", listed) if not path.endswith("/")]
        objects = [self.ask("GET", path)[2].decode() for path in paths if path.startswith(place)]
        return sorted(text for each in objects for text in re.findall(rf"(?m)^{called}:(.*)\r$", each))

    def test_a_calendar(self) -> None:
        place = self.collection("cal")
        self.put(f"{place}a.ics", event("u1", "on the server"))
        evolution = Evolution(self, "calendar", f"{self.daemon.url}/dav/{place}")
        self.assertEqual(evolution.state, {"online": True, "readonly": False})
        evolution.shows("on the server")
        uid = evolution.ask("create", _component(event("u2", "mine")))
        self.assertEqual(self.texts(place, "SUMMARY"), ["mine", "on the server"])
        evolution.ask("change", _component(event(uid, "changed")))
        self.assertEqual(self.texts(place, "SUMMARY"), ["changed", "on the server"])
        self.put(f"{place}a.ics", event("u1", "changed there"))
        evolution.shows("changed", "changed there")
        evolution.ask("remove", "u1")
        self.assertEqual(self.ask("GET", f"{place}a.ics")[0], 404)
        evolution.shows("changed")
        (told,) = evolution.ask("busy", DAY, DAY + 31 * 86_400, self.login)
        self.assertIn("FREEBUSY", told)

    def test_an_address_book(self) -> None:
        place = self.collection("card")
        self.put(f"{place}a.vcf", card("u1", "There"))
        evolution = Evolution(self, "contacts", f"{self.daemon.url}/dav/{place}")
        evolution.shows("There")
        uid = evolution.ask("create", card("u2", "Mine"))
        self.assertEqual(self.texts(place, "FN"), ["Mine", "There"])
        evolution.ask("change", card(uid, "Changed"))
        self.assertEqual(self.texts(place, "FN"), ["Changed", "There"])
        self.ask("DELETE", f"{place}a.vcf")
        evolution.shows("Changed")
        evolution.ask("remove", uid)
        self.assertEqual(self.texts(place, "FN"), [])

    if not any((root / REGISTRY).exists() for root in (Path("/"), UNPACKED.parent)):
        skip = "evolution-data-server: see tests/interop/clients/unpack"
    elif os.geteuid() != 0:
        skip = "needs root"
