"""The simulated server as an ASGI application."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from onec_simulator.base import COMPANIES, Base, EntitySet, Request, Row
from onec_simulator.documents import atom_answer, error_answer, json_answer, metadata_answer
from onec_simulator.queries import QueryError, select, split_entity

ROOT = "/base/odata/standard.odata"
COOKIE = "ibsession"


def build_simulator(base: Base) -> Starlette:
    server = _Server(base)
    route = Route(ROOT + "/{resource:path}", server.handle, methods=["GET", "PATCH", "DELETE"])
    return Starlette(routes=[route])


def sample() -> Starlette:
    """For `uvicorn --factory onec_simulator.server:sample`."""
    base = Base()
    base.add_companies(25, deleted=[3])
    base.add_sales(120)
    base.add_rates(20)
    return build_simulator(base)


class _Server:
    def __init__(self, base: Base) -> None:
        self._base = base

    async def handle(self, request: HttpRequest) -> Response:
        base, user = self._base, _user(request)
        token = request.cookies.get(COOKIE)
        path = request.path_params["resource"]
        base.requests.append(Request(request.method, path, dict(request.query_params), token, user))
        interference = self._interference()
        if interference is not None:
            return interference
        if user != f"{base.username}:{base.password}":
            return PlainTextResponse("", 401, headers={"WWW-Authenticate": 'Basic realm="1C"'})
        return await self._in_session(request, token)

    def _interference(self) -> Response | None:
        base = self._base
        status = base.failures.pop(0) if base.failures else 0
        if status:
            return PlainTextResponse("The web server has a problem.", status)
        if base.redirect_to is not None:
            return RedirectResponse(base.redirect_to)
        return None if base.garbage is None else Response(base.garbage)

    async def _in_session(self, request: HttpRequest, token: str | None) -> Response:
        """Find or start the session. Without the header, one is taken for the length of the request."""
        base, control = self._base, request.headers.get("IBSession")
        if token is not None and token not in base.sessions:
            return PlainTextResponse("The session is not found.", 400)
        if control == "finish":
            base.sessions.discard(token or "")
            return PlainTextResponse("")
        started = base.start_session() if token is None else None
        if token is None and started is None:
            return PlainTextResponse("No licence is left.", 406 if control == "start" else 503)
        try:
            async with self._busy():
                response = self._answer(request)
        finally:
            if started is not None and control != "start":
                base.sessions.discard(started)
        if started is not None and control == "start":
            response.set_cookie(COOKIE, started, path="/base")
        return response

    @asynccontextmanager
    async def _busy(self) -> AsyncIterator[None]:
        base = self._base
        base.busy += 1
        base.most_busy = max(base.most_busy, base.busy)
        try:
            await asyncio.sleep(base.delay_seconds)
            yield
        finally:
            base.busy -= 1

    def _answer(self, request: HttpRequest) -> Response:
        base, resource = self._base, request.path_params["resource"]
        query = dict(request.query_params)
        as_json = query.get("$format") == "json" or "json" in request.headers.get("accept", "")
        if resource == "$metadata":
            return metadata_answer(base)
        name, reference = split_entity(resource)
        entity_set = base.entity_sets.get(name)
        if entity_set is None:
            return error_answer(base, 404, "8", f"Сущность {name} не найдена", as_json=as_json)
        if name in base.hidden_by_rights and query.get("allowedOnly") != "true":
            return error_answer(base, 401, "20", "Нарушение прав доступа", as_json=as_json)
        if reference is not None:
            return self._one(request, entity_set, reference, as_json=as_json)
        return self._list(name, entity_set, query, as_json=as_json)

    def _list(self, name: str, entity_set: EntitySet, query: dict[str, str], *, as_json: bool) -> Response:
        base = self._base
        try:
            rows, count = select(entity_set, query)
        except QueryError as error:
            return error_answer(base, 400, "14", str(error), as_json=as_json)
        if name in base.hidden_by_rights:
            rows, count = rows[:1], min(count, 1)
        if not as_json:
            return atom_answer(name, rows)
        document: Row = {"odata.metadata": f"{ROOT}/$metadata#{name}", "value": rows}
        if query.get("$inlinecount") == "allpages":
            document["odata.count"] = str(count)
        return json_answer(base, document)

    def _one(self, request: HttpRequest, entity_set: EntitySet, reference: str, *, as_json: bool) -> Response:
        base = self._base
        row = next((row for row in entity_set.rows if row.get("Ref_Key") == reference), None)
        if row is None:
            return error_answer(base, 404, "9", "Экземпляр сущности не найден", as_json=as_json)
        expected = request.headers.get("If-Match")
        if expected is not None and expected.strip('W/"') != row["DataVersion"]:
            return error_answer(base, 412, "-1", "Версия данных изменилась", as_json=as_json)
        if request.method == "DELETE":
            entity_set.rows.remove(row)
            return Response(status_code=204)
        return json_answer(base, row) if as_json else atom_answer(COMPANIES, [row])


def _user(request: HttpRequest) -> str | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
