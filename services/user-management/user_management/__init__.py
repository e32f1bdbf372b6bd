"""Accounts, logins and roles."""

NAME = "user-management"
