"""The test network itself, seen by independent programs: dig, posttls-finger, swaks and curl."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.domains import NOT_VALIDATING
from tests.interop.shared import network, skip_reason

TOOLS = ("dig", "posttls-finger", "swaks", "curl")


class InternetTests(SynchronousTestCase):
    """What each part answers."""

    def setUp(self) -> None:
        reason = skip_reason(*TOOLS)
        if reason:
            raise SkipTest(reason)
        self.internet = network()

    def output(self, *words: str) -> str:
        done = self.internet.run(*words, timeout=30)
        return done.stdout + done.stderr

    def finger(self, level: str, domain: str) -> str:
        authorities = ["-F", str(self.internet.authorities)] if level == "secure" else []
        command = ["posttls-finger", "-c", "-t", "5", "-l", level, *authorities, domain]
        return self.output("env", f"MAIL_CONFIG={self.internet.folder}/postfix", *command)

    def policy(self, domain: str) -> str:
        url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
        return self.output("curl", "-sSi", "-m", "2", "--cacert", str(self.internet.authorities), url)

    def swaks(self, domain: str, *options: str, mailbox: str = "postmaster") -> str:
        server = ["--server", f"mx.{domain}", "--helo", "client.test", "--from", "<>"]
        return self.output("timeout", "10", "swaks", *server, "--to", f"{mailbox}@{domain}", *options)

    def test_sessions_are_logged_with_their_end(self) -> None:
        self.swaks("sts.test", "--quit-after", "RCPT")
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            lines = (self.internet.folder / "smtp.jsonl").read_text().splitlines()
            events = [one["event"] for one in map(json.loads, lines) if one["host"] == "mx.sts.test"]
            if events and events[0] == "open" and events[-1] == "closed":
                return
            time.sleep(0.02)
        self.fail(f"no session in the log: {lines[-5:]}")

    def test_black_hole_answers_nothing(self) -> None:
        began = time.monotonic()
        self.assertNotIn("220", self.output("curl", "-sS", "-m", "1", "telnet://mx.blackhole.test:25"))
        self.assertGreater(time.monotonic() - began, 0.9)

    def test_network_is_closed(self) -> None:
        self.assertEqual(len(self.output("ip", "-o", "link", "show", "up").strip().splitlines()), 1)


SAYS: dict[str, tuple[Callable[[InternetTests], str], str]] = {  # behaviour: what to run, what to find in it
    "signed_mx_is_validated": (lambda t: t.output("dig", "good.test", "MX"), r"flags: qr rd ra ad;"),
    "denial_is_validated": (lambda t: t.output("dig", "nxdomain.test", "MX"), r"NXDOMAIN(.|\n)*flags: qr rd ra ad;"),
    "tlsa_is_served": (lambda t: t.output("dig", "+short", "_25._tcp.mx.good.test", "TLSA"), r"^3 1 1 [0-9A-F]"),
    "tlsa_of_a_trust_anchor_is_served": (
        lambda t: t.output("dig", "+short", "_25._tcp.mx.daneta.test", "TLSA"),
        r"^2 0 1 [0-9A-F]",
    ),
    "unsigned_zone_is_not_validated": (lambda t: t.output("dig", "insecure", "MX"), r"NOERROR(.|\n)*flags: qr rd ra;"),
    "bogus_zone_fails": (lambda t: t.output("dig", "bogus", "MX"), r"SERVFAIL"),
    "bogus_zone_answers_with_checking_disabled": (lambda t: t.output("dig", "+cd", "bogus", "MX"), r"10 mx\.bogus\."),
    "other_resolver_does_not_validate": (
        lambda t: t.output("dig", f"@{NOT_VALIDATING}", "bogus", "MX"),
        r"10 mx\.bogus\.",
    ),
    "lame_delegation_fails": (lambda t: t.output("dig", "lame.test", "MX"), r"SERVFAIL"),
    "null_mx_is_served": (lambda t: t.output("dig", "+short", "nullmx.test", "MX"), r"^0 \.$"),
    "many_mx_come_over_tcp": (lambda t: t.output("dig", "manymx.test", "MX"), r"\(TCP\)"),
    "ipv6_address_is_served": (lambda t: t.output("dig", "+short", "mx.v6only.test", "AAAA"), r"^fd00:25::6$"),
    "ipv4_has_a_reverse_name": (lambda t: t.output("dig", "+short", "-x", "127.0.3.1"), r"^mx\.good\.test\.$"),
    "ipv6_has_a_reverse_name": (lambda t: t.output("dig", "+short", "-x", "fd00:25::5"), r"^mx\.dual\.test\.$"),
    "policy_is_served": (lambda t: t.policy("good.test"), r"200 OK(.|\n)*mx: mx\.good\.test"),
    "missing_policy_is_404": (lambda t: t.policy("sts404.test"), r"404"),
    "policy_host_redirects": (lambda t: t.policy("stsredirect.test"), r"301"),
    "policy_host_is_self_signed": (lambda t: t.policy("stsbadcert.test"), r"self-signed certificate"),
    "policy_host_has_expired": (lambda t: t.policy("stsoldcert.test"), r"certificate has expired"),
    "policy_host_is_silent": (lambda t: t.policy("stssilent.test"), r"timed out"),
    "policy_host_is_down": (lambda t: t.policy("stsdown.test"), r"connect"),
    "dane_verifies_postfix": (lambda t: t.finger("dane", "good.test"), r"Verified TLS connection"),
    "dane_verifies_a_pinned_certificate": (lambda t: t.finger("dane", "danepinned.test"), r"Verified TLS connection"),
    "dane_verifies_a_trust_anchor": (lambda t: t.finger("dane", "daneta.test"), r"Verified TLS connection"),
    "dane_refuses_another_key": (lambda t: t.finger("dane", "danebad.test"), r"Untrusted TLS connection"),
    "webpki_verifies_postfix": (lambda t: t.finger("secure", "good.test"), r"Verified TLS connection"),
    "webpki_refuses_an_expired_certificate": (lambda t: t.finger("secure", "expired.test"), r"Untrusted|expired"),
    "postfix_without_certificate_offers_no_tls": (lambda t: t.swaks("clear.test", "--tls"), r"STARTTLS"),
    "postfix_takes_mail_over_tls": (lambda t: t.swaks("good.test", "--tls"), r"250 2\.0\.0 Ok: queued"),
    "postfix_refuses_an_unknown_mailbox": (
        lambda t: t.swaks("good.test", "--tls", "--quit-after", "RCPT", mailbox="nobody"),
        r"550 5\.1\.1",
    ),
    "postfix_serves_ipv6": (lambda t: t.swaks("v6only.test", "--quit-after", "RCPT"), r"250 2\.1\.5"),
    "refusing_address_refuses": (lambda t: t.swaks("refused.test"), r"(?i)refused"),
    "hostile_server_refuses_the_mailbox": (lambda t: t.swaks("rcpt5xx.test", "--tls"), r"550 5\.1\.1"),
}


def _says(run: Callable[[InternetTests], str], wanted: str) -> Callable[[InternetTests], None]:
    def test(self: InternetTests) -> None:
        text = run(self)
        self.assertTrue(re.search(wanted, text, re.MULTILINE), f"{wanted!r} is not in:\n{text[-1500:]}")

    return test


for _name, (_run, _wanted) in SAYS.items():
    setattr(InternetTests, f"test_{_name}", _says(_run, _wanted))
