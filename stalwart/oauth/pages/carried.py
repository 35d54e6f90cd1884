"""What a form carries from one page to the next: sealed, so that nobody can change or read it, and only for a while.

The request of an application travels for half an hour. A password that was right travels for five minutes to the page
that asks for the second factor, bound to the client's address and to what the sign-in is for.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import msgspec
from attrs import evolve, frozen

from stalwart.codec.sealing import LONGEST, Sealer
from stalwart.provider.grants import AuthorizationRequest

_REQUEST, _STEP = "login-form", "login-step"
REQUEST_LIFETIME = 1800
STEP_LIFETIME = 300


@frozen
class CarriedRequest:
    """A checked request on a page in ``language``; ``at`` is when the page was made, in seconds since the epoch."""

    request: AuthorizationRequest
    language: str
    at: int


@frozen
class Step:
    """A first factor that was right: who, and his password."""

    login: str
    secret: str
    at: int


class Carrier:
    """Seals and opens the fields; ``seconds`` is the clock."""

    def __init__(self, sealer: Sealer, seconds: Callable[[], float]) -> None:
        self._sealer = sealer
        self._seconds = seconds

    def seal_request(self, request: AuthorizationRequest, language: str) -> str | None:
        """The field for ``request``; None if it is too long to come back."""
        # The page needs the name of the application only; its secret stays where it is.
        client = evolve(request.client, redirect_uris=frozenset(), scopes=None, secret=None, logo=None)
        carried = CarriedRequest(evolve(request, client=client), language, self._now())
        text = self._sealer.seal(_REQUEST, msgspec.json.encode(carried))
        return text if len(text) <= LONGEST else None

    def open_request(self, text: str) -> CarriedRequest | None:
        """What ``seal_request`` has sealed; None if it is not ours or too old."""
        raw = self._sealer.open(_REQUEST, text)
        if raw is None:
            return None
        carried = msgspec.json.decode(raw, type=CarriedRequest)
        return carried if self._is_fresh(carried.at, REQUEST_LIFETIME) else None

    def seal_step(self, login: str, secret: str, client_ip: str, purpose: str) -> str | None:
        """The field for a first factor; ``purpose`` is the text that names what it is for. None as above."""
        payload = msgspec.json.encode(Step(login, secret, self._now()))
        text = self._sealer.seal(_STEP, payload, _bound_to(client_ip, purpose))
        return text if len(text) <= LONGEST else None

    def open_step(self, text: str, client_ip: str, purpose: str) -> Step | None:
        """What ``seal_step`` has sealed for the same address and purpose; None if it is not ours or too old."""
        raw = self._sealer.open(_STEP, text, _bound_to(client_ip, purpose))
        if raw is None:
            return None
        step = msgspec.json.decode(raw, type=Step)
        return step if self._is_fresh(step.at, STEP_LIFETIME) else None

    def _is_fresh(self, at: int, lifetime: int) -> bool:
        return 0 <= self._now() - at < lifetime

    def _now(self) -> int:
        return int(self._seconds())


def _bound_to(client_ip: str, purpose: str) -> bytes:
    return f"{client_ip} {sha256(purpose.encode()).hexdigest()}".encode()
