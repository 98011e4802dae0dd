"""gunicorn's settings: `gunicorn -c config/gunicorn.py config.wsgi`.

PORT, BIND, WEB_CONCURRENCY, WITH_WORKER, ACCESS_LOG and FORWARDED_ALLOW_IPS come from the environment.
"""

import gc
import os
from pathlib import Path
from typing import Any

from config import companion
from config.env import env_bind, env_bool, env_int, env_str

bind = env_bind()

worker_class = "config.worker.Worker"
workers = env_int("WEB_CONCURRENCY", os.cpu_count() or 1, minimum=1)
threads = 4
# Each worker loads the application itself: no database connection or random state crosses a fork.
preload_app = False
# Workers are renewed now and then, not all at once, which bounds what a slow leak can take.
max_requests = 20_000
max_requests_jitter = 2_000

# Programs that page through a list send one request right after another. A proxy in front must close idle
# connections before gunicorn does, hence not too long.
keepalive = 15
# A worker that shows no sign of life. Statements are cancelled after 5 seconds, long before.
timeout = 30
graceful_timeout = 30
# The heartbeat file in memory: on a disk a flush could stall the worker that touches it.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the directory is tested, not trusted

# gunicorn's upper bound: lists take many filters and a cursor in one address.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# Whose X-Forwarded-Proto is believed: proxies on this machine, unless the environment names others.
forwarded_allow_ips = env_str("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")

# Neither headers nor the query string: the first carry credentials, the second names and e-mail addresses.
accesslog = "-" if env_bool("ACCESS_LOG", False) else None
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(M)sms'
errorlog = "-"
# The remote control would put one socket per user under $HOME, which two instances cannot share.
control_socket_disable = True

if env_bool("WITH_WORKER", False):
    when_ready, post_fork, on_exit = companion.start, companion.let_go, companion.stop


def post_worker_init(worker: Any) -> None:
    """What the application consists of stays; and a page of a hundred documents is no reason to look for cycles in it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
