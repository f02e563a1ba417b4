#!/usr/bin/env bash
#SBATCH --job-name=forethought
#SBATCH --nodes=3
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --exclusive
#SBATCH --time=08:00:00
#SBATCH --requeue
# A run on a Slurm cluster: Ray on every node for the time of this job; the run itself on the first one.
#     sbatch examples/cluster/slurm.sh
# SHARED is a folder that all nodes mount, with the configuration and the virtual environment in it; a job that is cut off
# and queued again goes on where it was. Whole nodes (--exclusive), as at its end `ray stop` ends every Ray of yours on them.
set -euo pipefail

SHARED=${SHARED:-/shared}
source "$SHARED/venv/bin/activate"

# other users of the nodes can reach Ray's ports: only who has the token may use them
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$SHARED/.ray-token-$SLURM_JOB_ID"
(umask 077 && python -c 'import secrets; print(secrets.token_hex(32), end="")' > "$RAY_AUTH_TOKEN_PATH")
trap 'rm -f "$RAY_AUTH_TOKEN_PATH"' EXIT

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export RAY_ADDRESS="$(getent ahostsv4 "$head" | awk 'NR == 1 { print $1 }'):6379"

# the loss of one node must not end the others
srun --no-kill --kill-on-bad-exit=0 ray symmetric-run --address "$RAY_ADDRESS" --min-nodes "$SLURM_JOB_NUM_NODES" \
    --num-cpus "$SLURM_CPUS_PER_TASK" -- \
    forethought run "$SHARED/my-model.yaml" --address "$RAY_ADDRESS" --out "$SHARED/runs" --engine.replicas 3
