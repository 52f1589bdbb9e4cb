"""``POST /upgrader``."""

from triblerd.errors import InvalidInputError, NotFoundError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd_upgrader.migrating.schemas import SkipBody, Skipped
from triblerd_upgrader.migrating.upgrading import Upgrader


class NoUpgradeError(NotFoundError):
    """Nothing is being upgraded."""

    def __init__(self) -> None:
        super().__init__("upgrader is not running")


class UpgraderEndpoint(Endpoint):
    """The upgrade of older data at the start."""

    prefix = "/upgrader"

    def __init__(self, *, upgrader: Upgrader) -> None:
        self._upgrader = upgrader

    @route(
        "POST",
        "",
        scope=Scope.ADMIN,
        raises=(InvalidInputError, NoUpgradeError),
        examples={"body": {"skip_db_upgrade": True}},
    )
    async def skip(self, body: SkipBody) -> Skipped:
        """End a running upgrade early.

        What is not converted stays as it is, and the plugins concerned do not start; the next start of the daemon goes
        on. While an upgrade runs, `GET /state` says `UPGRADING`.
        """
        if body.skip_db_upgrade is None:
            msg = "attribute to change is missing"
            raise InvalidInputError(msg)
        if not self._upgrader.is_running:
            raise NoUpgradeError
        if body.skip_db_upgrade:
            self._upgrader.skip()
        return Skipped()
