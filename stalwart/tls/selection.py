"""Which certificate answers to which name (acme-tls A6, RFC 6066 3).

A certificate for the name itself, else one for all names beside it (RFC 6125 6.4.3: a star stands for one label). Of
several the one that is valid longest; one that has expired, or whose time has not come, is used only where no other
covers the name. A name that none covers gets, as a last resort, the certificate of the name above it or that of the
names below it, the default certificate, any, or one that the server has signed itself: clients see by their own check
of the name what is wrong, never by an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    TLS_CERTIFICATE_NOT_FOUND,
    TLS_CERTIFICATE_UNUSABLE,
    TLS_MULTIPLE_CERTIFICATES,
    TLS_NO_CERTIFICATES,
)
from stalwart.tls.pairs import Pair
from stalwart.tls.self_signed import self_signed

LONGEST_NAME = 253
_LOOK_AGAIN = 60
"""Seconds until one that is valid is looked for again, where all have expired."""


class Challenges(Protocol):
    """Answers to TLS-ALPN-01 challenges that are under way (RFC 8737)."""

    @property
    def is_on(self) -> bool:
        """Whether any certificate authority may ask; if not, its connections are like all others."""

    def pair_for(self, name: str) -> Pair | None:
        """The certificate that proves control over ``name``, lower case; None if nobody has ordered one."""


class _Index:
    """Pairs by name; of several for one name the one that is valid longest comes first."""

    def __init__(self) -> None:
        self._found: dict[str, Pair | tuple[Pair, ...]] = {}

    def get(self, name: str) -> tuple[Pair, ...]:
        """Those for ``name``."""
        found = self._found.get(name, ())
        return (found,) if isinstance(found, Pair) else found

    def only(self, name: str) -> Pair | None:
        """The one for ``name`` if there is one only."""
        found = self._found.get(name)
        return found if isinstance(found, Pair) else None

    def add(self, name: str, pair: Pair) -> None:
        """``pair`` is for ``name`` too."""
        others = self.get(name)
        self._found[name] = tuple(sorted((*others, pair), key=_by_end, reverse=True)) if others else pair

    def remove(self, name: str, pair: Pair) -> None:
        """``pair`` is there no more."""
        left = tuple(other for other in self.get(name) if other is not pair)
        if left:
            self._found[name] = left if len(left) > 1 else left[0]
        else:
            self._found.pop(name, None)


class Certificates:
    """What this process serves. ``own_names`` are those of a certificate that the server signs itself.

    Dates are judged at each look, so a ``clock`` that jumps does no lasting harm.
    """

    def __init__(self, clock: Any, telemetry: Telemetry, own_names: Callable[[], tuple[str, ...]]) -> None:
        self._seconds: Callable[[], float] = clock.seconds
        self._telemetry = telemetry
        self._own_names = own_names
        self._pairs: dict[int, Pair] = {}
        self._default: Pair | None = None
        self._exact = _Index()
        self._beside = _Index()  # "example.org" has what covers *.example.org
        self._any: Pair | None = None
        self._looked = 0.0
        self._own: tuple[tuple[str, ...], Pair] | None = None
        self._refused: set[int] = set()  # ids of pair objects
        self._has_told_of_several = self._has_told_of_none = False

    @property
    def pairs(self) -> Mapping[int, Pair]:
        """All of them, by id of x:Certificate."""
        return MappingProxyType(self._pairs)

    def replace(self, pairs: Mapping[int, Pair], default_id: int | None) -> None:
        """Serve ``pairs`` from the next handshake on, ``default_id`` where none is for the name.

        Only what differs from before costs time.
        """
        former, self._pairs = self._pairs, dict(pairs)
        for id, pair in former.items():
            if pairs.get(id) is not pair:
                for index, name in self._places(pair):
                    index.remove(name, pair)
        for id, pair in pairs.items():
            if former.get(id) is not pair:
                for index, name in self._places(pair):
                    index.add(name, pair)
        self._default = pairs.get(default_id) if default_id is not None else None
        self._any = None
        self._refused.clear()
        if pairs:
            self._has_told_of_none = False
        if self._default is not None or len(pairs) < 2:
            self._has_told_of_several = False

    def find(self, name: str | None) -> Pair:
        """The pair for a client that asks for ``name``, None for one that names nothing. Never raises."""
        now = self._seconds()
        if name:
            asked = name.removesuffix(".").lower() if len(name) <= LONGEST_NAME + 1 else ""
            pair = self._exact.only(asked)
            if pair is None or not pair.is_valid(now):
                pair = self._covering(asked, now)
            if pair is not None:
                return pair
            self._telemetry.emit(TLS_CERTIFICATE_NOT_FOUND, hostname=name[:LONGEST_NAME])
        return self._otherwise(now)

    def chain_for(self, name: str) -> tuple[bytes, ...]:
        """The certificates in DER that clients of ``name`` get and accept; none if there are none. Nothing is told."""
        pair = self._covering(name, self._seconds())
        if pair is None or not pair.names & {name, f"*.{name.partition('.')[2]}"}:
            return ()
        return pair.chain

    def own(self) -> Pair:
        """The pair that the server signs itself; made when it is first needed, in less than a millisecond."""
        names = tuple(self._own_names())
        if self._own is None or self._own[0] != names:
            self._own = names, self_signed(names, self._seconds())
        return self._own[1]

    def refused(self, pair: Pair, reason: str) -> None:
        """TLS does not take ``pair``; told of once, until others come."""
        if id(pair) not in self._refused:
            self._refused.add(id(pair))
            names = ",".join(sorted(pair.names)[:8])
            self._telemetry.emit(TLS_CERTIFICATE_UNUSABLE, hostname=names, reason=reason)

    def _places(self, pair: Pair) -> Iterable[tuple[_Index, str]]:
        for name in pair.names:
            yield (self._beside, name[2:]) if name.startswith("*.") else (self._exact, name)

    def _covering(self, asked: str, now: float) -> Pair | None:
        parent = asked.partition(".")[2]
        covering = (*self._exact.get(asked), *(self._beside.get(parent) if parent else ()))
        found = _first_valid(covering, now) or max(
            (pair for pair in covering if pair.not_before <= now), key=_by_end, default=None
        )
        if found is not None or covering:
            return found or covering[0]
        return _first_valid((*(self._exact.get(parent) if parent else ()), *self._beside.get(asked)), now)

    def _otherwise(self, now: float) -> Pair:
        """For a name that is nobody's."""
        default = self._default
        if default is not None and default.is_valid(now):
            return default
        found = self._freshest(now)
        if default is not None and (found is None or not found.is_valid(now)):
            return default
        if found is None:
            if not self._has_told_of_none:
                self._has_told_of_none = True
                self._telemetry.emit(TLS_NO_CERTIFICATES)
            return self.own()
        if len(self._pairs) > 1 and not self._has_told_of_several:
            self._has_told_of_several = True
            self._telemetry.emit(TLS_MULTIPLE_CERTIFICATES, total=len(self._pairs))
        return found

    def _freshest(self, now: float) -> Pair | None:
        """The one that is valid longest, one that is not if there is no other."""
        known = self._any
        if known is None or (not known.is_valid(now) and abs(now - self._looked) >= _LOOK_AGAIN):
            self._looked = now
            begun = (pair for pair in self._pairs.values() if pair.not_before <= now)
            self._any = known = max(begun, key=_by_end, default=None) or next(iter(self._pairs.values()), None)
        return known


def _by_end(pair: Pair) -> int:
    return pair.not_after


def _first_valid(pairs: Iterable[Pair], now: float) -> Pair | None:
    return next((pair for pair in pairs if pair.is_valid(now)), None)
