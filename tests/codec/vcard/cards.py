"""Cards as clients write them; people and numbers are invented."""

from __future__ import annotations


def card(*lines: str, version: str = "3.0") -> bytes:
    """A card with these lines."""
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]).encode()


APPLE = card(
    "PRODID:-//Apple Inc.//iPhone OS 17.5//EN",
    "N:Appleseed;Johanna;Q.;Dr.;",
    "FN:Dr. Johanna Q. Appleseed",
    "NICKNAME:Jo",
    "ORG:Orchard\\, Inc.;Sales;",
    "EMAIL;type=INTERNET;type=HOME;type=pref:johanna@example.com",
    "item1.EMAIL;type=INTERNET:jo@example.org",
    "item1.X-ABLabel:_$!<Other>!$_",
    "TEL;type=CELL;type=VOICE;type=pref:+1 (555) 010-0100",
    "item2.X-ABRELATEDNAMES;type=pref:Jan Appleseed",
    "item2.X-ABLabel:_$!<Spouse>!$_",
    "item3.X-ABDATE;type=pref:2010-06-05",
    "item3.X-ABLabel:_$!<Anniversary>!$_",
    "item4.ADR;type=HOME;type=pref:;;1 Main St\\nApt 2;Springfield;CA;90210;USA",
    "item4.X-ABADR:us",
    "item5.URL;type=pref:http\\://www.example.com/",
    "item5.X-ABLabel:_$!<HomePage>!$_",
    "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15",
    "X-SOCIALPROFILE;type=mastodon:https://social.example/@jo",
    "PHOTO;ENCODING=b;TYPE=JPEG;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&200&200&abc==:/9j/4AAQSkZJRgABAQAAAQAB",
    " AAD/2wCEAAkGBwgHBgkIBwgKCgkLDRYPDQwMDRsUFRAWIB0iIiAdHx8kKDQsJCYxJx8fLT0t",
    "REV:2024-05-06T07:08:09Z",
    "UID:7D0E3AC9-9C5F-4E42-8E0A-5BA2F8A4A5A1:ABPerson",
)
GROUP = card(
    "PRODID:-//Apple Inc.//Mac OS X 14.4//EN",
    "N:Choir",
    "FN:Choir",
    "X-ADDRESSBOOKSERVER-KIND:group",
    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:11111111-2222-3333-4444-555555555555",
    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:66666666-7777-8888-9999-000000000000",
    "UID:choir-1",
)
GOOGLE = card(
    "FN:Günther Müßig",
    "N:Müßig;Günther;;;",
    "item1.EMAIL;TYPE=INTERNET:guenther@example.de",
    "item1.X-ABLabel:",
    "item2.TEL:+49 30 0100",
    "item2.X-ABLabel:Werkstatt",
    "ADR;TYPE=WORK:;;Beispielweg 7;Berlin;;10115;DE;Beispielweg 7\\nBerlin 10115",
    "item3.ORG:Werkstatt Müßig",
    "BDAY:1970-02-03",
    "NOTE:Zeile eins\\nZeile zwei\\, mit Komma\\; und Strichpunkt",
    "CATEGORIES:myContacts,starred",
)
THUNDERBIRD = card(
    "EMAIL;PREF=1:alix@example.net",
    "EMAIL;TYPE=work:alix@work.example",
    "FN:Alix Martin",
    "NICKNAME:Al,Lix",
    "N:Martin;Alix;;;",
    "TEL;TYPE=cell;VALUE=TEXT:0600000000",
    "NOTE:ligne 1\\nligne 2",
    "X-CUSTOM1;VALUE=TEXT:un",
    "ANNIVERSARY;VALUE=DATE:20150620",
    "UID:a7c0ff22-4a94-4a5c-8f0f-d4a20b6cbbe2",
    version="4.0",
)
DAVX5 = card(
    "PRODID:DAVx5/4.4 ez-vcard/0.12.1",
    "UID:f00dcafe-0000-4000-8000-000000000001",
    "FN:Mx. Robin van der Berg Jr.",
    'N;SORT-AS="Berg,Robin":van der Berg;Robin;;Mx.;Jr.',
    "GENDER:O;it's complicated",
    "EMAIL;TYPE=home;PREF=1:robin@example.nl",
    'TEL;VALUE=uri;TYPE="cell,voice";PREF=2:tel:+31-20-010-0100',
    "TEL;TYPE=work:+31 20 010 0101",
    "ADR;TYPE=home;LABEL=\"Dorpsstraat 1^n1234 AB ^'t Dorp\":;;Dorpsstraat 1;'t Dorp;;1234 AB;NL",
    "RELATED;TYPE=spouse;VALUE=text:Sam van der Berg",
    "RELATED;TYPE=friend;VALUE=uri:urn:uuid:f00dcafe-0000-4000-8000-000000000002",
    "BDAY:--0415",
    "ANNIVERSARY:20090808",
    "GEO:geo:52.37,4.89",
    "TZ;VALUE=utc-offset:+0100",
    "PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wCEAAkGBwgHBgkIBwgKCgkL",
    "CLIENTPIDMAP:1;urn:uuid:53e374d9-337e-4727-8803-a1e9c14e0556",
    "REV:20240506T070809Z",
    version="4.0",
)
NEXTCLOUD = card(
    "PRODID:-//Nextcloud Contacts v5.5.3",
    "UID:9b1c3a5e-1d3f-4f7b-8e63-1a2b3c4d5e6f",
    "FN:Эмма Ванг",
    "EMAIL;TYPE=HOME:emma@example.eu",
    "TEL;TYPE=HOME,VOICE:+3225550100",
    "CATEGORIES:Freunde,Chor",
    "X-SOCIALPROFILE;TYPE=github:https://github.example/emma",
    "REV;VALUE=DATE-AND-OR-TIME:20240102T030405Z",
)
PHONE = (
    b"BEGIN:VCARD\r\n"
    b"VERSION:2.1\r\n"
    b"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg=\r\n"
    b" Lang;;;\r\n"
    b"FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:J=F6rg M=FCller\r\n"
    b"TEL;CELL;VOICE;PREF:+49 170 0100\r\n"
    b"TEL;WORK:030 0101\r\n"
    b"EMAIL;INTERNET:joerg@example.de\r\n"
    b"ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;Weg 1=0D=0AHinterhaus;Ort, am See;;12345;\r\n"
    b"NOTE;ENCODING=QUOTED-PRINTABLE:eins=0D=0A=\r\n"
    b"zwei: drei=3D\r\n"
    b"PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD\r\n"
    b" /2wCEAAkGBwgHBgkIBwgKCgkLDRYPDQwMDRsUFRAW\r\n"
    b"\r\n"
    b"X-CLASS:PRIVATE\r\n"
    b"END:VCARD\r\n"
)
ALL = {
    "apple": APPLE,
    "group": GROUP,
    "google": GOOGLE,
    "thunderbird": THUNDERBIRD,
    "davx5": DAVX5,
    "nextcloud": NEXTCLOUD,
}
"""Those in versions 3.0 and 4.0; all of them can be written back as they came."""
