"""What can be wrong with a request that is read here; a face turns it into a status and a body."""

from __future__ import annotations

from stalwart.codec.dav.names import Name


class MalformedXml(ValueError):
    """The body is no XML that is taken, or not the document that the method wants."""


class UnmetCondition(ValueError):
    """The body is well-formed, but a named precondition fails (RFC 4918 16)."""

    def __init__(self, condition: Name, sentence: str = "") -> None:
        """
        :param condition: the element that stands in ``D:error``.
        :param sentence: what is wrong, for people.
        """
        super().__init__(sentence or str(condition))
        self.condition = condition


class BadPath(ValueError):
    """A URL that names nothing that could ever exist here."""


class MalformedField(ValueError):
    """A header field that must not be ignored cannot be read."""


class UnknownReport(MalformedXml):
    """The body of a REPORT asks for one that nobody knows (RFC 3253 3.6)."""
