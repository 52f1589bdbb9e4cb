"""The categories: made, changed, listed and removed. Everything is on disk before it is answered."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from triblerd.errors import InvalidInputError
from triblerd.store import StoreView, Table, Transaction
from triblerd_downloads.api import Category, NoCategoryError, UnknownCategoryError
from triblerd_downloads.download_set import DownloadSet
from triblerd_downloads.folders import Folders
from triblerd_downloads.label_names import CategoryName
from triblerd_downloads.records import Records

MOST_CATEGORIES = 1000


class Categories:
    """Keeps the categories, in memory too: a download's limits are looked up every few seconds."""

    def __init__(
        self,
        *,
        store: StoreView,
        table: Table[Category],
        records: Records,
        downloads: DownloadSet,
        folders: Folders,
    ) -> None:
        self._store = store
        self._table = table
        self._records = records
        self._downloads = downloads
        self._folders = folders
        self._all: dict[str, Category] = {}

    async def load(self) -> None:
        """Read what is stored."""
        self._all = {key.decode(): category for key, category in await asyncio.to_thread(list, self._table.items())}

    def all(self) -> Mapping[str, Category]:
        """Return all, by name."""
        return dict(sorted(self._all.items()))

    def find(self, name: str) -> Category | None:
        """Return a category, ``None`` when there is none; an empty name is none."""
        return self._all.get(name)

    def require(self, name: str) -> Category:
        """Return the category that a download is to be given; an empty name is one without wishes.

        Raises:
            UnknownCategoryError: there is none.
        """
        if not name:
            return Category()
        if (category := self._all.get(name)) is None:
            raise UnknownCategoryError(name)
        return category

    def counts(self) -> Counter[str]:
        """Return how many downloads each category has."""
        return Counter(download.record.category for download in self._downloads.all())

    async def put(self, name: CategoryName, category: Category) -> Category:
        """Make a category, or replace the one of that name.

        Raises:
            InvalidInputError: there are too many, or its directory cannot be used.
        """
        self._folders.check("save_path", category.save_path)
        if name not in self._all and len(self._all) >= MOST_CATEGORIES:
            msg = f"categories are at most {MOST_CATEGORIES}"
            raise InvalidInputError(msg)
        await self._table.put(name.encode(), category)
        self._take(name, category)
        return category

    async def change(self, name: CategoryName, fields: Mapping[str, Any]) -> Category:
        """Change what ``fields`` name.

        Raises:
            NoCategoryError: there is none.
            InvalidInputError: its directory cannot be used.
        """
        self._folders.check("save_path", fields.get("save_path", ""))

        def write(transaction: Transaction) -> Category:
            category = transaction.get(self._table, name.encode())
            if category is None:
                raise NoCategoryError
            category = msgspec.structs.replace(category, **fields)
            transaction.put(self._table, name.encode(), category)
            return category

        category = await self._store.write(write)
        self._take(name, category)
        return category

    async def remove(self, name: CategoryName) -> None:
        """Remove a category. Its downloads stay, and where they are, without one.

        Raises:
            NoCategoryError: there is none.
        """
        if name not in self._all:
            raise NoCategoryError
        changed = await self._records.drop_category(name)
        self._all.pop(name, None)
        for infohash, record in changed.items():
            if (download := self._downloads.find(infohash)) is not None:
                download.record = record
                self._downloads.touch(infohash)

    def _take(self, name: CategoryName, category: Category) -> None:
        self._all[str(name)] = category
        for download in self._downloads.all():
            if download.record.category == name:  # lists may tell of its limits
                self._downloads.touch(download.infohash)
