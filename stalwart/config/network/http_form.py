"""x:HttpForm: the contact form that other sites may post to (settings C.2; redirects and the silent trap: design 8)."""

from __future__ import annotations

from collections.abc import Iterator

from stalwart.codec.web_addresses import is_web_address
from stalwart.schema import (
    Boolean,
    Nested,
    Rate,
    Set,
    Singleton,
    Size,
    String,
    Violation,
    prop,
)


class HttpForm(Singleton):
    """A form that visitors of a web site fill in; what they write becomes a message."""

    enable: bool = prop(Boolean(), False, "Take forms.")
    deliver_to: frozenset[str] = prop(Set(String("emailAddress")), {}, "Local addresses that get the messages.")
    default_from_address: str = prop(
        String("emailAddress"), "postmaster@localhost", "Sender of a message whose form names none."
    )
    default_name: str = prop(String(), "Anonymous", "Name of a sender who gives none.")
    default_subject: str = prop(String(), "Contact form submission", "Subject of a message whose form has none.")
    field_email: str | None = prop(String(nullable=True), None, "Form field with the address of the sender.")
    field_name: str | None = prop(String(nullable=True), None, "Form field with the name of the sender.")
    field_subject: str | None = prop(String(nullable=True), None, "Form field with the subject.")
    field_honey_pot: str | None = prop(
        String(nullable=True), None, "Form field that people do not see; a form that fills it comes from a program."
    )
    honey_pot_silent: bool = prop(Boolean(), False, "Answer such a form as if it had been taken.")
    validate_domain: bool = prop(Boolean(), True, "The domain of the sender must exist.")
    rate_limit: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 5, "period": 3_600_000},
        "Forms of one remote address; null is no limit.",
    )
    max_size: int = prop(Size(), 102_400, "Bytes of one form.")
    redirect_ok: str | None = prop(
        String(nullable=True), None, "Where a browser goes after a form was taken; null shows a small page."
    )
    redirect_failed: str | None = prop(
        String(nullable=True), None, "Where a browser goes after a form was refused; null shows a small page."
    )

    def check(self) -> Iterator[Violation]:
        """A form in use has somebody to deliver to."""
        if self.enable and not self.deliver_to:
            yield Violation("invalidProperties", "deliverTo", "A form that is taken needs somebody to deliver it to.")
        for name, place in (("redirectOk", self.redirect_ok), ("redirectFailed", self.redirect_failed)):
            if place is not None and not is_place(place):
                yield Violation("invalidProperties", name, "It is neither an https: or http: URL nor a path from / on.")


def is_place(text: str) -> bool:
    """Whether a browser can be sent there: the URL of a page, or the path of one on this server."""
    url = text.partition("#")[0]
    if url.startswith("/") and not url.startswith(("//", "/\\")):
        url = f"https://localhost{url}"
    return text.isascii() and text.isprintable() and " " not in text and is_web_address(url)
