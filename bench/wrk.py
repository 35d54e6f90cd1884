"""Load by ``wrk`` (Debian's package), which takes a third of the processor time of ``load``: one thread, kept
connections, each waiting for its answer. It reads answers by their length and counts those that are no success; that
they say what is expected is seen on a sample before, and their mean length afterwards must be the sample's.

It is found where it is installed, or where ``tests/interop/clients/unpack`` puts it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from bench.load import Address, requests
from bench.measure import ROOT

_UNPACKED = ROOT / ".cache" / "wrk"
_SAMPLE = 40
_TOLERANCE = 0.1

_SCRIPT = """\
local count, at, all = 0, 0, {}
function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  while true do
    local length = file:read(8)
    if not length then break end
    count = count + 1
    all[count] = file:read(tonumber(length))
  end
end
function request()
  at = at % count + 1
  return all[at]
end
function done(summary, latency)
  local wrong = summary.errors
  local errors = wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout
  local form = '{"count":%d,"microseconds":%d,"octets":%d,"errors":%d,"p50":%d,"p99":%d}'
  io.write("\\n", form:format(summary.requests, summary.duration, summary.bytes, errors,
    latency:percentile(50), latency:percentile(99)), "\\n")
end
"""


@frozen
class Driven:
    """What came of it: ``late`` are p50 and p99 in seconds, ``octets`` of an answer on average, ``cpu`` seconds of the
    driver's own processor time."""

    count: int
    seconds: float
    late: tuple[float, float]
    octets: float
    cpu: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.count / self.seconds

    def shown(self) -> str:
        """Times for people."""
        return f"p50 {self.late[0] * 1e3:.2g} ms, p99 {self.late[1] * 1e3:.2g} ms"


def program() -> str | None:
    """Where it is."""
    return shutil.which("wrk") or shutil.which("wrk", path=str(_UNPACKED / "usr" / "bin"))


def drive(
    works: Sequence[tuple[Address, Sequence[bytes]]], sign: bytes, connections: int, seconds: int
) -> list[Driven]:
    """Send requests in turn for ``seconds`` to each of the addresses at once, over ``connections`` to each.

    :raises RuntimeError: an answer is no success, lacks ``sign`` in the sample, or answers are not as long as there.
    """
    lengths = [_length(address, wanted, sign) for address, wanted in works]
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as name:
        script = Path(name) / "script.lua"
        script.write_text(_SCRIPT)
        before = _spent()
        running = [_started(script, str(number), *work, connections, seconds) for number, work in enumerate(works)]
        told = [process.communicate(timeout=seconds + 60)[0] for process in running]
        cpu = (_spent() - before) / len(running)
    driven = [_read(each, cpu) for each in told]
    for one, length in zip(driven, lengths, strict=True):
        if not abs(one.octets - length) <= _TOLERANCE * length:
            raise RuntimeError(f"answers of {one.octets:.0f} octets, and of {length:.0f} in the sample")
    return driven


def _length(address: Address, wanted: Sequence[bytes], sign: bytes) -> float:
    """Of an answer, by a sample."""
    sample = wanted[:: max(len(wanted) // _SAMPLE, 1)]
    return requests(address, sample, sign, 1, 0, once=True).octets / len(sample)


def _started(
    script: Path, name: str, address: Address, wanted: Sequence[bytes], connections: int, seconds: int
) -> subprocess.Popen[str]:
    file = script.with_name(name)
    file.write_bytes(b"".join(b"%8d" % len(one) + one for one in wanted))
    url = f"http://{address[0]}:{address[1]}/"
    words = [program() or "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url, "--", str(file)]
    libraries = ":".join(str(each) for each in _UNPACKED.glob("usr/lib/*"))
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)


def _read(told: str, cpu: float) -> Driven:
    found = json.loads(told.strip().splitlines()[-1])
    if found["errors"] or not found["count"]:
        raise RuntimeError(f"not the answers that were expected: {told[-600:]}")
    late = found["p50"] / 1e6, found["p99"] / 1e6
    return Driven(found["count"], found["microseconds"] / 1e6, late, found["octets"] / found["count"], cpu)


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
