"""The audit log: a chain of signed entries, its export and its verification."""
