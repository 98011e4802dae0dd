"""The people, and everything known about them."""
