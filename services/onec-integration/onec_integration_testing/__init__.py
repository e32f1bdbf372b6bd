"""Code shared by the service's tests and the processes they start."""
