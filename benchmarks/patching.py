"""What the benchmarks' PATCH changes in a contact of Rentalot's, and how that is taken back."""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

from benchmarks import rows

# Columns of the address book; `applied_at` follows from the stage, `converted_at` from the type.
_CHANGED: Final = ("stage", "applied_at", "type", "converted_at", "notes")


def patch(status: str, load: int) -> dict[str, Any]:
    """Somebody moves on, with a note that no load before had: every request has something to write."""
    return {"status": status, "notes": f"Called back, for the {load}. time. Wants to see it on Sunday."}


def restore_patched(owner: Connection[Any]) -> None:
    """Give contacts that were changed the stage, the type and the notes they were filled with.

    To be called before ``filling.restore``, which takes their version back and with it what tells them apart.
    """
    was = ", ".join(f"{rows.CONTACT[name]} AS {name}" for name in _CHANGED)
    given = ", ".join(f"{name} = was.{name}" for name in _CHANGED)
    changed = "(SELECT id, number AS n, created_at FROM contacts_contact WHERE version > 1) AS changed"
    # Names of columns and expressions of this package.
    owner.execute(
        f"UPDATE contacts_contact c SET {given} FROM (SELECT id, {was} FROM {changed}) was WHERE c.id = was.id"
    )
