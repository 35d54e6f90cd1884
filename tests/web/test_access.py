"""Authorization headers."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Forbidden, Unauthenticated
from stalwart.web.access import (
    authenticate,
    check_authenticate,
    check_permission,
    credentials_of,
    decode_basic,
    live_token,
)
from stalwart.web.connection import Connection
from stalwart.web.exchange import Exchange
from stalwart.web.head import parse_head
from tests.web.fakes import FakeDirectory


def exchange(target: str = "/", authorization: str | None = None) -> Exchange:
    fields = "" if authorization is None else f"\r\nAuthorization: {authorization}"
    head = parse_head(f"GET {target} HTTP/1.1\r\nHost: x{fields}".encode("latin-1"))
    return Exchange(head, Connection("x", "192.0.2.1", 1, "::", 80, False), None, "x", 1, 0)


class HeaderTests(SynchronousTestCase):
    """auth-api 2."""

    def test_the_scheme_is_case_insensitive_and_the_value_trimmed(self) -> None:
        self.assertEqual(credentials_of(exchange("/", "BEARER   a b ")), ("bearer", "a b"))

    def test_without_a_space_or_beyond_ascii_it_counts_as_missing(self) -> None:
        for value in (None, "Bearer", "Bearer ", "Bearer \xe4", "Bearer a\tb"):
            self.assertIsNone(credentials_of(exchange("/", value)))

    def test_basic_is_lenient_about_padding_and_trims_the_login(self) -> None:
        self.assertEqual(decode_basic("IEFsaWNlIDpzOnQg"), ("alice", "s:t "))
        self.assertEqual(decode_basic("YTpiYg"), ("a", "bb"))

    def test_what_is_no_basic_is_nothing(self) -> None:
        for value in ("", "~", "YWJj", "/w==", "YTpi=YTpi"):
            self.assertIsNone(decode_basic(value))

    def test_undecodable_basic_never_reaches_the_directory(self) -> None:
        directory = FakeDirectory()
        self.failureResultOf(
            Deferred.fromCoroutine(authenticate(directory, "basic", "~", "192.0.2.1")), Unauthenticated
        )
        self.assertEqual(directory.asked, [])

    def test_success_is_remembered_by_the_value(self) -> None:
        directory = FakeDirectory()
        self.successResultOf(Deferred.fromCoroutine(authenticate(directory, "bearer", "key", "192.0.2.1")))
        self.assertEqual(directory.kept, {"key": directory.alice})


class TokenTests(SynchronousTestCase):
    """auth-api 11."""

    def test_tokens_count_below_the_live_paths(self) -> None:
        self.assertEqual(live_token(exchange("/api/live/delivery/x?token=a%2B")), ("a+", "delivery"))
        self.assertEqual(live_token(exchange("/api/live/tracing?token=a")), ("a", "tracing"))

    def test_elsewhere_and_empty_they_are_nothing(self) -> None:
        for target in ("/api/live/delivery?x", "/api/live/delivery?token=", "/api/live/x?token=a", "/api/x?token=a"):
            self.assertIsNone(live_token(exchange(target)))


class PermissionTests(SynchronousTestCase):
    """What an access may do."""

    def test_users_need_the_permission_to_be_here(self) -> None:
        self.assertRaises(Forbidden, check_authenticate, FakeDirectory(()).alice)
        check_authenticate(FakeDirectory(("authenticate",)).alice)

    def test_a_route_asks_for_its_permission_or_for_anybody(self) -> None:
        alice = FakeDirectory(("a",)).alice
        check_permission(alice, "authenticated")
        check_permission(alice, "a")
        self.assertRaises(Forbidden, check_permission, alice, "b")
