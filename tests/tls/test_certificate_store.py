"""The certificates of domains as txacme's interface wants them."""

from __future__ import annotations

import pem

from stalwart.tls.certificate_store import CertificateStore
from stalwart.tls.txacme_parts import ICertificateStore
from tests.tls.world import TlsWorld, chain_pem, key_pem


class CertificateStoreTests(TlsWorld):
    def setUp(self) -> None:
        super().setUp()
        self.saved: list[tuple[int, str, str]] = []
        self.certificates = CertificateStore(self.store, self.vault, self.save)

    async def save(self, domain_id: int, chain: str, key: str) -> None:
        self.saved.append((domain_id, chain, key))

    def test_it_is_what_txacme_asks_for(self) -> None:
        self.assertTrue(ICertificateStore.providedBy(self.certificates))

    def test_key_and_chain_of_a_domain(self) -> None:
        key = key_pem()
        self.automatic(self.provider())
        self.certificate("a.example.test", key=key, managedDomainId="b", renewAt=None)
        found = self.successResultOf(self.certificates.get("example.test"))
        self.assertEqual([type(each) for each in found], [pem.PrivateKey, pem.Certificate])
        self.assertEqual(str(found[0]).strip(), key.strip())
        self.assertEqual(self.successResultOf(self.certificates.as_dict()), {"example.test": found})

    def test_domains_that_wait_and_domains_that_are_none(self) -> None:
        self.assertEqual(self.successResultOf(self.certificates.as_dict()), {})
        self.automatic(self.provider())
        self.assertEqual(self.successResultOf(self.certificates.as_dict()), {"example.test": []})
        for name in ("example.test", "other.test"):
            self.failureResultOf(self.certificates.get(name), KeyError)

    def test_what_is_stored_is_saved_for_the_domain(self) -> None:
        key = key_pem()
        chain = chain_pem(["a.example.test"], key)
        self.successResultOf(self.certificates.store("example.test", pem.parse(f"{key}\n{chain}")))
        ((domain_id, saved_chain, saved_key),) = self.saved
        saved = (domain_id, saved_chain.strip(), saved_key.strip())
        self.assertEqual(saved, (self.domain_id, chain.strip(), key.strip()))
