"""`python -m sync`: the same verbs as the console, headless."""

import sys

from sync.cli.main import main

sys.exit(main())
