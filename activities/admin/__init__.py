"""The dashboard's pages of what comes in: channels, and what providers handed over."""

from activities.admin import channels, receipts

__all__ = ["channels", "receipts"]
