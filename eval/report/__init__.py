"""What a run found, for a reader.

`summary` (collects a run's content), `findings` (in words), `tables`, `own_tables` (of a user's own documents), `questions` (of their own questions), `costs`,
`figures` (bars), `curves` (losses), `page` (all of it as HTML and Markdown, with `templates`); `compare` (finished runs side by
side) and `contrast` (that in words and as a page).
"""
