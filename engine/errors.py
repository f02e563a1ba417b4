"""The one error that a user is meant to read."""


class UserError(ValueError):
    """A user's mistake: one sentence with the remedy. The front door prints it and exits with status 2."""
