"""The project: settings, addresses, the server, and the three wires."""
