"""The body of ACL as values (RFC 3744 8.1); what of it can be granted here is judged by ``privileges``."""

from __future__ import annotations

from typing import Literal, get_args

from attrs import frozen

from stalwart.codec.dav.bodies import document
from stalwart.codec.dav.elements import Element
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import DAV, Name, name

PrincipalKind = Literal["href", "all", "authenticated", "unauthenticated", "self", "property"]
_KINDS = {Name(DAV, kind): kind for kind in get_args(PrincipalKind)}


@frozen
class Ace:
    """Who (``href`` is given where ``kind`` is "href") gets or is denied what."""

    kind: PrincipalKind
    href: str | None
    privileges: tuple[Name, ...]
    invert: bool = False
    deny: bool = False


@frozen
class Acl:
    """A whole list, in document order; an empty one takes everything back."""

    aces: tuple[Ace, ...]


def read_acl(body: bytes) -> Acl:
    """The list that ACL is to set; entries that are protected or inherited are not its business and left out.

    :raises MalformedXml: it is no ACL, or an entry says not who or what.
    """
    entries = document(body, "D:acl").all(name("D:ace"))
    left_out = (name("D:protected"), name("D:inherited"))
    return Acl(tuple(_ace(entry) for entry in entries if not any(map(entry.first, left_out))))


def _ace(entry: Element) -> Ace:
    inverted = entry.first(name("D:invert"))
    principal = (inverted or entry).first(name("D:principal"))
    grant, deny = entry.first(name("D:grant")), entry.first(name("D:deny"))
    if principal is None or (grant is None) == (deny is None):
        raise MalformedXml("An entry of the list needs a principal, and either grant or deny.")
    who = next((child for child in principal.children if child.name in _KINDS), None)
    if who is None:
        raise MalformedXml("A principal of the list is none that is known.")
    action = grant if grant is not None else deny
    assert action is not None
    kind = _KINDS[who.name]
    return Ace(
        kind,
        href=who.text.strip() if kind == "href" else None,
        privileges=tuple(child.name for wanted in action.all(name("D:privilege")) for child in wanted.children),
        invert=inverted is not None,
        deny=deny is not None,
    )
