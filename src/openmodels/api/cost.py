"""The endpoints of cost."""

from openmodels.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
