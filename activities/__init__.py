"""What happens between us and a contact."""
