"""The address book's pages of the dashboard."""

from contacts.admin import contacts, custom_fields, imports, sources, tags, weights

__all__ = ["contacts", "custom_fields", "imports", "sources", "tags", "weights"]
