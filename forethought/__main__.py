"""The command `forethought VERB`, also as `python -m forethought VERB` (in a submitted job nothing is installed)."""

import sys

from forethought.cli import run
from forethought.pipes import quietly


def main() -> None:
    """Run one verb and exit with its status."""
    sys.exit(quietly(lambda: run(sys.argv[1:], last=True)))


if __name__ == "__main__":
    main()
