"""Sentiment: between -1 and 1, in whole millionths, the same every time, without a network."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sentiment import sentiment


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_sentiment_in_range_or_none(text):
    found = sentiment(text)
    assert found is None or text.strip()
    if found is not None:
        assert -1 <= found <= 1
        assert round(found, 6) == found == sentiment(text)
        assert str(found) != "-0.0"


@pytest.mark.parametrize(
    ("worse", "better"),
    [("Terrible, it broke", "It is a mug"), ("It is a mug", "I love it"), ("not good", "good"), ("good", "very good")],
)
def test_kinder_words_sound_better(worse, better):
    assert sentiment(worse) < sentiment(better)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("pas bon", "bon"),
        ("bon", "très bon"),
        ("Livraison en retard et colis abîmé, je suis déçu", "La livraison a pris deux jours"),
        ("trop cher", "un prix raisonnable"),
    ],
)
def test_french_is_read_as_french(worse, better):
    assert sentiment(worse) < sentiment(better)


@pytest.mark.parametrize(
    "text",
    [
        "Die Lieferung kam leider viel zu spät und der Karton war beschädigt",
        "El paquete llegó tarde y la caja estaba rota",
        "Il pacco è arrivato tardi e la scatola era rotta",
    ],
)
def test_another_language_is_unknown_and_not_neutral(text):
    assert sentiment(text) is None


def test_no_text_has_none():
    assert (sentiment(None), sentiment(""), sentiment(" \n")) == (None, None, None)


def test_only_the_beginning_of_a_long_text_is_read():
    assert sentiment("good " * 2000 + "bad " * 9999) == sentiment("good " * 2000)


def test_it_needs_no_network():
    script = """
import socket
def refuse(*_): raise RuntimeError("network")
socket.socket.connect = socket.create_connection = refuse
from features.sentiment import sentiment
print(sentiment("a very good mug"))"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "0.91", done.stderr


THREADS = """
import threading
import time
import textblob._text
from features.sentiment import sentiment

load = textblob._text.Sentiment.load

def load_slowly(lexicon, *given):
    dict.__setitem__(lexicon, "first", {None: (0.0, 0.0, 1.0)})
    time.sleep(0.5)
    load(lexicon, *given)

textblob._text.Sentiment.load = load_slowly
scores, together = [], threading.Barrier(4)

def score():
    together.wait()
    scores.append(sentiment("Terrible quality"))

threads = [threading.Thread(target=score) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert scores == [-1.0] * 4, scores
"""


def test_threads_that_score_their_first_text_together_all_see_the_whole_lexicon() -> None:
    subprocess.run([sys.executable, "-c", THREADS], check=True, timeout=60)
