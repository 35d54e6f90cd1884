"""Tests of scripts: each row is one, and whether it is true of the message of ``scripts``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve.conditions import CONDITIONS
from stalwart.codec.sieve.grammar import RULES
from tests.codec.sieve.scripts import message, rows, told

NUMERIC = ':comparator "i;ascii-numeric"'
TRUE = {
    "header is": 'header "subject" "I HAVE a präsent for you"',
    "header is exact": 'header :comparator "i;octet" "SUBJECT" "I have a präsent for you"',
    "header contains": 'header :contains ["x-none", "Subject"] ["nothing", "PRäSENT"]',
    "header matches": 'header :matches "subject" "*PR?SENT*"',
    "header empty": 'header :is "X-Empty" ""',
    "header contains nothing": 'header :contains "X-Priority" ""',
    "header number": f'header {NUMERIC} "X-Priority" "03"',
    "header value": f'header :value "lt" {NUMERIC} "X-Priority" "20"',
    "header value as text": 'header :value "gt" "X-Priority" "20"',
    "header count": f'header :count "eq" {NUMERIC} "Received" "2"',
    "header count of none": f'header :count "eq" {NUMERIC} "X-None" "0"',
    "header index": 'header :index 2 :contains "Received" "from c"',
    "header index from the end": 'header :index 1 :last :contains "Received" "from c"',
    "address": 'address "from" "COYOTE@desert.example"',
    "address all": 'address :all "to" "bob@other.example"',
    "address domain": 'address :domain ["from", "to"] "acme.example"',
    "address local part": 'address :localpart "to" "roadrunner+birds"',
    "address user": 'address :user "to" "roadrunner"',
    "address detail": 'address :detail "to" "birds"',
    "address count": f'address :count "ge" {NUMERIC} ["to", "from"] "3"',
    "envelope from": 'envelope "from" "coyote@desert.example"',
    "envelope to": 'envelope :detail :is "TO" "birds"',
    "exists": 'exists ["from", "X-Empty"]',
    "size over": "size :over 100",
    "size under": "size :under 1M",
    "body text": 'body :contains "ANVIL THING"',
    "body of HTML has no tags": 'body :contains "the anvil"',
    "body content": 'body :content "text/html" :contains "<b>anv</b>"',
    "body of a main type": 'body :content ["image", "text"] :contains "sorry"',
    "body of any type": 'body :content "" :contains "sorry"',
    "body raw": 'body :raw :contains "--b--"',
    "body matches": 'body :matches "look*thing*"',
    "date": 'date "date" "hour" "17"',
    "date in its own zone": 'date :originalzone "date" "zone" "-0800"',
    "date in a zone": 'date :zone "+0100" "date" "hour" "18"',
    "date of received": 'date :originalzone "received" "date" "2002-04-02"',
    "date index": 'date :index 2 :zone "+0000" "received" "iso8601" "2002-04-02T06:30:00+00:00"',
    "currentdate": 'currentdate :value "ge" "date" "2024-02-29"',
    "currentdate weekday": 'currentdate "weekday" "4"',
    "currentdate in a zone": 'currentdate :zone "-1200" "day" "29"',
    "string": 'string "a" ["b", "A"]',
    "string count": f'string :count "eq" {NUMERIC} ["a", "", "b"] "2"',
    "mailboxexists": 'mailboxexists ["INBOX", "lists/PYTHON", "Lists"]',
    "mailboxidexists": 'mailboxidexists ["d"]',
    "special use": r'specialuse_exists ["\\Junk"]',
    "special use of a folder": r'specialuse_exists "junk mail" "\\Junk"',
    "environment": 'environment "name" "Stalwart"',
    "true": "true",
}
FALSE = {
    "header another": 'header "subject" "present"',
    "header octet": 'header :contains :comparator "i;octet" "subject" "PR"',
    "header missing": 'header :contains "X-None" ""',
    "header index beyond": 'header :index 3 :contains "Received" "from"',
    "header no number": f'header :value "lt" {NUMERIC} "subject" "5"',
    "address of display name": 'address :contains "from" "Wile"',
    "address of subject": 'address "subject" "x"',
    "address detail of who has none": 'address :detail "from" ""',
    "envelope of another": 'envelope "from" "bob@other.example"',
    "exists one of two": 'exists ["from", "X-None"]',
    "size over more": "size :over 1M",
    "body of an attribute": 'body :contains "secret"',
    "body of another type": 'body :content "image/png" :contains ""',
    "date that is none": 'date :contains "subject" "year" ""',
    "mailboxexists one of two": 'mailboxexists ["Lists", "None"]',
    "mailboxidexists": 'mailboxidexists "z"',
    "special use that there is not": r'specialuse_exists "\\Archive"',
    "special use of another folder": r'specialuse_exists "Lists" "\\Junk"',
    "environment unknown": 'environment :contains "vnd.x" ""',
    "string of nothing": 'string :contains "" "a"',
    "false": "false",
}


@rows(
    {f"{name} holds": (test, True) for name, test in TRUE.items()}
    | {f"{name} does not hold": (test, False) for name, test in FALSE.items()}
)
class ConditionTests(SynchronousTestCase):
    """Tables."""

    def check(self, test: str, expected: bool) -> None:
        self.assertEqual(told(f"if {test} {{ discard; }}"), "discard" if expected else "keep")


class EnvelopeTests(SynchronousTestCase):
    """Messages from nobody."""

    def test_the_null_sender_is_empty(self) -> None:
        on = message(sender="")
        for part in ("", ":localpart", ":domain"):
            self.assertEqual(told(f'if envelope {part} "from" "" {{ discard; }}', on), "discard", part)

    def test_every_test_of_the_grammar_can_be_run(self) -> None:
        self.assertEqual({name for name, rule in RULES.items() if rule.kind == "test"}, set(CONDITIONS))
