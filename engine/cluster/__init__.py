"""Ray: `environment` (what workers see of this process), `start` (starting or joining, and whether there are GPUs), `shared`
(whether all machines see a folder)."""
