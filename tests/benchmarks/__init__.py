"""Speed and memory, measured beside a bare server in the same run. ``python -m tests.benchmarks``; needs ``wrk``."""
