"""`python -m server` runs `gollabedit`."""

import sys

from server.cli.main import main

sys.exit(main())
