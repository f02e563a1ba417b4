"""Random worlds that the embedded model is trained on; each module here is one kind."""
