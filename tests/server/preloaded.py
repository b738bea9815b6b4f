"""Imports the whole command line and makes the pages, for the process that `forks` copies."""

import asyncio
import gc
import pkgutil
from importlib import import_module

from server import cli
from server.http.offline import offline_files
from server.http.static_files import read_files

for module in pkgutil.walk_packages(cli.__path__, f"{cli.__name__}."):
    import_module(module.name)
offline_files(readable=False, source_url="")
asyncio.run(read_files()["pages/document.js"].for_client("br"))  # takes 0.3 s
gc.collect()
gc.freeze()  # a collection in a copy would write to all these objects, and so copy their memory
