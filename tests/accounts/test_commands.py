"""The management commands as an operator runs them: a process of its own, the environment, two streams and a status."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from accounts.authentication import authority_by_credential, authority_by_token, digest_of
from accounts.exceptions import NotAuthenticated
from accounts.identifiers import public_id
from accounts.models import Credential, Member, User, WireName
from accounts.tenancy import empty_scope
from contacts.models import Contact, ContactChange, ScoringWeights
from tests import postgresql
from tests.accounts.conftest import Operator
from tests.worlds import PASSWORD, World

pytestmark = pytest.mark.django_db(transaction=True)

NEW_PASSWORD = "quite another horse"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def test_create_organization_prints_it_with_its_owner(operator: Operator, north: World) -> None:
    printed = operator.answer(
        *("create_organization", "--name", "Östliche Makler", "--slug", "east", "--owner-email", "Olga@East.example"),
        *("--owner-password", NEW_PASSWORD, "--owner-first-name", "Olga"),
    )
    assert re.fullmatch(f"org_{UUID}", printed.pop("id"))
    assert re.fullmatch(f"agent_{UUID}", printed["owner"].pop("id"))
    assert printed == {"slug": "east", "owner": {"number": 1, "email": "olga@east.example"}}
    assert User.objects.get(email="olga@east.example").password.startswith("argon2$")


def test_create_member_prints_the_member(operator: Operator, north: World) -> None:
    printed = operator.answer(
        *("create_member", "--organization", "north", "--email", "Nora@New.example", "--password", NEW_PASSWORD),
        *("--role", "agent", "--first-name", "Nora", "--last-name", "New"),
    )
    with north.scope():
        member = Member.objects.get(user__email="nora@new.example")
    assert printed == {"id": member.public_id, "number": 5, "email": "nora@new.example", "role": "agent"}


def test_create_member_leaves_an_existing_password_alone(operator: Operator, north: World, south: World) -> None:
    operator.answer(
        *("create_member", "--organization", "south", "--email", "agent@north.example", "--password", NEW_PASSWORD),
        *("--role", "viewer", "--first-name", "Away"),
    )
    assert User.objects.get(email="agent@north.example").check_password(PASSWORD)


def test_issue_token_prints_one_that_works(operator: Operator, north: World) -> None:
    printed = operator.answer("issue_token", "--organization", "north", "--email", "Agent@North.example")
    assert printed.keys() == {"token", "expires_at"}
    assert re.fullmatch(MOMENT, printed["expires_at"])
    with empty_scope():
        authority = authority_by_token(printed["token"])
    assert (authority.organization_slug, authority.member_id) == ("north", north.agent.pk)
    with north.scope():
        expires_at = Credential.objects.get(member=north.agent).expires_at
    assert expires_at is not None
    assert printed["expires_at"] == expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_issue_key_and_revoke_key_print_the_documented_objects(operator: Operator, north: World) -> None:
    issue = ("issue_key", "--organization", "north", "--name", "Website", "--wire")
    key = operator.answer(*issue, "rentalot")
    assert key.keys() == {"id", "key"}
    with empty_scope():
        assert authority_by_credential(WireName.RENTALOT, digest_of(key["key"])).member_id == north.owner.pk
    pair = operator.answer(*issue, "estateprime", "--member", "viewer@north.example")
    assert pair.keys() == {"id", "public_key", "secret_key"}
    digest = digest_of(f"{pair['public_key']}:{pair['secret_key']}")
    with empty_scope():
        assert authority_by_credential(WireName.ESTATEPRIME, digest).member_id == north.viewer.pk
    assert "no credential" in operator.refusal("revoke_key", key["id"], "--organization", "south")
    revoked = operator.answer("revoke_key", key["id"], "--organization", "north")
    assert re.fullmatch(MOMENT, revoked.pop("revoked_at"))
    assert revoked == {"id": key["id"]}
    with empty_scope(), pytest.raises(NotAuthenticated):
        authority_by_credential(WireName.RENTALOT, digest_of(key["key"]))


def test_load_catalogue_prints_the_file_with_ids_however_often(
    operator: Operator, north: World, tmp_path: Path
) -> None:
    file = tmp_path / "catalogue.json"
    tags = [{"name": "cold"}, {"name": "vip", "color": "#AABBCC"}]
    file.write_text(json.dumps({"sources": [{"name": "Portal"}, {"name": "Öffentlich"}], "tags": tags}))
    first = operator.answer("load_catalogue", str(file), "--organization", "north")
    assert first == operator.answer("load_catalogue", str(file), "--organization", "north")
    assert [source.pop("id") for source in first["sources"]] == [2, 3]
    assert len({tag.pop("id") for tag in first["tags"]}) == 2
    assert re.fullmatch("#[0-9a-f]{6}", first["tags"][0].pop("color"))
    expected = {
        "sources": [{"name": "Portal"}, {"name": "Öffentlich"}],
        "tags": [{"name": "cold"}, {"name": "vip", "color": "#aabbcc"}],
        "custom_fields": [],
    }
    assert first == expected


def test_rescore_contacts_counts_and_records_what_changed(operator: Operator, north: World, south: World) -> None:
    rescore = ("rescore_contacts", "--organization", "north")
    operator.answer(*rescore)
    with north.scope():
        before = Contact.objects.get(pk=north.contact.pk)
        changes = ContactChange.objects.count()
        ScoringWeights.objects.update(overrides={"email": 11})
    with_email = sum(bool(contact.email) for contact in north.contacts)
    assert operator.answer(*rescore) == {"rescored": len(north.contacts), "changed": with_email}
    with north.scope():
        after = Contact.objects.get(pk=north.contact.pk)
        assert ContactChange.objects.count() == changes + with_email
        written = ContactChange.objects.filter(contact=north.contact).latest("id")
    assert (after.lead_score, after.version) == (before.lead_score + 1, before.version + 1)
    assert after.updated_at == before.updated_at
    assert (written.before, written.after) == ({"lead_score": before.lead_score}, {"lead_score": after.lead_score})
    assert (written.door, written.actor_label) == ("command", "rescore_contacts")
    assert operator.answer(*rescore) == {"rescored": len(north.contacts), "changed": 0}
    with south.scope():
        untouched = ContactChange.objects.filter(contact=south.contact)
        assert not untouched.filter(actor_label="rescore_contacts").exists()


def test_purge_expired_goes_through_all_organizations_or_one(operator: Operator, north: World) -> None:
    nothing = {"idempotency_records": 0, "refresh_tokens": 0, "sessions": 0, "receipt_payloads": 0, "import_files": 0}
    # Those of the worlds' old imports.
    assert operator.answer("purge_expired") == {"organizations": 2, **nothing, "import_files": 2, "jobs": 0}
    assert operator.answer("purge_expired", "--organization", "south") == {"organizations": 1, **nothing, "jobs": 0}


@pytest.mark.postgresql
def test_purge_expired_cannot_list_organizations_as_the_application_role(operator: Operator, north: World) -> None:
    assert "DATABASE_OWNER_URL" in operator.refusal("purge_expired", DATABASE_OWNER_URL="")


@pytest.mark.postgresql
def test_create_database_role_makes_a_fenced_role_once(
    operator: Operator, north: World, postgresql_server: postgresql.Server
) -> None:
    login = postgresql.Login(f"{postgresql_server.application.role}_new", secrets.token_hex(8))
    variables = {"DATABASE_URL": postgresql_server.url(login)}
    database = str(connection.settings_dict["NAME"])
    try:
        first = operator.answer("create_database_role", **variables)
        assert first == {"role": login.role, "database": database, "created": True}
        again = operator.answer("create_database_role", **variables)
        assert again == {**first, "created": False}
        with postgresql_server.session(login) as session:
            assert session.execute("SELECT count(*) FROM contacts_contact").fetchone() == (0,)
        assert operator.answer("rescore_contacts", "--organization", "north", **variables)["rescored"] > 0
    finally:
        with psycopg.connect(postgresql.superuser_url(), dbname=database, autocommit=True) as superuser:
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                superuser.execute(sql.SQL(statement).format(sql.Identifier(login.role)))


@pytest.mark.sqlite
def test_create_database_role_refuses_sqlite(operator: Operator, north: World) -> None:
    assert "PostgreSQL" in operator.refusal("create_database_role")


MEMBER = (
    "create_member",
    "--organization",
    "north",
    "--password",
    NEW_PASSWORD,
    "--role",
    "agent",
    "--first-name",
    "N",
)
ORGANIZATION = ("create_organization", "--name", "N", "--owner-email", "o@n.example", "--owner-first-name", "O")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("issue_token", "--organization", "nowhere", "--email", "agent@north.example"), "'nowhere'"),
        (("issue_token", "--organization", "north", "--email", "agent@south.example"), "'agent@south.example'"),
        (("issue_token", "--organization", "north", "--email", "agent@north.example", "--hours", "9000"), "--hours"),
        ((*MEMBER, "--email", "agent@north.example"), "'agent@north.example'"),
        ((*MEMBER, "--email", "nobody"), "email:"),
        ((*ORGANIZATION, "--slug", "north", "--owner-password", NEW_PASSWORD), "'north'"),
        ((*ORGANIZATION, "--slug", "new", "--owner-password", "12345"), "owner_password:"),
        (("issue_key", "--organization", "north", "--wire", "rentalot", "--name", " "), "name:"),
        (("revoke_key", public_id("key", Credential().uuid), "--organization", "north"), "no credential"),
        (("load_catalogue", "/no/such/file", "--organization", "north"), "/no/such/file"),
        (("load_catalogue", "manage.py", "--organization", "north"), "JSON"),
        (("rescore_contacts", "--organization", "nowhere"), "'nowhere'"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_what_an_operator_mistypes_is_answered_with_one_sentence(
    operator: Operator, north: World, arguments: tuple[str, ...], words: str
) -> None:
    assert words in operator.refusal(*arguments)


@pytest.mark.parametrize("url", ["postgres://nobody@127.0.0.1:1/nothing", "sqlite:////no/such/folder/database.sqlite3"])
def test_a_database_that_cannot_be_reached_is_named_as_the_reason(operator: Operator, north: World, url: str) -> None:
    refused = operator.refusal("rescore_contacts", "--organization", "north", DATABASE_URL=url, DATABASE_OWNER_URL="")
    assert refused.startswith("The database cannot be used")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"sources": {}},
        {"fields": []},
        {"tags": [{"name": " "}]},
        {"tags": [{"name": "x" * 51}]},
        {"tags": [{"name": "a"}, {"name": "a "}]},
        {"tags": [{"name": "a", "color": "blue"}]},
        {"tags": [{"name": 1}]},
        {"sources": [{"name": "a", "color": "#000000"}]},
    ],
)
def test_a_catalogue_of_another_shape_is_refused_whole(
    operator: Operator, north: World, tmp_path: Path, document: object
) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(document))
    assert ": " in operator.refusal("load_catalogue", str(file), "--organization", "north")


def test_an_organization_is_exported_and_imported_again(operator: Operator, north: World, tmp_path: Path) -> None:
    exported = operator.answer("export_organization", "north", str(tmp_path / "north"))
    assert exported["organization"] == {"id": north.organization.public_id, "slug": "north"}
    imported = operator.answer("import_organization", str(tmp_path / "north"), "--slug", "copy")
    assert imported["organization"]["slug"] == "copy"
    assert (imported["rows"], imported["logins_made"]) == (exported["rows"], [])
    refused = operator.run("import_organization", str(tmp_path / "north"), "--slug", "copy")
    sentence = "CommandError: There is already one organization with the slug 'copy'.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", sentence)
