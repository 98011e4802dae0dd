"""A wire's OpenAPI document, made of what its resources declare. No resources live here."""
