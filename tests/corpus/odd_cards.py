"""Cards that are unusual, old or wrong in ways that programs are known for, one trait each."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from tests.corpus.writing import File, Fold, by_octets, joined, mid_character, quoted_printable, unfolded

HUGE: Final = base64.b64encode(bytes(range(256)) * 1200).decode()
NAME: Final = ("N:Doe;Jane;;;", "FN:Jane Doe")
JANE: Final = {"full": "Jane Doe", "surname": ["Doe"], "given": ["Jane"]}


def _card(*lines: str, version: str = "3.0", fold: Fold | None = None, line_break: bytes = b"\r\n") -> bytes:
    body = ["BEGIN:VCARD", *([f"VERSION:{version}"] if version else []), *lines, "END:VCARD"]
    return joined(body, fold or by_octets(), line_break)


def _odd(name: str, *lines: str, shown: dict[str, Any] | None = None, **how: Any) -> File:
    return File("Odd", name, _card("UID:odd", *lines, **how), shown or {})


def _of(name: str, *lines: str, version: str = "3.0", **shown: Any) -> File:
    return _odd(name, *NAME, *lines, version=version, shown={**JANE, **shown})


def _lines() -> Iterator[File]:
    long = "Große Straße – 東京 – " * 12
    yield _odd("mid-character", *NAME, f"NOTE:{long}", fold=mid_character(41), shown={**JANE, "note": long})
    yield _odd("bare-lf", *NAME, f"NOTE:{long}", fold=by_octets(75, b" ", b"\n"), line_break=b"\n",
               shown={**JANE, "note": long})  # fmt: skip
    yield _odd("bare-cr", *NAME, "NOTE:Old Mac", fold=unfolded, line_break=b"\r", shown={**JANE, "note": "Old Mac"})
    yield File("Odd", "byte-order-mark", b"\xef\xbb\xbf" + _card("UID:odd", *NAME), JANE)
    yield File("Odd", "empty-lines", _card("UID:odd", *NAME).replace(b"\r\n", b"\r\n\r\n"), JANE)
    yield _odd("no-version", *NAME, version="", shown=JANE)
    yield _odd("lower-case", "n:Doe;Jane;;;", "fn:Jane Doe", "email;type=home:j@example.com",
               shown={**JANE, "emails": ["j@example.com"]})  # fmt: skip
    yield _odd("late-version", *NAME, "VERSION:3.0", version="", shown=JANE)
    yield _of("huge-photo", f"PHOTO;ENCODING=b;TYPE=JPEG:{HUGE}", photos=1)
    yield _of("everything-escaped", r"NOTE:A\, B\; C\\ D\n\"E\" \: F\N", note='A, B; C\\ D\n"E" : F\n')
    yield _of("unescaped", "NOTE:A, B; C: D", "ORG:Smith, Jones & Co", note="A, B; C: D", company="Smith, Jones & Co")
    yield _of("empty-values", "TEL:", "EMAIL;TYPE=HOME:", "ADR:;;;;;;", "ORG:;", "URL:", "BDAY:", "NOTE:", "PHOTO:",
        "TITLE:",
              emails=[], phones=[], cities=[])  # fmt: skip
    yield _of("without-uid")
    yield _of("duplicates", "NOTE:One", "NOTE:Two", "BDAY:1970-01-01", "BDAY:1971-01-01", "REV:20260101T000000Z",
              "REV:20260102T000000Z", note="One", birthday="1970-01-01")  # fmt: skip
    yield _odd("two-names", "N:Doe;Jane;;;", "N:Roe;Joan;;;", "FN:Jane Doe", "FN:Joan Roe", shown={"full": "Jane Doe"})
    yield _odd("name-of-two-parts", "N:Doe;Jane", "FN:Jane Doe", shown=JANE)
    yield _odd("name-of-one-part", "N:Doe", "FN:Jane Doe", shown={"full": "Jane Doe", "surname": ["Doe"]})
    yield _odd("name-of-nothing", "N:;;;;", "FN:", "ORG:Acme", shown={"company": "Acme"})
    yield _odd("no-name", "EMAIL:x@example.com", shown={"emails": ["x@example.com"]})


def _of_old() -> Iterator[File]:
    soft = quoted_printable("Müller;Jörg;;;").replace("J=C3", "J=\r\n=C3")
    yield _odd("soft-breaks", f"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{soft}",
               "FN;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=F6rg M=\r\n=FCller", version="2.1", fold=unfolded,
               shown={"full": "Jörg Müller", "surname": ["Müller"], "given": ["Jörg"]})  # fmt: skip
    yield _odd("shift-jis", "N;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8E=52=93=63;=91=BE=98=59;;;",
               "FN;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=8E=52=93=63 =91=BE=98=59", version="2.1", fold=unfolded,
               shown={"full": "山田 太郎", "surname": ["山田"], "given": ["太郎"]})  # fmt: skip
    yield _odd("agent", *NAME, "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "N:Friday;Fred",
        "TEL;WORK;VOICE:+1-213-555-1234",
               "END:VCARD", version="2.1", fold=unfolded, shown=JANE)  # fmt: skip
    yield _odd("quoted-printable-in-3", "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:J=C3=B6rg", "N:Lang;;;;",
               shown={"full": "Jörg"})  # fmt: skip
    yield _of("charset-in-3", "NOTE;CHARSET=UTF-8:Grüße", note="Grüße")
    yield _of("base64-in-3", "PHOTO;ENCODING=BASE64;TYPE=JPEG:/9j/4AAQSkZJRg==", photos=1)
    yield _of("photo-by-url", "PHOTO;VALUE=URI;TYPE=GIF:http://www.example.com/pub/photos/jqpublic.gif", photos=1)
    yield _odd("types-alone", *NAME, "TEL;HOME;PREF;MSG;CELL:0100", "EMAIL;INTERNET;PREF:j@example.com",
        "LABEL;DOM;POSTAL:X",
               version="2.1", fold=unfolded, shown={**JANE, "phones": ["0100"],
               "emails": ["j@example.com"]})  # fmt: skip
    yield _of("messengers", "X-AIM;TYPE=HOME:jane", "X-JABBER:jane@jabber.example", "X-SKYPE-USERNAME:jane.d",
              "IMPP;X-SERVICE-TYPE=Skype;TYPE=HOME:skype:jane.d", "X-ICQ:123",
              "X-GOOGLE-TALK:j@example.com")  # fmt: skip
    yield _of("relatives", "X-SPOUSE:John", "X-EVOLUTION-SPOUSE:John", "X-EVOLUTION-MANAGER:Max", "X-ASSISTANT:Al",
              "X-EVOLUTION-ANNIVERSARY:2001-02-03", "X-ANNIVERSARY:2001-02-03", "X-MANAGER:Mia")  # fmt: skip
    yield _of("sounds", "X-PHONETIC-FIRST-NAME:Jayne", "X-PHONETIC-LAST-NAME:Dough", "SOUND;X-IRMC-N:Dough;Jayne",
              "SORT-STRING:Doe")  # fmt: skip


def _of_new() -> Iterator[File]:
    yield _odd("group", "KIND:group", "FN:Choir", "MEMBER:urn:uuid:1", "MEMBER:mailto:a@example.com", version="4.0",
               shown={"full": "Choir", "kind": "group",
               "members": {"urn:uuid:1": True, "mailto:a@example.com": True}})  # fmt: skip
    yield _odd("group-of-apple", "N:Choir", "FN:Choir", "X-ADDRESSBOOKSERVER-KIND:group",
               "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:2",
               shown={"full": "Choir", "kind": "group",
               "members": {"urn:uuid:1": True, "urn:uuid:2": True}})  # fmt: skip
    yield _of("all-of-4", "GENDER:F;whatever", "LANG;PREF=1:fr", "TZ:Europe/Paris", "GEO:geo:48.2,16.3",
        "CALURI:https://x/c",
              "CALADRURI:mailto:j@example.com", "FBURL;PREF=1:https://x/f", "KEY:data:application/pgp-keys;base64,AA==",
              "RELATED;TYPE=friend:urn:uuid:2", "RELATED;VALUE=text:Old friend", "IMPP:xmpp:j@example.com", "ROLE:Boss",
              "LOGO:https://x/l.png", "SOUND:https://x/s.ogg", "SOURCE:https://x/c.vcf", "XML:<a xmlns='x'/>", "NOTE:n",
              "CLIENTPIDMAP:1;urn:uuid:53e374d9", "EMAIL;PID=1.1;PREF=1:j@example.com",
              "ANNIVERSARY:20090808T1430-0500",
              "DEATHDATE:19960415", "BIRTHPLACE:Rome", "HOBBY;LEVEL=high:rowing", "EXPERTISE;LEVEL=expert:rust",
              "CONTACT-URI:https://x/form", "ORG-DIRECTORY:ldap://x/", version="4.0",
              emails=["j@example.com"])  # fmt: skip
    yield _of("languages", "TITLE;ALTID=1;LANGUAGE=de:Chefin", "TITLE;ALTID=1;LANGUAGE=fr:Cheffe", "LANGUAGE:de",
              version="4.0", title="Chefin")  # fmt: skip
    yield _of("of-rfc-9554", "PRONOUNS;PREF=1:she/her", "GRAMGENDER:feminine", "CREATED:20260101T000000Z",
              "SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://m.example/@j",
              'ADR;JSCOMPS="s,\\, ;10;s, ;11;3";PROP-ID=a:;;'
              "54321 Oak St;Reston;;;;;;;54321;Oak St;;;;;;", "NOTE;AUTHOR-NAME=Bob;CREATED=20260101T000000Z:n",
              version="4.0", cities=["Reston"])  # fmt: skip
    yield _of("numbers", "TEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+1-555-0100;ext=5",
        "TEL;TYPE=home,fax:+1 555 0101",
              "TEL;TYPE=TEXTPHONE;TYPE=x-foo:0102", version="4.0")  # fmt: skip
    yield _of("labels-of-apple", "item1.TEL:0100", "item1.X-ABLabel:_$!<Main>!$_",
        "item2.X-ABDATE;type=pref:2010-06-05",
              "item2.X-ABLabel:_$!<Anniversary>!$_", "item3.X-ABRELATEDNAMES:Jan", "item3.X-ABLabel:_$!<Spouse>!$_",
              "item4.URL:https://a.example/", "item4.X-ABLabel:Blog", "item5.X-ABLabel:of nothing",
              "X-SOCIALPROFILE;type=twitter;x-user=jd:https://twitter.com/jd", url="https://a.example/",
              phones=["0100"])  # fmt: skip
    yield _of("address-in-one", "ADR;TYPE=HOME:;;;;;;;1 Main St\\nTown",
        "ADR;TYPE=WORK;LABEL=All of it:;;2 High St;City;;;",
              cities=["City"])  # fmt: skip
    yield _of("days", "BDAY;VALUE=text:circa 1800", "ANNIVERSARY:20090808")
    yield _of("bad-parameters", "EMAIL;TYPE=:a@example.com", "TEL;=x;;TYPE=\"home:0100", "X-ODD;A;B=;C=\"d\":e",
              emails=["a@example.com"])  # fmt: skip


def files() -> list[File]:
    """All of them."""
    return [*_lines(), *_of_old(), *_of_new()]
