"""What an organization decides about itself."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.exceptions import Invalid
from accounts.models import Organization
from accounts.roles import Right
from accounts.services.validation import faults_of
from accounts.tenancy import current_scope


def change_organization(
    *, name: str, time_zone: str, phone_region: str, agents_see_only_their_contacts: bool, actor: Actor
) -> Organization:
    """Set the settings of the organization in scope and return it as stored.

    Another region counts for phones written from now on. Raises ``Invalid`` with every fault at once, ``Forbidden``.
    """
    actor.require(Right.MANAGE_ORGANIZATION)
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).get()
        organization.name = name.strip()
        organization.time_zone = time_zone
        organization.phone_region = phone_region.upper()
        organization.agents_see_only_their_contacts = agents_see_only_their_contacts
        faults = faults_of(organization, ("name", "time_zone", "phone_region"))
        if faults:
            raise Invalid(faults)
        organization.save(update_fields=["name", "time_zone", "phone_region", "agents_see_only_their_contacts"])
    scope = current_scope()
    if scope is not None:
        # What is left of this unit of work goes by the new settings.
        scope.organization = organization
    return organization
