"""Files to documents. given.py brings what is named (paths, URLs, data sets of the hub) to this machine, corpus.py finds files and makes the
table; encodings.py turns bytes into text; html.py reads pages, and chrome.py knows what there is no text; tables.py reads rows of Parquet,
CSV and JSON, formats/ PDF, office documents and books; normal.py writes every text in one way.
"""
