"""The errors that the command line reports without a traceback."""


class UserError(Exception):
    """An error for the user to mend; its message is one line that says how or why."""
