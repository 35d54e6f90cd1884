"""An authenticator in memory: jane, whose password is ``secret``, by PLAIN (RFC 4616) and LOGIN."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from stalwart.smtp.authentication import Challenge, Login
from stalwart.smtp.envelope import Peer
from stalwart.smtp.reception import Refusal

WRONG = Refusal(535, "5.7.8", "Wrong name or password")


def _judged(name: bytes, password: bytes) -> Login | Refusal:
    if name == b"broken":
        raise RuntimeError("secret")
    return Login(name.decode()) if (name, password) == (b"jane", b"secret") else WRONG


class Plain:
    async def step(self, response: bytes | None) -> Challenge | Login | Refusal:
        if response is None:
            return Challenge()
        parts = response.split(b"\x00")
        return _judged(parts[1], parts[2]) if len(parts) == 3 else WRONG


@define
class LoginMechanism:
    name: bytes | None = None

    async def step(self, response: bytes | None) -> Challenge | Login | Refusal:
        if response is None:
            return Challenge(b"Username:")
        if self.name is None:
            self.name = response
            return Challenge(b"Password:")
        return _judged(self.name, response)


@define
class TwinAuthenticator:
    """Offers its mechanisms over TLS only, if ``needs_tls``."""

    needs_tls: bool = False

    def mechanisms(self, peer: Peer) -> Sequence[str]:
        return ("PLAIN", "LOGIN") if peer.is_tls or not self.needs_tls else ()

    def begin(self, peer: Peer, mechanism: str) -> Plain | LoginMechanism:
        return Plain() if mechanism == "PLAIN" else LoginMechanism()
