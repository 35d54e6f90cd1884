"""What scripts do: each row is a script and what becomes of the message of ``scripts``."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sieve.actions import KEPT, Filing
from stalwart.codec.sieve.compiling import compiled
from stalwart.codec.sieve.running import run
from stalwart.codec.sieve.syntax import SieveError
from stalwart.codec.sieve.world import USUAL, World
from tests.codec.sieve.scripts import ALL, MAIL, WORLD, message, rows, told, verdict

ACTIONS = {
    "nothing": ("", "keep"),
    "a comment": ("# nothing\n/* at all */", "keep"),
    "keep": ("keep;", "keep"),
    "keep twice": ("keep; keep;", "keep"),
    "discard": ("discard;", "discard"),
    "discard and keep": ("discard; keep;", "keep"),
    "keep and discard": ("keep; discard;", "keep"),
    "stop": ("stop; discard;", "keep"),
    "stop after something": ("discard; stop; keep;", "discard"),
    "stop in a block": ('if true { fileinto "a"; stop; } fileinto "b";', "a"),
    "fileinto": ('fileinto "Lists";', "Lists"),
    "fileinto twice": ('fileinto "Lists"; fileinto "Other";', "Lists; Other"),
    "fileinto the same": ('fileinto "Lists"; fileinto "Lists";', "Lists"),
    "fileinto and keep": ('fileinto "Lists"; keep;', "Lists; keep"),
    "fileinto :copy": ('fileinto :copy "Lists";', "Lists; keep"),
    "fileinto :create": ('fileinto :create "New";', "New made"),
    "fileinto :specialuse": (r'fileinto :specialuse "\\Junk" "Spam";', "Spam as junk"),
    "fileinto :mailboxid": ('fileinto :mailboxid "d" "Python";', "Python id d"),
    "redirect": ('redirect "a@b.example";', "to a@b.example"),
    "redirect :copy": ('redirect :copy "a@b.example";', "keep; to a@b.example"),
    "redirect twice to one": ('redirect "a@b.example"; redirect "a@b.example";', "to a@b.example"),
    "redirect to several": (
        'redirect "a@b.example"; redirect "c@b.example"; keep;',
        "keep; to a@b.example; to c@b.example",
    ),
    "reject": ('reject "No.";', "reject No."),
    "ereject": ("ereject text:\nNo\n..thing\n.\n;", "ereject No\n.thing\n"),
    "reject and discard": ('reject "No."; discard;', "reject No."),
    "reject and keep": ('reject "No."; keep;', "keep; problem in line 2"),
    "fileinto and reject": ('fileinto "a"; reject "No.";', "keep; problem in line 2"),
    "reject twice": ('reject "a"; reject "b";', "keep; problem in line 2"),
    "reject and vacation": ('reject "a"; vacation "b";', "keep; problem in line 2"),
    "vacation": ('vacation "I am away.";', "keep; answer I am away."),
    "vacation and discard": ('vacation "I am away."; discard;', "answer I am away."),
    "vacation twice": ('vacation "a";\nvacation "b";', "keep; problem in line 3"),
    "too many redirects": ("".join(f'redirect "a{n}@b.example";' for n in range(6)), "keep; problem in line 2"),
    "redirect to nowhere": ('set "a" "x y"; redirect "${a}";', "keep; problem in line 2"),
}
BRANCHES = {
    "if": ("if true { discard; }", "discard"),
    "if not": ("if false { discard; }", "keep"),
    "else": ("if false { keep; } else { discard; }", "discard"),
    "elsif": ('if false { stop; } elsif true { discard; } else { fileinto "a"; }', "discard"),
    "the first that is true": ('if true { fileinto "a"; } elsif true { fileinto "b"; }', "a"),
    "nested": ('if true { if false {} else { fileinto "a"; } }', "a"),
    "not": ("if not false { discard; }", "discard"),
    "allof": ("if allof(true, true) { discard; }", "discard"),
    "allof not": ("if allof(true, false) { discard; }", "keep"),
    "anyof": ("if anyof(false, true) { discard; }", "discard"),
    "anyof not": ("if anyof(false, false) { discard; }", "keep"),
    "deep": ("if not not anyof(allof(true, not false)) { discard; }", "discard"),
}
VARIABLES = {
    "set": ('set "a" "Lists"; fileinto "${a}";', "Lists"),
    "case of names": ('set "Folder" "x"; fileinto "${fOLDER}";', "x"),
    "unknown": ('fileinto "x${nothing}y";', "xy"),
    "no reference": ('fileinto "${a b} $x ${} {a}";', "${a b} $x ${} {a}"),
    "not twice": ('set "a" "${b}"; set "b" "c"; set "d" "$"; fileinto "${d}{b}";', "${b}"),
    "lower": ('set :lower "a" "AbÄ"; fileinto "${a}";', "abä"),
    "upperfirst lower": ('set :upperfirst :lower "a" "jUST"; fileinto "${a}";', "Just"),
    "lowerfirst": ('set :lowerfirst "a" "ABC"; fileinto "${a}";', "aBC"),
    "length": ('set :length "a" "Äbc"; fileinto "${a}";', "3"),
    "quotewildcard": (r'set :quotewildcard "a" "a*b?\\"; fileinto "${a}";', r"a\*b\?" + "\\\\"),
    "matches": (
        'if header :matches "subject" "*sent * ?ou" { fileinto "${1}|${2}|${3}|${4}|${0}"; }',
        "I have a prä|for|y||I have a präsent for you",
    ),
    "matches stay where nothing matched": (
        'if header :matches "X-Priority" "?" {} if header :matches "x-priority" "z*" {} fileinto "${1}";',
        "3",
    ),
    "no name": ('set "a" "b"; if string "${a}" "b" { fileinto "yes"; }', "yes"),
    "hex": ('fileinto "${hex: 4c 69}sts";', "Lists"),
    "unicode": ('fileinto "${unicode:40}${Unicode: 20AC}";', "@€"),
    "no hex": ('fileinto "${hex:4}${hex:zz}${unicode:zz}";', "\4${hex:zz}${unicode:zz}"),
    "a variable of encoded characters": ('set "a" "b"; fileinto "${hex:24}{a}";', "b"),
}
FLAGS = {
    "setflag": (r'setflag "\\Seen"; keep;', r"keep [\Seen]"),
    "implicit": (r'addflag ["\\Seen", "a b"];', r"keep [\Seen a b]"),
    "removeflag": (r'setflag "a b c"; removeflag ["B", "d"];', "keep [a c]"),
    "each once": (r'addflag "a"; addflag "A";', "keep [a]"),
    ":flags": ('addflag "a"; fileinto :flags "b" "Lists"; keep;', "Lists [b]; keep [a]"),
    "no flags": ('addflag "a"; keep :flags "";', "keep"),
    "variable": ('addflag "v" "x"; addflag "v" "y"; keep :flags "${v}";', "keep [x y]"),
    "hasflag": ('setflag "a"; if hasflag "A" { discard; }', "discard"),
    "hasflag in a variable": ('setflag "v" "a b"; if hasflag :contains "v" "B" { discard; }', "discard"),
    "hasflag count": (
        'addflag "a b"; if hasflag :count "ge" :comparator "i;ascii-numeric" "2" { discard; }',
        "discard",
    ),
}
HEADERS = {
    "addheader": ('addheader "X-New" "a"; keep;', "keep v1"),
    "what was added is seen": ('addheader "X-New" "a ä"; if header "x-new" "a ä" { discard; }', "discard"),
    "deleteheader": ('deleteheader "Subject"; if exists "subject" { discard; }', "keep v1"),
    "deleteheader of one": ('deleteheader :contains "Subject" "nothing";', "keep"),
    "deleteheader by pattern": ('deleteheader :matches "X-*" "3";', "keep"),
    "each at its time": (
        'keep; addheader "X" "1"; fileinto "a"; addheader "X" "2"; redirect "a@b.example";',
        "keep; a v1; to a@b.example v2",
    ),
    "protected": ('deleteheader "Received"; addheader "Auto-Submitted" "no"; keep;', "keep"),
    "index": (
        'addheader "X-Priority" "4"; deleteheader :index 1 "X-Priority"; if header "X-Priority" "3" { discard; }',
        "discard",
    ),
    "index from the end": (
        'addheader "X-Priority" "4"; deleteheader :index 1 :last "X-Priority"; if header "X-Priority" "4" { discard; }',
        "discard",
    ),
    "not a name": ('set "a" "x:y"; addheader "${a}" "b";', "keep; problem in line 2"),
}


@rows(ACTIONS | BRANCHES | VARIABLES | FLAGS | HEADERS)
class RunningTests(SynchronousTestCase):
    """Tables."""

    def check(self, script: str, expected: str) -> None:
        self.assertEqual(told(script), expected)


class VerdictTests(SynchronousTestCase):
    """What else a verdict says."""

    def test_without_a_script(self) -> None:
        self.assertEqual(run(compiled(b""), message(), WORLD), KEPT)

    def test_vacation_with_all_it_has(self) -> None:
        answer = verdict(
            'vacation :days 3 :subject "Away" :from "Me <me@acme.example>" :addresses ["a@b.example"] :mime'
            ' :handle "h" "text";'
        ).answer
        assert answer is not None
        self.assertEqual((answer.seconds, answer.subject, answer.sender), (3 * 86_400, "Away", "Me <me@acme.example>"))
        self.assertEqual((answer.addresses, answer.is_mime, answer.handle), (("a@b.example",), True, "h"))
        answer = verdict('vacation :seconds 30 "text";').answer
        assert answer is not None
        self.assertEqual(answer.seconds, 30)

    def test_the_header_that_is_kept(self) -> None:
        on = message()
        found = verdict('addheader "X-A" "1"; deleteheader "X-Empty"; addheader :last "X-B" "ü"; keep;', on)
        changed = on.with_head(found.heads[found.filings[0].version - 1])
        self.assertTrue(changed.startswith(b"X-A: 1\r\nReturn-Path: <coyote@desert.example>\r\nReceived:"))
        self.assertIn(b'boundary="b"\r\nX-B: =?utf-8?', changed)
        self.assertNotIn(b"X-Empty", changed)
        self.assertTrue(changed.endswith(MAIL.encode().partition(b"\r\n\r\n")[2]))
        self.assertIn(b"Subject: =?utf-8?q?I_have_a_pr=C3=A4sent?=\r\n for you\r\n", changed)

    def test_octets_that_are_no_text_stay(self) -> None:
        on = message("From: a@b.example\r\nX: \udcff\r\n\r\n\udcfe")
        found = verdict('addheader "Y" "1"; keep;', on)
        self.assertEqual(on.with_head(found.heads[0]), b"Y: 1\r\nFrom: a@b.example\r\nX: \xff\r\n\r\n\xfe")

    def test_a_duplicate_is_known_the_next_time(self) -> None:
        script = 'if duplicate { discard; } if duplicate :handle "x" :uniqueid "y" :seconds 60 :last { stop; }'
        first = verdict(script)
        self.assertEqual(first.filings, (Filing(),))
        self.assertEqual([(met.seconds, met.again) for met in first.met], [(7 * 86_400, False), (60, True)])
        seen = frozenset((first.met[0].digest,))
        again = verdict(script, world=evolve(WORLD, seen=seen))
        self.assertEqual((again.filings, again.met), ((), first.met))

    def test_ids_of_different_kinds_are_different(self) -> None:
        scripts = ("duplicate", 'duplicate :handle "h"', 'duplicate :header "X-Priority"', 'duplicate :uniqueid "3"')
        digests = {verdict(f"if {script} {{}}").met[0].digest for script in scripts}
        self.assertEqual(len(digests), 4)

    def test_no_id_is_no_duplicate(self) -> None:
        self.assertEqual(verdict('if duplicate :header "X-Missing" { discard; }').met, ())


class BoundsTests(SynchronousTestCase):
    """Scripts that go too far: the message is kept, and nothing else happens."""

    def bounded(self, script: str, **bounds: object) -> str:
        return told(script, world=evolve(WORLD, bounds=evolve(USUAL, **bounds)))

    def test_steps(self) -> None:
        script = 'fileinto "a";' + "if true {}" * 100
        self.assertEqual(self.bounded(script, steps=300), "a")
        self.assertEqual(self.bounded(script, steps=150), "keep; problem in line 2")

    def test_time(self) -> None:
        times = iter(range(1000))
        world = evolve(WORLD, clock=lambda: float(next(times)))
        self.assertEqual(told('fileinto "a";' + "if true {}" * 200, world=world), "keep; problem in line 2")

    def test_long_comparisons_cost_steps(self) -> None:
        long = message("Subject: " + "a" * 60_000 + "\r\n\r\n")
        script = f'if header :matches "subject" ["{"*a?" * 1000}b"] {{ discard; }}'
        self.assertEqual(
            told(script, long, world=evolve(WORLD, bounds=evolve(USUAL, steps=5000))), "keep; problem in line 2"
        )

    def test_variables(self) -> None:
        script = "".join(f'set "v{number}" "x";' for number in range(20))
        self.assertEqual(self.bounded(script, variables=20), "keep")
        self.assertEqual(self.bounded(script, variables=19), "keep; problem in line 2")

    def test_long_values_are_cut(self) -> None:
        doubled = 'set "a" "0123456789";' + 'set "a" "${a}${a}";' * 30 + 'set :length "a" "${a}"; fileinto "${a}";'
        self.assertEqual(told(doubled), "4096")

    def test_redirects_messages_and_folders(self) -> None:
        script = 'redirect "a@b.example"; redirect "b@b.example"; vacation "x";'
        self.assertEqual(self.bounded(script, redirects=1), "keep; problem in line 2")
        self.assertEqual(self.bounded(script, messages=2), "keep; problem in line 2")
        self.assertEqual(self.bounded('fileinto "a"; fileinto "b";', filings=1), "keep; problem in line 2")

    def test_a_message_in_a_circle_is_not_redirected(self) -> None:
        self.assertEqual(self.bounded('redirect "a@b.example";', received=1), "keep; problem in line 2")

    def test_fields(self) -> None:
        self.assertEqual(told('addheader "X" "y";' * 51), "keep; problem in line 2")


WORDS = """
    if elsif else { } ( ) [ ] , ; :is :matches :contains :count "lt" header address "subject" "*" "${1}" "a" true not
    anyof allof keep discard stop fileinto "Lists" set redirect "a@b.example" :copy addheader deleteheader vacation 1
    duplicate body :raw date currentdate "year" string hasflag addflag reject exists size :over 10K envelope "to"
    """
PIECES = st.sampled_from(WORDS.split())


class HypothesisTests(SynchronousTestCase):
    """Whatever is written, it is an error with a line, or it runs."""

    @settings(max_examples=200)
    @given(st.lists(PIECES, max_size=40))
    def test_words(self, pieces: list[str]) -> None:
        source = (ALL + " ".join(pieces)).encode()
        try:
            script = compiled(source)
        except SieveError as problem:
            self.assertGreater(problem.line, 0)
            return
        found = run(script, message(), World())
        self.assertTrue(found.filings or found.redirections or found.refusal or "discard" in pieces)

    @settings(max_examples=150)
    @given(st.binary(max_size=200))
    def test_octets(self, octets: bytes) -> None:
        try:
            compiled(octets)
        except SieveError as problem:
            self.assertGreater(problem.line, 0)

    @given(st.text(max_size=60), st.text(alphabet="ab*?\\é", max_size=12))
    def test_patterns(self, value: str, pattern: str) -> None:
        on = message(f"Subject: x\r\nX-A: {' '.join(value.split())}\r\n\r\n".encode("utf-8", "replace").decode())
        text = pattern.replace("\\", "\\\\")
        self.assertIn(told(f'if header :matches "x-a" "{text}" {{ discard; }}', on), ("keep", "discard"))
