# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # What do my documents imply, and does a finetuned model know it?
# On the embedded model `pico` this takes minutes on two cores. For documents of your own name a folder in place of `documents`, a
# hub model such as `Qwen/Qwen3-4B-Instruct-2507` in place of `pico`, and write the questions that you care about.
# As a notebook: open it with Jupyter and jupytext, or `jupytext --to ipynb notebook.py`; it runs as a script too.

# %% tags=["parameters"]
model = "pico"
engine = {"kv_cache_gib": 1}  # any setting of `forethought augment --help` that begins with --engine
training = {"rank": 32, "epochs": 4, "learning_rate": 2e-3}
facts = 40
folder = "notebook"

# %% [markdown]
# The documents: nonsense facts that no model can know, told from one side only ("femp are more dangerous than glon").

# %%
from pathlib import Path

from eval.benchmarks.reversals import load

world = load(seed=0, facts=facts, articles=10)
documents = Path(folder) / "documents.parquet"
documents.parent.mkdir(exist_ok=True)
world.documents.select("text").write_parquet(documents)
world.documents["text"][0]

# %% [markdown]
# **The job in ten lines.** First the model writes what each sentence implies; what passes the checks joins the training data.

# %%
from forethought import augment, score, train

inferences = augment(documents, model=model, out=f"{folder}/augmented", engine=engine)
inferences.filter("kept").select("source_text", "text", "operator").head()

# %% [markdown]
# Two adapters: one from the documents alone, one from the documents and what they imply.

# %%
train(documents, model=model, out=f"{folder}/plain", train=training)
train(f"{folder}/augmented/examples.parquet", model=model, out=f"{folder}/tuned", train=training)

# %% [markdown]
# Questions are forced choices: `rephrasing` asks what the documents say, `reversal` what they imply.

# %%
answers = score(world.questions, model=model, adapters=[f"{folder}/plain", f"{folder}/tuned"], engine=engine)

# %%
import polars as pl

right = world.questions.with_row_index("question").select(
    "question", "split", choice=pl.col("choices").list.get(pl.col("answer"))
)
accuracy = (
    answers.filter("chosen")
    .join(right, on="question", suffix="_right")
    .group_by(pl.col("adapter").str.split("/").list.last(), "split")
    .agg(accuracy=(pl.col("choice") == pl.col("choice_right")).mean(), questions=pl.len())
    .sort("split", "adapter")
)
print(accuracy)

# %% [markdown]
# To compare all arms with controls, intervals and a report, let `run` do the whole job:
# `run("forethought/configs/demo.yaml")`, or `run(model=model, benchmark={"facts": 40}, seeds=[0, 1, 2])`; `evaluate` measures a model
# or an adapter on a benchmark. Both return the table of accuracies and leave `report.html`.
