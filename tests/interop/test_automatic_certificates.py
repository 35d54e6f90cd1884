"""Domains that get their certificates by themselves, from pebble, whatever happens on the way (acme-tls A1-A4)."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import signal
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import SkipTest

from cryptography.x509 import load_pem_x509_certificate
from twisted.trial.unittest import SynchronousTestCase

from tests.interop import knot
from tests.interop.acme_gate import Gate
from tests.interop.pebble import LOOPBACK, Pebble, free_ports
from tests.live.daemon import Daemon, new_folder
from tests.live.people import Administrator

PATIENCE = 20.0


class CertificateCase(SynchronousTestCase):
    """A daemon at the port where pebble asks for HTTP-01, over a folder that outlives it."""

    def setUp(self) -> None:
        self.port, self.tls_port = free_ports(2)
        self.data = new_folder()
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        self._numbers = count(1)

    def authority(self, **knobs: Any) -> Pebble:
        """A pebble that asks this daemon."""
        ours = {"http_port": self.port, "tls_port": self.tls_port, "authz_reuse": 0}
        pebble = Pebble.start(Path(self.mktemp()), **{**ours, **knobs})
        self.addCleanup(pebble.close)
        return pebble

    def start(self, *authorities: Pebble, options: Sequence[str] = ()) -> None:
        """Start the daemon, for the first time or again; it trusts the authorities' https."""
        trusted = self.data.with_suffix(".pem")
        trusted.write_text("".join(Path(each.ca_path).read_text() for each in authorities))
        self.addCleanup(trusted.unlink, missing_ok=True)
        listeners = [f"tcp:{self.port}:interface=127.0.0.1", f"tls:{self.tls_port}:interface=127.0.0.1"]
        words = [word for one in listeners for word in ("--http", one)]
        self.daemon = Daemon.with_data(self.data, *words, *options, SSL_CERT_FILE=str(trusted))
        self.addCleanup(self.daemon.close)
        self.administrator = Administrator(self.daemon)

    def kill(self) -> None:
        """End the daemon without a word."""
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()

    def provider(self, directory: str, **members: Any) -> str:
        """The id of a new account."""
        wanted = {"directory": directory, "challengeType": "Http01", "contact": {"admin@example.test": True}}
        return str(self.administrator.create("AcmeProvider", {**wanted, **members})["id"])

    def domain(self, provider: str, *names: str) -> str:
        """The id of a new domain with a certificate for ``names`` below it."""
        management = {
            "@type": "Automatic",
            "acmeProviderId": provider,
            "subjectAlternativeNames": dict.fromkeys(names or ("mail",), True),
        }
        name = f"d{next(self._numbers)}.example.test"
        return str(self.administrator.create("Domain", {"name": name, "certificateManagement": management})["id"])

    def certificates(self, domain: str) -> list[dict[str, Any]]:
        """Those that the server has got for a domain, the latest last."""
        listed = self.administrator.call("x:Certificate/get", {"ids": None})["list"]
        found = [one for one in listed if one["managedDomainId"] == domain]
        return sorted(found, key=lambda one: str(one["notValidAfter"]))

    def tasks(self, domain: str) -> list[dict[str, Any]]:
        """The renewals that are planned."""
        listed = self.administrator.call("x:Task/get", {"ids": None})["list"]
        return [one for one in listed if one["@type"] == "AcmeRenewal" and one["domainId"] == domain]

    def served(self, name: str, pebble: Pebble) -> dict[str, Any]:
        """What a client gets that asks for ``name`` and trusts the authority. Raises ssl.SSLError."""
        context = ssl.create_default_context(cadata=pebble.roots())
        plain = socket.create_connection((LOOPBACK, self.tls_port), PATIENCE)
        with context.wrap_socket(plain, server_hostname=name) as secured:  # which closes it
            found: Any = secured.getpeercert()
            return dict(found)

    def until(self, ready: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """What ``ready`` gives when that is something."""
        ends = time.monotonic() + patience
        while not (found := ready()):
            if time.monotonic() > ends:
                self.fail(f"nothing within {patience} seconds:\n{self.daemon.log[-4000:]}")
            time.sleep(0.05)
        return found

    def attempt_again(self, task: dict[str, Any]) -> None:
        """Have a task that waits after a failure tried now."""
        self.administrator.change("Task", {"status": {**task["status"], "due": "2020-01-01T00:00:00Z"}}, task["id"])


class IssuingTests(CertificateCase):
    """With an authority as Debian has it, which refuses good nonces now and then."""

    def test_domain_has_its_certificate_within_seconds(self) -> None:
        pebble = self.authority(nonce_reject=30, alternate_roots=1)
        self.start(pebble)
        domain = self.domain(self.provider(pebble.directory_url), "mail", "imap")
        (found,) = self.until(lambda: self.certificates(domain))
        self.assertEqual(set(found["subjectAlternativeNames"]), {"imap.d1.example.test", "mail.d1.example.test"})
        self.assertTrue(found["issuer"].startswith("CN=Pebble Intermediate"))
        names = {value for _, value in self.served("imap.d1.example.test", pebble)["subjectAltName"]}
        self.assertEqual(names, {"imap.d1.example.test", "mail.d1.example.test"})
        self.assertRaises(ssl.SSLError, self.served, "other.example.test", pebble)
        (task,) = self.tasks(domain)
        self.assertEqual(task["status"]["@type"], "Pending")
        self.assertEqual(self.daemon.get("/.well-known/acme-challenge/none-such", {})[0], 404)

    def test_certificate_is_renewed_unattended(self) -> None:
        pebble = self.authority(validity=12)
        self.start(pebble)
        domain = self.domain(self.provider(pebble.directory_url))
        first = self.until(lambda: self.certificates(domain))[0]["id"]
        connection = http.client.HTTPSConnection(
            LOOPBACK, self.tls_port, context=ssl._create_unverified_context(), timeout=PATIENCE
        )
        self.addCleanup(connection.close)
        connection.connect()
        number = self.served("mail.d1.example.test", pebble)["serialNumber"]
        self.until(lambda: first not in [one["id"] for one in self.certificates(domain)], 40.0)
        self.assertNotEqual(self.served("mail.d1.example.test", pebble)["serialNumber"], number)
        connection.request("GET", "/healthz/live")  # opened under the first certificate
        self.assertEqual(connection.getresponse().status, 200)
        last = self.certificates(domain)[-1]
        ends = datetime.fromisoformat(last["notValidAfter"]).timestamp()
        self.assertGreater(ends, time.time())
        issued = self.daemon.log.count("acme.order-completed")
        self.assertLessEqual(issued, 5)

    def test_names_are_proved_by_tls_alpn(self) -> None:
        pebble = self.authority(http_port=free_ports(1)[0], nonce_reject=20)
        self.start(pebble)
        domain = self.domain(self.provider(pebble.directory_url, challengeType="TlsAlpn01"), "mail", "imap")
        self.until(lambda: self.certificates(domain))
        self.served("mail.d1.example.test", pebble)
        self.assertGreaterEqual(self.daemon.log.count("acme.tls-alpn-received"), 2)

    def test_one_of_several_workers_orders_and_all_answer(self) -> None:
        pebble = self.authority()
        self.start(pebble, options=("--workers", "2"))
        self.daemon.wait_for(re.compile(r"server\.startup.* worker=2"))
        for challenge in ("Http01", "TlsAlpn01"):
            provider = self.provider(pebble.directory_url, challengeType=challenge)
            domains = [self.domain(provider) for _ in range(4)]
            self.until(lambda domains=domains: all(self.certificates(one) for one in domains))
        self.assertEqual(self.daemon.log.count("acme.order-start"), 8)
        time.sleep(1)  # the other one hears of the last certificates a moment after they are stored
        for _ in range(10):  # whoever accepts
            for number in range(1, 9):
                self.served(f"mail.d{number}.example.test", pebble)

    def test_names_and_wildcards_are_proved_by_dns(self) -> None:
        absent = knot.missing()
        if absent is not None:
            raise SkipTest(absent)
        key = knot.Key("acme", types=("TXT",))
        folder = new_folder()  # the path of knot's socket has to be short
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        primary = knot.Knot(folder, [key], {"example.test": ""})
        primary.start()
        self.addCleanup(primary.stop)
        pebble = self.authority(dns=f"{LOOPBACK}:{primary.port}")
        self.start(pebble)
        asked = {"@type": "Custom", "servers": {"0": {"address": LOOPBACK, "port": primary.port}}}
        self.administrator.change("DnsResolver", asked)
        server = self.administrator.create(
            "DnsServer",
            {
                "@type": "Tsig",
                "description": "knot",
                "host": LOOPBACK,
                "port": primary.port,
                "keyName": key.name,
                "key": {"@type": "Value", "secret": key.secret},
                "tsigAlgorithm": key.algorithm,
                "pollingInterval": 1000,
            },
        )
        provider = self.provider(pebble.directory_url, challengeType="Dns01")
        certificates = {"@type": "Automatic", "acmeProviderId": provider}
        records = {"@type": "Automatic", "dnsServerId": server["id"]}
        wanted = {"name": "example.test", "certificateManagement": certificates, "dnsManagement": records}
        domain = str(self.administrator.create("Domain", wanted)["id"])
        (found,) = self.until(lambda: self.certificates(domain))
        self.assertEqual(set(found["subjectAlternativeNames"]), {"*.example.test", "example.test"})
        self.served("anything.example.test", pebble)
        self.until(lambda: not primary.texts("_acme-challenge.example.test"))
        self.assertNotIn(key.secret, self.daemon.log)

    def test_external_account_is_needed_and_used(self) -> None:
        secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
        pebble = self.authority(eab_keys={"kid-1": secret})
        self.start(pebble)
        wanted = {"directory": pebble.directory_url, "challengeType": "Http01", "contact": {"a@example.test": True}}
        answer = self.administrator.call("x:AcmeProvider/set", {"create": {"new": wanted}})["notCreated"]["new"]
        self.assertEqual((answer["type"], answer["properties"]), ("invalidProperties", ["eabKeyId", "eabHmacKey"]))
        wrong = {**wanted, "eabKeyId": "kid-1", "eabHmacKey": "c2VjcmV0"}
        answer = self.administrator.call("x:AcmeProvider/set", {"create": {"new": wrong}})["notCreated"]["new"]
        self.assertEqual((answer["type"], answer["properties"]), ("invalidProperties", ["eabKeyId", "eabHmacKey"]))
        domain = self.domain(self.provider(pebble.directory_url, eabKeyId="kid-1", eabHmacKey=secret))
        self.until(lambda: self.certificates(domain))
        self.assertNotIn(secret, self.daemon.log)

    def test_proofs_that_the_authority_still_knows_are_used_again(self) -> None:
        pebble = self.authority(authz_reuse=100)
        self.start(pebble)
        domain = self.domain(self.provider(pebble.directory_url))
        self.until(lambda: self.certificates(domain))
        asked = self.daemon.log.count("acme.auth-start")
        self.administrator.create("Task", {"@type": "AcmeRenewal", "domainId": domain, "force": True})
        self.until(lambda: len(self.certificates(domain)) == 2)
        self.assertEqual(self.daemon.log.count("acme.auth-start"), asked)

    def test_revoked_certificate_is_replaced_with_another_key(self) -> None:
        pebble = self.authority()
        self.start(pebble)
        domain = self.domain(self.provider(pebble.directory_url, reuseKey=True))
        first = self.until(lambda: self.certificates(domain))[0]
        leaf = load_pem_x509_certificate(first["certificate"]["value"].encode())
        self.administrator.create(
            "Action", {"@type": "RevokeCertificate", "certificateId": first["id"], "reason": "keyCompromise"}
        )
        status = pebble.certificate_status(leaf.serial_number)
        self.assertEqual((status["Status"], status["Reason"]), ("Revoked", 1))
        second = self.until(lambda: [one for one in self.certificates(domain) if one["id"] != first["id"]])[0]
        other = load_pem_x509_certificate(second["certificate"]["value"].encode())
        self.assertNotEqual(other.public_key(), leaf.public_key())
        self.assertEqual(len(self.certificates(domain)), 1)

    def test_hundred_domains_at_once(self) -> None:
        pebble = self.authority(nonce_reject=10)
        self.start(pebble)
        provider = self.provider(pebble.directory_url)
        domains = [self.domain(provider) for _ in range(100)]

        def all_there() -> bool:
            listed = self.administrator.call("x:Certificate/get", {"ids": None, "properties": ["managedDomainId"]})
            return {one["managedDomainId"] for one in listed["list"]} >= set(domains)

        self.until(all_there, 90.0)
        self.assertEqual(self.daemon.log.count("acme.order-start"), 100)


class TroubleTests(CertificateCase):
    """Authorities that fail, and a daemon that is killed."""

    def test_account_at_an_authority_that_is_not_there(self) -> None:
        pebble = self.authority()
        self.start(pebble)
        pebble.close()
        wanted = {"directory": pebble.directory_url, "challengeType": "Http01", "contact": {"a@example.test": True}}
        error = self.administrator.call("x:AcmeProvider/set", {"create": {"new": wanted}})["notCreated"]["new"]
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["directory"]))
        self.assertIn("Failed to create ACME account", error["description"])
        self.assertIn("refused", error["description"])

    def test_authority_that_fails_for_a_while(self) -> None:
        pebble = self.authority()
        gate = Gate(pebble)
        self.addCleanup(gate.close)
        self.start(pebble)
        provider = self.provider(gate.directory_url)
        gate.failing = 503
        domain = self.domain(provider)
        task = self.until(lambda: [one for one in self.tasks(domain) if one["status"]["@type"] == "Retry"])[0]
        self.assertIn("503", task["status"]["failureReason"])
        gate.failing = None
        self.attempt_again(task)
        self.until(lambda: self.certificates(domain))

    def test_name_that_leads_elsewhere_is_explained(self) -> None:
        pebble = self.authority(http_port=free_ports(1)[0])
        self.start(pebble)
        domain = self.domain(self.provider(pebble.directory_url))
        task = self.until(lambda: [one for one in self.tasks(domain) if one["status"]["@type"] == "Retry"])[0]
        self.assertIn("connection refused", task["status"]["failureReason"])

    def test_authority_that_has_forgotten_the_account(self) -> None:
        pebble = self.authority()
        self.start(pebble)
        provider = self.provider(pebble.directory_url)
        pebble.restart(http_port=self.port, authz_reuse=0)
        domain = self.domain(provider)
        self.until(lambda: self.certificates(domain))

    def test_another_authority_takes_over(self) -> None:
        first, second = self.authority(), self.authority()
        self.start(first, second)
        fallback = self.provider(second.directory_url)
        provider = self.provider(first.directory_url, fallbackProviderId=fallback)
        first.close()
        domain = self.domain(provider)
        for attempt in (1, 2):
            task = self.until(
                lambda attempt=attempt: [
                    one for one in self.tasks(domain) if one["status"].get("attemptNumber") == attempt
                ]
            )[0]
            self.attempt_again(task)
        self.until(lambda: self.certificates(domain))

    def test_daemon_killed_while_the_key_of_its_account_changes(self) -> None:
        pebble = self.authority()
        gate = Gate(pebble)
        self.addCleanup(gate.close)
        self.start(pebble)
        provider = self.provider(gate.directory_url)
        for after in (False, True):
            hold = gate.hold(0, after=after, path="rollover")
            changing = Thread(target=self._change_key, args=(provider,), daemon=True)
            changing.start()
            self.assertTrue(hold.reached.wait(PATIENCE))
            self.kill()
            changing.join(PATIENCE)
            hold.released.set()
            self.start(pebble)
            domain = self.domain(provider)
            self.until(lambda domain=domain: self.certificates(domain))
        self._change_key(provider)
        self.until(lambda domain=self.domain(provider): self.certificates(domain))

    def _change_key(self, provider: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):  # the daemon may be killed
            self.administrator.create("Action", {"@type": "ChangeAcmeAccountKey", "acmeProviderId": provider})

    def test_daemon_killed_at_every_step_of_an_order(self) -> None:
        pebble = self.authority()
        gate = Gate(pebble)
        self.addCleanup(gate.close)
        self.start(pebble)
        provider = self.provider(gate.directory_url)
        self.until(lambda domain=self.domain(provider): self.certificates(domain))
        self._killed_at(gate, pebble, provider, 0, after=False)
        number = 0
        while self._killed_at(gate, pebble, provider, number, after=True):
            number += 1
        self.assertGreaterEqual(number, 7)  # order, authorization, answer, look, order, finalize, certificate

    def _killed_at(self, gate: Gate, pebble: Pebble, provider: str, number: int, *, after: bool) -> bool:
        """Whether an order has so many steps; if so, the daemon was killed there, and started again."""
        since = len(gate.seen)
        hold = gate.hold(number, after=after)
        domain = self.domain(provider)
        self.until(lambda: hold.reached.is_set() or self.certificates(domain))
        if not hold.reached.is_set():
            return False
        self.kill()
        hold.released.set()
        self.start(pebble)
        found = self.until(lambda: self.certificates(domain))
        self.assertEqual((len(found), gate.issued(since)), (1, 1), (number, after, gate.seen[since:]))
        return True
