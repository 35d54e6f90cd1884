"""DMARC aggregate reports: who has sent in the name of a domain, and how that was judged (RFC 7489 7.2, appendix C).

The XML is read as a stream and nothing in it is followed: a document type ends the reading, so there are no entities.
Name spaces are passed over, as are elements that nobody knows; members of newer reports that say what older ones do
not (``np``, ``testing``, ``discovery_method``) are kept. Depth, records and lengths are bounded.
"""

from __future__ import annotations

from xml.parsers.expat import ExpatError, ParserCreate

from attrs import define, field, frozen

LONGEST = 500
"""Characters of a text that are kept."""
MOST_RECORDS = 5000
"""Records that are kept; ``AggregateReport.total_records`` says how many there are."""
_MOST_CHILDREN = 100
_MOST_KEPT = 1000
_MOST_ELEMENTS = 600_000
_DEEPEST = 10
_LARGEST = (1 << 53) - 1
_LAST = 253402300799  # the year 9999
_PIECE = 65536


class MalformedReport(Exception):
    """It is no report; the message is half a sentence."""


@frozen
class OverrideReason:
    """Why another disposition was applied than the policy asks for."""

    type: str
    comment: str = ""


@frozen
class DkimResult:
    """What a signature proved."""

    domain: str
    selector: str = ""
    result: str = ""
    human_result: str = ""


@frozen
class SpfResult:
    """What SPF said of a domain."""

    domain: str
    scope: str = ""
    result: str = ""
    human_result: str = ""


@frozen
class Record:
    """Messages of one kind from one address."""

    source_ip: str
    count: int
    disposition: str
    dkim: str
    spf: str
    reasons: tuple[OverrideReason, ...]
    header_from: str
    envelope_from: str
    envelope_to: str
    dkim_results: tuple[DkimResult, ...]
    spf_results: tuple[SpfResult, ...]


@frozen
class PublishedPolicy:
    """The policy that the reporter has found."""

    domain: str
    adkim: str = ""
    aspf: str = ""
    p: str = ""
    sp: str = ""
    np: str = ""
    pct: int | None = None
    fo: str = ""
    testing: str = ""
    discovery_method: str = ""


@frozen
class AggregateReport:
    """A report about the time from ``begin`` to ``end``, in seconds since 1970."""

    version: str
    org_name: str
    email: str
    extra_contact_info: str
    report_id: str
    begin: int
    end: int
    errors: tuple[str, ...]
    policy: PublishedPolicy
    records: tuple[Record, ...]
    total_records: int

    @property
    def failed(self) -> int:
        """Messages for which neither DKIM nor SPF passed."""
        return sum(each.count for each in self.records if "pass" not in (each.dkim, each.spf))


def read_report(data: bytes) -> AggregateReport:
    """The report in ``data``, which the caller has bounded.

    :raises MalformedReport: it is no XML, declares a document type, or is about no domain.
    """
    return _Reader().read(data)


@define
class _Node:
    """An element that is not over, or that somebody has to look into."""

    name: str
    children: list[_Node] = field(factory=list)
    pieces: list[str] = field(factory=list)
    length: int = 0
    kept: int = 0  # elements in it

    @property
    def text(self) -> str:
        return "".join(self.pieces)[:LONGEST].strip()

    def all(self, name: str) -> list[_Node]:
        """The children of that name."""
        return [each for each in self.children if each.name == name]

    def child(self, name: str) -> _Node:
        """The first child of that name, or one that says nothing."""
        return next((each for each in self.children if each.name == name), _NOTHING)

    def value(self, name: str) -> str:
        """The text of the first child of that name."""
        return self.child(name).text

    def word(self, name: str) -> str:
        """The same in lower case."""
        return self.value(name).lower()


_NOTHING = _Node("")


class _Reader:
    def __init__(self) -> None:
        self.stack: list[_Node] = []
        self.root: _Node | None = None
        self.records: list[Record] = []
        self.total = 0
        self.kept = 0  # elements in memory
        self.seen = 0

    def read(self, data: bytes) -> AggregateReport:
        parser = ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.data
        data = data.lstrip()
        try:
            for at in range(0, len(data), _PIECE):
                parser.Parse(data[at : at + _PIECE], False)
            parser.Parse(b"", True)
        except (ExpatError, LookupError, ValueError):
            raise MalformedReport("it is not XML") from None
        if self.root is None or self.root.name != "feedback":
            raise MalformedReport("it is no aggregate report")
        return self.report(self.root)

    def doctype(self, *_declared: object) -> None:
        raise MalformedReport("it declares a document type")

    def start(self, name: str, _attributes: object) -> None:
        if len(self.stack) >= _DEEPEST:
            raise MalformedReport("it is nested too deeply")
        self.seen += 1
        if self.seen > _MOST_ELEMENTS:
            raise MalformedReport("it has too many elements")
        self.stack.append(_Node(name.rpartition(":")[2].lower()[:100]))

    def data(self, text: str) -> None:
        node = self.stack[-1]
        if node.length < LONGEST + 100:  # some of it may be white space
            node.pieces.append(text[: LONGEST + 100])
            node.length += len(text)

    def end(self, _name: str) -> None:
        node = self.stack.pop()
        if not self.stack:
            self.root = node
            return
        if node.name == "record" and len(self.stack) == 1:
            self.total += 1
            self.kept = 0
            if len(self.records) < MOST_RECORDS:
                self.records.append(_record(node))
            return
        parent = self.stack[-1]
        if len(parent.children) < _MOST_CHILDREN and (node.children or self.kept < _MOST_KEPT):
            self.kept += 1
            parent.kept += node.kept + 1
            parent.children.append(node)
        else:
            self.kept -= node.kept

    def report(self, root: _Node) -> AggregateReport:
        metadata, published = root.child("report_metadata"), root.child("policy_published")
        time = metadata.child("date_range")
        domain = published.word("domain").rstrip(".")
        if not domain:
            raise MalformedReport("it is about no domain")
        begin, end = (_number(time.value(name), _LAST) or 0 for name in ("begin", "end"))
        words = {name: published.word(name) for name in ("adkim", "aspf", "p", "sp", "np", "fo", "testing")}
        policy = PublishedPolicy(
            domain,
            pct=_number(published.value("pct"), 100),
            discovery_method=published.word("discovery_method"),
            **words,
        )
        return AggregateReport(
            version=root.value("version"),
            org_name=metadata.value("org_name"),
            email=metadata.value("email"),
            extra_contact_info=metadata.value("extra_contact_info"),
            report_id=metadata.value("report_id"),
            begin=begin,
            end=max(begin, end),
            errors=tuple(each.text for each in metadata.all("error")),
            policy=policy,
            records=tuple(self.records),
            total_records=self.total,
        )


def _record(node: _Node) -> Record:
    row, named, results = node.child("row"), node.child("identifiers"), node.child("auth_results")
    judged = row.child("policy_evaluated")
    return Record(
        source_ip=row.value("source_ip"),
        count=_number(row.value("count"), _LARGEST) or 0,
        disposition=judged.word("disposition"),
        dkim=judged.word("dkim"),
        spf=judged.word("spf"),
        reasons=tuple(OverrideReason(each.word("type"), each.value("comment")) for each in judged.all("reason")),
        header_from=named.word("header_from"),
        envelope_from=named.word("envelope_from"),
        envelope_to=named.word("envelope_to"),
        dkim_results=tuple(
            DkimResult(each.word("domain"), each.value("selector"), each.word("result"), each.value("human_result"))
            for each in results.all("dkim")
        ),
        spf_results=tuple(
            SpfResult(each.word("domain"), each.word("scope"), each.word("result"), each.value("human_result"))
            for each in results.all("spf")
        ),
    )


def _number(text: str, largest: int) -> int | None:
    """A whole number that is not negative; some reporters write fractions of seconds."""
    digits = text.partition(".")[0]
    return min(int(digits[:20]), largest) if digits.isascii() and digits.isdigit() else None
