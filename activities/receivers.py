"""What happens here when something happens to contacts. Called in its transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.among import among
from activities.models import Communication, Conversation
from contacts.events import ContactsChanged, contacts_deleted, contacts_restored


@receiver(contacts_deleted)
def hide_what_was_said(event: ContactsChanged, **kwargs: Any) -> None:
    """A deleted contact appears nowhere; what was said stays, for the day it is restored."""
    Conversation.objects.filter(among("contact_id", event.contact_ids)).update(is_hidden=True)
    Communication.objects.filter(among("contact_id", event.contact_ids)).update(is_hidden=True)


@receiver(contacts_restored)
def show_what_was_said(event: ContactsChanged, **kwargs: Any) -> None:
    """What was taken away before the contact was stays away."""
    Conversation.objects.filter(among("contact_id", event.contact_ids), message_count__gt=0).update(is_hidden=False)
    Communication.objects.filter(among("contact_id", event.contact_ids)).update(is_hidden=False)
