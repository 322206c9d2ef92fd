"""Look-ups: the stored answers of known customers, joined to the body of one HTTP answer.

Nothing is computed and no model is loaded: this is all that the service's own process needs of a bundle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.answer_store import AnswerStore, read_answers
from serving.manifest import ANSWERS, check_files, read_manifest
from serving.requests.errors import reader
from serving.requests.payload import PredictRequest
from serving.requests.refusal import quoted
from serving.requests.reply import Reply, answered, facts, failure
from serving.requests.strict_json import strict_json

read_request = reader(PredictRequest)


@dataclass(frozen=True)
class Lookups:
    """A bundle's answers, and ``facts``, the end of every body: as_of, models and bundle."""

    store: AnswerStore
    version: str
    as_of: str
    facts: bytes

    def reply(self, customer_ids: Sequence[str]) -> Reply:
        """The stored answers in the order asked, then the ids that are unknown; 404 if all of them are."""
        answers, unknown = [], []
        for name in customer_ids:
            found = self.store.find(name)
            if found is None:
                unknown.append(name)
            else:
                answers.append(found)
        if not answers:
            return failure(404, all_unknown(unknown))
        return answered(answers, unknown, self.facts)

    def answer(self, body: bytes) -> Reply:
        """The reply to the body of a request, raising ``CoterieError`` to refuse it."""
        return self.reply(read_request(strict_json(body)).customer_ids)


def load_lookups(folder: Path, version: str) -> Lookups:
    """The answers of the bundle ``version`` in ``folder``; BadArtifact unless every byte is as it was published."""
    manifest = read_manifest(folder, version)
    check_files(folder, manifest.files)
    versions = {name: about.model_dump() for name, about in sorted(manifest.models.items())}
    store = read_answers(folder / ANSWERS)
    return Lookups(store, version, manifest.as_of_utc, facts(manifest.as_of_utc, versions, version))


def all_unknown(unknown: Sequence[str]) -> str:
    """The error if none of the ids is known."""
    some = ", ".join(quoted(name) for name in unknown[:5])
    these = f"customer {some} is not" if len(unknown) == 1 else f"none of {len(unknown)} customers ({some}) is"
    return f"{these} known to this bundle: check the ids, or send their orders to POST /predict_history"
