"""Taking away what receipts say once nobody needs it: the message is where it belongs, and its key is enough."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from activities.models import Receipt, ReceiptState

# Long enough to look into what went wrong, and for every provider to have stopped sending again.
KEPT_FOR: Final = timedelta(days=30)
RECEIPT_PAYLOADS: Final = "receipt_payloads"


def empty_receipts(limit: int) -> int:
    """Empty up to ``limit`` receipts of the organization in scope that were settled a month ago; returns how many.

    Those in quarantine stay as they are, for as long as nobody has decided about them.
    """
    settled = Receipt.objects.filter(
        is_emptied=False,
        state__in=[ReceiptState.APPLIED, ReceiptState.IGNORED],
        settled_at__lte=timezone.now() - KEPT_FOR,
    )
    ids = list(settled.order_by("settled_at", "id").values_list("pk", flat=True)[:limit])
    return Receipt.objects.filter(pk__in=ids).update(payload=b"", event=None, is_emptied=True)
