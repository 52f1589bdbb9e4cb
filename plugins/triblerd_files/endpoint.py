"""``/files``."""

from triblerd.errors import FailedError, InvalidInputError, NotFoundError
from triblerd.http.endpoint import Endpoint, Scope, route
from triblerd_files.browsing import ServerFiles
from triblerd_files.listing import FileList, Listing, MadeDirectory
from triblerd_files.schemas import BrowseQuery, CreateBody, CreateQuery, FilesQuery, is_yes

_LOOK = (InvalidInputError, NotFoundError, FailedError)
_MAKE = (InvalidInputError, FailedError)


class FilesEndpoint(Endpoint):
    """Directories of the daemon's machine, for whoever picks one."""

    prefix = "/files"

    def __init__(self, *, files: ServerFiles) -> None:
        self._files = files

    # What is on a machine is nothing for keys that only watch downloads.
    @route("GET", "/browse", scope=Scope.WRITE, answers_head=True, raises=_LOOK)
    async def browse(self, query: BrowseQuery) -> Listing:
        """Show the directories in a directory, and its files if they are wanted.

        Of a path that does not exist, or is a file, the nearest directory above is shown. Where `api.file_roots`
        confines clients, `/` shows the directories that they may use.
        """
        return await self._files.browse(query.path, with_files=query.files)

    @route("GET", "/list", scope=Scope.WRITE, answers_head=True, raises=_LOOK)
    async def list_files(self, query: FilesQuery) -> FileList:
        """List the regular files in a directory. Links to other directories are not followed."""
        return await self._files.list_files(query.path, recursively=is_yes(query.recursively))

    @route("GET", "/create", scope=Scope.WRITE, raises=_MAKE)
    async def create_by_get(self, query: CreateQuery) -> MadeDirectory:
        """Make a directory, as programs do that were written for version 8; `POST` is the better way."""
        return await self._files.create(query.path, recursively=is_yes(query.recursively))

    @route("POST", "/create", raises=_MAKE, examples={"body": {"path": "/srv/films/new"}})
    async def create(self, body: CreateBody) -> MadeDirectory:
        """Make a directory. One that exists already is as good."""
        return await self._files.create(body.path, recursively=body.recursively)
