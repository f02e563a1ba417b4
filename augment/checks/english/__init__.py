"""What the checks know of English. vocabulary.py lists words by what they do; forms.py has the sentences that rules know;
wordings.py says one in other words, contrasts.py says what would be likelier if it were wrong, claims.py says which two cannot both
be true.
"""
