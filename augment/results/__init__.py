"""What an augmentation leaves. shared_statements.py keeps apart what training and validation must not share; outputs.py writes
examples for trainers, card.py a hub-style data set; review.py the page to read inferences beside their sources (templates/);
show.py traces one line back to its document; skipped.py names what was left out, summary.py says what came of it.
"""
