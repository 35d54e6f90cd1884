"""Pictures of every page of the web interface, light, dark and on a phone.

``python -m tests.interop.webui_pictures FOLDER`` (``make screenshots``).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.interop.browser import ENTER, Browser
from tests.interop.page_world import PageWorld
from tests.interop.test_webui import ACCOUNT_PAGES, ADMIN_PAGES
from tests.interop.webui_world import ADMIN, READY

SCREENS = {"light": ("light", 1280, 850), "dark": ("dark", 1280, 850), "phone": ("light", 375, 720)}


def draw(folder: Path) -> None:
    """All of them."""
    folder.mkdir(parents=True, exist_ok=True)
    world = PageWorld()
    browser = Browser("--accept-lang=en")
    try:
        browser.open(f"{world.url}/admin/diagnose")
        _show(browser, "light")
        browser.wait("document.querySelector('[name=username]')")
        (folder / "sign-in.png").write_bytes(browser.picture())
        browser.fill("[name=username]", ADMIN)
        browser.fill("[name=password]", world.accounts[ADMIN])
        browser.press(ENTER)
        browser.wait(READY)
        browser.fill("main [name=target]", "postmaster@good.page.test")
        browser.press(ENTER)
        browser.wait("document.querySelector('.verdict')?.innerText.includes('Finished')")
        _pictures(browser, folder, "diagnosis")
        for area, names in (("admin", ADMIN_PAGES), ("account", ACCOUNT_PAGES)):
            for name in names:
                browser.open(f"{world.url}/{area}/{name}")
                browser.wait(READY)
                time.sleep(0.5)
                _pictures(browser, folder, f"{area}-{name.replace('/', '-') or 'start'}")
    finally:
        browser.close()
        world.close()


def _pictures(browser: Browser, folder: Path, name: str) -> None:
    for screen in SCREENS:
        _show(browser, screen)
        (folder / f"{name}-{screen}.png").write_bytes(browser.picture())


def _show(browser: Browser, screen: str) -> None:
    scheme, width, height = SCREENS[screen]
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.devtools("Emulation.setEmulatedMedia", features=features)
    browser.devtools(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
    )


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
