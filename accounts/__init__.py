"""Who asks, for which organization, with which rights. The lowest layer: it imports no other app."""
