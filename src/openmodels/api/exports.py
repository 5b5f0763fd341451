"""The endpoints of exports: the registry in the shapes that other programs read."""

from collections.abc import Iterator
from functools import partial

from openmodels.api.endpoint import JSON, Answer, Ask, Endpoint, Handle
from openmodels.api.params import AS_OF
from openmodels.api.whole import Document
from openmodels.edge.exchange import Freshness
from openmodels.registry.exporters.table import FORMATS, Format

FOLDER = "/api/export/"


def _handler(form: Format, file_name: str) -> Handle:
    async def handle(ask: Ask) -> Answer:
        snapshot = ask.snapshot
        document = Document(
            name=form.name,
            revision=snapshot.revision,
            modified=snapshot.published_at,
            parts=partial(form.write, snapshot.registry),
        )
        saved = {"Content-Disposition": f'attachment; filename="{form.file_name}"'} if form.saved else {}
        return Answer(body=b"", document=document, headers=saved)

    # The router and the documentation tell endpoints apart by it.
    handle.__name__ = "export_" + "".join(c if c.isalnum() else "_" for c in file_name)
    return handle


def _endpoints(form: Format) -> Iterator[Endpoint]:
    for place in (form.file_name, *form.also_at):
        same = f" The same as `{FOLDER}{form.file_name}`." if place != form.file_name else ""
        yield Endpoint(
            path=FOLDER + place,
            tag="Exports",
            summary=f"Export: {form.name}" + (", at another place" if same else ""),
            description=f"The whole registry: {form.help}.{same}",
            handle=_handler(form, place),
            body=dict if form.media_type == JSON else str,
            media_type=form.media_type,
            freshness=Freshness.REVISION,
            params=(AS_OF,),
            example=FOLDER + place,
        )


ENDPOINTS: tuple[Endpoint, ...] = tuple(
    endpoint for form in FORMATS.values() for endpoint in _endpoints(form)
)
