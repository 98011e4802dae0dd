"""The address book's pages of the dashboard."""

from contacts.admin import contacts, sources, tags, weights

__all__ = ["contacts", "sources", "tags", "weights"]
