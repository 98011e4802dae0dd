"""The dashboard in a real browser: its scripts run under the policy we send, and nothing is fetched from elsewhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from activities.models import InboundChannel
from contacts.models import Consent, Contact, ContactChange
from tests.browser.conftest import Watched
from tests.dashboard import CONTACTS, contact_of_many_lines
from tests.inbound import SECRET, deliver, payload
from tests.jobs import work
from tests.worlds import World


def test_a_member_logs_in_looks_around_and_logs_out(north: World, watched: Watched):
    page = watched.log_in(north.agent)
    expect(page.get_by_text("Leads to follow up")).to_be_visible()
    expect(page.get_by_text(north.agent.full_name).first).to_be_visible()
    for path in (CONTACTS, f"{CONTACTS}{north.contact.pk}/change/", f"{CONTACTS}{north.contact.pk}/history/"):
        watched.open(path)
        expect(page.get_by_text("Jane").first).to_be_visible()
    page.get_by_text(north.agent.user.email).click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(lambda url: "/accounts/" in url)
    watched.open("/admin/")
    assert "/accounts/login/" in page.url


def test_a_contact_is_changed_with_a_new_row(north: World, watched: Watched):
    page = watched.log_in(north.agent)
    watched.open(f"{CONTACTS}{north.contact.pk}/change/")
    page.fill("#id_first_name", "Janet")
    page.get_by_role("link", name="Further e-mails").click()
    page.locator("#further_emails-group").get_by_text("Add another").click()
    page.fill("#id_further_emails-1-email", "janet@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    with north.scope():
        contact = Contact.objects.get(pk=north.contact.pk)
        assert contact.first_name == "Janet"
        assert list(contact.further_emails.values_list("email", flat=True))[1:] == ["janet@example.com"]


def test_a_contact_that_nobody_touched_is_saved_as_it_was(north: World, watched: Watched):
    with north.scope():
        contact = contact_of_many_lines(north)
    page = watched.log_in(north.agent)
    watched.open(f"{CONTACTS}{contact.pk}/change/")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    with north.scope():
        assert Contact.objects.get(pk=contact.pk).version == contact.version
    watched.open(f"{CONTACTS}{contact.pk}/change/")
    page.fill("#id_email_label", "work")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    with north.scope():
        change = ContactChange.objects.filter(contact=contact).order_by("-id")[0]
        assert change.after.keys() - {"lead_score"} == {"email_label"}


def test_a_refusal_is_seen_beside_its_field(north: World, watched: Watched):
    page = watched.log_in(north.agent)
    watched.open(f"{CONTACTS}{north.contact.pk}/change/")
    page.fill("#id_email", "bob@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    beside = page.locator(".field-email")
    expect(beside.get_by_text("has this e-mail address already")).to_be_visible()
    beside.get_by_role("link", name="Bob Beta").click()
    page.wait_for_url(f"**{CONTACTS}{north.contacts[1].pk}/change/")


def test_a_deleted_contact_comes_back_at_the_press_of_a_button(north: World, watched: Watched):
    page = watched.log_in(north.agent)
    page.get_by_role("link", name="Deleted contacts").click()
    page.get_by_role("link", name="Gone").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("is back")).to_be_visible()
    with north.scope():
        assert Contact.objects.get(pk=north.deleted.pk).is_live


def test_filters_and_selected_contacts_work(north: World, watched: Watched):
    page = watched.log_in(north.admin)
    watched.open(CONTACTS)
    page.locator("#changelist a", has_text="Filters").first.click()
    page.select_option("select[name=type]", "CLIENT", force=True)
    page.get_by_role("button", name="Apply Filters").click()
    page.wait_for_url("**type=CLIENT**")
    expect(page.locator("#result_list").get_by_text("Carol Gamma")).to_be_visible()
    page.locator("input.action-select").last.check()
    page.select_option("select[name=action]", "assign_selected_contacts")
    page.get_by_role("button", name="Run").click()
    page.select_option("select[name=member]", str(north.owner.pk))
    page.get_by_role("button", name="Assign contacts").click()
    expect(page.get_by_text("1 contacts assigned")).to_be_visible()
    with north.scope():
        assert Contact.objects.get(pk=north.contacts[2].pk).assigned_to_id == north.owner.pk


def test_the_palette_finds_contacts_from_anywhere(north: World, watched: Watched):
    page = watched.log_in(north.viewer)
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially("ostlund")
    expect(page.locator("#command-results-list").get_by_text("Évelyne Östlund")).to_be_visible()


def overflows(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_fit_a_telephone_in_both_themes(north: World, watched: Watched, theme: str):
    page = watched.log_in(north.agent)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "/admin/",
        CONTACTS,
        f"{CONTACTS}{north.contact.pk}/change/",
        f"{CONTACTS}{north.contact.pk}/history/",
    ):
        watched.open(path)
        assert not overflows(page), path
        assert page.evaluate("document.documentElement.classList.contains('dark')") == (theme == "dark")


def test_weights_are_changed_and_the_page_follows_the_scores(north: World, watched: Watched):
    page = watched.log_in(north.admin)
    page.get_by_role("link", name="Lead scoring").click()
    page.fill("#id_email", "30")
    page.get_by_role("button", name="Save", exact=True).click()
    state = page.locator("#rescore-state")
    expect(state).to_contain_text("waiting for a worker")
    work()
    # Nobody presses anything: the page asks again by itself.
    expect(state).to_contain_text("6 contacts looked at")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not overflows(page)


def test_a_channel_is_made_and_its_message_becomes_a_contact(north: World, watched: Watched):
    page = watched.log_in(north.admin)
    page.get_by_role("link", name="Channels").click()
    page.locator("a[href$='/inboundchannel/add/']").first.click()
    page.select_option("#id_kind", "telegram")
    page.fill("#id_name", "Harbour bot")
    page.fill("#id_secret", SECRET)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Webhook address")).to_have_value(re.compile("/inbound/telegram/"))
    with north.scope():
        channel = InboundChannel.objects.get(name="Harbour bot")
    signed = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    for body in (payload("telegram/message_text.json"), b"<img src=x onerror=alert(1)>"):
        assert deliver(channel, body, signed).status_code == 200
    work()
    page.get_by_role("link", name="Receipts").click()
    expect(page.get_by_role("link", name="Odalys Brightwater")).to_be_visible()
    page.get_by_role("link", name="Quarantine").click()
    page.get_by_role("link", name="Not read").click()
    expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 receipt still not understood.")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("receipt/", "inboundchannel/", f"inboundchannel/{channel.pk}/change/"):
        watched.open(f"/admin/activities/{path}")
        assert not overflows(page), path


def test_an_objection_is_taken_down_by_the_button_beside_its_medium(north: World, watched: Watched):
    page = watched.log_in(north.agent)
    watched.open(f"{CONTACTS}{north.contact.pk}/change/")
    words = page.get_by_label("In which words, if known")
    words.fill("No text messages, please")
    # Which medium is meant is said by a button alone.
    words.press("Enter")
    page.get_by_role("button", name="Record objection").nth(1).click()
    expect(page.get_by_text("Recorded: objection to SMS.")).to_be_visible()
    expect(page.get_by_text("“No text messages, please”")).to_be_visible()
    with north.scope():
        assert list(Consent.objects.filter(contact=north.contact).values_list("medium", "is_given")) == [("sms", False)]
    page.set_viewport_size({"width": 390, "height": 844})
    watched.open(f"{CONTACTS}{north.contact.pk}/change/")
    assert not overflows(page)
