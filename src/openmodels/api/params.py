"""The parameters that several endpoints share."""

from openmodels.api.times import moment
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
AS_OF = moment(
    "as_of",
    "Answer as of that time: from what was published then. A date means the end of that day in UTC. "
    "A time before the history begins is a 404 that says when it does, and so is one that is more than two "
    "days ahead.",
    day="end",
    example="2026-03-01",
)
SINCE = moment(
    "since",
    "From this time on. A date means the beginning of that day in UTC.",
    day="start",
    example="2026-01-01",
)
UNTIL = moment(
    "until",
    "Only before this time. A date means the end of that day in UTC: all of the day is within.",
    day="after",
    example="2026-12-31",
)
