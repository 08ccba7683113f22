"""What those who keep the course run, as `python -m tools.name`; the Makefile has the list."""
