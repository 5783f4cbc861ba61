"""Dashboards of Grafana as code: what each shows, and how it is built."""
