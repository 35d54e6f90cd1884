"""What certificate authorities are called in CAA records."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.tls.acme_provider import LETS_ENCRYPT
from stalwart.mail.certificate_issuers import issuer_name

NAMES = {
    LETS_ENCRYPT: "letsencrypt.org",
    "https://acme-staging-v02.api.letsencrypt.org/directory": "letsencrypt.org",
    "https://dv.acme-v02.api.pki.goog/directory": "pki.goog",
    "https://acme.zerossl.com/v2/DV90": "sectigo.com",
    "https://acme.ca.co.uk:8443/dir": "ca.co.uk",
    "https://acme.swiss.ch/dir": "swiss.ch",
    "https://localhost:14000/dir": "localhost",
    "https://127.0.0.1/dir": None,
    "https://[::1/dir": None,
    "nonsense": None,
}


class IssuerNameTests(SynchronousTestCase):
    def test_names(self) -> None:
        self.assertEqual({directory: issuer_name(directory) for directory in NAMES}, NAMES)
