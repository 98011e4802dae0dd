"""What happens here when something happens to contacts. Called in its transaction."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from activities.models import Conversation
from contacts.events import ContactsChanged, contacts_deleted, contacts_restored


@receiver(contacts_deleted)
def hide_conversations(event: ContactsChanged, **kwargs: Any) -> None:
    """A deleted contact appears nowhere; what was said stays, for the day it is restored."""
    Conversation.objects.filter(contact_id__in=event.contact_ids).update(is_hidden=True)


@receiver(contacts_restored)
def show_conversations(event: ContactsChanged, **kwargs: Any) -> None:
    Conversation.objects.filter(contact_id__in=event.contact_ids).update(is_hidden=False)
