"""Whole scripts, of RFCs and as programs write them for their users, each with messages and what they become."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.codec.sieve.scripts import message, rows, told

EXTENDED = """
    #
    # Example Sieve Filter
    # Declare any optional features or extension used by the script
    #
    require ["fileinto"];

    #
    # Handle messages from known mailing lists
    # Move messages from IETF filter discussion list to filter mailbox
    #
    if header :is "Sender" "owner-ietf-mta-filters@imc.org"
            {
            fileinto "filter";  # move to "filter" mailbox
            }
    #
    # Keep all messages to or from people in my company
    #
    elsif address :DOMAIN :is ["From", "To"] "example.com"
            {
            keep;               # keep in "In" mailbox
            }

    #
    # Try and catch unsolicited email.  If a message is not to me,
    # or it contains a subject known to be spam, file it away.
    #
    elsif anyof (NOT address :all :contains
                   ["To", "Cc", "Bcc"] "me@example.com",
                 header :matches "subject"
                   ["*make*money*fast*", "*university*dipl*mas*"])
            {
            fileinto "spam";   # move to "spam" mailbox
            }
    else
            {
            # Move all other (non-company) mail to "personal"
            # mailbox.
            fileinto "personal";
            }
"""
"""RFC 5228 9."""

LISTS = """require ["fileinto", "variables", "mailbox", "imap4flags", "copy"];
/* rules of a mail program: [{"name":"lists","enabled":true}] */
# rule:[lists]
if header :matches "List-Id" "*<*.*>"
{
\tset :lower :upperfirst "name" "${2}";
\tif string :is "${name}" "" { set "name" "Other"; }
\taddflag "list";
\tfileinto :create "Lists/${name}";
\tstop;
}
# rule:[copies]
if allof (address :contains :localpart "to" "invoice", size :under 2M)
{
\tredirect :copy "books@tax.example";
}
if exists "X-Spam-Flag" { if not header :is "X-Spam-Flag" "NO" { setflag "$Junk"; fileinto "Junk"; stop; } }
"""

AWAY = """require ["date","fileinto","relational","vacation","vacation-seconds","envelope"];
# rule:[away]
if allof (
  not header :contains ["X-Spam-Flag"] "YES",
  currentdate :zone "+0100" :value "ge" "iso8601" "2024-02-01T00:00:00+01:00",
  currentdate :zone "+0100" :value "lt" "date" "2024-03-15"
)
{
\tvacation :days 1 :addresses ["me@example.org","i@example.org"] :subject "Gone" text:
Dear reader,
..back soon.
.
;
}
"""

EDITS = r"""require ["editheader", "variables", "fileinto", "reject", "duplicate"];
if duplicate :header "X-Event-ID" :handle "notifier" { discard; stop; }
if header :matches "Subject" "[EXTERNAL] *" {
    set "rest" "${1}";
    deleteheader "Subject";
    addheader :last "Subject" "${rest}";
}
if address :is "from" "banned@example.net" {
    reject text:
I do not take
mail from you.
.
    ;
}
"""

FROM_LIST = "Sender: owner-ietf-mta-filters@imc.org\r\nTo: x@y.example\r\n\r\n"
COMPANY = "From: a@EXAMPLE.com\r\nTo: x@y.example\r\n\r\n"
SPAM = "From: a@b.example\r\nTo: me@example.com.example\r\nSubject: MAKE some Money, FAST!\r\n\r\n"
OTHER = "From: a@b.example\r\nTo: me@example.com.example\r\nSubject: Hi\r\n\r\n"
TABLE = {
    "extended: list": (EXTENDED, FROM_LIST, "filter"),
    "extended: company": (EXTENDED, COMPANY, "keep"),
    "extended: spam": (EXTENDED, SPAM, "spam"),
    "extended: not to me": (EXTENDED, OTHER.replace("me@", "you@"), "spam"),
    "extended: others": (EXTENDED, OTHER, "personal"),
    "lists: named": (LISTS, "List-Id: Users <PYTHON.lists.example>\r\n\r\n", "Lists/Python made [list]"),
    "lists: nameless": (LISTS, "List-Id: <.lists.example>\r\n\r\n", "Lists/Other made [list]"),
    "lists: copies": (LISTS, "To: Invoices <invoices@x.example>\r\n\r\n", "keep; to books@tax.example"),
    "lists: junk": (LISTS, "X-Spam-Flag: yes\r\n\r\n", "Junk [$Junk]"),
    "lists: no junk": (LISTS, "X-Spam-Flag: no\r\n\r\n", "keep"),
    "away": (AWAY, OTHER, "keep; answer Dear reader,\n.back soon.\n"),
    "away: spam": (AWAY, "X-Spam-Flag: YES\r\n\r\n", "keep"),
    "edits: nothing": (EDITS, OTHER, "keep"),
    "edits: subject": (EDITS, OTHER.replace("Hi", "[EXTERNAL] Hi"), "keep v1"),
    "edits: banned": (EDITS, "From: <banned@example.net>\r\n\r\n", "reject I do not take\nmail from you.\n"),
}


@rows(TABLE)
class ExampleTests(SynchronousTestCase):
    """Tables."""

    def check(self, script: str, text: str, expected: str) -> None:
        for source in (script, script.replace("\n", "\r\n")):
            self.assertEqual(told(source, message(text), require=""), expected)
