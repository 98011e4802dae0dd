"""The WSGI application gunicorn serves."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

try:
    # A role that sees through the tenant fence is refused here and not at the first request (accounts.rls.guard_role).
    connection.ensure_connection()
except OperationalError:
    # The database may come later than we do; /readyz says so, and requests are answered 503 until then.
    logging.getLogger("latchkey").warning("The database does not answer yet.")
