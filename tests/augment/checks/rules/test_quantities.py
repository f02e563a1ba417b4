"""Numbers and units of inferences: which are their source's in another form, and which are not."""

import pytest

from augment.checks.rules.quantities import miscounted


@pytest.mark.parametrize(
    ("text", "source", "language"),
    [
        ("It weighs 3 kg.", "It weighs three kilograms.", "en"),
        ("Es wiegt 3 kg.", "Es wiegt drei Kilogramm.", "de"),
        ("Anna was born in 1995.", "Ben was born in 1990, and Anna five years later.", "en"),
        ("It dates from the early 1930s.", "It was built in 1932.", "en"),
        ("It holds 5000 litres.", "It holds 5\u00a0000 litres.", "en"),
        ("It holds 5,000 litres.", "It holds 5000 litres.", "en"),
        ("It cost 2.5 million euros.", "It cost 2,500,000 euros.", "en"),
        ("Let it cool for half an hour.", "Let it cool for at least 30 minutes.", "en"),
        ("The meeting is at 15:00.", "The meeting is at 3 p.m.", "en"),
        ("About a third of the 90 did not come: some 30.", "A third of the 90 stayed away.", "en"),
        ("Two thirds, 60 people, came.", "A third of the 90 stayed away, 30 people.", "en"),
        ("The cost rose by 40 million euros.", "The cost rose from 90 to 130 million euros.", "en"),
        ("The annual rent is 28,800 euros.", "The monthly rent is 2,400 euros.", "en"),
        ("He lived there for twelve years.", "He moved there in 1951 and left in 1963.", "en"),
        ("石立群每月付3500元租金。", "乙方每月向甲方支付租金三千五百元。", "zh"),
        ("Она вернулась в 1968 году.", "В 1961 году она уехала, а через семь лет вернулась.", "ru"),
        ("ครูปฏิเสธรางวัลในปี ค.ศ. 1987", "ท่านปฏิเสธรางวัลในปี พ.ศ. 2530", "th"),
        ("고서 30권을 돌려주었다.", "고서 서른 권을 돌려받았다.", "ko"),
    ],
)
def test_a_number_in_another_form_is_no_new_one(text, source, language):
    assert miscounted(text, source, "", language) is None


@pytest.mark.parametrize(
    ("text", "source", "language"),
    [
        ("It is 5 miles long.", "It is 5 km long.", "en"),
        ("It has five islands.", "It has three islands.", "en"),
        ("It cost 5 billion euros.", "It cost 5 million euros.", "en"),
        ("It was founded in 1989.", "It was founded in 1998.", "en"),
        ("The library was founded by Peter in 2018.", "The library was founded by Piet Maas.", "en"),
        ("The log reaches 2 MB.", "The log reaches 2 GB.", "en"),
        ("Der Turm ist 80 Meter hoch.", "Der Turm ist 70 Meter hoch.", "de"),
        ("桥建于1750年。", "桥建于1740年。", "zh"),
    ],
)
def test_another_number_or_unit_is_named(text, source, language):
    assert miscounted(text, source, "", language).startswith("counts what its source does not: ")


def test_a_number_may_come_from_the_context():
    assert miscounted("The tower of 1871 was sold.", "It was sold.", "The tower was built in 1871.") is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("A boat of fifteen tons would not be affected.", "Boats over twenty tons are to be turned away."),
        ("More than ten thousand vans are affected.", "The maker is recalling 12,000 vans."),
        ("The usual daily total comes to 10 ml.", "Give 5 ml twice a day with food."),
        ("Delivery of three cubic metres costs 36 euros.", "Delivery costs 12 euros per cubic metre."),
        (
            "A scratched chair costs 216 euros.",
            "Chairs at 240 euros each, less a 10 percent discount for scratched ones.",
        ),
    ],
)
def test_a_case_below_a_limit_a_bound_and_what_is_computed_are_the_sources(text, source):
    assert miscounted(text, source) is None


def test_another_number_in_the_place_of_a_limit_is_named():
    assert miscounted("Boats over thirty tons are turned away.", "Boats over twenty tons are turned away.")
