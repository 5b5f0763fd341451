"""The endpoints of choose."""

from openmodels.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
