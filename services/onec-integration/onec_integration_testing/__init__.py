"""What the tests of this service share with the processes they start."""
