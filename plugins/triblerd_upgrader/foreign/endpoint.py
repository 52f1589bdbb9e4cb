"""``/upgrader/import``."""

from triblerd.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd_upgrader.foreign.importing import Import
from triblerd_upgrader.foreign.imports import Imports
from triblerd_upgrader.foreign.options import Options
from triblerd_upgrader.foreign.report import Row, Run
from triblerd_upgrader.foreign.schemas import (
    FindQuery,
    FoundState,
    FoundStates,
    ImportBody,
    ImportView,
    ReportRow,
    Rows,
    RowsQuery,
)
from triblerd_upgrader.foreign.values import Program

_EXAMPLE = {
    "path": "/home/ann/.local/share/qBittorrent",
    "replace": {"/downloads": "/srv/torrents"},
    "dry_run": True,
}


class ImportEndpoint(Endpoint):
    """Downloads, and what else there is, of other programs."""

    prefix = "/upgrader/import"

    def __init__(self, *, imports: Imports) -> None:
        self._imports = imports

    @route("GET", "/states", scope=Scope.ADMIN, raises=(InvalidInputError,))
    async def find_states(self, query: FindQuery) -> FoundStates:
        """Recognise the states of other programs in a directory, its children and grand-children."""
        found = await self._imports.find(query.path)
        return FoundStates(
            states=[
                FoundState(
                    program=find.program,
                    path=str(find.root),
                    version=find.version,
                    downloads=find.downloads,
                    running=find.running,
                )
                for find in found
            ]
        )

    @route(
        "POST",
        "",
        scope=Scope.ADMIN,
        raises=(InvalidInputError, ConflictError, UnavailableError),
        examples={"body": _EXAMPLE},
    )
    async def start_import(self, body: ImportBody) -> ImportView:
        """Begin to take over the state of another program, and answer at once.

        The source is never changed, and what is complete is not hashed again. What is there already stays as it is, so
        that an import may be repeated; one that was interrupted goes on. `GET /upgrader/import` tells how far it is,
        and `GET /upgrader/import/report` what became of everything. There is one import at a time: 409 while one runs,
        and also for a directory with several states, and for a program that runs.
        """
        options = Options(
            replace=body.replace,
            is_dry=body.dry_run,
            missing=body.missing,
            recheck_changed=body.recheck_changed,
            with_settings=body.settings,
            include=tuple(body.include),
        )
        started = await self._imports.start(body.path, body.program, options, force=body.force)
        return _view(started.run, started)

    @route("GET", "", raises=(NotFoundError,))
    async def show_import(self) -> ImportView:
        """Tell how far the import is, or what became of the last one."""
        if self._imports.last is None:
            msg = "there was no import yet"
            raise NotFoundError(msg)
        return _view(self._imports.last, self._imports.current)

    @route("GET", "/report")
    async def show_report(self, query: RowsQuery) -> Rows:
        """Tell what became of each download, and of all that was not taken over, in the last import."""
        rows = [row for row in await self._imports.rows() if query.verdict in {None, row.verdict}]
        chosen = rows[query.first - 1 : query.first - 1 + query.limit]
        return Rows(total=len(rows), rows=[_row(row) for row in chosen])

    @route("DELETE", "", scope=Scope.ADMIN, raises=(ConflictError,))
    async def cancel_import(self) -> ImportView:
        """End the import that runs. What was taken over stays, and the same import once more goes on."""
        self._imports.cancel()
        return await self.show_import()


def _view(run: Run, work: Import | None) -> ImportView:
    return ImportView(
        state=run.state,
        dry_run=run.options.is_dry,
        program=Program(run.program),
        version=run.version,
        path=run.root,
        phase=work.phase if work else "",
        done=work.done if work else 0,
        total=work.total if work else 0,
        started=run.started,
        ended=run.ended,
        failure=run.error,
        counts=dict(run.counts) if run.counts or work is None else dict(work.report.counts()),
        missing_directories=dict(run.roots),
        records={kind: list(counts) for kind, counts in run.records.items()},
        settings=list(run.settings),
    )


def _row(row: Row) -> ReportRow:
    return ReportRow(
        what=row.what,
        verdict=row.verdict,
        infohash=row.infohash,
        name=row.name,
        reason=row.reason,
        notes=list(row.notes),
    )
