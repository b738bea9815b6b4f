"""Imports the whole command line, for the process that `forks` copies."""

import gc
import pkgutil
from importlib import import_module

from server import cli

for module in pkgutil.walk_packages(cli.__path__, f"{cli.__name__}."):
    import_module(module.name)
gc.collect()
gc.freeze()  # a collection in a copy would write to all these objects, and so copy their memory
