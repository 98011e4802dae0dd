"""The panels beside the contact form: what happened, and where the score comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from activities.models import Activity, Communication, Deal, Delivery
from activities.querysets import TimelineEntry, TimelineKind
from activities.services.amending import EDITED_AT, ORIGINAL
from contacts.admin.history import ChangeLine, change_lines, confirms_score
from contacts.models import ChangeVerb, ContactChange
from contacts.scores import ScoreExplanation
from contacts.scoring import LABELS, ScorePart

MOST_FIELDS = 6
MOST_FACTS = 3
MOST_ATTACHMENTS = 20
_ICONS = {
    TimelineKind.ACTIVITY: "task_alt",
    TimelineKind.CHANGE: "edit",
    TimelineKind.COMMUNICATION: "chat",
    TimelineKind.DEAL: "home_work",
}


def entries_shown(entries: Sequence[TimelineEntry]) -> list[dict[str, Any]]:
    """The timeline as the page shows it; all changes are put in words together.

    Without scores that stayed: each message that comes in confirms one, and they are in the history.
    """
    entries = [each for each in entries if not (isinstance(each.row, ContactChange) and confirms_score(each.row))]
    changes = [entry.row for entry in entries if isinstance(entry.row, ContactChange)]
    lines = dict(zip((change.pk for change in changes), change_lines(changes), strict=True))
    return [
        {
            "icon": _ICONS[entry.position.kind],
            "moment": entry.position.moment,
            **(
                _change_shown(entry.row, lines[entry.row.pk])
                if isinstance(entry.row, ContactChange)
                else _row_shown(entry.row)
            ),
        }
        for entry in entries
    ]


def _change_shown(change: ContactChange, line: ChangeLine) -> dict[str, Any]:
    # How a contact began is the page itself.
    fields = () if change.verb == ChangeVerb.CREATED else line.fields[:MOST_FIELDS]
    return {"title": line.verb, "who": line.who, "fields": fields}


def _row_shown(row: Activity | Communication | Deal) -> dict[str, Any]:
    if isinstance(row, Activity):
        title = row.type.replace("_", " ").capitalize()
        return {"title": title, "text": row.description, "who": row.member or ""}
    if isinstance(row, Communication):
        return _communication_shown(row)
    return {"title": f"Deal: {row.title}", "text": _deal_text(row), "who": row.assigned_to or ""}


def _communication_shown(row: Communication) -> dict[str, Any]:
    """A message with what came with it, what it said before its sender changed it, and how far it got."""
    return {
        "title": f"{row.get_kind_display()}, {row.get_direction_display().lower()}",
        "text": ": ".join(filter(None, [row.subject, row.body])),
        "who": row.member or "",
        "anchor": row.uuid,
        "attachments": _attachments_shown(row.metadata.get("attachments")),
        "is_edited": bool(row.metadata.get(EDITED_AT)),
        "original": row.metadata.get(ORIGINAL, ""),
        "delivery": row.get_delivery_display() if row.delivery else "",
        "is_failed": row.delivery == Delivery.FAILED,
    }


def _attachments_shown(attachments: Any) -> list[str]:
    """By name, or by what they are; they themselves are at the provider."""
    listed = [each for each in attachments if isinstance(each, dict)] if isinstance(attachments, list) else []
    return [_attachment_name(each) for each in listed[:MOST_ATTACHMENTS]]


def _attachment_name(attachment: Mapping[str, Any]) -> str:
    told = (attachment.get(part) for part in ("name", "kind", "type"))
    name = next((str(text) for text in told if text), "attachment")
    return name if name == attachment.get("name") else name.replace("_", " ").capitalize()


def _deal_text(deal: Deal) -> str:
    amount = f"{deal.amount:,.0f}" if deal.amount is not None else ""
    return ", ".join(filter(None, [deal.get_type_display(), deal.get_stage_display(), amount]))


def score_shown(explanation: ScoreExplanation) -> dict[str, Any]:
    """The score's parts, what changed since lists show the one they show, and what would raise it."""
    return {
        "total": explanation.current.total,
        "parts": _parts_shown(explanation.current.parts),
        "changes": _parts_shown(explanation.changes),
        "missing": _parts_shown(explanation.missing[:MOST_FACTS]),
    }


def _parts_shown(parts: Iterable[ScorePart]) -> list[dict[str, str]]:
    return [{"label": LABELS[part.name], "points": f"{part.points:+d}"} for part in parts]
