"""The endpoints of lifecycle."""

from openmodels.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
