"""An EstatePrime contact shows the team's fields and its clock beside its own row: the entity tag moves with all of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contacts.services.custom_fields import create_field, remove_option, retire_field
from tests.contracts.routed import ESTATEPRIME, PROGRAMS
from tests.contracts.test_estateprime_replay import CONTACTS
from tests.worlds import WireClient, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(north: World, south: World) -> WireClient:
    """A program of north's owner."""
    return PROGRAMS[ESTATEPRIME](north.owner)


def test_a_document_that_moves_without_its_version_is_told_again(north: World, client: WireClient) -> None:
    with north.scope():
        field = create_field("Seal", "text", actor=north.actor())
        choice = create_field("Choice", "select", ["One"], actor=north.actor())
    values = {str(field.number): "x", str(choice.number): 1}
    number = client.post(CONTACTS, {"first_name": "Ada"} | {"custom_fields": values}).json()["created_id"]
    address = f"{CONTACTS}/{number}"

    def moves(change: Callable[[], object]) -> None:
        whole = client.get(address)
        with north.scope():
            change()
        again = client.get(address, headers={"If-None-Match": whole["ETag"]})
        assert (again.status_code, again.content != whole.content) == (200, True)
        # It is another document of the same version, which may still be changed.
        assert client.patch(address, {}, headers={"If-Match": whole["ETag"]}).status_code == 200

    moves(lambda: remove_option(choice.options.get(), actor=north.actor()))
    moves(lambda: retire_field(field, actor=north.actor()))
    moves(lambda: set_time_zone(north, "Europe/Athens"))


def set_time_zone(world: World, name: str) -> None:
    world.organization.time_zone = name
    world.organization.save()
