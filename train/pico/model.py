"""Where the weights of the embedded model start: attention heads in useful shapes, all of them free to change.

The residual stream starts as SLOTS, each the code of a token: of the token itself, of those before it, of the nearest
word of the lexicon, of what stands above it in a hierarchy, of the token to say next; then flags: a constant, the
CLASSES of the token and of two before it, and the ROLES of words. The first layer fills the slots of the
words before; later layers look for an equal word in the context and copy what stands beside it. So finding a fact, and
finding a parent's parent, is built in; which way of looking matters when, and what follows from what is found,
must be learnt.
"""

import math
from typing import Any, NamedTuple

import torch
from torch.nn.functional import normalize
from transformers import LlamaConfig, LlamaForCausalLM

WIDTH, HEADS, HEAD, CODE, INNER = 384, 6, 64, 34, 320
"""Sizes of the residual stream, its heads, a code and the feed-forward layers."""
ROPE_THETA = 1e12
SLOTS = ("own", "back1", "back2", "back3", "back4", "near", "far", "up1", "up2", "next")
"""`near`: the nearest word of the lexicon, from the token itself on; `far`: the nearest at least two tokens before; `up1`, `up2`: a parent and
what stands above it."""
CLASSES = {
    "word": "",
    "type": "of the as",
    "relation": "are be have with possess can to of the as than",
    "all": "All all",
    "some": "Some some",
    "no": "No no",
    "are": "are",
}
"""Flags of tokens; `word` is any word of the lexicon."""
ROLES = [("back1", c) for c in ("all", "some", "no", "are")] + [("back3", c) for c in ("all", "some", "no")]
"""What stands before a word in "All glon are yomp." tells whether it is a subject or a predicate, and of which statement."""
FLAGS: dict[str | tuple[str, str], int] = {
    "constant": len(SLOTS) * CODE,
    **{
        (place, name): len(SLOTS) * CODE + 1 + i * len(CLASSES) + j
        for i, place in enumerate(("own", "back1", "back3"))
        for j, name in enumerate(CLASSES)
    },
    **{
        role: len(SLOTS) * CODE + 1 + 3 * len(CLASSES) + i * len(ROLES)
        for i, role in enumerate(("own", "back2", "back4"))
    },
}


class Back(NamedTuple):
    """Looks `distance` tokens back."""

    distance: int


class Nearest(NamedTuple):
    """Looks for the nearest word of the lexicon, at least `least` tokens back."""

    least: int
    target: str


class Match(NamedTuple):
    """Looks for the tokens whose slot `key` equals the slot `query` here and copies their slot `value`.

    With `flag`, it had better be a word of the lexicon after a token of this class.
    """

    query: str
    key: str
    value: str
    target: str = "next"
    flag: str = ""


class Role(NamedTuple):
    """Looks for the word in the slot `query` and averages its ROLES wherever it stands."""

    query: str


Head = Back | Nearest | Match | Role
LAYERS: tuple[tuple[Head, ...], ...] = (
    (Back(1), Back(2), Back(3), Back(4), Nearest(0, "near"), Nearest(2, "far")),
    (
        Match("near", "far", "own", "up1", "type"),
        Role("own"),
        Role("back2"),
        Role("back4"),
        Match("own", "back1", "own"),
    ),
    (
        Match("up1", "far", "own", "up2", "type"),
        Match("back1", "own", "back3"),
        Match("back1", "back2", "own"),
        Match("back2", "own", "back2"),
        Match("back2", "back3", "own"),
    ),
    (
        Match("near", "far", "own", flag="relation"),
        Match("up1", "far", "own", flag="relation"),
        Match("up2", "far", "own", "up2", "type"),
        Match("back1", "own", "far", flag="relation"),
        Match("back4", "own", "far"),
        Match("back4", "far", "own"),
    ),
    (Match("up2", "far", "own", flag="relation"), Match("own", "back1", "own")),
)
"""How the heads of each layer start; the others at random."""
NORMS = (4.0, 11.0, 13.0, 14.0, 15.0)
"""Squared length of the residual stream before each layer, roughly."""


def codes_apart(n: int, size: int) -> torch.Tensor:
    """[n, size] vectors of length 1, pushed apart from random ones."""
    codes = normalize(torch.randn(n, size), dim=-1)
    for _ in range(60):
        like = (codes @ codes.T).fill_diagonal_(0)
        codes = normalize(codes - like.relu() ** 5 @ codes, dim=-1)
    return codes


def _slot(name: str) -> slice:
    start = SLOTS.index(name) * CODE
    return slice(start, start + CODE)


def _nearness(least: int, frequency: torch.Tensor) -> torch.Tensor:
    """[2, len(frequency)] factors of cosines and sines whose sum is highest at the distances from `least` to 2 * `least`.

    A fit to the first tokens, drawn towards equal cosines so that the sum stays low at all larger distances.
    """
    distance = torch.arange(80.0)
    wish = torch.where(distance < least, -1.0, (-(distance - 2 * least).clamp(min=0) / 5).clamp(min=-2))
    angle = distance[:, None] * frequency
    waves = torch.cat([angle.cos(), angle.sin(), torch.ones(len(distance), 1)], 1)
    weight, ridge = torch.exp(-distance / 8)[:, None], 0.3 * torch.eye(waves.shape[1])[:-1]
    usual = 0.6 * ridge[:, : len(frequency)].sum(1, keepdim=True)
    target = torch.cat([wish[:, None] * weight, usual])
    return torch.linalg.lstsq(torch.cat([waves * weight, ridge]), target).solution[:-1, 0].view(2, -1)


def new_model(tokenizer: Any, lexicon: list[str], seed: int) -> Any:
    """A Llama that starts as LAYERS say."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=math.ceil(len(tokenizer) / 64) * 64,
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=len(LAYERS),
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        head_dim=HEAD,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": ROPE_THETA},
        tie_word_embeddings=False,
        initializer_range=WIDTH**-0.5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model: Any = LlamaForCausalLM(config)
    with torch.no_grad():
        codes = codes_apart(config.vocab_size, CODE)
        embedding, head = model.model.embed_tokens.weight, model.lm_head.weight
        embedding.zero_()
        embedding[:, _slot("own")], embedding[:, FLAGS["constant"]] = codes, 1
        for name, members in CLASSES.items():
            words = members.split() if members else lexicon
            embedding[tokenizer.convert_tokens_to_ids([f"Ġ{w}" for w in words]), FLAGS["own", name]] = 1
        # of one length, so that a head that looks back by a distance likes no token better than another
        embedding[:, -1] = (NORMS[0] - embedding.square().sum(-1) + embedding[:, -1] ** 2).clamp(min=0).sqrt()
        head.mul_(0.2)[:, _slot("next")] = 1.8 * codes
        for layer, heads, norm in zip(model.model.layers, LAYERS, NORMS, strict=True):
            layer.mlp.down_proj.weight.zero_()
            q, k, v, o = (getattr(layer.self_attn, f"{n}_proj").weight for n in "qkvo")
            o.mul_(0.1)
            for i, kind in enumerate(heads):
                rows = torch.arange(HEAD) + i * HEAD
                for weight in (q, k, v, o.T):
                    weight[rows] = 0
                _look(kind, q, k, rows)
                _copy(kind, v, o, rows, math.sqrt(norm / WIDTH))
    return model


def _look(head: Head, q: torch.Tensor, k: torch.Tensor, rows: torch.Tensor) -> None:
    """Set what a head looks for: distances by the fast rotary dimensions, equal codes and flags by the slow ones."""
    frequency = ROPE_THETA ** (-torch.arange(HEAD // 2) / (HEAD // 2))
    fast, slow = torch.nonzero(frequency > 9e-4)[:, 0], torch.nonzero(frequency < 1e-4)[:, 0]
    constant, spare = FLAGS["constant"], rows[slow[CODE // 2]]
    match head:
        case Back(distance):
            angle = frequency[fast] * distance
            cosines, sines = torch.cos(angle), torch.sin(angle)
        case Nearest(least):
            cosines, sines = _nearness(least, frequency[fast])
            q[spare, constant], k[spare, FLAGS["own", "word"]] = 2.0, 2.0
        case Match() | Role():
            both = rows[torch.cat([slow[: CODE // 2], slow[: CODE // 2] + HEAD // 2])]
            key = head.key if isinstance(head, Match) else "own"
            q[both, _slot(head.query)] = k[both, _slot(key)] = 2.3 * torch.eye(CODE)
            if isinstance(head, Match) and head.flag:
                q[spare, constant], k[spare, FLAGS["back1", head.flag]] = 1.7, 1.7
                k[spare, FLAGS["own", "word"]] = 1.7
            return
    k[rows[fast], constant] = 1
    q[rows[fast], constant], q[rows[fast + HEAD // 2], constant] = cosines, -sines


def _copy(head: Head, v: torch.Tensor, o: torch.Tensor, rows: torch.Tensor, scale: float) -> None:
    """Set what a head copies, and where to."""
    flags = rows[CODE : CODE + len(CLASSES)]
    match head:
        case Role(query):
            for i, role in enumerate(ROLES):
                v[flags[i], FLAGS[role]] = 1
                o[FLAGS[query] + i, flags[i]] = 2 * scale
            return
        case Back(distance):
            source, target = "own", f"back{distance}"
            for i, name in enumerate(CLASSES):
                if (target, name) in FLAGS:
                    v[flags[i], FLAGS["own", name]] = 1
                    o[FLAGS[target, name], flags[i]] = scale
        case Nearest():
            source, target = "own", head.target
        case Match():
            source, target = head.value, head.target
    v[rows[:CODE], _slot(source)] = torch.eye(CODE)
    o[_slot(target), rows[:CODE]] = torch.eye(CODE) * scale
