"""Sentiment: between -1 and 1, in whole millionths, the same every time, without a network."""

import subprocess
import sys
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.families import families
from features.sentiment import sentiment
from tests.features.plain import features_of


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
        "El lliurament va arribar tard i la capsa estava trencada",
        "Pengiriman sangat terlambat dan saya kecewa dengan kualitasnya",
        "Giao hàng quá chậm, tôi rất thất vọng về chất lượng",
        "Доставка опоздала, и я очень разочарован",
        "Η παράδοση άργησε πολύ και είμαι απογοητευμένος",
        "التوصيل كان متأخرا جدا",
        "配送が遅すぎて、とても残念です",
        "送货太慢了",
        "배송이 너무 늦어서 실망했습니다",
        "muy bueno",
        "schlecht",
        "dålig kvalitet",
    ],
)
def test_another_language_is_unknown_and_not_neutral(text):
    assert sentiment(text) is None


def test_no_text_has_none():
    assert [sentiment(text) for text in (None, "", " \n", "!!!", "10/10", "👍")] == [None] * 6


@pytest.mark.parametrize(
    "text", ["a mug", "blue", "refund", "My order has not arrived yet", "la livraison a pris deux jours"]
)
def test_words_of_no_tone_are_neutral(text):
    assert sentiment(text) == 0.0


def test_a_name_in_another_script_does_not_hide_the_language():
    assert sentiment("great mug for Мария") == sentiment("great mug for Maria") == 0.8


@pytest.mark.parametrize("text", ["Доставка опоздала", "Die Lieferung kam leider viel zu spät"])
def test_an_unsupported_language_leaves_every_feature_of_sentiment_null(text):
    """As ingest and a live history store it: null, and another text's sentiment is not diluted."""
    at = datetime(2024, 1, 1)
    row = {"customer_id": "a", "at": at, "kind": "review", "score": 2.0, "text": text, "sentiment": sentiment(text)}
    order = {"customer_id": "a", "order_id": "o", "at": at, "quantity": 1.0, "unit_price": 1.0, "kind": "sale"}
    asked = [name for name in families()["feedback"].COLUMNS if "sentiment" in name or "negative" in name]

    def found(rows):
        frames = {"orders": pl.DataFrame([order]), "feedback": pl.DataFrame(rows)}
        return features_of("feedback", frames, datetime(2024, 2, 1)).loc["a", asked]

    assert len(asked) == 4
    assert found([row]).isna().all()
    angry = row | {"text": "Terrible quality", "sentiment": -1.0}
    assert found([row, angry]).equals(found([angry]))


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
