"""Imports in the dashboard: from a file to contacts and back, by whoever may, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Member
from accounts.services.jobs import standing_work
from contacts.admin import import_rows, import_uploads
from contacts.drafts import ContactDraft
from contacts.models import Contact, ImportJob, ImportPart, ImportState
from contacts.services import update_contact
from tests.dashboard import CONTACTS, browser_of, fields_of, text_of
from tests.jobs import work
from tests.worlds import World

IMPORTS = "/admin/contacts/importjob/"
TABLE = b"Name,Email,City\nAnn Lee,ann@import.example,Rome\nBad,not an address,Rome\nBob,bob@example.com,Oslo\n"
CARDS = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Carl Card\r\nEMAIL:carl@import.example\r\nEND:VCARD\r\n"


def file(content: bytes = TABLE, name: str = "people.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def uploaded(browser: Client, content: bytes = TABLE, name: str = "people.csv") -> str:
    """The address of a new import's page of columns."""
    answer = browser.post(f"{IMPORTS}add/", {"file": file(content, name)})
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"])


def planned(browser: Client, content: bytes = TABLE, **chosen: str) -> str:
    """The address of the page of a new import that is planned."""
    columns = uploaded(browser, content)
    answer = browser.post(columns, {**fields_of(browser.get(columns), "columns_form"), **chosen})
    assert answer.status_code == 302, text_of(answer)
    work()
    return str(answer["Location"])


def ran(browser: Client, content: bytes = TABLE, **chosen: str) -> str:
    page = planned(browser, content, **chosen)
    browser.post(at(page, "run"), {"plan": browser.get(page).context["job"].plan_hash})
    work()
    return page


def at(page: str, other: str) -> str:
    return page.replace("/change/", f"/{other}/").replace("/columns/", f"/{other}/")


def job_of(world: World, page: str) -> ImportJob:
    with world.scope():
        return ImportJob.objects.get(pk=int(page.strip("/").split("/")[-2]))


def imported(world: World) -> list[str]:
    with world.scope():
        return sorted(Contact.objects.active().filter(email__endswith="import.example").values_list("email", flat=True))


def counts(answer: Any) -> Mapping[str, int]:
    return {label: count for _, label, count in answer.context["fates"]}


def downloaded(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_an_agent_brings_people_in_and_takes_them_back(north: World) -> None:
    browser = browser_of(north.agent)
    columns = uploaded(browser)
    form = fields_of(browser.get(columns), "columns_form")
    assert [form[f"column-{place}"] for place in range(3)] == ["full_name", "email", "city"]
    page = str(browser.post(columns, {**form, "on_duplicate": "update", "tags": "Fair, Spring"})["Location"])
    assert "Waiting for a worker" in text_of(browser.get(page))
    work()

    plan = browser.get(page)
    assert counts(plan) == {"New": 1, "To be changed": 1, "To be skipped": 0, "Cannot be imported": 1}
    words = text_of(plan)
    assert "Ann Lee New E-mail ann@import.example" in words.replace("Email ann", "E-mail ann")
    assert "Email “not an address”: this is no e-mail address" in words
    assert "City: — → Oslo" in words
    assert imported(north) == []

    answer = browser.post(at(page, "run"), {"plan": plan.context["job"].plan_hash})
    assert answer["Location"] == page
    work()
    result = browser.get(page)
    assert counts(result) == {"New": 1, "Changed": 1, "Skipped": 0, "Failed": 1}
    assert imported(north) == ["ann@import.example"]
    tagged = browser.get(result.context["tagged"])
    assert {str(contact) for contact in tagged.context["cl"].result_list} == {"Ann Lee", "Bob"}

    assert "to be deleted 1 Contacts it changed, to be restored 1" in text_of(browser.get(at(page, "undo")))
    browser.post(at(page, "undo"))
    work()
    assert "1 contact deleted, 1 restored, 0 kept" in text_of(browser.get(page))
    assert imported(north) == []
    assert job_of(north, page).undo_member_id == north.agent.pk


def test_the_rows_of_an_import_can_be_downloaded(north: World) -> None:
    browser = browser_of(north.agent)
    page = ran(browser)
    report = downloaded(browser.get(at(page, "report"))).splitlines()
    assert [line.split(",")[:2] for line in report] == [
        ["Line", "Fate"],
        ["2", "create"],
        ["3", "fail"],
        ["4", "skip"],
    ]
    failed = browser.get(at(page, "failed"))
    assert failed["Content-Disposition"].endswith('-failed.csv"')
    assert downloaded(failed).splitlines() == [
        "Name,Email,City,Import error",
        "Bad,not an address,Rome,Email: this is no e-mail address",
    ]
    with north.scope():
        ImportPart.objects.all().delete()
    assert "The file is not kept any more, and its failed rows with it." in text_of(browser.get(page))
    assert "upload it again" in text_of(browser.get(at(page, "failed"), follow=True))


def test_the_preview_follows_what_is_chosen_and_stores_nothing(north: World) -> None:
    browser = browser_of(north.agent)
    columns = uploaded(browser)
    form = fields_of(browser.get(columns), "columns_form")
    chosen = {**form, "column-0": "notes", "tags": "Fair"}
    for answer in (browser.post(at(columns, "preview"), chosen), browser.post(columns, {**chosen, "preview": "yes"})):
        words = text_of(answer)
        assert "Notes Ann Lee" in words
        assert "Tags Fair" in words
        assert "1 of the first 3 rows cannot be imported as they are." in words
    clashing = browser.post(columns, {**form, "column-2": "email:Work", "column-1": "full_name"})
    assert "“Name” and “Email” cannot both become full_name." in text_of(clashing)
    assert fields_of(clashing, "columns_form")["column-2"] == "email:Work"
    nothing = browser.post(columns, {**form, **{f"column-{place}": "" for place in range(3)}})
    assert "No column of the file is understood" in text_of(nothing)
    refused = browser.post(columns, {**form, "tags": "x" * 51})
    assert "At most 50 characters." in text_of(refused)
    unknown = browser.post(columns, {**form, "assign": "999999", "on_duplicate": "guess"})
    assert unknown.status_code == 200
    assert job_of(north, columns).state == ImportState.UPLOADED


def test_rows_are_assigned_in_turn(north: World) -> None:
    browser = browser_of(north.admin)
    page = planned(browser, assign="round-robin", source="Fair 2026")
    options = job_of(north, page).options
    assert (options["assign"], options["source"]) == ([north.agent.pk], "Fair 2026")
    form = fields_of(browser.get(at(page, "columns")), "columns_form")
    # One agent in turn is that agent.
    assert (form["assign"], form["source"]) == (str(north.agent.pk), "Fair 2026")


def test_cards_have_nothing_to_choose(north: World) -> None:
    browser = browser_of(north.agent)
    columns = uploaded(browser, CARDS, "phone.vcf")
    words = text_of(browser.get(columns))
    assert "This file says itself what is what" in words
    assert "Carl Card line 1" in words
    page = planned(browser, CARDS)
    assert counts(browser.get(page))["New"] == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"%PDF-1.7", "PDF"),
        (b"Name,Email\n" + b"x" * 2_000, "The file is larger than 200 MiB"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_beside_its_field(
    north: World, monkeypatch: pytest.MonkeyPatch, content: bytes, words: str
) -> None:
    monkeypatch.setattr(import_uploads, "MOST_BYTES", 1_000)
    with north.scope():
        before = ImportJob.objects.count(), ImportPart.objects.count()
    answer = browser_of(north.agent).post(f"{IMPORTS}add/", {"file": file(content)})
    assert answer.status_code == 200
    assert words in text_of(answer)
    with north.scope():
        assert (ImportJob.objects.count(), ImportPart.objects.count()) == before


def test_no_file_and_no_form_are_refused(north: World) -> None:
    browser = browser_of(north.agent)
    assert "Choose a file." in text_of(browser.post(f"{IMPORTS}add/", {}))
    cut = browser.generic("POST", f"{IMPORTS}add/", b"--x\r\nno", content_type="multipart/form-data; boundary=y")
    assert cut.status_code < 500


def test_a_form_of_another_site_uploads_nothing(north: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(north.agent.user)
    with north.scope():
        before = ImportJob.objects.count()
    answer = browser.post(f"{IMPORTS}add/", {"file": file()})
    assert answer.status_code == 403
    token = fields_of(browser.get(f"{IMPORTS}add/"), "upload_form")["csrfmiddlewaretoken"]
    with north.scope():
        assert ImportJob.objects.count() == before
    assert browser.post(f"{IMPORTS}add/", {"csrfmiddlewaretoken": token, "file": file()}).status_code == 302


def test_strangers_send_nothing() -> None:
    answer = Client().post(f"{IMPORTS}add/", {"file": file()})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/")


PAGES = ("change", "columns", "state", "undo", "report", "failed")
VERBS = ("preview", "plan", "run", "stop", "undo", "columns")


def statuses(member: Member, page: str) -> set[int]:
    browser = browser_of(member)
    got = {browser.get(at(page, each)).status_code for each in PAGES}
    return got | {browser.post(at(page, each)).status_code for each in VERBS}


def test_imports_are_for_those_who_may_write(north: World, south: World) -> None:
    page = uploaded(browser_of(north.owner))
    assert statuses(north.viewer, page) == {403}
    viewer = browser_of(north.viewer)
    assert viewer.get(IMPORTS).status_code == 403
    assert viewer.post(f"{IMPORTS}add/", {"file": file()}).status_code == 403
    for words in (text_of(viewer.get("/admin/")), text_of(viewer.get(CONTACTS))):
        assert "Import" not in words
    assert statuses(north.agent, page) == {404}
    assert "people.csv" not in text_of(browser_of(north.agent).get(IMPORTS))
    assert "people.csv" in text_of(browser_of(north.admin).get(IMPORTS))
    assert statuses(south.owner, page) == {404}
    assert statuses(south.admin, page.replace("/columns/", "9/columns/")) == {404}
    assert job_of(north, page).state == ImportState.UPLOADED


def test_an_agents_import_is_also_the_managers_business(north: World) -> None:
    page = planned(browser_of(north.agent))
    manager = browser_of(north.admin)
    manager.post(at(page, "run"), {"plan": job_of(north, page).plan_hash})
    work()
    with north.scope():
        change = Contact.objects.get(email="ann@import.example").changes.get()
        assert (change.actor_label, change.door) == (north.agent.full_name, "import")


def test_a_plan_that_is_not_the_one_seen_is_not_run(north: World) -> None:
    browser = browser_of(north.agent)
    page = planned(browser)
    answer = browser.post(at(page, "run"), {"plan": "another"}, follow=True)
    assert "This is not the plan you saw: somebody planned it anew." in text_of(answer)
    assert job_of(north, page).state == ImportState.PLANNED


def test_rows_that_moved_since_the_plan_are_named(north: World) -> None:
    browser = browser_of(north.agent)
    page = planned(browser)
    with north.scope():
        update_contact(north.contacts[0], ContactDraft(email="ann@import.example"), actor=north.actor())
    browser.post(at(page, "run"), {"plan": job_of(north, page).plan_hash})
    work()
    words = text_of(browser.get(f"{page}?fate=moved"))
    assert "the plan was to create; now it would skip" in words
    assert "not an address" not in words


def test_rows_are_shown_page_by_page_and_by_their_fate(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rows, "ROWS_PER_PAGE", 2)
    addresses = [f"p{each}@import.example" if each % 2 else "nobody" for each in range(7)]
    rows = "".join(f"P{each},{address}\n" for each, address in enumerate(addresses)).encode()
    browser = browser_of(north.agent)
    page = planned(browser, b"Name,Email\n" + rows)
    seen, after = [], 0
    while after is not None:
        shown = browser.get(f"{page}?fate=fail&after={after}").context["page"]
        seen.append([row.line for row in shown.rows])
        after = shown.following
    assert seen == [[2, 4], [6, 8]]
    assert [row.line for row in browser.get(f"{page}?fate=nonsense&after=-1").context["page"].rows] == []


def test_whoever_was_touched_since_is_named_before_an_import_is_taken_back(north: World) -> None:
    browser = browser_of(north.agent)
    page = ran(browser)
    with north.scope():
        ann = Contact.objects.get(email="ann@import.example")
        update_contact(ann, ContactDraft(city="Paris"), actor=north.actor())
    words = text_of(browser.get(at(page, "undo")))
    assert "Contacts that stay, because somebody touched them since 1 Ann Lee Changed by" in words
    browser.post(at(page, "undo"))
    work()
    assert [row.name for row in browser.get(f"{page}?fate=kept").context["page"].rows] == ["Ann Lee"]


def test_the_state_renews_itself_while_something_moves(north: World) -> None:
    browser = browser_of(north.agent)
    columns = uploaded(browser)
    browser.post(columns, fields_of(browser.get(columns), "columns_form"))
    state = browser.get(at(columns, "state"))
    assert ("hx-get" in state.content.decode(), "HX-Refresh" in state) == (True, False)
    work()
    state = browser.get(at(columns, "state"))
    assert ("hx-get" in state.content.decode(), state["HX-Refresh"]) == (False, "true")


def test_an_import_can_be_given_up_at_any_point(north: World) -> None:
    browser = browser_of(north.agent)
    waiting, plan = uploaded(browser), planned(browser)
    browser.post(at(plan, "run"), {"plan": job_of(north, plan).plan_hash})
    for page in (waiting, plan):
        browser.post(at(page, "stop"))
    assert job_of(north, waiting).state == ImportState.CANCELLED
    stopped = job_of(north, plan)
    assert (stopped.state, stopped.rows) == (ImportState.FINISHED, 0)
    assert sum(work(lambda: False) for work in standing_work) == 0
    assert "import 1 is finished" not in text_of(browser.post(at(plan, "stop"), follow=True))
    # What was given up before anything was written can be begun anew.
    again = browser.get(at(waiting, "columns"))
    browser.post(at(waiting, "columns"), fields_of(again, "columns_form"))
    assert job_of(north, waiting).state == ImportState.PLANNING


def test_the_same_file_again_is_said_to_be(north: World) -> None:
    browser = browser_of(north.agent)
    ran(browser)
    assert "The same file was imported before" in text_of(browser.get(uploaded(browser)))
