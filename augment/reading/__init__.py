"""Files to documents. corpus.py finds files and makes the table; encodings.py turns bytes into text; html.py reads pages; tables.py
reads rows of Parquet, CSV and JSON.
"""
