"""x:CalendarScheduling: invitations and their answers, by mail and by web page (settings C.9; RFC 5546, RFC 6047)."""

from __future__ import annotations

from stalwart.schema import Boolean, Duration, Singleton, Size, String, Unsigned, prop


class CalendarScheduling(Singleton):
    """Invitations to events."""

    enable: bool = prop(Boolean(), True, "Send and take invitations.", label="Enabled")
    auto_add_invitations: bool = prop(Boolean(), False, "Put an invitation into the calendar before it is answered.")
    itip_max_size: int = prop(Size(min=100), 524_288, "Bytes of an incoming invitation.", label="Max iTIP size")
    max_recipients: int = prop(Unsigned(min=1), 100, "Recipients of one invitation.")
    email_template: str | None = prop(
        String("html", nullable=True), None, "Text of invitations in HTML; null is the built-in one.", enforced=False
    )
    http_rsvp_enable: bool = prop(
        Boolean(), True, "Let invitations be answered on a web page.", label="Answers on the web"
    )
    http_rsvp_url: str | None = prop(
        String("uri", nullable=True), None, "Address of that page; null is the server's own.", label="Answer page URL"
    )
    http_rsvp_link_expiry: int = prop(
        Duration(), 7_776_000_000, "How long a link to it works.", label="Answer link expiry"
    )
    http_rsvp_template: str | None = prop(
        String("html", nullable=True),
        None,
        "Page in HTML; null is the built-in one.",
        label="Answer page template",
        enforced=False,
    )
