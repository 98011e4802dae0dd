"""What this project's management commands have in common: one JSON object out, or one sentence about what is wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError

from accounts.actor import Actor
from accounts.authentication import organization_id_by_slug
from accounts.exceptions import (
    ArchiveRefused,
    DomainError,
    Duplicate,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
)
from accounts.models import Member
from accounts.models.user import UserAccounts
from accounts.tenancy import tenant_scope


class JsonCommand(BaseCommand):
    """A command whose standard output is exactly one JSON object; logs go to standard error.

    One that writes data there has the object on standard error, by a ``tell`` of its own.

    A refusal of the domain, and a database that cannot be used, end it with one sentence and a status: 1, or what
    ``refusal_status`` says.
    """

    refusal_status = 1

    # Progress and warnings of the checks must not reach standard output.
    requires_system_checks: list[str] = []
    # How it ends when it has an answer; ``answer`` may set it.
    status = 0

    def answer(self, **options: Any) -> dict[str, Any]:
        """Do the work and return what to print."""
        raise TypeError(f"{type(self).__module__} does nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = self.answer(**options)
        except DomainError as error:
            raise CommandError(sentence(error), returncode=self.refusal_status) from error
        except CommandError as error:
            # Of those that were raised without thinking of a status.
            error.returncode = self.refusal_status if error.returncode == 1 else error.returncode
            raise
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(
                f"The database cannot be used (is it reachable and migrated?): {_first_line(error)}",
                returncode=self.refusal_status,
            ) from error
        except UnicodeEncodeError as error:
            raise CommandError("An argument is not valid UTF-8.", returncode=self.refusal_status) from error
        try:
            self.tell(json.dumps(answer, ensure_ascii=False))
            self.stdout.flush()
        except BrokenPipeError:
            # Nobody reads any more. What is done is done, and the interpreter must not stumble over it once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if self.status:
            raise SystemExit(self.status)

    def tell(self, answer: str) -> None:
        """Print the answer; elsewhere where standard output is for what was asked for itself."""
        self.stdout.write(answer)

    @property
    def actor(self) -> Actor:
        """The operator, under the command's name."""
        return Actor.command(type(self).__module__.rpartition(".")[2])


@contextmanager
def organization_named(slug: str) -> Iterator[int]:
    """The unit of work of the organization with this slug; gives its primary key. Raises ``CommandError``."""
    organization_id = organization_id_by_slug(slug)
    if organization_id is None:
        raise CommandError(f"There is no organization with the slug {slug!r}.")
    with tenant_scope(organization_id):
        yield organization_id


def member_with_email(email: str) -> Member:
    """The active member of the organization in scope who logs in with this address. Raises ``CommandError``."""
    members = Member.objects.select_related("user").filter(is_active=True)
    member = members.filter(user__email=UserAccounts.canonical_email(email)).first()
    if member is None:
        raise CommandError(f"The organization has no active member with the e-mail address {email!r}.")
    return member


def iso(moment: datetime) -> str:
    """A moment in UTC as the commands print it: ``2026-01-31T12:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sentence(error: DomainError) -> str:
    """What an operator is told."""
    match error:
        case Invalid():
            return " ".join(_of_field(fault) for fault in error.errors)
        case Duplicate():
            return f"There is already one {error.resource} with the {error.field} {error.value!r}."
        case NotFound():
            return f"There is no {error.resource} {error.identifier!r}."
        case Forbidden():
            return f"Not allowed: {error.reason}."
        case ArchiveRefused():
            return f"{error.place} {error.reason}."
    return error.message or f"Refused: {error.code}."


_REASONS = {
    "required": "a value is required.",
    "invalid_email": "this is no e-mail address.",
    "not_found": "there is no such thing.",
    "out_of_range": "the value is out of range.",
    "too_long": "the value is too long.",
}


def _of_field(fault: FieldError) -> str:
    reason = fault.message or _REASONS.get(fault.code, "this value cannot be used.")
    if choices := fault.facts.get("choices"):
        reason = f"choose one of {', '.join(choices)}."
    return f"{fault.field}: {reason}"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
