"""Getting certificates from authorities: the protocol alone (RFC 8555), neither stored nor scheduled."""

from stalwart.net.acme.certificates import certificate_id, check_chain, csr_for, new_key_pem
from stalwart.net.acme.client import AcmeClient
from stalwart.net.acme.problems import AcmeProblem, AcmeUnreachable
from stalwart.net.acme.resources import Authorization, Challenge, Directory, ExternalAccount, Order, RenewalInfo
from stalwart.net.acme.transport import acme_http

__all__ = (
    "AcmeClient",
    "AcmeProblem",
    "AcmeUnreachable",
    "Authorization",
    "Challenge",
    "Directory",
    "ExternalAccount",
    "Order",
    "RenewalInfo",
    "acme_http",
    "certificate_id",
    "check_chain",
    "csr_for",
    "new_key_pem",
)
