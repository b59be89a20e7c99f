"""The files of an export, written by Apache Beam on whatever runner there is.

    file numbers -> anywhere -> written, or counted where they are there -> added up -> told

A file is a range of the stream, and a prompt a function of seed and index: so the files have the
bytes that one process writes, whichever runner deals them out to however many workers. Workers have
to see the folder of the export and the rows by the same paths as the process that starts them.
"""

import argparse
import contextlib
import dataclasses
import difflib
import importlib.util
import io
import json
import logging
import os
import shlex
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flanlike import atomic, errors
from flanlike import worker as worker_module
from flanlike.prompts import fitting, manifest
from task_registry import beam_worker, export_files, export_place

RUNNERS = ("DirectRunner", "FlinkRunner", "SparkRunner", "DataflowRunner", "PortableRunner")
TOLD = ".counts.json"  # what the workers leave for the process that started them

_LOOK_EVERY_S = 1.0
_SAID = 400  # characters of a runner's error


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Which runner, with which options of Beam's; how many `processes`, of the direct one."""

    runner: str
    options: tuple[str, ...] = ()
    processes: int | None = None

    @property
    def is_direct(self) -> bool:
        return self.runner == "DirectRunner"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags that hand the files to Beam."""
    command.add_argument(
        "--runner", choices=RUNNERS, metavar="R", help=f"of Apache Beam: {', '.join(RUNNERS)}"
    )
    command.add_argument(
        "--runner-options",
        nargs="+",
        metavar="NAME=VALUE",
        help="of Beam's pipeline, as its runner has them",
    )


def of(options: argparse.Namespace) -> Engine | None:
    """Returns what is to run the export; None where this process does, with its own."""
    if options.runner is None:
        if options.runner_options:
            raise errors.UserError("--runner-options are a runner's: give --runner as well")
        return None
    given = tuple(options.runner_options or ())
    for each in given:
        if not each.partition("=")[0].replace("_", "").isalnum():
            raise errors.UserError(
                f"--runner-options {each!r}: expected NAME=VALUE, or the NAME of what is on or "
                "off, without dashes before it, as in parallelism=8"
            )
    engine = Engine(runner=options.runner, options=given, processes=options.processes)
    if engine.processes is not None and not engine.is_direct:
        raise errors.UserError(
            f"--processes are this machine's: how many workers {engine.runner} has is said by its "
            "--runner-options"
        )
    if importlib.util.find_spec("apache_beam") is None:
        raise errors.UserError(
            "--runner needs Apache Beam, which is not installed: pip install 'flanlike[beam]', or "
            "leave --runner out to write with this machine's processes"
        )
    _parsed(engine)
    return engine


def write(
    plan: export_files.Plan,
    prompts: export_files.Prompts,
    engine: Engine,
    place: export_place.Place,
) -> export_files.Counted:
    """Writes the files that are missing; returns what is in all."""
    plan, prompts = _anywhere(plan, prompts)
    place = dataclasses.replace(place, folder=plan.out)
    missing = export_files.told_missing(plan, place.names())
    place.drop(TOLD)
    with _quiet(engine.is_direct), _progress(plan, place):
        try:
            _run(export_files.Writer(plan, prompts), engine, missing, place)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted: {export_files.AGAIN}") from None
        except Exception as error:  # whatever a runner raises
            raise errors.UserError(
                f"{engine.runner} failed ({_last_line(error)}): {export_files.AGAIN}"
            ) from error
    if not place.fetch(TOLD):
        raise errors.UserError(
            f"{engine.runner} ended, and {str(place)!r} has nothing of what its workers wrote: "
            "give a folder (--out) that they and this process see by the same path"
        )
    content = json.loads((place.folder / TOLD).read_text("utf-8"))
    place.drop(TOLD)
    if content["mistakes"]:
        raise errors.UserError(content["mistakes"][0])
    by_task = {name: fitting.TaskCounts(*each) for name, each in content["by_task"].items()}
    return export_files.Counted(counts=content["counts"], by_task=by_task)


@dataclass(frozen=True)
class _Told:
    """What is in some files; and for those that could not be written, why."""

    counted: tuple[export_files.Counted, ...] = ()
    mistakes: tuple[str, ...] = ()


def _run(
    writer: export_files.Writer, engine: Engine, missing: int, place: export_place.Place
) -> None:
    """Runs the pipeline to its end."""
    import apache_beam as beam

    files = range(writer.plan.files)
    options = _parsed(engine, missing)
    with beam.Pipeline(runner=_runner(engine, options), options=options) as pipeline:
        (
            pipeline
            | "file numbers" >> beam.Create(files)
            | "anywhere" >> beam.Reshuffle()
            | "write" >> beam.Map(_written, writer, place)
            | "add up" >> beam.CombineGlobally(_added)
            | "tell" >> beam.Map(_tell, place)
        )


def _parsed(engine: Engine, missing: int = 1) -> Any:
    """Returns Beam's options, with as many workers as there is work for; raises if one is wrong."""
    with _quiet(is_direct=True):
        from apache_beam.options import pipeline_options

    given = [f"--{each}" for each in engine.options]
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            if not engine.is_direct:
                return pipeline_options.PipelineOptions(given)
            count = min(engine.processes or worker_module.CORES, max(1, missing))
            own = [f"--direct_num_workers={count}", "--default_sdk_harness_log_level=ERROR"]
            found = pipeline_options.PipelineOptions([*own, *given])
            known = found.get_all_options()
    except SystemExit:  # of its parser
        said_last = said.getvalue().rstrip().rpartition("error: ")[2]
        raise errors.UserError(f"--runner-options: {said_last}") from None
    for each in engine.options:
        if (name := each.partition("=")[0]) == "direct_num_workers":
            raise errors.UserError(f"--runner-options {each}: give --processes in its place")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else "leave it out"
            raise errors.UserError(f"--runner-options: Beam has no option {name!r}: {hint}")
    return found


def _runner(engine: Engine, options: Any) -> Any:
    """Returns the runner.

    Of the two that may be behind DirectRunner, that which is part of Beam: the other one is fetched
    from elsewhere when it is first used, and takes no number of workers.
    """
    if not engine.is_direct:
        return engine.runner
    from apache_beam.portability.api import beam_provision_api_pb2
    from apache_beam.runners.portability import portable_runner
    from apache_beam.runners.portability.fn_api_runner import fn_runner
    from apache_beam.transforms import environments

    told = portable_runner.JobServiceHandle.encode_pipeline_options(options.get_all_options())
    info = beam_provision_api_pb2.ProvisionInfo(pipeline_options=told)
    is_alone = options.get_all_options()["direct_num_workers"] == 1
    command = shlex.join(["exec", sys.executable, "-m", beam_worker.__name__])
    return fn_runner.FnApiRunner(
        environments.EmbeddedPythonEnvironment.default()
        if is_alone
        else environments.SubprocessSDKEnvironment.from_command_string(command),
        provision_info=fn_runner.ExtendedProvisionInfo(info),
    )


def _written(number: int, writer: export_files.Writer, place: export_place.Place) -> _Told:
    """Writes a file on a worker. A user's mistake is no failure that a runner should try again."""
    try:
        with place.here() as here:
            if not here.fetch(manifest.FILE):
                raise errors.UserError(
                    f"a worker sees no {manifest.FILE} in {str(place)!r}: give a folder (--out) "
                    "that all workers and this process see by the same path"
                )
            writer.plan = dataclasses.replace(writer.plan, out=here.folder)
            name = writer.plan.path(number).name
            is_there = here.fetch(name)
            counted = writer(number)
            if not is_there:
                here.send(name)
            return _Told(counted=(counted,))
    except errors.UserError as error:
        return _Told(mistakes=(str(error),))


def _added(each: Iterable[_Told]) -> _Told:
    each = list(each)
    counted = [one for told in each for one in told.counted]
    mistakes = sorted({mistake for told in each for mistake in told.mistakes})
    return _Told(counted=(export_files.added(counted),), mistakes=tuple(mistakes))


def _tell(told: _Told, place: export_place.Place) -> None:
    [counted] = told.counted
    content = {**dataclasses.asdict(counted), "mistakes": told.mistakes}
    # Of a worker that lacks the folder, who started it tells.
    with contextlib.suppress(OSError), place.here() as here:
        atomic.write_json(here.folder / TOLD, content)
        here.send(TOLD)


def _anywhere(
    plan: export_files.Plan, prompts: export_files.Prompts
) -> tuple[export_files.Plan, export_files.Prompts]:
    """Returns both with whole paths: a worker starts in a folder of its own."""
    asked, limit = prompts.asked, prompts.limit
    if os.path.isdir(asked.data):
        asked = dataclasses.replace(asked, data=os.path.abspath(asked.data))
    if os.path.isfile(asked.mixture):
        asked = dataclasses.replace(asked, mixture=os.path.abspath(asked.mixture))
    if limit is not None and os.path.isdir(limit.vocabulary):
        limit = dataclasses.replace(limit, vocabulary=os.path.abspath(limit.vocabulary))
    tasks = prompts.tasks_file and os.path.abspath(prompts.tasks_file)
    return (
        dataclasses.replace(plan, out=plan.out.resolve(), limit=limit),
        dataclasses.replace(prompts, tasks_file=tasks, asked=asked, limit=limit),
    )


@contextlib.contextmanager
def _progress(plan: export_files.Plan, place: export_place.Place) -> Iterator[None]:
    """Says which files are there while others are written, be it by whom it may."""
    is_over, before = threading.Event(), place.names()

    def look() -> None:
        left = dict.fromkeys(plan.path(number).name for number in range(plan.files))
        for name in before:
            left.pop(name, None)
        while left:
            is_last = is_over.wait(_LOOK_EVERY_S * (10 if place.address else 1))
            there: set[str] = set()
            with contextlib.suppress(errors.UserError):  # who writes there tells, if it lasts
                there = place.names()
            for name in [name for name in left if name in there]:
                del left[name]
                print(f"{plan.files - len(left)}/{plan.files} {name}", flush=True)
            if is_last:
                return

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        is_over.set()
        looking.join()


@contextlib.contextmanager
def _quiet(is_direct: bool) -> Iterator[None]:
    """Keeps from the screen what Beam warns of and is no matter of ours; a cluster's words stay."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING if is_direct else before)
    try:
        yield
    finally:
        logging.disable(before)


def _last_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip()[:_SAID] if lines else type(error).__name__
