"""What activities do when something happened to contacts."""
