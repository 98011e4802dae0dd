"""What can go wrong with contacts."""

from __future__ import annotations

from accounts.exceptions import DomainError, Duplicate, NotFound


class ContactNotFound(NotFound):
    """No live contact under this id that the caller may see."""

    def __init__(self, identifier: str) -> None:
        super().__init__("contact", identifier)


class DuplicateContact(Duplicate):
    """A live contact has this primary e-mail already. ``value`` is the address spelt as it was sent."""

    def __init__(self, email: str, existing_id: int | None = None) -> None:
        super().__init__("contact", "email", email, existing_id)


class ImportRefused(DomainError):
    """An import cannot be begun, gone on with or taken back as things stand; ``message`` is a sentence that says why."""

    code = "import_refused"

    def __init__(self, message: str) -> None:
        self.message = f"{message[:1].upper()}{message[1:]}."
        super().__init__(message)


class Overtaken(ImportRefused):
    """Somebody else has this import by now, or it was stopped: nothing of this chunk was stored."""


class SurroundingsChanged(Exception):
    """The organization's fields, scoring or phone region changed since the rows were prepared: prepare them again."""
