"""The page of Winnerr's document in a real browser: it shows, lets one in, and asks this server."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.test_dashboard import overflows
from tests.worlds import World, bearer_token


def test_a_request_is_tried_out_with_a_token(north: World, watched: Watched):
    page = watched.open("/v1/docs")
    assert page.title() == "Latchkey: Winnerr's contacts API"
    page.click("button.authorize")
    page.fill(".modal-ux input", bearer_token(north.agent))
    page.click(".modal-ux button.authorize")
    page.click(".modal-ux .btn-done")
    contacts = page.locator("#operations-Contacts-listContacts")
    contacts.locator(".opblock-summary-control").click()
    contacts.locator(".try-out__btn").click()
    contacts.locator('[data-param-name="leadScore[gte]"] input').fill("1")
    contacts.locator(".execute").click()
    answer = contacts.locator(".live-responses-table .response")
    expect(answer).to_contain_text("200")
    expect(answer).to_contain_text("jane@example.com")
    expect(contacts.locator(".request-url")).to_contain_text(f"{watched.origin}/v1/contacts?")


def test_the_page_fits_a_telephone(north: World, watched: Watched):
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.open("/v1/docs")
    assert not overflows(page)
    page.locator("#operations-Contacts-createContact .opblock-summary-control").click()
    expect(page.get_by_text("jane.smith@example.com").first).to_be_visible()
    assert not overflows(page)
