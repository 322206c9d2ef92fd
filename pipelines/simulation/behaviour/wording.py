"""What customers write, by topic and tone: dozens of sentences as people put them."""

from features.tables import FEEDBACK

TOPICS = FEEDBACK.levels("topic")
TONES = ("good", "mixed", "poor")

_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "delivery": {
        "good": (
            "Arrived early and well packed.",
            "Fast delivery, the driver was kind.",
            "Came the next day, excellent.",
            "Perfect delivery to my café, thank you!",
            "Packed with care, nothing was broken.",
        ),
        "mixed": (
            "Delivery took a week, but all was there.",
            "The parcel was left with a neighbour.",
            "Right on time, though the box was dented.",
        ),
        "poor": (
            "It came a week late and the box was crushed.",
            "Terrible delivery, I waited at home for nothing.",
            "The parcel was lost and nobody seems to know where.",
            "Late again. I am very disappointed.",
            "Half of the order is missing, this is awful.",
            "Sent to the wrong café, what a mess.",
        ),
    },
    "quality": {
        "good": (
            "Lovely quality, better than the picture.",
            "Very well made, I am delighted.",
            "Solid and beautiful, it will last.",
            "Great material, feels like a £100 piece.",
            "The colours are wonderful.",
        ),
        "mixed": (
            "The quality is fine, nothing special.",
            "Good fabric but poor seams.",
            "It does what it should.",
        ),
        "poor": (
            "It broke on the second day.",
            "Cheap plastic, it looks horrible.",
            "The paint came off in the first wash, very bad.",
            "Useless, two pieces were damaged.",
            "Poor workmanship, I regret buying it.",
            "Not worth £5, it fell apart.",
        ),
    },
    "service": {
        "good": (
            "Friendly help on the phone.",
            "My question was answered within minutes, great service.",
            "They replaced it without any fuss, I am happy.",
            "Excellent support, thank you.",
            "So helpful and polite!",
        ),
        "mixed": (
            "It was solved, but I had to call twice.",
            "They answered after three days.",
            "The chat is all right for simple questions.",
        ),
        "poor": (
            "Nobody answers my messages.",
            "Rude on the phone, I will not call again.",
            "I was passed from one to the next, a waste of time.",
            "Still no refund, this is a disgrace.",
            "The worst service I have ever had.",
            "They ignore complaints, I am angry.",
        ),
    },
    "price": {
        "good": (
            "Good value for the money.",
            "A real bargain, I love the offers.",
            "Cheaper than anywhere else, great.",
            "Fair prices and nice discounts.",
            "Saved £20 with the voucher, brilliant.",
        ),
        "mixed": (
            "The price is okay with a voucher.",
            "Not cheap, not dear.",
            "I will wait for the next offer.",
        ),
        "poor": (
            "Cheaper elsewhere, I feel overcharged.",
            "Prices went up again, a pity.",
            "Far too expensive for what it is.",
            "The discount did not work, very annoying.",
            "£8 for postage is a rip-off.",
            "I hate the hidden fees.",
        ),
    },
    "product": {
        "good": (
            "Exactly what I was looking for.",
            "My daughter loves it.",
            "A perfect gift, everybody was pleased.",
            "Great choice, I will buy again.",
            "Very useful, I recommend it.",
        ),
        "mixed": (
            "Nice, but smaller than I thought.",
            "It is okay for everyday use.",
            "Looks good, the manual is confusing.",
        ),
        "poor": (
            "Not as described.",
            "The wrong size again, I am annoyed.",
            "It does not fit, a bad buy.",
            "Ugly colour, nothing like the photo.",
            "Parts were missing, I am disappointed.",
            "Boring and useless.",
        ),
    },
}
_LISTS = tuple(_WORDS[topic][tone] for topic in TOPICS for tone in TONES)
SENTENCES = tuple(sentence for sentences in _LISTS for sentence in sentences)
FIRST = tuple(sum(len(before) for before in _LISTS[:place]) for place in range(len(_LISTS)))
"""Position in ``SENTENCES`` of the first of each topic and tone, topic by topic."""
CHOICES = tuple(len(sentences) for sentences in _LISTS)
"""How many sentences each topic and tone has."""
