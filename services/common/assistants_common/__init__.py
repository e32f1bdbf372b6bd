"""What the Python services share: settings, logging, HTTP conventions, stores, events, lifecycle."""
