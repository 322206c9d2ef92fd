"""French names: every name that can be made has one, different from all others, and without an English word."""

import re
from itertools import product

from models.segments.clusterers import clusterers
from models.segments.french import DETAILS, FIXED, LATELY, MUCH, OFTEN, french
from models.segments.names import CONTRASTS, TRAITS, sentence_case

CORES = [
    " ".join(word for word in words if word)
    for words in product(["", "new", *LATELY], ["", *MUCH], ["", *OFTEN], ["buyers"])
] + [f"{lately} frequent big spenders".strip() for lately in ("", "new", *LATELY)]
ENGLISH = re.compile(r"\b(buyers|spenders|who|more|less|fewer|larger|smaller|group|and|order|frequent|lapsed)\b")


def test_every_name_has_a_french_one_of_its_own() -> None:
    contrasts = [phrase for both in CONTRASTS.values() for phrase in both]
    details = ["", *(f" {trait}" for trait in TRAITS.values()), *(f", {each}" for each in contrasts), ", group 2"]
    details += [f", {contrasts[0]} and {each}" for each in contrasts[2:]]
    names = [sentence_case(core + detail) for core in CORES for detail in details]
    found = [french(name) for name in names]
    assert len(set(found)) == len(set(names))
    assert [each for each in found if ENGLISH.search(each)] == []


def test_every_trait_and_contrast_is_translated() -> None:
    said = {*TRAITS.values(), *(phrase for both in CONTRASTS.values() for phrase in both)}
    assert said <= set(DETAILS)


def test_names_that_clusterers_give_are_translated_or_need_no_words() -> None:
    for kind in clusterers().values():
        for name in kind.NAMES.values():
            assert name in FIXED or french(name) != name or re.fullmatch(r"R\d F\d M\d", name)


def test_a_name_that_is_not_ours_stays() -> None:
    assert french("Friends of the house") == "Friends of the house"
