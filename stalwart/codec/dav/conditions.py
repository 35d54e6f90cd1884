"""Conditions of requests: If (RFC 4918 10.4), If-Match, If-None-Match and, for what changes something,
If-Unmodified-Since (RFC 9110 13.1), judged against states.

Every field that is there must hold. A client that locks and says which version it knows is thus never let through by
one of the two. What is judged is given: states of resources as values, and who knows those of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

from attrs import frozen

from stalwart.codec import etags
from stalwart.codec.dav.errors import MalformedField
from stalwart.codec.retry_after import http_date

LONGEST_FIELD = 1024 * 1024
MOST_CONDITIONS = 10_000

_PART = re.compile(
    r"[ \t]*+(?:(?P<mark>[()])|(?P<not>not)(?=[ \t<\[])|<(?P<angle>[^<>]*)>"
    r'|\[[ \t]*(?P<etag>(?:W/)?"[^"]*"|[^\[\]"]*)[ \t]*\])',
    re.IGNORECASE,
)


@frozen
class Condition:
    """A state token or an entity tag that is to be there, or not to be there (``negate``)."""

    token: str | None = None
    etag: str | None = None
    negate: bool = False


@frozen
class ConditionList:
    """Conditions of which all are to be true of a resource; None is that of the request."""

    conditions: tuple[Condition, ...]
    resource: str | None = None


@frozen
class IfField:
    """The field If: lists of which one is to be true."""

    lists: tuple[ConditionList, ...]

    @property
    def tokens(self) -> frozenset[str]:
        """All state tokens in it, wherever they stand: that is how locks are shown to be held (RFC 4918 10.4.1)."""
        return frozenset(each.token for part in self.lists for each in part.conditions if each.token is not None)

    @property
    def resources(self) -> frozenset[str]:
        """The other resources that it speaks of, as written."""
        return frozenset(part.resource for part in self.lists if part.resource is not None)


@frozen
class ResourceState:
    """What conditions are judged against; without arguments a resource that is not there.

    ``tokens`` are those of locks on it and of infinite ones above it, and the current token of synchronisation.
    """

    exists: bool = False
    etag: str | None = None
    tokens: frozenset[str] = frozenset()
    modified_at: int | None = None
    """Epoch seconds."""


ABSENT = ResourceState()


class Verdict(Enum):
    """What becomes of a request: it goes on, 412, or 304."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MODIFIED = "not modified"


def parse_if(field: str) -> IfField:
    """The lists of an If; a tag counts for all lists up to the next one.

    :raises MalformedField: it is none (400).
    """
    if len(field) > LONGEST_FIELD:
        raise MalformedField("If is too long.")
    field = field.rstrip(" \t")
    lists: list[ConditionList] = []
    inside: list[Condition] | None = None
    resource: str | None = None
    position, total, negate, dangling = 0, 0, False, False
    while position < len(field):
        match = _PART.match(field, position)
        if match is None:
            raise MalformedField("If cannot be read.")
        position = match.end()
        if inside is None:
            if match["angle"] is not None and not dangling:
                resource, dangling = match["angle"].strip(), True
            elif match["mark"] == "(":
                inside, dangling = [], False
            else:
                raise MalformedField("If has something outside of its lists.")
        elif match["mark"] == ")" and inside and not negate:
            lists.append(ConditionList(tuple(inside), resource))
            inside = None
        elif match["not"] is not None and not negate:
            negate = True
        elif match["angle"] is not None or match["etag"] is not None:
            inside.append(_condition(match, negate))
            negate, total = False, total + 1
        else:
            raise MalformedField("If has a list that is none.")
        if total > MOST_CONDITIONS:
            raise MalformedField(f"If has more than {MOST_CONDITIONS} conditions.")
    if inside is not None or dangling or not lists:
        raise MalformedField("If ends too early.")
    return IfField(tuple(lists))


def _condition(match: re.Match[str], negate: bool) -> Condition:
    if match["angle"] is not None:
        return Condition(token=match["angle"].strip(), negate=negate)
    etag = match["etag"].strip()
    # Some clients leave the quotes of entity tags out.
    return Condition(etag=etag if etag.endswith('"') else f'"{etag}"', negate=negate)


def holds(field: IfField, own: ResourceState, state_of: Callable[[str], ResourceState]) -> bool:
    """Whether one of the lists is true.

    :param own: of the resource of the request.
    :param state_of: the state of a resource that a tag names; ``ABSENT`` for those that nobody knows.
    """
    known: dict[str, ResourceState] = {}
    for part in field.lists:
        state = own
        if part.resource is not None:
            if part.resource not in known:
                known[part.resource] = state_of(part.resource)
            state = known[part.resource]
        if all(_true(condition, state) for condition in part.conditions):
            return True
    return False


def _true(condition: Condition, state: ResourceState) -> bool:
    if condition.token is not None:
        return (condition.token in state.tokens) is not condition.negate
    # RFC 4918 10.4.4: entity tags are compared strongly; a weak one is equal to none.
    equal = condition.etag == state.etag and not (condition.etag or "").startswith("W/")
    return equal is not condition.negate


@frozen
class Preconditions:
    """The conditional fields of a request, those of several lines joined by commas."""

    if_field: IfField | None = None
    if_match: str | None = None
    if_none_match: str | None = None
    unmodified_since: float | None = None
    """Epoch seconds."""

    @property
    def any(self) -> bool:
        """Whether there is anything to judge."""
        fields = (self.if_field, self.if_match, self.if_none_match, self.unmodified_since)
        return any(field is not None for field in fields)

    @property
    def tokens(self) -> frozenset[str]:
        """The state tokens that the client shows."""
        return frozenset() if self.if_field is None else self.if_field.tokens

    def verdict(
        self, own: ResourceState, state_of: Callable[[str], ResourceState] = lambda _: ABSENT, *, reading: bool = False
    ) -> Verdict:
        """What they mean for a request on a resource in the state ``own``.

        :param state_of: the states of other resources that If speaks of.
        :param reading: the method is GET or HEAD.
        """
        if self.if_field is not None and not holds(self.if_field, own, state_of):
            return Verdict.NOT_MODIFIED if reading and _only_unwanted_tags(self.if_field) else Verdict.FAILED
        current = (own.etag or "") if own.exists else None
        if not etags.matches(_tolerated(self.if_match, current), current):
            return Verdict.FAILED
        if not reading and self.if_match is None and self._is_modified(own):
            return Verdict.FAILED
        if not etags.none_match(_tolerated(self.if_none_match, current), current):
            return Verdict.NOT_MODIFIED if reading else Verdict.FAILED
        return Verdict.PASSED

    def _is_modified(self, own: ResourceState) -> bool:
        since = self.unmodified_since
        return since is not None and own.modified_at is not None and own.modified_at > since


def read_preconditions(
    if_field: str | None, if_match: str | None, if_none_match: str | None, if_unmodified_since: str | None = None
) -> Preconditions:
    """The conditional fields of a request, None where it has them not; an empty If is none, nor is what is no date
    (RFC 9110 13.1.4).

    :raises MalformedField: If cannot be read, or a field is too long.
    """
    for field in (if_match, if_none_match):
        if field is not None and len(field) > LONGEST_FIELD:
            raise MalformedField("If-Match or If-None-Match is too long.")
    parsed = parse_if(if_field) if if_field and if_field.strip() else None
    return Preconditions(parsed, if_match, if_none_match, http_date(if_unmodified_since))


def _only_unwanted_tags(field: IfField) -> bool:
    return all(each.negate and each.etag is not None for part in field.lists for each in part.conditions)


def _tolerated(field: str | None, current: str | None) -> str | None:
    """The field as it should have been written: clients quote ``*`` and leave the quotes of tags out."""
    if field is None or field.strip(" \t") in ("*", '"*"'):
        return None if field is None else "*"
    opaque = (current or "").removeprefix("W/").strip('"')
    quoted = '"' in field
    if not opaque or (f'"{opaque}"' if quoted else opaque) not in field:
        return ""  # nothing in the list can be equal: thousands of tags need no reading
    return field if quoted else ",".join(f'"{tag.strip()}"' for tag in field.split(","))
