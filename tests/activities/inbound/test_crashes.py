"""Killed anywhere: what is stored in the end is what was sent, once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from activities.models import Activity, Communication, Conversation, Receipt, SenderIdentity
from contacts.models import Contact
from tests.accounts.conftest import REPOSITORY, Operator
from tests.inbound import channel_of
from tests.updates import drain, edit, send, update
from tests.worlds import World


def deaths(operator: Operator, path: str, world: World, *mode: str) -> int:
    """How many processes were killed, each a step later than the one before, until one came to its end."""
    command = [sys.executable, "-m", "tests.activities.inbound.dying", path, str(world.organization.pk), *mode]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=operator.environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", [[], ["later"]], ids=["its first batch", "a later batch"])
def test_a_kill_between_any_two_steps_loses_nothing_and_doubles_nothing(
    operator: Operator, north: World, south: World, mode: list[str]
):
    channel = channel_of(north, "telegram")
    children = deaths(operator, channel.path, north, *mode)
    # There are so many steps in one message at least.
    assert children > 40
    for child in range(1, children + 1):
        message = update(2 * child)
        assert send(channel, edit(2 * child + 1, message, f"Edited {child}")) == 200
        assert send(channel, message) == 200
    drain(north, south)
    with north.scope():
        states = Counter(Receipt.objects.filter(channel=channel).values_list("state", flat=True))
        assert states == {"applied": 2 * children}
        said = Communication.objects.filter(kind="telegram", direction="inbound").order_by("provider_message_id")
        assert sorted(said.values_list("body", flat=True)) == sorted(
            f"Edited {child}" for child in range(1, children + 1)
        )
        assert Contact.objects.filter(source="telegram").count() == children
        assert SenderIdentity.objects.filter(channel=channel).count() == children
        assert Activity.objects.filter(type="TELEGRAM_RECEIVED").count() == children
        made = Conversation.objects.filter(kind="telegram", contact__source="telegram")
        assert set(made.values_list("message_count", flat=True)) == {1}
    with south.scope():
        assert Contact.objects.filter(source="telegram").count() == 0
