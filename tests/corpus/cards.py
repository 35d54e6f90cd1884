"""All cards of the corpus."""

from __future__ import annotations

from functools import cache

from tests.corpus import odd_cards
from tests.corpus.address_books import BOOKS, writes
from tests.corpus.people import PEOPLE
from tests.corpus.writing import File


@cache
def files() -> tuple[File, ...]:
    """In order; no two are alike."""
    written = [book.file(person) for book in BOOKS for person in PEOPLE if writes(book, person)]
    return (*written, *odd_cards.files())
