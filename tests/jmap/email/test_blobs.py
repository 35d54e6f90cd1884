"""Which mail holds a blob."""

from __future__ import annotations

from stalwart.jmap.blobs.holders import known_holders
from stalwart.jmap.blobs.lookup import lookup
from stalwart.jmap.email import blobs
from stalwart.jmap.mail.capability import MAIL
from tests.jmap.email.mail_shelf import MailShelfCase, message


class LookupTests(MailShelfCase):
    """RFC 9404 4.3."""

    def test_all_three_types(self) -> None:
        self.assertIs(known_holders()["Thread"], blobs.THREAD)
        data = message()
        ids = [self.put(data, self.inbox), self.put(data, self.inbox, self.other)]
        other = self.uploaded(b"not in mail")
        emails = self.get(*ids, properties=["blobId", "threadId", "textBody"])
        blob, part = emails[0]["blobId"], emails[0]["textBody"][0]["blobId"]
        wanted = {"typeNames": ["Email", "Thread", "Mailbox"], "ids": [blob, part, other]}
        answer = self.call(lookup, wanted, using=frozenset((MAIL,)))
        matched = {
            "Email": sorted(ids),
            "Thread": sorted({each["threadId"] for each in emails}),
            "Mailbox": sorted((self.inbox, self.other)),
        }
        nothing = {"Email": [], "Thread": [], "Mailbox": []}
        found = [(each["id"], each["matchedIds"]) for each in answer["list"]]
        self.assertEqual(found, [(blob, matched), (part, matched), (other, nothing)])
