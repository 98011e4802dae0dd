"""The organization's own pages of the dashboard: who is in it, who may join, which programs act for it."""

from accounts.admin import credential, invitation, member, organization

__all__ = ["credential", "invitation", "member", "organization"]
