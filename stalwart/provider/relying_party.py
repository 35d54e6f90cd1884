"""This server as a relying party of WebAuthn: what browsers are asked, and whether what they answer is true.

WebAuthn 3 5.4, 5.5, 7.1 and 7.2 by way of the ``webauthn`` library. Attestation is not asked for: which make of
authenticator somebody has is nobody's business here. ``passkeys`` keeps the challenges and judges the counters.

The library takes 5 MiB, so it is imported when somebody uses a passkey first.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import frozen

from stalwart.directory.passkey_records import Passkey
from stalwart.errors import Unavailable

T = TypeVar("T")

TIME_LIMIT = 300
"""Seconds that somebody has to answer a challenge."""

_PORTS = {"https": 443, "http": 80}
_TRANSPORTS = ("usb", "nfc", "ble", "smart-card", "internal", "cable", "hybrid")  # WebAuthn 3 5.8.4


class Unproved(Exception):
    """An answer is not what it should be; the text is for the log and holds nothing secret."""


@frozen
class Enrolled:
    """A new credential: its id and its public key (COSE) in base64url."""

    credential: str
    public_key: str
    sign_count: int
    aaguid: str
    backed_up: bool
    transports: tuple[str, ...]


@frozen
class Proof:
    """A credential was used: its counter, and whether it is in more than one place."""

    sign_count: int
    backed_up: bool


@frozen
class RelyingParty:
    """``id`` is the host name that passkeys are bound to, ``origins`` are the pages that may use them."""

    id: str
    origins: tuple[str, ...]

    @classmethod
    def at(cls, url: str) -> RelyingParty:
        """The party whose pages begin with ``url``.

        The names of the loopback interface stand for each other, so that a server can be tried out on one machine.
        Raises Unavailable for what is no place for passkeys: no URL at all, or an address for a name.
        """
        parts = _parts(url)
        if parts is None:
            raise Unavailable("Passkeys need the public address of the server; set its host name.")
        scheme, host, port = parts
        if host not in ("localhost", "127.0.0.1"):
            if _is_address(host):
                raise Unavailable("Passkeys are bound to a host name, and this server is known by its address only.")
            return cls(host, (_origin(scheme, host, port),))
        return cls("localhost", tuple(_origin(scheme, name, port) for name in ("localhost", "127.0.0.1")))

    def creation_options(
        self, challenge: bytes, user_handle: str, login: str, name: str | None, known: Sequence[Passkey]
    ) -> dict[str, Any]:
        """PublicKeyCredentialCreationOptionsJSON (WebAuthn 3 5.1.9) for a passkey that is enough to sign in."""
        from webauthn import generate_registration_options
        from webauthn.helpers import options_to_json_dict
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        return options_to_json_dict(
            generate_registration_options(
                rp_id=self.id,
                rp_name=self.id,
                user_id=of_base64url(user_handle),
                user_name=login,
                user_display_name=name or login,
                challenge=challenge,
                timeout=TIME_LIMIT * 1000,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=_descriptors(known),
            )
        )

    def request_options(self, challenge: bytes, allowed: Sequence[Passkey], *, alone: bool) -> dict[str, Any]:
        """PublicKeyCredentialRequestOptionsJSON (WebAuthn 3 5.1.10); ``alone``: there is no other proof."""
        from webauthn import generate_authentication_options
        from webauthn.helpers import options_to_json_dict
        from webauthn.helpers.structs import UserVerificationRequirement

        verification = UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED
        return options_to_json_dict(
            generate_authentication_options(
                rp_id=self.id,
                challenge=challenge,
                timeout=TIME_LIMIT * 1000,
                allow_credentials=_descriptors(allowed),
                user_verification=verification,
            )
        )

    def enrolled(self, challenge: bytes, response: Mapping[str, Any]) -> Enrolled:
        """What a RegistrationResponseJSON has brought (WebAuthn 3 7.1). Raises Unproved."""
        from webauthn import verify_registration_response

        found = _checked(
            lambda: verify_registration_response(
                credential=dict(response),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                require_user_verification=True,
            )
        )
        told = response["response"].get("transports")
        return Enrolled(
            in_base64url(found.credential_id),
            in_base64url(found.credential_public_key),
            found.sign_count,
            found.aaguid,
            found.credential_backed_up,
            tuple(one for one in _TRANSPORTS if isinstance(told, list) and one in told),
        )

    def proved(self, challenge: bytes, response: Mapping[str, Any], passkey: Passkey, *, alone: bool) -> Proof:
        """What an AuthenticationResponseJSON proves (WebAuthn 3 7.2), but for the counter. Raises Unproved."""
        from webauthn import verify_authentication_response

        found = _checked(
            lambda: verify_authentication_response(
                credential=dict(response),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                credential_public_key=of_base64url(passkey.details.public_key),
                credential_current_sign_count=0,
                require_user_verification=alone,
            )
        )
        handle = response["response"].get("userHandle")
        if handle != passkey.details.user_handle and (alone or handle is not None):
            raise Unproved("the passkey calls its user something else")
        return Proof(found.new_sign_count, found.credential_backed_up)


def _checked(work: Callable[[], T]) -> T:
    try:
        return work()
    except Exception as problem:  # the parsers below let errors of every kind through
        raise Unproved(f"{type(problem).__name__} of the authenticator's answer") from problem


def _descriptors(passkeys: Sequence[Passkey]) -> list[Any]:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=of_base64url(passkey.credential),
            transports=[AuthenticatorTransport(name) for name in passkey.details.transports if name in _TRANSPORTS]
            or None,
        )
        for passkey in passkeys
    ]


def in_base64url(content: bytes) -> str:
    """Without padding (RFC 4648 5)."""
    return urlsafe_b64encode(content).decode("ascii").rstrip("=")


def of_base64url(text: str) -> bytes:
    """Padding may be there. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _parts(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host:
        return None
    return parts.scheme, host, port


def _origin(scheme: str, host: str, port: int | None) -> str:
    """RFC 6454 6.2: the usual port is left out."""
    return f"{scheme}://{host}" + ("" if port in (None, _PORTS[scheme]) else f":{port}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
