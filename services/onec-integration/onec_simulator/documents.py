"""Answers of the simulated server: JSON when asked for, Atom otherwise, and the metadata."""

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from starlette.responses import Response

from onec_simulator.base import Base, EntitySet, Row

_EDM = "http://schemas.microsoft.com/ado/2009/11/edm"
_EDMX = "http://schemas.microsoft.com/ado/2007/06/edmx"
_META = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_DATA = "http://schemas.microsoft.com/ado/2007/08/dataservices"
_SCHEME = "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"
_JSON = "application/json;odata=minimalmetadata;charset=utf-8"
_ATOM = "application/atom+xml;type=feed;charset=utf-8"
_VERSION: Mapping[str, str] = {"DataServiceVersion": "3.0"}


def json_answer(base: Base, document: Row, status: int = 200) -> Response:
    encoding = "utf-8-sig" if base.byte_order_mark else "utf-8"
    body = json.dumps(document, ensure_ascii=False).encode(encoding)
    return Response(body, status, headers={"Content-Type": _JSON, **_VERSION})


def count_answer(base: Base, count: int) -> Response:
    """The answer to `$count`: the number alone."""
    encoding = "utf-8-sig" if base.byte_order_mark else "utf-8"
    return Response(str(count).encode(encoding), headers={"Content-Type": "text/plain", **_VERSION})


def error_answer(base: Base, status: int, code: str, message: str, *, as_json: bool) -> Response:
    """A refusal of the OData interface itself."""
    if as_json:
        error = {"code": code, "message": {"lang": "ru", "value": message}}
        return json_answer(base, {"odata.error": error}, status)
    text = f"<m:code>{code}</m:code><m:message>{escape(message)}</m:message>"
    body = f'<m:error xmlns:m="{_META}">{text}</m:error>'
    return Response(body, status, media_type="application/xml")


def atom_answer(name: str, rows: list[Row]) -> Response:
    entries = "".join(_entry(name, row) for row in rows)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="{_META}"'
        f' xmlns:d="{_DATA}"><title type="text">{name}</title>{entries}</feed>'
    )
    return Response(body, headers={"Content-Type": _ATOM, **_VERSION})


def _entry(name: str, row: Row) -> str:
    category = f"<category term={quoteattr(f'StandardODATA.{name}')} scheme={quoteattr(_SCHEME)}/>"
    properties = "".join(_property(item, value) for item, value in row.items())
    return (
        f'<entry>{category}<content type="application/xml"><m:properties>{properties}</m:properties>'
        "</content></entry>"
    )


def _property(name: str, value: object) -> str:
    if isinstance(value, list):
        elements = "".join(f"<d:element>{_properties(item)}</d:element>" for item in value)
        return f"<d:{name}>{elements}</d:{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<d:{name}>{escape(text)}</d:{name}>"


def _properties(row: Row) -> str:
    return "".join(_property(name, value) for name, value in row.items())


def metadata_answer(base: Base) -> Response:
    types = "".join(_entity_type(name, entity_set) for name, entity_set in base.entity_sets.items())
    sets = "".join(
        f"<EntitySet Name={quoteattr(name)} EntityType={quoteattr(f'StandardODATA.{name}')}/>"
        for name in base.entity_sets
    )
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><edmx:Edmx Version="1.0" xmlns:edmx="{_EDMX}">'
        f'<edmx:DataServices xmlns:m="{_META}" m:DataServiceVersion="3.0">'
        f'<Schema Namespace="StandardODATA" xmlns="{_EDM}">{types}'
        '<ComplexType Name="RowType"><Property Name="LineNumber" Type="Edm.Int64"/></ComplexType>'
        f'<EntityContainer Name="EnterpriseV8" m:IsDefaultEntityContainer="true">{sets}</EntityContainer>'
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )
    return Response(body, headers={"Content-Type": "application/xml;charset=utf-8", **_VERSION})


def _entity_type(name: str, entity_set: EntitySet) -> str:
    keys = "".join(f"<PropertyRef Name={quoteattr(key)}/>" for key in entity_set.key)
    properties = "".join(
        f"<Property Name={quoteattr(item)} Type={quoteattr(type_)} Nullable={_nullable(item, entity_set)}/>"
        for item, type_ in entity_set.properties.items()
    )
    return f"<EntityType Name={quoteattr(name)}><Key>{keys}</Key>{properties}</EntityType>"


def _nullable(item: str, entity_set: EntitySet) -> str:
    return '"false"' if item in entity_set.key else '"true"'
