"""The text about an alert that leaves the platform.

The text contains only the data needed to find the alert: the subject is a fingerprint, an id or an attacker's
address. Names and actions are visible only after login.
"""

import json

from security.models import Alert, Notification


def subject_line(alert: Alert) -> str:
    return f"[{alert.severity}] {alert.title}"


def mail_text(notification: Notification) -> str:
    alert = notification.alert
    threat = alert.threat
    return "\n".join(
        [
            alert.title,
            "",
            f"Severity: {alert.severity}",
            f"Kind: {threat.kind}",
            f"Subject: {threat.subject}",
            f"Events: {threat.count}",
            f"First seen: {threat.first_seen.isoformat()}",
            f"Last seen: {threat.last_seen.isoformat()}",
            f"State: {alert.state}",
            f"Alert: {alert.id}",
            f"Notification: {notification.id}",
            "",
        ]
    )


def webhook_body(notification: Notification) -> bytes:
    """The body; `id` stays the same when a message is sent twice."""
    alert = notification.alert
    threat = alert.threat
    document = {
        "id": str(notification.id),
        "type": "security.alert",
        "alert": {
            "id": str(alert.id),
            "threat_id": str(threat.id),
            "kind": threat.kind,
            "severity": alert.severity,
            "state": alert.state,
            "title": alert.title,
            "subject": threat.subject,
            "count": threat.count,
            "first_seen": threat.first_seen.isoformat(),
            "last_seen": threat.last_seen.isoformat(),
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()
