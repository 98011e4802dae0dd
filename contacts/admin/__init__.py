"""The address book's pages of the dashboard."""

from contacts.admin import contacts, sources, tags

__all__ = ["contacts", "sources", "tags"]
