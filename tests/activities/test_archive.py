"""An organization leaves by one command and comes back by another, here and elsewhere, as it was."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts.models import Member, Organization, User
from accounts.services import create_member
from accounts.tenancy import tenant_scope
from activities.archive import KINDS, LEFT_BEHIND
from activities.drafts import CommunicationDraft
from activities.models import Communication, Deal, InboundChannel
from activities.services import record_communication
from contacts.drafts import ContactDraft
from contacts.models import Contact, ContactChange
from contacts.services import create_contact
from tests.archives import enrich, export, files_of, members_by_number, move_away, rows_of, take_in
from tests.worlds import PASSWORD, WireClient, World, actor_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(north: World, south: World, tmp_path: Path) -> Path:
    """Everything of ``north``, in an instance that does not know its id any more."""
    enrich(north)
    directory = tmp_path / "north"
    export("north", directory)
    move_away(north)
    return directory


def test_what_comes_back_is_written_byte_for_byte_as_it_left(archive: Path, north: World, tmp_path: Path):
    answer = take_in(archive, "north-again")
    assert answer["organization"] == {
        "id": north.organization.public_id,
        "slug": "north-again",
        "has_new_id": False,
    }
    again = export("north-again", tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(archive)
    assert (answer["rows"], again["rows"]) == (
        again["rows"],
        {kind.name: len(rows_of(archive, kind.name)) for kind in KINDS},
    )
    assert min(answer["rows"].values()) > 0


def test_the_export_says_what_it_wrote_and_what_stays_behind(north: World, tmp_path: Path):
    answer = export("north", tmp_path / "north")
    assert answer.pop("seconds") >= 0
    rows = {path.stem: len(path.read_bytes().splitlines()) for path in (tmp_path / "north").glob("*.jsonl")}
    assert answer.pop("rows") == rows
    left_behind = answer.pop("left_behind")
    assert answer == {
        "organization": {"id": north.organization.public_id, "slug": "north"},
        "directory": str(tmp_path / "north"),
    }
    with north.scope():
        counts = {model._meta.verbose_name_plural: model.objects.count() for model in LEFT_BEHIND}
    assert left_behind == counts
    assert (left_behind["credentials"], left_behind["receipts"]) == (1, 1)


def test_nobody_else_can_read_the_files(north: World, tmp_path: Path):
    export("north", tmp_path / "north")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "north").iterdir()}
    assert (modes, stat.S_IMODE((tmp_path / "north").stat().st_mode)) == ({0o600}, 0o700)


def test_the_lines_are_canonical_json(archive: Path):
    lines = [line for name, content in files_of(archive).items() for line in content.splitlines(keepends=True)]
    # orjson reads no integer of more than 64 bits as it is.
    plain = [line for line in lines if b"123456789012345678901234567890" not in line]
    options = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    assert [orjson.dumps(orjson.loads(line), option=options) for line in plain] == plain
    assert 0 < len(lines) - len(plain) < 10


def test_nothing_of_another_organization_is_in_it(archive: Path, north: World, south: World):
    content = b"".join(files_of(archive).values())
    assert north.canary.encode() in content
    assert south.canary.encode() not in content
    assert not [member for member in south.members if str(member.uuid).encode() in content]


def test_no_secret_is_in_it(archive: Path, north: World):
    content = b"".join(files_of(archive).values())
    with north.scope():
        channel = InboundChannel.objects.get()
        hashes = list(User.objects.values_list("password", flat=True))
    secrets = [channel.token, channel.sealed_secret, f"{north.canary}-secret", *hashes]
    assert [secret for secret in secrets if secret.encode() in content] == []
    assert not re.search(rb"argon2|digest|\"password", content)


def test_the_other_organizations_stay_as_they_are(archive: Path, tmp_path: Path, south: World):
    export("south", tmp_path / "before")
    take_in(archive, "north-again")
    export("south", tmp_path / "after")
    assert files_of(tmp_path / "after") == files_of(tmp_path / "before")


def test_a_copy_beside_the_original_gets_an_id_of_its_own(north: World, tmp_path: Path):
    export("north", tmp_path / "north")
    answer = take_in(tmp_path / "north", "copy")
    assert answer["organization"]["has_new_id"] is True
    assert answer["organization"]["id"] != north.organization.public_id
    export("copy", tmp_path / "copy")
    written, copied = files_of(tmp_path / "north"), files_of(tmp_path / "copy")
    assert {name for name in written if written[name] != copied[name]} == {"manifest.json", "organization.jsonl"}


def test_members_keep_the_logins_they_have_and_others_are_made_without_a_password(
    archive: Path, north: World, south: World
):
    gone = User.objects.get(email="agent@north.example")
    User.objects.filter(pk=gone.pk).update(email="renamed@north.example")
    before = dict(User.objects.values_list("email", "password"))
    answer = take_in(archive, "north-again")
    assert answer["logins_made"] == ["agent@north.example"]
    after = dict(User.objects.values_list("email", "password"))
    assert after.pop("agent@north.example").startswith("!")
    assert after == before
    agent = members_by_number("north-again")[north.agent.number]
    assert (agent.uuid, agent.role, agent.is_active) == (north.agent.uuid, "agent", True)
    assert not members_by_number("north-again")[north.viewer.number].is_active


def test_a_login_that_was_made_opens_once_its_owner_has_set_a_password(archive: Path, south: World):
    User.objects.filter(email="agent@north.example").update(email="renamed@north.example")
    take_in(archive, "north-again")
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": "agent@north.example"})
    (link,) = re.findall(rf"{re.escape(settings.PUBLIC_BASE_URL)}(\S+)", str(mail.outbox[-1].body))
    form = browser.get(link)
    browser.post(form["Location"], {"password1": PASSWORD, "password2": PASSWORD})
    browser.post("/accounts/login/", {"login": "agent@north.example", "password": PASSWORD})
    assert browser.get("/admin/").status_code == 200


def test_histories_name_the_same_people_by_other_keys(archive: Path, north: World):
    answer = take_in(archive, "north-again")
    assert answer["rows"]["contact_changes"] > 0
    before, after = members_by_number("north"), members_by_number("north-again")
    renumbered = {before[number].pk: member.pk for number, member in after.items()}
    assert not renumbered.keys() & set(renumbered.values())
    told = history("north", renumbered)
    assert told == history("north-again", {pk: pk for pk in renumbered.values()})
    assert {"assigned_to_id", "further_assignees"} <= {name for change in told for name in change["after"]}


def history(slug: str, renumbered: dict[int, int]) -> list[dict[str, Any]]:
    """All changes of an organization's contacts, with the members by other keys."""
    with tenant_scope(members_by_number(slug)[1].organization_id):
        changes = list(ContactChange.objects.select_related("contact").order_by("pk"))
        return [
            {
                "contact": change.contact.uuid,
                "member": renumbered.get(change.member_id or 0),
                "before": renamed(change.before, renumbered),
                "after": renamed(change.after, renumbered),
                "at": change.created_at,
            }
            for change in changes
        ]


def renamed(facts: dict[str, Any], keys: dict[int, int]) -> dict[str, Any]:
    """Facts of a change with the keys of members replaced, wherever changes have some."""
    facts = dict(facts)
    if facts.get("assigned_to_id"):
        facts["assigned_to_id"] = keys[facts["assigned_to_id"]]
    if "further_assignees" in facts:
        facts["further_assignees"] = [keys[pk] for pk in facts["further_assignees"]]
    if facts.get("deal"):
        facts["deal"] = renamed(facts["deal"], keys)
    if "team_members" in facts:
        facts["team_members"] = [{**each, "member_id": keys[each["member_id"]]} for each in facts["team_members"]]
    return facts


def test_what_a_program_sent_without_meaning_is_left_alone(archive: Path, north: World):
    take_in(archive, "north-again")
    with tenant_scope(members_by_number("north-again")[1].organization_id):
        kept = Contact.objects.get(winnerr_key="contact_from_elsewhere")
        team = Deal.objects.get(title="Villa").team_members
    assert (kept.extra["member_id"], kept.extra["whole"]) == (1, 123456789012345678901234567890)
    assert [person["member_id"] for person in team] == [members_by_number("north-again")[north.owner.number].pk]


def test_programs_find_everything_under_the_ids_they_know(archive: Path, north: World, south: World):
    take_in(archive, "north-again")
    agent = members_by_number("north-again")[north.admin.number]
    before, after = WireClient(north.admin), WireClient(agent)
    # The organization has the id now that the first one had.
    ids = (north.organization.public_id.encode(), b"org")
    with north.scope():
        moved = Organization.objects.get().public_id.encode()
    for path, query in QUESTIONS:
        told, told_before = after.get(path, query), before.get(path, query)
        assert (path, told.status_code, told_before.status_code) == (path, 200, 200)
        assert told.content.replace(*ids) == told_before.content.replace(moved, b"org")


QUESTIONS: list[tuple[str, dict[str, str]]] = [
    ("/v1/contacts", {"limit": "100"}),
    ("/v1/contacts", {"search": "kept zolc"}),
    ("/v1/contacts", {"tags": "vip", "sortBy": "createdAt"}),
    ("/v1/contacts/contact_from_elsewhere", {"include": "activities,communications,deals"}),
    ("/v1/deals", {}),
    ("/v1/contacts/tags", {}),
]


def test_new_rows_get_numbers_nobody_had(archive: Path, north: World):
    take_in(archive, "north-again")
    owner = members_by_number("north-again")[north.owner.number]
    with tenant_scope(owner.organization_id):
        actor = actor_of(owner)
        contact = create_contact(ContactDraft(full_name="Next"), actor=actor)
        assert contact.number > 7_000_000
        message = CommunicationDraft(kind="sms", direction="inbound", body="Hi")
        said = record_communication(contact, message, actor=actor)
        assert said.number > max(Communication.objects.exclude(pk=said.pk).values_list("number", flat=True))
        new = create_member(email="n@new.example", password=PASSWORD, role="agent", first_name="N", actor=actor)
        assert new.number == 1 + max(Member.objects.exclude(pk=new.pk).values_list("number", flat=True))


def test_a_channel_is_off_until_it_gets_a_secret(archive: Path, north: World):
    take_in(archive, "north-again")
    with tenant_scope(members_by_number("north-again")[1].organization_id):
        channel = InboundChannel.objects.get()
    with north.scope():
        original = InboundChannel.objects.get()
    assert (channel.uuid, channel.kind, channel.name) == (original.uuid, original.kind, original.name)
    assert channel.token != original.token
    from_provider = WireClient(None).post(channel.path, {}, headers={"X-Telegram-Bot-Api-Secret-Token": ""})
    assert from_provider.status_code == 404
