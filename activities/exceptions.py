"""What can go wrong with what happens to contacts."""

from __future__ import annotations

from accounts.exceptions import NotFound


class ConversationNotFound(NotFound):
    """No conversation under this id with a live contact that the caller may see."""

    def __init__(self, identifier: str) -> None:
        super().__init__("conversation", identifier)


class DealNotFound(NotFound):
    """No live deal under this id of a contact that the caller may see."""

    def __init__(self, identifier: str) -> None:
        super().__init__("deal", identifier)
