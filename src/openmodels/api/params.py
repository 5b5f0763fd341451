"""The parameters that several endpoints share."""

from openmodels.api.wire import MAX_INTEGER, choice, integer, words
from openmodels.domain.vocabulary import PERIODS

PAGE = integer("page", "Page number, from 1.", low=1, high=MAX_INTEGER, default=1, example=1)
LIMIT = integer("limit", "Items per page.", low=1, high=100, default=20, example=5)
PERIOD = choice("period", "How far back the figures reach.", PERIODS, default="7d", example="24h")
MEASURED_REGIONS = words(
    "region", "Only what was measured from this region; several are ORed.", example=["local"]
)
REGIONS = words(
    "region",
    "Only offerings that can be had in one of these regions; and only what was measured from there.",
    example=["us-east-1"],
)
