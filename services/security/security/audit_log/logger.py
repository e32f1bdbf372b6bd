"""The logger for auditors; SECURITY_LOG_LEVEL sets its level."""

import logging

audit_logger = logging.getLogger("security.audit")


def configure_audit_logger(level: str) -> None:
    audit_logger.setLevel(level)
