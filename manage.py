#!/usr/bin/env python
"""Django's command line for Latchkey."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # What is wrong with the environment, without the way it was found out.
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
