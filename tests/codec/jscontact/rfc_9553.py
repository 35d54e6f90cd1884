"""The examples of RFC 9553 by figure; each is a Card, or members of one that are completed here.

Where a figure has its object on several lines, or shortens it, this says what is meant.
"""

from __future__ import annotations

from typing import Any

from tests.codec.jscontact.figures import component

Json = dict[str, Any]

_KEY = (
    "data:application/pgp-keys;base64,LS0tLS1CRUdJTiBSU0EgUFVCTElDIEtFWS0tLS0tCk1JSUJDZ0tDQVFFQSt4R1ovd2N6OXVnRnBQMDdOc3Bv"
    "NlUxN2wwWWhGaUZweHhVNHBUazNMaWZ6OVIzenNJc3UK"
)


def _parts(*parts: tuple[str, str]) -> list[dict[str, str]]:
    return [component(kind, value) for kind, value in parts]


EXAMPLES: dict[str, Json] = {
    "1 (1.5.5): a name as it is pronounced": {
        "name": {
            "components": [
                {"kind": "given", "value": "John", "phonetic": "/ˈdʒɑːn/"},
                {"kind": "surname", "value": "Smith", "phonetic": "/smɪθ/"},
            ],
            "phoneticSystem": "ipa",
        }
    },
    "3 (1.8.1): members of a vendor": {"example.com:foo": "bar", "example.com:foo2": {"bar": "baz"}},
    "4 (1.8.2): values of a vendor": {"kind": "example.com:baz"},
    "6 (2): a basic Card": {
        "@type": "Card",
        "version": "1.0",
        "uid": "22B2C7DF-9120-4969-8460-05956FE6B065",
        "kind": "individual",
        "name": {"components": _parts(("given", "John"), ("surname", "Doe")), "isOrdered": True},
    },
    "8 (2.1.3): created": {"created": "2022-09-30T14:35:10Z"},
    "9 (2.1.4): kind": {"kind": "individual"},
    "10 (2.1.5): language": {"language": "de-AT"},
    "11 (2.1.6): members": {
        "kind": "group",
        "name": {"full": "The Doe family"},
        "uid": "urn:uuid:ab4310aa-fa43-11e9-8f0b-362b9e155667",
        "members": {
            "urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af": True,
            "urn:uuid:b8767877-b4a1-4c70-9acc-505d3819e519": True,
        },
    },
    "12 (2.1.7): prodId": {"prodId": "ACME Contacts App version 1.23.5"},
    "13 (2.1.8): relatedTo": {
        "relatedTo": {
            "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6": {"relation": {"friend": True}},
            "8cacdfb7d1ffdb59@example.com": {"relation": {}},
        }
    },
    "14 (2.1.9): uid": {"uid": "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
    "15 (2.1.10): updated": {"updated": "2021-10-31T22:27:10Z"},
    "16 (2.2.1.1): a surname of two words": {
        "name": {"components": _parts(("given", "Vincent"), ("surname", "van Gogh")), "isOrdered": True}
    },
    "17 (2.2.1.1): a second surname": {
        "name": {
            "components": _parts(("given", "Diego"), ("surname", "Rivera"), ("surname2", "Barrientos")),
            "isOrdered": True,
        }
    },
    "18 (2.2.1.1): full": {"name": {"full": "Mr. John Q. Public, Esq."}},
    "19 (2.2.1.1): sortAs": {
        "name": {
            "components": _parts(("given", "Robert"), ("given2", "Pau"), ("surname", "Shou Chang")),
            "sortAs": {"surname": "Pau Shou Chang", "given": "Robert"},
            "isOrdered": True,
        }
    },
    "20 (2.2.1.1): phonetic and localizations": {
        "language": "zh-Hant",
        "name": {"components": _parts(("surname", "孫"), ("given", "中山"), ("given2", "文"), ("given2", "逸仙"))},
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
    "21 (2.2.1.3): nicknames": {"nicknames": {"k391": {"name": "Johnny"}}},
    "22 (2.2.2): organizations": {
        "organizations": {
            "o1": {
                "name": "ABC, Inc.",
                "units": [{"name": "North American Division"}, {"name": "Marketing"}],
                "sortAs": "ABC",
            }
        }
    },
    "23 (2.2.3): speakToAs": {
        "speakToAs": {
            "grammaticalGender": "neuter",
            "pronouns": {"k19": {"pronouns": "they/them", "pref": 2}, "k32": {"pronouns": "xe/xir", "pref": 1}},
        }
    },
    "24 (2.2.4): titles": {
        "titles": {
            "le9": {"kind": "title", "name": "Research Scientist"},
            "k2": {"kind": "role", "name": "Project Leader", "organizationId": "o2"},
        },
        "organizations": {"o2": {"name": "ABC, Inc."}},
    },
    "25 (2.3.1): emails": {
        "emails": {
            "e1": {"contexts": {"work": True}, "address": "jqpublic@xyz.example.com"},
            "e2": {"address": "jane_doe@example.com", "pref": 1},
        }
    },
    "26 (2.3.2): onlineServices": {
        "onlineServices": {
            "x1": {"uri": "xmpp:alice@example.com"},
            "x2": {"service": "Mastodon", "user": "@alice@example2.com", "uri": "https://example2.com/@alice"},
        }
    },
    "27 (2.3.3): phones": {
        "phones": {
            "tel0": {
                "contexts": {"private": True},
                "features": {"voice": True},
                "number": "tel:+1-555-555-5555;ext=5555",
                "pref": 1,
            },
            "tel3": {"contexts": {"work": True}, "number": "tel:+1-201-555-0123"},
        }
    },
    "28 (2.3.4): preferredLanguages": {
        "preferredLanguages": {
            "l1": {"language": "en", "contexts": {"work": True}, "pref": 1},
            "l2": {"language": "fr", "contexts": {"work": True}, "pref": 2},
            "l3": {"language": "fr", "contexts": {"private": True}},
        }
    },
    "29 (2.4.1): calendars": {
        "calendars": {
            "calA": {"kind": "calendar", "uri": "webcal://calendar.example.com/calA.ics"},
            "project-a": {"kind": "freeBusy", "uri": "https://calendar.example.com/busy/project-a"},
        }
    },
    "30 (2.4.2): schedulingAddresses": {"schedulingAddresses": {"sched1": {"uri": "mailto:janedoe@example.com"}}},
    "31 (2.5.1.1): an address in the USA": {
        "addresses": {
            "k23": {
                "contexts": {"work": True},
                "components": _parts(
                    ("number", "54321"),
                    ("separator", " "),
                    ("name", "Oak St"),
                    ("locality", "Reston"),
                    ("region", "VA"),
                    ("separator", " "),
                    ("postcode", "20190"),
                    ("country", "USA"),
                ),
                "countryCode": "US",
                "defaultSeparator": ", ",
                "isOrdered": True,
            }
        }
    },
    "32 (2.5.1.3): an address in Thailand": {
        "addresses": {
            "k25": {
                "components": _parts(
                    ("number", "46"),
                    ("name", "1 Sukhumvit 51 Alley"),
                    ("subdistrict", "Khlong Tan Nuea"),
                    ("district", " Watthana"),
                    ("locality", "Bangkok"),
                    ("country", "Thailand"),
                    ("postcode", "10110"),
                ),
                "defaultSeparator": ", ",
                "isOrdered": True,
            }
        }
    },
    "33 (2.5.1.3): an address in Tokyo and in Japanese": {
        "addresses": {
            "k26": {
                "components": _parts(
                    ("block", "2-7"),
                    ("separator", "-"),
                    ("number", "2"),
                    ("separator", " "),
                    ("district", "Marunouchi"),
                    ("locality", "Chiyoda-ku"),
                    ("region", "Tokyo"),
                    ("separator", " "),
                    ("postcode", "100-8994"),
                ),
                "defaultSeparator": ", ",
                "full": "2-7-2 Marunouchi, Chiyoda-ku, Tokyo 100-8994",
                "isOrdered": True,
            }
        },
        "localizations": {
            "jp": {
                "addresses/k26": {
                    "components": _parts(
                        ("region", "東京都"),
                        ("locality", "千代田区"),
                        ("district", "丸ノ内"),
                        ("block", "2-7"),
                        ("separator", "-"),
                        ("number", "2"),
                        ("postcode", "〒100-8994"),
                    ),
                    "defaultSeparator": "",
                    "full": "〒100-8994東京都千代田区丸ノ内2-7-2",
                    "isOrdered": True,
                }
            }
        },
    },
    "34 (2.6.1): a key elsewhere": {"cryptoKeys": {"mykey1": {"uri": "https://www.example.com/keys/jdoe.cer"}}},
    "35 (2.6.1): a key in the Card": {"cryptoKeys": {"mykey2": {"uri": _KEY}}},
    "36 (2.6.2): directories": {
        "directories": {
            "dir1": {"kind": "entry", "uri": "https://dir.example.com/addrbook/jdoe/Jean%20Dupont.vcf"},
            "dir2": {
                "kind": "directory",
                "uri": "ldap://ldap.example/o=Example%20Tech,ou=Engineering",
                "pref": 1,
            },
        }
    },
    "37 (2.6.3): links": {"links": {"link3": {"kind": "contact", "uri": "mailto:contact@example.com", "pref": 1}}},
    "38 (2.6.4): media": {
        "media": {
            "res45": {"kind": "sound", "uri": "CID:JOHNQ.part8.19960229T080000.xyzMail@example.com"},
            "res47": {"kind": "logo", "uri": "https://www.example.com/pub/logos/abccorp.jpg"},
            "res1": {"kind": "photo", "uri": "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/"},
        }
    },
    "39 (2.7.1): a name in another language": {
        "name": {
            "components": _parts(("title", "Mr."), ("given", "Ivan"), ("given2", "Petrovich"), ("surname", "Vasiliev"))
        },
        "localizations": {
            "uk-Cyrl": {
                "name": {
                    "components": _parts(
                        ("title", "г-н"), ("given", "Иван"), ("given2", "Петрович"), ("surname", "Васильев")
                    )
                }
            }
        },
    },
    "40 (2.7.1): a title in another language": {
        "name": {"full": "Gabriel García Márquez"},
        "titles": {"t1": {"kind": "title", "name": "novelist"}},
        "localizations": {"es": {"titles/t1/name": "escritor"}},
    },
    "41 (2.8.1): anniversaries": {
        "anniversaries": {
            "k8": {"kind": "birth", "date": {"year": 1953, "month": 4, "day": 15}},
            "k9": {
                "kind": "death",
                "date": {"@type": "Timestamp", "utc": "2019-10-15T23:10:00Z"},
                "place": {"full": "4445 Tree Street\nNew England, ND 58647\nUSA"},
            },
        }
    },
    "42 (2.8.2): keywords": {"keywords": {"internet": True, "IETF": True}},
    "43 (2.8.3): notes": {
        "notes": {
            "n1": {
                "note": "Open office hours are 1600 to 1715 EST, Mon-Fri",
                "created": "2022-11-23T15:01:32Z",
                "author": {"name": "John"},
            }
        }
    },
    "44 (2.8.4): personalInfo": {
        "personalInfo": {
            "pi2": {"kind": "expertise", "value": "chemistry", "level": "high"},
            "pi1": {"kind": "hobby", "value": "reading", "level": "high"},
            "pi6": {"kind": "interest", "value": "r&b music", "level": "medium"},
        }
    },
}

UTC_DATE_TIMES = (
    ("2010-10-10T10:10:10.003Z", True),
    ("2010-10-10T10:10:10.000Z", False),
    ("2010-10-10T10:10:10Z", True),
)
"""Those of 1.4.5, and whether they are good."""


def card(example: Json) -> Json:
    """A whole Card."""
    return {"@type": "Card", "version": "1.0", "uid": "u", **example}
