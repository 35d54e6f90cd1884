"""Cards of any shape (Hypothesis), as JSContact and as lines of vCard."""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from stalwart.codec.jscontact.values import is_uid
from stalwart.codec.jscontact.vocabulary import (
    ADDRESS_KINDS,
    CARD_KINDS,
    ENTRIES,
    GENDERS,
    NAME_KINDS,
    RELATIONS,
)
from stalwart.codec.vcard.card import Card, read_card
from stalwart.codec.vcard.lines import MalformedCard

ODD = st.sampled_from(
    [
        "",
        " ",
        "a,b",
        "a;b",
        "a\\nb",
        'say "x"',
        "^n",
        "ä\n\nö",
        "tel:+1;ext=2",
        "\t x",
        "s,",
        "a:b",
        "\\",
        "\u2028",
        "\r",
        "\x00",
        "=",
        "0",
    ]
)
TEXT = st.one_of(st.text(max_size=12), ODD)
LINE = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12),
    st.sampled_from(["a,b", "a;b", "\\", 'x"y', "a b"]),
)
ID = st.one_of(st.sampled_from(["k1", "k2", "EMAIL-1", "a_b"]), st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True))
URI = st.sampled_from(
    [
        "mailto:a@example.com",
        "https://example.com/a,b;c",
        "tel:+1-555;ext=1",
        "data:image/png;base64,AAAA",
        "urn:uuid:1",
        "x:y",
    ]
)
TAG = st.sampled_from(["en", "fr", "de-AT", "zh-Hant", "yue"])
MOMENT = st.datetimes().map(lambda each: f"{each.replace(microsecond=0).isoformat()}Z")
VENDOR = st.sampled_from(["example.com:foo", "example.com:a b", "ex-1.com:x.y"])
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), TEXT
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)


def some(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    """An object, sometimes with what only its vendor knows."""
    return st.fixed_dictionaries(
        required,
        optional={
            **optional,
            "example.com:foo": JSON,
            "someday": JSON,
            "vCardParams": st.dictionaries(
                st.sampled_from(
                    ["x-foo", "X-Bar", "group", "pid", "type", "altid", "language", "pref", "value", "label"]
                ),
                st.one_of(LINE, TEXT, st.lists(TEXT, min_size=1, max_size=3)),
                max_size=2,
            ),
        },
    )


def flags(*names: str) -> st.SearchStrategy[dict[str, bool]]:
    """A set of these, and of what vendors have."""
    return st.dictionaries(st.sampled_from([*names, "example.com:v"]), st.just(True), max_size=3)


CONTEXTS = flags("private", "work")
PREF = st.integers(1, 100)
MARKED = {"contexts": CONTEXTS, "pref": PREF, "label": TEXT}


def components(kinds: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Components of a name or an address, in order or not."""
    part = some({"kind": st.sampled_from([*kinds, "example.com:v"]), "value": TEXT})
    plain = st.fixed_dictionaries({"kind": st.sampled_from(kinds), "value": LINE})
    loose = st.fixed_dictionaries({"components": st.lists(st.one_of(plain, part), min_size=1, max_size=5)})
    spoken = st.tuples(st.lists(st.tuples(plain, LINE), min_size=1, max_size=4), st.sampled_from(["ipa", None])).map(
        lambda drawn: {
            "components": [{**each, "phonetic": said} for each, said in drawn[0]],
            **({"phoneticSystem": drawn[1]} if drawn[1] else {"phoneticScript": "Latn"}),
        }
    )
    ordered = st.tuples(st.lists(st.tuples(plain, st.none() | TEXT), min_size=1, max_size=5), st.none() | TEXT).map(
        _arranged
    )
    return st.one_of(loose, ordered, spoken)


def _arranged(drawn: tuple[list[tuple[dict[str, Any], str | None]], str | None]) -> dict[str, Any]:
    made = []
    for part, separator in drawn[0]:
        made.append(part)
        if separator is not None:
            made.append({"kind": "separator", "value": separator})
    return {"components": made, "isOrdered": True, **({} if drawn[1] is None else {"defaultSeparator": drawn[1]})}


def joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with the members of all of these."""
    return st.tuples(*parts).map(lambda drawn: {key: value for each in drawn for key, value in each.items()})


ADDRESS = joined(
    st.one_of(components(ADDRESS_KINDS), st.just({})),
    some(
        {"countryCode": st.just("US")},
        full=TEXT,
        coordinates=st.just("geo:1.5,-2"),
        timeZone=st.sampled_from(["Europe/Berlin", "Etc/GMT+5"]),
        contexts=flags("private", "billing"),
        pref=PREF,
    ),
)
DATE = st.one_of(
    st.dates().map(lambda day: {"year": day.year, "month": day.month, "day": day.day}),
    st.dates().map(lambda day: {"month": day.month, "day": day.day}),
    st.dates().map(lambda day: {"@type": "PartialDate", "year": day.year, "calendarScale": "chinese"}),
    st.dates().map(lambda day: {"year": day.year, "month": day.month}),
    MOMENT.map(lambda moment: {"@type": "Timestamp", "utc": moment}),
)


def entries(value: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A map of these."""
    return st.dictionaries(ID, value, max_size=3)


def resource(kinds: list[str], **others: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Resources of these kinds."""
    kind = {"kind": st.sampled_from([*kinds, "example.com:v"])} if kinds else {}
    return entries(some({"uri": URI, **kind}, mediaType=st.just("image/png"), **MARKED, **others))


NAME = st.one_of(
    components(NAME_KINDS),
    joined(components(NAME_KINDS), some({"full": TEXT})),
    some({"full": TEXT}),
)
BARE = st.fixed_dictionaries(
    {"uid": LINE.filter(is_uid)},
    optional={
        "@type": st.just("Card"),
        "version": st.sampled_from(["1.0", "2.0"]),
        "kind": st.sampled_from(sorted(CARD_KINDS)),
        "language": TAG,
        "created": MOMENT,
        "updated": MOMENT,
        "prodId": TEXT.filter(bool),
        "name": NAME,
        "nicknames": entries(some({"name": TEXT}, contexts=CONTEXTS, pref=PREF)),
        "organizations": entries(
            some({"name": TEXT}, units=st.lists(some({"name": TEXT}, sortAs=TEXT), min_size=1, max_size=3), sortAs=TEXT)
        ),
        "titles": entries(some({"name": TEXT}, kind=st.sampled_from(["title", "role"]), organizationId=ID)),
        "speakToAs": some(
            {"grammaticalGender": st.sampled_from(sorted(GENDERS))},
            pronouns=entries(some({"pronouns": TEXT}, contexts=CONTEXTS, pref=PREF)),
        ),
        "emails": entries(some({"@type": st.just("EmailAddress"), "address": LINE}, **MARKED)),
        "phones": entries(some({"number": st.one_of(TEXT, URI)}, features=flags("mobile", "fax", "voice"), **MARKED)),
        "onlineServices": entries(
            some({"user": TEXT}, uri=URI, service=TEXT, vCardName=st.sampled_from(["impp", "socialprofile"]), **MARKED)
        ),
        "preferredLanguages": entries(some({"language": TAG}, contexts=CONTEXTS, pref=PREF)),
        "calendars": resource(["calendar", "freeBusy"]),
        "schedulingAddresses": entries(some({"uri": URI}, **MARKED)),
        "addresses": entries(ADDRESS),
        "cryptoKeys": resource([]),
        "directories": resource(["entry", "directory"], listAs=st.integers(1, 9)),
        "links": resource(["contact"]),
        "media": resource(["photo", "logo", "sound"]),
        "anniversaries": entries(
            some({"kind": st.sampled_from(["birth", "death", "wedding", "example.com:v"]), "date": DATE}, place=ADDRESS)
        ),
        "keywords": st.dictionaries(TEXT.filter(bool), st.just(True), max_size=3),
        "notes": entries(some({"note": TEXT}, created=MOMENT, author=some({"name": TEXT}, uri=URI))),
        "personalInfo": entries(
            some(
                {"kind": st.sampled_from(["expertise", "hobby", "interest"]), "value": TEXT},
                level=st.sampled_from(["high", "low"]),
                listAs=st.integers(1, 9),
                label=TEXT,
            )
        ),
        "relatedTo": st.dictionaries(
            st.one_of(URI, TEXT.filter(bool)), some({}, relation=flags(*sorted(RELATIONS)[:4])), max_size=3
        ),
        "example.com:foo": JSON,
        "vCardProps": st.lists(
            st.tuples(
                st.sampled_from(["x-foo", "gender", "email", "jsprop", "version", "X-ABLabel", "n", "end"]),
                st.dictionaries(st.sampled_from(["x-a", "group", "language"]), LINE, max_size=2),
                st.sampled_from(["unknown", "text", "uri"]),
                st.one_of(TEXT, st.lists(TEXT, max_size=3), st.integers(0, 99)),
            ).map(list),
            max_size=3,
        ),
    },
)


@st.composite
def cards(draw: st.DrawFn) -> dict[str, Any]:
    """A valid Card, sometimes in other languages too."""
    card = draw(BARE)
    localizations: dict[str, dict[str, Any]] = {}
    places = {
        "name/full": ("name",),
        "nicknames/k1/name": ("nicknames", "k1"),
        "titles/k1/name": ("titles", "k1"),
        "notes/k1/note": ("notes", "k1"),
        "organizations/k1/name": ("organizations", "k1"),
        "addresses/k1/full": ("addresses", "k1"),
    }
    for tag in draw(st.lists(TAG, unique=True, max_size=2)):
        for pointer, (member, *ids) in places.items():
            if member in card and (not ids or ids[0] in card[member]) and draw(st.booleans()):
                localizations.setdefault(tag, {})[pointer] = draw(TEXT)
        components = card.get("name", {}).get("components", [])
        if components and "phoneticSystem" not in card["name"] and draw(st.booleans()):
            patches = localizations.setdefault(tag, {})
            patches["name/phoneticSystem"] = "jyut"
            patches["name/components/0/phonetic"] = draw(LINE)
    if localizations:
        card["localizations"] = localizations
    return card


PROPERTY = st.sampled_from(
    [
        *ENTRIES,
        *("FN", "N", "GEO", "TZ", "KIND", "UID", "REV", "MEMBER", "RELATED", "CATEGORIES", "BDAY", "BIRTHPLACE"),
        *("GRAMGENDER", "X-ABLabel", "JSPROP", "X-FOO", "LANGUAGE"),
    ]
)
PARAMETER = st.sampled_from(
    [
        "TYPE=home", "TYPE=CELL,pref", 'TYPE="voice,work"', "PREF=1", "PREF=x", "LANGUAGE=en", "LANGUAGE=fr", "ALTID=1",
        "ALTID=2", "PROP-ID=k1",
        "PROP-ID=k 1", "VALUE=text", "VALUE=uri", "X-FOO=bar", "PHONETIC=ipa", "SCRIPT=Latn", "SORT-AS=a",
        'JSCOMPS=";1;0"', "DERIVED=true", "CC=US",
        "LABEL=x^ny", 'JSPTR="emails/k1/example.com:x"', "JSPTR=emails",
        "JSPTR=example.com:y", "GEO=geo:1", "INDEX=0", "LEVEL=expert",
        "CALSCALE=x", "",
        "ENCODING=b", "MEDIATYPE=a/b", "SERVICE-TYPE=X", "AUTHOR=a:b", "CREATED=20200101T000000Z", "TYPE=friend,boss",
        "encoding=quoted-printable",
    ]
)  # fmt: skip
VALUE = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
    st.sampled_from(
        [
            "a;b;c", ";;;;", "Doe;Jane,Joan;;Dr.;Jr.;;Jr.", "a,b", "https://example.com/", "www.example.com", "geo:1,2",
            "+0500", "-0530", "Europe/Berlin",
            "19850412", "--0412", "1985", "20200101T000000Z", "individual", "group", "urn:uuid:1", "feminine", "true",
            '{"a":1}', "null", "[1]", "de",
            ";;1 Main St;Town;;;;;;;1;Main St", "=41=", "AAAA", "data:x;base64\\,AA", "\\n",
        ]
    ),
)  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A content line, likely or not."""
    group = draw(st.sampled_from(["", "", "item1.", "item2."]))
    name = draw(PROPERTY)
    parameters = "".join(f";{each}" for each in draw(st.lists(PARAMETER, max_size=3)))
    return f"{group}{name}{parameters}:{draw(VALUE)}"


@st.composite
def vcards(draw: st.DrawFn) -> Card:
    """A vCard of any version."""
    version = draw(st.sampled_from(["4.0", "4.0", "3.0", "2.1"]))
    said = draw(st.lists(lines(), max_size=12))
    try:
        return read_card("\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *said, "END:VCARD", ""]).encode())
    except MalformedCard:  # an encoding has taken the end for its own
        reject()
