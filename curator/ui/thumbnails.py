"""Pictures for the window: decoded small, in a pool of threads, and kept in bounded caches in memory and on disk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QObject, QRunnable, QSize, Qt, QThreadPool, Signal, SignalInstance, Slot
from PySide6.QtGui import QImage, QImageReader, QPixmap

from curator.engine import packed
from curator.engine.errors import CuratorError
from curator.engine.pictures import read_bytes
from curator.ui.thumbnails_disk import ThumbnailFolder

MAX_BYTES = 256 * 2**20
THREADS = 2
EDGES = (64, 128, 256, 512, 1024, 2048)
FORMATS = frozenset(
    {"png", "jpg", "jpeg", "jfif", "gif", "bmp", "webp", "tif", "tiff", "ppm", "pgm", "pbm", "tga", "ico"}
)
MAX_PIXELS = 400_000_000

Key = tuple[str, int]
"""Path and edge."""


def edge_for(pixels: float) -> int:
    """The smallest stored size that still fills ``pixels``."""
    return next((edge for edge in EDGES if edge >= pixels), EDGES[-1])


def read_small(path: str, edge: int) -> QImage:
    """Decode a picture to fit ``edge`` x ``edge``; a null image when it cannot be read. Never enlarges.

    ``path`` is a file, or an address inside an archive or table.
    """
    if packed.on_disk(Path(path)):
        return _read(QImageReader(path), edge)
    try:
        buffer = QBuffer()
        buffer.setData(QByteArray(read_bytes(Path(path))))
        buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    except CuratorError:
        return QImage()
    return _read(QImageReader(buffer), edge)


def _read(reader: QImageReader, edge: int) -> QImage:
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()).decode("ascii", "replace").lower() not in FORMATS:
        return QImage()
    size = reader.size()
    if size.isValid():
        if size.width() * size.height() > MAX_PIXELS:
            return QImage()
        if max(size.width(), size.height()) > edge:
            fitted = size.scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio)
            reader.setScaledSize(fitted.expandedTo(QSize(1, 1)))
    return reader.read()


def read_cached(path: str, edge: int, digest: str, folder: ThumbnailFolder | None) -> QImage:
    """As :func:`read_small`, by way of the pictures on disk where that pays; ``digest`` "" goes without them."""
    stored = ThumbnailFolder.edge(edge) if digest and folder is not None else None
    if stored is None or folder is None:
        return read_small(path, edge)
    image = folder.read(digest, stored)
    if image.isNull():
        image = read_small(path, stored)
        if max(image.width(), image.height()) >= stored:  # it had to be made smaller
            folder.write(digest, stored, image)
    if max(image.width(), image.height()) > edge:
        size = image.size().scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
        image = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return image


class Thumbnails(QObject):
    """Ask with :meth:`get`; :attr:`ready` comes when there is more to show.

    A broken file is kept as a null pixmap, so that it is tried once; see :meth:`is_broken`.
    """

    ready = Signal(str)
    _decoded = Signal(str, int, QImage)

    def __init__(
        self, parent: QObject | None = None, max_bytes: int = MAX_BYTES, folder: ThumbnailFolder | None = None
    ) -> None:
        super().__init__(parent)
        self._max_bytes, self._folder = max_bytes, folder
        self._bytes = 0
        self._kept: OrderedDict[Key, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[Key, str] = OrderedDict()
        self._passing: set[Key] = set()
        self._running: set[Key] = set()
        self._closed = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(THREADS)
        self._decoded.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def bytes(self) -> int:
        """How much the cache holds."""
        return self._bytes

    def get(self, path: Path, pixels: float, digest: str = "", passing: bool = False) -> QPixmap | None:
        """The picture if it is here, null if broken; else None, and it is loaded.

        ``digest`` names the content of the file, so that what was made of it can be found on disk again. What only
        passes by, as under a scroll bar, may be forgotten by :meth:`keep_only` while it waits.
        """
        key = (str(path), edge_for(pixels))
        if (pixmap := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return pixmap
        if not self._closed and key not in self._running:
            if not passing:
                self._passing.discard(key)
            elif key not in self._waiting:
                self._passing.add(key)
            self._waiting[key] = digest
            self._waiting.move_to_end(key)
            self._start()
        return None

    def other(self, path: Path) -> QPixmap | None:
        """The picture in another size, if one is here: better than nothing until the right one comes."""
        name = str(path)
        found = (self._kept.get((name, edge)) for edge in reversed(EDGES))
        return next((pixmap for pixmap in found if pixmap is not None), None)

    def is_broken(self, path: Path, pixels: float) -> bool:
        """Whether the picture was tried and cannot be shown."""
        pixmap = self._kept.get((str(path), edge_for(pixels)))
        return pixmap is not None and pixmap.isNull()

    def use_folder(self, folder: ThumbnailFolder | None) -> None:
        """Keep pictures on disk elsewhere, or within another limit, from now on."""
        self._folder = folder

    def keep_only(self, paths: Iterable[Path], pixels: float) -> None:
        """Forget what passes by at this size and is no longer in sight; other views wait for what they asked for."""
        wanted, edge = {str(p) for p in paths}, edge_for(pixels)
        gone = {key for key in self._passing if key[1] == edge and key[0] not in wanted}
        self._passing -= gone
        for key in gone:
            del self._waiting[key]

    def close(self) -> None:
        """Wait for the threads and let go of everything."""
        self._closed = True
        self._waiting.clear()
        self._passing.clear()
        self._pool.waitForDone()
        self._kept.clear()
        self._bytes = 0

    def _start(self) -> None:
        while self._waiting and len(self._running) < THREADS:
            key, digest = self._waiting.popitem(last=True)
            self._passing.discard(key)
            self._running.add(key)
            self._pool.start(_Decode(key, digest, self._folder, self._decoded))

    @Slot(str, int, QImage)
    def _take(self, path: str, edge: int, image: QImage) -> None:
        self._running.discard((path, edge))
        if self._closed:
            return
        self._keep((path, edge), QPixmap.fromImage(image))
        self._start()
        self.ready.emit(path)

    def _keep(self, key: Key, pixmap: QPixmap) -> None:
        self._kept[key] = pixmap
        self._bytes += _cost(pixmap)
        while self._bytes > self._max_bytes and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._bytes -= _cost(old)


class _Decode(QRunnable):
    def __init__(self, key: Key, digest: str, folder: ThumbnailFolder | None, signal: SignalInstance) -> None:
        super().__init__()
        self._key, self._digest, self._folder, self._signal = key, digest, folder, signal

    def run(self) -> None:
        """Decode one picture, in a thread of the pool."""
        path, edge = self._key
        self._signal.emit(path, edge, read_cached(path, edge, self._digest, self._folder))


def _cost(pixmap: QPixmap) -> int:
    return max(256, pixmap.width() * pixmap.height() * 4)
