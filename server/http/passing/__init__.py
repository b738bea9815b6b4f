"""Passes requests on to the node that owns their document.

original    what the node that a client reached tells the owner of the request
owner       the middleware: is the document here, or where?
requests    plain HTTP and Git
sockets     websockets, as bytes
nodes       the other nodes, and what is on its way to them
"""
