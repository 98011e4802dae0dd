"""Imports in a real browser: the preview follows the choices by itself, and pages of what happens renew themselves."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from contacts.models import Contact
from tests.browser.conftest import Watched
from tests.dashboard import CONTACTS
from tests.jobs import work
from tests.worlds import World

TABLE = (
    "Vorname;Nachname;E-Mail;Ort;Bemerkung\n"
    "Jürgen;Groß;juergen@import.example;Köln;sucht ein Haus\n"
    "Zoë;Müller;zoe(at)import.example;Köln;\n"
    "Bob;Beta;bob@example.com;Oslo;\n"
)


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/plain", "buffer": content})
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/columns/")


def fits(page: Page) -> bool:
    page.set_viewport_size({"width": 390, "height": 844})
    is_wider = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    page.set_viewport_size({"width": 1440, "height": 900})
    return not is_wider


def test_an_agent_imports_a_table_and_takes_it_back(north: World, watched: Watched):
    page = watched.log_in(north.agent)
    watched.open(CONTACTS)
    page.get_by_role("link", name="Import", exact=False).last.click()
    assert fits(page)
    choose(page, "Kontakte.csv", TABLE.encode("cp1252"))
    preview = page.locator("#import-preview")
    expect(preview).to_contain_text("1 of the first 3 rows cannot be imported as they are.")
    expect(preview).to_contain_text("Jürgen Groß")
    # Nobody presses anything: the preview asks again by itself.
    page.get_by_label("Ort").select_option("tags")
    expect(preview).to_contain_text("Tags Köln")
    page.get_by_label("Tags for all").fill("Fair")
    page.get_by_label("Fill in what is empty").check()
    expect(preview).to_contain_text("Tags Köln, Fair")
    assert fits(page)
    page.get_by_role("button", name="Plan the import").click()
    expect(page.locator("#import-state")).to_contain_text("Waiting for a worker")
    assert fits(page)
    work()
    # Nor here: the page becomes the plan.
    page.get_by_role("button", name="Import 2 contacts").wait_for()
    expect(page.get_by_text("this is no e-mail address")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Import 2 contacts").click()
    work()
    page.get_by_role("link", name="See the contacts").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the failed rows").click()
    assert download.value.suggested_filename == "import-1-failed.csv"
    page.get_by_role("link", name="Take it back").click()
    assert fits(page)
    page.get_by_role("button", name="Take the import back").click()
    work()
    expect(page.get_by_text("1 contact deleted, 1 restored, 0 kept")).to_be_visible()
    with north.scope():
        assert not Contact.objects.active().filter(email__endswith="import.example").exists()
