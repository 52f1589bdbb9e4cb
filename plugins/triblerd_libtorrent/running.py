"""Which torrents run: stopping, starting and checking them."""

import libtorrent as lt

from triblerd_libtorrent.adding import SessionsByHops
from triblerd_libtorrent.received import MetadataKeeper
from triblerd_libtorrent.sites import Sites
from triblerd_libtorrent.torrents import Torrent, Torrents


class RunningTorrents:
    """Stops torrents and starts them again."""

    def __init__(
        self, *, torrents: Torrents, sites: Sites, session_of: SessionsByHops, metadata: MetadataKeeper
    ) -> None:
        self._torrents = torrents
        self._sites = sites
        self._session_of = session_of
        self._metadata = metadata

    def pause(self, torrent: Torrent) -> None:
        """Stop it, and leave the queue."""
        torrent.is_held = True
        torrent.stays_paused()
        self._sites[torrent.hops].session.may_leave_seeds(torrent.infohash)
        torrent.handle.unset_flags(lt.torrent_flags.auto_managed)
        torrent.handle.pause()
        self._sites[torrent.hops].board.ask_soon()  # no alert tells that what waited in the queue does not any more

    def resume(self, torrent: Torrent, *, auto_managed: bool) -> None:
        """Clear its error and start it, by itself or through the queue. What was refused is looked at anew before."""
        torrent.is_held = False

        def go_on() -> None:
            if self._torrents.find(torrent.infohash) is torrent and not torrent.is_held:
                self.resume(torrent, auto_managed=auto_managed)

        if torrent.refusal:
            self._metadata.look_again(torrent, go_on)
            return
        torrent.disk_error = ""
        torrent.stays_paused()
        handle = torrent.handle
        handle.unset_flags(lt.torrent_flags.upload_mode | lt.torrent_flags.stop_when_ready)
        handle.clear_error()
        if not torrent.is_accepted:
            self._sites[torrent.hops].session.keep_seeds(torrent.infohash)
        if auto_managed:
            handle.set_flags(lt.torrent_flags.auto_managed)
            self._sites[torrent.hops].board.ask_soon()  # nor that it waits
        else:
            self._session_of(torrent.hops).prefer_tcp()
            self._sites[torrent.hops].board.watch_closely()
            handle.unset_flags(lt.torrent_flags.auto_managed)
            torrent.start()

    def recheck(self, torrent: Torrent) -> None:
        """Verify all data again; a paused torrent is paused again afterwards."""
        row = torrent.row
        if row is None or not row.has_metadata:
            return
        handle = torrent.handle
        torrent.disk_error = ""
        handle.clear_error()
        handle.force_recheck()
        if torrent.is_held:
            # A paused torrent would not be checked. The flag comes after the order, or it would act on it at once.
            handle.set_flags(lt.torrent_flags.stop_when_ready)
            handle.resume()
        elif row.is_paused and not row.is_auto_managed:  # an error had stopped it
            torrent.start()
