"""How a contract authenticates, wraps, pages and fails. No resources live here."""
