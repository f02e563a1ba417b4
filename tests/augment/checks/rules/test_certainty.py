"""Limits that an inference may not leave out: of certainty, of number, of who says so."""

import pytest

from augment.checks.rules.certainty import certainty


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("The tunnel will open in April.", "The tunnel may open in April."),
        ("Acme acquired Globex.", "Acme plans to acquire Globex."),
        ("The lessor must end the lease.", "The lessor may end the lease."),
        ("Ms Aranda has reported to Mr Pryce.", "Ms Aranda will report to Mr Pryce."),
        ("All patients recovered.", "Most patients recovered."),
        (
            "The quiet option overrides the level in every build.",
            "The quiet option overrides the level unless the debug build is used.",
        ),
        ("The drug is not safe.", "Critics claim that the drug is not safe."),
        ("Moonlight suppresses hunting.", "Earlier authors suggest that moonlight suppresses hunting."),
    ],
)
def test_what_is_said_with_a_limit_is_not_said_without(text, source):
    assert certainty(text, source) is not None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("It is possible that the tunnel opens in April.", "The tunnel may open in April."),
        ("Acme intends to take over Globex.", "Acme plans to acquire Globex."),
        ("Acme was founded in 1998.", "Acme was founded in 1998 and may move to Oslo."),
        ("Most of the patients got well.", "Most patients recovered."),
        ("According to critics, the drug is not safe.", "Critics claim that the drug is not safe."),
        ("The minister rejected the report.", "The minister denied the report."),
        ("All of the books were lost.", "All the books and some of the maps were lost."),
        (
            "Pellworth needs the consent of Quince.",
            "Neither Pellworth nor Quince may assign it without the consent of the other.",
        ),
        ("The town had 5,000 inhabitants in 2011.", "According to the 2011 census, the town had 5,000 inhabitants."),
    ],
)
def test_limits_in_other_words_stay(text, source):
    assert certainty(text, source) is None


@pytest.mark.parametrize(
    ("language", "text", "source"),
    [
        ("de", "Der Tunnel öffnet im April.", "Der Tunnel öffnet möglicherweise im April."),
        ("fr", "Tous les patients ont guéri.", "La plupart des patients ont guéri."),
        ("es", "El túnel abre en abril.", "El túnel quizás abre en abril."),
        ("zh", "所有病人都康复了。", "大多数病人康复了。"),
        ("ru", "Все пациенты выздоровели.", "Большинство пациентов выздоровели."),
    ],
)
def test_other_languages(language, text, source):
    assert certainty(text, source, "", language) is not None
    assert certainty(source, source, "", language) is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (
            "The study was paid for by the manufacturer.",
            "Beekeepers claim that dust killed them, but a study paid for by the manufacturer found mites.",
        ),
        (
            "The firm that sold the pumps had been excluded.",
            "The engineers warned the buyer before it bought pumps from the firm that had been excluded.",
        ),
        ("Claims of workers are paid before suppliers.", "Claims of workers are paid before the claims of suppliers."),
        ("The use of the method is for instruments of his own.", "He may use the method for his own instruments."),
        ("The written part is in Kerrin.", "The written part will be held on 4 May in Kerrin."),
        ("All the workers were spared dismissal.", "The firm cut output by a third, but spared the workers dismissal."),
    ],
)
def test_what_stands_beside_a_claim_or_a_limit_is_no_part_of_it(text, source):
    assert certainty(text, source) is None


def test_what_is_claimed_is_no_fact():
    source = "Beekeepers claim that dust killed their colonies, but a study found mites."
    assert certainty("Dust killed the colonies of the beekeepers.", source)
    assert certainty("All houses of the village were destroyed.", "Most houses of the village were destroyed.")
