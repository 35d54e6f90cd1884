"""What commands and tests there are, with their arguments, and the extension that each of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from attrs import field, frozen

Type = Literal["string", "strings", "number"]
Kind = Literal["control", "action", "test"]


@frozen
class TagRule:
    """A tag: the type of the value after it, None for none; of a ``group`` only one may be given."""

    value: Type | None = None
    needs: str | None = None
    group: str | None = None


@frozen
class Rule:
    """A command or a test. ``optional`` positional arguments come before the others and may be left out; ``trailing``
    ones come after them. ``tests`` is the least and the most of them.
    """

    kind: Kind
    values: tuple[Type, ...] = ()
    tags: Mapping[str, TagRule] = field(factory=dict)
    needs: str | None = None
    optional: tuple[Type, ...] = ()
    trailing: tuple[Type, ...] = ()
    tests: tuple[int, int] = (0, 0)
    has_block: bool = False


_MATCH: Final[Mapping[str, TagRule]] = {
    **{name: TagRule(group="match type") for name in ("is", "contains", "matches")},
    **{name: TagRule("string", "relational", "match type") for name in ("count", "value")},  # RFC 5231
}
_COMPARED: Final[Mapping[str, TagRule]] = {**_MATCH, "comparator": TagRule("string")}
_PART: Final[Mapping[str, TagRule]] = {
    **{name: TagRule(group="address part") for name in ("all", "localpart", "domain")},
    **{name: TagRule(None, "subaddress", "address part") for name in ("user", "detail")},  # RFC 5233
}
_INDEX: Final[Mapping[str, TagRule]] = {"index": TagRule("number", "index"), "last": TagRule(None, "index")}
_ZONE: Final[Mapping[str, TagRule]] = {"zone": TagRule("string", group="zone")}
_COPY: Final[Mapping[str, TagRule]] = {"copy": TagRule(None, "copy")}
_FLAGS: Final[Mapping[str, TagRule]] = {"flags": TagRule("strings", "imap4flags")}
_MANY: Final = 1000
_FLAG_ACTION: Final = Rule("action", ("strings",), needs="imap4flags", optional=("string",))

RULES: Final[Mapping[str, Rule]] = {
    # RFC 5228 3
    "require": Rule("control", ("strings",)),
    "if": Rule("control", tests=(1, 1), has_block=True),
    "elsif": Rule("control", tests=(1, 1), has_block=True),
    "else": Rule("control", has_block=True),
    "stop": Rule("control"),
    # RFC 5228 4
    "keep": Rule("action", tags=_FLAGS),
    "discard": Rule("action"),
    "redirect": Rule("action", ("string",), _COPY),
    "fileinto": Rule(
        *("action", ("string",)),
        {
            **_COPY,
            **_FLAGS,
            "create": TagRule(None, "mailbox"),  # RFC 5490
            "specialuse": TagRule("string", "special-use"),  # RFC 8579
            "mailboxid": TagRule("string", "mailboxid"),  # RFC 9042
        },
        "fileinto",
    ),
    "reject": Rule("action", ("string",), needs="reject"),  # RFC 5429
    "ereject": Rule("action", ("string",), needs="ereject"),
    "vacation": Rule(  # RFC 5230, RFC 6131
        *("action", ("string",)),
        {
            "days": TagRule("number", group="period"),
            "seconds": TagRule("number", "vacation-seconds", "period"),
            **{name: TagRule("string") for name in ("subject", "from", "handle")},
            "addresses": TagRule("strings"),
            "mime": TagRule(),
        },
        "vacation",
    ),
    "setflag": _FLAG_ACTION,  # RFC 5232
    "addflag": _FLAG_ACTION,
    "removeflag": _FLAG_ACTION,
    "set": Rule(  # RFC 5229 4
        *("action", ("string", "string")),
        {
            **{name: TagRule(group="modifier that changes case") for name in ("lower", "upper")},
            **{name: TagRule(group="modifier of the first letter") for name in ("lowerfirst", "upperfirst")},
            "quotewildcard": TagRule(),
            "length": TagRule(),
        },
        "variables",
    ),
    "addheader": Rule("action", ("string", "string"), {"last": TagRule()}, "editheader"),  # RFC 5293
    "deleteheader": Rule(
        *("action", ("string",), {**_COMPARED, "index": TagRule("number"), "last": TagRule()}, "editheader"),
        trailing=("strings",),
    ),
    # RFC 5228 5
    "true": Rule("test"),
    "false": Rule("test"),
    "not": Rule("test", tests=(1, 1)),
    "allof": Rule("test", tests=(1, _MANY)),
    "anyof": Rule("test", tests=(1, _MANY)),
    "exists": Rule("test", ("strings",)),
    "size": Rule("test", tags={name: TagRule("number", group="limit") for name in ("over", "under")}),
    "header": Rule("test", ("strings", "strings"), {**_COMPARED, **_INDEX}),
    "address": Rule("test", ("strings", "strings"), {**_COMPARED, **_PART, **_INDEX}),
    "envelope": Rule("test", ("strings", "strings"), {**_COMPARED, **_PART}, "envelope"),
    "body": Rule(  # RFC 5173
        *("test", ("strings",)),
        {
            **_COMPARED,
            "raw": TagRule(group="body transform"),
            "text": TagRule(group="body transform"),
            "content": TagRule("strings", group="body transform"),
        },
        "body",
    ),
    "string": Rule("test", ("strings", "strings"), _COMPARED, "variables"),
    "hasflag": Rule("test", ("strings",), _COMPARED, "imap4flags", optional=("strings",)),
    "date": Rule(  # RFC 5260
        *("test", ("string", "string", "strings")),
        {**_COMPARED, **_INDEX, **_ZONE, "originalzone": TagRule(group="zone")},
        "date",
    ),
    "currentdate": Rule("test", ("string", "strings"), {**_COMPARED, **_ZONE}, "date"),
    "duplicate": Rule(  # RFC 7352
        *("test", ()),
        {
            "handle": TagRule("string"),
            "header": TagRule("string", group="source of the id"),
            "uniqueid": TagRule("string", group="source of the id"),
            "seconds": TagRule("number"),
            "last": TagRule(),
        },
        "duplicate",
    ),
    "mailboxexists": Rule("test", ("strings",), needs="mailbox"),
    "mailboxidexists": Rule("test", ("strings",), needs="mailboxid"),
    "specialuse_exists": Rule("test", ("strings",), needs="special-use", optional=("string",)),
    "environment": Rule("test", ("string", "strings"), _COMPARED, "environment"),  # RFC 5183
}
"""Everything that may stand in a script."""

COMPARATORS: Final = ("i;octet", "i;ascii-casemap", "i;ascii-numeric")

EXTENSIONS: Final = frozenset(
    (
        *(f"comparator-{name}" for name in COMPARATORS),
        "encoded-character",
        *(rule.needs for rule in RULES.values() if rule.needs is not None),
        *(tag.needs for rule in RULES.values() for tag in rule.tags.values() if tag.needs is not None),
    )
)
"""What scripts may require."""
