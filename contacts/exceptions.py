"""What can go wrong with contacts."""

from __future__ import annotations

from accounts.exceptions import Duplicate, NotFound


class ContactNotFound(NotFound):
    """No live contact under this id that the caller may see."""

    def __init__(self, identifier: str) -> None:
        super().__init__("contact", identifier)


class DuplicateContact(Duplicate):
    """A live contact has this primary e-mail already. ``value`` is the address spelt as it was sent."""

    def __init__(self, email: str, existing_id: int | None = None) -> None:
        super().__init__("contact", "email", email, existing_id)
