"""Texts cut into parts. passages.py cuts long documents and drops paragraphs that recur, pages.py knows where
their pages begin; sentences.py finds sentences and what else can be
asked about, with markup.py for what is no prose, splitting.py for a paragraph, dialogue.py for questions with answers and turns, rows.py for
rows of tables; words.py cuts words, names and numbers, in every way that something here needs; search.py finds texts by their words,
embed.py by embeddings.
"""
