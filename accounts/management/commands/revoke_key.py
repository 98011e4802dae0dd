"""Revoke a key, a key pair or a token."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.commands import JsonCommand, iso, organization_named
from accounts.identifiers import parse_public_id, public_id
from accounts.models import Credential
from accounts.services import revoke_credential


class Command(JsonCommand):
    help = "Revoke a credential, from the next request on. One that is revoked already stays as it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", metavar="ID", help="as issue_key printed it: key_<uuid>")
        parser.add_argument("--organization", required=True, metavar="SLUG")

    def answer(self, **options: Any) -> dict[str, Any]:
        uuid = parse_public_id("key", options["id"])
        with organization_named(options["organization"]):
            credential = Credential.objects.filter(uuid=uuid).first() if uuid else None
            if credential is None:
                raise CommandError(f"The organization has no credential {options['id']!r}.")
            revoked_at = revoke_credential(credential, actor=self.actor).revoked_at
        return {"id": public_id("key", credential.uuid), "revoked_at": iso(revoked_at) if revoked_at else None}
