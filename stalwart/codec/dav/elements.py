"""XML of request bodies as a light tree, read by expat; dead properties come back out of it as they were written.

A document type (and with it every entity), processing instructions, more than ``DEEPEST`` levels, more than ``MOST``
elements and attributes, and tags and texts of more than ``LONGEST_RUN`` octets are refused (RFC 4918 17.6, 20.6).
Encodings are those of expat. How many octets a body may have is the caller's business; a long one is for a thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from attrs import define, field

from stalwart.codec.dav.errors import MalformedXml
from stalwart.codec.dav.names import XML, Name, qualified

DEEPEST = 64
MOST = 50_000
LONGEST_RUN = 256 * 1024

_SEPARATOR = "\n"  # stands in no name space: expat refuses those that have it
_PREFIXED = re.compile(r"(?<![\w.-])[^\W\d][\w.-]{0,99}(?=:)")
_MOST_MENTIONS = 16 * 1024  # octets of a text in which names are looked for
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_LANGUAGE = Name(XML, "lang")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


@define(eq=False)
class Scope:
    """Prefixes declared by an element, above those of the elements around it."""

    declared: dict[str, str]
    outer: Scope | None = None

    def namespace(self, prefix: str) -> str | None:
        """What ``prefix`` stands for; None if nothing has declared it."""
        scope: Scope | None = self
        while scope is not None:
            if prefix in scope.declared:
                return scope.declared[prefix]
            scope = scope.outer
        return None


@define(eq=False)
class Element:
    """An element: what stands in it in order, texts among elements; comments are gone."""

    name: Name
    prefix: str
    written: list[str]  # attributes as expat gives them: name, value, name, value ...
    scope: Scope = field(repr=False)
    content: list[Element | str] = field(factory=list, repr=False)

    @property
    def children(self) -> list[Element]:
        """The elements in it."""
        return [part for part in self.content if not isinstance(part, str)]

    @property
    def text(self) -> str:
        """The text that stands in it directly."""
        content = self.content
        if len(content) == 1 and isinstance(content[0], str):
            return content[0]
        return "".join([part for part in content if isinstance(part, str)])

    @property
    def attributes(self) -> dict[Name, str]:
        """Its attributes; those without a prefix have no name space."""
        written = self.written
        return {_attribute_name(written[at]): written[at + 1] for at in range(0, len(written), 2)}

    def attribute(self, local: str) -> str | None:
        """The value of an attribute without name space; None where it is not."""
        written = self.written
        for at in range(0, len(written), 2):
            if written[at] == local:
                return written[at + 1]
        return None

    def first(self, name: Name) -> Element | None:
        """The first element of this name in it."""
        for part in self.content:
            if not isinstance(part, str) and part.name == name:
                return part
        return None

    def all(self, name: Name) -> list[Element]:
        """The elements of this name in it."""
        return [part for part in self.content if not isinstance(part, str) and part.name == name]

    def walk(self) -> Iterator[Element]:
        """Itself and all elements below, in document order."""
        yield self
        for part in self.content:
            if not isinstance(part, str):
                yield from part.walk()

    def size(self) -> int:
        """Octets of names, attributes and texts in it: what it takes of a bound on dead properties."""
        names = {self.name.namespace, *(child.name.namespace for child in self.walk())}
        octets = sum(len(namespace.encode()) for namespace in names)
        for element in self.walk():
            octets += len(element.name.local.encode()) + sum(len(word.encode()) for word in element.written)
            octets += len(element.text.encode())
        return octets

    def verbatim(self, language: str | None = None) -> str:
        """The element as XML that can stand in any document: with its prefixes, and the declarations they need.

        Whoever bounds it asks for ``size`` first.

        :param language: the ``xml:lang`` that holds around it (RFC 4918 4.3).
        """
        pieces: list[str] = []
        attributes = f' xml:lang="{_quoted(language)}"' if language and _LANGUAGE not in self.attributes else ""
        _write(self, pieces, {"xml": XML, "": None}, attributes)
        return "".join(pieces)

    def inner(self) -> str:
        """What stands in the element, as XML that can stand in any document."""
        pieces: list[str] = []
        for part in self.content:
            if isinstance(part, str):
                pieces.append(part.translate(_IN_TEXT))
            else:
                _write(part, pieces, {"xml": XML, "": None}, "")
        return "".join(pieces)


def read_document(body: bytes) -> Element:
    """The root of the document.

    :raises MalformedXml: it is not well-formed, or has what is not taken here.
    """
    body, encoding = _in_octets(body)
    parser = expat.ParserCreate(encoding, _SEPARATOR)
    parser.buffer_text = True
    parser.ordered_attributes = True
    parser.namespace_prefixes = True
    parser.StartDoctypeDeclHandler = _refused_doctype
    parser.ProcessingInstructionHandler = _refused_instruction
    roots = _grow(parser)
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise MalformedXml(f"The XML is not well-formed: {expat.ErrorString(error.code)}.") from None
    except (ValueError, LookupError) as error:
        if isinstance(error, MalformedXml):
            raise
        raise MalformedXml("The XML is in an encoding that is not known here.") from None
    return roots[0]


def _in_octets(body: bytes) -> tuple[bytes, str | None]:
    """The body in an encoding in which every ``<`` is that octet, and the encoding where it is not as declared."""
    encoding = None
    if body.startswith(_UTF_16):
        order = "utf-16" if body[:2] in _UTF_16[:2] else "utf-16-le" if body[0] else "utf-16-be"
        try:
            body, encoding = body.decode(order).encode(), "utf-8"
        except UnicodeError:
            raise MalformedXml("The XML is not UTF-16, though it begins so.") from None
    # expat takes a tag in at once, and one with a million attributes takes it seconds.
    start = 0
    while len(body) - start > LONGEST_RUN:
        start = body.rfind(b"<", start + 1, start + LONGEST_RUN)
        if start < 0:
            raise MalformedXml(f"The XML has a tag or a text of more than {LONGEST_RUN} octets.")
    return body, encoding


def _refused_doctype(*_: object) -> None:
    raise MalformedXml("The XML has a document type, which is not taken.")


def _refused_instruction(*_: object) -> None:
    raise MalformedXml("The XML has a processing instruction, which is not taken.")


def _grow(parser: expat.XMLParserType) -> list[Element]:
    """Has ``parser`` build a tree; the root gets into the list that is returned."""
    roots: list[Element] = []
    stack: list[Element] = []
    names: dict[str, tuple[Name, str]] = {}
    declared: dict[str, str] = {}
    scope = Scope({"xml": XML})
    left = MOST

    def declare(prefix: str | None, namespace: str | None) -> None:
        # Told before the element that it stands in.
        nonlocal left
        left -= 1
        declared[prefix or ""] = namespace or ""

    def start(written: str, attributes: list[str]) -> None:
        nonlocal left, declared, scope
        left -= 1 + (len(attributes) >> 1)
        if left < 0:
            raise MalformedXml(f"The XML has more than {MOST} elements.")
        known = names.get(written)
        if known is None:
            known = names[written] = _element_name(written)
        if declared:
            scope = Scope(declared, scope)
            declared = {}
        element = Element(known[0], known[1], attributes, scope)
        if not stack:
            roots.append(element)
        elif len(stack) < DEEPEST:
            stack[-1].content.append(element)
        else:
            raise MalformedXml(f"The XML is nested more than {DEEPEST} levels deep.")
        stack.append(element)

    def end(_: str) -> None:
        nonlocal scope
        stack.pop()
        if stack:
            scope = stack[-1].scope

    def text(piece: str) -> None:
        stack[-1].content.append(piece)

    parser.StartNamespaceDeclHandler = declare
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    return roots


def _element_name(written: str) -> tuple[Name, str]:
    parts = written.split(_SEPARATOR)
    if len(parts) == 1:
        return Name("", parts[0]), ""
    return qualified(parts[0], parts[1]), parts[2] if len(parts) == 3 else ""


def _attribute_name(written: str) -> Name:
    parts = written.split(_SEPARATOR)
    return Name("", parts[0]) if len(parts) == 1 else Name(parts[0], parts[1])


def _quoted(value: str) -> str:
    return value.translate(_IN_ATTRIBUTES)


def _write(element: Element, pieces: list[str], known: dict[str, str | None], attributes: str) -> None:
    """``known`` are the declarations that hold here; None is what nobody can tell, so that it is declared anew."""
    scope, prefix, written = element.scope, element.prefix, element.written
    wanted: dict[str, str] = {prefix: scope.namespace(prefix) or ""}
    for at in range(0, len(written), 2):
        parts = written[at].split(_SEPARATOR)
        tag = parts[0] if len(parts) == 1 else f"{parts[2]}:{parts[1]}"
        if len(parts) > 1:
            wanted[parts[2]] = parts[0]
        attributes += f' {tag}="{_quoted(written[at + 1])}"'
    # Names may also stand in values and texts (``xsi:type="x:t"``): what looks like one keeps its prefix declared.
    for text in (*written[1::2], element.text):
        if ":" in text:
            for mentioned in _PREFIXED.findall(text[:_MOST_MENTIONS]):
                namespace = scope.namespace(mentioned)
                if namespace is not None:
                    wanted.setdefault(mentioned, namespace)
    fresh = {key: namespace for key, namespace in wanted.items() if known.get(key) != namespace}
    if fresh:
        known = {**known, **fresh}
        for key, namespace in fresh.items():
            attributes += f' xmlns{":" if key else ""}{key}="{_quoted(namespace)}"'
    tag = f"{prefix}:{element.name.local}" if prefix else element.name.local
    if not element.content:
        pieces.append(f"<{tag}{attributes}/>")
        return
    pieces.append(f"<{tag}{attributes}>")
    for part in element.content:
        if isinstance(part, str):
            pieces.append(part.translate(_IN_TEXT))
        else:
            _write(part, pieces, known, "")
    pieces.append(f"</{tag}>")
