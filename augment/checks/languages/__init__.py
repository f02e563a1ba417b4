"""The words that rules know: a YAML file per language (denials, hedges, quantifiers, opposites, pronouns), which lexicon.py loads. A new
file makes a new language.
"""
