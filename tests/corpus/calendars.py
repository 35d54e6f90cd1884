"""All calendar files of the corpus."""

from __future__ import annotations

from functools import cache

from tests.corpus import feeds, odd_calendars
from tests.corpus.meetings import MEETINGS
from tests.corpus.programs import PROGRAMS
from tests.corpus.writing import File


@cache
def files() -> tuple[File, ...]:
    """In order; no two are alike."""
    written = [program.file(meeting) for program in PROGRAMS for meeting in MEETINGS]
    return (*written, *feeds.files(), *odd_calendars.files())
