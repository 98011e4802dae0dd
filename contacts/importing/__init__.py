"""Bringing contacts in from files: reading, understanding, planning, storing and taking back."""
