"""What `python -m utils.distributed` runs: the script of one worker."""

from utils.distributed.worker import main

main()
