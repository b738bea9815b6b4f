"""`python -m server` is `gollabedit`."""

import sys

from server.cli import main

sys.exit(main())
