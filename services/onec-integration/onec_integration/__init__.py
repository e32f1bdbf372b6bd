"""Reads the data of a 1C:Enterprise base through its standard OData interface."""

NAME = "onec-integration"
