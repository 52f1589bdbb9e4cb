"""Notices that a download is complete, once for each time, also when the daemon dies at that moment."""

from triblerd.store import Table, Transaction
from triblerd.tasks import Tasks
from triblerd_downloads.api import DownloadRecord, UnknownDownloadError
from triblerd_downloads.completion.jobs import KEPT, Action, Job, JobState, new_job, new_key
from triblerd_downloads.completion.runner import Runner
from triblerd_downloads.download import ActiveDownload
from triblerd_downloads.records import Records
from triblerd_downloads.settings import DownloadSettings
from triblerd_libtorrent.api import EngineState, Infohash, TorrentStatus

_COMPLETE = frozenset({EngineState.FINISHED, EngineState.SEEDING})


class Completions:
    """Compares what the engine says with what was noticed before.

    A record says how much a download had received when it was found incomplete (``received_before``). When it is
    complete, and has received more, there is something to do, and the record forgets the number, in the transaction
    that stores what there is to do. What was added complete, or was only checked, has received nothing.

    The engine counts what it has received, and keeps the number with its resume data, once a second. So the next row
    tells of what came in the last second; and nobody will know of a download that took less than a second if the
    daemon is killed within the next one.
    """

    def __init__(
        self, *, records: Records, jobs: Table[Job], runner: Runner, settings: DownloadSettings, tasks: Tasks
    ) -> None:
        self._records = records
        self._jobs = jobs
        self._runner = runner
        self._settings = settings
        self._tasks = tasks
        self._noting: set[Infohash] = set()

    def look(self, download: ActiveDownload) -> None:
        """Take the last word of the engine. Cheap: it is called for every download that does something."""
        status, before = download.status, download.record.received_before
        if status is None or status.infohash in self._noting:
            return
        if before is None:
            if status.state is EngineState.DOWNLOADING:
                self._note(download, status)
        elif status.state in _COMPLETE and status.all_time_download > before and not _is_to_be_moved(download.record):
            self._note(download, status)

    def _note(self, download: ActiveDownload, status: TorrentStatus) -> None:
        self._noting.add(download.infohash)
        self._tasks.start("complete", self._write(download, status))

    async def _write(self, download: ActiveDownload, status: TorrentStatus) -> None:
        try:
            if status.state is EngineState.DOWNLOADING:
                download.record = await self._records.change(
                    download.infohash, received_before=status.all_time_download
                )
            else:
                await self._complete(download)
        except UnknownDownloadError:  # it was removed meanwhile
            return
        finally:
            self._noting.discard(download.infohash)
        self.look(download)  # for what the engine has said meanwhile

    async def _complete(self, download: ActiveDownload) -> None:
        infohash = download.infohash
        new = {new_key(infohash, action): new_job(action, download.record) for action in self._wanted()}

        def put(transaction: Transaction, _: DownloadRecord) -> None:
            over = [
                key for key, job in transaction.items(self._jobs, infohash.key) if job.state is not JobState.WAITING
            ]
            for key in over[: max(len(over) + len(new) - KEPT, 0)]:
                transaction.delete(self._jobs, key)
            for key, job in new.items():
                transaction.put(self._jobs, key, job)

        download.record = await self._records.edit(infohash, lambda _: {"received_before": None}, also=put)
        self._runner.add(new)

    def _wanted(self) -> list[Action]:
        config = self._settings.completion
        wanted = {Action.PROGRAM: bool(config.program), Action.WEBHOOK: bool(config.webhook_url)}
        return [action for action, is_wanted in wanted.items() if is_wanted]


def _is_to_be_moved(record: DownloadRecord) -> bool:
    return bool(record.moving_to) or record.completed_dir not in {"", record.destination}
