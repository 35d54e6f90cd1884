"""As much of a browser as signing in by a form needs: follows redirects and fills in the first form that posts."""

from __future__ import annotations

import html.parser
import urllib.parse

import requests


class Form(html.parser.HTMLParser):
    """The first form of a page that posts: where to, and its fields; buttons are pressed only if they have no name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and given.get("method", "get").lower() == "post":
            self.action, self._inside = given.get("action", ""), True
        elif tag == "input" and self._inside and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def sign_in(url: str, values: dict[str, str], until: str | None = None) -> str:
    """Open ``url`` and go on until a redirect leads to ``until`` (that address) or there is no form (that page)."""
    browser, data = requests.Session(), None
    for _ in range(10):
        if until is not None and url.startswith(until):
            return url
        if data is None:
            answer = browser.get(url, allow_redirects=False, timeout=20)
        else:
            answer = browser.post(url, data=data, allow_redirects=False, timeout=20)
        if answer.is_redirect:
            url, data = urllib.parse.urljoin(url, answer.headers["Location"]), None
            continue
        form = Form(answer.text)
        if form.action is None or answer.status_code >= 400:
            return answer.text
        data = {name: values.get(name, value) for name, value in form.fields.items()}
        url = urllib.parse.urljoin(url, form.action)
    raise RuntimeError("the sign-in does not end")
