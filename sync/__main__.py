"""`python -m sync`: the same verbs as the console, headless."""

import signal
import sys

from sync.cli.main import main

# Being told to end is being interrupted: runs stop at their next safe point and go on at the next start.
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(main())
