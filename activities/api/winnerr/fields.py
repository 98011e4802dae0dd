"""What a client may send inside a deal (CONTRACTS 1.3, 7.2)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from activities.rules import (
    LARGEST_NUMBER,
    LONGEST_ADDRESS,
    LONGEST_DETAIL,
    LONGEST_TYPE,
    MOST_DEAL_ROWS,
    is_web_address,
)
from config.wires.fields import Document, Flag, Instant, Number, Text
from config.wires.openapi.shapes import identifier

LONGEST_REFERENCE = 100
LARGEST_PERCENTAGE = 100


class Reference(Text):
    """The public id of a row; becomes its primary key.

    ``known`` names the mapping of ids to primary keys in the serializer's context, so that a body with a hundred
    references costs one statement.
    """

    default_error_messages = {"not_found": "was not found"}

    def __init__(self, known: str, **kwargs: Any) -> None:
        super().__init__(LONGEST_REFERENCE, **kwargs)
        self.known = known
        self.shape = identifier(known.removesuffix("s"))

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if text and text not in self.context[self.known]:
            self.fail("not_found")
        return self.context[self.known][text] if text else None


class SameContact(Text):
    """A deal stays with its contact; a client may send back what it read."""

    default_error_messages = {"invalid_value": "cannot be changed"}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text != self.context["contact"]:
            self.fail("invalid_value")
        return text


class WholeNumber(Number):
    """A JSON number without a fraction, within bounds."""

    shape = {"type": "integer"}
    default_error_messages = {"invalid_type": "must be a whole number"}

    def to_internal_value(self, data: Any) -> int:
        number = super().to_internal_value(data)
        if number != int(number):
            self.fail("invalid_type")
        return int(number)


class WebAddress(Text):
    """An http or https address: a page shows it as a link."""

    shape = {"format": "uri", "examples": ["https://example.com/contract.pdf"]}
    default_error_messages = {"invalid_value": "must be an http or https address"}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text and not is_web_address(text):
            self.fail("invalid_value")
        return text


class Rows(serializers.ListField):
    """An array of objects. ``null`` is the empty array."""

    shape = {"maxItems": MOST_DEAL_ROWS}
    default_error_messages = {"not_a_list": "must be an array", "too_long": "must have at most {maximum} items"}

    def __init__(self, child: Document, **kwargs: Any) -> None:
        super().__init__(child=child, required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > MOST_DEAL_ROWS:
            self.fail("too_long", maximum=MOST_DEAL_ROWS)
        return super().to_internal_value(data)


class Commission(Document):
    """What a deal earns; parts left out stay as they are."""

    rate = Number(0, LARGEST_PERCENTAGE)
    amount = Number(0, LARGEST_NUMBER)
    split = Number(0, LARGEST_PERCENTAGE)


class Property(Document):
    """What a deal is about; parts left out stay as they are."""

    id = Text(LONGEST_DETAIL)
    address = Text(LONGEST_DETAIL)
    type = Text(LONGEST_DETAIL)
    bedrooms = Number(0, LARGEST_NUMBER)
    bathrooms = Number(0, LARGEST_NUMBER)
    squareFootage = Number(0, LARGEST_NUMBER, source="square_footage")


class TeamMember(Document):
    """Somebody who works on a deal."""

    userId = Reference("agents", required=True, source="member_id")
    role = Text(LONGEST_TYPE)
    commissionSplit = Number(0, LARGEST_PERCENTAGE, source="commission_split")


class Timeline(Document):
    """The dates of a deal; parts left out stay as they are."""

    listingDate = Instant(source="listing_date")
    contractDate = Instant(source="contract_date")
    inspectionDate = Instant(source="inspection_date")
    appraisalDate = Instant(source="appraisal_date")
    closingDate = Instant(source="closing_date")


class Paper(Document):
    """A document of a deal, kept elsewhere."""

    id = Text(LONGEST_DETAIL)
    name = Text(LONGEST_DETAIL)
    type = Text(LONGEST_DETAIL)
    url = WebAddress(LONGEST_ADDRESS)


class Task(Document):
    """Something to do for a deal."""

    id = Text(LONGEST_DETAIL)
    title = Text(LONGEST_DETAIL, required=True)
    dueDate = Instant(source="due_date")
    completed = Flag(required=False, allow_null=True)
