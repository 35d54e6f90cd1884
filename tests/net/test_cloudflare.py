"""Publishing at Cloudflare, against its API in memory."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from stalwart.errors import Invalid
from stalwart.net.cloudflare import CloudflarePublisher
from stalwart.net.dns_publisher import DnsUpdateRefused
from stalwart.net.tls import TrustStore
from tests.net.fake_cloudflare import TOKEN, FakeCloudflare

NAME = "_acme-challenge.www.example.test"


class CloudflareTests(TestCase):
    timeout = 20

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.api = FakeCloudflare(self.reactor, {"z1": "example.test", "z2": "sub.example.test"})
        self.addCleanup(self.api.stop)
        self.publisher = self.at()

    def at(self, **how: Any) -> CloudflarePublisher:
        given = {"secret": TOKEN, "url": self.api.url, **how}
        return CloudflarePublisher(self.reactor, TrustStore(), **given)

    async def refused(self, work: Any) -> DnsUpdateRefused:
        with self.assertRaises(DnsUpdateRefused) as caught:
            await work
        self.assertNotIn(TOKEN, caught.exception.detail)
        problem: DnsUpdateRefused = caught.exception
        return problem

    async def test_add_and_remove(self) -> None:
        await self.publisher.add(None, NAME, "TXT", "a", ttl=60)
        await self.publisher.add(None, NAME, "TXT", "b", ttl=60)
        await self.publisher.add(None, NAME, "TXT", "b", ttl=60)
        self.assertEqual(self.api.texts(NAME), ['"a"', '"b"'])
        await self.publisher.remove(None, NAME, "TXT", "a")
        await self.publisher.remove(None, NAME, "TXT", "a")
        self.assertEqual(self.api.texts(NAME), ['"b"'])
        await self.publisher.remove(None, NAME, "TXT")
        self.assertEqual(self.api.records, {})

    async def test_publish_touches_only_what_is_another(self) -> None:
        self.api.put("z1", type="TXT", name=NAME, content="stays", ttl=300)  # without quotes, as older records are
        self.api.put("z1", type="TXT", name=NAME, content='"goes"')
        self.api.put("z1", type="TXT", name=NAME, content='"broken')
        await self.publisher.publish("example.test", NAME, "TXT", ["stays", "new"], ttl=300)
        self.assertEqual(self.api.texts(NAME), ['"new"', "stays"])
        methods = [method for method, _ in self.api.asked]
        self.assertEqual(methods, ["GET", "GET", "POST", "DELETE", "DELETE"])
        await self.publisher.publish("example.test", NAME, "TXT", [], ttl=300)
        self.assertEqual(self.api.records, {})

    async def test_publish_with_another_time_to_live(self) -> None:
        await self.publisher.publish(None, NAME, "TXT", ["a"], ttl=300)
        await self.publisher.publish(None, NAME, "TXT", ["a"], ttl=600)
        ((record,),) = [list(self.api.records.values())]
        self.assertEqual((record["content"], record["ttl"]), ('"a"', 600))

    async def test_alias_gives_way_to_another(self) -> None:
        await self.publisher.publish(None, "www.example.test", "CNAME", ["a.test"], ttl=300)
        await self.publisher.publish(None, "www.example.test", "CNAME", ["b.test."], ttl=300)
        self.assertEqual(self.api.texts("www.example.test"), ["b.test"])

    async def test_time_to_live_is_what_every_plan_allows(self) -> None:
        await self.publisher.add(None, NAME, "TXT", "a", ttl=1)
        await self.publisher.add(None, NAME, "TXT", "b", ttl=10_000_000)
        self.assertEqual(sorted(each["ttl"] for each in self.api.records.values()), [60, 86_400])

    async def test_closest_zone(self) -> None:
        await self.publisher.add(None, "_acme-challenge.sub.example.test", "TXT", "a", ttl=60)
        await self.publisher.add(None, NAME, "TXT", "b", ttl=60)
        self.assertEqual([each["zone_id"] for each in self.api.records.values()], ["z2", "z1"])

    async def test_records_on_many_pages(self) -> None:
        self.api.per_page = 3
        for number in range(10):
            self.api.put("z1", type="TXT", name=NAME, content=f'"{number}"')
        await self.publisher.remove(None, NAME, "TXT", "9")
        self.assertEqual(len(self.api.records), 9)
        await self.publisher.remove(None, NAME, "TXT")
        self.assertEqual(self.api.records, {})

    async def test_other_types_read_back_as_they_were(self) -> None:
        for type, value in (
            ("MX", "10 mail.example.test."),
            ("SRV", "0 1 443 mail.example.test."),
            ("CAA", '0 issue "ca.test; validationmethods=dns-01"'),
            ("TLSA", "3 1 1 " + "ab" * 32),
            ("A", "192.0.2.1"),
        ):
            await self.publisher.publish(None, "x.example.test", type, [value], ttl=300)
            before = dict(self.api.records)
            await self.publisher.publish(None, "x.example.test", type, [value], ttl=300)
            self.assertEqual(self.api.records, before, type)
            await self.publisher.remove(None, "x.example.test", type, value)
            self.assertEqual(self.api.records, {}, type)

    async def test_credentials(self) -> None:
        await self.publisher.remove(None, NAME, "TXT")
        self.assertEqual(self.api.heads[-1]["authorization"], f"Bearer {TOKEN}")
        await self.at(email="admin@example.test").remove(None, NAME, "TXT")
        head = self.api.heads[-1]
        self.assertEqual((head["x-auth-email"], head["x-auth-key"]), ("admin@example.test", TOKEN))
        self.assertNotIn("authorization", head)

    async def test_wrong_credentials(self) -> None:
        problem = await self.refused(self.at(secret="other").add(None, NAME, "TXT", "a", ttl=60))
        self.assertIn("Invalid access token (code 9109); check the token", problem.detail)
        self.assertFalse(problem.temporary)
        problem = await self.refused(self.at(secret="x", email="a@b.test").add(None, NAME, "TXT", "a", ttl=60))
        self.assertIn("check email and global API key", problem.detail)

    async def test_unknown_zone(self) -> None:
        for zone in (None, "elsewhere.test"):
            problem = await self.refused(self.publisher.add(zone, "a.elsewhere.test", "TXT", "a", ttl=60))
            self.assertIn("shows no zone for", problem.detail)
            self.assertIn("Zone:Read", problem.detail)

    async def test_name_outside_the_zone(self) -> None:
        problem = await self.refused(self.publisher.add("example.test", "a.test", "TXT", "a", ttl=60))
        self.assertIn("Content for record is invalid.: the name is not in the zone (code 9005)", problem.detail)

    async def test_limits_and_failures_are_for_the_moment(self) -> None:
        for refuse, headers, words in (
            ((429, b"{}"), {"retry-after": "7"}, "after 7 seconds"),
            ((429, b""), {}, "status 429 without a reason; try again"),
            ((502, b"<html>"), {}, "status 502"),
            ((200, b"[]"), {}, "status 200"),
        ):
            self.api.refuse, self.api.headers = refuse, headers
            problem = await self.refused(self.publisher.remove(None, NAME, "TXT"))
            self.assertIn(words, problem.detail)
            self.assertEqual(problem.temporary, refuse[0] != 200)

    async def test_answers_that_make_no_sense(self) -> None:
        for body in (b'{"success":true}', b'{"success":true,"result":7}', b'{"success":false,"errors":[7]}', b"\xff"):
            self.api.refuse = (200, body)
            await self.refused(self.publisher.remove(None, NAME, "TXT"))

    async def test_too_much(self) -> None:
        self.api.refuse = (200, b" " * (1024 * 1024 + 1))
        self.assertIn("too long", (await self.refused(self.publisher.remove(None, NAME, "TXT"))).detail)

    async def test_redirect_is_not_followed(self) -> None:
        self.api.refuse, self.api.headers = (302, b""), {"location": "http://127.0.0.1:1/"}
        self.assertIn("status 302", (await self.refused(self.publisher.remove(None, NAME, "TXT"))).detail)

    async def test_no_answer_in_time(self) -> None:
        self.api.silent = True
        problem = await self.refused(self.at(timeout=0.05).remove(None, NAME, "TXT"))
        self.assertIn("no complete answer within 0.05 seconds", problem.detail)
        self.assertTrue(problem.temporary)

    async def test_nobody_there(self) -> None:
        await self.api.stop()
        problem = await self.refused(self.publisher.remove(None, NAME, "TXT"))
        self.assertIn("cannot be asked", problem.detail)
        self.addCleanup(lambda: None)

    async def test_unsafe_address_is_not_asked(self) -> None:
        problem = await self.refused(self.at(url="http://api.example.test").remove(None, NAME, "TXT"))
        self.assertIn("no https: URL", problem.detail)

    async def test_what_is_no_record_is_invalid(self) -> None:
        for type, value in (("A", "x"), ("NAPTR", '1 1 "u" "" "" .'), ("LOC", "x"), ("NONE", "x")):
            with self.assertRaises(Invalid):
                await self.publisher.add(None, NAME, type, value, ttl=60)
        self.assertEqual(self.api.asked, [])

    async def test_closing_breaks_off(self) -> None:
        self.api.silent = True
        working = Deferred.fromCoroutine(self.publisher.remove(None, NAME, "TXT"))
        while not self.api.asked:
            await deferLater(self.reactor, 0.01)
        await self.publisher.close()
        self.assertTrue((await self.refused(working)).temporary)
        await self.refused(self.publisher.remove(None, NAME, "TXT"))
