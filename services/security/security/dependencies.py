"""The service's dependencies for endpoints."""

from typing import Annotated, cast

from fastapi import Depends, Request

from security.audit_log.chain import AuditChain


def _chain(request: Request) -> AuditChain:
    return cast(AuditChain, request.app.state.chain)


ChainDep = Annotated[AuditChain, Depends(_chain)]
