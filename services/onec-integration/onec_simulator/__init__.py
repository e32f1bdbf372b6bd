"""A small 1C:Enterprise for tests and laptops: the standard OData interface, with its quirks."""
