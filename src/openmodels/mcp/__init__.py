"""The door for agents: the Model Context Protocol over the client of the API.

Only ``server``, ``stdio`` and ``http`` import the protocol's SDK, which takes half a second and 25 MB.
"""
