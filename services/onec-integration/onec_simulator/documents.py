"""Answers of the simulated server: JSON when asked for, Atom otherwise, and the metadata."""

import json
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

from onec_simulator.base import Base, Row

_EDM = "http://schemas.microsoft.com/ado/2009/11/edm"
_EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
_META = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_DATA = "http://schemas.microsoft.com/ado/2007/08/dataservices"
_JSON = "application/json;odata=minimalmetadata;charset=utf-8"
_ATOM = "application/atom+xml;type=feed;charset=utf-8"


def json_answer(base: Base, document: Row, status: int = 200) -> Response:
    encoding = "utf-8-sig" if base.byte_order_mark else "utf-8"
    body = json.dumps(document, ensure_ascii=False).encode(encoding)
    return Response(body, status, headers={"Content-Type": _JSON, "DataServiceVersion": "3.0"})


def error_answer(base: Base, status: int, code: str, message: str, *, as_json: bool) -> Response:
    """A refusal of the OData interface itself."""
    if as_json:
        error = {"code": code, "message": {"lang": "ru", "value": message}}
        return json_answer(base, {"odata.error": error}, status)
    text = f"<m:code>{code}</m:code><m:message>{escape(message)}</m:message>"
    body = f'<m:error xmlns:m="{_META}">{text}</m:error>'
    return Response(body, status, media_type="application/xml")


def atom_answer(name: str, rows: list[Row]) -> Response:
    entries = "".join(_entry(row) for row in rows)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="{_META}"'
        f' xmlns:d="{_DATA}"><title type="text">{name}</title>{entries}</feed>'
    )
    return Response(body, headers={"Content-Type": _ATOM})


def _entry(row: Row) -> str:
    properties = "".join(f"<d:{name}>{escape(str(value))}</d:{name}>" for name, value in row.items())
    return (
        f'<entry><content type="application/xml"><m:properties>{properties}</m:properties></content></entry>'
    )


def metadata_answer(base: Base) -> Response:
    types = "".join(_entity_type(base, name) for name in base.entity_sets)
    sets = "".join(
        f"<EntitySet Name={quoteattr(name)} EntityType={quoteattr(f'StandardODATA.{name}')}/>"
        for name in base.entity_sets
    )
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><edmx:Edmx Version="1.0" xmlns:edmx="{_EDMX}">'
        f'<edmx:DataServices><Schema Namespace="StandardODATA" xmlns="{_EDM}">{types}'
        f'<EntityContainer Name="EnterpriseV8">{sets}</EntityContainer></Schema>'
        "</edmx:DataServices></edmx:Edmx>"
    )
    return Response(body, media_type="application/xml")


def _entity_type(base: Base, name: str) -> str:
    entity_set = base.entity_sets[name]
    keys = "".join(f"<PropertyRef Name={quoteattr(key)}/>" for key in entity_set.key)
    properties = "".join(
        f'<Property Name={quoteattr(item)} Type="Edm.String" Nullable="true"/>'
        for item in entity_set.properties
    )
    return f"<EntityType Name={quoteattr(name)}><Key>{keys}</Key>{properties}</EntityType>"
