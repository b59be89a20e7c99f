"""Zero-shot evaluation: metrics, scoring, protocol and report. Run it as `python -m eval`."""
