"""Bodies of PROPFIND, PROPPATCH, MKCOL, MKCALENDAR and LOCK as values (RFC 4918 9, RFC 5689 3, RFC 4791 5.3.1).

Unknown elements are ignored; what a method cannot do without is missed with ``MalformedXml``. An empty body is the
caller's question, as each method says what it means. Reports and access control lists have modules of their own.
"""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from stalwart.codec.dav.elements import Element, read_document
from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import XML, Name, name
from stalwart.codec.dav.property_request import PropertyRequest, property_request

_LANGUAGE = Name(XML, "lang")
_SET, _REMOVE, _PROP = name("D:set"), name("D:remove"), name("D:prop")


@frozen
class Instruction:
    """A property to be set to what stands in ``element``, or to be removed; ``language`` holds where it stands."""

    element: Element
    remove: bool = False
    language: str | None = None

    @property
    def name(self) -> Name:
        """The property meant."""
        return self.element.name

    def verbatim(self) -> str:
        """The property as it is stored if nobody knows it, to be put into any document; its size is checked before."""
        return self.element.verbatim(self.language)


@frozen
class PropertyUpdate:
    """What PROPPATCH is to do, in document order."""

    instructions: tuple[Instruction, ...]


@frozen
class Mkcol:
    """What a new collection is to have; ``root`` decides which element the answer has (``mkcol``, ``mkcalendar``)."""

    root: Literal["mkcol", "mkcalendar"]
    properties: tuple[Instruction, ...]


@frozen
class LockRequest:
    """A write lock that is asked for, with what the client says of its owner."""

    exclusive: bool
    owner: Element | None = None

    @property
    def owner_size(self) -> int:
        """What the owner takes of a bound."""
        return 0 if self.owner is None else self.owner.size()

    @property
    def owner_xml(self) -> str | None:
        """The owner as XML that can stand in any answer of ours."""
        return None if self.owner is None else f"<D:owner>{self.owner.inner()}</D:owner>"


def document(body: bytes, *roots: str) -> Element:
    """The root of a body, which must be one of ``roots`` (``D:propfind``).

    :raises MalformedXml: it is no XML that is taken, or another document.
    """
    root = read_document(body)
    if root.name not in [name(wanted) for wanted in roots]:
        raise MalformedXml(f"The body is {str(root.name)[:100]}, not {' or '.join(roots)}.")
    return root


def read_propfind(body: bytes) -> PropertyRequest:
    """What a PROPFIND asks for; an empty body asks for all properties (RFC 4918 9.1).

    :raises MalformedXml: it says nothing of properties, or is not a PROPFIND.
    """
    if not body.strip():
        return PropertyRequest("allprop")
    request = property_request(document(body, "D:propfind"))
    if request is None:
        raise MalformedXml("The body names no properties: prop, allprop or propname is missing.")
    return request


def read_proppatch(body: bytes) -> PropertyUpdate:
    """What a PROPPATCH is to do; nothing, where it names no property.

    :raises MalformedXml: it is no PROPPATCH.
    """
    return PropertyUpdate(_instructions(document(body, "D:propertyupdate"), removing=True))


def read_mkcol(body: bytes) -> Mkcol:
    """What an extended MKCOL or a MKCALENDAR asks for.

    :raises MalformedXml: it is neither.
    """
    root = document(body, "D:mkcol", "A:mkcalendar")
    kind: Literal["mkcol", "mkcalendar"] = "mkcol" if root.name == name("D:mkcol") else "mkcalendar"
    return Mkcol(kind, _instructions(root, removing=False))


def read_lock(body: bytes) -> LockRequest:
    """What a LOCK with a body asks for.

    :raises MalformedXml: it is no LOCK, or asks for another lock than one against writing.
    """
    root = document(body, "D:lockinfo")
    scope, kind = root.first(name("D:lockscope")), root.first(name("D:locktype"))
    if kind is None or kind.first(name("D:write")) is None:
        raise MalformedXml("The body asks for no write lock.")
    exclusive = scope is not None and scope.first(name("D:exclusive")) is not None
    if scope is None or exclusive == (scope.first(name("D:shared")) is not None):
        raise MalformedXml("The body asks for a lock that is neither exclusive nor shared.")
    return LockRequest(exclusive, root.first(name("D:owner")))


def _instructions(root: Element, *, removing: bool) -> tuple[Instruction, ...]:
    found: list[Instruction] = []
    outer = root.attributes.get(_LANGUAGE)
    for action in root.children:
        if action.name != _SET and not (removing and action.name == _REMOVE):
            continue
        around = action.attributes.get(_LANGUAGE, outer)
        for prop in action.all(_PROP):
            language = prop.attributes.get(_LANGUAGE, around)
            found.extend(Instruction(element, action.name == _REMOVE, language) for element in prop.children)
    return tuple(found)
