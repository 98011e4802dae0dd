"""An organization as files: how its rows are written so that another database can take them in (docs/decisions/0028)."""
