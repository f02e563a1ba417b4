"""`python -m eval VERB`: the front door where only the four packages have travelled, as in a job submitted to a cluster."""

import sys

from eval.cli import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
