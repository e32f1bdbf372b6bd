"""What the tests of ai-assistant share. Not part of the service."""
