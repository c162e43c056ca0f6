"""Tilt's built-in functions as far as the Tiltfile uses them: they take what Tilt's take, and write down what they got.

The names and defaults of the parameters are those of Tilt's API (https://docs.tilt.dev/api.html). A Tiltfile is
Starlark, so it is run by an interpreter of Starlark and not by Python.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import starlark
from yaml import safe_dump_all, safe_load, safe_load_all

from cluster.kustomize import build

MANUAL, AUTO = "TRIGGER_MODE_MANUAL", "TRIGGER_MODE_AUTO"
# Starlark has no modules to import: Tilt gives these two names the same way.
_PRELUDE = """
os = struct(getenv=_getenv, path=struct(basename=_basename, dirname=_dirname))
TRIGGER_MODE_MANUAL, TRIGGER_MODE_AUTO = "TRIGGER_MODE_MANUAL", "TRIGGER_MODE_AUTO"
"""


class TiltfileError(Exception):
    """The Tiltfile cannot be evaluated, or says `fail`."""


@dataclass
class Tilt:
    """Evaluates a Tiltfile.

    Attributes:
        root: folder that its paths are relative to.
        context: context that kubectl would use.
        contexts: those that the Tiltfile allows.
        images: what it builds, by name: the arguments of docker_build.
        objects: what it puts on the cluster.
        workloads: what it says of Deployments, by name: the arguments of k8s_resource.
        local: the commands of this machine, by name: the arguments of local_resource.
        paths: every path that it named.
    """

    root: Path
    context: str = "kind-proving-ground"
    contexts: list[str] = field(default_factory=list)
    images: dict[str, dict] = field(default_factory=dict)
    objects: list[dict] = field(default_factory=list)
    workloads: dict[str, dict] = field(default_factory=dict)
    local: dict[str, dict] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def evaluate(self, text: str) -> Tilt:
        """Run a Tiltfile.

        Raises:
            TiltfileError: it is no Starlark, calls something wrongly, or gives up.
        """
        module = starlark.Module()
        globals_ = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
        for name, function in self._functions().items():
            module.add_callable(name, function)
        try:
            for name, source in (("prelude", _PRELUDE), ("Tiltfile", text)):
                starlark.eval(module, starlark.parse(name, source, _dialect()), globals_)
        except starlark.StarlarkError as error:
            raise TiltfileError(str(error)) from error
        return self

    def _functions(self):
        own = ("allow_k8s_contexts", "docker_build", "fail", "fall_back_on", "filter_yaml", "http_get_action")
        own += ("k8s_context", "k8s_resource", "k8s_yaml", "kustomize", "link", "local_resource", "probe")
        own += ("read_file", "read_yaml", "run", "sync")
        return {name: getattr(self, f"_{name}") for name in own} | {
            "_getenv": lambda key, default=None: os.environ.get(key, default),
            "_basename": os.path.basename,
            "_dirname": os.path.dirname,
        }

    def _path(self, path):
        self.paths.append(path)
        return self.root / path

    def _allow_k8s_contexts(self, contexts):
        self.contexts += [contexts] if isinstance(contexts, str) else contexts

    def _k8s_context(self):
        return self.context

    def _fail(self, msg):
        raise TiltfileError(msg)

    def _read_file(self, file_path, default=None):
        return self._path(file_path).read_text()

    def _read_yaml(self, path, default=None):
        return safe_load(self._path(path).read_text())

    def _kustomize(self, pathToDir, kustomize_bin=None, flags=()):  # noqa: N803 - Tilt's name
        return safe_dump_all(build(self._path(pathToDir)))

    def _filter_yaml(self, yaml, labels=None, name=None, namespace=None, kind=None, api_version=None):
        if kind is None or labels or name or namespace or api_version:
            raise TiltfileError("the tests know only the filter by kind")
        objects = list(safe_load_all(yaml))
        chosen = [each for each in objects if each["kind"] == kind]
        return [safe_dump_all(chosen), safe_dump_all([each for each in objects if each not in chosen])]

    def _k8s_yaml(self, yaml, allow_duplicates=False):
        self.objects += safe_load_all(yaml)

    def _docker_build(
        self,
        ref,
        context,
        build_args=None,
        dockerfile="Dockerfile",
        live_update=(),
        ignore=(),
        only=(),
        entrypoint=(),
        target="",
        platform="",
        pull=False,
    ):
        self._path(dockerfile)
        self.images[ref] = {name: value for name, value in locals().items() if name not in ("self", "ref")}
        self.images[ref]["root"] = self._path(context)

    def _k8s_resource(
        self,
        workload="",
        new_name="",
        port_forwards=(),
        trigger_mode=AUTO,
        resource_deps=(),
        auto_init=True,
        links=(),
        labels=(),
    ):
        self.workloads[workload] = {name: value for name, value in locals().items() if name != "self"}

    def _local_resource(
        self,
        name,
        cmd="",
        deps=(),
        trigger_mode=AUTO,
        resource_deps=(),
        ignore=(),
        auto_init=True,
        serve_cmd="",
        allow_parallel=False,
        links=(),
        labels=(),
        env=None,
        serve_env=None,
        readiness_probe=None,
        dir="",  # noqa: A002 - Tilt's name
        serve_dir="",
    ):
        if name in self.local:
            raise TiltfileError(f"there are two resources {name}")
        self.local[name] = {key: value for key, value in locals().items() if key != "self"}

    def _fall_back_on(self, files):
        for each in [files] if isinstance(files, str) else files:
            self._path(each)
        return {"step": "fall_back_on", "files": files}

    def _sync(self, local_path, remote_path):
        self._path(local_path)
        return {"step": "sync", "local_path": local_path, "remote_path": remote_path}

    def _run(self, cmd, trigger=(), echo_off=False):
        return {"step": "run", "cmd": cmd}

    def _link(self, url, name=None):
        return {"url": url, "name": name}

    def _probe(
        self,
        initial_delay_secs=0,
        timeout_secs=1,
        period_secs=10,
        success_threshold=1,
        failure_threshold=3,
        exec=None,  # noqa: A002 - Tilt's name
        http_get=None,
        tcp_socket=None,
    ):
        return {"period": period_secs, "http_get": http_get}

    def _http_get_action(self, port, host="localhost", scheme="http", path=""):
        return {"port": port, "path": path}


def _dialect():
    """Return what Tilt allows beside the standard: statements that are not in a function."""
    dialect = starlark.Dialect.standard()
    dialect.enable_top_level_stmt = True
    return dialect
