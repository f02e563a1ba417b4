"""A source with several statements behind it as one row, in which each statement sees the source and itself: the source is computed once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F

HIDDEN = -1e9
"""What is added to the attention of a token that another may not see."""


class Tree(NamedTuple):
    """Token ids, their positions in the text that each statement continues, and which statement each is of (0: the source)."""

    ids: list[int]
    positions: list[int]
    owners: list[int]


def tree(tokenizer: Any, source: str, statements: Sequence[str]) -> Tree:
    """One row of a source and its statements, each on a line of its own as the check reads them."""
    front = tokenizer.encode(source)
    ids, positions, owners = list(front), list(range(len(front))), [0] * len(front)
    for number, statement in enumerate(statements, 1):
        own = tokenizer.encode(f"\n{statement}")
        ids += own
        positions += range(len(front), len(front) + len(own))
        owners += [number] * len(own)
    return Tree(ids, positions, owners)


def likelihoods(model: Any, trees: Sequence[Tree]) -> torch.Tensor:
    """The log-likelihood of each statement after its source, in nats: (statements of all trees,).

    The line break before a statement counts for nothing.
    """
    longest = max(len(one.ids) for one in trees)
    ids = torch.zeros(len(trees), longest, dtype=torch.long)
    positions, owners = torch.zeros_like(ids), torch.full_like(ids, -1)
    for row, one in enumerate(trees):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        positions[row, : len(one.ids)] = torch.tensor(one.positions)
        owners[row, : len(one.ids)] = torch.tensor(one.owners)
    seen = (owners[:, None, :] == 0) | (owners[:, :, None] == owners[:, None, :])
    seen &= torch.ones(longest, longest, dtype=torch.bool).tril()
    mask = torch.where(seen, 0.0, HIDDEN)[:, None].to(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.model(input_ids=ids, position_ids=positions, attention_mask=mask, use_cache=False)
    found = []
    for row, one in enumerate(trees):
        places = [p for p in range(1, len(one.ids)) if one.owners[p] and one.owners[p] == one.owners[p - 1]]
        with torch.autocast("cpu", torch.bfloat16):
            logits = model.lm_head(hidden.last_hidden_state[row, [p - 1 for p in places]])
        values = -F.cross_entropy(logits.float(), torch.tensor([one.ids[p] for p in places]), reduction="none")
        owned = torch.tensor([one.owners[p] - 1 for p in places])
        found.append(torch.zeros(max(one.owners)).index_add(0, owned, values))
    return torch.cat(found)
