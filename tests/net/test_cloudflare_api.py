"""Requests to Cloudflare's API: what is sent, page after page, and what is made of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from stalwart.net import cloudflare_api
from stalwart.net.cloudflare_api import Api, Refused
from stalwart.net.dns_publisher import DnsUpdateRefused
from stalwart.net.tls import TrustStore
from tests.net.certificates import issue, make_ca
from tests.net.fake_cloudflare import TOKEN, FakeCloudflare

CA = make_ca()
QUERY = {"type": "TXT", "name": "a.example.test"}


class ApiTests(TestCase):
    timeout = 20

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor: Any = reactor
        self.fake = FakeCloudflare(self.reactor, {"z1": "example.test"})
        self.addCleanup(self.fake.stop)
        self.trusted = TrustStore()
        self.api = self.at()

    def at(self, **how: Any) -> Api:
        given = {"secret": TOKEN, "email": None, "timeout": 5.0, "url": self.fake.url, **how}
        return Api(self.reactor, self.trusted, **given)

    async def problem(self, work: Any) -> DnsUpdateRefused:
        with self.assertRaises(DnsUpdateRefused) as caught:
            await work
        found: DnsUpdateRefused = caught.exception
        self.assertNotIn(TOKEN, found.detail)
        return found

    def say(self, value: Any, status: int = 200) -> None:
        """Answer this to everything."""
        self.fake.refuse = (status, value if isinstance(value, bytes) else json.dumps(value).encode())

    async def test_token_is_sent(self) -> None:
        answer = await self.api.call("GET", "/zones", {"name": "example.test", "per_page": 5, "page": 1})
        self.assertEqual(answer["result"], [{"id": "z1", "name": "example.test"}])
        (head,) = self.fake.heads
        self.assertEqual(head["authorization"], f"Bearer {TOKEN}")
        self.assertNotIn("x-auth-email", head)
        self.assertNotIn("content-type", head)

    async def test_global_key_is_sent_with_the_address(self) -> None:
        await self.at(email="a@example.test").call("GET", "/zones", {"name": "example.test", "per_page": 5, "page": 1})
        (head,) = self.fake.heads
        self.assertEqual((head["x-auth-email"], head["x-auth-key"]), ("a@example.test", TOKEN))
        self.assertNotIn("authorization", head)

    async def test_body_is_json(self) -> None:
        body = {"type": "TXT", "name": "é.example.test", "content": '"a&b"', "ttl": 60}
        await self.api.call("POST", "/zones/z1/dns_records", body=body)
        ((kept),) = self.fake.records.values()
        self.assertEqual({name: kept[name] for name in body}, body)
        self.assertEqual(self.fake.heads[0]["content-type"], "application/json")

    async def test_query_is_escaped(self) -> None:
        self.assertEqual(await self.api.pages("/zones/z1/dns_records", {"type": "A&page=9", "name": "a b"}), [])

    async def test_pages(self) -> None:
        for number in range(7):
            self.fake.put("z1", **QUERY, content=f'"{number}"')
        self.fake.per_page = 3
        found = await self.api.pages("/zones/z1/dns_records", QUERY)
        self.assertEqual([each["content"] for each in found], [f'"{number}"' for number in range(7)])
        self.assertEqual(len(self.fake.asked), 3)

    async def test_pages_without_end(self) -> None:
        self.patch(cloudflare_api, "MOST_PAGES", 4)
        self.say({"success": True, "result": [{}], "result_info": {"total_pages": 10**9}})
        self.assertEqual(len(await self.api.pages("/x", {})), 4)
        self.assertEqual(len(self.fake.asked), 4)

    async def test_pages_that_tell_nothing_of_themselves(self) -> None:
        told: Any
        for told in (None, {}, {"total_pages": "2"}, []):
            self.say({"success": True, "result": [{"a": 1}, 7], "result_info": told})
            self.assertEqual(await self.api.pages("/x", {}), [{"a": 1}])

    async def test_list_that_is_none(self) -> None:
        result: Any
        for result in (None, {}, "x"):
            self.say({"success": True, "result": result})
            self.assertIn("not understood", (await self.problem(self.api.pages("/x", {}))).detail)

    async def test_codes_are_for_whoever_asked(self) -> None:
        self.say({"success": False, "errors": [{"code": 81057, "message": "There already."}, {"code": 1}]}, 400)
        problem = await self.problem(self.api.call("GET", "/x"))
        assert isinstance(problem, Refused)
        self.assertEqual((problem.code, problem.temporary), (81057, False))
        self.assertEqual(problem.detail, "Cloudflare refused: There already (code 81057).")

    async def test_success_is_said_twice(self) -> None:
        for value, status in (({"success": False}, 200), ({"success": "true"}, 200), ({"success": True}, 403)):
            self.say(value, status)
            await self.problem(self.api.call("GET", "/x"))

    async def test_credentials_are_named_where_they_are_wrong(self) -> None:
        for status, code in ((401, 1000), (403, 9109), (400, 6003)):
            self.say({"success": False, "errors": [{"code": code, "message": "x"}]}, status)
            self.assertIn("check the token", (await self.problem(self.api.call("GET", "/x"))).detail)
            work = self.at(email="a@example.test").call("GET", "/x")
            self.assertIn("global API key", (await self.problem(work)).detail)

    async def test_words_are_cut_and_fit_a_line(self) -> None:
        chain = [{"message": "b" * 1000}, 7]
        self.say({"success": False, "errors": [{"message": "a\r\n\x1b[2J", "code": "x", "error_chain": chain}]}, 400)
        problem = await self.problem(self.api.call("GET", "/x"))
        self.assertTrue(problem.detail.isprintable())
        self.assertLess(len(problem.detail), 400)

    async def test_answers_that_are_no_object(self) -> None:
        for body in (b"", b"[]", b"\xff", b"[" * 100_000, b"null", b'{"errors": 1}', b'{"errors": []}'):
            self.say(body, 500)
            self.assertIn("status 500 without a reason", (await self.problem(self.api.call("GET", "/x"))).detail)

    async def test_everything_ends_in_time(self) -> None:
        self.fake.silent = True
        problem = await self.problem(self.at(timeout=0.05).call("GET", "/x"))
        self.assertIn("0.05 seconds", problem.detail)
        self.assertTrue(problem.temporary)

    async def test_certificate_must_be_right(self) -> None:
        path = self.mktemp()
        Path(path).write_bytes(CA.certificate_pem)
        self.trusted = TrustStore(path)
        fakes = [
            FakeCloudflare(self.reactor, {"z1": "example.test"}, issued)
            for issued in (
                issue(["127.0.0.1"], 30, CA),
                issue(["127.0.0.1"], 30, make_ca()),
                issue(["other.example.test"], 30, CA),
                issue(["127.0.0.1"], -1, CA),
            )
        ]
        for fake in fakes:
            self.addCleanup(fake.stop)
        good, *others = fakes
        self.assertEqual(len(await self.at(url=good.url).pages("/zones", {"name": "example.test"})), 1)
        for fake in others:
            problem = await self.problem(self.at(url=fake.url).pages("/zones", {"name": "example.test"}))
            self.assertTrue(problem.temporary)
            self.assertEqual(fake.asked, [])  # no credentials for strangers

    async def test_cancelling(self) -> None:
        self.fake.silent = True
        working = Deferred.fromCoroutine(self.api.call("GET", "/x"))
        while not self.fake.asked:
            await deferLater(self.reactor, 0.01)
        working.cancel()
        with self.assertRaises(CancelledError):
            await working
