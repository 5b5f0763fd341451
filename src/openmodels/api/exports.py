"""The endpoints of exports."""

from openmodels.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
