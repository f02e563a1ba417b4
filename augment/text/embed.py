"""Likeness of texts by embeddings: the mean of a model's last layer over a text's tokens, any local or hub model's."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.models import resolve_model

MOST_TOKENS = 512
"""Of a longer text only the beginning is embedded."""
BATCH = 32


def scorer(texts: Sequence[str], model: str) -> Callable[[int], np.ndarray]:
    """A function from the number of a text to the cosine of its embedding with that of every text, as float32."""
    found = embed(texts, model)
    return lambda i: found @ found[i]


def embed(texts: Sequence[str], model: str) -> np.ndarray:
    """(texts, width) unit vectors, less the mean of all texts' (it is most of every vector, and says nothing).

    Runs in this process, on the GPU where there is one. Texts of like length share a batch.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    path, device = resolve_model(model), "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer, network = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).to(device).eval()
    ids = [tokens[:MOST_TOKENS] or [tokenizer.eos_token_id] for tokens in tokenizer(list(texts)).input_ids]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    found = np.zeros((len(ids), network.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            longest = len(ids[rows[-1]])
            padded = torch.tensor([ids[i] + [0] * (longest - len(ids[i])) for i in rows], device=device)
            mask = torch.tensor([[1] * len(ids[i]) + [0] * (longest - len(ids[i])) for i in rows], device=device)
            last = network(input_ids=padded, attention_mask=mask).last_hidden_state.float()
            found[rows] = ((last * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).cpu().numpy()
    found -= found.mean(0)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
