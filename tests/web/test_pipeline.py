"""What a request passes, in order, and what it is charged (http-service 2 and 6, auth-api 2)."""

from __future__ import annotations

import base64
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.security import AllowedIp, BlockedIp
from stalwart.errors import Unavailable
from stalwart.telemetry.events import RESOURCE_NOT_FOUND
from stalwart.web.answers import Answer, text_answer
from stalwart.web.connection import Listener
from stalwart.web.exchange import Exchange
from stalwart.web.pipeline import MOMENT
from stalwart.web.routes import route
from tests.web.client import BASIC_ALICE, Connected, Response, Server, Wire, request_bytes, serve
from tests.web.fakes import EPOCH, FakeDirectory, FakeSettings
from tests.web.routes import ALL, Desk

BEARER = {"Authorization": "Bearer key"}
ONE = {"count": 1, "period": 60_000}


def rule(condition: str, status: str) -> dict[str, Any]:
    return {"allowedEndpoints": {"match": {"0": {"if": condition, "then": f"'{status}'"}}, "else": "'200'"}}


class PipelineCase(SynchronousTestCase):
    """A server with all test routes."""

    def server(self, mode: str = "normal", directory: FakeDirectory | None = None, **wire: dict[str, Any]) -> Server:
        self.desk = Desk()
        return serve(ALL, {"desk": self.desk}, settings=FakeSettings(**wire), mode=mode, directory=directory)

    def statuses(self, server: Server, path: str, headers: dict[str, str] | None = None, times: int = 2) -> list[int]:
        return [server.request("GET", path, headers).status for _ in range(times)]


class OrderTests(PipelineCase):
    """Who speaks first."""

    def test_a_blocked_address_gets_form_a_without_the_headers_of_the_settings(self) -> None:
        server = self.server(Http={"enableHsts": True})
        server.settings.listed(BlockedIp, {"address": "198.51.100.0/24"})
        response = server.request("GET", "/open")
        self.assertEqual(response.body, b'{"detail":"Forbidden","status":403,"title":"Forbidden","type":"about:blank"}')
        self.assertNotIn("strict-transport-security", response.headers)

    def test_the_block_list_comes_before_the_access_rule(self) -> None:
        server = self.server(Http=rule("1", "404"))
        server.settings.listed(BlockedIp, {"address": "198.51.100.7"})
        self.assertEqual(server.request("GET", "/open").status, 403)

    def test_the_allow_list_wins_over_the_block_list(self) -> None:
        server = self.server()
        server.settings.listed(BlockedIp, {"address": "198.51.100.0/24"})
        server.settings.listed(AllowedIp, {"address": "198.51.100.7"})
        self.assertEqual(server.request("GET", "/open").status, 200)

    def test_the_access_rule_answers_in_form_a_with_the_headers_of_the_settings(self) -> None:
        server = self.server(Http=rule("starts_with(path, '/op')", "404") | {"enableHsts": True})
        response = server.request("GET", "/open")
        self.assertEqual(response.body, b'{"detail":"Not Found","status":404,"title":"Not Found","type":"about:blank"}')
        self.assertIn("strict-transport-security", response.headers)
        self.assertEqual(server.request("GET", "/free").status, 200)

    def test_loopback_passes_the_access_rule(self) -> None:
        server = self.server(Http=rule("1", "404"))
        self.assertEqual(server.request("GET", "/open", host="127.0.0.1").status, 200)
        self.assertEqual(server.request("GET", "/open", host="::1").status, 200)

    def test_the_access_rule_comes_before_routing(self) -> None:
        self.assertEqual(self.server(Http=rule("1", "418")).request("GET", "/nowhere").status, 418)

    def test_a_rule_without_a_usable_result_denies(self) -> None:
        open_rule = {"allowedEndpoints": {"else": "substring(path, 1, 4)"}}
        self.assertEqual(self.server(Http=open_rule).request("GET", "/open").status, 403)

    def test_recovery_knows_no_limits_rules_or_blocks_and_is_open_to_scripts(self) -> None:
        wire = rule("1", "404") | {"rateLimitAnonymous": ONE}
        server = self.server("recovery", Http=wire)
        server.settings.listed(BlockedIp, {"address": "198.51.100.7"})
        self.assertEqual(self.statuses(server, "/open"), [200, 200])
        self.assertEqual(server.request("GET", "/open").headers["access-control-allow-origin"], "*")


def known(exchange: Exchange) -> Answer:
    return text_answer(exchange.access.login if exchange.access else "")


class FakeChanges:
    """What other processes have changed: ``awaited`` is what a look gives."""

    def __init__(self) -> None:
        self.awaited: Deferred[None] | None = None
        self.agreement: Deferred[None] | None = None
        self.looks = 0

    def look(self) -> Deferred[None] | None:
        self.looks += 1
        return self.awaited

    def agreed(self) -> Deferred[None] | None:
        return self.agreement


class ChangesTests(PipelineCase):
    """Before anything is decided, the process knows what others have changed."""

    def setUp(self) -> None:
        self.changes = FakeChanges()
        self.made = self.server()
        self.made.site.pipeline._changes = self.changes

    def test_each_request_looks_and_does_not_wait_for_nothing(self) -> None:
        self.assertEqual(self.statuses(self.made, "/open", times=3), [200] * 3)
        self.assertEqual(self.changes.looks, 3)

    def test_request_waits_and_is_decided_by_what_there_is_then(self) -> None:
        self.changes.awaited = Deferred()
        connection = self.made.connect()
        connection.send(request_bytes("GET", "/open"))
        self.assertEqual(connection.received(), b"")
        self.made.settings.listed(BlockedIp, {"address": "198.51.100.7"})
        self.changes.awaited.callback(None)
        self.assertEqual(connection.response().status, 403)

    def test_answer_waits_until_others_know_what_was_changed(self) -> None:
        self.changes.agreement = Deferred()
        connections = [self.made.connect() for _ in range(2)]
        for connection in connections:
            connection.send(request_bytes("GET", "/slow"))
        first, second = self.desk.waiting
        first.callback("done")
        second.errback(Unavailable())  # it may have changed something before
        self.assertEqual([each.received() for each in connections], [b"", b""])
        self.changes.agreement.callback(None)
        self.assertEqual([each.response().status for each in connections], [200, 503])

    def test_what_cannot_be_taken_over_is_503(self) -> None:
        self.changes.awaited = fail(Unavailable("The data store is locked by another process."))
        self.assertEqual(self.made.request("GET", "/open").status, 503)

    def test_whoever_looks_whether_it_lives_waits_for_a_moment(self) -> None:
        for awaited in (Deferred[None](), fail(Unavailable("The data store is gone."))):
            self.changes.awaited = awaited
            connection = self.made.connect()
            connection.send(request_bytes("GET", "/healthz/live"))
            self.made.clock.advance(MOMENT)
            self.assertEqual(connection.response().status, 404)  # these routes have none

    def test_client_that_leaves_waits_no_longer(self) -> None:
        given_up: list[Deferred[None]] = []
        self.changes.awaited = waiting = Deferred(given_up.append)
        connection = self.made.connect()
        connection.send(request_bytes("GET", "/open"))
        connection.lose()
        self.assertEqual(given_up, [waiting])


class RedirectTests(PipelineCase):
    """Clear text at port 80 leads to HTTPS where that is served (design 8)."""

    def ask(
        self, path: str, *, port: int = 80, secure: int | None = 443, server: Server | None = None, **headers: str
    ) -> Response:
        server = server or self.server()
        server.site.pipeline.https_port = lambda: secure
        wire = Wire()
        wire.hostAddr = IPv4Address("TCP", "127.0.0.1", port)
        channel = server.site.connect(Listener("http"), wire.getPeer())
        channel.makeConnection(wire)
        connected = Connected(server, channel, wire)
        connected.send(request_bytes("GET", path, headers))
        response = connected.response()
        connected.lose()
        return response

    def test_path_and_query_stay(self) -> None:
        response = self.ask("/open?a=1&b=%20")
        self.assertEqual(
            (response.status, response.headers["location"]), (308, "https://mail.example.test/open?a=1&b=%20")
        )

    def test_another_port_is_named(self) -> None:
        response = self.ask("/open", secure=8443, Host="mail.example.test:80")
        self.assertEqual(response.headers["location"], "https://mail.example.test:8443/open")

    def test_address_of_ipv6(self) -> None:
        response = self.ask("/open", Host="[2001:db8::1]")
        self.assertEqual(response.headers["location"], "https://[2001:db8::1]/open")

    def test_who_stays(self) -> None:
        self.assertEqual(self.ask("/open", port=8080).status, 200)
        self.assertEqual(self.ask("/open", secure=None).status, 200)
        self.assertEqual(self.ask("/.well-known/acme-challenge/x").status, 404)


class OtherwiseTests(PipelineCase):
    """Routes that need credentials but have something for those who bring none."""

    def request(self, otherwise: Answer | None, headers: dict[str, str] | None = None) -> Response:
        declared = route("GET", "/known", needs="authenticated", spec="test", otherwise=lambda exchange: otherwise)
        return serve([declared(known)]).request("GET", "/known", headers)

    def test_it_is_answered_without_credentials(self) -> None:
        self.assertEqual(self.request(text_answer("nobody")).body, b"nobody")

    def test_if_there_is_nothing_credentials_are_asked_for(self) -> None:
        self.assertEqual(self.request(None).status, 401)

    def test_with_credentials_it_is_not_asked(self) -> None:
        self.assertEqual(self.request(text_answer("nobody"), BASIC_ALICE).body, b"alice@example.test")
        self.assertEqual(self.request(text_answer("nobody"), {"Authorization": "Basic eDp5"}).status, 401)


class ErrorTests(PipelineCase):
    """What becomes of errors."""

    def test_an_unknown_path_is_form_b(self) -> None:
        response = self.server().request("GET", "/nowhere")
        self.assertEqual((response.status, response.headers["content-type"]), (404, "application/problem+json"))
        self.assertEqual(response.json()["detail"], "The requested resource does not exist on this server.")

    def test_a_wrong_method_is_405_with_allow(self) -> None:
        response = self.server().request("DELETE", "/open")
        self.assertEqual((response.status, response.headers["allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_an_unexpected_exception_is_a_plain_500_that_can_be_found_in_the_log(self) -> None:
        server = self.server()
        response = server.request("GET", "/broken")
        [keys] = [keys for event, keys in server.events if event.id == "resource.error"]
        self.assertEqual((response.status, response.headers["x-request-id"]), (500, keys["requestId"]))
        self.assertNotIn(b"pump", response.body)
        self.assertEqual(keys["reason"], "RuntimeError: the pump is out of order")
        self.assertIn("broken", keys["trace"])

    def test_a_route_that_answers_nonsense_is_our_fault(self) -> None:
        server = self.server()
        self.assertEqual(server.request("GET", "/nonsense").status, 500)
        self.assertIn("resource.error", server.event_ids())

    def test_a_header_that_would_split_the_answer_is_our_fault(self) -> None:
        response = self.server().request("GET", "/split")
        self.assertEqual(response.status, 500)
        self.assertNotIn("set-cookie", response.headers)

    def test_errors_of_the_family_are_translated(self) -> None:
        self.assertEqual(self.server().request("GET", "/conflict").status, 409)

    def test_a_path_that_is_not_utf_8_is_a_bad_parameter(self) -> None:
        server = self.server()
        self.assertEqual(server.request("GET", "/segment/%ff").status, 400)
        self.assertEqual(server.request("GET", "/segment/%C3%A4%2F").body, "ä/".encode())
        self.assertNotIn("resource.error", server.event_ids())

    def test_what_somebody_else_cancelled_is_unavailable(self) -> None:
        server = self.server()
        connected = server.connect()
        connected.send(request_bytes("GET", "/slow"))
        self.desk.waiting[0].cancel()
        self.assertEqual(connected.response().status, 503)


class OptionsTests(PipelineCase):
    """OPTIONS of branches, routes and strangers (http-service 3)."""

    def test_branches_answer_204_without_anything(self) -> None:
        for path in ("/api", "/api/x", "/jmap", "/jmap/ws", "/auth/token", "/api/account"):
            response = self.server().request("OPTIONS", path)
            self.assertEqual((response.status, [name for name, _ in response.fields]), (204, ["Date"]))

    def test_well_known_has_the_cors_trio(self) -> None:
        for path in ("/.well-known/x", "/.well-known/caldav"):
            response = self.server().request("OPTIONS", path)
            self.assertEqual((response.status, response.headers["access-control-allow-origin"]), (204, "*"))

    def test_a_known_path_says_what_is_allowed(self) -> None:
        response = self.server().request("OPTIONS", "/open")
        self.assertEqual((response.status, response.headers["allow"]), (204, "GET, HEAD, OPTIONS"))

    def test_an_unknown_path_is_404(self) -> None:
        self.assertEqual(self.server().request("OPTIONS", "/apis").status, 404)

    def test_a_preflight_of_a_listed_origin_is_answered(self) -> None:
        server = self.server(Http={"corsAllowedOrigins": {"https://app.example.org": True}})
        headers = {
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, depth",
        }
        response = server.request("OPTIONS", "/nowhere", headers)
        self.assertEqual((response.status, response.headers["vary"]), (204, "Origin"))
        self.assertEqual(response.all("access-control-allow-origin"), ["https://app.example.org"])
        self.assertEqual(response.headers["access-control-allow-headers"], "authorization, depth")

    def test_a_preflight_of_another_origin_gets_no_permission(self) -> None:
        server = self.server(Http={"corsAllowedOrigins": {"https://app.example.org": True}})
        headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        response = server.request("OPTIONS", "/api/account", headers)
        self.assertEqual((response.status, response.headers["vary"]), (204, "Origin"))
        self.assertNotIn("access-control-allow-origin", response.headers)


class AnonymousLimitTests(PipelineCase):
    """Who is charged to an address."""

    def limited(self, **wire: Any) -> Server:
        return self.server(Http={"rateLimitAnonymous": ONE} | wire)

    def test_the_second_request_of_an_address_waits(self) -> None:
        server = self.limited()
        server.request("GET", "/open")
        response = server.request("GET", "/open")
        self.assertEqual(response.status, 429)
        names = [name for name, _ in response.fields[:3]]
        self.assertEqual(names, ["Retry-After", "RateLimit-Policy", "RateLimit"])
        self.assertEqual(response.json()["title"], "Too Many Requests")

    def test_another_address_is_served(self) -> None:
        server = self.limited()
        self.assertEqual([server.request("GET", "/open", host=f"192.0.2.{n}").status for n in range(3)], [200] * 3)

    def test_the_next_window_is_free_again(self) -> None:
        server = self.limited()
        server.request("GET", "/open")
        server.clock.advance(60)
        self.assertEqual(server.request("GET", "/open").status, 200)

    def test_loopback_and_allowed_addresses_are_exempt(self) -> None:
        server = self.limited()
        server.settings.listed(AllowedIp, {"address": "198.51.100.7"})
        self.assertEqual(self.statuses(server, "/open"), [200, 200])
        self.assertEqual([server.request("GET", "/open", host="127.0.0.1").status for _ in range(2)], [200, 200])

    def test_routes_without_a_limit_unknown_paths_and_options_are_free(self) -> None:
        server = self.limited()
        self.assertEqual(self.statuses(server, "/free"), [200, 200])
        self.assertEqual(self.statuses(server, "/nowhere"), [404, 404])
        self.assertEqual([server.request("OPTIONS", "/api").status for _ in range(2)], [204, 204])

    def test_no_credentials_are_charged_before_they_are_refused(self) -> None:
        self.assertEqual(self.statuses(self.limited(), "/api/account"), [401, 429])

    def test_an_unknown_scheme_is_charged_before_it_is_refused(self) -> None:
        self.assertEqual(self.statuses(self.limited(), "/api/account", {"Authorization": "Digest x"}), [401, 429])

    def test_undecodable_basic_is_not_charged(self) -> None:
        self.assertEqual(self.statuses(self.limited(), "/api/account", {"Authorization": "Basic ~"}), [401, 401])

    def test_a_wrong_password_is_not_charged_to_the_address(self) -> None:
        wrong = {"Authorization": "Basic " + base64.b64encode(b"alice:wrong").decode()}
        self.assertEqual(self.statuses(self.limited(), "/api/account", wrong), [401, 401])

    def test_a_bearer_token_is_charged_until_it_is_cached(self) -> None:
        server = self.limited()
        self.assertEqual(self.statuses(server, "/api/account", BEARER, 3), [200, 200, 200])
        self.assertEqual(server.request("GET", "/open").status, 429)

    def test_a_wrong_bearer_token_is_charged_every_time(self) -> None:
        self.assertEqual(self.statuses(self.limited(), "/api/account", {"Authorization": "Bearer x"}), [401, 429])


class AuthenticatedTests(PipelineCase):
    """Credentials, permissions and what an account is charged."""

    def test_credentials_are_asked_for_before_the_body(self) -> None:
        connected = self.server().connect()
        connected.send(request_bytes("POST", "/jmap", {"Content-Length": "50"}))
        self.assertEqual(connected.response().status, 401)

    def test_scripts_get_no_basic_challenge(self) -> None:
        server = self.server()
        self.assertEqual(len(server.request("GET", "/api/account").all("www-authenticate")), 2)
        scripted = server.request("GET", "/api/account", {"Sec-Fetch-Mode": "cors"})
        self.assertEqual([value[:6] for value in scripted.all("www-authenticate")], ["Bearer"])

    def test_the_second_request_is_served_from_the_cache(self) -> None:
        server = self.server()
        self.assertEqual(self.statuses(server, "/api/account", BASIC_ALICE), [200, 200])
        self.assertEqual(server.directory.asked, [("basic", "alice", "secret", "198.51.100.7")])

    def test_the_account_is_charged_for_both(self) -> None:
        server = self.server(Http={"rateLimitAuthenticated": ONE})
        self.assertEqual(self.statuses(server, "/api/account", BASIC_ALICE), [200, 429])

    def test_the_account_is_charged_on_loopback_too(self) -> None:
        server = self.server(Http={"rateLimitAuthenticated": ONE})
        found = [server.request("GET", "/api/account", BASIC_ALICE, host="127.0.0.1").status for _ in range(2)]
        self.assertEqual(found, [200, 429])

    def test_unlimited_requests_are_unlimited(self) -> None:
        directory = FakeDirectory(("authenticate", "unlimitedRequests"))
        server = self.server(directory=directory, Http={"rateLimitAuthenticated": ONE})
        self.assertEqual(self.statuses(server, "/api/account", BASIC_ALICE), [200, 200])

    def test_a_missing_permission_is_403(self) -> None:
        response = self.server().request("GET", "/secret", BASIC_ALICE)
        self.assertEqual(response.status, 403)
        self.assertEqual(response.json()["title"], "Forbidden")

    def test_an_account_that_may_not_sign_in_is_403(self) -> None:
        server = self.server(directory=FakeDirectory(("sysEverything",)))
        self.assertEqual(self.statuses(server, "/secret", BASIC_ALICE), [403, 403])

    def test_a_credential_from_the_wrong_place_is_403(self) -> None:
        elsewhere = {"Authorization": "Bearer elsewhere"}
        self.assertEqual(self.server().request("GET", "/api/account", elsewhere).status, 403)

    def test_an_account_has_so_many_requests_at_once(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        first = server.connect()
        first.send(request_bytes("POST", "/jmap", BASIC_ALICE, b"{}"))
        response = server.request("GET", "/api/account", BASIC_ALICE)
        self.assertEqual((response.status, response.json()["limit"]), (400, "maxConcurrentRequests"))
        self.desk.waiting[0].callback(None)
        self.assertEqual(first.response().status, 200)
        self.assertEqual(server.request("GET", "/api/account", BASIC_ALICE).status, 200)

    def test_a_client_that_leaves_gives_its_place_back(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        first = server.connect()
        first.send(request_bytes("POST", "/jmap", BASIC_ALICE, b"{}"))
        first.lose()
        self.assertEqual(self.desk.cancelled, 1)
        self.assertEqual(server.request("GET", "/api/account", BASIC_ALICE).status, 200)

    def test_a_request_without_permission_gives_its_place_back(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        self.assertEqual(self.statuses(server, "/secret", BASIC_ALICE, 3), [403, 403, 403])

    def test_an_open_stream_holds_no_place(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        streaming = server.connect()
        streaming.send(request_bytes("GET", "/api/live/delivery/x", BASIC_ALICE))
        self.assertEqual(streaming.response().status, 200)
        self.assertEqual(server.request("GET", "/api/account", BASIC_ALICE).status, 200)


class LiveTokenTests(PipelineCase):
    """auth-api 11."""

    PATH = "/api/live/delivery/example.test?token="

    def test_a_token_stands_in_for_credentials_without_limits(self) -> None:
        server = self.server(Http={"rateLimitAnonymous": ONE, "rateLimitAuthenticated": ONE})
        self.assertEqual(self.statuses(server, self.PATH + "live", times=3), [200, 200, 200])

    def test_a_wrong_token_is_not_saved_by_good_credentials(self) -> None:
        self.assertEqual(self.server().request("GET", self.PATH + "wrong", BASIC_ALICE).status, 401)

    def test_an_empty_token_is_no_token(self) -> None:
        self.assertEqual(self.server().request("GET", self.PATH, BASIC_ALICE).status, 200)

    def test_a_token_counts_on_live_paths_only(self) -> None:
        self.assertEqual(self.server().request("GET", "/api/account?token=live").status, 401)


class ApiBodyTests(PipelineCase):
    """POST below /api reads at most 1 MiB (design.md 8)."""

    def _post(self, path: str, size: int, headers: dict[str, str] | None = None) -> Response:
        return self.server().request("POST", path, headers, b"x" * size)

    def test_too_large_is_413_wherever_it_goes(self) -> None:
        for path in ("/api/account", "/api/nowhere", "/api/json"):
            self.assertEqual(self._post(path, 1048577).status, 413)

    def test_chunks_are_counted_as_they_come(self) -> None:
        for path in ("/api/account", "/api/nowhere"):
            connected = self.server().connect()
            connected.send(request_bytes("POST", path, BASIC_ALICE | {"Transfer-Encoding": "chunked"}))
            for _ in range(17):
                connected.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            self.assertEqual(connected.response().status, 413)

    def test_up_to_the_limit_the_path_decides(self) -> None:
        self.assertEqual(self._post("/api/nowhere", 1048576).status, 404)
        self.assertEqual(self._post("/api/account", 1048576, BASIC_ALICE).status, 200)

    def test_json_is_read_with_its_type(self) -> None:
        server = self.server()
        good = server.request("POST", "/api/json", {"Content-Type": "application/json; charset=utf-8"}, b'{"a":[1]}')
        self.assertEqual(good.json(), {"a": [1]})
        self.assertEqual(server.request("POST", "/api/json", {"Content-Type": "text/plain"}, b"{}").status, 400)
        self.assertEqual(server.request("POST", "/api/json", {"Content-Type": "application/json"}, b"{").status, 400)


class BanTests(PipelineCase):
    """Bans that requests earn."""

    WRONG = {"Authorization": "Basic " + base64.b64encode(b"alice:wrong").decode()}

    def test_the_failure_over_the_rate_bans_and_is_429(self) -> None:
        server = self.server(Security={"authBanRate": ONE, "authBanPeriod": 60_000})
        responses = [server.request("GET", "/api/account", self.WRONG) for _ in range(3)]
        self.assertEqual([each.status for each in responses], [401, 429, 403])
        self.assertEqual(responses[1].json()["title"], "Too Many Authentication Attempts")
        self.assertNotIn("retry-after", responses[1].headers)
        self.assertEqual(server.banned, [("198.51.100.7", "authFailure", int(EPOCH) + 60)])
        server.clock.advance(61)
        self.assertEqual(server.request("GET", "/open").status, 200)

    def test_a_scanner_path_bans_after_its_404(self) -> None:
        server = self.server()
        self.assertEqual(self.statuses(server, "/x/WP-login.php"), [404, 403])
        self.assertEqual(server.banned, [("198.51.100.7", "portScanning", None)])

    def test_below_api_no_path_bans(self) -> None:
        self.assertEqual(self.statuses(self.server(), "/api/x.php"), [404, 404])

    def test_loopback_is_never_banned(self) -> None:
        server = self.server(Security={"authBanRate": ONE})
        found = [server.request("GET", "/api/account", self.WRONG, host="127.0.0.1").status for _ in range(4)]
        self.assertEqual(found, [401] * 4)

    def test_a_ban_during_an_attempt_is_told_at_once(self) -> None:
        directory = FakeDirectory()
        directory.wait = Deferred()
        server = self.server(directory=directory)
        connected = server.connect()
        connected.send(request_bytes("GET", "/api/account", self.WRONG))
        server.settings.listed(BlockedIp, {"address": "198.51.100.7"})
        directory.wait.callback(None)
        self.assertEqual(connected.response().status, 429)


class HeaderTests(PipelineCase):
    """What the settings put on answers (http-service 2.1)."""

    def test_configured_headers_replace_those_of_the_answer(self) -> None:
        server = self.server(Http={"responseHeaders": {"content-type": "text/x", "X-Test": "a"}, "enableHsts": True})
        response = server.request("GET", "/open")
        self.assertEqual((response.all("content-type"), response.headers["x-test"]), (["text/x"], "a"))
        self.assertEqual(response.headers["strict-transport-security"], "max-age=31536000; includeSubDomains")

    def test_permissive_cors_is_on_errors_too(self) -> None:
        server = self.server(Http={"usePermissiveCors": True})
        self.assertEqual(server.request("GET", "/nowhere").headers["access-control-allow-origin"], "*")

    def test_there_is_no_server_field_and_the_date_is_last(self) -> None:
        response = self.server().request("GET", "/open")
        self.assertEqual([name for name, _ in response.fields], ["Content-Type", "Content-Length", "Date"])

    def test_errors_carry_the_id_of_their_request_and_each_another(self) -> None:
        server = self.server()
        ids = {dict(server.request("GET", "/nowhere").fields)["X-Request-Id"] for _ in range(3)}
        self.assertEqual(len(ids), 3)

    def test_changed_settings_hold_for_the_next_request(self) -> None:
        server = self.server()
        connected = server.connect()
        connected.send(request_bytes("GET", "/open"))
        server.settings.change(Http={"enableHsts": True})
        connected.send(request_bytes("GET", "/open"))
        first, second = connected.responses()
        self.assertNotIn("strict-transport-security", first.headers)
        self.assertIn("strict-transport-security", second.headers)

    def test_a_listed_origin_may_read_answers_and_others_only_vary(self) -> None:
        server = self.server(Http={"corsAllowedOrigins": {"https://app.example.org": True}})
        allowed = server.request("GET", "/open", {"Origin": "https://app.example.org"})
        self.assertEqual(allowed.headers["access-control-allow-origin"], "https://app.example.org")
        other = server.request("GET", "/open", {"Origin": "https://evil.example"})
        self.assertEqual((other.headers["vary"], "access-control-allow-origin" in other.headers), ("Origin", False))


class RefusalCountTests(SynchronousTestCase):
    """Refused requests count, whether anybody listens or not."""

    def test_nobody_listens(self) -> None:
        server = serve([])
        server.telemetry._observers.clear()
        server.telemetry._find_least()
        for _ in range(3):
            server.request("GET", "/nothing/here")
        self.assertFalse(server.telemetry.wants(RESOURCE_NOT_FOUND))
        self.assertEqual(server.telemetry.counters[RESOURCE_NOT_FOUND.id], 3)
