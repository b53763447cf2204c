"""Several targets at once: a thread for each that is apart, and this thread for what is here.

Whoever consumes is alone in recording and printing: what the threads find is handed over to this one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from cutter.engine.stopping import Stop
from cutter.engine.target import Target
from cutter.errors import CutterError

if TYPE_CHECKING:
    from queue import SimpleQueue

_PAUSE_SECONDS = 0.2
Found = TypeVar("Found")


class Strand(NamedTuple, Generic[Found]):
    """What one target is to do; `begin` returns what comes of it, bit by bit."""

    target: Target
    begin: Callable[[Stop], Iterator[Found]]


def side_by_side(
    strands: Sequence[Strand[Found]], stop: Stop, parallel: int
) -> Generator[list[tuple[int, Found]], None, None]:
    """Yield what the strands give, each beside its index, in the portions in which it arrives.

    At most `parallel` targets apart are at work at once. A stop reaches them while they work; whatever ends
    this early lets them finish the step under way and waits for that. Raises what a strand raised.
    """
    if any(strand.target.apart for strand in strands):
        yield from _with_threads(strands, stop, parallel)
        return
    for index, strand in enumerate(strands):
        for found in strand.begin(stop):
            yield [(index, found)]


def answers(strands: Sequence[Strand[Found]], stop: Stop, parallel: int) -> list[Found]:
    """Return the one thing that each strand gives, in their order."""
    found: dict[int, Found] = {}
    with closing(side_by_side(strands, stop, parallel)) as portions:
        for portion in portions:
            found.update(portion)
    return [found[index] for index in range(len(strands))]


def _with_threads(
    strands: Sequence[Strand[Found]], stop: Stop, parallel: int
) -> Generator[list[tuple[int, Found]], None, None]:
    crew = _Crew(strands, stop)
    crew.start(parallel)
    try:
        for index, strand in enumerate(strands):
            if not strand.target.apart:
                for found in strand.begin(stop):
                    yield [(index, found), *crew.arrived()]
        while crew.at_work:
            crew.wait()
            portion = crew.arrived()
            if portion:
                yield portion
        crew.complain()
    except KeyboardInterrupt:
        crew.abort()
        raise
    finally:
        crew.see_out()


class _Aside(NamedTuple):
    """The stop of a thread: no signal reaches it, so that an abort comes as the end of its connection."""

    crew: _Crew[Any]

    @property
    def recorded(self) -> bool:
        return self.crew.stop.recorded

    def __call__(self) -> bool:
        return self.crew.dismissed or self.crew.stop()

    @contextmanager
    def abortable(self) -> Iterator[None]:
        try:
            yield
        except CutterError:
            if self.crew.aborted:
                raise KeyboardInterrupt from None
            raise


class _Crew(Generic[Found]):
    """The threads, what they have found, and which strands are not at their end yet."""

    def __init__(self, strands: Sequence[Strand[Found]], stop: Stop) -> None:
        from queue import SimpleQueue

        self.stop = stop
        self.aborted = self.dismissed = False
        self.at_work = {index for index, strand in enumerate(strands) if strand.target.apart}
        self._strands = strands
        self._waiting = deque(sorted(self.at_work))
        self._found: deque[tuple[int, Found]] = deque()
        self._ended: deque[tuple[int, BaseException | None]] = deque()
        self._errors: list[BaseException] = []
        self._news: SimpleQueue[None] = SimpleQueue()  # one that is lost costs a pause, and nothing else

    def start(self, parallel: int) -> None:
        """Start as many threads as there is work for."""
        for _ in range(min(parallel, len(self.at_work))):
            Thread(target=self._work, name="target", daemon=True).start()

    def wait(self) -> None:
        """Wait until there is something new, or it is time to pass on a word to stop.

        After an abort all that is left is to hear how each ends, which no further signal hastens.
        """
        if self.aborted:
            self._halt(at_once=True)
            self._pause()
            return
        try:
            with self.stop.abortable():
                self._pause()
        except KeyboardInterrupt:
            self.abort()
            if not self.stop.recorded:
                raise
        if self.stop() and not self.aborted:
            self._halt(at_once=False)

    def arrived(self) -> list[tuple[int, Found]]:
        """Take what has been found since."""
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        found = [self._found.popleft() for _ in range(len(self._found))]
        self.at_work -= {index for index, _ in ended}
        self._errors += [error for _, error in ended if error is not None]
        return found

    def complain(self) -> None:
        """Raise what a strand raised, the first of them."""
        for error in self._errors:
            raise error

    def abort(self) -> None:
        """Break off what is under way."""
        self.aborted = self.dismissed = True
        self._halt(at_once=True)

    def see_out(self) -> None:
        """Let nothing else begin, and wait for what is under way; what comes of it nobody takes."""
        self.dismissed = True
        while self.at_work:
            self._halt(at_once=self.aborted)
            self.at_work -= {self._ended.popleft()[0] for _ in range(len(self._ended))}
            if self.at_work:
                self._pause()

    def _halt(self, *, at_once: bool) -> None:
        for index in self.at_work:
            self._strands[index].target.halt(at_once=at_once)

    def _pause(self) -> None:
        from queue import Empty

        try:
            self._news.get(timeout=_PAUSE_SECONDS)
        except Empty:
            return

    def _work(self) -> None:
        while True:
            try:
                index = self._waiting.popleft()
            except IndexError:
                return
            self._ended.append((index, self._outcome(index)))
            self._news.put(None)

    def _outcome(self, index: int) -> BaseException | None:
        try:
            for found in self._strands[index].begin(_Aside(self)):
                self._found.append((index, found))
                self._news.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody can hear it
            return error
        return None
