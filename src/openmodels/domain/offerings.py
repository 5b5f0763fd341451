"""What holds at an offering: its own limits, else those of its model."""

from openmodels.domain.records import Model, Offering


def window_of(offering: Offering, model: Model) -> int | None:
    """The longest context of the model at this offering, in tokens; None where nobody knows it."""
    return offering.context_window_override or model.context_window


def longest_answer_of(offering: Offering, model: Model) -> int | None:
    """The longest answer of the model at this offering, in tokens; None where nobody knows it."""
    return offering.max_output_tokens or model.max_output_tokens
