"""Notes of the user who asks: what a service of the platform consists of, and little more."""

NAME = "sample-service"
