"""The simulated server as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from onec_simulator.access import refusal, user_of
from onec_simulator.base import Base, EntitySet, Request, Row
from onec_simulator.control import Control
from onec_simulator.documents import (
    atom_answer,
    count_answer,
    error_answer,
    json_answer,
    metadata_answer,
)
from onec_simulator.queries import CompareError, QueryError, matching, select, split_entity

ROOT = "/base/odata/standard.odata"
COOKIE = "ibsession"
_COUNT = "/$count"
_HOLD_SECONDS = 0.01


def build_simulator(base: Base, *, control: bool = False) -> Starlette:
    """The server of a base; `control` adds the endpoint that changes its behaviour."""
    server = _Server(base)
    routes = [
        Route("/live", _live),
        Route(ROOT + "/{resource:path}", server.handle, methods=["GET", "PATCH", "DELETE"]),
    ]
    if control:
        routes.append(Route("/control", Control(base).handle, methods=["GET", "POST"]))
    return Starlette(routes=routes)


async def _live(_request: HttpRequest) -> Response:
    return JSONResponse({"status": "ok"})


class _RefusalError(Exception):
    """The OData interface refuses the request."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class _Server:
    def __init__(self, base: Base) -> None:
        self._base = base

    async def handle(self, request: HttpRequest) -> Response:
        base, user = self._base, user_of(request)
        token = request.cookies.get(COOKIE)
        path, query = request.path_params["resource"], dict(request.query_params)
        base.note(Request(request.method, path, query, token, user, request.headers.get("x-request-id")))
        return self._interference() or refusal(base, user) or await self._in_session(request, token)

    def _interference(self) -> Response | None:
        base = self._base
        status = base.failures.pop(0) if base.failures else 0
        if status:
            return PlainTextResponse("The web server has a problem.", status)
        if base.redirect_to is not None:
            return RedirectResponse(base.redirect_to)
        return None if base.garbage is None else Response(base.garbage)

    async def _in_session(self, request: HttpRequest, token: str | None) -> Response:
        """Find or start the session. Without the header, start one for this request only."""
        base, control = self._base, request.headers.get("IBSession")
        if token is not None and token not in base.sessions:
            return PlainTextResponse("The session is not found.", 400)
        if control == "finish":
            base.sessions.pop(token or "", None)
            return PlainTextResponse("")
        started = base.start_session() if token is None else None
        if token is None and started is None:
            return PlainTextResponse("No licence is left.", 406 if control == "start" else 503)
        try:
            async with self._busy(request.query_params.get("$skip", "0")):
                response = await self._answer(request)
        finally:
            if started is not None and control != "start":
                base.sessions.pop(started, None)
        if token is not None and token in base.sessions:
            base.sessions[token] = monotonic()
        if started is not None and control == "start":
            response.set_cookie(COOKIE, started, path="/base")
        return response

    @asynccontextmanager
    async def _busy(self, skipped: str) -> AsyncIterator[None]:
        base = self._base
        base.busy += 1
        base.most_busy = max(base.most_busy, base.busy)
        try:
            rows = int(skipped) if skipped.isdecimal() else 0
            await asyncio.sleep(base.delay_seconds + rows * base.seconds_a_skipped_row)
            while base.answers_left == 0:  # noqa: ASYNC110 - another thread changes it
                await asyncio.sleep(_HOLD_SECONDS)
            if base.answers_left is not None:
                base.answers_left -= 1
            yield
        finally:
            base.busy -= 1

    async def _answer(self, request: HttpRequest) -> Response:
        base, query = self._base, dict(request.query_params)
        as_json = query.get("$format") == "json" or "json" in request.headers.get("accept", "")
        try:
            return await self._resource(request, query, as_json=as_json)
        except QueryError as error:
            return error_answer(base, 400, "14", str(error), as_json=as_json)
        except CompareError as error:
            return error_answer(base, 500, "-1", str(error), as_json=as_json)
        except _RefusalError as error:
            return error_answer(base, error.status, error.code, error.message, as_json=as_json)

    async def _resource(self, request: HttpRequest, query: dict[str, str], *, as_json: bool) -> Response:
        base, resource = self._base, request.path_params["resource"]
        if resource == "$metadata":
            return metadata_answer(base)
        if resource == "":
            sets = [{"name": name, "url": name} for name in base.entity_sets]
            return json_answer(base, {"odata.metadata": f"{ROOT}/$metadata", "value": sets})
        name, reference = split_entity(resource.removesuffix(_COUNT))
        if reference is not None and "allowedOnly" in query:
            raise _RefusalError(400, "0", "Параметр allowedOnly не поддерживается")
        entity_set = self._entity_set(name, query)
        if reference is not None:
            return await self._one(request, entity_set, name, reference, as_json=as_json)
        if resource.endswith(_COUNT):
            return count_answer(base, len(matching(entity_set, query.get("$filter"))))
        return self._list(name, entity_set, query, as_json=as_json)

    def _entity_set(self, name: str, query: dict[str, str]) -> EntitySet:
        """The part of the entity set that the user may see."""
        if self._base.refusal is not None:
            raise _RefusalError(*self._base.refusal)
        found = self._base.entity_sets.get(name)
        if found is None:
            raise _RefusalError(404, "8", f"Сущность {name} не найдена")
        if name not in self._base.hidden_by_rights:
            return found
        if query.get("allowedOnly") != "true":
            raise _RefusalError(401, "20", "Нарушение прав доступа")
        return EntitySet(found.key, found.properties, found.rows[::3])

    def _list(self, name: str, entity_set: EntitySet, query: dict[str, str], *, as_json: bool) -> Response:
        base = self._base
        rows, count = select(entity_set, query, count_ignores_paging=base.count_ignores_paging)
        if not as_json:
            return atom_answer(name, rows)
        document: Row = {"odata.metadata": f"{ROOT}/$metadata#{name}", "value": rows}
        if query.get("$inlinecount") == "allpages":
            document["odata.count"] = str(count)
        return json_answer(base, document)

    async def _one(
        self, request: HttpRequest, entity_set: EntitySet, name: str, reference: str, *, as_json: bool
    ) -> Response:
        base = self._base
        row = next((row for row in entity_set.rows if row.get("Ref_Key") == reference), None)
        if row is None:
            raise _RefusalError(404, "9", "Экземпляр сущности не найден")
        expected = request.headers.get("If-Match")
        if expected is not None and expected.removeprefix("W/").strip('"') != row["DataVersion"]:
            raise _RefusalError(412, "-1", "Версия данных изменилась")
        if request.method == "DELETE":
            base.entity_sets[name].rows.remove(row)
            return Response(status_code=204)
        if request.method == "PATCH":
            values = await request.json()
            if not isinstance(values, dict) or values.keys() - entity_set.properties.keys():
                raise _RefusalError(400, "13", "Неизвестное свойство")
            base.change(row, values)
        return json_answer(base, row) if as_json else atom_answer(name, [row])
