"""kubectl as people type it, in one namespace."""

import os
import subprocess

TIMEOUT = 60


class Kubectl:
    """kubectl in one namespace of the cluster under test."""

    def __init__(self, cluster, namespace, folder):
        self.folder = folder
        # Not the user's own settings: colours, an editor, another cluster.
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": cluster.kubeconfig}
        self._command = ["kubectl", "--context", cluster.context, "-n", namespace]

    def process(self, *arguments, **environment):
        return subprocess.Popen(
            [*self._command, *arguments],
            env={**self._environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments, stdin="", **environment):
        return subprocess.run(
            [*self._command, *arguments],
            env={**self._environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def __call__(self, *arguments, stdin="", **environment):
        done = self.run(*arguments, stdin=stdin, **environment)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fails(self, *arguments, stdin=""):
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode != 0, done.stdout
        return done.stderr
