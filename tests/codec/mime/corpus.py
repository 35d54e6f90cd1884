"""Awkward messages, made from small parts, each with what is expected of it. ``samples()`` gives them all.

Expectations: ``types`` of all parts in order, ``subject``, ``to``, ``sentAt``, ``messageId``, ``text`` (value of the
first textBody part), ``html``, ``names`` of attachments, ``offered`` (hasAttachment), ``sizes`` of leaves, ``problem``,
``preview``, ``count`` of parts.
"""

from __future__ import annotations

import base64
import binascii
import quopri
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import attrs


@attrs.frozen
class Sample:
    """A message and what is expected of it; what is not named is not looked at."""

    name: str
    raw: bytes
    expected: dict[str, Any]


def lines(*texts: str | bytes) -> bytes:
    """With CRLF behind each."""
    return b"".join((text.encode() if isinstance(text, str) else text) + b"\r\n" for text in texts)


def single(fields: bytes, body: bytes = b"Hello\r\n") -> bytes:
    """A message of one part."""
    return lines("From: a@example.org", "Date: Mon, 1 Jan 2024 10:00:00 +0100") + fields + b"\r\n" + body


def multipart(kind: str, *parts: bytes, boundary: str = "b1", head: bytes = b"", tail: bytes = b"") -> bytes:
    """An entity of several."""
    inside = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    ending = tail or b"--" + boundary.encode() + b"--\r\n"
    return head + lines(f'Content-Type: multipart/{kind}; boundary="{boundary}"', "") + inside + ending


def part(kind: str, body: bytes, *fields: str | bytes) -> bytes:
    """An entity."""
    return lines(f"Content-Type: {kind}", *fields, "") + body


def attached(kind: str, name: str, body: bytes = b"data", *fields: str) -> bytes:
    """A file in base64."""
    return part(
        kind,
        base64.encodebytes(body),
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
        *fields,
    )


TEXT = part("text/plain", b"plain words")
HTML = part("text/html", b"<p>html words</p>")

TEXTS = {
    "utf-8": "Grüße, 世界, привет",
    "UTF8": "naïve",
    "iso-8859-1": "Grüße",
    "ISO-8859-2": "Zażółć",
    "iso-8859-5": "привет",
    "iso-8859-7": "Καλημέρα",
    "iso-8859-8-i": "שלום",
    "iso-8859-9": "İstanbul",
    "iso-8859-15": "20 €",
    "windows-1250": "Příliš žluťoučký",
    "windows-1251": "Съешь ещё",
    "windows-1252": "“quoted” – 5 €",
    "windows-1253": "Ελλάδα",
    "windows-1254": "ışık",
    "windows-1255": "עברית",
    "windows-1256": "سلام",
    "windows-1257": "žąsis",
    "windows-1258": "Viêt",
    "koi8-r": "русский текст",
    "KOI8-U": "їжак",
    "ks_c_5601-1987": "한국어",
    "euc-kr": "안녕하세요",
    "gb2312": "简体中文",
    "gbk": "漢字",
    "gb18030": "𠀀字",
    "hz-gb-2312": "你好",
    "big5": "繁體中文",
    "Shift_JIS": "日本語①",
    "euc-jp": "日本語",
    "iso-2022-jp": "日本語のメール",
    "iso-2022-kr": "한글",
    "tis-620": "ภาษาไทย",
    "windows-874": "ไทย",
    "macintosh": "café",
    "x-mac-cyrillic": "Привет",
    "utf-7": "Grüße 1+1",
    "unicode-1-1-utf-7": "日本",
    "utf-16": "sixteen ü",
    "utf-16le": "little",
    "utf-16be": "big",
    "utf-32": "32 bits",
    "cp850": "über",
    "ibm437": "façade",
    "us-ascii": "plain",
    "ansi_x3.4-1968": "plain",
}
CODECS = {
    "iso-8859-8-i": "iso8859_8",
    "ks_c_5601-1987": "cp949",
    "hz-gb-2312": "hz",
    "Shift_JIS": "cp932",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
    "unicode-1-1-utf-7": "utf_7",
    "ansi_x3.4-1968": "ascii",
}


def _charsets() -> Iterator[Sample]:
    for label, text in TEXTS.items():
        octets = text.encode(CODECS.get(label, label))
        for encoding, encoded in (("base64", base64.encodebytes(octets)), ("8bit", octets)):
            fields = lines(f"Content-Type: text/plain; charset={label}", f"Content-Transfer-Encoding: {encoding}")
            yield Sample(f"charset {label} {encoding}", single(fields, encoded), {"text": text, "problem": False})
        if "utf-16" not in label and "utf-32" not in label:
            word = f"Subject: =?{label}?B?{base64.b64encode(octets).decode()}?="
            yield Sample(f"charset {label} in subject", single(lines(word)), {"subject": text})
            name = f"Content-Disposition: attachment; filename*={label}''{quote_from_bytes(octets)}"
            yield Sample(f"charset {label} in a name", single(lines(name)), {"names": [text]})
    for label, octets, text, problem in (
        ("x-unknown", b"plain", "plain", True),
        ("x-unknown", "grün".encode(), "grün", True),
        ("x-unknown", b"gr\xfcn", "grün", True),
        ("rot13", b"uryyb", "uryyb", True),
        ("base64", b"aGk=", "aGk=", True),
        ("unicode_escape", b"\\u0041", "\\u0041", True),
        ("idna", b"xn--a", "xn--a", True),
        ("utf-8", b"gr\xfcn", "gr\ufffdn", True),
        ("us-ascii", "grün".encode(), "grün", False),
        ("us-ascii", b"gr\xfcn", "grün", True),
        ("utf-7", b"+2AA-x", "\ufffdx", True),
        ("iso-8859-1", b"\x93x\x94", "“x”", False),
        ("windows-1252", b"\x81x", "\ufffdx", True),
        ("a" * 5000, b"x", "x", True),
        ('"utf-8', "ü".encode(), "ü", False),
        ("'utf-8'", "ü".encode(), "ü", False),
        ("utf-8 (Unicode)", "ü".encode(), "ü", False),
    ):
        fields = lines(f"Content-Type: text/plain; charset={label}")
        yield Sample(f"charset {label[:20]} {octets!r}", single(fields, octets), {"text": text, "problem": problem})


def _encodings() -> Iterator[Sample]:
    tables: list[tuple[str, bytes, str, bool]] = [
        ("7bit", b"seven", "seven", False),
        ("8bit", "eigh†".encode(), "eigh†", False),
        ("binary", b"bin\r\nary", "bin\nary", False),
        ("", b"none", "none", False),
        ("BASE64", base64.encodebytes(b"upper"), "upper", False),
        ("base64", b"aGVs\r\nbG8=\r\n", "hello", False),
        ("base64", b"aGVsbG8", "hello", False),
        ("base64", b"aGVsbG8=garbage!", "hello\x81\xaa\xdb\xa0\x07", True),
        ("base64", b"aGVs\x00bG8=", "hello", False),
        ("base64", b"aGVs*bG8=", "hello", False),
        ("base64", b"aGVsbG8=\r\nIQ==\r\n", "hello!", False),
        ("base64", b"a", "", False),
        ("base64", b"====", "", False),
        ("base64", b"", "", False),
        ("quoted-printable", b"a=3Db=\r\nc", "a=bc", False),
        ("quoted-printable", b"a=3db", "a=b", False),
        ("quoted-printable", b"a=zz", "a=zz", False),
        ("quoted-printable", b"trailing \t \r\nnext", "trailing\nnext", False),
        ("quoted-printable", b"soft= \r\nbreak", "softbreak", False),
        ("quoted-printable", b"lf=\nonly", "lfonly", False),
        ("quoted-printable", b"cr=\ronly", "cronly", False),
        ("quoted-printable", b"end=", "end", False),
        ("quoted-printable", b"==3D", "=3D", False),
        ("Quoted_Printable", b"=41", "A", False),
        ("quoted-printable (yes)", b"=41", "A", False),
        ('"base64"', b"QQ==", "A", False),
        ("base64; x=y", b"QQ==", "A", False),
        ("x-uuencode", b"begin 644 f\r\n#0V%T\r\n`\r\nend\r\n", "Cat", False),
        ("uuencode", b"noise\nbegin 644 f\n#0V%T\n`\nend\nnoise", "Cat", False),
        ("x-uue", b"nothing", "nothing", False),
        ("x-uuencode", b"begin 644 f\n#0V%\n", "Ca@", False),
        ("x-unknown", b"as it is", "as it is", True),
        ("x-yenc", b"=ybegin", "=ybegin", True),
    ]
    for encoding, body, text, problem in tables:
        field = lines(f"Content-Transfer-Encoding: {encoding}") if encoding else b""
        expected: dict[str, Any] = {"problem": problem}
        if "\x81" not in text and "@" not in text:
            expected["text"] = text
        yield Sample(f"encoding {encoding} {body[:20]!r}", single(field, body), expected)
    everything = bytes(range(256)) * 300
    for encoding, octets in (
        ("base64", base64.encodebytes(everything)),
        ("base64", base64.b64encode(everything)),
        ("quoted-printable", quopri.encodestring(everything)),
        ("binary", everything),
        ("x-uuencode", b"begin 600 all\n" + b"".join(_uu(everything)) + b"`\nend\n"),
    ):
        fields = lines("Content-Type: application/x-all", f"Content-Transfer-Encoding: {encoding}")
        expected = {"types": ["application/x-all"], "names": [None], "offered": True}
        yield Sample(
            f"all octets in {encoding} {len(octets)}", single(fields, octets), expected | {"sizes": [len(everything)]}
        )


def _uu(octets: bytes) -> list[bytes]:
    return [binascii.b2a_uu(octets[at : at + 45]) for at in range(0, len(octets), 45)]


def _subjects() -> Iterator[Sample]:
    for raw, text in {
        " plain": "plain",
        "plain": "plain",
        "\tx": "x",
        " a\r\n b": "a b",
        " a\r\n\tb": "a\tb",
        " \r\n a": "a",
        " a  b": "a  b",
        " =?utf-8?q?gr=C3=BCn?=": "grün",
        " =?UTF-8?Q?gr=c3=bcn?=": "grün",
        " =?utf-8?q?a?= =?utf-8?q?b?=": "ab",
        " =?utf-8?q?a?=\r\n =?iso-8859-1?q?=FC?=": "aü",
        " =?utf-8?q?a?= b =?utf-8?q?c?=": "a b c",
        " =?utf-8?q?a_b?=": "a b",
        " =?utf-8?b?4pyT?=": "✓",
        " =?utf-8?b?4py?= =?utf-8?b?kw==?=": "�\u0013",
        " =?utf-8?q?=E2=9C?= =?utf-8?q?=93?=": "✓",
        " =?us-ascii*en?q?language?=": "language",
        " =?utf-8?b?YQ?=": "a",
        " =?utf-8?b?YQ==YQ==?=": "aa",
        " =?utf-8?x?a?=": "=?utf-8?x?a?=",
        " =?nonsense?q?a?=": "=?nonsense?q?a?=",
        " x=?utf-8?q?a?=": "x=?utf-8?q?a?=",
        " =?utf-8?q?a?=x": "=?utf-8?q?a?=x",
        " =?utf-8?q?a?==?utf-8?q?b?=": "=?utf-8?q?a?==?utf-8?q?b?=",
        " =?utf-8?q?a b?=": "=?utf-8?q?a b?=",
        ' "=?utf-8?q?a?="': '"=?utf-8?q?a?="',
        " =?utf-8?q??=": "",
        " =?utf-8?q?a": "=?utf-8?q?a",
        " =?utf-8?q": "=?utf-8?q",
        " =?": "=?",
        " =?utf-8?q?=00=07a=0A?=": "a",
        " =?utf-8?q?u=CC=88?=": "ü",
        " =?utf-8?q?=FF?=": "�",
        " =?utf-8?q?=G1?=": "=G1",
        " grün": "grün",
        " u\u0308": "ü",
        " a\0b": "ab",
        "": "",
        "   ": "",
    }.items():
        expected = {"subject": text} if text != "�\u0013" else {}
        yield Sample(f"subject {raw!r}", single(b"Subject:" + raw.encode() + b"\r\n"), expected)
    for octets, text in ((b"gr\xfcn", "gr�n"), (b"\xff\xfe", "��"), (b"\xc3\xbc\xfc", "ü�")):
        yield Sample(f"subject {octets!r}", single(b"Subject: " + octets + b"\r\n"), {"subject": text})
    yield Sample("last subject counts", single(lines("Subject: a", "SUBJECT: b")), {"subject": "b"})
    yield Sample("blanks before the colon", single(lines("Subject  : a")), {"subject": "a"})
    yield Sample("subject of 1 MB", single(lines("Subject: " + "word " * 200_000)), {"subject": "word " * 200_000})
    yield Sample("subject of 100,000 folds", single(lines("Subject: x" + "\r\n y" * 100_000)), {})
    yield Sample(
        "subject of 20,000 words", single(lines("Subject: " + "=?utf-8?q?x?= " * 20_000)), {"types": ["text/plain"]}
    )


def _people() -> Iterator[Sample]:
    one = "a@example.org"
    for raw, expected in {
        one: [(None, one)],
        f"<{one}>": [(None, one)],
        f"A <{one}>": [("A", one)],
        f'"A B" <{one}>': [("A B", one)],
        f'"A \\"B\\"" <{one}>': [('A "B"', one)],
        f'"A, B" <{one}>, c@d': [("A, B", one), (None, "c@d")],
        f"A B <{one}>": [("A B", one)],
        f"A. B. C <{one}>": [("A. B. C", one)],
        f"{one} (A B)": [("A B", one)],
        f"{one} (A (nested) B)": [("A (nested) B", one)],
        f"(before) {one}": [("before", one)],
        f"A (comment) <{one}>": [("A", one)],
        f"=?utf-8?q?J=C3=BCrgen?= <{one}>": [("Jürgen", one)],
        f"=?utf-8?q?J=C3=BCrgen?= =?utf-8?q?_X?= <{one}>": [("Jürgen X", one)],
        f"=?utf-8?q?Smith,_J?= <{one}>": [("Smith, J", one)],
        f'"=?utf-8?q?J?=" <{one}>': [("=?utf-8?q?J?=", one)],
        f"Jürgen <{one}>": [("Jürgen", one)],
        "jürgen@grün.example": [(None, "jürgen@grün.example")],
        "A <@x,@y:a@b>": [("A", "a@b")],
        "<@x:a@b>": [(None, "a@b")],
        "a . b @ c . d": [(None, "a.b@c.d")],
        "A <a @ b>": [("A", "a@b")],
        '"a b"@c': [(None, '"a b"@c')],
        "a@[127.0.0.1]": [(None, "a@[127.0.0.1]")],
        "a@[IPv6:::1]": [(None, "a@[IPv6:::1]")],
        "<a@[IPv6:::1]>": [(None, "a@[IPv6:::1]")],
        "A <a@b": [("A", "a@b")],
        "A <a@b, c@d": [("A", "a@b"), (None, "c@d")],
        "a@b; c@d": [(None, "a@b"), (None, "c@d")],
        "a@b c@d": [(None, "a@b"), (None, "c@d")],
        "<a@b> A": [("A", "a@b")],
        "A <a@b> B, c@d": [("A", "a@b"), (None, "c@d")],
        "A <a@b> B <c@d>": [("A", "a@b"), ("B", "c@d")],
        "<a@b> c@d": [(None, "a@b"), (None, "c@d")],
        "A B a@b": [("A B", "a@b")],
        "a@b,,c@d,": [(None, "a@b"), (None, "c@d")],
        "mailto:a@b": [(None, "a@b")],
        "<mailto:a@b>": [(None, "a@b")],
        "A <a@b> <c@d>": [("A", "a@b"), (None, "c@d")],
        "<<a@b>>": [(None, "a@b")],
        "a@b>": [(None, "a@b")],
        "undisclosed-recipients:;": [],
        "G: a@b, C <c@d>;": [(None, "a@b"), ("C", "c@d")],
        "G: a@b; c@d": [(None, "a@b"), (None, "c@d")],
        "G: a@b": [(None, "a@b")],
        "just a name": [(None, "just a name")],
        '"unfinished': [(None, "unfinished")],
        "(unfinished": [],
        "A <": [("A", "")],
        "<>": [],
        "": [],
        ",": [],
        "A\r\n B\r\n <a@b>": [("A B", "a@b")],
        '"A\r\n B" <a@b>': [("A B", "a@b")],
        "A\0 <a@b>": [("A", "a@b")],
        "\\": [(None, "\\")],
    }.items():
        shown = [{"name": name, "email": email} for name, email in expected]
        yield Sample(f"to {raw!r}", single(b"To: " + raw.encode() + b"\r\n"), {"to": shown})
    yield Sample("to in latin-1", single(b"To: J\xfcrgen <a@b>\r\n"), {"to": [{"name": "J�rgen", "email": "a@b"}]})
    many = ", ".join(f"N{number} <n{number}@example.org>" for number in range(10_000))
    shown = [{"name": f"N{number}", "email": f"n{number}@example.org"} for number in range(10_000)]
    yield Sample("to 10,000 people", single(lines(f"To: {many}")), {"to": shown})
    for character in '"(<[,;:\\=@.':
        yield Sample(f"to 50,000 {character}", single(lines("To: " + character * 50_000)), {"types": ["text/plain"]})


def _dates() -> Iterator[Sample]:
    for raw, date in {
        "Mon, 1 Jan 2024 10:00:00 +0100": "2024-01-01T10:00:00+01:00",
        "1 Jan 2024 10:00:00 +0000": "2024-01-01T10:00:00Z",
        "1 Jan 2024 10:00 -0530": "2024-01-01T10:00:00-05:30",
        "Mon, 01 Jan 24 10:00:00 GMT": "2024-01-01T10:00:00Z",
        "Fri, 21 Nov 97 09:55:06 -0600": "1997-11-21T09:55:06-06:00",
        "21 Nov 1997 09(comment):   55  :  06 -0600": "1997-11-21T09:55:06-06:00",
        "Thu, 13 Feb 1969 23:32:54 -0330 (Newfoundland Time)": "1969-02-13T23:32:54-03:30",
        "Mon, 1 Jan 2024 10:00:00 EST": "2024-01-01T10:00:00-05:00",
        "Mon, 1 Jan 2024 10:00:00 PDT": "2024-01-01T10:00:00-07:00",
        "Mon, 1 Jan 2024 10:00:00 K": "2024-01-01T10:00:00Z",
        "Mon, 1 Jan 2024 10:00:00 -0000": "2024-01-01T10:00:00Z",
        "Mon, 1 Jan 2024 10:00:00": "2024-01-01T10:00:00Z",
        "Mon, 1 Jan 2024 10:00:00 +0200 (CEST)": "2024-01-01T10:00:00+02:00",
        "Mon, 1 Jan 2024 10:00:00 GMT+0200": "2024-01-01T10:00:00+02:00",
        "Mon, 1 Jan 2024 10:00:00 +02:00": "2024-01-01T10:00:00+02:00",
        "Mon,1 Jan 2024 10:00:00 +0100": "2024-01-01T10:00:00+01:00",
        "Monday, 1 January 2024 10:00:00 +0100": "2024-01-01T10:00:00+01:00",
        "Mon Jan  1 10:00:00 2024": "2024-01-01T10:00:00Z",
        "1-Jan-2024 10:00:00 +0100": "2024-01-01T10:00:00+01:00",
        "2024-01-01T10:00:00+01:00": "2024-01-01T10:00:00+01:00",
        "2024-01-01 10:00:00 +0100": "2024-01-01T10:00:00+01:00",
        "Sat, 30 Dec 2023 23:59:60 +0000": "2023-12-30T23:59:59Z",
        "Thu, 29 Feb 2024 00:00:00 +0000": "2024-02-29T00:00:00Z",
        "Wed, 29 Feb 2023 00:00:00 +0000": None,
        "Mon, 32 Jan 2024 10:00:00 +0000": None,
        "Mon, 1 Foo 2024 10:00:00 +0000": None,
        "Mon, 1 Jan 2024 25:00:00 +0000": None,
        "Mon, 1 Jan 2024 10:61:00 +0000": None,
        "Mon, 1 Jan 2024 10:00:00 +9999": None,
        "1 Jan 0000 10:00:00 +0000": None,
        "yesterday": None,
        "": None,
        "((((((((": None,
        "9" * 10_000: None,
    }.items():
        head = lines("From: a@example.org", f"Date: {raw}", "")
        yield Sample(f"date {raw[:60]}", head + b"x", {"sentAt": date})
    yield Sample("no date", lines("From: a@example.org", "", "x"), {"sentAt": None, "text": "x\n"})


def _identifiers() -> Iterator[Sample]:
    for raw, found in {
        "<a@b>": ["a@b"],
        "<a@b> (comment <c@d>)": ["a@b"],
        "<a\r\n @b>": ["a@b"],
        "a@b": ["a@b"],
        "<no-at>": ["no-at"],
        "text": None,
        "": None,
        "<>": None,
        "<a@b": None,
        "[": None,
        '<"quoted local"@b>': ['"quotedlocal"@b'],
        '"phrase" <a@b>': ["a@b"],
    }.items():
        yield Sample(f"message id {raw!r}", single(lines(f"Message-ID: {raw}")), {"messageId": found})


def _names() -> Iterator[Sample]:
    for raw, name in {
        'attachment; filename="a.txt"': "a.txt",
        "attachment; filename=a.txt": "a.txt",
        "attachment; filename=a b.txt": "a b.txt",
        "attachment; filename=a (1).txt": "a (1).txt",
        "attachment; filename=a.txt (comment)": "a.txt",
        'attachment; filename="a;b.txt"': "a;b.txt",
        'attachment; filename="a \\"b\\".txt"': 'a "b".txt',
        'attachment; filename="a.txt': "a.txt",
        'ATTACHMENT; FILENAME="a.txt"': "a.txt",
        "attachment;filename=a.txt;": "a.txt",
        "attachment ; filename = a.txt ; size=3": "a.txt",
        "attachment; filename*=utf-8''gr%C3%BCn.txt": "grün.txt",
        "attachment; filename*=UTF-8'de'gr%c3%bcn.txt": "grün.txt",
        "attachment; filename*=iso-8859-1''gr%FCn.txt": "grün.txt",
        "attachment; filename*=''a%20b": "a b",
        "attachment; filename*=a%20b": "a b",
        "attachment; filename*=utf-8''%": "%",
        "attachment; filename=plain.txt; filename*=utf-8''ext%20ended.txt": "ext ended.txt",
        "attachment; filename*0=a; filename*1=b.txt": "ab.txt",
        "attachment; filename*1=b.txt; filename*0=a": "ab.txt",
        "attachment; filename*0*=utf-8''gr%C3; filename*1*=%BCn; filename*2=.txt": "grün.txt",
        "attachment; filename*0*=utf-8''a; filename*2*=c": "a",
        "attachment; filename*00=a; filename*01=b": "ab",
        'attachment; filename="=?utf-8?q?gr=C3=BCn.txt?="': "grün.txt",
        'attachment; filename="=?utf-8?q?gr?= =?utf-8?q?=C3=BCn?="': "grün",
        'attachment; filename="=?utf-8?q?a b?="': "a b",
        "attachment; filename==?utf-8?b?4pyT?=": "✓",
        'attachment; filename="grün.txt"': "grün.txt",
        'attachment;\r\n filename="a.txt"': "a.txt",
        'attachment; filename="a\r\n b.txt"': "a b.txt",
        'attachment; filename="a\0.txt"': "a.txt",
        'attachment; filename=""': None,
        "attachment; filename": None,
        "attachment; filename=": None,
        "attachment": None,
        "": None,
        ";": None,
        '; filename="a"': "a",
        "attachment; filename*=x-unknown''abc": "abc",
        "attachment; " + "x=y; " * 5000: None,
        "attachment; " + "filename*0=" * 5000: "filename*0=" * 181 + "filename*",
    }.items():
        field = b"Content-Disposition: " + raw.encode() + b"\r\n"
        kind = b"Content-Type: application/x-thing\r\n"
        yield Sample(f"name {raw[:70]!r}", single(kind + field), {"names": [name]})
    latin = b'Content-Disposition: attachment; filename="gr\xfcn"\r\n'
    yield Sample("name in latin-1", single(latin), {"names": ["gr�n"]})
    named = lines('Content-Type: image/png; name="=?utf-8?q?=C3=BC?="', "Content-Disposition: attachment")
    yield Sample("name of the type", single(named), {"names": ["ü"]})


def _structures() -> Iterator[Sample]:
    start = lines("From: a@example.org", "MIME-Version: 1.0")
    pdf, png = attached("application/pdf", "x.pdf"), part("image/png", b"p", "Content-ID: <p@x>")
    plain = {"text": "plain words", "html": "plain words", "names": [], "offered": False}
    both = {"text": "plain words", "html": "<p>html words</p>", "preview": "plain words"}
    related = multipart("related", HTML, png, boundary="r")
    tables: list[tuple[str, bytes, dict[str, Any]]] = [
        ("mixed of one", multipart("mixed", TEXT), plain),
        ("mixed with a file", multipart("mixed", TEXT, pdf), plain | {"names": ["x.pdf"], "offered": True}),
        ("alternative", multipart("alternative", TEXT, HTML), both | {"names": [], "offered": False}),
        ("alternative, turned round", multipart("alternative", HTML, TEXT), both),
        (
            "alternative of HTML",
            multipart("alternative", HTML),
            {"text": "<p>html words</p>", "html": "<p>html words</p>"},
        ),
        ("alternative of text", multipart("alternative", TEXT), plain),
        ("related", related, {"html": "<p>html words</p>", "names": [None], "offered": False, "preview": "html words"}),
        (
            "alternative with related",
            multipart("alternative", TEXT, related),
            both | {"names": [None], "offered": False},
        ),
        (
            "mixed, alternative, related, file",
            multipart("mixed", multipart("alternative", TEXT, related, boundary="alt"), pdf),
            both | {"names": [None, "x.pdf"], "offered": True},
        ),
        (
            "report",
            multipart("report; report-type=delivery-status", TEXT, part("message/delivery-status", b"a: b")),
            plain | {"names": [None]},
        ),
        (
            "calendar",
            multipart("alternative", TEXT, HTML, part("text/calendar; method=REQUEST", b"BEGIN:VCALENDAR")),
            both | {"names": [None], "offered": False},
        ),
        (
            "calendar file",
            multipart("mixed", TEXT, attached("text/calendar", "i.ics")),
            {"names": ["i.ics"], "offered": True},
        ),
        (
            "S/MIME signed",
            multipart("signed; micalg=sha256", TEXT, attached("application/pkcs7-signature", "smime.p7s")),
            plain | {"names": ["smime.p7s"]},
        ),
        (
            "S/MIME encrypted",
            attached("application/pkcs7-mime; smime-type=enveloped-data", "smime.p7m"),
            {"offered": True},
        ),
        (
            "PGP signed",
            multipart("signed; micalg=pgp-sha256", TEXT, part("application/pgp-signature", b"-----BEGIN")),
            plain | {"names": [None]},
        ),
        (
            "PGP encrypted",
            multipart(
                "encrypted",
                part("application/pgp-encrypted", b"Version: 1"),
                part("application/octet-stream", b"-----BEGIN PGP MESSAGE-----"),
            ),
            {"names": [None, None], "offered": True},
        ),
        (
            "PGP inline",
            part("text/plain", b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nhi\r\n"),
            {"offered": False},
        ),
        ("flowed", part("text/plain; format=flowed; delsp=yes", b"a \r\nb\r\n"), {"text": "a \nb\n"}),
        (
            "uuencoded body",
            part("text/plain", b"see\r\nbegin 644 f\r\n#0V%T\r\n`\r\nend\r\n"),
            {"types": ["text/plain"]},
        ),
        (
            "digest",
            multipart("digest", b"\r\nSubject: a\r\n\r\nx", b"\r\nSubject: b\r\n\r\ny"),
            {"types": ["multipart/digest", "message/rfc822", "message/rfc822"], "names": [None, None]},
        ),
        (
            "message in message",
            multipart("mixed", TEXT, part("message/rfc822", multipart("mixed", TEXT, pdf, boundary="in"))),
            {"types": ["multipart/mixed", "text/plain", "message/rfc822"], "names": [None], "offered": True},
        ),
        (
            "message is the body",
            part("message/rfc822", lines("Subject: inner", "", "x")),
            {"types": ["message/rfc822"]},
        ),
        ("global message", part("message/global", lines("Subject: ü", "", "x")), {"types": ["message/global"]}),
        ("partial message", part("message/partial; id=x; number=1", b"x"), {"types": ["message/partial"]}),
        ("external body", part("message/external-body; access-type=x", b"x"), {"types": ["message/external-body"]}),
        (
            "inline file",
            multipart("mixed", TEXT, part("application/pdf", b"x", "Content-Disposition: inline")),
            {"offered": False},
        ),
        ("picture in the text", multipart("mixed", TEXT, part("image/png", b"x")), {"names": []}),
        (
            "text file",
            multipart("mixed", TEXT, part("text/plain; name=a.txt", b"x")),
            {"names": ["a.txt"], "offered": True},
        ),
        ("two texts", multipart("mixed", TEXT, part("text/plain", b"more")), {"names": []}),
        ("text after HTML", multipart("mixed", HTML, TEXT), {"text": "<p>html words</p>"}),
        ("other alternative", multipart("alternative", TEXT, part("text/x-amp-html", b"<html amp>"), HTML), both),
        ("empty multipart", multipart("mixed"), {"types": ["multipart/mixed"], "preview": ""}),
        ("unknown multipart", multipart("x-new", TEXT, pdf), {"names": ["x.pdf"]}),
        ("Content-ID without brackets", part("image/png", b"x", "Content-ID: abc"), {"cid": "abc"}),
        (
            "Content-Language",
            part("text/plain", b"x", "Content-Language: de, en-GB (x)"),
            {"language": ("de", "en-GB")},
        ),
        ("Content-Location", part("text/plain", b"x", "Content-Location: http://a/\r\n b"), {"location": "http://a/b"}),
        (
            "two types",
            lines("Content-Type: text/plain", "Content-Type: text/html", "", "<b>x</b>"),
            {"types": ["text/html"]},
        ),
        ("type without subtype", part("text", b"x"), {"types": ["text/plain"]}),
        ("type that is none", part("nonsense", b"x"), {"types": ["text/plain"]}),
        ("type that is none, with a name", part("file; name=a.bin", b"x"), {"types": ["application/octet-stream"]}),
        ("empty type", part("", b"x"), {"types": ["text/plain"]}),
        ("type in capitals", part("TEXT/HTML", b"x"), {"types": ["text/html"]}),
        ("type with comments", part("(a) text/html (b); charset=utf-8 (c)", b"x"), {"types": ["text/html"]}),
        ("type with blanks", part("  text/html ; charset = utf-8", b"x"), {"types": ["text/html"]}),
    ]
    for name, entity, expected in tables:
        yield Sample(f"structure: {name}", start + entity, expected)


def _boundaries() -> Iterator[Sample]:
    mixed = ["multipart/mixed", "text/plain", "text/html"]
    ok = {"types": mixed, "text": "plain words"}
    for boundary in (
        "b",
        "-",
        "--",
        "=_x",
        "a b",
        "a'b",
        "x" * 70,
        "x" * 150,
        "a:b/c,d?e=f",
        "((",
        "[.*+]",
        "grün",
        "b--",
    ):
        yield Sample(f"boundary {boundary}", multipart("mixed", TEXT, HTML, boundary=boundary), ok)
    head = lines('Content-Type: multipart/mixed; boundary="b"', "")
    for name, body, expected in (
        ("not closed", b"--b\r\n" + TEXT + b"\r\n--b\r\n" + HTML, ok),
        ("not closed, nothing behind", b"--b\r\n" + TEXT + b"\r\n--b", {"types": mixed[:2], "text": "plain words"}),
        ("closed only", b"--b--\r\n", {"types": mixed[:1]}),
        ("never used", b"nothing here\r\n", {"types": ["text/plain"], "text": "nothing here\n"}),
        ("preamble and epilogue", b"pre\r\n--b\r\n" + TEXT + b"\r\n--b--\r\nepi --b\r\n", {"types": mixed[:2]}),
        ("blanks behind", b"--b \t \r\n" + TEXT + b"\r\n--b-- \r\n", {"types": mixed[:2], "text": "plain words"}),
        ("CR CR LF", b"--b\r\r\n" + TEXT + b"\r\n--b--\r\r\n", {"types": mixed[:2]}),
        ("LF only", (b"--b\r\n" + TEXT + b"\r\n--b\r\n" + HTML + b"\r\n--b--").replace(b"\r\n", b"\n"), ok),
        (
            "begin of another line",
            b"--b\r\n" + part("text/plain", b"x\r\n--bb\r\n--b-\r\n--b--x") + b"\r\n--b--\r\n",
            {"types": mixed[:2], "text": "x\n--bb\n--b-\n--b--x"},
        ),
        (
            "not at the begin of a line",
            b"--b\r\n" + part("text/plain", b"x --b\r\n x--b--") + b"\r\n--b--\r\n",
            {"types": mixed[:2], "text": "x --b\n x--b--"},
        ),
        ("twice", b"--b\r\n--b\r\n" + TEXT + b"\r\n--b--\r\n", {"types": mixed[:2]}),
        (
            "with nothing between",
            b"--b\r\n\r\n--b--\r\n",
            {"types": mixed[:2], "sizes": [0]},
        ),
        ("no header", b"--b\r\n\r\nbare\r\n--b--\r\n", {"types": mixed[:2], "text": "bare"}),
        (
            "no header, no empty line",
            b"--b\r\nbare words\r\n\r\nmore\r\n--b--\r\n",
            {"types": mixed[:2], "text": "bare words\n\nmore"},
        ),
        (
            "header only",
            b"--b\r\nContent-Type: text/html\r\n--b--\r\n",
            {"types": ["multipart/mixed", "text/html"], "html": ""},
        ),
        ("after the end", b"--b\r\n" + TEXT + b"\r\n--b--\r\n--b\r\n" + HTML, {"types": mixed[:2]}),
    ):
        yield Sample(f"boundary {name}", head + body, expected)
    inner = multipart("alternative", TEXT, HTML, boundary="bb")
    types = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]
    yield Sample("boundary that begins another", multipart("mixed", inner, boundary="b"), {"types": types})
    open_ = inner.replace(b"--bb--\r\n", b"")
    yield Sample("inner boundary not closed", multipart("mixed", open_, boundary="b"), {"types": types})
    same = multipart("mixed", multipart("alternative", TEXT, HTML, boundary="b"), boundary="b")
    yield Sample("the same boundary twice", same, {})
    yield Sample(
        "no boundary", lines("Content-Type: multipart/mixed", "", "x"), {"types": ["text/plain"], "text": "x\n"}
    )
    yield Sample(
        "empty boundary", lines('Content-Type: multipart/mixed; boundary=""', "", "x"), {"types": ["text/plain"]}
    )
    encoded = b"Content-Transfer-Encoding: base64\r\n" + multipart("mixed", TEXT)
    yield Sample("multipart in base64", encoded, {"types": mixed[:2], "text": "plain words"})
    extended = lines("Content-Type: multipart/mixed; boundary*=us-ascii''%62c", "", "--bc", "", "x", "--bc--")
    yield Sample("boundary with a character set", extended, {"types": mixed[:2], "text": "x"})
    continued = lines("Content-Type: multipart/mixed; boundary*0=b; boundary*1=c", "", "--bc", "", "x", "--bc--")
    yield Sample("boundary in two", continued, {"types": mixed[:2], "text": "x"})


def _heads() -> Iterator[Sample]:
    for name, raw, expected in (
        ("empty", b"", {"types": ["text/plain"], "text": "", "preview": "", "subject": None}),
        ("line", b"\r\n", {"text": ""}),
        ("NUL", b"\0", {"types": ["text/plain"]}),
        ("body only", b"\r\nbody", {"text": "body", "subject": None}),
        ("no header", b"Just words\r\n\r\nand more", {"text": "Just words\n\nand more"}),
        ("no body", b"Subject: x\r\n", {"subject": "x", "text": ""}),
        ("no body, no end of line", b"Subject: x", {"subject": "x", "text": ""}),
        ("no empty line", b"Subject: x\r\nbody begins\r\nhere", {"subject": "x", "text": "body begins\nhere"}),
        ("broken line within", b"Subject: x\r\nbroken\r\nFrom: a@b\r\n\r\nbody", {"subject": "x", "text": "body"}),
        ("mbox line", b"From a@b Mon Jan  1 10:00:00 2024\nSubject: x\n\nbody", {"subject": "x", "text": "body"}),
        ("mbox line alone", b"From a@b Mon Jan  1 10:00:00 2024\n\nbody", {"text": "body"}),
        ("quoted mbox line", b">From a@b\nSubject: x\n\nbody", {"subject": "x", "text": "body"}),
        ("LF", b"Subject: x\n\nbody\n", {"subject": "x", "text": "body\n"}),
        ("CR", b"Subject: x\r\rbody\r", {}),
        ("mixed ends of lines", b"Subject: x\nFrom: a@b\r\n\nbody", {"subject": "x", "text": "body"}),
        ("LF then CRLF", b"Subject: x\n\r\nbody", {"subject": "x", "text": "body"}),
        ("CR within", b"Subject: a\rb\r\n\r\nx\ry", {"text": "xy"}),
        ("fold at the begin", b" folded\r\nSubject: x\r\n\r\nbody", {"subject": "x", "text": "body"}),
        ("blank line that folds", b"Subject: x\r\n \r\nFrom: a@b\r\n\r\nbody", {"text": "body"}),
        ("8-bit name", b"Gr\xfc\xdfe: x\r\nSubject: y\r\n\r\nbody", {"subject": "y", "text": "body"}),
        ("empty name", b": x\r\nSubject: y\r\n\r\nbody", {"subject": "y", "text": "body"}),
        ("name with blanks", b"Not a name: x\r\nSubject: y\r\n\r\nbody", {"subject": "y"}),
        ("byte order mark", b"\xef\xbb\xbfSubject: x\r\nTo: a@b\r\n\r\nbody", {"text": "body"}),
        ("1 MB field", b"X-Big: " + b"x" * 1_000_000 + b"\r\nSubject: y\r\n\r\nbody", {"subject": "y", "text": "body"}),
        ("1 MB of fields", b"X: y\r\n" * 150_000 + b"\r\nbody", {"text": "body"}),
        ("3 MB without an end", b"X: y\r\n" * 500_000, {"types": ["text/plain"]}),
        ("1 MB name", b"x" * 1_000_000 + b": y\r\n\r\nbody", {"text": "body"}),
        ("random octets", bytes(range(256)) * 16, {}),
    ):
        yield Sample(f"head: {name}", raw, expected)


def _large() -> Iterator[Sample]:
    thousand = multipart("mixed", *(part("text/plain", b"%d" % number) for number in range(1000)))
    yield Sample("1,000 parts", thousand, {"types": ["multipart/mixed"] + ["text/plain"] * 1000})
    too_many = multipart("mixed", *([b"\r\nx"] * 3000))
    yield Sample("3,000 parts", too_many, {"count": 2001})
    for depth in (10, 100, 10_000):
        opening = b"".join(
            lines(f"Content-Type: multipart/mixed; boundary=b{level}", "", f"--b{level}") for level in range(depth)
        )
        yield Sample(f"{depth} deep", opening + TEXT, {"count": min(depth, 32) + 1})
    yield Sample(
        "base64 of 2 MB", single(lines("Content-Transfer-Encoding: base64"), b"QUJD" * 500_000), {"sizes": [1_500_000]}
    )
    nested = lines("Subject: core", "", "x")
    for _ in range(50):
        nested = part("message/rfc822", nested)
    yield Sample("50 messages in one another", nested, {"types": ["message/rfc822"]})


def _standards() -> Iterator[Sample]:
    john = {"name": "John Doe", "email": "jdoe@machine.example"}
    mary = {"name": "Mary Smith", "email": "mary@example.net"}
    hello = 'This is a message just to say hello.\nSo, "Hello".\n'
    body = ("", "This is a message just to say hello.", 'So, "Hello".')
    ids = ("Date: Fri, 21 Nov 1997 09:55:06 -0600", "Message-ID: <1234@local.machine.example>")
    common = {"sentAt": "1997-11-21T09:55:06-06:00", "messageId": ["1234@local.machine.example"], "text": hello}
    yield Sample(
        "RFC 5322 A.1.1",
        lines(
            "From: John Doe <jdoe@machine.example>",
            "Sender: Michael Jones <mjones@machine.example>",
            "To: Mary Smith <mary@example.net>",
            "Subject: Saying Hello",
            *ids,
            *body,
        ),
        common | {"from": [john], "to": [mary], "subject": "Saying Hello", "preview": hello.replace("\n", " ").strip()},
    )
    yield Sample(
        "RFC 5322 A.1.3",
        lines(
            "From: Pete <pete@silly.example>",
            "To: A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            "Cc: Undisclosed recipients:;",
            "Date: Thu, 13 Feb 1969 23:32:54 -0330",
            "Message-ID: <testabcd.1234@silly.example>",
            "",
            "Testing.",
        ),
        {"cc": [], "sentAt": "1969-02-13T23:32:54-03:30", "text": "Testing.\n"},
    )
    yield Sample(
        "RFC 5322 A.2",
        lines(
            'To: "Mary Smith: Personal Account" <smith@home.example>',
            "From: John Doe <jdoe@machine.example>",
            "Subject: Re: Saying Hello",
            "Date: Fri, 21 Nov 1997 11:00:00 -0600",
            "Message-ID: <abcd.1234@local.machine.test>",
            "In-Reply-To: <3456@example.net>",
            "References: <1234@local.machine.example> <3456@example.net>",
            "",
            "Bye",
        ),
        {
            "to": [{"name": "Mary Smith: Personal Account", "email": "smith@home.example"}],
            "inReplyTo": ["3456@example.net"],
            "references": ["1234@local.machine.example", "3456@example.net"],
        },
    )
    yield Sample(
        "RFC 5322 A.5",
        lines(
            "From: Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            "To:A Group(Some people)",
            "     :Chris Jones <c@(Chris's host.)public.example>,",
            "         joe@example.org,",
            "  John <jdoe@one.test> (my dear friend); (the end of the group)",
            "Cc:(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
            "Date: Thu,",
            "      13",
            "        Feb",
            "          1969",
            "      23:32",
            "               -0330 (Newfoundland Time)",
            "Message-ID:              <testabcd.1234@silly.test>",
            "",
            "Testing.",
        ),
        {
            "from": [{"name": "Pete", "email": "pete@silly.test"}],
            "cc": [],
            "sentAt": "1969-02-13T23:32:00-03:30",
            "to": [
                {"name": "Chris Jones", "email": "c@public.example"},
                {"name": None, "email": "joe@example.org"},
                {"name": "John", "email": "jdoe@one.test"},
            ],
        },
    )
    yield Sample(
        "RFC 5322 A.6.3",
        lines(
            "From  : John Doe <jdoe@machine(comment).  example>",
            "To    : Mary Smith",
            "  ",
            "          <mary@example.net>",
            "Subject     : Saying Hello",
            "Date  : Fri, 21 Nov 1997 09(comment):   55  :  06 -0600",
            "Message-ID  : <1234   @   local(blah)  .machine .example>",
            *body,
        ),
        {"from": [john], "to": [mary], "subject": "Saying Hello", "sentAt": "1997-11-21T09:55:06-06:00", "text": hello},
    )
    yield Sample(
        "RFC 2046 5.1.1",
        lines(
            "From: Nathaniel Borenstein <nsb@bellcore.com>",
            'Content-type: multipart/mixed; boundary="simple boundary"',
            "",
            "This is the preamble.",
            "",
            "--simple boundary",
            "",
            "This is implicitly typed plain US-ASCII text.",
            "It does NOT end with a linebreak.",
            "--simple boundary",
            "Content-type: text/plain; charset=us-ascii",
            "",
            "This is explicitly typed plain US-ASCII text.",
            "It DOES end with a linebreak.",
            "",
            "--simple boundary--",
            "",
            "This is the epilogue.  It is also to be ignored.",
        ),
        {
            "types": ["multipart/mixed", "text/plain", "text/plain"],
            "text": "This is implicitly typed plain US-ASCII text.\nIt does NOT end with a linebreak.",
        },
    )
    yield Sample(
        "RFC 2046 5.1.5",
        lines(
            "Subject: Internet Digest, volume 42",
            'Content-Type: multipart/mixed; boundary="---- main boundary ----"',
            "",
            "------ main boundary ----",
            "",
            "...Introductory text or table of contents...",
            "",
            "------ main boundary ----",
            'Content-Type: multipart/digest; boundary="---- next message ----"',
            "",
            "------ next message ----",
            "",
            "From: someone-else",
            "Subject: my opinion",
            "",
            "...body goes here ...",
            "",
            "------ next message ----",
            "",
            "From: someone-else-again",
            "Subject: my different opinion",
            "",
            "... another body goes here ...",
            "",
            "------ next message ------",
            "",
            "------ main boundary ------",
        ),
        {"types": ["multipart/mixed", "text/plain", "multipart/digest", "message/rfc822", "message/rfc822"]},
    )
    yield Sample(
        "RFC 2049 A",
        lines(
            "From: Nathaniel Borenstein <nsb@nsb.fv.com>",
            "Date: Fri, 07 Oct 1994 16:15:05 -0700 (PDT)",
            "Content-Type: multipart/mixed;",
            "              boundary=unique-boundary-1",
            "",
            "This is the preamble area.",
            "--unique-boundary-1",
            "",
            "  ... Some text appears here ...",
            "",
            "--unique-boundary-1",
            "Content-type: text/plain; charset=US-ASCII",
            "",
            "This could have been part of the previous part.",
            "",
            "--unique-boundary-1",
            "Content-Type: multipart/parallel; boundary=unique-boundary-2",
            "",
            "--unique-boundary-2",
            "Content-Type: audio/basic",
            "Content-Transfer-Encoding: base64",
            "",
            "UklGRg==",
            "--unique-boundary-2",
            "Content-Type: image/jpeg",
            "Content-Transfer-Encoding: base64",
            "",
            "/9j/",
            "",
            "--unique-boundary-2--",
            "",
            "--unique-boundary-1",
            "Content-type: text/enriched",
            "",
            "This is <bold><italic>enriched.</italic></bold>",
            "",
            "--unique-boundary-1",
            "Content-Type: message/rfc822",
            "",
            "From: (mailbox in US-ASCII)",
            "Content-Type: Text/plain; charset=ISO-8859-1",
            "Content-Transfer-Encoding: Quoted-printable",
            "",
            "  ... Additional text in ISO-8859-1 goes here ...",
            "",
            "--unique-boundary-1--",
        ),
        {
            "types": [
                "multipart/mixed",
                "text/plain",
                "text/plain",
                "multipart/parallel",
                "audio/basic",
                "image/jpeg",
                "text/enriched",
                "message/rfc822",
            ],
            "sentAt": "1994-10-07T16:15:05-07:00",
            "text": "  ... Some text appears here ...\n",
            "offered": True,
        },
    )


def samples() -> list[Sample]:
    """All of them; names are unique."""
    made: list[Sample] = []
    for maker in (_charsets, _encodings, _subjects, _people, _dates, _identifiers, _names, _structures):
        made.extend(maker())
    for maker in (_boundaries, _heads, _large, _standards):
        made.extend(maker())
    return made
