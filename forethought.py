"""Forethought's front door: `forethought VERB`; the verbs are in `eval.cli`."""

import sys


def main() -> None:
    """Run one verb and exit with its status."""
    from eval.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
