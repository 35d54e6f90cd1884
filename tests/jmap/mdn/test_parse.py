"""MDN/parse (RFC 9007 2.2)."""

from __future__ import annotations

from stalwart.config.collaboration.jmap import Jmap
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from tests.codec.test_mdn import EXAMPLE
from tests.directory.world import NOW
from tests.jmap.submission.sending_case import SendingCase, message


class ParseTests(SendingCase):
    def upload(self, content: bytes) -> str:
        def work(tx: object) -> str:
            blob = tx.blobs.put(content, NOW)  # type: ignore[attr-defined]
            tx.blobs.link(blob.hash, self.alice, uploader(self.alice), expires_at=NOW + 60)  # type: ignore[attr-defined]
            return str(BlobId(blob.hash))

        return str(self.write(work))

    def test_parsed(self) -> None:
        good, bad = self.upload(EXAMPLE), self.upload(message())
        answer = self.call("MDN/parse", blobIds=[good, bad, "nothing"])
        self.assertEqual((answer["notParsable"], answer["notFound"]), ([bad], ["nothing"]))
        shown = answer["parsed"][good]
        self.assertIn("has been displayed", shown.pop("textBody"))
        self.assertEqual(
            shown,
            {
                "forEmailId": None,
                "subject": "Re: First draft of report",
                "includeOriginalMessage": True,
                "reportingUA": "joes-pc.cs.example.com; Foomail 97.1",
                "disposition": {
                    "actionMode": "manual-action",
                    "sendingMode": "mdn-sent-manually",
                    "type": "displayed",
                },
                "mdnGateway": None,
                "originalRecipient": "rfc822;Joe_Recipient@example.com",
                "finalRecipient": "rfc822;Joe_Recipient@example.com",
                "originalMessageId": "<199509192301.23456@example.org>",
                "error": None,
                "extensionFields": None,
            },
        )

    def test_which_email_it_is_about(self) -> None:
        message_id = "Message-ID: <199509192301.23456@example.org>"
        self.email(message("Subject: Re: First draft of report", "References: <199509192301.23456@example.org>"))
        original = self.email(message("Subject: First draft of report", message_id))
        self.email(message("Subject: First draft of report", message_id), self.ids["bob"])
        answer = self.call("MDN/parse", blobIds=[self.upload(EXAMPLE)])
        self.assertEqual([each["forEmailId"] for each in answer["parsed"].values()], [original])

    def test_bounds(self) -> None:
        most = self.settings.of(Jmap).parse_limit_email
        self.assertEqual(self.refused("MDN/parse", blobIds=["b"] * (most + 1)), "requestTooLarge")
        self.assertEqual(self.refused("MDN/parse"), "invalidArguments")
        nothing = self.call("MDN/parse", blobIds=[])
        self.assertEqual((nothing["parsed"], nothing["notParsable"], nothing["notFound"]), (None, None, None))
