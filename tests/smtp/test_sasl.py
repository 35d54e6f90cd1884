"""People sign in by the directory: each mechanism, and what follows on failures."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from stalwart.codec.sealing import Sealer
from stalwart.config.mail.session_stages import MtaStageAuth
from stalwart.provider.scopes import CALENDARS, MAIL
from stalwart.provider.tokens import AccessTokens, Claims, write_token
from stalwart.smtp.role import LMTP, MX, SUBMISSION
from stalwart.smtp.sasl import MECHANISMS
from stalwart.store import SignIn
from tests.directory.world import PASSWORD
from tests.provider.test_stateless_clients import Key
from tests.smtp.inbound_server import InboundCase
from tests.smtp.twin import Client

HERE = "127.0.0.1"


def words(*parts: str) -> str:
    return b64encode("\0".join(parts).encode()).decode()


def pairs(*parts: str) -> str:
    return b64encode("\x01".join((*parts, "", "")).encode()).decode()


class SignInCase(InboundCase):
    """Somebody who may sign in."""

    def here(self) -> Client:
        return self.secure(host=HERE)

    def late(self, client: Client, line: str) -> list[str]:
        """Codes of what is answered late: by the directory, then by the rule."""
        self.assertEqual(client.codes(line), [])
        self.clock.advance(0.51)
        self.assertEqual(client.lines(), [])
        self.clock.advance(5)
        return [said[:9].strip() for said in client.lines()]


class PasswordTests(SignInCase):
    """PLAIN and LOGIN."""

    def test_plain(self) -> None:
        for said in (("", "sue@example.test", PASSWORD), ("", "SUE", PASSWORD), ("sue", "sue", PASSWORD)):
            client = self.here()
            self.assertEqual(client.codes(f"AUTH PLAIN {words(*said)}"), ["235 2.7.0"], said[:2])
            self.assertEqual(client.connection.session.peer.login_name, "sue@example.test")

    def test_plain_in_two_steps(self) -> None:
        client = self.here()
        self.assertEqual(client.say("AUTH PLAIN"), ["334 "])
        self.assertEqual(client.codes(words("", "sue", PASSWORD)), ["235 2.7.0"])

    def test_login(self) -> None:
        client = self.here()
        said = client.say("AUTH LOGIN", b64encode(b"sue").decode(), b64encode(PASSWORD.encode()).decode())
        self.assertEqual([b64decode(line[4:]) for line in said[:2]], [b"Username:", b"Password:"])
        self.assertEqual(said[2][:9], "235 2.7.0")

    def test_wrong(self) -> None:
        client = self.here()
        for said in (("", "sue", "wrong"), ("", "nobody", PASSWORD), ("alice", "sue", PASSWORD)):
            expected = ["535 5.7.8"]
            if said[0]:  # who may not enter the accounts of others has not guessed anything
                self.assertEqual(client.codes(f"AUTH PLAIN {words(*said)}"), [])
                self.clock.advance(5)
                self.assertEqual([line[:9] for line in client.lines()], expected)
            else:
                self.assertEqual(self.late(client, f"AUTH PLAIN {words(*said)}"), expected)
        self.assertEqual(self.failures, [(HERE, "sue"), (HERE, "nobody")])

    def test_malformed(self) -> None:
        client = self.here()
        for response in (b"", b"sue", b"\0sue\0", b"\0\0x", b"\0a\0b\0c", b"\0\xff\0x", b"\0sue\0" + b"x" * 8000):
            self.assertEqual(client.codes(f"AUTH PLAIN {b64encode(response).decode() or '='}"), [], response[:9])
            self.clock.pump([0.6, 5])
            self.assertIn(client.lines()[-1][:9], ("501 5.5.2", "535 5.7.8"))
            client = self.here()

    def test_brute_force(self) -> None:
        """Each guess takes its time, a session ends after some, and the address is banned on what is open too."""
        client, other = self.here(), self.here()
        codes = [self.late(client, f"AUTH PLAIN {words('', 'sue', str(guess))}") for guess in range(4)]
        self.assertEqual(codes, [["535 5.7.8"]] * 3 + [["421 4.7.0"]])
        self.assertTrue(client.has_ended)
        self.banned = True
        self.assertEqual(self.late(other, f"AUTH PLAIN {words('', 'sue', 'x')}"), ["421 4.7.0"])
        self.banned = False
        third = self.here()
        self.blocked.add(HERE)
        count = len(self.failures)
        self.assertEqual(third.codes(f"AUTH PLAIN {words('', 'sue', PASSWORD)}"), [])
        self.clock.advance(5)
        self.assertEqual(third.lines()[-1][:9], "421 4.7.0")
        self.assertEqual((len(self.failures), third.connection.session.peer.login), (count, None))

    def test_what_was_right_is_remembered_until_something_changes(self) -> None:
        hashed = []
        check = self.hashing.check
        self.patch(self.hashing, "check", lambda *said: hashed.append(said) or check(*said))
        for _ in range(3):
            self.signed_in()
        self.assertEqual(len(hashed), 1)
        self.patch_account(self.ids["sue"], {"credentials/0/secret": "$plain$another"})
        self.assertEqual(self.late(self.here(), f"AUTH PLAIN {words('', 'sue', PASSWORD)}"), ["535 5.7.8"])

    def test_app_password_and_its_networks(self) -> None:
        _, secret = self.settle(self.accounts.add_app_password(self.ids["sue"], "phone", allowed_ips=["192.0.2.0/24"]))
        client = self.here()
        self.assertEqual(self.late(client, f"AUTH PLAIN {words('', 'sue', secret)}"), ["535 5.7.8"])
        client = self.secure(host="192.0.2.9")
        self.assertEqual(client.codes(f"AUTH PLAIN {words('', 'sue', secret)}"), ["235 2.7.0"])

    def test_second_factor(self) -> None:
        url = "otpauth://totp/sue?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        self.patch_account(self.ids["sue"], {"credentials/0/otpAuth": url})
        client = self.here()
        client.say(f"AUTH PLAIN {words('', 'sue', PASSWORD)}")
        self.clock.advance(5)
        self.assertEqual(client.lines()[-1][:9], "534 5.7.9")

    def test_nothing_secret_is_told(self) -> None:
        self.late(self.here(), f"AUTH PLAIN {words('', 'sue', 'tremendous')}")
        self.signed_in()
        self.assertNotIn("tremendous", repr(self.told))
        self.assertNotIn(PASSWORD, repr(self.told))


class TokenTests(SignInCase):
    """OAUTHBEARER and XOAUTH2, with API keys: to the directory one token is as good as another."""

    def setUp(self) -> None:
        super().setUp()
        _, self.key = self.settle(self.accounts.add_api_key(self.ids["sue"], "script"))

    def test_right(self) -> None:
        auth = f"auth=Bearer {self.key}"
        for mechanism, response in (
            ("OAUTHBEARER", pairs("n,a=sue@example.test,", "host=mail.example.test", "port=587", auth)),
            ("OAUTHBEARER", pairs("n,,", auth)),
            ("OAUTHBEARER", pairs("y,a=susan@example.test,", auth)),
            ("XOAUTH2", pairs("user=sue@example.test", auth)),
            ("XOAUTH2", pairs("user=sue", f"auth=bearer {self.key}")),
        ):
            self.assertEqual(self.here().codes(f"AUTH {mechanism} {response}"), ["235 2.7.0"], response)

    def test_a_key_in_place_of_a_password(self) -> None:
        for name, secret, code in (
            ("sue@example.test", self.key, "235 2.7.0"),
            ("sue", self.key, "235 2.7.0"),
            ("bob@example.test", self.key, "535 5.7.8"),
            ("sue", "API_x", "535 5.7.8"),
        ):
            client = self.here()
            found = client.codes(f"AUTH PLAIN {words('', name, secret)}")
            self.clock.advance(5)
            self.assertEqual([each[:9] for each in found or client.lines()], [code], name)

    def test_wrong(self) -> None:
        """The failure is told in a challenge first (RFC 7628 3.2.3)."""
        for mechanism, response in (
            ("OAUTHBEARER", pairs("n,a=bob@example.test,", f"auth=Bearer {self.key}")),
            ("OAUTHBEARER", pairs("n,,", "auth=Bearer sw1.nothing.x")),
            ("XOAUTH2", pairs("user=bob@example.test", f"auth=Bearer {self.key}")),
        ):
            client = self.here()
            (challenge,) = client.say(f"AUTH {mechanism} {response}")
            self.assertEqual(challenge[:4], "334 ")
            self.assertIn("status", json.loads(b64decode(challenge[4:])))
            self.assertEqual(client.codes("AQ=="), [])
            self.clock.advance(5)
            self.assertEqual([line[:9] for line in client.lines()], ["535 5.7.8"])

    def test_malformed(self) -> None:
        for mechanism, response in (
            ("OAUTHBEARER", pairs("p=tls-unique,,", f"auth=Bearer {self.key}")),
            ("OAUTHBEARER", pairs("n,,", "auth=Basic x")),
            ("OAUTHBEARER", pairs("n,,", "host=x")),
            ("XOAUTH2", pairs("n,,", f"auth=Bearer {self.key}")),
            ("XOAUTH2", b64encode(b"user=sue\x01auth=Bearer x").decode()),
        ):
            client = self.here()
            client.say(f"AUTH {mechanism} {response}")
            self.clock.advance(5)
            self.assertEqual([line[:9] for line in client.lines()], ["501 5.5.2"], response)


class ApplicationTests(SignInCase):
    """Tokens of applications: what they were not granted they may not do."""

    def setUp(self) -> None:
        super().setUp()
        self.sealer = Sealer(Key())
        self.directory.add_bearer(AccessTokens(self.store, self.sealer, self.directory, self.clock))

    def token(self, *scope: str, **data: object) -> str:
        """A token of a sign-in of sue."""
        now = int(self.clock.seconds())

        def begin(tx: Any) -> SignIn:
            made: SignIn = tx.sign_ins.insert(
                self.ids["sue"], "client", {"scope": list(scope), **data}, now=now, expires_at=now + 3600
            )
            return made

        sign_in = self.successResultOf(self.store.write(begin))
        claims = Claims("access", sign_in.id, self.ids["sue"], now, now + 60)
        return write_token(self.sealer, claims, "sue@example.test")

    def test_of_mail(self) -> None:
        client = self.here()
        response = pairs("n,a=sue@example.test,", f"auth=Bearer {self.token(MAIL)}")
        self.assertEqual(client.codes(f"AUTH OAUTHBEARER {response}"), ["235 2.7.0"])
        self.assertEqual(client.codes("MAIL FROM:<sue@example.test>"), ["250 2.1.0"])

    def test_of_something_else(self) -> None:
        client = self.here()
        response = pairs("n,a=sue@example.test,", f"auth=Bearer {self.token(CALENDARS)}")
        self.assertEqual(client.codes(f"AUTH OAUTHBEARER {response}"), ["235 2.7.0"])
        self.assertEqual(client.codes("MAIL FROM:<sue@example.test>"), ["550 5.7.1"])

    def test_bound_to_a_key(self) -> None:
        """RFC 9449: which nobody could prove here."""
        response = pairs("n,,", f"auth=Bearer {self.token(MAIL, jkt='x')}")
        self.assertEqual(self.here().say(f"AUTH OAUTHBEARER {response}")[0][:4], "334 ")

    def test_over(self) -> None:
        token = self.token(MAIL)
        self.clock.advance(61)
        self.assertEqual(self.here().say(f"AUTH OAUTHBEARER {pairs('n,,', f'auth=Bearer {token}')}")[0][:4], "334 ")


class OfferTests(SignInCase):
    """Which mechanisms are offered to whom."""

    def offered(self, client: Client) -> str:
        offers: list[str] = client.offers  # type: ignore[attr-defined]
        return next((line[4:] for line in offers if line[4:9] == "AUTH "), "")

    def test_over_tls_or_on_this_host_only(self) -> None:
        self.assertEqual(self.offered(self.client(role=SUBMISSION, host=HERE)), "AUTH OAUTHBEARER XOAUTH2")
        far = self.client(role=SUBMISSION, tls=object())
        self.assertEqual(self.offered(far), "")
        self.assertEqual(far.codes(f"AUTH PLAIN {words('', 'sue', PASSWORD)}"), ["538 5.7.11"])
        far.connection.session.tls_started()
        far.offers = far.say("EHLO a.test")  # type: ignore[attr-defined]
        self.assertEqual(self.offered(far), "AUTH PLAIN LOGIN OAUTHBEARER XOAUTH2")

    def test_not_to_other_servers(self) -> None:
        for role in (MX, LMTP):
            client = self.client(role=role, lmtp=role is LMTP, host=HERE)
            self.assertEqual(self.offered(client), "")
            self.assertEqual(client.codes(f"AUTH PLAIN {words('', 'sue', PASSWORD)}"), ["502 5.5.1"])

    def test_rule(self) -> None:
        self.set(
            MtaStageAuth, saslMechanisms={"else": "[xoauth2]"}, maxFailures={"else": "0"}, waitOnFail={"else": "0"}
        )
        client = self.here()
        self.assertEqual(self.offered(client), "AUTH XOAUTH2")
        self.assertEqual(client.codes("AUTH PLAIN =", "AUTH XOAUTH2 ="), ["504 5.5.4", "421 4.7.0"])

    def test_all_are_built(self) -> None:
        self.assertEqual(set(MECHANISMS), {"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"})
