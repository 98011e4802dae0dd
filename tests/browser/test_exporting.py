"""The contact list's export in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.dashboard import CONTACTS
from tests.worlds import World


def test_what_the_list_shows_is_downloaded_from_its_menu(north: World, south: World, watched: Watched):
    page = watched.log_in(north.owner)
    watched.open(f"{CONTACTS}?q=jane")
    page.locator("a", has_text="Export").click()
    item = page.get_by_role("link", name="CSV")
    expect(item).to_be_visible()
    with page.expect_download() as downloading:
        item.click()
    download = downloading.value
    assert download.suggested_filename.startswith("contacts-north-")
    assert download.suggested_filename.endswith(".csv")
    text = Path(download.path()).read_text(encoding="utf-8-sig")
    assert "jane@example.com" in text
    assert "bob@example.com" not in text
    assert south.canary not in text
