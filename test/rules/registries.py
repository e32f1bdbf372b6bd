"""Prints, as JSON, the metrics a Python service has from its start.

Usage: registries.py PACKAGE, for instance `registries.py ai_assistant`, with the package on the path.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.utils import floatToGoString

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}


def exported() -> Iterator[dict[str, Any]]:
    # The client library has no public way to the labels of a metric without samples.
    for collector in REGISTRY._collector_to_names:
        labels = collector._labelnames if isinstance(collector, MetricWrapperBase) else ()
        buckets = getattr(collector, "_kwargs", {}).get("buckets", ())
        for metric in collector.collect():
            for suffix in _SUFFIXES.get(metric.type, ("",)):
                name = metric.name + suffix
                yield {
                    "name": name,
                    "labels": [*labels, *(["le"] if suffix == "_bucket" else [])],
                    "buckets": [floatToGoString(bound) for bound in buckets],
                    "series": [sample.labels for sample in metric.samples if sample.name == name],
                }


importlib.import_module(f"{sys.argv[1]}.app")
json.dump(list(exported()), sys.stdout)
