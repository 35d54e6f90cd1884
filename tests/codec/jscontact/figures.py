"""The examples of RFC 9555 2 and 3 by figure: lines of vCard, and the members of a Card that they are.

Ids are those of the RFC where lines ask for them with PROP-ID, else those that are made here.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.jscontact.reading import card_of


def vcard(*lines: str) -> str:
    """A card with these lines."""
    return "\r\n".join(["BEGIN:VCARD", "VERSION:4.0", "UID:u", *lines, "END:VCARD", ""])


def members(*lines: str) -> dict[str, Any]:
    """What these lines make, without what each Card has."""
    return {name: value for name, value in card_of(vcard(*lines)).items() if name not in ("@type", "version", "uid")}


def component(kind: str, value: str) -> dict[str, str]:
    """A component of a name or an address."""
    return {"kind": kind, "value": value}


SUN = [component("surname", "孫"), component("given", "中山"), component("given2", "文"), component("given2", "逸仙")]

FIGURES: dict[int, tuple[tuple[str, ...], dict[str, Any]]] = {
    1: (
        ("item1.TEL;PROP-ID=p1;VALUE=uri:tel:+1-555-555-5555",),
        {"phones": {"p1": {"number": "tel:+1-555-555-5555", "vCardParams": {"group": "item1"}}}},
    ),
    2: (("item2.X-FOO:bar",), {"vCardProps": [["x-foo", {"group": "item2"}, "unknown", "bar"]]}),
    3: (
        ("FN;LANGUAGE=EN:John Doe", "TITLE;PROP-ID=t1;LANGUAGE=EN:Boss", "TITLE;LANGUAGE=fr:Patron"),
        {
            "language": "en",
            "name": {"full": "John Doe"},
            "titles": {"t1": {"kind": "title", "name": "Boss"}},
            "localizations": {"fr": {"titles/t1/name": "Patron"}},
        },
    ),
    4: (
        ("FN:John Doe", "TITLE;PROP-ID=t1:Boss", "TITLE;LANGUAGE=fr:Patron"),
        {
            "name": {"full": "John Doe"},
            "titles": {"t1": {"kind": "title", "name": "Boss"}},
            "localizations": {"fr": {"titles/t1/name": "Patron"}},
        },
    ),
    5: (
        (
            "LANGUAGE:zh-Hant",
            "N;ALTID=1;LANGUAGE=zh-Hant:孫;中山;文,逸仙;;",
            "N;ALTID=1;PHONETIC=jyut;SCRIPT=Latn;LANGUAGE=yue:syun1;zung1saan1;man4,jat6sin1;;",
        ),
        {
            "language": "zh-Hant",
            "name": {"components": SUN},
            "localizations": {
                "yue": {
                    "name/phoneticSystem": "jyut",
                    "name/phoneticScript": "Latn",
                    "name/components/0/phonetic": "syun1",
                    "name/components/1/phonetic": "zung1saan1",
                    "name/components/2/phonetic": "man4",
                    "name/components/3/phonetic": "jat6sin1",
                }
            },
        },
    ),
    6: (
        (
            'TEL;PROP-ID=PHONE-A;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-555-555-5555;ext=5555',
            "TEL;PROP-ID=PHONE-B;VALUE=uri;TYPE=home:tel:+33-01-23-45-67",
        ),
        {
            "phones": {
                "PHONE-A": {
                    "contexts": {"private": True},
                    "features": {"voice": True},
                    "number": "tel:+1-555-555-5555;ext=5555",
                    "pref": 1,
                },
                "PHONE-B": {"contexts": {"private": True}, "number": "tel:+33-01-23-45-67"},
            }
        },
    ),
    7: (("KIND:individual",), {"kind": "individual"}),
    8: (
        ("SOURCE;PROP-ID=e:https://dir.example.com/addrbook/jdoe/Jean%20Dupont.vcf",),
        {"directories": {"e": {"kind": "entry", "uri": "https://dir.example.com/addrbook/jdoe/Jean%20Dupont.vcf"}}},
    ),
    9: (
        (
            "BDAY:19531015T231000Z",
            "BIRTHPLACE:123 Main Street\\nAny Town\\, CA 91921-1234\\nU.S.A.",
            "DEATHDATE:19960415",
            "DEATHPLACE:5 Court Street\\nNew England\\, ND 58647\\nU.S.A.",
            "ANNIVERSARY:19860201",
        ),
        {
            "anniversaries": {
                "birth": {
                    "kind": "birth",
                    "date": {"@type": "Timestamp", "utc": "1953-10-15T23:10:00Z"},
                    "place": {"full": "123 Main Street\nAny Town, CA 91921-1234\nU.S.A."},
                },
                "death": {
                    "kind": "death",
                    "date": {"year": 1996, "month": 4, "day": 15},
                    "place": {"full": "5 Court Street\nNew England, ND 58647\nU.S.A."},
                },
                "wedding": {"kind": "wedding", "date": {"year": 1986, "month": 2, "day": 1}},
            }
        },
    ),
    10: (("FN:John Q. Public\\, Esq.",), {"name": {"full": "John Q. Public, Esq."}}),
    11: (
        ("GRAMGENDER:NEUTER", "PRONOUNS;PROP-ID=p1;PREF=2:they/them", "PRONOUNS;PROP-ID=p2;PREF=1:xe/xir"),
        {
            "speakToAs": {
                "grammaticalGender": "neuter",
                "pronouns": {"p1": {"pronouns": "they/them", "pref": 2}, "p2": {"pronouns": "xe/xir", "pref": 1}},
            }
        },
    ),
    12: (
        ('N;SORT-AS="Stevenson,John Philip":Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.,A.C.P.;;Jr.',),
        {
            "name": {
                "components": [
                    component("surname", "Stevenson"),
                    component("given", "John"),
                    component("given2", "Philip"),
                    component("given2", "Paul"),
                    component("title", "Dr."),
                    component("credential", "M.D."),
                    component("credential", "A.C.P."),
                    component("generation", "Jr."),
                ],
                "sortAs": {"surname": "Stevenson", "given": "John Philip"},
            }
        },
    ),
    13: (("NICKNAME;PROP-ID=n:Johnny",), {"nicknames": {"n": {"name": "Johnny"}}}),
    14: (
        ("PHOTO;PROP-ID=p:https://www.example.com/pub/photos/jqpublic.gif",),
        {"media": {"p": {"kind": "photo", "uri": "https://www.example.com/pub/photos/jqpublic.gif"}}},
    ),
    15: (
        ("ADR;PROP-ID=a;TYPE=work;CC=US:;;54321 Oak St;Reston;VA;20190;USA;;;;54321;Oak St;;;;;;",),
        {
            "addresses": {
                "a": {
                    "contexts": {"work": True},
                    "components": [
                        component("number", "54321"),
                        component("name", "Oak St"),
                        component("locality", "Reston"),
                        component("region", "VA"),
                        component("postcode", "20190"),
                        component("country", "USA"),
                    ],
                    "countryCode": "US",
                }
            }
        },
    ),
    16: (
        ("EMAIL;PROP-ID=a;TYPE=work:jqpublic@xyz.example.com", "EMAIL;PROP-ID=b;PREF=1:jane_doe@example.com"),
        {
            "emails": {
                "a": {"contexts": {"work": True}, "address": "jqpublic@xyz.example.com"},
                "b": {"address": "jane_doe@example.com", "pref": 1},
            }
        },
    ),
    17: (
        ("IMPP;PROP-ID=o;PREF=1:xmpp:alice@example.com",),
        {"onlineServices": {"o": {"uri": "xmpp:alice@example.com", "pref": 1, "vCardName": "impp"}}},
    ),
    18: (
        ("LANG;PROP-ID=a;TYPE=work;PREF=1:en", "LANG;PROP-ID=b;TYPE=home:fr"),
        {
            "preferredLanguages": {
                "a": {"language": "en", "contexts": {"work": True}, "pref": 1},
                "b": {"language": "fr", "contexts": {"private": True}},
            }
        },
    ),
    19: (("LANGUAGE:de-AT",), {"language": "de-AT"}),
    20: (
        ("SOCIALPROFILE;PROP-ID=o;SERVICE-TYPE=Mastodon:https://example.com/@foo",),
        {"onlineServices": {"o": {"service": "Mastodon", "uri": "https://example.com/@foo"}}},
    ),
    22: (
        ("CONTACT-URI;PROP-ID=c;PREF=1:mailto:contact@example.com",),
        {"links": {"c": {"kind": "contact", "uri": "mailto:contact@example.com", "pref": 1}}},
    ),
    23: (
        ("LOGO;PROP-ID=l:https://www.example.com/pub/logos/abccorp.jpg",),
        {"media": {"l": {"kind": "logo", "uri": "https://www.example.com/pub/logos/abccorp.jpg"}}},
    ),
    24: (
        (
            "KIND:group",
            "FN:The Doe family",
            "MEMBER:urn:uuid:03a0e51f",
            "MEMBER:urn:x:b",
        ),
        {
            "kind": "group",
            "name": {"full": "The Doe family"},
            "members": {"urn:uuid:03a0e51f": True, "urn:x:b": True},
        },
    ),
    25: (
        ("ORG;PROP-ID=o;SORT-AS=ABC:ABC\\, Inc.;North American Division;Marketing",),
        {
            "organizations": {
                "o": {
                    "name": "ABC, Inc.",
                    "units": [{"name": "North American Division"}, {"name": "Marketing"}],
                    "sortAs": "ABC",
                }
            }
        },
    ),
    26: (
        (
            "RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "RELATED;TYPE=contact:https://example.com/directory/john.vcf",
            "RELATED;VALUE=text:Please contact my deputy John for any inquiries.",
        ),
        {
            "relatedTo": {
                "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6": {"relation": {"friend": True}},
                "https://example.com/directory/john.vcf": {"relation": {"contact": True}},
                "Please contact my deputy John for any inquiries.": {"relation": {}},
            }
        },
    ),
    27: (
        (
            "TITLE;PROP-ID=a:Research Scientist",
            "group1.ROLE;PROP-ID=b:Project Leader",
            "group1.ORG;PROP-ID=o:ABC\\, Inc.",
        ),
        {
            "titles": {
                "a": {"kind": "title", "name": "Research Scientist"},
                "b": {"kind": "role", "name": "Project Leader", "organizationId": "o"},
            },
            "organizations": {"o": {"name": "ABC, Inc."}},
        },
    ),
    28: (
        ("EXPERTISE;PROP-ID=a;LEVEL=beginner;INDEX=2:Chinese literature",),
        {"personalInfo": {"a": {"kind": "expertise", "value": "Chinese literature", "level": "low", "listAs": 2}}},
    ),
    29: (
        ("HOBBY;PROP-ID=a;INDEX=1;LEVEL=high:reading",),
        {"personalInfo": {"a": {"kind": "hobby", "value": "reading", "level": "high", "listAs": 1}}},
    ),
    30: (
        ("INTEREST;PROP-ID=a;INDEX=1;LEVEL=medium:r&b music",),
        {"personalInfo": {"a": {"kind": "interest", "value": "r&b music", "level": "medium", "listAs": 1}}},
    ),
    31: (
        ("ORG-DIRECTORY;PROP-ID=a;INDEX=1;PREF=1:ldap://ldap.tech.example/o=Tech,ou=Engineering",),
        {
            "directories": {
                "a": {
                    "kind": "directory",
                    "uri": "ldap://ldap.tech.example/o=Tech,ou=Engineering",
                    "listAs": 1,
                    "pref": 1,
                }
            }
        },
    ),
    32: (
        ("CATEGORIES:internet,IETF,Industry,Information Technology",),
        {"keywords": {"internet": True, "IETF": True, "Industry": True, "Information Technology": True}},
    ),
    33: (("CREATED:19940930T143510Z",), {"created": "1994-09-30T14:35:10Z"}),
    34: (
        ("NOTE;PROP-ID=n;AUTHOR-NAME=John;CREATED=20221123T150132Z:Office hours are from 8 to 17 EST\\, Mon-Fri.",),
        {
            "notes": {
                "n": {
                    "note": "Office hours are from 8 to 17 EST, Mon-Fri.",
                    "created": "2022-11-23T15:01:32Z",
                    "author": {"name": "John"},
                }
            }
        },
    ),
    35: (("PRODID:ACME Contacts App version 1.23.5",), {"prodId": "ACME Contacts App version 1.23.5"}),
    36: (("REV:19951031T222710Z",), {"updated": "1995-10-31T22:27:10Z"}),
    37: (
        ("SOUND;PROP-ID=s:CID:JOHNQPUBLIC.19960229T080000.xyzMail@example.com",),
        {"media": {"s": {"kind": "sound", "uri": "CID:JOHNQPUBLIC.19960229T080000.xyzMail@example.com"}}},
    ),
    39: (
        ("URL;PROP-ID=l:https://example.org/restaurant.french/~chezchic.html",),
        {"links": {"l": {"uri": "https://example.org/restaurant.french/~chezchic.html"}}},
    ),
    40: (
        ("item1.TEL;PROP-ID=p1;VALUE=uri:tel:+1-555-555-5555", "item1.X-ABLabel:foo"),
        {"phones": {"p1": {"number": "tel:+1-555-555-5555", "label": "foo"}}},
    ),
    41: (
        ("KEY;PROP-ID=k:https://www.example.com/keys/jdoe.cer",),
        {"cryptoKeys": {"k": {"uri": "https://www.example.com/keys/jdoe.cer"}}},
    ),
    42: (
        ("CALADRURI;PROP-ID=s;PREF=1:mailto:janedoe@example.com",),
        {"schedulingAddresses": {"s": {"uri": "mailto:janedoe@example.com", "pref": 1}}},
    ),
    43: (
        ("CALURI;PROP-ID=c;MEDIATYPE=text/calendar:https://ftp.example.com/calA.ics",),
        {
            "calendars": {
                "c": {"kind": "calendar", "uri": "https://ftp.example.com/calA.ics", "mediaType": "text/calendar"}
            }
        },
    ),
    44: (
        ("FBURL;PROP-ID=c;PREF=1:https://www.example.com/busy/janedoe",),
        {"calendars": {"c": {"kind": "freeBusy", "uri": "https://www.example.com/busy/janedoe", "pref": 1}}},
    ),
    45: (
        ("item1.X-FOO;X-BAR=Hello:World!",),
        {"vCardProps": [["x-foo", {"x-bar": "Hello", "group": "item1"}, "unknown", "World!"]]},
    ),
    46: (
        ("EMAIL;PROP-ID=email1;X-FOO=Bar:jane_doe@example.com",),
        {"emails": {"email1": {"address": "jane_doe@example.com", "vCardParams": {"x-foo": "Bar"}}}},
    ),
    48: (('JSPROP;JSPTR="someUnknownProperty":true',), {"someUnknownProperty": True}),
    49: (('JSPROP;JSPTR="example.com:foo":{"bar":1234}',), {"example.com:foo": {"bar": 1234}}),
    50: (
        (
            "TEL;VALUE=uri;PROP-ID=phone1:tel:+33-01-23-45-67",
            'JSPROP;JSPTR="phones/phone1/example.com:foo~1bar":"tux hux"',
        ),
        {"phones": {"phone1": {"number": "tel:+33-01-23-45-67", "example.com:foo/bar": "tux hux"}}},
    ),
    51: (
        ('N;JSCOMPS=";1;0":Doe;Jane;;;;;', "FN;DERIVED=true:Jane Doe"),
        {"name": {"components": [component("given", "Jane"), component("surname", "Doe")], "isOrdered": True}},
    ),
    52: (
        ('N;JSCOMPS=";1;2;2,1;0;6;4,1":Stevenson;John;Philip,Paul;;Jr.,M.D.;;Jr.',),
        {
            "name": {
                "components": [
                    component("given", "John"),
                    component("given2", "Philip"),
                    component("given2", "Paul"),
                    component("surname", "Stevenson"),
                    component("generation", "Jr."),
                    component("credential", "M.D."),
                ],
                "isOrdered": True,
            }
        },
    ),
    # number and name stand where RFC 9554 2.1 has them; the figure has them the other way round
    53: (
        ('ADR;JSCOMPS="s,\\, ;10;s, ;11;3";PROP-ID=a1:;;54321 Oak St;Reston;;;;;;;54321;Oak St;;;;;;',),
        {
            "addresses": {
                "a1": {
                    "components": [
                        component("number", "54321"),
                        component("separator", " "),
                        component("name", "Oak St"),
                        component("locality", "Reston"),
                    ],
                    "defaultSeparator": ", ",
                    "isOrdered": True,
                }
            }
        },
    ),
}
