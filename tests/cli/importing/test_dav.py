"""Tests ``stalwart.cli.importing.dav``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.importing.dav import CALDAV, DavClient, DavSource, multistatus
from stalwart.cli.importing.items import Unreadable
from stalwart.cli.settings.connection import Reply
from stalwart.cli.settings.problems import Problem
from tests.cli.importing.fakes import FakeServer

HEAD = '<D:multistatus xmlns:D="DAV:" xmlns:A="urn:ietf:params:xml:ns:caldav">'


def listed(**resources: str) -> Reply:
    """A multistatus: properties (as XML) by path, in which ``_`` is a slash."""
    responses = "".join(
        f"<D:response><D:href>{path.replace('_', '/')}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><D:getetag/></D:prop>"
        "<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>"
        for path, properties in resources.items()
    )
    return Reply(207, {}, f"{HEAD}{responses}</D:multistatus>".encode())


CALENDAR = "<D:resourcetype><D:collection/><A:calendar/></D:resourcetype><D:displayname>Work</D:displayname>"


class SourceTests(SynchronousTestCase):
    def source(self, *replies: Reply, path: str | None = None) -> tuple[FakeServer, DavSource]:
        server = FakeServer(replies=list(replies))
        return server, DavSource(DavClient(server.client()), CALDAV, path, None)

    def test_from_the_well_known_place_to_the_events(self) -> None:
        server, source = self.source(
            Reply(301, {"location": "https://x.test/dav/"}, b""),
            listed(_dav_="<D:resourcetype><D:collection/></D:resourcetype>"),
            listed(_dav_="<D:current-user-principal><D:href>/me/</D:href></D:current-user-principal>"),
            listed(_me_=""),
            listed(_me_="<A:calendar-home-set><D:href>https://x.test/home/</D:href></A:calendar-home-set>"),
            listed(_home_="", _home_work_=CALENDAR),
            listed(_home_work_=CALENDAR, _home_work_a="<D:getetag>1</D:getetag>", _home_work_sub_=CALENDAR),
            Reply(200, {}, b"BEGIN:VCALENDAR"),
            Reply(410, {}, b""),
        )
        (item,) = source.items()
        self.assertEqual((item.kind, item.key, item.place), ("event", "/home/work/a", ("Work",)))
        self.assertEqual(item.read(), b"BEGIN:VCALENDAR")
        self.assertRaises(Unreadable, item.read)
        self.assertEqual([method for method, *_ in server.asked].count("PROPFIND"), 7)
        self.assertIsNone(source.count())
        source.close()

    def test_servers_that_have_none(self) -> None:
        self.assertRaises(Problem, self.source, listed(_x_=""), listed(_x_=""), path="/x/")
        self.assertRaises(Problem, self.source, Reply(401, {}, b""))
        self.assertRaises(Problem, self.source, Reply(404, {}, b""))
        self.assertRaises(Problem, self.source, *[Reply(302, {"location": "/x"}, b"")] * 9)

    def test_answers_that_are_none(self) -> None:
        self.assertRaises(Problem, multistatus, b"<html>", "/")
        self.assertRaises(Problem, multistatus, b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "/")
        self.assertEqual(multistatus(f"{HEAD}<D:response/></D:multistatus>".encode(), "/"), [])
