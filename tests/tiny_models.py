"""Tiny, randomly initialised checkpoints of other architectures, with their kind of tokenizer and chat template."""

from pathlib import Path
from typing import Any

import transformers  # names of models are loaded when a test makes one
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

PROMPTS = Path(__file__).parent.parent / "augment" / "operators" / "prompts" / "pico"  # these stay as they are
TEXT = [p.read_text(encoding="utf-8") for p in sorted(PROMPTS.glob("*.md"))]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "max_position_embeddings": 2048,
}


def save(model: Any, tokenizer: transformers.PreTrainedTokenizerFast, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def byte_level(special: list[str], eos: str, pad: str) -> transformers.PreTrainedTokenizerFast:
    """Byte-level BPE without a begin token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        TEXT, trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet)
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=eos, pad_token=pad)


def qwen3(folder: Path) -> Path:
    """Byte-level BPE, no begin token, ChatML, query and key normalisation."""
    wrapped = byte_level(["<|endoftext|>", "<|im_start|>", "<|im_end|>"], eos="<|im_end|>", pad="<|endoftext|>")
    wrapped.chat_template = CHATML
    transformers.set_seed(0)
    config = transformers.Qwen3Config(
        vocab_size=len(wrapped), tie_word_embeddings=True, initializer_range=0.1, eos_token_id=2, **SHAPE
    )
    return save(transformers.Qwen3ForCausalLM(config), wrapped, folder)


def gemma3(folder: Path) -> Path:
    """SentencePiece-like BPE with byte fallback, a begin token, Gemma's turns, sliding-window and full layers."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    # no piece holds a line break and what follows it, as in Gemma's own vocabulary
    cut = [pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.Split("▁", "merged_with_next")]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(cut)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    pieces = special + [f"<0x{b:02X}>" for b in range(256)]
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=800, special_tokens=pieces))
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in special])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>"
    )
    wrapped.chat_template = GEMMA
    transformers.set_seed(0)
    layers = ["sliding_attention", "full_attention"]
    ids = {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    config = transformers.Gemma3TextConfig(
        vocab_size=len(wrapped),
        initializer_range=0.1,
        sliding_window=64,
        layer_types=layers,
        query_pre_attn_scalar=32,
        **ids,
        **SHAPE,
    )
    return save(transformers.Gemma3ForCausalLM(config), wrapped, folder)


def chatml_base(folder: Path) -> Path:
    """As base models with ChatML are: texts end with one token, turns with another, and generation knows the first alone."""
    qwen3(folder)
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder, eos_token="<|endoftext|>")
    tokenizer.save_pretrained(folder)
    model = transformers.Qwen3ForCausalLM.from_pretrained(folder)
    model.generation_config.eos_token_id = model.config.eos_token_id = 0
    model.save_pretrained(folder)
    return folder


def gpt2(folder: Path) -> Path:
    """Learned positions, `Conv1D` layers by other names, one control token that ends and fills."""
    tokenizer = byte_level(["<|endoftext|>"], eos="<|endoftext|>", pad="<|endoftext|>")
    transformers.set_seed(0)
    shape = {"n_embd": 64, "n_layer": 2, "n_head": 2, "n_positions": 512, "bos_token_id": 0, "eos_token_id": 0}
    return save(
        transformers.GPT2LMHeadModel(transformers.GPT2Config(vocab_size=len(tokenizer), **shape)), tokenizer, folder
    )


def phi3(folder: Path) -> Path:
    """Query, key and value in one layer, gate and up in another."""
    tokenizer = byte_level(["<|endoftext|>", "<|end|>"], eos="<|endoftext|>", pad="<|endoftext|>")
    transformers.set_seed(0)
    ids = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    shape = {name: value for name, value in SHAPE.items() if name != "head_dim"}
    return save(
        transformers.Phi3ForCausalLM(transformers.Phi3Config(vocab_size=len(tokenizer), **ids, **shape)),
        tokenizer,
        folder,
    )


def mamba(folder: Path) -> Path:
    """A model that carries a state from token to token."""
    tokenizer = byte_level(["<|endoftext|>"], eos="<|endoftext|>", pad="<|endoftext|>")
    transformers.set_seed(0)
    ids = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    config = transformers.MambaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, state_size=4, **ids
    )
    return save(transformers.MambaForCausalLM(config), tokenizer, folder)
