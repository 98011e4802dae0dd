"""Who does something, as one value that crosses every border."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from accounts.exceptions import Forbidden
from accounts.roles import Right, Role, role_allows


class ActorKind(StrEnum):
    """What acts."""

    MEMBER = "member"
    CREDENTIAL = "credential"
    COMMAND = "command"
    SYSTEM = "system"


class Door(StrEnum):
    """Where a change came in."""

    ADMIN = "admin"
    WINNERR = "winnerr"
    RENTALOT = "rentalot"
    ESTATEPRIME = "estateprime"
    COMMAND = "command"
    IMPORT = "import"
    INBOUND = "inbound"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The requester of a change.

    ``member_id`` is the member acted for, None for commands and the system, which may do everything inside the
    organization in scope. ``sees_all_contacts`` is False for an agent narrowed to the contacts assigned to them
    (DESIGN section 4, decision 15). ``request_id`` ties what is written to one request's log lines.
    """

    kind: ActorKind
    door: Door
    label: str
    role: Role = Role.OWNER
    member_id: int | None = None
    credential_id: int | None = None
    sees_all_contacts: bool = True
    request_id: str = ""

    def allows(self, right: Right) -> bool:
        return role_allows(self.role, right)

    def require(self, right: Right) -> None:
        """Raises ``Forbidden`` unless the actor's role has the right."""
        if not self.allows(right):
            raise Forbidden(f"the role {self.role} may not {right.replace('_', ' ')}")

    def through(self, door: Door) -> Actor:
        """The same actor, come in by another door."""
        return replace(self, door=door)

    @classmethod
    def command(cls, name: str) -> Actor:
        """An operator's management command."""
        return cls(kind=ActorKind.COMMAND, door=Door.COMMAND, label=name)

    @classmethod
    def system(cls, label: str) -> Actor:
        """Latchkey itself, doing what nobody asked for in particular."""
        return cls(kind=ActorKind.SYSTEM, door=Door.SYSTEM, label=label)
