"""What those who keep the course run, as `python -m tools.name`; the Makefile has the list."""

import sys

# A Windows console writes cp1252, which lacks letters of the notebooks: better "?" than no word
if reconfigure := getattr(sys.stdout, "reconfigure", None):
    reconfigure(errors="replace")
