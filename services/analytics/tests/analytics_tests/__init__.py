"""Tests of analytics.

A package of its own name: the service's folder and its package are both called `analytics`, and pytest would
otherwise give the folder the name the package needs.
"""
