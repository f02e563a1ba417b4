"""Texts cut into parts. passages.py cuts long documents and drops paragraphs that recur; sentences.py finds sentences; words.py cuts
words, names and numbers, in every way that something here needs; search.py finds texts by their words, embed.py by embeddings.
"""
