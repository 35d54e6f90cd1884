"""The ACME client alone against pebble, which refuses every second nonce (RFC 8555)."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_pem_x509_certificate, load_pem_x509_certificates
from cryptography.x509.oid import NameOID
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from stalwart.net.acme import (
    AcmeClient,
    AcmeProblem,
    AcmeUnreachable,
    ExternalAccount,
    acme_http,
    check_chain,
    csr_for,
    new_key_pem,
)
from stalwart.net.acme import client as acme_client
from stalwart.net.acme.transport import Answer, Transport
from stalwart.net.tls import TrustStore
from tests.interop.pebble import Pebble
from tests.net.acme.test_account_key import pem_of

EXTERNAL = ExternalAccount("kid-1", urlsafe_b64encode(b"a secret of thirty-two characters").decode().rstrip("="))


def roots(pebble: Pebble) -> list[str]:
    """The common names of the roots, the usual one first."""
    found = load_pem_x509_certificates(pebble.roots().encode())
    return [str(each.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value) for each in found]


@frozen
class Listening:
    """A transport that remembers the answers."""

    _http: Transport
    _answers: list[Answer]

    async def request(self, method: str, url: str, heads: Mapping[str, str], body: bytes | None) -> Answer:
        """See `Transport`."""
        self._answers.append(await self._http.request(method, url, heads, body))
        return self._answers[-1]

    async def close(self) -> None:
        """See `Transport`."""
        await self._http.close()


class ClientCase(TestCase):
    """``client`` makes clients of ``pebble``; ``obtain`` goes through a whole order."""

    timeout = 60

    def start(self, **knobs: Any) -> None:
        self.answers: list[Answer] = []
        self.pebble = Pebble.start(Path(self.mktemp()), **{"answers": True, **knobs})
        self.addCleanup(self.pebble.close)

    def client(self, key: str | None = None, account: str | None = None) -> AcmeClient:
        http = Listening(acme_http(real_reactor, TrustStore(self.pebble.ca_path)), self.answers)
        client = AcmeClient(http, real_reactor, self.pebble.directory_url, key or new_key_pem(), account_uri=account)
        self.addCleanup(lambda: Deferred.fromCoroutine(client.close()))
        return client

    async def prove(self, client: AcmeClient, url: str, kind: str = "http-01") -> None:
        """One authorization, unless it is valid already."""
        found = await client.authorization(url)
        if found.status == "valid":
            return
        challenge = next(each for each in found.challenges if each.type == kind)
        said = client.key_authorization(challenge.token)
        if kind == "http-01":
            self.pebble.add_http01(challenge.token, said)
        else:
            digest = urlsafe_b64encode(sha256(said.encode()).digest()).decode().rstrip("=")
            self.pebble.set_txt(f"_acme-challenge.{found.name}", digest)
        await client.answer(challenge)
        self.assertEqual((await client.settled_authorization(url)).status, "valid")

    async def obtain(
        self, client: AcmeClient, names: Sequence[str], preferred: str | None = None, kind: str = "http-01"
    ) -> tuple[str, str, bool]:
        """Chain, key, and whether the chain leads to ``preferred``."""
        order = await client.new_order(names)
        self.assertEqual(set(order.names), set(names))
        for url in order.authorizations:
            await self.prove(client, url, kind)
        order = await client.order(order.url)
        self.assertEqual(order.status, "ready")
        key = new_key_pem()
        order = await client.settled_order(await client.finalize(order, csr_for(names, key)))
        chain, is_preferred = await client.certificate(order, preferred)
        check_chain(chain, names, key, time.time())
        return chain, key, is_preferred

    async def refused(self, work: Any) -> AcmeProblem:
        with self.assertRaises(AcmeProblem) as caught:
            await work
        self.assertNotIsInstance(caught.exception, AcmeUnreachable)
        problem: AcmeProblem = caught.exception
        return problem


def leaf(chain: str) -> Certificate:
    """The first certificate."""
    return load_pem_x509_certificate(chain.encode())


class LifeTests(ClientCase):
    """From the account to its end."""

    async def test_whole_life(self) -> None:
        self.patch(acme_client, "NONCE_ATTEMPTS", 30)  # ten good nonces in a row are refused once in a thousand times
        self.start(
            nonce_reject=50,
            authz_reuse=100,
            validity=600,
            alternate_roots=2,
            chain_length=2,
            strict=True,
            eab_keys={EXTERNAL.key_id: EXTERNAL.mac_key},
        )
        client = self.client()
        self.assertTrue((await client.directory()).external_account_required)
        account = await client.register(["a@example.test"], EXTERNAL)
        self.assertEqual(await client.register((), existing_only=True), account)
        await client.update_contact(["a@example.test", "b@example.test"])

        names = ["a.example.test", "b.example.test"]
        usual, *others = roots(self.pebble)
        first, first_key, _ = await self.obtain(client, names, usual)
        self.assertEqual(len(load_pem_x509_certificates(first.encode())), 3)
        second, _, is_preferred = await self.obtain(client, names, others[-1])  # proved already
        self.assertTrue(is_preferred)
        self.assertEqual((await self.obtain(client, names[:1], "None Such"))[2], False)

        key = new_key_pem()
        await client.change_key(key)
        await client.update_contact(["c@example.test"])
        third, *_ = await self.obtain(self.client(key, account), ["c.example.test"])

        await client.revoke(leaf(second).public_bytes(Encoding.DER), 4)
        await client.revoke(leaf(second).public_bytes(Encoding.DER), 4)  # once more does no harm
        await self.client().revoke(leaf(first).public_bytes(Encoding.DER), 1, key_pem=first_key)
        for chain, status, reason in ((first, "Revoked", 1), (second, "Revoked", 4), (third, "Valid", None)):
            found = self.pebble.certificate_status(leaf(chain).serial_number)
            self.assertEqual((found["Status"], found.get("Reason")), (status, reason))

        await client.deactivate()
        self.assertIn((await self.refused(client.new_order(names))).kind, ("unauthorized", "accountDoesNotExist"))
        self.assertGreater(sum(b":badNonce" in answer.body for answer in self.answers), 5)

    async def test_keys_of_each_kind_and_wildcards(self) -> None:
        self.start(nonce_reject=20, strict=True)
        names = ["*.example.test", "example.test"]
        for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
            client = self.client(pem_of(key))
            await client.register(["a@example.test"])
            await self.obtain(client, names, kind="dns-01")
            self.pebble.clear_txt("_acme-challenge.example.test")


class RefusalTests(ClientCase):
    """What pebble does not want, and how it says so."""

    async def test_external_account(self) -> None:
        self.start(eab_keys={EXTERNAL.key_id: EXTERNAL.mac_key})
        self.assertEqual((await self.refused(self.client().register([]))).kind, "externalAccountRequired")
        other = ExternalAccount("kid-2", EXTERNAL.mac_key)
        wrong = ExternalAccount(EXTERNAL.key_id, urlsafe_b64encode(b"x" * 32).decode())
        for external in (other, wrong):
            problem = await self.refused(self.client().register([], external))
            self.assertFalse(problem.is_temporary, problem.detail)

    async def test_proof_that_fails_and_account_that_is_forgotten(self) -> None:
        self.start(strict=True)
        client = self.client()
        account = await client.register(["a@example.test"])
        order = await client.new_order(["a.example.test"])
        problem = await self.refused(client.finalize(order, csr_for(["a.example.test"], new_key_pem())))
        self.assertEqual(problem.kind, "orderNotReady")
        (url,) = order.authorizations
        challenge = next(each for each in (await client.authorization(url)).challenges if each.type == "http-01")
        await client.answer(challenge)
        problem = await self.refused(client.settled_authorization(url))
        self.assertIn(challenge.token, problem.detail)
        self.assertEqual((await self.refused(client.settled_order(await client.order(order.url)))).kind, problem.kind)
        self.assertEqual((await self.refused(client.new_order(["a b.example.test"]))).kind, "malformed")

        self.pebble.restart(answers=True)
        self.assertEqual((await self.refused(client.new_order(["a.example.test"]))).kind, "accountDoesNotExist")
        self.assertNotEqual(await client.register(["a@example.test"]), account)
        await self.obtain(client, ["a.example.test"])
