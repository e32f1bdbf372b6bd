"""Test support: real PostgreSQL and Redis servers, fixtures, a runner of service processes."""
