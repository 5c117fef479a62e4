"""Tasks done by a Spark cluster. Spark is imported here and in ``spark_source`` only, and never beside Scapy.

Scapy is under the GPL, version 2 only; Spark and what comes with it are under the Apache License, version 2. Each may
be used with pcapstate, but they may not be parts of one program.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import re
import socket
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from .. import __version__
from ..errors import CallError
from ..escaping import safe
from ..messages import Message, reason
from .processes import FINAL, RETURNED, in_one_line, shortened
from .workers import Done

CONNECT_WITHIN = 5.0
"""Seconds in which a standalone master takes a connection."""
START_WITHIN = 30.0
"""Seconds in which it takes an application."""
EXECUTOR_WITHIN = 60.0
"""Seconds in which a cluster starts the first executor."""
MOST_AT_ONCE = 1024
"""Tasks that are with Spark at a time, at most; twice its cores otherwise, so that none waits for the driver."""
LOOPBACK = "127.0.0.1"
OTHER = 2
"""What a task answers beside RETURNED and FINAL: the worker has another pcapstate, or none."""
MARK = "\x02"
"""What stands around the number of an attempt and the text of its exception, in the stack trace of Java."""
MARKED = re.compile(f"{MARK}(\\d+){MARK}(.*?){MARK}", re.DOTALL)
ATTEMPTS = re.compile(
    r"failed (\d+) times?, most recent failure: (?:Lost task .*?\(TID \d+\) \(.*?\): )?(.*)", re.DOTALL
)


def refuse_scapy() -> None:
    """Raise CallError if this process has loaded Scapy."""
    if "scapy" in sys.modules:
        raise CallError("this process captures with Scapy, whose license excludes Spark; use another process for Spark")


class OnSpark:
    """Tasks done by a Spark cluster: each is a job of one task, so that Spark tries it again, and it alone fails.

    Workers have the same version of pcapstate as this process. Errors of class PcapstateError are final; after others
    Spark tries again, ``spark.task.maxFailures`` times in all (once with a master ``local[…]``). ``settings`` are those
    of Spark. Raises CallError.
    """

    def __init__(
        self,
        master: str,
        app_name: str = "pcapstate",
        settings: Mapping[str, str] | None = None,
        *,
        executor_within: float = EXECUTOR_WITHIN,
    ) -> None:
        refuse_scapy()
        self._master = master
        self._context: Any = None
        self._gateway: Any = None
        """The way to Java, if it is our own."""
        reached = _reach(master)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                from pyspark import SparkConf, SparkContext
            except ImportError:
                raise CallError("Spark is not installed: pip install 'pcapstate[spark]'") from None
        if SparkContext._active_spark_context is not None:
            raise CallError("this process has a Spark application already; end it first")
        logging.getLogger("py4j").setLevel(logging.CRITICAL)
        conf = SparkConf().setMaster(master).setAppName(app_name)
        conf.set("spark.ui.showConsoleProgress", "false").set("spark.log.level", "ERROR")
        for name, value in (settings or {}).items():
            conf.set(name, value)
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (until close)
        try:
            with _environment(SPARK_LOCAL_IP=LOOPBACK if reached == LOOPBACK else None):
                context = self._begin(SparkContext, conf)
            context.pythonExec = _python(reached, conf)
            self._context = context
            if not master.startswith("local"):
                self._await_executor(executor_within)
            self._check()
        except BaseException:
            self.close()
            raise

    def do(self, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Done]:
        """Do all tasks; yield each as it ends."""
        group, stop = f"pcapstate-{uuid.uuid4().hex}", threading.Event()
        waiting, left = deque(range(len(tasks))), len(tasks)
        ended: queue.SimpleQueue[Done] = queue.SimpleQueue()
        threads: list[threading.Thread] = []

        def run() -> None:
            while not stop.is_set():
                try:
                    index = waiting.popleft()
                except IndexError:
                    return
                ended.put(self._one(group, index, work, tasks[index]))

        try:
            while left:
                while waiting and len(threads) < self._at_once():
                    threads.append(threading.Thread(target=run, name="pcapstate-spark", daemon=True))
                    threads[-1].start()
                try:
                    # Executors may join while tasks are done.
                    done = ended.get(timeout=5)
                except queue.Empty:
                    continue
                left -= 1
                yield done
        finally:
            stop.set()
            self._cancel(group, threads)

    def address(self) -> str | None:
        """Return the URL of Spark's page about this application; None if Spark has no page."""
        return None if self._context is None else self._context.uiWebUrl

    def close(self) -> None:
        """End the application, and Java."""
        context, self._context = self._context, None
        gateway, self._gateway = self._gateway, None
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            if context is not None:
                context.stop()
        if gateway is not None:
            _end(gateway)
        self._said.close()

    # --- the beginning

    def _begin(self, SparkContext: Any, conf: Any) -> Any:
        """Start Java, and the application; return its context."""
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway

        if SparkContext._gateway is None:
            try:
                # What Java and Spark print is nobody's answer; if they do not start, it has the reason.
                self._gateway = launch_gateway(conf, {"stdout": self._said, "stderr": self._said})
            except (PySparkException, OSError):
                raise self._without_java() from None
        found: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def start() -> None:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found.put(SparkContext(conf=conf, gateway=self._gateway))
            except Exception as error:
                found.put(error)

        # In a thread, since a standalone master is asked three times, for 20 seconds each.
        threading.Thread(target=start, name="pcapstate-spark", daemon=True).start()
        try:
            started = found.get(timeout=START_WITHIN if self._master.startswith("spark://") else None)
        except queue.Empty:
            text = "{master} is no Spark master, or takes no application"
            raise CallError(Message(text, master=safe(self._master))) from None
        if isinstance(started, Exception):
            text = "Spark does not start with the master {master}: {why}"
            raise CallError(Message(text, master=safe(self._master), why=_why(started, deepest=True))) from None
        return started

    def _without_java(self) -> CallError:
        self._said.seek(0)
        said = self._said.read().decode(errors="replace")
        if re.search(r"JAVA_HOME|bin/java|java: |UnsupportedClassVersion", said):
            return CallError("Spark needs Java 17 or later: install it, or let JAVA_HOME name its folder")
        lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("\tat ")]
        errors = [line for line in lines if re.match("(Exception|Error|Caused)|.*(Exception|Error): ", line)]
        why = (errors or lines or ["it says nothing"])[0 if errors else -1]
        return CallError(Message("Spark's Java program does not start: {why}", why=shortened(_unclassed(why))))

    def _await_executor(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        # One of them is this process.
        while self._context._jsc.sc().getExecutorMemoryStatus().size() < 2:
            if time.monotonic() > until:
                text = "{master} has started no executor within {seconds:g} seconds; all may be busy, or too small"
                raise CallError(Message(text, master=safe(self._master), seconds=seconds))
            time.sleep(0.1)

    def _check(self) -> None:
        """See that executors have the same pcapstate; each task looks again, for those that join later."""
        count = max(self._context.defaultParallelism, 1)
        try:
            found = self._context.parallelize(range(count), count).map(_asking()).collect()
        except Exception as error:
            raise CallError(Message("Spark's workers run no Python: {why}", why=_why(error))) from None
        for host, version in sorted(found):
            if version != __version__:
                raise CallError(_other(host, version))

    # --- tasks

    def _at_once(self) -> int:
        """Return how many tasks are to be with Spark."""
        try:
            return min(max(2 * int(self._context.defaultParallelism), 4), MOST_AT_ONCE)
        except Exception:
            # Spark is gone, as each task will find.
            return 4

    def _one(self, group: str, index: int, work: Callable[[Any], Any], task: Any) -> Done:
        """Have a task done."""
        try:
            context = self._context
            context.setJobGroup(group, f"{work.__name__} {index}", interruptOnCancel=True)
            ((kind, value),) = context.parallelize([pickle.dumps((work, task))], 1).map(_doing()).collect()
        except Exception as error:
            return Done(index, failure=_why(error))
        if kind == RETURNED:
            return Done(index, value)
        return Done(index, failure=value if kind == FINAL else _other(*value))

    def _cancel(self, group: str, threads: Sequence[threading.Thread]) -> None:
        """End jobs that are no longer wanted."""
        until = time.monotonic() + 10
        while any(one.is_alive() for one in threads) and time.monotonic() < until:
            # Again, since a thread may have been about to begin one.
            with suppress(Exception):
                self._context.cancelJobGroup(group)
            for one in threads:
                one.join(0.1)


def _reach(master: str) -> str:
    """Return the address of a standalone master, or of this host for ``local``; empty for others. Raises CallError."""
    if master.startswith("local"):
        return LOOPBACK
    if not master.startswith("spark://"):
        return ""
    why = Message("")
    for one in master.removeprefix("spark://").split(","):
        host, _, port = one.rpartition(":")
        if not host or not port.isdigit():
            why = Message("its address is spark://HOST:PORT")
            continue
        try:
            with socket.create_connection((host.strip("[]"), int(port)), CONNECT_WITHIN) as found:
                return str(found.getpeername()[0])
        except (OSError, OverflowError) as error:
            why = reason(error)
    raise CallError(Message("no Spark master answers at {master}: {why}", master=safe(master), why=why))


def _python(reached: str, conf: Any) -> str:
    """Return the Python of workers: this one if the master is on this host."""
    here = "python3"
    if reached:
        with suppress(OSError), socket.socket(socket.AF_INET6 if ":" in reached else socket.AF_INET) as probe:
            # Only an address of this host can be bound to.
            probe.bind((reached, 0))
            here = sys.executable
    return conf.get("spark.pyspark.python") or os.environ.get("PYSPARK_PYTHON") or here


@contextmanager
def _environment(**values: str | None) -> Iterator[None]:
    """Add to the environment of processes that are started, what is not there already."""
    added = {name: value for name, value in values.items() if value is not None and name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _end(gateway: Any) -> None:
    """End the Java program of a gateway, which ends with its standard input."""
    from pyspark import SparkContext

    with suppress(Exception):
        gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None
    if (process := gateway.proc) is not None:
        process.stdin.close()
        try:
            process.wait(5)
        except Exception:
            process.kill()
            process.wait()


# --- what went wrong


def _other(host: str, version: str) -> Message:
    if not version:
        return Message("pcapstate is not installed for Python on the worker {host}", host=safe(host))
    text = "the worker {host} has pcapstate {found}, this process {version}"
    return Message(text, host=safe(host), found=safe(version), version=__version__)


def _why(error: BaseException, *, deepest: bool = False) -> str:
    """Return in one line why a job failed, of the stack traces of Java and Python that Spark gives."""
    try:
        # Where a SparkSession has been, errors are of a class of its own.
        thrown = getattr(error, "java_exception", None) or error._origin  # type: ignore[attr-defined]
        while deepest and (cause := thrown.getCause()) is not None:
            thrown = cause
        said = str(thrown.toString())
    except Exception:
        return in_one_line(error)
    if marked := MARKED.search(said):
        return _after(int(marked[1]), marked[2])
    attempts = ATTEMPTS.search(said)
    tries, last = (int(attempts[1]), attempts[2]) if attempts else (1, said)
    lines = [line for line in last.split("\n\tat ")[0].splitlines() if line.strip() and "SQLSTATE:" not in line[:11]]
    # The exception is what a stack trace of Python ends with.
    why = lines[-1 if "Traceback" in last else 0] if lines else last
    return _after(tries, _unclassed(why).partition(" Consider setting ")[0])


def _unclassed(why: str) -> str:
    """Return what an exception says, without a class that is Spark's."""
    return re.sub(r'^(Exception in thread "\w+" )?(org\.apache\.spark\.[\w.$]+: )?', "", why)


def _after(tries: int, why: str) -> str:
    why = shortened(why)
    return why if tries == 1 else Message("{tries} attempts failed, the last: {why}", tries=tries, why=why)


# --- in the executors: functions in functions travel as they are, and need no pcapstate to arrive


def _asking() -> Callable[[int], tuple[str, str]]:
    """Return what tells a worker's name and its version of pcapstate."""

    def asked(_: int) -> tuple[str, str]:
        import socket

        try:
            import pcapstate
        except ImportError:
            return socket.gethostname(), ""
        return socket.gethostname(), pcapstate.__version__

    return asked


def _doing() -> Callable[[bytes], tuple[int, Any]]:
    """Return what does a task."""
    asked, version, returned, final, other = _asking(), __version__, RETURNED, FINAL, OTHER

    def done(data: bytes) -> tuple[int, Any]:
        import pickle

        host, found = asked(0)
        if found != version:
            return other, (host, found)
        from pyspark import TaskContext

        from pcapstate.archive.on_spark import MARK
        from pcapstate.archive.processes import in_one_line
        from pcapstate.errors import PcapstateError

        try:
            work, task = pickle.loads(data)
            return returned, work(task)
        except PcapstateError as error:
            return final, str(error)
        except Exception as error:
            context = TaskContext.get()
            attempt = 1 if context is None else context.attemptNumber() + 1
            raise RuntimeError(f"{MARK}{attempt}{MARK}{in_one_line(error)}{MARK}") from None

    return done
