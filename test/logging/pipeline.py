"""Parses a Logstash pipeline from standard input by the grammar of Logstash and prints its tree as JSON."""

import json
import sys

from logstash_pipeline_parser import Pipeline

json.dump(Pipeline(sys.stdin.read()).parse(), sys.stdout, default=str)
