"""From documents and inferences to a tuned model, and the recipe of the embedded one.

`config` (settings of a training); `examples` (what is trained on), `sft` (the training itself). `pico` is apart from both: it
makes the model that the package ships; so is `reader`, which teaches a model to tell right inferences from wrong ones.
"""
