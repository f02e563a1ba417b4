"""Documents of other programs as Markdown, with the extra `documents`. base.py says what a reader returns and which faults it names,
choice.py finds the reader of a file; pdf.py takes lines out of pages, running.py drops headers, footers and page numbers, layout.py makes
paragraphs of lines; office.py reads Word, slides.py presentations, sheets.py workbooks, book.py EPUB; grid.py writes tables.
"""
