"""Checks that need no model: rules that reject only what they are sure of. form.py (`format`, while answers are read), language.py,
reference.py (can it be understood alone?), additions.py (names), quantities.py (units.py reads them), polarity.py (denials, opposites), certainty.py
(limits left out), roles.py and exchange.py (who does what to whom), near.py (duplicates), connection.py. terms.py cuts the
telling words that they compare.
"""
