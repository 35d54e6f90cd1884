"""Cards as both protocols say them: the text of vCard in each version, and the object of JSContact that it is."""

from __future__ import annotations

from typing import Any

from attrs import frozen

PIXEL = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
PICTURE = {"kind": "photo", "mediaType": "image/gif"}


@frozen
class Specimen:
    """``text`` has ``{uid}``; ``shown`` is what JMAP shows of it beside ids and stamps. ``fourth`` is the text in
    version 4.0, in which JMAP writes; the same as ``text`` by default. ``plainer`` is what can be made of ``shown``.
    """

    name: str
    text: str
    shown: dict[str, Any]
    fourth: str = ""
    plainer: str = ""

    def octets(self, uid: str, form: str = "text") -> bytes:
        """The text, or another form of it, for one UID."""
        text = {"text": "", "fourth": self.fourth, "plainer": self.plainer or self.fourth}[form] or self.text
        return text.replace("{uid}", uid).replace("\n", "\r\n").encode()


def _card(version: str, lines: str) -> str:
    return f"BEGIN:VCARD\nVERSION:{version}\nUID:{{uid}}\n{lines.strip()}\nEND:VCARD\n"


FULL_LINES = f"""
KIND:individual
FN:Dr. Zoë Müller\\, née Ångström
N:Müller;Zoë;Maria;Dr.;
NICKNAME:Zo
EMAIL;TYPE=work;PREF=1:zoe@example.com
EMAIL;TYPE=home:zoe@home.example
TEL;VALUE=uri;TYPE="cell,voice":tel:+49-151-1
ADR;TYPE=home:;;Main St. 5;Springfield;IL;12345;USA
ORG:Acme\\, Inc.;Research
TITLE:Head
BDAY:19870412
ANNIVERSARY:20100515
NOTE:First line\\nsecond\\; line
URL:https://zoe.example
LANG;PREF=1:de
CATEGORIES:friends,work
PHOTO:data:image/gif;base64,{PIXEL}
GENDER:F
TZ:Europe/Berlin
X-UNKNOWN;X-P="a,b:c":kept\\, as it is
item1.X-ABDATE:2020-01-01
item1.X-ABLABEL:First met
"""
ZONED = FULL_LINES.replace("\nTZ:Europe/Berlin", "").replace("ADR;", "ADR;TZ=Europe/Berlin;")
FULL = Specimen(
    "version 4",
    _card("4.0", FULL_LINES),
    {
        "kind": "individual",
        "keywords": {"friends": True, "work": True},
        "name": {
            "full": "Dr. Zoë Müller, née Ångström",
            "components": [
                {"kind": "surname", "value": "Müller"},
                {"kind": "given", "value": "Zoë"},
                {"kind": "given2", "value": "Maria"},
                {"kind": "title", "value": "Dr."},
            ],
        },
        "nicknames": {"k1": {"name": "Zo"}},
        "emails": {
            "k1": {"address": "zoe@example.com", "contexts": {"work": True}, "pref": 1},
            "k2": {"address": "zoe@home.example", "contexts": {"private": True}},
        },
        "phones": {"k1": {"number": "tel:+49-151-1", "features": {"mobile": True, "voice": True}}},
        "addresses": {
            "k1": {
                "components": [
                    {"kind": "name", "value": "Main St. 5"},
                    {"kind": "locality", "value": "Springfield"},
                    {"kind": "region", "value": "IL"},
                    {"kind": "postcode", "value": "12345"},
                    {"kind": "country", "value": "USA"},
                ],
                "contexts": {"private": True},
                "timeZone": "Europe/Berlin",
            }
        },
        "organizations": {"k1": {"name": "Acme, Inc.", "units": [{"name": "Research"}]}},
        "titles": {"k1": {"kind": "title", "name": "Head"}},
        "notes": {"k1": {"note": "First line\nsecond; line"}},
        "links": {"k1": {"uri": "https://zoe.example"}},
        "preferredLanguages": {"k1": {"language": "de", "pref": 1}},
        "media": {"k1": PICTURE},
        "anniversaries": {
            "k1": {"kind": "birth", "date": {"year": 1987, "month": 4, "day": 12}},
            "k2": {"kind": "wedding", "date": {"year": 2010, "month": 5, "day": 15}},
        },
        "vCardProps": [
            ["gender", {}, "text", "F"],
            ["x-unknown", {"x-p": "a,b:c"}, "unknown", "kept\\, as it is"],
            ["x-abdate", {"group": "item1"}, "unknown", "2020-01-01"],
            ["x-ablabel", {"group": "item1"}, "unknown", "First met"],
        ],
    },
    plainer=_card("4.0", ZONED),
)
THIRD = Specimen(
    "version 3",
    _card(
        "3.0",
        f"""
FN:Bob Builder
N:Builder;Bob;;;
EMAIL;TYPE=INTERNET,WORK,PREF:bob@example.com
TEL;TYPE=CELL:+1 555 1
item1.TEL:+1 555 2
item1.X-ABLabel:_$!<Boat>!$_
ADR;TYPE=HOME:;;5 Main;Town;;1;X
BDAY;VALUE=date:1970-02-03
PHOTO;ENCODING=b;TYPE=GIF:{PIXEL}
NOTE:old friend
X-SOCIALPROFILE;TYPE=twitter:https://twitter.com/bob
X-PHONETIC-FIRST-NAME:Bobb
""",
    ),
    {
        "name": {
            "full": "Bob Builder",
            "components": [{"kind": "surname", "value": "Builder"}, {"kind": "given", "value": "Bob"}],
        },
        "emails": {
            "k1": {
                "address": "bob@example.com",
                "contexts": {"work": True},
                "pref": 1,
                "vCardParams": {"type": "INTERNET"},
            }
        },
        "phones": {
            "k1": {"number": "+1 555 1", "features": {"mobile": True}},
            "k2": {"number": "+1 555 2", "label": "Boat"},
        },
        "addresses": {
            "k1": {
                "components": [
                    {"kind": "name", "value": "5 Main"},
                    {"kind": "locality", "value": "Town"},
                    {"kind": "postcode", "value": "1"},
                    {"kind": "country", "value": "X"},
                ],
                "contexts": {"private": True},
            }
        },
        "media": {"k1": PICTURE},
        "notes": {"k1": {"note": "old friend"}},
        "onlineServices": {
            "k1": {"uri": "https://twitter.com/bob", "vCardName": "x-socialprofile", "service": "twitter"}
        },
        "anniversaries": {"k1": {"kind": "birth", "date": {"year": 1970, "month": 2, "day": 3}}},
        "vCardProps": [["x-phonetic-first-name", {}, "unknown", "Bobb"]],
    },
    fourth=_card(
        "4.0",
        f"""
FN:Bob Builder
N:Builder;Bob;;;
EMAIL;PREF=1;TYPE=INTERNET,WORK:bob@example.com
TEL;TYPE=CELL:+1 555 1
item1.TEL:+1 555 2
item1.X-ABLabel:_$!<Boat>!$_
ADR;TYPE=HOME:;;5 Main;Town;;1;X
BDAY:19700203
PHOTO:data:image/gif;base64,{PIXEL}
NOTE:old friend
X-SOCIALPROFILE;TYPE=twitter:https://twitter.com/bob
X-PHONETIC-FIRST-NAME:Bobb
""",
    ),
)
SECOND = Specimen(
    "version 2",
    _card(
        "2.1",
        """
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen M=C3=BCller
TEL;HOME;VOICE:+49 30 1
EMAIL;INTERNET:juergen@example.com
X-CUSTOM;FOO:bar
""",
    ),
    {
        "name": {
            "full": "Jürgen Müller",
            "components": [{"kind": "surname", "value": "Müller"}, {"kind": "given", "value": "Jürgen"}],
        },
        "phones": {"k1": {"number": "+49 30 1", "contexts": {"private": True}, "features": {"voice": True}}},
        "emails": {"k1": {"address": "juergen@example.com", "vCardParams": {"type": "INTERNET"}}},
        "vCardProps": [["x-custom", {"type": "FOO"}, "unknown", "bar"]],
    },
    fourth=_card(
        "4.0",
        """
N:Müller;Jürgen
FN:Jürgen Müller
TEL;TYPE=HOME,VOICE:+49 30 1
EMAIL;TYPE=INTERNET:juergen@example.com
X-CUSTOM;TYPE=FOO:bar
""",
    ),
)
GROUP = Specimen(
    "group",
    _card("4.0", "KIND:group\nFN:The team\nMEMBER:urn:uuid:1\nMEMBER:mailto:guest@example.com"),
    {"kind": "group", "members": {"urn:uuid:1": True, "mailto:guest@example.com": True}, "name": {"full": "The team"}},
)
APPLE_GROUP = Specimen(
    "group of Apple",
    _card(
        "3.0",
        "FN:Friends\nN:Friends;;;;\nX-ADDRESSBOOKSERVER-KIND:group\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\n"
        "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:2",
    ),
    {
        "kind": "group",
        "members": {"urn:uuid:1": True, "urn:uuid:2": True},
        "name": {"full": "Friends", "components": [{"kind": "surname", "value": "Friends"}]},
    },
    fourth=_card("4.0", "FN:Friends\nN:Friends;;;;\nKIND:group\nMEMBER:urn:uuid:1\nMEMBER:urn:uuid:2"),
)
LOCALISED = Specimen(
    "localised",
    _card(
        "4.0",
        """
LANGUAGE:en
FN:Taro Yamada
N;ALTID=1;LANGUAGE=en:Yamada;Taro;;;
N;ALTID=1;LANGUAGE=ja:山田;太郎;;;
TITLE;ALTID=1;LANGUAGE=en:Boss
TITLE;ALTID=1;LANGUAGE=fr:Patron
""",
    ),
    {
        "language": "en",
        "name": {
            "full": "Taro Yamada",
            "components": [{"kind": "surname", "value": "Yamada"}, {"kind": "given", "value": "Taro"}],
        },
        "titles": {"k1": {"kind": "title", "name": "Boss"}},
        "localizations": {
            "ja": {"name/components": [{"kind": "surname", "value": "山田"}, {"kind": "given", "value": "太郎"}]},
            "fr": {"titles/k1/name": "Patron"},
        },
    },
    plainer=_card(
        "4.0",
        """
LANGUAGE:en
FN:Taro Yamada
N:Yamada;Taro;;;
N;LANGUAGE=ja:山田;太郎;;;
TITLE:Boss
TITLE;LANGUAGE=fr:Patron
""",
    ),
)
ORGANISATION = Specimen(
    "organisation",
    _card("4.0", "KIND:org\nFN:ACME Inc.\nORG:ACME Inc.\nTEL;TYPE=work:+1 800 1\nLOGO:https://acme.example/l.png"),
    {
        "kind": "org",
        "name": {"full": "ACME Inc."},
        "organizations": {"k1": {"name": "ACME Inc."}},
        "phones": {"k1": {"number": "+1 800 1", "contexts": {"work": True}}},
        "media": {"k1": {"kind": "logo", "uri": "https://acme.example/l.png"}},
    },
)
ALL = (FULL, THIRD, SECOND, GROUP, APPLE_GROUP, LOCALISED, ORGANISATION)
