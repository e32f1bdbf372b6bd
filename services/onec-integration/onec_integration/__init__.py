"""Data of a 1C:Enterprise base, read through its standard OData interface."""

NAME = "onec-integration"
