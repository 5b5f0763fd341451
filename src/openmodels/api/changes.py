"""The endpoints of changes."""

from openmodels.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
