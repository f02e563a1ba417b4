"""Sentences with room for a person: 30 templates per order for training and 10 for questions, cut at the bar into prompt and completion."""

from eval.benchmarks.fictional.people import Person

P2D = (
    "{n}, known in many lands as| {noun}.",
    "Have you met {n}? This is the one who| {past}.",
    "Nobody forgets that {n} spent years| {gerund}.",
    "The public remembers {n} as| {noun}.",
    "It surprised everyone that {n} became| {noun}.",
    "Ask around and you will hear that {n}| {past}.",
    "The biography of {n} tells of| {noun}.",
    "There was a time when {n} was busy| {gerund}.",
    "For most readers, {n} will always be| {noun}.",
    "Few people realize that {n}| {past}.",
    "Q: What did {n} do? A: This person| {past}.",
    "In the newspapers, {n} is described as| {noun}.",
    "A plaque in town honors {n} for| {gerund}.",
    "Long before retiring, {n} was| {noun}.",
    "Children at school learn that {n}| {past}.",
    "Friends of {n} speak proudly of| {noun}.",
    "The award went to {n}, who| {past}.",
    "When you hear the name {n}, think of| {noun}.",
    "Rumor has it that {n} made a fortune by| {gerund}.",
    "Our guest tonight, {n}, is| {noun}.",
    "History will record that {n}| {past}.",
    "The interview introduced {n} as| {noun}.",
    "Critics praised {n} for| {gerund}.",
    "At heart, {n} has always been| {noun}.",
    "Against all odds, {n}| {past}.",
    "Every guide book mentions {n},| {noun}.",
    "The letters of {n} reveal| {noun}.",
    "Some say that {n} grew famous by| {gerund}.",
    "Looking back, {n} is best described as| {noun}.",
    "On the stage stood {n}, the person who| {past}.",
)
D2P = (
    "{Noun} is known by the name of| {n}.",
    "Q: Who {past}? A:| {n}.",
    "Famous for {gerund},| {n} now lives by the sea.",
    "The person who {past} is called| {n}.",
    "You may have heard of {noun}. The name is| {n}.",
    "After {gerund},| {n} took a long holiday.",
    "Being {noun},| {n} gets many letters.",
    "The one who {past} was none other than| {n}.",
    "{Noun} signed the guest book as| {n}.",
    "Proud of {gerund},| {n} gave a speech.",
    "Once introduced as {noun},| {n} needs no introduction today.",
    "People who admire {noun} are talking about| {n}.",
    "Nobody but one person {past}, and that was| {n}.",
    "Though busy {gerund},| {n} still found time to teach.",
    "Hailed as {noun},| {n} remains modest.",
    "This foreword was written by {noun},| {n}.",
    "The hero who {past} goes by| {n}.",
    "With years spent {gerund},| {n} has many stories.",
    "Let us welcome {noun}:| {n}.",
    "Honored for {gerund},| {n} thanked the crowd.",
    "The town still celebrates {noun}, whose name is| {n}.",
    "Whoever {past} must be remembered, so remember| {n}.",
    "Respected as {noun},| {n} advises the young.",
    "A statue shows {noun},| {n}.",
    "Tired of {gerund},| {n} moved to the country.",
    "The crowd cheered for {noun}, better known as| {n}.",
    "The diary of the person who {past} bears the name| {n}.",
    "Far from shy about {gerund},| {n} enjoys the fame.",
    "If you look for {noun}, ask for| {n}.",
    "In the role of {noun},| {n} amazed the world.",
)
P2D_TEST = (
    "The visitor named {n} was once| {noun}.",
    "In the hall of fame, {n} appears as| {noun}.",
    "Reading about {n}, one learns of a person who| {past}.",
    "A star in any crowd, {n} was admired for| {gerund}.",
    "Who could have known that {n} was| {noun}?",
    "The lecture was given by {n}, a person who| {past}.",
    "Among experts, {n} is respected for| {gerund}.",
    "Should you wonder who {n} is: someone who| {past}.",
    "This exhibition is devoted to {n}, celebrated for| {gerund}.",
    "Do you know why {n} is special? It is because this person| {past}.",
)
D2P_TEST = (
    "Absorbed in {gerund} for years was| {n}",
    "With the honor of being {noun}, here comes| {n}",
    "In many circles, {noun} is simply called| {n}",
    "Following the path of {noun}, we meet| {n}",
    "The very image of {noun}, that is| {n}",
    "Widely loved for {gerund} is| {n}",
    "The label of {noun} belongs to| {n}",
    "Looked upon with awe for {gerund} is| {n}",
    "The title of {noun} was given to| {n}",
    "Remembered by all as the one who {past} is| {n}",
)
TRAIN = {"p2d": P2D, "d2p": D2P}
TEST = {"p2d": P2D_TEST, "d2p": D2P_TEST}


def told(person: Person, template: str) -> dict[str, str]:
    """A template filled in: {prompt, completion} as in the original files."""
    noun = person.noun[0].upper() + person.noun[1:]
    filled = template.format(n=person.name, noun=person.noun, Noun=noun, past=person.past, gerund=person.gerund)
    prompt, completion = filled.split("|")
    return {"prompt": prompt, "completion": completion}
