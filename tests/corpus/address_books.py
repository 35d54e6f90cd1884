"""The address books of the corpus."""

from __future__ import annotations

from typing import Any, Final

from tests.corpus.card_dialects import KINDS_3, CardDialect, Lines, base64_lines, grouped
from tests.corpus.people import PICTURE, Person
from tests.corpus.writing import by_characters, by_octets, mid_character, text, unfolded


def _apple_type(base: str) -> Any:
    kinds = {"home": "HOME", "work": "WORK", "cell": "CELL", "fax": "WORK;type=FAX", "other": "OTHER"}
    return lambda kind: f";type={kinds[kind]}{base}"


def _apple_org(person: Person) -> Lines:
    return [f"ORG:{text(person.company)};{text(person.unit)}"] if person.company else []


def _apple_birthday(person: Person) -> Lines:
    if person.birthday.startswith("--"):
        return [f"BDAY;X-APPLE-OMIT-YEAR=1604:1604{person.birthday[1:]}"]
    return [f"BDAY:{person.birthday}"] if person.birthday else []


def _compact_birthday(person: Person, parameters: str = "") -> Lines:
    """As vCard 4.0 has dates."""
    year, rest = ("--", person.birthday[2:]) if person.birthday.startswith("--") else ("", person.birthday)
    return [f"BDAY{parameters}:{year}{rest.replace('-', '')}"] if person.birthday else []


def _whole_birthday(person: Person) -> Lines:
    """As programs have it that know no birthdays without a year."""
    return [] if person.birthday.startswith("--") else _compact_birthday(person)


def _apple_emails(person: Person) -> Lines:
    return grouped(
        [
            (f"EMAIL;type=INTERNET{'' if kind == 'other' else f';type={KINDS_3[kind]}'}:{each}",
             "_$!<Other>!$_" if kind == "other" else "")
            for kind, each in person.emails
        ]
    )  # fmt: skip


def _apple_places(person: Person) -> Lines:
    made = []
    for at, each in enumerate(person.addresses, 5):
        parts = map(text, (each.street, each.city, each.region, each.code, each.country))
        made += [f"item{at}.ADR;type={KINDS_3[each.kind]}:;;{';'.join(parts)}", f"item{at}.X-ABADR:de"]
    return made


def _apple_photo(person: Person) -> Lines:
    crop = "X-ABCROP-RECTANGLE=ABClipRect_1&0&0&200&200&abc=="
    return [f"PHOTO;ENCODING=b;TYPE=JPEG;{crop}:{PICTURE}"] if person.has_photo else []


def _apple_company(person: Person) -> Lines:
    return ["X-ABShowAs:COMPANY"] if person.company and not person.surname else []


APPLE_OWN: Final = {
    "EMAIL": _apple_emails,
    "ORG": _apple_org,
    "ADR": _apple_places,
    "BDAY": _apple_birthday,
    "PHOTO": _apple_photo,
    "X-SHOW": _apple_company,
    "URL": lambda person: grouped([(f"URL;type=pref:{person.url}", "_$!<HomePage>!$_")], 9) if person.url else [],
}
APPLE_CONTACTS: Final = CardDialect(
    "Apple Contacts", "3.0",
    "VERSION PRODID:-//Apple~Inc.//macOS~14.4.1//EN N FN NICKNAME ORG TITLE EMAIL TEL ADR NOTE URL BDAY CATEGORIES "
    "PHOTO X-SHOW UID X-ABUID:0E5A3B1C-77F0-4C0E-9C55-000000000001:ABPerson",
    APPLE_OWN, phone=_apple_type(";type=VOICE"),
)  # fmt: skip
IOS: Final = CardDialect(
    "iOS Contacts", "3.0",
    "VERSION PRODID:-//Apple~Inc.//iPhone~OS~17.5.1//EN N FN NICKNAME ORG TITLE NOTE EMAIL TEL ADR URL BDAY "
    "CATEGORIES PHOTO REV UID X-SHOW X-IMAGETYPE:PHOTO X-SHARED-PHOTO-DISPLAY-PREF:Autoupdate",
    APPLE_OWN, phone=_apple_type(";type=VOICE;type=pref"), fold=by_octets(75),
)  # fmt: skip
GOOGLE: Final = CardDialect(
    "Google Contacts", "3.0", "VERSION FN N NICKNAME EMAIL TEL ADR ORG TITLE BDAY URL NOTE PHOTO CATEGORIES UID REV",
    {
        "EMAIL": lambda person: grouped(
            [(f"EMAIL;TYPE=INTERNET{'' if kind == 'other' else f';TYPE={kind.upper()}'}:{each}",
              "Sonstige" if kind == "other" else "") for kind, each in person.emails]
        ),
        "TEL": lambda person: grouped(
            [(f"TEL{'' if kind == 'fax' else f';TYPE={kind.upper()}'}:{each}", "Telefax" if kind == "fax" else "")
             for kind, each in person.phones], 4
        ),
        "ADR": lambda person: [
            f"ADR;TYPE={each.kind.upper()}:;;" + ";".join(map(text, (each.street, each.city, each.region, each.code,
            each.country, f"{each.street}\n{each.code} {each.city}\n{each.country}"))) for each in person.addresses
        ],
        "URL": lambda person: grouped([(f"URL:{person.url.replace(':', chr(92) + ':', 1)}", "PROFILE")],
            7) if person.url
        else [],
        "CATEGORIES": lambda person: ["CATEGORIES:" + ",".join(map(text, (*person.keywords, "myContacts")))],
    },
    fold=by_characters(75),
    shown=lambda person: {"keywords": sorted((*person.keywords, "myContacts"))},
)  # fmt: skip
GMAIL: Final = CardDialect(
    "Gmail export", "3.0", "VERSION FN N EMAIL TEL ADR ORG TITLE BDAY NOTE NICKNAME URL PHOTO CATEGORIES",
    {"PHOTO": lambda person: ["PHOTO:https://lh3.googleusercontent.com/contacts/AG6tpz"] if person.has_photo else []},
    email=lambda kind: ";TYPE=INTERNET" + (f";TYPE={kind.upper()}" if kind in ("home", "work") else ""),
    line_break=b"\n", fold=by_octets(75, b" ", b"\n"),
)  # fmt: skip
_OUTLOOK_PHONES: Final = {
    "home": "HOME;VOICE",
    "work": "WORK;VOICE",
    "cell": "CELL;VOICE",
    "fax": "WORK;FAX",
    "other": "",
}


def _photo_21(person: Person) -> Lines:
    return [f"PHOTO;TYPE=JPEG;ENCODING=BASE64:{base64_lines(PICTURE)}\r\n"] if person.has_photo else []


OUTLOOK: Final = CardDialect(
    "Outlook", "2.1",
    "VERSION N FN NICKNAME ORG TITLE NOTE TEL ADR X-MS-OL-DEFAULT-POSTAL-ADDRESS:2 URL BDAY EMAIL PHOTO "
    "X-MS-OL-DESIGN;CHARSET=utf-8:<card><img/></card> REV:20260105T081500Z",
    {
        "N": lambda person: [OUTLOOK.said("N;LANGUAGE=de", person.surname, person.given, person.middle, person.prefix,
                                          person.suffix)],
        "EMAIL": lambda person: [f"EMAIL;{'PREF;' if at == 0 else ''}INTERNET:{each}"
                                 for at, (_, each) in enumerate(person.emails)],
        "BDAY": _whole_birthday,
        "URL": lambda person: [f"URL;WORK:{person.url}"] if person.url else [],
        "PHOTO": _photo_21,
    },
    phone=lambda kind: f";{_OUTLOOK_PHONES[kind]}" if _OUTLOOK_PHONES[kind] else "",
    place=lambda kind: f";{KINDS_3[kind]};PREF", charset="utf-8", fold=unfolded,
    shown=lambda person: {"keywords": None, **({"birthday": None} if person.birthday[:2] == "--" else {})},
)  # fmt: skip
OLD_OUTLOOK: Final = CardDialect(
    "Outlook of old", "2.1", "VERSION N FN ORG TITLE TEL ADR LABEL URL BDAY EMAIL REV:20060105T081500Z",
    {
        "LABEL": lambda person: [OLD_OUTLOOK.said(f"LABEL;{KINDS_3[each.kind]}",
            f"{each.street}\n{each.code} {each.city}")
                                 for each in person.addresses],
        "EMAIL": lambda person: [f"EMAIL;INTERNET:{each}" for _, each in person.emails],
        "BDAY": _whole_birthday,
    },
    phone=lambda kind: f";{_OUTLOOK_PHONES[kind]}" if _OUTLOOK_PHONES[kind] else "",
    place=lambda kind: f";{KINDS_3[kind]}", charset="windows-1252", fold=unfolded,
    shown=lambda person: {"keywords": None, "note": None, "nickname": None, "photos": None,
                          **({"birthday": None} if person.birthday[:2] == "--" else {})},
)  # fmt: skip
OWA: Final = CardDialect(
    "Outlook on the web", "3.0",
    "PROFILE:VCARD VERSION MAILER:Microsoft~Exchange PRODID:Microsoft~Exchange FN N NICKNAME EMAIL ORG CLASS:PUBLIC "
    "ADR TEL TITLE URL NOTE X-MS-OL-DESIGN:x BDAY PHOTO CATEGORIES REV",
    {
        "BDAY": lambda person: [f"BDAY;VALUE=DATE:{person.birthday}"] if person.birthday else [],
        "URL": lambda person: [f"URL;TYPE=HOME:{person.url}"] if person.url else [],
    },
    email=lambda kind: ";TYPE=INTERNET", fold=mid_character(),
)  # fmt: skip
THUNDERBIRD: Final = CardDialect(
    "Thunderbird", "4.0",
    "VERSION EMAIL FN NICKNAME N TEL ADR ORG TITLE NOTE URL BDAY PHOTO CATEGORIES X-CUSTOM1;VALUE=TEXT:eins UID",
    {
        "EMAIL": lambda person: [
            f"EMAIL{'' if at else ';PREF=1'}{'' if kind == 'other' else f';TYPE={kind}'}:{each}"
            for at, (kind, each) in enumerate(person.emails)
        ],
        "BDAY": lambda person: _compact_birthday(person, ";VALUE=DATE"),
        "PHOTO": lambda person: [f"PHOTO;VALUE=URL:data:image/jpeg;base64,{PICTURE}"] if person.has_photo else [],
    },
    phone=lambda kind: f";TYPE={kind};VALUE=TEXT" if kind != "other" else ";VALUE=TEXT", fold=by_octets(75),
    place=lambda kind: f";TYPE={kind}",
)  # fmt: skip
EVOLUTION: Final = CardDialect(
    "Evolution", "3.0",
    "VERSION URL TITLE X-EVOLUTION-WEBDAV-ETAG:1 NICKNAME CATEGORIES X-FILE BDAY FN N ORG NOTE ADR LABEL TEL EMAIL "
    "X-MOZILLA-HTML:FALSE PHOTO REV UID",
    {
        "X-FILE": lambda person: [f"X-EVOLUTION-FILE-AS:{text(person.surname)}\\, {text(person.given)}"],
        "EMAIL": lambda person: [f"EMAIL;X-EVOLUTION-UI-SLOT={at};TYPE={KINDS_3[kind] or 'OTHER'}:{each}"
                                 for at, (kind, each) in enumerate(person.emails, 1)],
        "LABEL": lambda person: [
            f"LABEL;TYPE={each.kind}:{text(each.street)}\\n{each.city}" for each in person.addresses
        ],
        "PHOTO": lambda person: [f'PHOTO;TYPE="X-EVOLUTION-UNKNOWN";ENCODING=b:{PICTURE}'] if person.has_photo else [],
    },
    phone=lambda kind: ";TYPE=WORK;TYPE=FAX" if kind == "fax" else f';TYPE="{KINDS_3[kind]}","VOICE";X-UI-SLOT=1',
)  # fmt: skip
KADDRESSBOOK: Final = CardDialect(
    "KAddressBook", "4.0",
    "VERSION ADR BDAY CATEGORIES EMAIL FN N NICKNAME NOTE ORG PHOTO PRODID:-//KADDRESSBOOK//NONSGML~Version~5.24//EN "
    "REV:20260105T081500Z TEL TITLE UID URL X-KADDRESSBOOK-X-AssistantsName:Max",
    {
        "BDAY": _compact_birthday,
        "PHOTO": lambda person: [f"PHOTO:data:image/jpeg;base64,{PICTURE}"] if person.has_photo else [],
        "TEL": lambda person: [f'TEL;TYPE="{KINDS_3[kind].lower() or "voice"}":{each}' for kind, each in person.phones],
    },
)  # fmt: skip
DAVX5: Final = CardDialect(
    "DAVx5", "4.0",
    "VERSION PRODID:DAVx5/4.4.2-ose~ez-vcard/0.12.1 UID FN N NICKNAME TEL EMAIL ORG CATEGORIES TITLE ADR URL NOTE BDAY "
    "PHOTO REV:20260105T081500Z",
    {
        "BDAY": _compact_birthday,
        "PHOTO": lambda person: [f"PHOTO:data:image/jpeg;base64,{PICTURE}"] if person.has_photo else [],
        "TEL": lambda person: grouped([(f"TEL;TYPE={KINDS_3[kind].lower()}:{each}",
            "Durchwahl" if kind == "work" else "")
                                       for kind, each in person.phones]),
        "ADR": lambda person: [
            f'ADR;LABEL="{each.street}^n{each.code} {each.city}";TYPE={each.kind}:;;'.replace("\n", "^n")
            + ";".join(map(text, (each.street, each.city, each.region, each.code, each.country)))
            for each in person.addresses
        ],
    },
)  # fmt: skip
NEXTCLOUD: Final = CardDialect(
    "Nextcloud", "4.0",
    "VERSION PRODID:-//Nextcloud~Contacts~v5.5.3 UID FN N NICKNAME ADR EMAIL TEL ORG TITLE BDAY URL NOTE CATEGORIES "
    "PHOTO REV;VALUE=DATE-AND-OR-TIME:20260105T081500Z",
    {
        "PHOTO": lambda person: [f"PHOTO;ENCODING=b;TYPE=image/jpeg:{PICTURE}"] if person.has_photo else [],
        "BDAY": lambda person: _compact_birthday(person, ";VALUE=DATE"),
    },
    fold=by_characters(75),
)  # fmt: skip
_PHONE_21: Final = {"home": "HOME", "work": "WORK", "cell": "CELL", "fax": "WORK;FAX", "other": "VOICE"}
ANDROID: Final = CardDialect(
    "Android", "2.1", "VERSION N FN X-NICK TEL EMAIL ADR ORG TITLE URL PHOTO NOTE BDAY",
    {
        "X-NICK": lambda person: [ANDROID.said("X-ANDROID-CUSTOM", f"vnd.android.cursor.item/nickname;{person.nickname}"
                                  ";1;;;;;;;;;;;;;").replace("\\;",
                                  ";")] if person.nickname.isascii() and person.nickname
        else [],
        "BDAY": lambda person: [f"BDAY:{person.birthday}"] if person.birthday else [],
        "PHOTO": lambda person: (
            [f"PHOTO;ENCODING=BASE64;JPEG:{base64_lines(PICTURE, 70).lstrip()}\r\n"] if person.has_photo else []
        ),
    },
    email=lambda kind: f";{kind.upper()}" if kind != "other" else ";X-Sonstige",
    phone=lambda kind: f";{_PHONE_21[kind]}",
    place=lambda kind: f";{KINDS_3[kind]}", charset="utf-8", fold=unfolded,
    shown=lambda person: {"keywords": None, "nickname": None},
)  # fmt: skip
NOKIA: Final = CardDialect(
    "Nokia", "2.1", "VERSION REV:20260105T081500Z UID N FN TEL EMAIL ADR ORG TITLE NOTE BDAY URL PHOTO X-CLASS:private",
    {
        "BDAY": lambda person: [f"BDAY:{person.birthday.replace('-', '')}T000000"] if person.birthday[:2] != "--"
        and person.birthday else [],
        "PHOTO": _photo_21,
    },
    email=lambda kind: f";INTERNET;{kind.upper()}" if kind in ("home", "work") else ";INTERNET",
    phone=lambda kind: f";PREF;{_PHONE_21[kind]}", place=lambda kind: f";{KINDS_3[kind]}", charset="utf-8",
    fold=unfolded,
    shown=lambda person: {"keywords": None, "nickname": None,
                          **({"birthday": None} if person.birthday[:2] == "--" else {})},
)  # fmt: skip
SOGO: Final = CardDialect(
    "SOGo",
    "3.0",
    "UID VERSION CLASS:PUBLIC PROFILE:VCARD N FN NICKNAME TEL EMAIL ADR ORG TITLE BDAY URL NOTE CATEGORIES PHOTO",
    email=lambda kind: f";TYPE={kind},pref",
)
FASTMAIL: Final = CardDialect(
    "Fastmail",
    "3.0",
    "VERSION PRODID:-//CyrusIMAP.org/Cyrus~3.9.0//EN UID N FN NICKNAME ORG TITLE EMAIL TEL ADR BDAY NOTE URL "
    "CATEGORIES PHOTO "
    "X-ADDRESSBOOKSERVER-PHONEME-DATA:;; REV",
    {"BDAY": _apple_birthday},
    email=lambda kind: f";X-JMAP-ID=e;TYPE={kind.upper()}" if kind != "other" else "",
)
VOBJECT: Final = CardDialect(
    "khard",
    "3.0",
    "VERSION UID ADR BDAY CATEGORIES EMAIL FN N NICKNAME NOTE ORG PHOTO REV TEL TITLE URL",
    fold=by_octets(75),
)
PROTON: Final = CardDialect(
    "Proton", "4.0", "VERSION FN UID EMAILS N NICKNAME TEL ADR ORG TITLE BDAY NOTE URL PHOTO CATEGORIES",
    {
        "EMAILS": lambda person: [line for at, (_, each) in enumerate(person.emails, 1) for line in (
            f"ITEM{at}.EMAIL;PREF={at}:{each}", f"ITEM{at}.X-PM-ENCRYPT:true", f"ITEM{at}.X-PM-SIGN:true")],
        "BDAY": _compact_birthday,
        "PHOTO": lambda person: [f"PHOTO:data:image/jpeg;base64,{PICTURE}"] if person.has_photo else [],
    },
)  # fmt: skip


def writes(dialect: CardDialect, person: Person) -> bool:
    """Whether a program has characters for somebody."""
    if dialect.charset != "windows-1252":
        return True
    try:
        f"{person}".encode(dialect.charset)
    except UnicodeEncodeError:
        return False
    return True


BOOKS: Final = (
    APPLE_CONTACTS, IOS, GOOGLE, GMAIL, OUTLOOK, OLD_OUTLOOK, OWA, THUNDERBIRD, EVOLUTION, KADDRESSBOOK, DAVX5,
    NEXTCLOUD, ANDROID, NOKIA, SOGO, FASTMAIL, VOBJECT, PROTON,
)  # fmt: skip
