"""Rules, dashboards and the page of metrics, as code; README.md says what is written by hand."""
