"""Taking contacts out."""
