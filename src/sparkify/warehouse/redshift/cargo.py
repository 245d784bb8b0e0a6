"""What a load puts into the warehouse's work bucket for COPY to take, by manifests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SparkifyError
from ...sources.files import SourceFile
from ...staging.rejects import RejectLog
from ...temporary import writing

if TYPE_CHECKING:
    from ...util_s3 import S3


class Cargo:
    """Files of one load in the work bucket, under a key of their own.

    address: where they go, an s3:// address without a last slash. workspace: a local folder.
    """

    def __init__(self, work: S3, address: str, workspace: Path) -> None:
        self._work = work
        self._address = address
        self._workspace = workspace

    def load(self, contents: Mapping[str, Sequence[Path]]) -> dict[str, str]:
        """Upload files by name of their group; returns the address of each group's manifest.

        A manifest names each file as mandatory: COPY fails when one is missing
        (dg/loading-data-files-using-manifest). A group without files has no manifest.
        """
        items: list[tuple[str, Path | bytes]] = []
        manifests: dict[str, str] = {}
        for name, paths in contents.items():
            addresses = [
                f"{self._address}/{name}-{number:04}.json.gz" for number in range(len(paths))
            ]
            items += zip(addresses, paths, strict=True)
            if addresses:
                entries = [{"url": address, "mandatory": True} for address in addresses]
                manifests[name] = f"{self._address}/{name}.manifest"
                items.append((manifests[name], json.dumps({"entries": entries}).encode()))
        self._work.upload_many(items)
        return manifests

    def files(self, files: Iterable[tuple[SourceFile, int | None]]) -> Path:
        """Write the rows of new_files: each file with how many records it had, if that is known."""
        return self._packed(
            "files",
            (
                {
                    "source_file": number,
                    "kind": file.kind,
                    "uri": file.uri,
                    "size": file.size,
                    "fingerprint": file.fingerprint,
                    "records_read": records,
                }
                for number, (file, records) in enumerate(files)
            ),
        )

    def rejects(self, log: RejectLog, files: Sequence[SourceFile], run_id: int) -> Path:
        """Write the rows of rejected_records."""
        log.flush()

        def rows() -> Iterator[dict[str, Any]]:
            with log.path.open(encoding="utf-8") as stream:
                for line in stream:
                    record = json.loads(line)
                    file = files[record.pop("source_file")]
                    yield {
                        "run_id": run_id,
                        "kind": file.kind,
                        "uri": file.uri,
                        "fingerprint": file.fingerprint,
                        **record,
                    }

        return self._packed("rejects", rows())

    def mended(self, texts: Mapping[str, str]) -> Path:
        """Write the rows of mended_texts."""
        rows = ({"text_value": text, "mended": better} for text, better in texts.items())
        return self._packed("mended", rows)

    def clear(self) -> None:
        """Remove everything again; what stays by mishap, the bucket's lifecycle removes."""
        with suppress(SparkifyError):
            self._work.delete_all(self._address + "/")

    def _packed(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        path = self._workspace / f"{name}.json.gz"
        with (
            writing("preparing the load"),
            gzip.open(path, "wt", encoding="utf-8", compresslevel=6) as stream,
        ):
            for row in rows:
                stream.write(json.dumps(row) + "\n")
        return path
