"""Logs without secrets."""

from __future__ import annotations

import logging
import traceback
from typing import Any, Final

from postcron.secrets.known import Secrets

#: libraries that write whole addresses, tokens included, at INFO or DEBUG
TALKATIVE: Final = ("httpx", "httpcore", "urllib3", "botocore", "boto3", "s3transfer", "sqlalchemy")


def quiet_loggers(secrets: Secrets) -> None:
    """Mask secrets in every log record, and let talkative libraries speak from warnings on.

    Records are masked as they are made: a filter on the root logger never sees those that come up
    from other loggers.
    """

    def masked(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = logging.LogRecord(*args, **kwargs)
        record.msg, record.args = secrets.redact(_message(record)), None
        if record.exc_info and record.exc_info[1]:
            trace = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
            record.exc_info, record.exc_text = None, secrets.redact(trace)
        return record

    logging.setLogRecordFactory(masked)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a library's own mistake must not stop a run
        return f"{record.msg} {record.args}"
