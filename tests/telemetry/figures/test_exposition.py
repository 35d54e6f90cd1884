"""Figures for Prometheus: their names in both namings, both formats read by the library's own parsers, negotiation."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_SUCCESS, HTTP_CONNECTION_END, HTTP_CONNECTION_START, Level
from stalwart.telemetry.figures import exposition
from stalwart.telemetry.figures.exposition import Naming, pieces, written
from stalwart.telemetry.figures.families import Buckets, Family, Parts, families

NASTY = 'a"b\\c\nd'


class Certificates:
    def __init__(self, **names: float) -> None:
        self.names = names

    def expiries(self) -> Mapping[str, float]:
        return self.names


def values(text: str) -> dict[str, float]:
    """Values by name and labels."""
    pairs = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


class FakeCrew:
    """Others have counted 100 of everything."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes
        self._own: Counter[str] = Counter()

    def count(self, id: str, times: int = 1) -> None:
        self._own[id] += times

    def total(self, id: str) -> int:
        return 100 + self._own[id]

    def processes(self) -> Mapping[str, int]:
        return self._processes

    shelf = None


def quiet() -> Telemetry:
    return Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]


class ExpositionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry = quiet()
        for _ in range(12):
            self.telemetry.emit(AUTH_SUCCESS)
        self.parts = Parts(self.telemetry, Certificates(**{"mail.example.test": 1_900_000_000.5}))

    def text(self, naming: Naming = "stalwart", openmetrics: bool = False, found: Iterable[Family] = ()) -> str:
        return written(list(found) or families(self.parts), naming, openmetrics).decode()

    def test_bare_names_of_the_reference(self) -> None:
        lines = self.text().splitlines()
        where = lines.index("# TYPE auth_success counter")
        self.assertEqual(
            lines[where - 1 : where + 2][::2], ["# HELP auth_success Sign-in succeeded", "auth_success 12"]
        )
        self.assertIn("http_x_forwarded_missing 0", lines)
        self.assertFalse([line for line in lines if line.startswith("stalwart_auth")])

    def test_own_names_with_prefix_and_total(self) -> None:
        lines = self.text("openmetrics").splitlines()
        self.assertIn("# TYPE stalwart_auth_success_total counter", lines)
        self.assertIn("stalwart_auth_success_total 12.0", lines)
        odd = [line for line in lines if not line.startswith(("#", "stalwart_", "process_"))]
        self.assertEqual(odd, [])

    def test_names_do_not_depend_on_the_format(self) -> None:
        for naming in ("stalwart", "openmetrics"):
            self.assertEqual(set(values(self.text(naming))), set(values(self.text(naming, True))), naming)

    def test_both_formats_say_the_same_in_both_namings(self) -> None:
        expiry = 'stalwart_acme_certificate_expiry_timestamp_seconds{name="mail.example.test"}'
        for naming in ("stalwart", "openmetrics"):
            name = "auth_success" if naming == "stalwart" else "stalwart_auth_success_total"
            for openmetrics in (False, True):
                found = values(self.text(naming, openmetrics))
                self.assertEqual((found[name], found[expiry]), (12, 1_900_000_000.5))
                self.assertGreater(found["process_resident_memory_bytes"], 1_000_000)
                self.assertGreater(found["process_cpu_seconds_total"], 0)

    def test_both_formats_can_be_parsed(self) -> None:
        for naming in ("stalwart", "openmetrics"):
            self.assertGreater(len(list(parse_text(self.text(naming)))), 60)
            self.assertGreater(len(list(parse_openmetrics(self.text(naming, True)))), 60)

    def test_types(self) -> None:
        for naming in ("stalwart", "openmetrics"):
            kinds = {each.name: each.type for each in parse_text(self.text(naming))}
            self.assertEqual(kinds["stalwart_build_info"], "gauge")
            self.assertEqual(kinds["process_cpu_seconds"], "counter")
        kinds = {each.name: each.type for each in parse_openmetrics(self.text("openmetrics", True))}
        self.assertEqual(kinds["stalwart_auth_success"], "counter")
        kinds = {each.name: each.type for each in parse_openmetrics(self.text("stalwart", True))}
        self.assertEqual(kinds["auth_success"], "unknown")

    def test_no_two_families_have_one_name(self) -> None:
        for naming in ("stalwart", "openmetrics"):
            names = [line.split()[2] for line in self.text(naming).splitlines() if line.startswith("# TYPE")]
            self.assertEqual(len(names), len(set(names)), naming)

    def test_build_info_names_the_versions(self) -> None:
        (line,) = [line for line in self.text().splitlines() if line.startswith("stalwart_build_info")]
        self.assertRegex(line, r'\{python="3\.[0-9.]+",twisted="[0-9.]+",version="[^"]+"\} 1$')

    def test_connections_that_are_open(self) -> None:
        for event in (HTTP_CONNECTION_START, HTTP_CONNECTION_START, HTTP_CONNECTION_END):
            self.telemetry.emit(event)
        self.assertIn("# TYPE http_active_connections gauge\nhttp_active_connections 1\n", self.text())
        for _ in range(3):
            self.telemetry.emit(HTTP_CONNECTION_END)
        self.assertEqual(values(self.text("openmetrics"))["stalwart_http_active_connections"], 0)

    def test_counts_of_the_store(self) -> None:
        self.assertNotIn("count", {each.id.rpartition(".")[2] for each in families(self.parts) if each.id})
        self.parts = Parts(self.telemetry, None, {"user.count": 3, "domain.count": 2})
        found = values(self.text())
        self.assertEqual((found["user_count"], found["domain_count"]), (3, 2))
        self.assertEqual(values(self.text("openmetrics"))["stalwart_accounts"], 3)

    def test_memory_of_the_server(self) -> None:
        found = values(self.text())
        self.assertEqual(found["server_memory"], found["process_resident_memory_bytes"])
        self.assertIn("stalwart_server_memory_bytes", values(self.text("openmetrics")))

    def test_crew_is_summed_up_and_each_process_told_apart(self) -> None:
        self.telemetry.join(FakeCrew({"1": os.getpid(), "2": os.getppid(), "3": 2**22 + 1}))
        for naming in ("stalwart", "openmetrics"):
            name = "auth_success" if naming == "stalwart" else "stalwart_auth_success_total"
            for openmetrics in (False, True):
                found = values(self.text(naming, openmetrics))
                self.assertEqual(found[name], 112)
                memory = [found[f'process_resident_memory_bytes{{worker="{each}"}}'] for each in (1, 2)]
                self.assertTrue(all(memory))
                self.assertNotIn('process_resident_memory_bytes{worker="3"}', found)  # it has ended
                self.assertNotIn("process_resident_memory_bytes", found)
            self.assertEqual(self.text(naming).count("# TYPE process_cpu_seconds"), 1)

    def test_without_certificates(self) -> None:
        self.parts = Parts(self.telemetry)
        self.assertNotIn("acme_certificate_expiry", self.text())

    def test_labels_and_help_are_escaped(self) -> None:
        family = Family("stalwart_x", "gauge", "one\\two\nthree", (({"name": NASTY}, 1.0),))
        for naming in ("stalwart", "openmetrics"):
            (found,) = [each for each in parse_text(self.text(naming, found=[family])) if each.name == "stalwart_x"]
            self.assertEqual((found.samples[0].labels, found.documentation), ({"name": NASTY}, "one\\two\nthree"))

    def test_histograms_are_cumulative_in_either_unit(self) -> None:
        value = Buckets((0.25, 1.0), (3, 0, 2), 12.5)
        family = Family("stalwart_x_duration_seconds", "histogram", "X", (({"a": "b"}, value),), "x.time", 1000.0)
        for naming, name, unit in (("stalwart", "x_time", 1000), ("openmetrics", "stalwart_x_duration_seconds", 1)):
            for openmetrics in (False, True):
                text = self.text(naming, openmetrics, [family])
                read = parse_openmetrics(text) if openmetrics else parse_text(text)
                (found,) = (each for each in read if each.name == name)
                self.assertEqual(found.type, "histogram")
                samples = {(each.name.removeprefix(name), each.labels.get("le")): each.value for each in found.samples}
                buckets = {float(le): value for (suffix, le), value in samples.items() if suffix == "_bucket" and le}
                self.assertEqual(buckets, {0.25 * unit: 3, 1.0 * unit: 3, float("inf"): 5})
                self.assertEqual((samples["_count", None], samples["_sum", None]), (5, 12.5 * unit))
                self.assertEqual({each.labels["a"] for each in found.samples}, {"b"})

    def test_pieces_of_a_large_family_are_one(self) -> None:
        samples = [({"a": str(number)}, Buckets((0.25,), (number, 1), 0.0)) for number in range(95)]
        family = Family("stalwart_x_duration_seconds", "histogram", "X", samples, "x.time", 1000.0)
        for naming in ("stalwart", "openmetrics"):
            for openmetrics in (False, True):
                found = list(pieces([family, family], naming, openmetrics))
                self.assertEqual(len(found), 32 + openmetrics)
                text = self.text(naming, openmetrics, [family])
                self.assertEqual((text.count("# TYPE"), text.count("# EOF")), (1, int(openmetrics)))
                (read,) = parse_openmetrics(text) if openmetrics else parse_text(text)
                self.assertEqual(len({each.labels["a"] for each in read.samples}), 95)

    def test_exemplars_are_for_openmetrics(self) -> None:
        value = Buckets((0.25,), (1, 1), 1.5, ((77, 0.2, 1_700_000_000.1234), None))
        family = Family("stalwart_x_duration_seconds", "histogram", "X", (({}, value),), "x.time", 1000.0)
        for naming in ("stalwart", "openmetrics"):
            self.assertNotIn("trace_id", self.text(naming, found=[family]))
            (found,) = parse_openmetrics(self.text(naming, True, [family]))
            exemplars = [each.exemplar for each in found.samples if each.exemplar is not None]
            self.assertEqual([each.labels for each in exemplars], [{"trace_id": f"{77:032x}"}])
            self.assertEqual(
                (exemplars[0].value, float(exemplars[0].timestamp)),
                (200 if naming == "stalwart" else 0.2, 1_700_000_000.123),
            )

    @given(st.floats() | st.integers(-(2**60), 2**60))
    def test_any_number_can_be_read_back(self, value: float) -> None:
        family = Family("stalwart_x", "gauge", "X", (({}, value),))
        text = exposition._text(exposition._metric(family, None))
        ((sample,),) = [each.samples for each in parse_text(text)]
        self.assertEqual(repr(float(sample.value)), repr(float(value) + 0.0))


class NegotiationTests(SynchronousTestCase):
    """RFC 9110 12.5.1."""

    def test_what_is_preferred(self) -> None:
        for accept, wanted in (
            (None, False),
            ("", False),
            ("*/*", False),
            ("text/plain", False),
            ("text/plain;version=0.0.4", False),
            ("application/openmetrics-text", True),
            ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", True),
            ('application/openmetrics-text; version="1.0.0"', True),
            ("application/openmetrics-text;version=9.0.0", False),
            ("application/openmetrics-text;q=0", False),
            ("application/openmetrics-text;q=0.3,text/plain;q=0.5", False),
            ("application/openmetrics-text;q=0.3,*/*;q=0.5", False),
            ("application/openmetrics-text, */*", True),
            # what Prometheus 2 and 3 send
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                True,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
                "text/plain;version=0.0.4;q=0.2,/;q=0.1",
                True,
            ),
        ):
            self.assertEqual(exposition.wants_openmetrics(accept), wanted, accept)

    @given(st.text())
    def test_anything_can_be_asked(self, accept: str) -> None:
        self.assertIn(exposition.wants_openmetrics(accept), (True, False))
