"""Which contacts are taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.exceptions import FieldError, Invalid
from accounts.models import Member
from accounts.models.user import UserAccounts
from contacts.consent import contactable
from contacts.models import (
    Contact,
    ContactRole,
    ContactStage,
    ContactStatus,
    ContactType,
    Medium,
    Source,
    Tag,
    TaggedContact,
)
from contacts.querysets import ContactQuerySet
from contacts.search import search_contacts


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What contacts must be to be taken out: all of it, and of what has several values at once any of them.

    But they have each one of ``tags``. Empty and None do not narrow. ``assigned_to`` is the e-mail address of a member who
    looks after them, alone or among others; it may be one who left. ``created_from`` is the first moment,
    ``created_before`` the first one after. ``contactable`` is the ``Medium`` by which they may be spoken to.
    """

    type: Sequence[str] = ()
    status: Sequence[str] = ()
    stage: Sequence[str] = ()
    role: Sequence[str] = ()
    source: Sequence[str] = ()
    tag: Sequence[str] = ()
    assigned_to: str = ""
    created_from: datetime | None = None
    created_before: datetime | None = None
    search: str = ""
    contactable: str = ""

    def narrowed_by(self) -> list[str]:
        """The names of what narrows."""
        return [field.name for field in fields(self) if getattr(self, field.name)]


def chosen_contacts(choice: Choice) -> QuerySet[Any]:
    """The contacts of the organization in scope that are meant, deleted ones never, in no order.

    Raises ``Invalid`` with every fault at once: for a value outside of a closed list, and for a tag, source or member that
    the organization does not have. To find nobody by one that was misspelt would look like an answer.
    """
    faults = list(_faults_of(choice))
    if faults:
        raise Invalid(faults)
    contacts: QuerySet[Any] = Contact.objects.active()
    for name in choice.narrowed_by():
        contacts = _NARROWED[name](contacts, getattr(choice, name))
    return contacts


_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "type": ContactType.values,
    "status": ContactStatus.values,
    "stage": ContactStage.values,
    "role": ContactRole.values,
    "contactable": Medium.values,
}


def _faults_of(choice: Choice) -> Iterator[FieldError]:
    for name, choices in _CHOICES.items():
        said = getattr(choice, name)
        if set([said] if isinstance(said, str) else said) - {*choices, ""}:
            yield FieldError(name, "invalid_value", {"choices": choices})
    for name, is_known in (("tag", _is_tag), ("source", _is_source)):
        unknown = [value for value in getattr(choice, name) if not is_known(value)]
        yield from (FieldError(name, "not_found", message=f"there is no {name} {value!r}.") for value in unknown)
    if choice.assigned_to and not _members(choice.assigned_to).exists():
        message = f"the organization has no member with the e-mail address {choice.assigned_to!r}."
        yield FieldError("assigned_to", "not_found", message=message)


def _is_tag(name: str) -> bool:
    return Tag.objects.filter(name=name).exists()


def _is_source(name: str) -> bool:
    # The text on a contact counts, whether or not the catalogue has it.
    return Source.objects.filter(name=name).exists() or Contact.objects.active().filter(source=name).exists()


def _members(email: str) -> QuerySet[Member]:
    return Member.objects.filter(user__email=UserAccounts.canonical_email(email))


def _any_of(column: str) -> Callable[[ContactQuerySet[Contact], Sequence[str]], ContactQuerySet[Contact]]:
    return lambda contacts, values: contacts.filter(**{f"{column}__in": values})


def _tagged(contacts: ContactQuerySet[Contact], names: Iterable[str]) -> ContactQuerySet[Contact]:
    for name in names:
        tagged = TaggedContact.objects.filter(content_object=OuterRef("pk"), tag__name=name)
        contacts = contacts.filter(Exists(tagged))
    return contacts


def _looked_after(contacts: ContactQuerySet[Contact], email: str) -> ContactQuerySet[Contact]:
    return contacts.assigned_to(_members(email).values_list("pk", flat=True).get())


_NARROWED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _any_of("type"),
    "status": _any_of("status"),
    "stage": _any_of("stage"),
    "role": _any_of("role"),
    "source": _any_of("source"),
    "tag": _tagged,
    "assigned_to": _looked_after,
    "created_from": lambda contacts, moment: contacts.filter(Q(created_at__gte=moment)),
    "created_before": lambda contacts, moment: contacts.filter(Q(created_at__lt=moment)),
    "search": search_contacts,
    "contactable": contactable,
}
