"""Choosing between gzip and identity from Accept-Encoding (RFC 9110 12.5.3).

Other codings are read past. A member that is malformed counts as absent. An absent field means that the
client did not ask: it gets identity.
"""

from __future__ import annotations

import re
from typing import Literal

# RFC 9110 12.4.2: weight = OWS ";" OWS "q=" qvalue
_MEMBER = re.compile(
    r"[ \t]*(?P<coding>[!#$%&'*+.^_`|~0-9A-Za-z-]+)"
    r"(?:[ \t]*;[ \t]*[qQ]=(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*"
)
_ALIASES = {"x-gzip": "gzip"}  # RFC 9110 8.4.1.3


def parse_accept_encoding(field: str) -> dict[str, float]:
    """Weights by lower-case coding; of a repeated coding the last counts."""
    weights: dict[str, float] = {}
    for member in field.split(","):
        match = _MEMBER.fullmatch(member)
        if match is not None:
            coding = match["coding"].lower()
            weights[_ALIASES.get(coding, coding)] = float(match["weight"] or "1")
    return weights


def choose_encoding(field: str | None) -> Literal["gzip", "identity"] | None:
    """The better of both for this client; gzip on a tie. None if it accepts neither (RFC 9110 15.5.7 or
    15.5.16).
    """
    if field is None:
        return "identity"
    weights = parse_accept_encoding(field)
    rest = weights.get("*")
    gzip = weights.get("gzip", rest if rest is not None else 0.0)
    # Identity is acceptable unless it is excluded, by name or by "*;q=0"; unnamed, anything else is preferred
    # to it.
    identity = weights.get("identity", rest)
    if gzip > 0 and (identity is None or gzip >= identity):
        return "gzip"
    return "identity" if identity is None or identity > 0 else None
