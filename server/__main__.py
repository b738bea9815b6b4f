"""`python -m server` is `gollabedit`."""

import sys

from server.cli.main import main

sys.exit(main())
