"""Signatures and checks against other programs: dkimpy, OpenDKIM, pyspf and authres.

The Python ones are installed by tests/interop/clients/prepare; OpenDKIM is found on the path or in .cache/opendkim.
Without them the tests are skipped.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.authentication_results import (
    DkimVerdict,
    DmarcVerdict,
    NameVerdict,
    SpfVerdict,
    authentication_results,
    dkim_method,
    dmarc_method,
    name_method,
    spf_method,
)
from stalwart.codec.dkim.keys import read_signing_key
from stalwart.codec.dkim.signing import Signer, sign
from stalwart.codec.dkim.verifying import KeyRecords
from stalwart.codec.dns_records import MX
from stalwart.codec.ip_networks import parse_ip
from stalwart.mail.authentication.spf import check_host
from stalwart.mail.dkim_keys import public_text
from tests.codec.dkim.signed_mail import MESSAGE, results, verify
from tests.codec.dkim.test_arc import verdict
from tests.codec.pem import key, pem
from tests.net.fake_dns import FakeResolver

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache/clients/python/bin/python"
CLIENT = Path(__file__).parent / "clients/signature_client.py"
UNPACKED = ROOT / ".cache/opendkim"
OPENDKIM = shutil.which("opendkim") or shutil.which("opendkim", path=str(UNPACKED / "usr/sbin"))
PATIENCE = 60
DOMAIN = "example.test"
FORMS = [f"{head}/{body}" for head in ("relaxed", "simple") for body in ("relaxed", "simple")]
RECORDS = {
    f"{kind}._domainkey.{DOMAIN}": f"v=DKIM1; k={algorithm}; p={public_text(pem(key(kind)))}"
    for kind, algorithm in (("rsa2048", "rsa"), ("ed25519", "ed25519"))
}
KNOWN = {name: KeyRecords((text,)) for name, text in RECORDS.items()}


def ask(**asked: Any) -> Any:
    """What the Python programs answer."""
    done = subprocess.run([PYTHON, CLIENT], input=json.dumps(asked).encode(), capture_output=True, timeout=PATIENCE)
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return json.loads(done.stdout)


def b64(octets: bytes) -> str:
    """In base64."""
    return base64.b64encode(octets).decode()


def signed(forms: str, message: bytes = MESSAGE) -> bytes:
    """The message with both our signatures."""
    head, _, body = forms.partition("/")
    signers = [
        Signer(
            read_signing_key(pem(key(kind))),
            DOMAIN,
            kind,
            relaxed_head=head == "relaxed",
            relaxed_body=body == "relaxed",
            report=True,
            lasts=3600,
        )
        for kind in ("rsa2048", "ed25519")
    ]
    return sign([message], signers, int(time.time())) + message


def odd_messages() -> list[bytes]:
    """Bodies with white space and empty lines in all places; each ends with a line end, as what is sent does."""
    random = Random(7)
    parts = (b"a", b"b c", b" ", b"\t", b"\r\n", b" \r\n", b"\r\n\r\n", b".")
    head = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return [head + b"".join(random.choices(parts, k=random.randint(0, 12))) + b"\r\n" for _ in range(6)]


class PythonTests(SynchronousTestCase):
    """dkimpy, pyspf and authres."""

    def setUp(self) -> None:
        if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import dkim, spf, authres, nacl"]).returncode:
            self.skipTest("dkimpy, pyspf and authres are not installed")

    def test_our_signatures_fit(self) -> None:
        for forms in FORMS:
            for message in (MESSAGE, odd_messages()[0]):
                found = ask(do="verify", message=b64(signed(forms, message)), keys=RECORDS)
                self.assertEqual(found["dkim"], [True, True], forms)

    def test_our_signatures_do_not_fit_what_was_changed(self) -> None:
        message = signed("relaxed/relaxed").replace(b"goodbye", b"good buy")
        self.assertNotIn(True, ask(do="verify", message=b64(message), keys=RECORDS)["dkim"])

    def test_their_signatures_fit(self) -> None:
        traditional = key("rsa2048").private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        asked = {"do": "sign", "domain": DOMAIN, "selector": "rsa2048", "algorithm": "rsa-sha256"}
        for place, message in enumerate(odd_messages()):
            forms = FORMS[place % len(FORMS)]
            made = ask(**asked, key=traditional.decode(), forms=forms, message=b64(message))
            found = verify(base64.b64decode(made["message"]), KNOWN, now=time.time())
            self.assertEqual(results(found), ["pass"], forms)

    def test_their_signature_of_a_part_fits(self) -> None:
        traditional = key("rsa2048").private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        asked = {"do": "sign", "domain": DOMAIN, "selector": "rsa2048", "algorithm": "rsa-sha256", "length": True}
        made = ask(**asked, key=traditional.decode(), forms="relaxed/simple", message=b64(MESSAGE))
        longer = base64.b64decode(made["message"]) + b"what a list adds\r\n"
        self.assertEqual(results(verify(longer, KNOWN, strict=False, now=time.time())), ["pass"])
        self.assertEqual(results(verify(longer, KNOWN, now=time.time())), ["policy"])

    def test_their_chain_is_whole(self) -> None:
        traditional = key("rsa2048").private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        message = MESSAGE
        for said in (b"spf=pass smtp.mailfrom=a@b.test", b"arc=pass"):
            message = b"Authentication-Results: lists.test; " + said + b"\r\n" + message
            asked = {"do": "seal", "domain": DOMAIN, "selector": "rsa2048", "server": "lists.test"}
            made = ask(**asked, key=traditional.decode(), message=b64(message))
            message = base64.b64decode(made["message"])
        found = verdict(message, KNOWN)
        self.assertEqual((found.result, found.sets), ("pass", 2), found.reason)
        self.assertEqual(ask(do="verify", message=b64(message), keys=RECORDS)["arc"], "pass")
        self.assertEqual(verdict(message.replace(b"goodbye", b"hello"), KNOWN).result, "fail")

    def test_our_results_are_understood(self) -> None:
        field = authentication_results(
            "mx.test",
            [
                spf_method(SpfVerdict("fail", "b.test", "mailfrom", "a@b.test", "-all", "not (at all)")),
                dkim_method(DkimVerdict("pass", "b.test", "s1", "rsa-sha256", "@b.test", "AbCd+/12")),
                dmarc_method(DmarcVerdict("pass", "b.test", "reject", "reject", "b.test")),
                name_method(NameVerdict("pass", "192.0.2.1", "mail.b.test")),
            ],
        )
        found = ask(do="results", field=field.decode().replace("\r\n", ""))
        self.assertEqual(found["server"], "mx.test")
        said = {method: (result, properties) for method, result, properties in found["results"]}
        self.assertEqual(said["spf"], ("fail", {"smtp.mailfrom": "a@b.test"}))
        self.assertEqual(said["dkim"][0], "pass")
        self.assertEqual(said["dkim"][1]["header.d"], "b.test")
        self.assertEqual(said["dmarc"][1]["header.from"], "b.test")
        self.assertEqual(said["iprev"], ("pass", {"policy.iprev": "192.0.2.1"}))

    def test_both_evaluate_spf_alike(self) -> None:
        random = Random(11)
        zone: dict[tuple[str, str], Any] = {
            ("h1.test", "A"): ["192.0.2.1", "192.0.2.99"],
            ("h2.test", "A"): ["203.0.113.5"],
            ("h1.test", "MX"): [(10, "h2.test")],
            ("alice.x.test", "A"): ["127.0.0.2"],
        }
        terms = (
            *("a:h1.test", "a:h2.test/24", "mx:h1.test", "ip4:192.0.2.0/25", "exists:%{l}.x.test", "a:gone.test"),
            *("include:d0.test", "include:d1.test", "include:d2.test", "~all", "?all", "-all", "ptr"),
            *("redirect=d1.test", "moo", "exp=x.test"),
        )
        for number in range(40):
            chosen = random.choices(terms, k=random.randint(0, 5))
            zone[f"d{number}.test", "TXT"] = [
                " ".join(["v=spf1", *(random.choice(("", "-", "?")) * ("=" not in each) + each for each in chosen)])
            ]
            zone[f"d{number}.test", "TXT"] = [zone[f"d{number}.test", "TXT"][0].replace("-~", "~").replace("--", "-")]
        cases = [
            (ip, f"{local}@d{number}.test", "helo.test")
            for number in range(40)
            for ip in ("192.0.2.1", "203.0.113.77")
            for local in ("alice", "bob")
        ]
        told = [[name, type, records] for (name, type), records in zone.items()]
        theirs = ask(do="spf", zone=told, cases=cases)["results"]
        ours_of = {**zone, ("h1.test", "MX"): [MX(10, "h2.test.")]}
        for case, wanted in zip(cases, theirs, strict=True):
            ip, sender, helo = case
            work = check_host(FakeResolver(ours_of), parse_ip(ip), helo, sender, scope="mailfrom", now=0)
            found = self.successResultOf(Deferred.fromCoroutine(work))
            record = zone[sender.partition("@")[2], "TXT"][0]
            self.assertEqual(found.result, wanted, (case, record, found.reason))


class OpenDkimTests(SynchronousTestCase):
    """OpenDKIM in its test mode, with keys from a file."""

    def setUp(self) -> None:
        if OPENDKIM is None:
            self.skipTest("OpenDKIM is not there")
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        keys = "".join(f"{name} {text}\n" for name, text in RECORDS.items())
        (self.folder / "keys").write_text(keys)
        (self.folder / "conf").write_text(f"Mode v\nTestPublicKeys {self.folder}/keys\nOn-Default accept\n")

    def verdict(self, message: bytes) -> str:
        """What it says of the first signature."""
        path = self.folder / "message"
        path.write_bytes(message.replace(b"\r\n", b"\n"))
        libraries = f"{UNPACKED}/usr/lib/x86_64-linux-gnu:{UNPACKED}/usr/lib"
        command = [str(OPENDKIM), "-f", "-x", str(self.folder / "conf"), "-t", str(path), "-v"]
        done = subprocess.run(
            command, capture_output=True, timeout=PATIENCE, env={**os.environ, "LD_LIBRARY_PATH": libraries}
        )
        return (done.stdout + done.stderr).decode()

    def test_our_signatures_fit(self) -> None:
        for forms in FORMS:
            said = self.verdict(signed(forms))
            self.assertIn("succeeded", said, forms)
            self.assertNotIn("failed", said, forms)

    def test_our_signatures_do_not_fit_what_was_changed(self) -> None:
        self.assertNotIn("succeeded", self.verdict(signed("relaxed/relaxed").replace(b"bob@", b"rob@")))
