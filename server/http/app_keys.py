"""The keys under which handlers find the parts that `server.app` put into the application."""

from collections.abc import Mapping

from aiohttp import web

from server.config import Config
from server.http.static_files import PageFile
from server.hub.access import AccessControl
from server.hub.hub import Hub
from server.hub.management import Management
from server.push.workspace import PushWorkspace
from server.storage.data_folder import DataFolder
from server.support.slots import FairSlots

CONFIG = web.AppKey("config", Config)
ACCESS = web.AppKey("access", AccessControl)
FOLDER = web.AppKey("folder", DataFolder)
HUB = web.AppKey("hub", Hub)
MANAGEMENT = web.AppKey("management", Management)
FILES = web.AppKey("files", Mapping[str, PageFile])
PUSHES = web.AppKey("pushes", PushWorkspace)
GIT_PROCESSES = web.AppKey("git_processes", FairSlots)
LONG_TEXTS = web.AppKey("long_texts", FairSlots)
